package meter

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// PaidScreener is a screener that costs money.
type PaidScreener interface {
	// Ask screens a text and says what it used, failed or not.
	Ask(ctx context.Context, in safety.Request) (safety.Screening, outcome.Usage, error)
	// Estimate is the most that screening text can cost, in millionths of a US dollar.
	Estimate(text string) int64
}

// Screener screens with the local screener always, and with a paid one too where the budget and the time allow it: what either finds
// is found. It is safe for concurrent use.
type Screener struct {
	paid     PaidScreener
	local    safety.Screener
	accounts Accounts
	standard int64
	margin   time.Duration
	log      *slog.Logger
}

var _ safety.Screener = (*Screener)(nil)

// NewScreener adds paid to local. standard is the monthly budget of a company that has none of its own, margin what is kept back of
// the caller's deadline. log is told where paid fails for a reason that is ours to mend and nobody else is.
func NewScreener(paid PaidScreener, local safety.Screener, accounts Accounts, standard int64, margin time.Duration, log *slog.Logger) *Screener {
	return &Screener{paid, local, accounts, standard, margin, log}
}

// Screen is safety.Screener. The version names those who screened, so that one can see where the paid one did not. Fails as local does,
// and as the paid one does where the fault is ours to mend, unless local found what goes to safeguarding: that waits for no mending, and
// the fault is logged.
func (s *Screener) Screen(ctx context.Context, in safety.Request) (safety.Screening, error) {
	screening, err := s.local.Screen(ctx, in)
	if err != nil {
		return safety.Screening{}, err
	}
	more, err := s.ask(ctx, in)
	switch {
	case err == nil:
		return joined(screening, more), nil
	case covered(ctx, err):
		return screening, nil
	case safety.Usual.Judge(screening.Findings).Route == safety.Safeguarding:
		s.log.ErrorContext(ctx, "the paid screener failed; what the local one found goes to safeguarding without it", "company", in.Company, "error", err.Error())
		return screening, nil
	}
	return safety.Screening{}, err
}

// ask screens with the paid one, within the budget.
func (s *Screener) ask(ctx context.Context, in safety.Request) (safety.Screening, error) {
	early, cancel, ok := within(ctx, s.margin)
	defer cancel()
	expected := s.paid.Estimate(in.Text)
	if !ok || expected <= 0 {
		return safety.Screening{}, nil
	}
	reservation, err := reserve(early, s.accounts, in.Company, expected, s.standard)
	if err != nil {
		return safety.Screening{}, err
	}
	screening, used, err := s.paid.Ask(early, in)
	settle(ctx, s.accounts, in.Company, reservation, "screen", &used)
	return screening, err
}

// joined is what either found. Of a category that both found the higher confidence holds, and whether it is only reported is for the
// first to say, which reads more than a word list; the policy judges all of it anew.
func joined(a, b safety.Screening) safety.Screening {
	if b.Version == "" {
		return a
	}
	a.Version += "+" + b.Version
	if a.Language == "" {
		a.Language = b.Language
	}
	a.Findings = slices.Clone(a.Findings)
	for _, f := range b.Findings {
		i := slices.IndexFunc(a.Findings, func(o safety.Finding) bool { return o.Category == f.Category })
		if i < 0 {
			a.Findings = append(a.Findings, f)
			continue
		}
		a.Findings[i].Confidence = max(a.Findings[i].Confidence, f.Confidence)
		a.Findings[i].Spans = safety.Union(slices.Concat(a.Findings[i].Spans, f.Spans))
	}
	slices.SortStableFunc(a.Findings, func(x, y safety.Finding) int { return safety.Gravity(x.Category) - safety.Gravity(y.Category) })
	a.Route = safety.Usual.Judge(a.Findings).Route
	return a
}
