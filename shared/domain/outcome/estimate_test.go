package outcome_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

func moments(values []*float64) (m outcome.Moments) {
	for _, v := range values {
		if v != nil {
			m.N++
			m.Total += *v
			m.Squares += *v * *v
		}
	}
	return m
}

// labels of n texts with human 0.2 and 0.6 in turn; the model is right but for bias, and noise of every fourth.
func alternating(n int, bias float64) (pairs []outcome.Pair, model []*float64) {
	for i := range n {
		y := .2 + .4*float64(i%2)
		f := y + bias
		if i%4 == 0 {
			f += .3
		}
		pairs, model = append(pairs, outcome.Pair{A: value(y), B: value(f)}), append(model, value(f))
	}
	return pairs, model
}

func TestMeanIsTheFormulaWhereEveryTextSpeaksOfTheDimension(t *testing.T) {
	t.Parallel()
	const n, texts = 40, 400
	pairs, sample := alternating(n, .1)
	var all []*float64
	for range texts / n {
		all = append(all, sample...)
	}
	e, ok := outcome.Mean([]outcome.Stratum{{Texts: texts, Scored: moments(all), Labels: pairs}})
	if !ok || e.Basis != outcome.ByPPI || e.Labelled != n || e.Low == nil || e.High == nil {
		t.Fatalf("%+v, expected a corrected estimate of %d labels", e, n)
	}
	// The formulas of facts/methods C3 by themselves. f of the sample is .6 .7 .3 .7 (ten times each), y .2 .6 .2 .6; mean f .575, mean y .4.
	variance := func(xs ...float64) (v float64) {
		m := (xs[0] + xs[1] + xs[2] + xs[3]) / 4
		for _, x := range xs {
			v += (x - m) * (x - m) / 4
		}
		return v
	}
	varF := variance(.6, .7, .3, .7)
	cov := (-.025*.2 + .125*.2 + .275*.2 + .125*.2) / 4 * n / (n - 1)
	lambda := cov / (varF * (1 + float64(n)/texts))
	se := math.Sqrt(variance(.2-lambda*.6, .6-lambda*.7, .2-lambda*.3, .6-lambda*.7)*n/(n-1)/n + lambda*lambda*varF/texts)
	near(t, "lambda", e.Lambda, lambda, 1e-9)
	near(t, "mean", e.Mean, lambda*.575+.4-lambda*.575, 1e-9)
	near(t, "low", *e.Low, .4-outcome.Student95(n-1)*se, 1e-9)
	near(t, "high", *e.High, .4+outcome.Student95(n-1)*se, 1e-9)
}

