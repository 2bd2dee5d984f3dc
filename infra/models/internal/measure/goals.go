package measure

import (
	"fmt"
	"slices"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Goal is something a release should reach on the test part.
type Goal struct {
	What  string  `json:"what"`
	Bound float64 `json:"bound"`
	Most  bool    `json:"most,omitempty"` // the bound is the most that is allowed, not the least
	// By is how far the goal is passed or, below 0, missed; nil where nothing was measured.
	By *float64 `json:"by"`
	Interval
}

// String is one line: what came out beside what was wanted.
func (g Goal) String() string {
	bound := "at least"
	if g.Most {
		bound = "at most"
	}
	switch {
	case g.By == nil:
		return fmt.Sprintf("not measured  %s (goal: %s %s)", g.What, bound, decimal(g.Bound))
	case *g.By >= 0:
		return fmt.Sprintf("met           %s: %s, goal %s %s, by %s", g.What, g.Interval, bound, decimal(g.Bound), decimal(*g.By))
	}
	return fmt.Sprintf("missed        %s: %s, goal %s %s, by %s", g.What, g.Interval, bound, decimal(g.Bound), decimal(-*g.By))
}

// The goals of a release, on the test part.
const (
	leastAUC      = 0.85
	leastMargin   = 0.05 // above the lexicon
	mostBehind    = 0.05 // of English
	leastNull     = 0.85
	leastEvidence = 0.8
	leastSpearman = 0.6
)

// outcomeGoals are those of the first scorer; the second, where there is one, is the lexicon that it must beat.
func outcomeGoals(o Outcomes) []Goal {
	at := o.Scorers[0].find
	var goals []Goal
	for _, d := range outcome.Dimensions {
		if d == outcome.LangLevelProxy { // every text that is long enough has one
			goals = append(goals, o.areas(d, LevelAUC)...)
			goals = append(goals, least(fmt.Sprintf("%s: %s", d, Spearman), leastSpearman, at(d, All, Spearman)))
			continue
		}
		goals = slices.Concat(goals, o.areas(d, SpokenAUC), o.areas(d, LevelAUC), []Goal{
			least(fmt.Sprintf("%s: %s", d, NullPrecision), leastNull, at(d, All, NullPrecision)),
			least(fmt.Sprintf("%s: %s", d, NullRecall), leastNull, at(d, All, NullRecall)),
			least(fmt.Sprintf("%s: %s", d, EvidencePrecision), leastEvidence, at(d, All, EvidencePrecision)),
		})
	}
	return goals
}

// areas are the goals of an area under the curve: for itself, beside the lexicon, and of the languages that must work as well as English.
func (o Outcomes) areas(d outcome.Dimension, m Metric) []Goal {
	at := o.Scorers[0].find
	goals := []Goal{least(fmt.Sprintf("%s: %s", d, m), leastAUC, at(d, All, m))}
	if len(o.Scorers) > 2 {
		goals = append(goals, least(fmt.Sprintf("%s: %s above that of the %s", d, m, o.Scorers[1].Name), leastMargin, less(at(d, All, m), o.Scorers[1].find(d, All, m))))
	}
	for _, lang := range []string{"no", "uk"} {
		goals = append(goals, most(fmt.Sprintf("%s: %s of English above that of %s", d, m, lang), mostBehind, less(at(d, "en", m), at(d, lang, m))))
	}
	return goals
}

func least(what string, bound float64, i Interval) Goal {
	g := Goal{What: what, Bound: bound, Interval: i}
	if i.Value != nil {
		by := *i.Value - bound
		g.By = &by
	}
	return g
}

func most(what string, bound float64, i Interval) Goal {
	g := Goal{What: what, Bound: bound, Most: true, Interval: i}
	if i.Value != nil {
		by := bound - *i.Value
		g.By = &by
	}
	return g
}

// less is the difference of two figures, without an interval: they are not measured on pairs.
func less(a, b Interval) Interval {
	if a.Value == nil || b.Value == nil {
		return Interval{}
	}
	difference := *a.Value - *b.Value
	return Interval{N: min(a.N, b.N), Value: &difference}
}

func (s Scored) find(d outcome.Dimension, lang string, m Metric) Interval {
	for _, f := range s.Figures {
		if f.Dimension == d && f.Language == lang && f.Metric == m {
			return f.Interval
		}
	}
	return Interval{}
}
