package memory

import (
	"context"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Call is one reservation, and what it came to.
type Call struct {
	ID, Company, Purpose string
	Month                time.Time // first day, UTC
	Expected             int64     // millionths of a US dollar
	ExpiresAt            time.Time
	Settled              bool
	outcome.Usage
}

type spending struct{ *tx }

var _ port.Spending = spending{}

func (s spending) Reserve(_ context.Context, expected, standard int64) (string, error) {
	owner, ok := s.own()
	if !ok {
		return "", s.failed
	}
	month := time.Date(s.now.Year(), s.now.Month(), 1, 0, 0, 0, 0, time.UTC)
	limit, taken := standard, int64(0)
	if own, has := s.ledger.limits[owner]; has {
		limit = own
	}
	for _, c := range s.ledger.calls {
		switch {
		case c.Company != owner || !c.Month.Equal(month):
		case c.Settled:
			taken += c.MicroUSD
		case c.ExpiresAt.After(s.now):
			taken += c.Expected
		}
	}
	if expected < 0 || taken+expected > limit {
		return "", nil
	}
	id := identity.NewID()
	put(s.tx, s.ledger.calls, id, Call{ID: id, Company: owner, Month: month, Expected: expected, ExpiresAt: s.now.Add(port.ReservationLasts)})
	return id, nil
}

func (s spending) Allow(ctx context.Context, slug string, limit *int64) (string, *int64, error) {
	if !s.scope.Operator {
		return "", nil, fault.New(fault.Forbidden, "only the operator sets what models may cost")
	}
	found, err := companies(s).Find(ctx, slug)
	if err != nil || found.Slug != slug {
		return "", nil, fault.New(fault.Missing, "no such company")
	}
	var before *int64
	if own, has := s.ledger.limits[found.ID]; has {
		before = &own
	}
	drop(s.tx, s.ledger.limits, found.ID)
	if limit != nil {
		put(s.tx, s.ledger.limits, found.ID, *limit)
	}
	return found.ID, before, nil
}

func (s spending) Settle(reservation, purpose string, used outcome.Usage) {
	c, known := s.ledger.calls[reservation]
	if !known || c.Company != s.scope.Company || c.Settled {
		return
	}
	c.Settled, c.Purpose, c.Usage = true, purpose, used
	put(s.tx, s.ledger.calls, reservation, c)
}

// Calls gives company's calls of models, by id.
func (l *Ledger) Calls(company string) []Call {
	return look(l, func() []Call {
		var found []Call
		for _, id := range sortedKeys(l.calls) {
			if l.calls[id].Company == company {
				found = append(found, l.calls[id])
			}
		}
		return found
	})
}