func TestMeanSaysWhatItRestsOn(t *testing.T) {
	t.Parallel()
	few, fewModel := alternating(outcome.LeastLabels-1, .1)
	some, someModel := alternating(outcome.LeastPPI-1, .1)
	many, manyModel := alternating(60, .1)
	unrelated, unrelatedModel := alternating(60, 0)
	for i := range unrelated {
		*unrelated[i].B = .3 + .2*float64(i/2%2) // as often high for a low label as for a high one
	}
	silent := make([]outcome.Pair, 50) // read, and nothing found by anyone
	stratum := func(labels []outcome.Pair, model []*float64) outcome.Stratum {
		return outcome.Stratum{Texts: len(model), Scored: moments(model), Labels: labels}
	}
	unread := outcome.Stratum{Texts: 80, Scored: outcome.Moments{N: 80, Total: 40, Squares: 25}}
	for name, c := range map[string]struct {
		strata []outcome.Stratum
		basis  outcome.Basis
		mean   float64
	}{
		"no labels":                          {[]outcome.Stratum{unread}, outcome.ByModel, .5},
		"too few labels":                     {[]outcome.Stratum{stratum(few, fewModel)}, outcome.ByModel, moments(fewModel).Total / 9},
		"many that find nothing are none":    {[]outcome.Stratum{{Texts: 100, Scored: outcome.Moments{N: 10, Total: 5}, Labels: silent}}, outcome.ByModel, .5},
		"fewer than thirty":                  {[]outcome.Stratum{stratum(some, someModel)}, outcome.ByHuman, (.2*15 + .6*14) / 29},
		"a model that knows nothing":         {[]outcome.Stratum{stratum(unrelated, unrelatedModel)}, outcome.ByHuman, .4},
		"enough":                             {[]outcome.Stratum{stratum(many, manyModel)}, outcome.ByPPI, .4},
		"less than half of it was audited":   {[]outcome.Stratum{stratum(many, manyModel), unread}, outcome.ByModel, (moments(manyModel).Total + 40) / 140},
		"a small part that nobody looked at": {[]outcome.Stratum{stratum(many, manyModel), {Texts: 4, Scored: outcome.Moments{N: 4, Total: 2.1, Squares: 1.1025}}}, outcome.ByPPI, .4},
	} {
		e, ok := outcome.Mean(c.strata)
		if !ok || e.Basis != c.basis || (e.Low == nil) != (c.basis == outcome.ByModel) {
			t.Errorf("%s: %+v, expected %s", name, e, c.basis)
		}
		near(t, name+": mean", e.Mean, c.mean, .002)
	}
	if _, ok := outcome.Mean([]outcome.Stratum{{Texts: 5}}); ok {
		t.Error("a mean of nothing")
	}
}

// setting is how texts, labels and a model come about.
type setting struct {
	name       string
	texts      int
	labels     int
	audited    float64 // texts of a second stratum that is sampled so many times less; 0 for none
	text       func(*rand.Rand) outcome.Pair
	everywhere bool // the truth is of all texts of this kind, not of these alone
}

func clip(x float64) *float64 {
	x = outcome.Round(x)
	return &x
}

// grade rounds to the levels of the rubric, which is how reviewers label.
func grade(x float64) *float64 { return clip(math.Round(min(max(x, 0), 1)*4) / 4) }

var settings = []setting{
	{name: "biased model", texts: 1500, labels: 100, text: func(r *rand.Rand) outcome.Pair {
		y := .5 + .25*r.NormFloat64()
		return outcome.Pair{A: grade(y), B: clip(.3 + .6*y + .1*r.NormFloat64())}
	}},
	{name: "weak model", texts: 1500, labels: 60, text: func(r *rand.Rand) outcome.Pair {
		y := .6 + .2*r.NormFloat64()
		return outcome.Pair{A: grade(y), B: clip(.6 + .3*(y-.6) + .2*r.NormFloat64())}
	}},
	{name: "skewed scores", texts: 800, labels: 80, text: func(r *rand.Rand) outcome.Pair {
		y := 1 - .2*r.ExpFloat64()
		return outcome.Pair{A: grade(y), B: clip(y - .15 + .1*r.NormFloat64())}
	}},
	{name: "few labels", texts: 400, labels: 20, text: func(r *rand.Rand) outcome.Pair {
		y := .55 + .25*r.NormFloat64()
		return outcome.Pair{A: grade(y), B: clip(y + .1)}
	}},
	{name: "model misses a fifth and imagines some", texts: 2000, labels: 200, text: func(r *rand.Rand) (p outcome.Pair) {
		y := .6 + .25*r.NormFloat64()
		spoken := r.Float64() < .4
		if spoken {
			p.A = grade(y)
		}
		if spoken && r.Float64() < .6+.4*y || !spoken && r.Float64() < .08 { // low ones are missed more often
			p.B = clip(y + .05 + .1*r.NormFloat64())
		}
		return p
	}},
	{name: "half of the sample drawn from a tenth of the texts", texts: 1500, labels: 60, audited: 150, text: func(r *rand.Rand) outcome.Pair {
		y := .5 + .25*r.NormFloat64()
		return outcome.Pair{A: grade(y), B: clip(.1 + .8*y + .1*r.NormFloat64())}
	}},
	{name: "all texts of the kind", texts: 1500, labels: 100, everywhere: true, text: func(r *rand.Rand) outcome.Pair {
		y := .4 + .3*r.NormFloat64()
		return outcome.Pair{A: grade(y), B: clip(.2 + .5*y + .1*r.NormFloat64())}
	}},
}

