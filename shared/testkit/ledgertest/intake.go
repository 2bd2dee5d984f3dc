package ledgertest

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// file is an import that waits for its file.
func (r *room) file(companyID string) intake.Import {
	id := identity.NewID()
	return intake.Import{
		ID: id, Company: companyID, Kind: intake.KintellSessions, FileName: "sessions.csv", Status: intake.Waiting,
		Key: companyID + "/imports/" + id, CreatedBy: actor, CreatedAt: day,
	}
}

func (r *room) imports(companyID string) (found []intake.Import) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		found, err = tx.Imports().List(r.ctx, "", "", 100)
		return err
	})
	return found
}

func (r *room) found(companyID, id string) (in intake.Import) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		in, err = tx.Imports().Find(r.ctx, id)
		return err
	})
	return in
}

// delivery is a cause that a sender's delivery is.
func (r *room) delivery(companyID, body string) contract.Cause {
	cause, sum := r.cause(companyID), sha256.Sum256([]byte(body))
	cause.Delivery = &contract.Delivery{ID: "d-" + cause.ID, Type: "session-completed", Digest: sum[:], Size: len(body)}
	return cause
}

func (r *room) parked(companyID, causeID string) company.Parked {
	return company.Parked{
		ID: identity.ID(companyID, "consumers/one", "parked", causeID), Company: companyID, By: "consumers/one", Kind: company.KindEvent,
		Type: receivedType, CauseID: causeID, Reason: "cannot be read", Body: []byte(`{"type":"import.received"}`), At: day,
	}
}

func (r *room) park(p company.Parked) {
	r.Helper()
	err := r.Ledger.Park(r.ctx, p)
	if err != nil {
		r.Fatalf("park: %v", err)
	}
}

func (r *room) deliveries(companyID, status, after string, limit int) (found []company.Delivered) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		found, err = tx.Deliveries().List(r.ctx, status, after, limit)
		return err
	})
	return found
}

