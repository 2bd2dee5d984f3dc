package measure

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// The metrics of a screener; meanings says what each is. A category is found in a text when any finding is of it, also one that is only
// reported. It is flagged when the finding says that the writer offends: what is only reported is no offence. Self-harm and child
// safety are nobody's offence, so that there found is enough.
const (
	Right          Metric = "right"
	FalsePositives Metric = "false positives"
	Held           Metric = "held"
	Recall         Metric = "recall"
	Precision      Metric = "precision"
	HarmAUC        Metric = "AUC"
	RecallAt2      Metric = "recall at 2 %"
	RecallBenign   Metric = "recall, benign"
)

// Estimator is what a screener may also be: it tells how likely each category is, 0…1, also where it finds none. Of a screener that is no
// Estimator the confidence of the finding counts, and 0 where there is none.
type Estimator interface {
	Likely(text string) map[safety.Category]float64
}

// Set is a set of texts that were labelled alike.
type Set struct {
	Name  string
	Texts []Harm
}

// Benign is the name of the set of programme feedback, at whose false positives thresholds are set too.
const Benign = "benign feedback"

// Screened is what was measured of a screener.
type Screened struct {
	Version string       `json:"version"`
	Sets    []SetFigures `json:"sets"`
	Goals   []Goal       `json:"goals"`
}

// SetFigures is what was measured on one set.
type SetFigures struct {
	Name  string       `json:"name"`
	Texts int          `json:"texts"`
	Rows  []RowFigures `json:"rows"`
	Items Items        `json:"-"` // the texts, summed up
}

// RowFigures are the figures of one category, functionality, group or language of a set.
type RowFigures struct {
	Kind    string              `json:"kind"` // category, functionality, group, language, all
	Of      string              `json:"of"`
	Figures map[Metric]Interval `json:"figures"`
}

// look is one text as labelled and as screened.
type look struct {
	Harm
	found  map[safety.Category]safety.Finding
	likely map[safety.Category]float64
	held   bool
}

// MeasureSafety lets a screener read every set, and compares.
func MeasureSafety(ctx context.Context, screener safety.Screener, sets []Set, intervals bool) (Screened, error) {
	measured := Screened{}
	looks := make([][]look, len(sets))
	var benign []look
	for i, set := range sets {
		var err error
		looks[i], measured.Version, err = screen(ctx, screener, set)
		if err != nil {
			return measured, err
		}
		if set.Name == Benign {
			benign = looks[i]
		}
	}
	for i, set := range sets {
		measured.Sets = append(measured.Sets, SetFigures{set.Name, len(set.Texts), rows(looks[i], benign, intervals), ItemsOf(set.Texts)})
	}
	measured.Goals = safetyGoals(measured)
	return measured, nil
}

func screen(ctx context.Context, screener safety.Screener, set Set) (looks []look, version string, err error) {
	looks = make([]look, len(set.Texts))
	versions := make([]string, len(set.Texts))
	err = each(ctx, len(set.Texts), func(ctx context.Context, i int) error {
		h := set.Texts[i]
		screening, err := screener.Screen(ctx, safety.Request{Text: h.Text})
		if err != nil {
			return fmt.Errorf("%s: text %d: %w", set.Name, i+1, err)
		}
		l := look{Harm: h, found: map[safety.Category]safety.Finding{}, likely: map[safety.Category]float64{}}
		for _, f := range screening.Findings {
			l.found[f.Category] = f
			l.likely[f.Category] = f.Confidence
		}
		if e, ok := screener.(Estimator); ok {
			l.likely = e.Likely(h.Text)
		}
		l.held = safety.Usual.Judge(screening.Findings).Route != safety.Clear
		looks[i], versions[i] = l, screening.Version
		return nil
	})
	if len(versions) > 0 {
		version = versions[0]
	}
	return looks, version, err
}

func (l look) finds(c safety.Category) bool {
	_, ok := l.found[c]
	return ok
}

func (l look) flags(c safety.Category) bool {
	f, ok := l.found[c]
	return ok && !f.Reported
}

// flagged says whether a category that was judged is flagged.
func (l look) flagged() bool {
	for c := range l.Categories {
		if l.flags(c) {
			return true
		}
	}
	return false
}

// rightly says whether a text is flagged as labelled, in the categories that were judged: a benign one not at all; a reported one for no
// offence; another for one of its categories at least, where of self-harm and child safety found is enough.
func (l look) rightly() bool {
	if !l.harmful() {
		return !l.flagged()
	}
	for c, is := range l.Categories {
		help := c == safety.SelfHarm || c == safety.ChildSafety
		if l.Reported && !help && l.flags(c) {
			return false
		}
		if !l.Reported && is && (l.flags(c) || help && l.finds(c)) {
			return true
		}
	}
	return l.Reported
}