// stratum draws texts and a random sample of them, and adds what reviewers would find in all of them to truth.
func (s setting) stratum(r *rand.Rand, texts, labels int, truth *outcome.Moments) outcome.Stratum {
	all := make([]outcome.Pair, texts)
	model := make([]*float64, texts)
	for i := range all {
		all[i] = s.text(r)
		model[i] = all[i].B
		if all[i].A != nil {
			truth.N++
			truth.Total += *all[i].A
		}
	}
	drawn := outcome.Stratum{Texts: texts, Scored: moments(model)}
	for _, i := range r.Perm(texts)[:labels] {
		drawn.Labels = append(drawn.Labels, all[i])
	}
	return drawn
}

// The share of nominal 95 % intervals that hold the truth, over a thousand and more repetitions in each setting, is 93 % or more; the
// model's own interval, where it is biased, holds it nearly never. Without this test the interval would be a decoration.
func TestIntervalsCover(t *testing.T) {
	t.Parallel()
	const repetitions = 1200
	for _, s := range settings {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(17, uint64(len(s.name))))
			var wide outcome.Moments
			if s.everywhere {
				s.stratum(r, 200_000, 0, &wide)
			}
			covered, naive, width := 0, 0, 0.0
			bases := map[outcome.Basis]int{}
			for range repetitions {
				var truth outcome.Moments
				strata := []outcome.Stratum{s.stratum(r, s.texts, s.labels, &truth)}
				if s.audited > 0 {
					strata = append(strata, s.stratum(r, int(s.audited), s.labels, &truth))
				}
				if s.everywhere {
					truth = wide
				}
				mean := truth.Total / float64(truth.N)
				e, ok := outcome.Mean(strata)
				if !ok || e.Low == nil {
					t.Fatalf("%+v, expected an interval", e)
				}
				bases[e.Basis]++
				width += *e.High - *e.Low
				if *e.Low <= mean && mean <= *e.High {
					covered++
				}
				f := strata[0].Scored
				model := f.Total / float64(f.N)
				if half := 1.96 * math.Sqrt((f.Squares/float64(f.N)-model*model)/float64(f.N)); math.Abs(model-mean) <= half {
					naive++
				}
			}
			t.Logf("%.1f %% covered, width %.3f, %v; the model alone %.1f %%", 100*float64(covered)/repetitions, width/repetitions, bases, 100*float64(naive)/repetitions)
			if float64(covered) < .93*repetitions {
				t.Errorf("%.1f %% of the intervals hold the truth, expected 93 %%", 100*float64(covered)/repetitions)
			}
		})
	}
}

// What correction is for: with a good model the interval is narrower than reviewers alone would give.
func TestPredictionsNarrowTheInterval(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var truth outcome.Moments
	drawn := settings[0].stratum(r, 1500, 100, &truth)
	corrected, _ := outcome.Mean([]outcome.Stratum{drawn})
	blind := drawn
	blind.Labels = nil
	for _, p := range drawn.Labels {
		blind.Labels = append(blind.Labels, outcome.Pair{A: p.A, B: value(.5)})
	}
	human, _ := outcome.Mean([]outcome.Stratum{blind})
	if corrected.Basis != outcome.ByPPI || human.Basis != outcome.ByHuman || *corrected.High-*corrected.Low > .85*(*human.High-*human.Low) {
		t.Errorf("width %v by %s and %v by %s", *corrected.High-*corrected.Low, corrected.Basis, *human.High-*human.Low, human.Basis)
	}
}