var files = []test{
	{outcome: "an import is found as it was made and listed newest first", run: func(r *room) {
		var made []intake.Import
		for i := range 3 {
			in := r.file(r.a.ID)
			if i == 1 {
				in.CreatedBy = "somebody"
			}
			made = append(made, in)
			r.do(r.a.ID, func(tx port.Tx) error { tx.Imports().Create(in); return nil })
		}
		got := r.found(r.a.ID, made[0].ID)
		got.Layout = nil
		r.equal("import", got, made[0])
		var listed []string
		for after := ""; ; {
			var page []intake.Import
			r.do(r.a.ID, func(tx port.Tx) (err error) {
				page, err = tx.Imports().List(r.ctx, "", after, 2)
				return err
			})
			if len(page) == 0 {
				break
			}
			for _, in := range page {
				listed, after = append(listed, in.ID), in.ID
			}
		}
		r.equal("list", listed, []string{made[2].ID, made[1].ID, made[0].ID})
		r.do(r.a.ID, func(tx port.Tx) error {
			for by, want := range map[string]string{actor: made[2].ID, "somebody": made[1].ID, "nobody": ""} {
				page, err := tx.Imports().List(r.ctx, by, "", 1)
				if err != nil {
					return err
				}
				first := ""
				for _, in := range page {
					first = in.ID
				}
				r.equal("newest created by "+by, first, want)
			}
			page, err := tx.Imports().List(r.ctx, actor, made[2].ID, 2)
			r.equal("created by one before the newest", len(page), 1)
			return err
		})
	}},
	{outcome: "an import of another company is missing", run: func(r *room) {
		in := r.file(r.a.ID)
		r.do(r.a.ID, func(tx port.Tx) error {
			tx.Imports().Create(in)
			tx.Imports().Refuse(in.ID, []intake.Refused{{Row: 1, Record: []string{"x"}, Problems: []intake.Problem{}}})
			return nil
		})
		r.do(r.b.ID, func(tx port.Tx) error {
			_, err := tx.Imports().Find(r.ctx, in.ID)
			r.fails(err, fault.Missing)
			_, err = tx.Imports().Find(r.ctx, identity.NewID())
			r.fails(err, fault.Missing)
			list, err := tx.Imports().List(r.ctx, "", "", 10)
			r.equal("imports", len(list), 0)
			rows, err2 := tx.Imports().Refused(r.ctx, in.ID, 0, 10)
			r.equal("refused rows", len(rows), 0)
			return errors.Join(err, err2)
		})
		for _, change := range []func(port.Tx) error{
			func(tx port.Tx) error { return tx.Imports().Receive(r.ctx, in.ID, 1) },
			func(tx port.Tx) error {
				return tx.Imports().Advance(r.ctx, intake.Import{ID: in.ID, Status: intake.Completed}, 0)
			},
		} {
			err := r.Ledger.Do(r.ctx, port.In(r.b.ID, actor), change)
			if err == nil {
				r.Error("another company's import was changed")
			}
		}
		_ = r.Ledger.Do(r.ctx, port.In(r.b.ID, actor), func(tx port.Tx) error { tx.Imports().Replayed(in.ID, 1, true); return nil })
		r.equal("status", r.found(r.a.ID, in.ID).Status, intake.Waiting)
		r.equal("refused row", r.refused(in.ID, 0, 10)[0].Status, "refused")
		r.operator(func(tx port.Tx) error {
			got, err := tx.Imports().Find(r.ctx, in.ID)
			r.equal("company the operator sees", got.Company, r.a.ID)
			return err
		})
	}},
	{outcome: "a file is received once", run: func(r *room) {
		in := r.file(r.a.ID)
		r.do(r.a.ID, func(tx port.Tx) error { tx.Imports().Create(in); return nil })
		r.do(r.a.ID, func(tx port.Tx) error { return tx.Imports().Receive(r.ctx, in.ID, 1234) })
		err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error { return tx.Imports().Receive(r.ctx, in.ID, 9) })
		r.fails(err, fault.Conflict)
		got := r.found(r.a.ID, in.ID)
		r.equal("import", []any{got.Status, got.Size}, []any{intake.Received, int64(1234)})
	}},
	{outcome: "progress moves only from where it stands", run: func(r *room) {
		in := r.file(r.a.ID)
		in.Status, in.Size = intake.Received, 100
		r.do(r.a.ID, func(tx port.Tx) error { tx.Imports().Create(in); return nil })
		in.Status, in.Layout, in.Progress = intake.Running, []byte(`{"kind": "kintell-sessions"}`), intake.Progress{Offset: 40, Row: 4, Taken: 2, Same: 1, Refused: 1}
		advance := func(from int64) error {
			return r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error { return tx.Imports().Advance(r.ctx, in, from) })
		}
		err := advance(0)
		if err != nil {
			r.Fatalf("advance: %v", err)
		}
		r.fails(advance(0), fault.Conflict)
		got := r.found(r.a.ID, in.ID)
		r.equal("progress", got.Progress, in.Progress)
		r.equal("status", got.Status, intake.Running)
		var layout map[string]string
		err = json.Unmarshal(got.Layout, &layout)
		if err != nil || layout["kind"] != "kintell-sessions" {
			r.Errorf("layout is %s", got.Layout)
		}
		in.Status, in.Progress.Offset = intake.Completed, 100
		err = advance(40)
		if err != nil {
			r.Fatalf("advance: %v", err)
		}
		r.fails(advance(100), fault.Conflict) // it is over
		got = r.found(r.a.ID, in.ID)
		if got.Status != intake.Completed || got.FinishedAt.IsZero() {
			r.Errorf("import is %s, finished at %v", got.Status, got.FinishedAt)
		}
	}},
	{outcome: "a file that cannot be read says why", run: func(r *room) {
		in := r.file(r.a.ID)
		in.Status = intake.Received
		r.do(r.a.ID, func(tx port.Tx) error { tx.Imports().Create(in); return nil })
		in.Status, in.Reason = intake.Failed, "the header lacks session_id"
		r.do(r.a.ID, func(tx port.Tx) error { return tx.Imports().Advance(r.ctx, in, 0) })
		got := r.found(r.a.ID, in.ID)
		r.equal("import", []any{got.Status, got.Reason}, []any{intake.Failed, in.Reason})
	}},
	{outcome: "a refused row too long to be kept is kept without its record", run: func(r *room) {
		in := r.file(r.a.ID)
		in.Status = intake.Received
		r.do(r.a.ID, func(tx port.Tx) error {
			tx.Imports().Create(in)
			tx.Imports().Refuse(in.ID, []intake.Refused{{Row: 1, Problems: []intake.Problem{{Code: intake.Malformed, Expected: "a record of at most 64 KiB"}}}})
			return nil
		})
		rows := r.refused(in.ID, 0, 10)
		r.equal("refused rows", len(rows), 1)
		r.equal("values", len(rows[0].Record), 0)
		r.equal("problem", rows[0].Problems[0].Code, intake.Malformed)
	}},
	{outcome: "refused rows are kept, paged and taken after all once", run: func(r *room) {
		in := r.file(r.a.ID)
		in.Status = intake.Received
		rows := make([]intake.Refused, 3)
		for i := range rows {
			rows[i] = intake.Refused{Row: 2*i + 1, Record: []string{"a", "", `"ø;"`}, Problems: []intake.Problem{{Code: "E001", Column: "email", Expected: "an address"}}, Status: "refused"}
		}
		r.do(r.a.ID, func(tx port.Tx) error {
			tx.Imports().Create(in)
			tx.Imports().Refuse(in.ID, rows)
			in.Status, in.Progress = intake.Running, intake.Progress{Offset: 9, Row: 5, Taken: 2, Refused: 3}
			return tx.Imports().Advance(r.ctx, in, 0)
		})
		r.equal("rows", r.refused(in.ID, 0, 2), rows[:2])
		r.equal("rows", r.refused(in.ID, 3, 2), rows[2:])
		for range 2 { // the second time changes nothing
			r.do(r.a.ID, func(tx port.Tx) error {
				tx.Imports().Replayed(in.ID, 1, true)
				tx.Imports().Replayed(in.ID, 3, false)
				return nil
			})
		}
		var statuses []string
		for _, row := range r.refused(in.ID, 0, 10) {
			statuses = append(statuses, row.Status)
		}
		r.equal("statuses", statuses, []string{"replayed", "replayed", "refused"})
		r.equal("progress", r.found(r.a.ID, in.ID).Progress, intake.Progress{Offset: 9, Row: 5, Taken: 3, Same: 1, Refused: 1})
	}},
	{outcome: "deliveries accepted and parked are listed, newest first, in pages", run: func(r *room) {
		accepted := r.delivery(r.a.ID, "body")
		r.once("webhooks/kintell", accepted, func(port.Tx) error { return nil })
		first, second := r.parked(r.a.ID, identity.NewID()), r.parked(r.a.ID, identity.NewID())
		r.park(first)
		r.park(second)
		all := r.deliveries(r.a.ID, "", "", 10)
		r.equal("deliveries", len(all), 3)
		if !slices.IsSortedFunc(all, func(a, b company.Delivered) int { return b.At.Compare(a.At) }) {
			r.Errorf("deliveries are not newest first: %+v", all)
		}
		var paged []company.Delivered
		for after := ""; len(paged) < 10; after = paged[len(paged)-1].ID {
			page := r.deliveries(r.a.ID, "", after, 1)
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
		}
		r.equal("pages", paged, all)
		only := r.deliveries(r.a.ID, "accepted", "", 10)
		if len(only) != 1 {
			r.Fatalf("accepted deliveries are %+v", only)
		}
		r.equal("accepted", []any{only[0].ID, only[0].Company, only[0].By, only[0].Kind, only[0].Type, only[0].CauseID, only[0].Size},
			[]any{accepted.ID, r.a.ID, "webhooks/kintell", company.KindDelivery, "session-completed", accepted.Delivery.ID, 4})
		r.do(r.a.ID, func(tx port.Tx) error { tx.Deliveries().Replayed(first.ID); return nil })
		r.equal("still parked", deliveredIDs(r.deliveries(r.a.ID, company.StatusParked, "", 10)), []string{second.ID})
		r.equal("replayed", deliveredIDs(r.deliveries(r.a.ID, company.StatusReplayed, "", 10)), []string{first.ID})
		r.equal("another's", len(r.deliveries(r.b.ID, "", "", 10)), 0)
	}},
	{outcome: "what is parked can be read, and parked again counts", run: func(r *room) {
		p := r.parked(r.a.ID, identity.NewID())
		r.park(p)
		r.do(r.a.ID, func(tx port.Tx) error { tx.Deliveries().Replayed(p.ID); return nil })
		p.Reason = "still cannot be read"
		r.park(p)
		r.do(r.a.ID, func(tx port.Tx) error {
			got, err := tx.Deliveries().Parked(r.ctx, p.ID)
			r.equal("parked", []any{got.Company, got.By, got.Kind, got.Type, got.CauseID, got.Reason, string(got.Body), got.Status, got.Attempts},
				[]any{p.Company, p.By, p.Kind, p.Type, p.CauseID, p.Reason, string(p.Body), company.StatusParked, 2})
			_, missing := tx.Deliveries().Parked(r.ctx, identity.NewID())
			r.fails(missing, fault.Missing)
			return err
		})
		r.do(r.b.ID, func(tx port.Tx) error {
			_, err := tx.Deliveries().Parked(r.ctx, p.ID)
			r.fails(err, fault.Missing)
			tx.Deliveries().Replayed(p.ID)
			return nil
		})
		r.equal("parked", deliveredIDs(r.deliveries(r.a.ID, company.StatusParked, "", 10)), []string{p.ID})
		r.operator(func(tx port.Tx) error {
			got, err := tx.Deliveries().Parked(r.ctx, p.ID)
			r.equal("company the operator sees", got.Company, r.a.ID)
			return err
		})
	}},
}

