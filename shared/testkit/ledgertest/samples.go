package ledgertest

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

func (r *room) takes(companyID, what string, n, most int) (taken bool) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		taken, err = tx.Limits().Take(r.ctx, what, n, most)
		return err
	})
	return taken
}

// drawn lists what a company sees of its samples, behind after, without when they were drawn.
func (r *room) drawn(scope port.Scope, after impact.Drawn, limit int) (found []impact.Drawn) {
	r.Helper()
	err := r.Ledger.Do(r.ctx, scope, func(tx port.Tx) (err error) {
		found, err = tx.Audits().Samples(r.ctx, after, limit)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return found
}

var samples = []test{
	{outcome: "what a company may ask for in a minute is counted all at once or not at all, each company and thing apart", run: func(r *room) {
		minute := "minute " + identity.NewID() // a minute may pass between two lines of this test: then a fresh name is tried
		for range 3 {
			var begun, ended int64
			r.do(r.a.ID, func(tx port.Tx) error { begun = tx.Now().Unix() / 60; return nil })
			got := []bool{
				r.takes(r.a.ID, minute, 6, 10), r.takes(r.a.ID, minute, 5, 10), r.takes(r.a.ID, minute, 4, 10), r.takes(r.a.ID, minute, 1, 10),
				r.takes(r.b.ID, minute, 10, 10), r.takes(r.a.ID, "other "+minute, 10, 10),
			}
			r.do(r.a.ID, func(tx port.Tx) error { ended = tx.Now().Unix() / 60; return nil })
			if begun == ended {
				r.equal("taken", got, []bool{true, false, true, false, true, true})
				return
			}
			minute += "'"
		}
		r.Error("each attempt crossed a minute")
	}},
	{outcome: "what fails takes nothing", run: func(r *room) {
		what, failed := identity.NewID(), errors.New("on purpose")
		err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error {
			_, err := tx.Limits().Take(r.ctx, what, 10, 10)
			return errors.Join(err, failed)
		})
		r.equal("failed", errors.Is(err, failed), true)
		r.equal("taken", r.takes(r.a.ID, what, 10, 10), true)
	}},
	{outcome: "many who ask at once take no more than is allowed", run: func(r *room) {
		what := identity.NewID()
		var taken atomic.Int64
		var group sync.WaitGroup
		var begun, ended int64
		r.do(r.a.ID, func(tx port.Tx) error { begun = tx.Now().Unix() / 60; return nil })
		for range 20 {
			group.Go(func() {
				err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error {
					ok, err := tx.Limits().Take(r.ctx, what, 3, 20)
					if ok {
						taken.Add(3)
					}
					return err
				})
				if err != nil {
					r.Error(err)
				}
			})
		}
		group.Wait()
		r.do(r.a.ID, func(tx port.Tx) error { ended = tx.Now().Unix() / 60; return nil })
		if n := taken.Load(); begun == ended && n != 18 {
			r.Errorf("%d were taken, expected 18 of 20", n)
		}
	}},
	{outcome: "samples are listed with how far their reading got, each company its own and the operator all", run: func(r *room) {
		r.wroteMany(r.a.ID, 4)
		r.wroteMany(r.b.ID, 1)
		r.equal("none yet", len(r.drawn(port.In(r.a.ID, actor), impact.Drawn{}, 10)), 0)
		r.draws(r.a.ID, "s", 3)
		r.draws(r.b.ID, "s", 3)
		summer := impact.Quarter{Year: 2026, Quarter: 3}
		r.do(r.a.ID, func(tx port.Tx) error {
			_, err := tx.Audits().Draw(r.ctx, impact.Sample{Quarter: summer, Seed: "s", Size: 2})
			return err
		})
		items := r.next(r.a.ID, "anna", 3)
		for i, answer := range []struct{ item, who string }{{items[0].ID, "anna"}, {items[0].ID, "bert"}, {items[1].ID, "anna"}} {
			_, err := r.answers(r.a.ID, answer.item, answer.who, outcome.Labels{outcome.Confidence: value(float64(i) / 4)})
			if err != nil {
				r.Fatal(err)
			}
		}
		late := impact.Drawn{Company: r.a.ID, Sample: impact.Sample{Quarter: summer, Seed: "s", Size: 2}}
		early := impact.Drawn{Company: r.a.ID, Sample: impact.Sample{Quarter: spring, Seed: "s", Size: 3}, Items: 3, Answered: 2, Twice: 1}
		other := impact.Drawn{Company: r.b.ID, Sample: impact.Sample{Quarter: spring, Seed: "s", Size: 3}, Items: 1}
		bare := func(all []impact.Drawn) []impact.Drawn {
			for i := range all {
				r.equal("drawn", all[i].At.IsZero(), false)
				all[i].At = late.At
			}
			return all
		}
		r.equal("ours", bare(r.drawn(port.In(r.a.ID, actor), impact.Drawn{}, 10)), []impact.Drawn{late, early})
		r.equal("a page", bare(r.drawn(port.In(r.a.ID, actor), impact.Drawn{}, 1)), []impact.Drawn{late})
		r.equal("the page behind it", bare(r.drawn(port.In(r.a.ID, actor), late, 1)), []impact.Drawn{early})
		r.equal("behind the last", len(r.drawn(port.In(r.a.ID, actor), early, 10)), 0)
		var seen []impact.Drawn
		for _, d := range bare(r.drawn(port.Operator(actor), impact.Drawn{}, 1000)) {
			if d.Company == r.a.ID || d.Company == r.b.ID {
				seen = append(seen, d)
			}
		}
		want := []impact.Drawn{late, early, other}
		if r.b.ID > r.a.ID {
			want = []impact.Drawn{late, other, early}
		}
		r.equal("the operator's", seen, want)
	}},
	{outcome: "an item is found in its quarter and company alone, and a sample remembers what was asked", run: func(r *room) {
		r.wroteMany(r.a.ID, 1)
		r.draws(r.a.ID, "s", 7)
		item := r.next(r.a.ID, "anna", 1)[0]
		r.do(r.a.ID, func(tx port.Tx) error {
			got, err := tx.Audits().Item(r.ctx, spring, item.ID)
			r.equal("item", got, item)
			return err
		})
		for _, c := range []struct {
			company, id string
			quarter     impact.Quarter
		}{
			{r.a.ID, item.ID, impact.Quarter{Year: 2026, Quarter: 2}}, {r.b.ID, item.ID, spring}, {r.a.ID, identity.NewID(), spring}, {r.a.ID, "x", spring},
		} {
			r.fails(r.Ledger.Do(r.ctx, port.In(c.company, actor), func(tx port.Tx) error {
				_, err := tx.Audits().Item(r.ctx, c.quarter, c.id)
				return err
			}), fault.Missing)
		}
		for _, c := range []struct {
			company, seed string
			want          int
		}{{r.a.ID, "s", 7}, {r.a.ID, "t", 0}, {r.b.ID, "s", 0}} {
			r.do(c.company, func(tx port.Tx) error {
				size, err := tx.Audits().Asked(r.ctx, spring, c.seed)
				r.equal("asked", size, c.want)
				return err
			})
		}
	}},
}
