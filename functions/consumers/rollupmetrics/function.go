// Package rollupmetrics keeps the figures of each company's months up to date with what happened in them.
//
// Hears:   kintell.session.completed, q2q.outcome.scored
// Tells:   q2q.drift.detected, when 100 scores of a month and dimension lie otherwise than those the model was calibrated on
// Repeats: safe; a month is computed anew from what is kept, so counting twice cannot happen
// Fails:   an unreadable event is parked; a month that somebody else holds is waited for
package rollupmetrics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "consumers/rollupmetrics"

// Function is consumers/rollupmetrics.
var Function = fn.OnEvent(name, open)

func open(ctx context.Context, env port.Env) ([]fn.Hears, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	h := New(ledger)
	return []fn.Hears{fn.Hear(h.Completed), fn.Hear(h.Scored)}, env.Config().Err()
}

// Handler rolls up months.
type Handler struct{ ledger port.Ledger }

// New is a handler that reads and keeps figures in ledger.
func New(ledger port.Ledger) *Handler { return &Handler{ledger} }

// Completed rolls up the month in which the session was held, and those in which texts about it were written: only now it is known who
// wrote them, and a scoring that was rolled up while the session was on its way in did not count.
func (h *Handler) Completed(ctx context.Context, in contract.Of[contract.KintellSessionCompleted]) error {
	return h.ledger.Once(ctx, name, in.Cause(), func(tx port.Tx) error {
		written, err := tx.Feedback().Written(ctx, in.Body.SessionID)
		if err != nil {
			return fmt.Errorf("texts about the session: %w", err)
		}
		return rollUp(ctx, tx, in.Cause(), in.Body.SessionID, append(written, in.Body.CompletedAt)...)
	})
}

// Scored rolls up the month in which the text was written, whenever it was scored. Of a text that is gone by now nothing is
// left to count.
func (h *Handler) Scored(ctx context.Context, in contract.Of[contract.OutcomeScored]) error {
	return h.ledger.Once(ctx, name, in.Cause(), func(tx port.Tx) error {
		text, err := tx.Feedback().Text(ctx, in.Body.TextID)
		if fault.KindOf(err) == fault.Missing {
			return rollUp(ctx, tx, in.Cause(), in.Body.TextID)
		}
		if err != nil {
			return fmt.Errorf("text of the scoring: %w", err)
		}
		return rollUp(ctx, tx, in.Cause(), in.Body.TextID, text.CreatedAt)
	})
}

// rollUp computes the months of times, unless they count subject already, and every month that a correction has outdated.
// Months are locked in order, so that two of these never wait for each other.
func rollUp(ctx context.Context, tx port.Tx, cause contract.Cause, subject string, times ...time.Time) error {
	zone, err := tx.Metrics().Zone(ctx)
	if err != nil {
		return fmt.Errorf("time zone of the company: %w", err)
	}
	months, err := tx.Metrics().Stale(ctx)
	if err != nil {
		return fmt.Errorf("outdated months: %w", err)
	}
	months = slices.Clone(months)
	for _, at := range times {
		months = append(months, impact.MonthOf(at, zone))
	}
	slices.SortFunc(months, impact.Month.Compare)
	for _, month := range slices.Compact(months) {
		sums, counted, err := tx.Metrics().Lock(ctx, month, zone, subject)
		if err != nil {
			return fmt.Errorf("sums of %v: %w", month, err)
		}
		if counted {
			continue
		}
		tx.Metrics().Keep(impact.Compute(month, sums, tx.Now()), sums)
		err = watch(ctx, tx, cause, month, zone, sums)
		if err != nil {
			return fmt.Errorf("drift in %v: %w", month, err)
		}
	}
	return nil
}

// watch tells where the scores of a month have drifted away from what their model was calibrated on.
func watch(ctx context.Context, tx port.Tx, cause contract.Cause, month impact.Month, zone *time.Location, sums impact.Sums) error {
	enough := false
	for _, sum := range sums.Outcomes {
		enough = enough || sum.N >= outcome.LeastDrift
	}
	if !enough {
		return nil
	}
	portions, err := tx.Metrics().Spread(ctx, month, zone)
	if err != nil {
		return err
	}
	var news []port.News[impact.Drift]
	for _, drift := range impact.Drifts(month, portions) {
		news = append(news, port.News[impact.Drift]{Fact: drift, Event: cause.Then(contract.DriftDetected{
			CompanyID: tx.Company(), Month: month.String(), Dimension: string(drift.Dimension), ModelVersion: drift.ModelVersion,
			Level: string(drift.Level), PSI: drift.PSI, N: drift.N,
		})})
	}
	tx.Metrics().Drifted(news)
	return nil
}
