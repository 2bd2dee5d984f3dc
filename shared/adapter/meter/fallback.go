package meter

import (
	"context"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Fallback asks one model, and another when the first refuses the text, gives nothing usable, is not available in time or may not be
// paid any more. What the second says is marked with outcome.Fallback and keeps its own version. It is safe for concurrent use.
type Fallback struct {
	large, local outcome.Model
	margin       time.Duration
}

var _ outcome.Model = (*Fallback)(nil)

// NewFallback asks large first. margin is how much of the caller's deadline is kept back for settling, for local and for keeping the
// scores; with less than that left, large is not asked at all.
func NewFallback(large, local outcome.Model, margin time.Duration) *Fallback {
	return &Fallback{large, local, margin}
}

// Calibrations is outcome.Model: both models'.
func (f *Fallback) Calibrations() []outcome.Calibration {
	return append(f.large.Calibrations(), f.local.Calibrations()...)
}

// Score is outcome.Model. What was spent on the first model is in the result's Usage, whoever answered. Fails as local does; as large
// does where the fault is ours to mend, such as a denied access or a wrong model id, which a fallback would only hide; and Busy when
// the caller has gone.
func (f *Fallback) Score(ctx context.Context, in outcome.Request) (outcome.Scoring, error) {
	tried, err := f.ask(ctx, in)
	if err == nil || !covered(ctx, err) {
		return tried, err
	}
	scoring, err := f.local.Score(ctx, in)
	if err != nil {
		return outcome.Scoring{Usage: tried.Usage}, err
	}
	scoring.Method = outcome.Fallback
	scoring.Usage = tried.Usage
	return scoring, nil
}

// ask gives the large model the caller's time less the margin.
func (f *Fallback) ask(ctx context.Context, in outcome.Request) (outcome.Scoring, error) {
	ctx, cancel, ok := within(ctx, f.margin)
	defer cancel()
	if !ok {
		return outcome.Scoring{}, fault.New(fault.Busy, "there is no time left to ask the model")
	}
	return f.large.Score(ctx, in)
}

// within is ctx with its deadline a margin earlier; false when that has passed.
func within(ctx context.Context, margin time.Duration) (context.Context, context.CancelFunc, bool) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}, true
	}
	earlier := deadline.Add(-margin)
	early, cancel := context.WithDeadline(ctx, earlier)
	return early, cancel, time.Now().Before(earlier)
}

// covered says whether a failure of the paid one is a reason to take the other.
func covered(ctx context.Context, err error) bool {
	switch fault.KindOf(err) {
	case fault.Busy, fault.Invalid, fault.TooLarge:
		return ctx.Err() == nil
	}
	return false
}
