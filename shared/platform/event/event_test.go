package event_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/event"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestWhatAFailureBecomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails         error
		panics        string
		again, parked bool
		says          string // in the log line
	}{
		"done":              {says: `"outcome":"done"`},
		"a busy dependency": {fails: fault.New(fault.Busy, "later"), again: true, says: `"outcome":"retry"`},
		"not foreseen":      {fails: errors.New("what"), again: true, says: `"outcome":"retry"`},
		"a panic":           {panics: "oh", again: true, says: `"outcome":"retry"`},
		"wrong for ever":    {fails: fault.Wrap(fault.Invalid, "no such level", errors.New("Z9")), parked: true, says: `"outcome":"parked"`},
		"a contradiction":   {fails: fault.New(fault.Conflict, "no"), parked: true, says: `"outcome":"parked"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledger := memory.New(memory.Options{Now: func() time.Time { return noon }, Bus: memory.NewBus()})
			owner := identity.NewID()
			ledger.Seed(company.Company{ID: owner, Slug: "acme", Name: "Acme", Kind: company.Partner, TimeZone: "UTC", CreatedAt: noon})
			var lines bytes.Buffer
			consumer := event.Consumer{
				Name: "consumers/example", Log: slog.New(slog.NewJSONHandler(&lines, nil)),
				Ledger: func(context.Context) (port.Ledger, error) { return ledger, nil },
				Hears: []fn.Hears{fn.Hear(func(context.Context, contract.Of[contract.KintellRatingCreated]) error {
					if c.panics != "" {
						panic(c.panics)
					}
					return c.fails
				})},
			}
			e := contract.Cause{ID: identity.NewID(), Company: owner, At: noon}.Then(contract.KintellRatingCreated{RatingID: identity.NewID()})
			for range 2 { // twice: the same event is parked once
				if err := consumer.Work(t.Context(), e); (err != nil) != c.again {
					t.Errorf("again: %v, want %v", err, c.again)
				}
			}
			if !strings.Contains(lines.String(), c.says) {
				t.Errorf("the line is %s, want %s", lines.String(), c.says)
			}
			var parked []company.Delivered
			err := ledger.Do(t.Context(), port.In(owner, "test"), func(tx port.Tx) (err error) {
				parked, err = tx.Deliveries().List(t.Context(), company.StatusParked, "", 10)
				return err
			})
			if err != nil || (len(parked) == 1) != c.parked || len(parked) > 1 {
				t.Errorf("parked %+v (%v), want %v", parked, err, c.parked)
			}
			if c.parked && strings.Contains(parked[0].Reason, "Z9") {
				t.Errorf("the reason shows the cause: %s", parked[0].Reason)
			}
		})
	}
}
