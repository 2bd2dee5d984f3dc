package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// example is a labelled text with what a network that was not trained on it read.
type example struct {
	item
	reading localmodel.Reading
}

// rules fits everything that stands between readings and scores.
func rules(version string, languages []string, examples []example) (localmodel.Rules, error) {
	r := localmodel.Rules{Version: version, Rubric: outcome.RubricVersion, Languages: languages, Spoken: make([]localmodel.Spoken, len(localmodel.Read))}
	for k, d := range localmodel.Read {
		var err error
		r.Spoken[k], err = spoken(examples, k, d)
		if err != nil {
			return r, err
		}
	}
	r.Late = late(examples)
	for k, d := range localmodel.Read {
		var raw, labels []float64
		var langs []string
		for _, e := range examples {
			if label := e.Labels[d]; label != nil && len(e.reading.Sentences) > 0 {
				level, _, _ := e.reading.Mean(k, r.Late)
				raw, labels, langs = append(raw, level), append(labels, *label), append(langs, e.Lang)
			}
		}
		r.Calibrations = append(r.Calibrations, calibrations(version, d, raw, labels, langs)...)
	}
	err := level(&r, examples)
	return r, err
}

// spoken fits the logistic over the features of texts, and the thresholds at which both sides are decided best.
func spoken(examples []example, k int, d outcome.Dimension) (localmodel.Spoken, error) {
	var xs [][3]float64
	var ys []float64
	for _, e := range examples {
		label, judged := e.Labels[d]
		if !judged || len(e.reading.Sentences) == 0 {
			continue
		}
		xs = append(xs, e.reading.Features(k))
		ys = append(ys, map[bool]float64{true: 1}[label != nil])
	}
	problem := optimize.Problem{Func: func(w []float64) float64 {
		s := localmodel.Spoken{Likeliest: w[0], Second: w[1], Count: w[2], Intercept: w[3]}
		loss := 0.01 * (w[0]*w[0] + w[1]*w[1] + w[2]*w[2])
		for i, x := range xs {
			p := min(max(s.Odds(x), 1e-9), 1-1e-9)
			loss -= ys[i]*math.Log(p) + (1-ys[i])*math.Log(1-p)
		}
		return loss
	}}
	best, err := optimize.Minimize(problem, []float64{1, 0, 0, 0}, nil, &optimize.NelderMead{})
	if err != nil {
		return localmodel.Spoken{}, fmt.Errorf("%s: %w", d, err)
	}
	w := best.X
	s := localmodel.Spoken{Likeliest: w[0], Second: w[1], Count: w[2], Intercept: w[3]}
	top := -1.0
	for t := 0.2; t <= 0.8; t += 0.01 {
		var hit, miss, false_, right float64
		for i, x := range xs {
			switch said := s.Odds(x) >= t; {
			case said && ys[i] == 1:
				hit++
			case said:
				false_++
			case ys[i] == 1:
				miss++
			default:
				right++
			}
		}
		f := 2*hit/(2*hit+miss+false_) + 2*right/(2*right+miss+false_)
		if f > top {
			top, s.Threshold = f, t
		}
	}
	s.Threshold = math.Round(s.Threshold*100) / 100
	s.Evidence = quoted(examples, k, d)
	return s, nil
}

// rightly is the share of the sentences quoted beside the likeliest that labellers must have marked too.
const rightly = 0.85

// quoted is the log odds, 0 or more, from which sentences of texts that speak of d are quoted rightly beside the likeliest.
func quoted(examples []example, k int, d outcome.Dimension) float64 {
	type beside struct {
		odds   float64
		marked bool
	}
	var all []beside
	for _, e := range examples {
		if e.Labels[d] == nil || len(e.Evidence[d]) == 0 {
			continue
		}
		likeliest := e.reading.Features(k)[0]
		for _, s := range e.reading.Sentences {
			if odds := float64(s.Answers[k][0]); odds >= 0 && odds < likeliest {
				quote := e.Text[s.Start:s.End]
				all = append(all, beside{odds, slices.ContainsFunc(e.Evidence[d], func(m string) bool { return strings.Contains(quote, m) || strings.Contains(m, quote) })})
			}
		}
	}
	slices.SortFunc(all, func(a, b beside) int { return cmp.Compare(b.odds, a.odds) })
	from, right := 8.0, 0
	for i, b := range all {
		if b.marked {
			right++
		}
		if float64(right) >= rightly*float64(i+1) {
			from = b.odds
		}
	}
	return round(from)
}

// late is how much more the end of a text weighs, from what labellers made of whole texts.
func late(examples []example) float64 {
	best, least := 0.0, math.Inf(1)
	for _, l := range []float64{0, 0.5, 1, 2, 4, 8, 16} {
		off := 0.0
		for _, e := range examples {
			for k, d := range localmodel.Read {
				if label := e.Labels[d]; label != nil && e.Kind == "text" && len(e.reading.Sentences) > 0 {
					v, _, _ := e.reading.Mean(k, l)
					off += (v - *label) * (v - *label)
				}
			}
		}
		if off < least {
			best, least = l, off
		}
	}
	return best
}

const (
	enoughLanguage = 150 // labelled texts from which a language has a calibration of its own
	enoughIsotonic = 400 // from which a curve is fitted freely
)

