package ledgertest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

var errOwn = errors.New("the function's own failure")

func received(id string) contract.ImportReceived { return contract.ImportReceived{ImportID: id} }

var transactions = []test{
	{outcome: "is ready", run: func(r *room) {
		err := r.Ledger.Ready(r.ctx)
		if err != nil {
			r.Errorf("ready: %v", err)
		}
	}},
	{outcome: "one instant a transaction, in UTC", run: func(r *room) {
		r.do(r.a.ID, func(tx port.Tx) error {
			first := tx.Now()
			_, err := tx.Changes(r.ctx)
			if !tx.Now().Equal(first) || first.Location() != time.UTC || first.IsZero() {
				r.Errorf("now is %v and then %v, expected one instant in UTC", first, tx.Now())
			}
			r.equal("company", tx.Company(), r.a.ID)
			return err
		})
	}},
	{outcome: "a scope of nobody is refused", run: func(r *room) {
		err := r.Ledger.Do(r.ctx, port.Scope{Actor: actor}, func(tx port.Tx) error {
			tx.Imports().Create(r.file(r.a.ID))
			return nil
		})
		if err == nil {
			r.Error("a transaction without company or operator ran")
		}
	}},
	{outcome: "an error leaves nothing and tells nothing", run: func(r *room) {
		in, before := r.file(r.a.ID), len(r.Audit(r.T, r.a.ID))
		for name, fail := range map[string]func(port.Tx) error{
			"at once":     func(port.Tx) error { return errOwn },
			"after reads": func(tx port.Tx) error { _, err := tx.Changes(r.ctx); return errors.Join(err, errOwn) },
		} {
			err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error {
				people, err := tx.People().Persons(r.ctx, []identity.Contact{{Email: "gone@" + r.a.Slug + ".example", Role: identity.Participant}, {Email: "v@" + r.a.Slug + ".example", Role: identity.Volunteer}})
				if err != nil {
					return err
				}
				tx.Imports().Create(in)
				tx.Imports().Refuse(in.ID, []intake.Refused{{Row: 1, Record: []string{"x"}, Problems: []intake.Problem{}}})
				c := r.completion(r.a.ID, "1", people[0], people[1])
				tx.Sessions().Complete(newsOf(r.cause(r.a.ID), c))
				tx.Companies().PutSender(company.Sender{Company: r.a.ID, Name: "kintell", SecretNow: []byte("1")})
				tx.Audit(company.Entry{Action: "CREATE", ResourceType: "import", ResourceID: in.ID})
				tx.Tell(r.cause(r.a.ID).Then(received(in.ID)))
				return fail(tx)
			})
			if !errors.Is(err, errOwn) {
				r.Errorf("%s: error is %v, expected the function's own", name, err)
			}
		}
		r.do(r.a.ID, func(tx port.Tx) error {
			_, err := tx.Imports().Find(r.ctx, in.ID)
			r.fails(err, fault.Missing)
			rows, err := tx.Imports().Refused(r.ctx, in.ID, 0, 10)
			r.equal("refused rows", len(rows), 0)
			return err
		})
		_, err := r.Ledger.Sender(r.ctx, r.a.Slug, "kintell")
		r.fails(err, fault.Missing)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session(nil))
		r.equal("audit lines", len(r.Audit(r.T, r.a.ID)), before)
		r.told(r.a.ID)
	}},
	{outcome: "a panic leaves nothing and the ledger works on", run: func(r *room) {
		in := r.file(r.a.ID)
		func() {
			defer func() { _ = recover() }()
			_ = r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error {
				tx.Imports().Create(in)
				_, _ = tx.Imports().Find(r.ctx, in.ID)
				panic("on purpose")
			})
		}()
		r.do(r.a.ID, func(tx port.Tx) error {
			_, err := tx.Imports().Find(r.ctx, in.ID)
			r.fails(err, fault.Missing)
			return nil
		})
	}},
	{outcome: "a cancelled call keeps nothing", run: func(r *room) {
		in := r.file(r.a.ID)
		ctx, cancel := context.WithCancel(r.ctx)
		err := r.Ledger.Do(ctx, port.In(r.a.ID, actor), func(tx port.Tx) error {
			tx.Imports().Create(in)
			cancel()
			return nil
		})
		if err == nil {
			r.Error("a cancelled transaction committed")
		}
		r.do(r.a.ID, func(tx port.Tx) error {
			_, err := tx.Imports().Find(r.ctx, in.ID)
			r.fails(err, fault.Missing)
			return nil
		})
	}},
	{outcome: "the audit log keeps who did what", run: func(r *room) {
		r.do(r.a.ID, func(tx port.Tx) error {
			tx.Audit(company.Entry{Action: "READ", ResourceType: "thing", ResourceID: "1"})
			tx.Audit(company.Entry{Actor: "somebody", Role: "system_admin", Action: "EXPORT", ResourceType: "thing", ResourceID: "2", After: map[string]any{"rows": 3}})
			return nil
		})
		lines := r.audited(r.a.ID, "thing")
		if len(lines) != 2 || lines[0].Actor != actor || lines[1].Actor != "somebody" || lines[1].Role != "system_admin" || lines[1].After["rows"] == nil {
			r.Errorf("audit log is %+v, expected the scope's actor and then somebody", lines)
		}
		r.equal("another's lines", len(r.audited(r.b.ID, "thing")), 0)
	}},
	{outcome: "whoever takes the operator's scope is written down", run: func(r *room) {
		who := "operator-" + r.a.Slug
		var operator string
		err := r.Ledger.Do(r.ctx, port.Operator(who), func(tx port.Tx) error {
			all, err := tx.Companies().List(r.ctx, "", 10_000)
			for _, one := range all {
				if one.Kind == company.Operator {
					operator = one.ID
				}
			}
			r.equal("company of the operator's scope", tx.Company(), "")
			return err
		})
		if err != nil || operator == "" {
			r.Fatalf("operator's company is %q: %v", operator, err)
		}
		for _, line := range r.Audit(r.T, operator) {
			if line.Actor == who {
				return
			}
		}
		r.Error("the audit log does not name who took the operator's scope")
	}},
}

