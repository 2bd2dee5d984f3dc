// Package meter keeps paid models within a company's monthly budget, and lets the model that costs nothing answer where the paid one
// may not, will not or cannot.
package meter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Accounts runs f in a transaction that sees company, with what it may spend. f may run again.
type Accounts func(ctx context.Context, company string, f func(port.Spending) error) error

// In is the accounts that ledger keeps; actor is who the audit log names.
func In(ledger port.Ledger, actor string) Accounts {
	return func(ctx context.Context, company string, f func(port.Spending) error) error {
		return ledger.Do(ctx, port.In(company, actor), func(tx port.Tx) error { return f(tx.Spending()) })
	}
}

// Paid is a model that costs money.
type Paid interface {
	outcome.Model
	// Estimate is the most that scoring text can cost, in millionths of a US dollar; 0 where nothing would be asked.
	Estimate(text string) int64
}

// ErrSpent is the cause of a Busy fault: the company's budget of the month does not cover the call. Nothing was asked.
var ErrSpent = errors.New("budget of the month is spent")

// settling is how long keeping the cost may take after a call whose own time is over.
const settling = 5 * time.Second

// Model is a paid model that stops when the company's budget of the month is spent. It is safe for concurrent use, in many processes.
type Model struct {
	paid     Paid
	accounts Accounts
	standard int64
}

var _ outcome.Model = (*Model)(nil)

// New meters paid. standard is the monthly budget, in millionths of a US dollar, of a company that has none of its own.
func New(paid Paid, accounts Accounts, standard int64) *Model {
	return &Model{paid, accounts, standard}
}

// Calibrations is outcome.Model.
func (m *Model) Calibrations() []outcome.Calibration { return m.paid.Calibrations() }

// Score takes the most that the call can cost out of the budget, asks, and settles what it did cost, failed or not. Fails as the paid
// model does, and Busy with ErrSpent. A process that dies in the middle leaves its reservation to expire (port.ReservationLasts). So
// does a settlement that fails three times, because an answer that was paid for is not thrown away: its cost is then in the scoring's
// Usage alone.
func (m *Model) Score(ctx context.Context, in outcome.Request) (outcome.Scoring, error) {
	expected := m.paid.Estimate(in.Text)
	if expected <= 0 {
		return m.paid.Score(ctx, in)
	}
	reservation, err := reserve(ctx, m.accounts, in.Company, expected, m.standard)
	if err != nil {
		return outcome.Scoring{}, err
	}
	scoring, err := m.paid.Score(ctx, in)
	settle(ctx, m.accounts, in.Company, reservation, "score", scoring.Usage)
	return scoring, err
}

// reserve takes expected out of the budget.
func reserve(ctx context.Context, accounts Accounts, company string, expected, standard int64) (string, error) {
	if company == "" {
		return "", errors.New("a paid model was asked for nobody: expected a company")
	}
	reservation := ""
	err := accounts(ctx, company, func(s port.Spending) error {
		var err error
		reservation, err = s.Reserve(ctx, expected, standard)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reserve what a model call may cost: %w", err)
	}
	if reservation == "" {
		return "", fault.Wrap(fault.Busy, "the model's budget of this month is spent", ErrSpent)
	}
	return reservation, nil
}

// settle replaces a reservation by what was used; nil is nothing. It works though ctx is over, and says nothing where it does not work:
// see Score.
func settle(ctx context.Context, accounts Accounts, company, reservation, purpose string, used *outcome.Usage) {
	if used == nil {
		used = &outcome.Usage{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	for range 3 {
		err := accounts(ctx, company, func(s port.Spending) error {
			s.Settle(reservation, purpose, *used)
			return nil
		})
		if err == nil {
			return
		}
	}
}
