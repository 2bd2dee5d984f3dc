package lexicon

import (
	"cmp"
	"math"
	"slices"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// How scores are made of cues.
const (
	quotes     = 3    // most quotes a score carries
	leastDoubt = 0.05 // how near 0 and 1 a value may come
	sureFloor  = 0.3  // confidence of next to no evidence
	sureSpan   = 0.5  // what much evidence adds to it
	mixed      = 0.15 // mean polarity below which quotes of both signs are shown
)

// weigh makes the score of dimension d from the cues found, if there are any: 0.5 plus half their weighted mean polarity. Confidence
// grows with the amount of evidence and falls with disagreement; it is a rule of thumb, not a probability.
func weigh(text string, d outcome.Dimension, found []evidence) (outcome.Score, bool) {
	var mine []evidence
	var sum, size, weight float64
	for _, e := range found {
		if e.dimension == d {
			mine = append(mine, e)
			sum += e.weight * e.polarity
			size += e.weight * math.Abs(e.polarity)
			weight += e.weight
		}
	}
	if len(mine) == 0 || size == 0 {
		return outcome.Score{}, false
	}
	mean, agreement := sum/weight, math.Abs(sum)/size
	score := outcome.Score{
		Dimension:  d,
		Value:      outcome.Round(min(max(0.5+mean/2, leastDoubt), 1-leastDoubt)),
		Direction:  outcome.State,
		Confidence: outcome.Round((sureFloor + sureSpan*(1-math.Exp(-weight))) * (0.5 + 0.5*agreement)),
	}
	if math.Abs(mean) >= mixed { // quote what speaks for the score
		mine = slices.DeleteFunc(mine, func(e evidence) bool { return e.polarity*mean < 0 })
	}
	slices.SortStableFunc(mine, func(a, b evidence) int {
		return cmp.Compare(b.weight*math.Abs(b.polarity), a.weight*math.Abs(a.polarity))
	})
	for _, e := range mine {
		span := outcome.SpanAt(text, e.from, e.to)
		if len(score.Evidence) < quotes && !slices.Contains(score.Evidence, span) {
			score.Evidence = append(score.Evidence, span)
		}
	}
	slices.SortFunc(score.Evidence, func(a, b outcome.Span) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	return score, true
}