// audited gives the lines about one type of resource.
func (r *room) audited(companyID, resource string) []company.Entry {
	var found []company.Entry
	for _, line := range r.Audit(r.T, companyID) {
		if line.ResourceType == resource {
			found = append(found, line)
		}
	}
	return found
}

// importing keeps one file and tells that it came: the least that a function can do.
func (r *room) importing(in intake.Import, cause contract.Cause) func(port.Tx) error {
	return func(tx port.Tx) error {
		tx.Imports().Create(in)
		tx.Tell(cause.Then(received(in.ID)))
		return nil
	}
}

const receivedType = "import.received"

var repeats = []test{
	{outcome: "three repeats do the work once", run: func(r *room) {
		cause := r.cause(r.a.ID)
		for range 3 {
			r.once("consumers/one", cause, r.importing(r.file(r.a.ID), cause))
		}
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
		r.told(r.a.ID, receivedType)
		r.equal("event id", r.Bus.Told(r.a.ID)[0].Metadata.ID, contract.EventID(cause.ID, receivedType, received(r.imports(r.a.ID)[0].ID).Subject()))
	}},
	{outcome: "another function works the same cause again", run: func(r *room) {
		cause := r.cause(r.a.ID)
		for _, by := range []string{"consumers/one", "consumers/two", "consumers/one"} {
			r.once(by, cause, r.importing(r.file(r.a.ID), cause))
		}
		r.equal("imports kept", len(r.imports(r.a.ID)), 2)
	}},
	{outcome: "a cause whose attempt failed is worked again", run: func(r *room) {
		cause, in := r.cause(r.a.ID), r.file(r.a.ID)
		err := r.Ledger.Once(r.ctx, "consumers/one", cause, func(tx port.Tx) error {
			return errors.Join(r.importing(in, cause)(tx), errOwn)
		})
		if !errors.Is(err, errOwn) {
			r.Errorf("error is %v, expected the function's own", err)
		}
		r.unfinished("consumers/one", cause)
		r.told(r.a.ID)
		r.once("consumers/one", cause, r.importing(in, cause))
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
		r.told(r.a.ID, receivedType)
	}},
	{outcome: "concurrent repeats do the work once", run: func(r *room) {
		cause := r.cause(r.a.ID)
		var failed atomic.Value
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				in := r.file(r.a.ID)
				err := r.Ledger.Once(r.ctx, "consumers/one", cause, func(tx port.Tx) error {
					_, err := tx.Changes(r.ctx)
					return errors.Join(err, r.importing(in, cause)(tx))
				})
				if err != nil {
					failed.Store(err)
				}
			})
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			r.Errorf("a repeat failed: %v", err)
		}
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
		r.told(r.a.ID, receivedType)
	}},
	{outcome: "finished says so only after the work", run: func(r *room) {
		cause := r.cause(r.a.ID)
		r.unfinished("consumers/one", cause)
		r.once("consumers/one", cause, func(port.Tx) error { return nil })
		done, err := r.Ledger.Finished(r.ctx, "consumers/one", cause)
		if !done || err != nil {
			r.Errorf("finished is %t, %v after the work", done, err)
		}
		r.unfinished("consumers/two", cause)
	}},
	{outcome: "a delivery repeated with the same body is silently done", run: func(r *room) {
		cause := r.delivery(r.a.ID, "one")
		r.once("webhooks/kintell", cause, r.importing(r.file(r.a.ID), cause))
		r.once("webhooks/kintell", cause, r.importing(r.file(r.a.ID), cause))
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
	}},
	{outcome: "a delivery repeated with another body contradicts", run: func(r *room) {
		cause := r.delivery(r.a.ID, "one")
		r.once("webhooks/kintell", cause, r.importing(r.file(r.a.ID), cause))
		other := r.delivery(r.a.ID, "two")
		other.ID, other.Delivery.ID = cause.ID, cause.Delivery.ID
		err := r.Ledger.Once(r.ctx, "webhooks/kintell", other, r.importing(r.file(r.a.ID), other))
		r.fails(err, fault.Conflict)
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
		r.told(r.a.ID, receivedType)
	}},
	{outcome: "a refused delivery may be corrected and sent again", run: func(r *room) {
		refused := r.delivery(r.a.ID, "wrong")
		err := r.Ledger.Once(r.ctx, "webhooks/kintell", refused, func(port.Tx) error { return fault.New(fault.Invalid, "wrong") })
		r.fails(err, fault.Invalid)
		corrected := r.delivery(r.a.ID, "right")
		corrected.ID, corrected.Delivery.ID = refused.ID, refused.Delivery.ID
		r.once("webhooks/kintell", corrected, r.importing(r.file(r.a.ID), corrected))
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
	}},
	{outcome: "what is parked stays outside the inbox", run: func(r *room) {
		cause := r.cause(r.a.ID)
		r.park(r.parked(r.a.ID, cause.ID))
		r.unfinished("consumers/one", cause)
		r.once("consumers/one", cause, r.importing(r.file(r.a.ID), cause))
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
	}},
}

