package measure

import (
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Metric is the name of a figure, as it is printed.
type Metric string

// The metrics of a scorer; meanings says what each is.
const (
	SpokenAUC         Metric = "spoken AUC"
	NullPrecision     Metric = "null precision"
	NullRecall        Metric = "null recall"
	SpokenPrecision   Metric = "spoken precision"
	SpokenRecall      Metric = "spoken recall"
	Kappa             Metric = "kappa"
	Accuracy          Metric = "accuracy"
	LevelAUC          Metric = "level AUC"
	MAE               Metric = "MAE"
	ECE               Metric = "ECE"
	LevelAccuracy     Metric = "level accuracy"
	QWK               Metric = "QWK"
	DirectionAccuracy Metric = "direction"
	EvidencePrecision Metric = "evidence precision"
	EvidenceRecall    Metric = "evidence recall"
	AnyQuote          Metric = "any quote right"
	Spearman          Metric = "Spearman"
)

// Lower says whether a smaller figure is the better one.
func (m Metric) Lower() bool {
	switch m {
	case MAE, ECE, FalsePositives, Held:
		return true
	}
	return false
}

// Figure is one measured value. Value is nil where it is not defined: nothing to measure, or only one kind of label.
type Figure struct {
	Dimension outcome.Dimension `json:"dimension"`
	Language  string            `json:"language"` // ISO 639-1, or All
	Metric    Metric            `json:"metric"`
	Interval
}

// All is the language of figures over every language.
const All = "all"

// Interval is a value with its 95 % interval.
type Interval struct {
	N     int      `json:"n"` // texts it is measured on
	Value *float64 `json:"value"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

const (
	rounds = 500 // resamples of an interval
	seed   = 4   // so that the same texts give the same interval
)

// interval computes of over things, and its interval by bootstrap unless that is not asked for.
func interval[T any](things []T, of func([]T) (float64, bool), bootstrap bool) Interval {
	found := Interval{N: len(things)}
	value, ok := of(things)
	if len(things) == 0 || !ok {
		return found
	}
	found.Value = &value
	if !bootstrap {
		return found
	}
	drawn := make([]T, len(things))
	low, high, ok := outcome.Bootstrap(len(things), rounds, 0.95, seed, func(places []int) (float64, bool) {
		for i, place := range places {
			drawn[i] = things[place]
		}
		return of(drawn)
	})
	if ok {
		found.Low, found.High = &low, &high
	}
	return found
}

// asked is how a metric is computed: of which pairs, and what of these.
type asked struct {
	metric Metric
	among  func(pair) bool
	of     func([]pair) (float64, bool)
}

func every(pair) bool     { return true }
func speaks(p pair) bool  { return p.label != nil }
func said(p pair) bool    { return p.said != nil }
func bothSay(p pair) bool { return speaks(p) && said(p) }

// metrics are all, in the order in which they are printed.
var metrics = append([]asked{
	{SpokenAUC, every, spokenAUC},
	{NullPrecision, func(p pair) bool { return !said(p) }, share(func(p pair) bool { return !speaks(p) })},
	{NullRecall, func(p pair) bool { return !speaks(p) }, share(func(p pair) bool { return !said(p) })},
	{SpokenPrecision, said, share(speaks)},
	{SpokenRecall, speaks, share(said)},
	{Kappa, every, kappa},
	{Accuracy, every, share(func(p pair) bool { return class(p.label) == class(p.said) })},
	{LevelAUC, func(p pair) bool { return speaks(p) && *p.label != 0.5 }, levelAUC},
	{MAE, bothSay, mae},
	{ECE, bothSay, ece},
	{LevelAccuracy, bothSay, share(func(p pair) bool { return class(p.label) == class(p.said) })},
	{QWK, bothSay, qwk},
	{DirectionAccuracy, func(p pair) bool { return bothSay(p) && p.labelled != "" }, share(func(p pair) bool { return p.labelled == p.turned })},
	{EvidencePrecision, func(p pair) bool { return p.marked > 0 && p.quotes > 0 }, ratio(func(p pair) (int, int) { return p.right, p.quotes })},
	{EvidenceRecall, func(p pair) bool { return p.marked > 0 }, ratio(func(p pair) (int, int) { return p.covered, p.marked })},
	{AnyQuote, func(p pair) bool { return p.evidence && p.quotes > 0 && (p.marked > 0 || !speaks(p)) }, ratio(func(p pair) (int, int) { return p.right, p.quotes })},
	{Spearman, bothSay, spearman},
}, reliability()...)

// figuresOf computes every metric of one dimension and language.
func figuresOf(d outcome.Dimension, lang string, pairs []pair, bootstrap bool) []Figure {
	var all []Figure
	for _, m := range metrics {
		if m.metric == Spearman && d != outcome.LangLevelProxy {
			continue
		}
		var among []pair
		for _, p := range pairs {
			if m.among(p) {
				among = append(among, p)
			}
		}
		all = append(all, Figure{d, lang, m.metric, interval(among, m.of, bootstrap)})
	}
	return all
}

// share is which share of things is so.
func share[T any](is func(T) bool) func([]T) (float64, bool) {
	return ratio(func(thing T) (int, int) {
		if is(thing) {
			return 1, 1
		}
		return 0, 1
	})
}

// ratio is the sum of the first counts over the sum of the second.
func ratio[T any](counts func(T) (part, of int)) func([]T) (float64, bool) {
	return func(things []T) (float64, bool) {
		part, of := 0, 0
		for _, thing := range things {
			a, b := counts(thing)
			part, of = part+a, of+b
		}
		return float64(part) / float64(max(of, 1)), of > 0
	}
}

// class is 0 for null, else the level from 1.
func class(value *float64) int {
	if value == nil {
		return 0
	}
	return 1 + outcome.LevelOf(*value)
}

func spokenAUC(pairs []pair) (float64, bool) {
	scores, positive := make([]float64, len(pairs)), make([]bool, len(pairs))
	for i, p := range pairs {
		scores[i], positive[i] = p.spoken, speaks(p)
	}
	return outcome.AUC(scores, positive)
}

func levelAUC(pairs []pair) (float64, bool) {
	scores, positive := make([]float64, len(pairs)), make([]bool, len(pairs))
	for i, p := range pairs {
		scores[i], positive[i] = 0.5, *p.label > 0.5
		if said(p) {
			scores[i] = *p.said
		}
	}
	return outcome.AUC(scores, positive)
}

// values are what is said and labelled of pairs of which both say something.
func values(pairs []pair) (said, label []float64) {
	for _, p := range pairs {
		said, label = append(said, *p.said), append(label, *p.label)
	}
	return said, label
}

func mae(pairs []pair) (float64, bool) { return outcome.MAE(values(pairs)), true }
func ece(pairs []pair) (float64, bool) { return outcome.ECE(values(pairs)), true }

func spearman(pairs []pair) (float64, bool) { return outcome.Spearman(values(pairs)) }

func kappa(pairs []pair) (float64, bool) { return defined(agreement(pairs).Mentioned) }
func qwk(pairs []pair) (float64, bool)   { return defined(agreement(pairs).QWK) }

func agreement(pairs []pair) outcome.Agreement {
	both := make([]outcome.Pair, len(pairs))
	for i, p := range pairs {
		both[i] = outcome.Pair{A: p.label, B: p.said}
	}
	return outcome.Agree(both)
}

func defined(index *float64) (float64, bool) {
	if index == nil {
		return 0, false
	}
	return *index, true
}
