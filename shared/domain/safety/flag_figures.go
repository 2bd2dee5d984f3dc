package safety

import (
	"math"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Wait is how long flags waited for their first decision.
type Wait struct {
	Open     int // flags that somebody is to look at now
	Reviewed int // flags that were decided
	Median   time.Duration
	P90      time.Duration // nine of ten waited no longer; both zero where none was reviewed
}

// Course is how moderation went.
type Course struct {
	All        Wait
	Routes     map[Route]Wait
	Categories map[Category]Wait // a flag counts for each of its categories
	Unalerted  int               // flags that wait for safeguarding, for which there was nobody to ask a notification for
	Appeals    int               // decided ones
	Overturned int
	Pairs      int      // decisions that a second person was asked about and answered
	Kappa      *float64 // Cohen's, of those pairs; nil where it is not defined: no pairs, or everybody always said the same one thing
}

// Figures counts flags.
func Figures(flags []Flag) Course {
	all, routes, categories := &tally{}, map[Route]*tally{}, map[Category]*tally{}
	c := Course{Routes: map[Route]Wait{}, Categories: map[Category]Wait{}}
	var pairs [][2]Decision
	for _, f := range flags {
		all.add(f)
		of(routes, f.Route).add(f)
		for _, category := range f.Categories {
			of(categories, category).add(f)
		}
		if f.Route == Safeguarding && f.Waits() && f.Alerted == 0 {
			c.Unalerted++
		}
		if f.Outcome != "" {
			c.Appeals++
		}
		if f.Outcome == Overturned {
			c.Overturned++
		}
		if f.Second != "" {
			pairs = append(pairs, [2]Decision{f.First, f.Second})
		}
	}
	c.All, c.Pairs, c.Kappa = all.wait(), len(pairs), Kappa(pairs)
	for route, t := range routes {
		c.Routes[route] = t.wait()
	}
	for category, t := range categories {
		c.Categories[category] = t.wait()
	}
	return c
}

type tally struct {
	open   int
	waited []time.Duration
}

func of[K comparable](tallies map[K]*tally, key K) *tally {
	if tallies[key] == nil {
		tallies[key] = &tally{}
	}
	return tallies[key]
}

func (t *tally) add(f Flag) {
	if f.Waits() {
		t.open++
	}
	if !f.ReviewedAt.IsZero() {
		t.waited = append(t.waited, f.ReviewedAt.Sub(f.RaisedAt))
	}
}

func (t *tally) wait() Wait {
	slices.Sort(t.waited)
	return Wait{Open: t.open, Reviewed: len(t.waited), Median: quantile(t.waited, 0.5), P90: quantile(t.waited, 0.9)}
}

// quantile is the smallest of the sorted values that at least q of them do not exceed (nearest rank).
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(int(math.Ceil(q*float64(len(sorted)))), 1)-1]
}

// Kappa is Cohen's kappa of pairs of decisions about the same things: 1 is full agreement, 0 what chance would give. nil where chance alone
// would agree always, or nothing was decided twice.
func Kappa(pairs [][2]Decision) *float64 {
	var made []Decision // the decisions that occur, by number
	number := func(d Decision) int {
		if !slices.Contains(made, d) {
			made = append(made, d)
		}
		return slices.Index(made, d)
	}
	var first, second []int
	for _, pair := range pairs {
		first, second = append(first, number(pair[0])), append(second, number(pair[1]))
	}
	return outcome.Kappa(first, second, len(made))
}
