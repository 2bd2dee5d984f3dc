package measure

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Outcomes is what was measured of scorers on texts labelled for outcomes.
type Outcomes struct {
	Texts     int            `json:"texts"`
	Languages map[string]int `json:"languages"` // texts of each language; the label's, else the first scorer's guess, else "unknown"
	Counts    []Count        `json:"counts"`
	Scorers   []Scored       `json:"scorers"`         // as given, then the majority baseline
	Lost      int            `json:"quotesNotInText"` // labelled quotes that do not stand in their text, and were left out
	Goals     []Goal         `json:"goals"`
	Items     Items          `json:"-"` // the texts, summed up
}

// Count is how many texts of a language were judged for a dimension, and how many of these speak of it.
type Count struct {
	Dimension outcome.Dimension `json:"dimension"`
	Language  string            `json:"language"`
	Judged    int               `json:"judged"`
	Spoken    int               `json:"spoken"`
}

// Scored is what was measured of one scorer.
type Scored struct {
	Name    string   `json:"name"`
	Version string   `json:"version,omitempty"`
	Figures []Figure `json:"figures"`
}

// Majority is the name of the baseline that says the same of every text: whatever most labels of the dimension say, null or a level.
// It is fitted on the very texts it is measured on, so nothing that never looks at a text is better.
const Majority = "majority"

// MeasureOutcomes lets scorers, the one that is judged first, read texts, and compares. Intervals take most of its time.
func MeasureOutcomes(ctx context.Context, scorers []Scorer, texts []Text, intervals bool) (Outcomes, error) {
	found := Outcomes{Texts: len(texts), Languages: map[string]int{}, Items: ItemsOf(texts)}
	langs := make([]string, len(texts))
	for place, s := range scorers {
		readings, err := readTexts(ctx, s, texts)
		if err != nil {
			return found, err
		}
		if place == 0 {
			for i, t := range texts {
				langs[i] = languageOf(t, readings[i])
				found.Languages[langs[i]]++
			}
		}
		version := ""
		if len(readings) > 0 {
			version = readings[0].version
		}
		by, lost := compare(texts, readings, langs)
		found.Lost = lost
		if place == 0 {
			found.Counts = counts(by)
		}
		scored, err := figures(ctx, by, intervals)
		if err != nil {
			return found, err
		}
		found.Scorers = append(found.Scorers, Scored{s.Name, version, scored})
	}
	by, _ := compare(texts, majority(texts), langs)
	scored, err := figures(ctx, by, intervals)
	found.Scorers = append(found.Scorers, Scored{Majority, "", scored})
	found.Goals = outcomeGoals(found)
	return found, err
}

func languageOf(t Text, r reading) string {
	switch {
	case t.Lang != "":
		return t.Lang
	case r.lang != "":
		return r.lang
	}
	return "unknown"
}

// cell is one dimension in one language.
type cell struct {
	dimension outcome.Dimension
	language  string
}

// compare gives the pairs of each cell, also of every language together, and how many labelled quotes were not found.
func compare(texts []Text, readings []reading, langs []string) (by map[cell][]pair, lost int) {
	by = map[cell][]pair{}
	for i, t := range texts {
		for d := range t.Labels {
			p, missing := newPair(t, readings[i], d)
			lost += missing
			for _, lang := range []string{langs[i], All} {
				at := cell{d, lang}
				by[at] = append(by[at], p)
			}
		}
	}
	return by, lost
}

// inOrder are the cells by dimension; within one All comes first, then English, Norwegian and Ukrainian, then by how many pairs there are.
func inOrder(by map[cell][]pair) []cell {
	return slices.SortedFunc(maps.Keys(by), func(a, b cell) int {
		return cmp.Or(before(a, b), len(by[b])-len(by[a]), cmp.Compare(a.language, b.language))
	})
}

// before compares cells by dimension, and within one by language as far as it is one of the first.
func before(a, b cell) int {
	return cmp.Or(slices.Index(outcome.Dimensions, a.dimension)-slices.Index(outcome.Dimensions, b.dimension), cmp.Compare(rank(a.language), rank(b.language)))
}

// first are all languages together, and those that must work as well as English.
var first = []string{All, "en", "no", "uk"}

// rank puts the first in their order before all others.
func rank(lang string) int {
	place := slices.Index(first, lang)
	if place < 0 {
		return math.MaxInt
	}
	return place
}

func counts(by map[cell][]pair) []Count {
	var all []Count
	for _, at := range inOrder(by) {
		c := Count{Dimension: at.dimension, Language: at.language, Judged: len(by[at])}
		for _, p := range by[at] {
			if speaks(p) {
				c.Spoken++
			}
		}
		all = append(all, c)
	}
	return all
}

// figures computes those of every cell, in order.
func figures(ctx context.Context, by map[cell][]pair, intervals bool) ([]Figure, error) {
	cells := inOrder(by)
	parts := make([][]Figure, len(cells))
	err := each(ctx, len(cells), func(ctx context.Context, i int) error {
		parts[i] = figuresOf(cells[i].dimension, cells[i].language, by[cells[i]], intervals)
		return ctx.Err()
	})
	return slices.Concat(parts...), err
}

// majority reads every text the same: for each dimension what most labels say, and where that is a level, the level.
func majority(texts []Text) []reading {
	usual := map[outcome.Dimension][1 + outcome.Levels]int{}
	for _, t := range texts {
		for d, label := range t.Labels {
			votes := usual[d]
			votes[class(label)]++
			usual[d] = votes
		}
	}
	always := reading{scores: map[outcome.Dimension]outcome.Score{}}
	for d, votes := range usual {
		spoken, best := 0, 1
		for class := 1; class < len(votes); class++ {
			spoken += votes[class]
			if votes[class] > votes[best] {
				best = class
			}
		}
		if spoken > votes[0] {
			always.scores[d] = outcome.Score{Dimension: d, Value: float64(best-1) / (outcome.Levels - 1), Direction: outcome.State}
		}
	}
	readings := make([]reading, len(texts))
	for i := range readings {
		readings[i] = always
	}
	return readings
}