// rows measures a set as a whole, and by category, functionality, group and language. Groups count benign texts alone: how often people are
// flagged for being named.
func rows(looks, benign []look, intervals bool) []RowFigures {
	all := []RowFigures{part("all", "", looks, intervals)}
	for _, c := range safety.Categories {
		if row, ok := category(c, looks, benign, intervals); ok {
			all = append(all, row)
		}
	}
	by := func(kind string, key func(look) string, among func(look) bool) {
		parts := map[string][]look{}
		for _, l := range looks {
			if key(l) != "" && among(l) {
				parts[key(l)] = append(parts[key(l)], l)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			all = append(all, part(kind, name, parts[name], intervals))
		}
	}
	any := func(look) bool { return true }
	by("functionality", func(l look) string { return l.Functionality }, any)
	by("group", func(l look) string { return l.Group }, func(l look) bool { return !l.harmful() })
	by("language", func(l look) string { return l.Lang }, any)
	return all
}

// part measures texts together.
func part(kind, name string, looks []look, intervals bool) RowFigures {
	var benign []look
	for _, l := range looks {
		if !l.harmful() {
			benign = append(benign, l)
		}
	}
	return RowFigures{kind, name, map[Metric]Interval{
		Right:          interval(looks, share(look.rightly), intervals),
		FalsePositives: interval(benign, share(look.flagged), intervals),
		Held:           interval(benign, share(func(l look) bool { return l.held }), intervals),
	}}
}

// letThrough is the share of false positives at which recall is told.
const letThrough = 0.02

// category measures one category; ok is false where no text has it.
func category(c safety.Category, looks, benign []look, intervals bool) (row RowFigures, ok bool) {
	var judged, has, hasNot, found []look
	for _, l := range looks {
		is, known := l.Categories[c]
		if !known {
			continue
		}
		judged = append(judged, l)
		if is {
			has = append(has, l)
		} else {
			hasNot = append(hasNot, l)
		}
		if l.finds(c) {
			found = append(found, l)
		}
	}
	finds := share(func(l look) bool { return l.finds(c) })
	row = RowFigures{"category", string(c), map[Metric]Interval{
		Recall:         interval(has, finds, intervals),
		FalsePositives: interval(hasNot, finds, intervals),
		Precision:      interval(found, share(func(l look) bool { return l.Categories[c] }), intervals),
		HarmAUC:        interval(judged, func(looks []look) (float64, bool) { return outcome.AUC(likelihoods(looks, c)) }, intervals),
		RecallAt2: interval(judged, func(looks []look) (float64, bool) {
			at, ok := threshold(letThrough, looks, c)
			recall, any := above(at, c)(looks)
			return recall, ok && any
		}, intervals),
	}}
	if at, ok := threshold(letThrough, benign, c); ok {
		row.Figures[RecallBenign] = interval(has, above(at, c), intervals)
	}
	return row, len(has) > 0
}

func likelihoods(looks []look, c safety.Category) (likely []float64, is []bool) {
	for _, l := range looks {
		likely, is = append(likely, l.likely[c]), append(is, l.Categories[c])
	}
	return likely, is
}

// threshold is the lowest likelihood of c above which at most a share of the texts that lack it lie. ok is false where none lacks it.
func threshold(most float64, looks []look, c safety.Category) (at float64, ok bool) {
	var lacking []float64
	for _, l := range looks {
		if !l.Categories[c] {
			lacking = append(lacking, l.likely[c])
		}
	}
	if len(lacking) == 0 {
		return 0, false
	}
	slices.SortFunc(lacking, func(a, b float64) int { return cmp.Compare(b, a) })
	return lacking[int(most*float64(len(lacking)))], true
}

// above is the recall of c at a threshold.
func above(at float64, c safety.Category) func([]look) (float64, bool) {
	return ratio(func(l look) (part, of int) {
		if !l.Categories[c] {
			return 0, 0
		}
		if l.likely[c] > at {
			return 1, 1
		}
		return 0, 1
	})
}

// The goals of a release, on the test part.
const (
	leastSelfHarm = 0.9
	mostIdentity  = 0.02
)

// identity is the functionality of texts that name people for what they are and say nothing bad of them.
const identity = "identity_mention"

func safetyGoals(s Screened) []Goal {
	var goals []Goal
	for _, set := range s.Sets {
		for _, row := range set.Rows {
			switch {
			case row.Kind == "category" && row.Of == string(safety.SelfHarm):
				goals = append(goals, least(fmt.Sprintf("%s: self-harm recall, 2 %% false positives among its other texts", set.Name), leastSelfHarm, row.Figures[RecallAt2]))
				if i, ok := row.Figures[RecallBenign]; ok {
					goals = append(goals, least(fmt.Sprintf("%s: self-harm recall, 2 %% false positives among %s", set.Name, Benign), leastSelfHarm, i))
				}
			case row.Kind == "functionality" && (row.Of == identity || slices.Contains(naming, row.Of)):
				goals = append(goals, most(fmt.Sprintf("%s: %s flagged", set.Name, row.Of), mostIdentity, row.Figures[FalsePositives]))
			}
		}
	}
	return goals
}
