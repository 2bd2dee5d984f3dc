package measure

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Scorer is a model under a name that tables show.
type Scorer struct {
	Name  string
	Model outcome.Model
}

// Rater is what a model may also be: it tells how likely each dimension is spoken of, 0…1, also where it scores none. Of a model that is no
// Rater the confidence of the score counts, and 0 where there is none.
type Rater interface {
	Spoken(text string) map[outcome.Dimension]float64
}

// reading is what a scorer made of one text.
type reading struct {
	version string
	lang    string
	scores  map[outcome.Dimension]outcome.Score
	spoken  map[outcome.Dimension]float64
}

// readTexts lets a scorer read every text.
func readTexts(ctx context.Context, s Scorer, texts []Text) ([]reading, error) {
	readings := make([]reading, len(texts))
	err := each(ctx, len(texts), func(ctx context.Context, i int) error {
		scoring, err := s.Model.Score(ctx, outcome.Request{Text: texts[i].Text})
		if err != nil {
			return fmt.Errorf("%s: text %d: %w", s.Name, i+1, err)
		}
		r := reading{version: scoring.ModelVersion, lang: scoring.Language, scores: map[outcome.Dimension]outcome.Score{}, spoken: map[outcome.Dimension]float64{}}
		for _, score := range scoring.Scores {
			r.scores[score.Dimension] = score
			r.spoken[score.Dimension] = score.Confidence
		}
		if rater, ok := s.Model.(Rater); ok {
			r.spoken = rater.Spoken(texts[i].Text)
		}
		readings[i] = r
		return nil
	})
	return readings, err
}

// each does f for 0 to n-1, as many at once as there are processors.
func each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for i := w; i < n; i += workers {
				err := f(ctx, i)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// pair is one dimension of one text, as labelled and as read.
type pair struct {
	label, said      *float64 // nil: not spoken of
	spoken           float64  // how likely the scorer finds that it is
	labelled, turned outcome.Direction
	evidence         bool // somebody has marked the quotes of this text that speak of anything
	marked, covered  int  // quotes that a labeller marked, and of these those that the scorer quotes
	quotes, right    int  // quotes of the scorer, and of these those that a labeller marked
}

// newPair compares what t's label and r say of d. lost are labelled quotes that do not stand in the text.
func newPair(t Text, r reading, d outcome.Dimension) (p pair, lost int) {
	p = pair{label: t.Labels[d], spoken: r.spoken[d], labelled: t.Directions[d], evidence: t.Evidence != nil && d != outcome.LangLevelProxy}
	score, said := r.scores[d]
	if said {
		p.said, p.turned = &score.Value, score.Direction
	}
	if !p.evidence {
		return p, 0
	}
	p.quotes = len(score.Evidence)
	var marked []outcome.Span
	for _, quote := range t.Evidence[d] {
		span, ok := outcome.Locate(t.Text, quote)
		if !ok {
			lost++
			continue
		}
		marked = append(marked, span)
	}
	p.marked = len(marked)
	p.covered, p.right = met(marked, score.Evidence), met(score.Evidence, marked)
	return p, lost
}

// met counts those of spans that meet one of others.
func met(spans, others []outcome.Span) int {
	n := 0
	for _, s := range spans {
		for _, o := range others {
			if meet(s, o) {
				n++
				break
			}
		}
	}
	return n
}

// meet says whether two spans share at least half of the shorter one: the same sentence cut otherwise, not a space between two.
func meet(a, b outcome.Span) bool {
	shared := min(a.End, b.End) - max(a.Start, b.Start)
	return shared > 0 && 2*shared >= min(a.End-a.Start, b.End-b.Start)
}