func (r *room) unfinished(by string, cause contract.Cause) {
	r.Helper()
	done, err := r.Ledger.Finished(r.ctx, by, cause)
	if done || err != nil {
		r.Errorf("finished is %t, %v before the work", done, err)
	}
}

var announcements = []test{
	{outcome: "what is told is published in the order of telling", run: func(r *room) {
		var want []string
		for range 3 {
			r.do(r.a.ID, func(tx port.Tx) error {
				for range 4 {
					e := r.cause(r.a.ID).Then(received(identity.NewID()))
					tx.Tell(e)
					want = append(want, e.Metadata.ID)
				}
				return nil
			})
		}
		r.await(func() bool { return len(r.Bus.Told(r.a.ID)) == len(want) })
		got := ids(r.Bus.Told(r.a.ID))
		if r.Differs.Later {
			got, want = sorted(got), sorted(want)
		}
		r.equal("events", got, want)
	}},
	{outcome: "an event arrives as it was told", run: func(r *room) {
		cause := r.cause(r.a.ID)
		cause.CorrelationID, cause.Traceparent = identity.NewID(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		e := cause.Then(received(identity.NewID()))
		r.do(r.a.ID, func(tx port.Tx) error { tx.Tell(e); return nil })
		r.told(r.a.ID, receivedType)
		r.equal("event", r.Bus.Told(r.a.ID)[0], e)
	}},
	{outcome: "a company cannot tell for another", run: func(r *room) {
		err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error {
			tx.Tell(r.cause(r.b.ID).Then(received(identity.NewID())))
			return nil
		})
		if err == nil {
			r.Error("an event of another company was told")
		}
		r.told(r.b.ID)
	}},
	{outcome: "a repeat publishes what its cause left", alone: true, run: func(r *room) {
		cause := r.cause(r.a.ID)
		r.Bus.Fail(0)
		_ = r.Ledger.Once(r.ctx, "webhooks/kintell", cause, r.importing(r.file(r.a.ID), cause)) // kept, whatever it answers
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
		r.equal("events out", len(r.Bus.Told(r.a.ID)), 0)
		r.Bus.Heal()
		r.once("webhooks/kintell", cause, r.importing(r.file(r.a.ID), cause)) // may run, but keeps and tells nothing
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
		if r.Differs.Later {
			r.poll(func() bool { return len(r.Bus.Told(r.a.ID)) == 1 })
		}
		r.equal("events out", len(r.Bus.Told(r.a.ID)), 1)
	}},
	{outcome: "a bus that fails after the commit undoes nothing and help is asked for", alone: true, run: func(r *room) {
		r.Bus.Fail(0)
		cause := r.cause(r.a.ID)
		r.do(r.a.ID, r.importing(r.file(r.a.ID), cause))
		r.equal("imports kept", len(r.imports(r.a.ID)), 1)
		if !r.Differs.Later && r.Bus.Asked(r.a.ID) == 0 {
			r.Error("nobody was asked to publish later")
		}
		r.Bus.Heal()
		other := r.cause(r.b.ID)
		r.do(r.b.ID, r.importing(r.file(r.b.ID), other))
		r.told(r.b.ID, receivedType)
		r.told(r.a.ID, receivedType)
	}},
	{outcome: "a repeat publishes also what its cause told of other causes", alone: true, run: func(r *room) {
		cause, row := r.cause(r.a.ID), r.cause(r.a.ID) // a file's cause, and one of its rows
		r.Bus.Fail(0)
		_ = r.Ledger.Once(r.ctx, "consumers/one", cause, r.importing(r.file(r.a.ID), row))
		r.equal("events out", len(r.Bus.Told(r.a.ID)), 0)
		r.Bus.Heal()
		r.once("consumers/one", cause, func(port.Tx) error { return nil })
		if r.Differs.Later {
			r.poll(func() bool { return len(r.Bus.Told(r.a.ID)) == 1 })
		}
		r.equal("events out", len(r.Bus.Told(r.a.ID)), 1)
	}},
	{outcome: "a bus that fails halfway loses nothing", alone: true, run: func(r *room) {
		r.Bus.Fail(0)
		want := map[string][]string{}
		for i := range 6 {
			owner := []string{r.a.ID, r.b.ID}[i%2]
			r.do(owner, func(tx port.Tx) error {
				for range 3 {
					e := r.cause(owner).Then(received(identity.NewID()))
					tx.Tell(e)
					want[owner] = append(want[owner], e.Metadata.ID)
				}
				return nil
			})
		}
		r.Bus.Fail(5)
		_, err := r.Ledger.Relay(r.ctx)
		if err == nil && !r.Differs.Later {
			r.Error("a relay whose bus failed said that all was well")
		}
		r.Bus.Heal()
		n, err := r.Ledger.Relay(r.ctx)
		if err != nil || n != 18 && !r.Differs.Later {
			r.Errorf("relay says %d, %v, expected 18", n, err)
		}
		for owner, ofOwner := range want {
			r.poll(func() bool { return len(r.Bus.Told(owner)) == len(ofOwner) })
			got := ids(r.Bus.Told(owner))
			if r.Differs.Later {
				got, ofOwner = sorted(got), sorted(ofOwner)
			}
			r.equal("events", got, ofOwner)
		}
		n, err = r.Ledger.Relay(r.ctx)
		if err != nil || n != 0 {
			r.Errorf("relay of nothing says %d, %v", n, err)
		}
	}},
}