func (r *room) refused(id string, after, limit int) (rows []intake.Refused) {
	r.Helper()
	r.do(r.a.ID, func(tx port.Tx) (err error) {
		rows, err = tx.Imports().Refused(r.ctx, id, after, limit)
		return err
	})
	return rows
}

func deliveredIDs(list []company.Delivered) []string {
	found := make([]string, len(list))
	for i, one := range list {
		found[i] = one.ID
	}
	return found
}

var tenants = []test{
	{outcome: "a company is found by id and slug, by itself and by the operator", run: func(r *room) {
		find := func(tx port.Tx) error {
			byID, err := tx.Companies().Find(r.ctx, r.a.ID)
			bySlug, err2 := tx.Companies().Find(r.ctx, r.a.Slug)
			r.equal("by id", byID, r.a)
			r.equal("by slug", bySlug, r.a)
			_, missing := tx.Companies().Find(r.ctx, "nobody-"+r.a.Slug)
			r.fails(missing, fault.Missing)
			return errors.Join(err, err2)
		}
		r.do(r.a.ID, find)
		r.operator(find)
		r.do(r.b.ID, func(tx port.Tx) error {
			for _, name := range []string{r.a.ID, r.a.Slug} {
				_, err := tx.Companies().Find(r.ctx, name)
				r.fails(err, fault.Missing)
			}
			return nil
		})
	}},
	{outcome: "a company sees itself, the operator all in pages", run: func(r *room) {
		r.do(r.a.ID, func(tx port.Tx) error {
			list, err := tx.Companies().List(r.ctx, "", 10)
			r.equal("companies", list, []company.Company{r.a})
			return err
		})
		r.operator(func(tx port.Tx) error {
			before := strings.TrimSuffix(r.a.Slug, "-a")
			both, err := tx.Companies().List(r.ctx, before, 2)
			r.equal("companies", both, []company.Company{r.a, r.b})
			second, err2 := tx.Companies().List(r.ctx, r.a.Slug, 1)
			r.equal("next page", second, []company.Company{r.b})
			return errors.Join(err, err2)
		})
	}},
	{outcome: "a taken slug is a conflict and keeps nothing", run: func(r *room) {
		again := r.b
		again.ID, again.Slug = identity.NewID(), r.a.Slug
		err := r.Ledger.Do(r.ctx, port.Operator(actor), func(tx port.Tx) error { return tx.Companies().Create(r.ctx, again) })
		r.fails(err, fault.Conflict)
		r.operator(func(tx port.Tx) error {
			_, err := tx.Companies().Find(r.ctx, again.ID)
			r.fails(err, fault.Missing)
			return nil
		})
	}},
	{outcome: "a company cannot make companies", run: func(r *room) {
		other := r.b
		other.ID, other.Slug = identity.NewID(), r.b.Slug+"-x"
		err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error { return tx.Companies().Create(r.ctx, other) })
		if err == nil {
			r.Error("a company made a company")
		}
		r.operator(func(tx port.Tx) error {
			_, err := tx.Companies().Find(r.ctx, other.ID)
			r.fails(err, fault.Missing)
			return nil
		})
	}},
	{outcome: "a sender's secrets are kept and rotated", run: func(r *room) {
		for _, s := range []company.Sender{
			{Company: r.a.ID, Slug: r.a.Slug, Name: "kintell", SecretNow: []byte("one")},
			{Company: r.a.ID, Slug: r.a.Slug, Name: "kintell", SecretNow: []byte("one"), SecretNext: []byte("two")},
			{Company: r.a.ID, Slug: r.a.Slug, Name: "kintell", SecretNow: []byte("two"), SecretNext: []byte("three")},
		} {
			r.do(r.a.ID, func(tx port.Tx) error { tx.Companies().PutSender(s); return nil })
			got, err := r.Ledger.Sender(r.ctx, r.a.Slug, "kintell")
			if err != nil {
				r.Fatalf("sender: %v", err)
			}
			r.equal("sender", got, s)
		}
	}},
	{outcome: "an unknown company and an unknown sender look the same", run: func(r *room) {
		r.do(r.a.ID, func(tx port.Tx) error {
			tx.Companies().PutSender(company.Sender{Company: r.a.ID, Name: "kintell", SecretNow: []byte("one")})
			return nil
		})
		_, noCompany := r.Ledger.Sender(r.ctx, "nobody-"+r.a.Slug, "kintell")
		_, noSender := r.Ledger.Sender(r.ctx, r.a.Slug, "nobody")
		_, anothers := r.Ledger.Sender(r.ctx, r.b.Slug, "kintell")
		for _, err := range []error{noCompany, noSender, anothers} {
			r.fails(err, fault.Missing)
			if err != nil && noCompany != nil {
				r.equal("sentence", err.Error(), noCompany.Error())
			}
		}
	}},
}