// calibrations fits one over all languages and one for each language with texts enough.
func calibrations(version string, d outcome.Dimension, raw, labels []float64, langs []string) []outcome.Calibration {
	groups := map[string][]int{}
	for i, l := range langs {
		if l != "" {
			groups[l] = append(groups[l], i)
		}
		groups[outcome.AllLanguages] = append(groups[outcome.AllLanguages], i)
	}
	var names []string
	for l, places := range groups {
		if l == outcome.AllLanguages || len(places) >= enoughLanguage {
			names = append(names, l)
		}
	}
	slices.Sort(names)
	var out []outcome.Calibration
	for _, l := range names {
		x, y := pick(raw, groups[l]), pick(labels, groups[l])
		c := fit(x, y)
		c.ID, c.ModelVersion, c.Dimension, c.Language, c.N = fmt.Sprintf("%s/%s/%s", version, d, l), version, d, l, len(x)
		for _, v := range x {
			c.Reference[outcome.BinOf(c.Apply(v))]++
		}
		// How well it does is seen on halves that it was not fitted on.
		var held, kept []float64
		for half := range 2 {
			var in, out []int
			for i := range x {
				if i%2 == half {
					out = append(out, i)
				} else {
					in = append(in, i)
				}
			}
			other := fit(pick(x, in), pick(y, in))
			for _, i := range out {
				held, kept = append(held, other.Apply(x[i])), append(kept, y[i])
			}
		}
		c.Before = outcome.Dependably{MAE: round(outcome.MAE(x, y)), ECE: round(outcome.ECE(x, y))}
		c.After = outcome.Dependably{MAE: round(outcome.MAE(held, kept)), ECE: round(outcome.ECE(held, kept))}
		out = append(out, c)
	}
	return out
}

func fit(raw, labels []float64) outcome.Calibration {
	if len(raw) >= enoughIsotonic {
		points := outcome.FitIsotonic(raw, labels)
		for i, p := range points {
			points[i] = outcome.Point{Raw: math.Round(p.Raw*1e4) / 1e4, Value: math.Round(p.Value*1e4) / 1e4}
		}
		return outcome.Calibration{Kind: outcome.Isotonic, Points: slices.CompactFunc(points, func(a, b outcome.Point) bool { return a.Raw == b.Raw })}
	}
	slope, intercept, err := outcome.FitPlatt(raw, labels)
	if err != nil {
		return outcome.Calibration{Kind: outcome.Uncalibrated}
	}
	return outcome.Calibration{Kind: outcome.Platt, Slope: round(slope), Intercept: round(intercept)}
}

func pick(v []float64, places []int) []float64 {
	out := make([]float64, len(places))
	for i, p := range places {
		out[i] = v[p]
	}
	return out
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// level fits the ridge that judges the level of language.
func level(r *localmodel.Rules, examples []example) error {
	var xs [][]float64
	var ys []float64
	var langs []string
	count := map[string]int{}
	for _, e := range examples {
		if y, ok := cefr[e.CEFR]; ok && e.reading.Writing != nil {
			xs, ys, langs = append(xs, e.reading.Writing), append(ys, y), append(langs, e.Lang)
			count[e.Lang]++
		}
	}
	if len(xs) == 0 {
		return fmt.Errorf("no text of the seed set has a level of language")
	}
	k := len(xs[0])
	l := localmodel.Level{Mean: make([]float64, k), Spread: make([]float64, k), Languages: map[string]float64{}}
	for j := range k {
		for _, x := range xs {
			l.Mean[j] += x[j] / float64(len(xs))
		}
		for _, x := range xs {
			l.Spread[j] += (x[j] - l.Mean[j]) * (x[j] - l.Mean[j]) / float64(len(xs))
		}
		l.Spread[j] = max(math.Sqrt(l.Spread[j]), 1e-6)
	}
	var own []string // languages with a term of their own
	for lang, n := range count {
		if n >= 15 {
			own = append(own, lang)
		}
	}
	slices.Sort(own)
	wide := k + 1 + len(own)
	a, b := mat.NewDense(wide, wide, nil), mat.NewVecDense(wide, nil)
	for i, x := range xs {
		row := make([]float64, wide)
		for j := range k {
			row[j] = (x[j] - l.Mean[j]) / l.Spread[j]
		}
		row[k] = 1
		if at := slices.Index(own, langs[i]); at >= 0 {
			row[k+1+at] = 1
		}
		for p := range wide {
			b.SetVec(p, b.AtVec(p)+row[p]*ys[i])
			for q := range wide {
				a.Set(p, q, a.At(p, q)+row[p]*row[q])
			}
		}
	}
	for p := range wide {
		penalty := 5.0
		if p == k {
			penalty = 0
		}
		a.Set(p, p, a.At(p, p)+penalty)
	}
	var w mat.VecDense
	err := w.SolveVec(a, b)
	if err != nil {
		return fmt.Errorf("level of language: %w", err)
	}
	for j := range k {
		l.Weights = append(l.Weights, w.AtVec(j))
	}
	l.Intercept = w.AtVec(k)
	for i, lang := range own {
		l.Languages[lang] = w.AtVec(k + 1 + i)
	}
	r.Level = l
	var raw []float64
	for i, x := range xs {
		raw = append(raw, l.Value(x, langs[i]))
	}
	// A text's level is a rank first: one curve for all languages, since few have texts enough.
	r.Calibrations = append(r.Calibrations, calibrations(r.Version, outcome.LangLevelProxy, raw, ys, make([]string, len(raw)))...)
	return nil
}
