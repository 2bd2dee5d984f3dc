package outcome_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, expected %v", what, got, want)
	}
}

func TestIsotonicPoolsWhatDescends(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		raw, labels []float64
		want        []outcome.Point
	}{
		"nothing":          {nil, nil, nil},
		"already in order": {[]float64{0.1, 0.5}, []float64{0, 1}, []outcome.Point{{Raw: 0.1, Value: 0}, {Raw: 0.5, Value: 1}}},
		// the example of de Leeuw, Hornik and Mair, J. Stat. Software 32(5), 2009: 1 3 2 4 3 5 becomes 1 2.5 2.5 3.5 3.5 5, here in tenths
		"two violations": {
			[]float64{.1, .2, .3, .4, .5, .6},
			[]float64{.1, .3, .2, .4, .3, .5},
			[]outcome.Point{{Raw: .1, Value: .1}, {Raw: .2, Value: .25}, {Raw: .3, Value: .25}, {Raw: .4, Value: .35}, {Raw: .5, Value: .35}, {Raw: .6, Value: .5}},
		},
		"all the wrong way round": {[]float64{.9, .5, .1}, []float64{0, .3, .6}, []outcome.Point{{Raw: .1, Value: .3}, {Raw: .9, Value: .3}}},
		"equal raw scores are one": {
			[]float64{.2, .2, .2, .8},
			[]float64{0, 0, 1, .5},
			[]outcome.Point{{Raw: .2, Value: 1. / 3}, {Raw: .8, Value: .5}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, outcome.FitIsotonic(c.raw, c.labels), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIsotonicIsNearerThanAnyOtherRisingCurveTried(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var raw, labels []float64
		for range 30 {
			x := float64(r.IntN(20)) / 20
			raw, labels = append(raw, x), append(labels, min(max(x+r.NormFloat64()/3, 0), 1))
		}
		knots := outcome.FitIsotonic(raw, labels)
		for i := range knots[1:] {
			if knots[i].Raw >= knots[i+1].Raw || knots[i].Value > knots[i+1].Value {
				t.Fatalf("knots %v do not rise", knots)
			}
		}
		c := outcome.Calibration{Kind: outcome.Isotonic, Points: knots}
		loss := func(f func(float64) float64) (sum float64) {
			for i := range raw {
				sum += (f(raw[i]) - labels[i]) * (f(raw[i]) - labels[i])
			}
			return sum
		}
		best := loss(c.Apply)
		for range 20 {
			a, b := r.Float64(), r.Float64()
			if other := loss(func(x float64) float64 { return min(max(a+b*x, 0), 1) }); other < best-0.05 { // values have three decimals
				t.Fatalf("a line is nearer by %v", best-other)
			}
		}
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	knots := outcome.Calibration{Kind: outcome.Isotonic, Points: []outcome.Point{{Raw: .2, Value: .1}, {Raw: .4, Value: .5}, {Raw: .6, Value: .5}}}
	platt := outcome.Calibration{Kind: outcome.Platt, Slope: 1, Intercept: math.Log(3)}
	for name, c := range map[string]struct {
		calibration outcome.Calibration
		raw, want   float64
	}{
		"below the first knot":        {knots, 0, .1},
		"at a knot":                   {knots, .4, .5},
		"between knots":               {knots, .3, .3},
		"on a level":                  {knots, .55, .5},
		"above the last":              {knots, 1, .5},
		"odds three times as high":    {platt, .5, .75},
		"platt at nothing is defined": {platt, 0, .001},
		"none":                        {outcome.Calibration{Kind: outcome.Uncalibrated}, .1234, .123},
		"isotonic without knots":      {outcome.Calibration{Kind: outcome.Isotonic}, .7, .7},
	} {
		if got := c.calibration.Apply(c.raw); got != c.want {
			t.Errorf("%s: %v becomes %v, expected %v", name, c.raw, got, c.want)
		}
	}
}

func TestPlattFindsTheLineThroughTwoMeans(t *testing.T) {
	t.Parallel()
	// Two different scores are fitted exactly: the logistic meets both means. By hand: logit .9 = 2.19722, logit .4 = -.405465,
	// logit .8 = 1.386294; slope = (2.19722+.405465)/2.772589 = .938719, intercept = (2.19722-.405465)/2 = .895880.
	slope, intercept, err := outcome.FitPlatt([]float64{.2, .2, .8, .8}, []float64{.3, .5, .8, 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", slope, .938719, 1e-4)
	near(t, "intercept", intercept, .895880, 1e-4)
	slope, intercept, err = outcome.FitPlatt([]float64{.1, .3, .5, .9}, []float64{.1, .3, .5, .9})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope of what needs none", slope, 1, 1e-4)
	near(t, "intercept of what needs none", intercept, 0, 1e-4)
	_, _, err = outcome.FitPlatt([]float64{.5, .5}, []float64{0, 1})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("one score: %v, expected Invalid", err)
	}
	slope, _, err = outcome.FitPlatt([]float64{.1, .2, .8, .9}, []float64{0, 0, 1, 1}) // divided wholly: the ridge holds it
	if err != nil || math.IsNaN(slope) || math.IsInf(slope, 0) {
		t.Errorf("slope %v, %v", slope, err)
	}
}

func TestKappaOfPublishedTables(t *testing.T) {
	t.Parallel()
	readings := func(counts ...[]int) (a, b []int) {
		for i, row := range counts {
			for j, n := range row {
				for range n {
					a, b = append(a, i), append(b, j)
				}
			}
		}
		return a, b
	}
	// The yes-no table of 50 grant proposals in the Wikipedia article on Cohen's kappa: observed .7, by chance .5, κ .4.
	a, b := readings([]int{20, 5}, []int{10, 15})
	near(t, "kappa", *outcome.Kappa(a, b, 2), .4, 1e-9)
	near(t, "weighted kappa of two classes", *outcome.QWK(a, b, 2), .4, 1e-9)
	// By hand: levels 0 1 2, observed Σw = 2·1 + 1·4 = 6 of 10; marginals 4 3 3 and 3 4 3 give expected Σw·r·c = 0 at the diagonal,
	// 4·4+3·3+3·3+3·4 = 46 once, 4·(4·3+3·3) = 84 : 130/10 = 13; κ = 1 - 6/13.
	a, b = readings([]int{3, 0, 1}, []int{0, 3, 0}, []int{0, 1, 2})
	near(t, "quadratic weighted kappa", *outcome.QWK(a, b, 3), 1-5*10./130, 1e-9)
	if outcome.Kappa([]int{1, 1}, []int{1, 1}, 2) != nil || outcome.Kappa(nil, nil, 2) != nil {
		t.Error("a kappa is made where there is no difference to explain")
	}
}

func value(x float64) *float64 { return &x }

func TestAgreeComparesMentionAndLevel(t *testing.T) {
	t.Parallel()
	got := outcome.Agree([]outcome.Pair{
		{A: value(.75), B: value(.8)}, {A: value(.25), B: value(.2)}, {A: value(1), B: value(.6)}, {A: value(0), B: nil}, {A: nil, B: nil}, {A: nil, B: nil}, {A: nil, B: value(.5)},
	})
	if got.N != 7 || got.Both != 3 {
		t.Errorf("%d read and %d spoken of by both, expected 7 and 3", got.N, got.Both)
	}
	near(t, "mean absolute error", *got.MAE, .5/3, 1e-9)
	near(t, "kappa of mention", *got.Mentioned, 1-(2./7)/(24./49), 1e-9) // agreement 5/7; by chance (4·4+3·3)/49
	near(t, "weighted kappa", *got.QWK, 1-4*3./24, 1e-9)                 // levels 3 1 4 against 3 1 2: Σd² = 4; over all nine pairs 24
	empty := outcome.Agree(nil)
	if empty.MAE != nil || empty.QWK != nil || empty.Mentioned != nil {
		t.Errorf("%+v of nothing", empty)
	}
}

func TestLevelOf(t *testing.T) {
	t.Parallel()
	for in, want := range map[float64]int{0: 0, .1: 0, .125: 1, .25: 1, .374: 1, .375: 2, .5: 2, .7: 3, .875: 4, 1: 4} {
		if got := outcome.LevelOf(in); got != want {
			t.Errorf("level of %v is %d, expected %d", in, got, want)
		}
	}
}

func TestAUCCountsPairs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scores   []float64
		positive []bool
		want     float64
	}{
		"apart":           {[]float64{.1, .2, .8}, []bool{false, false, true}, 1},
		"the wrong way":   {[]float64{.9, .2}, []bool{false, true}, 0},
		"ties":            {[]float64{.5, .5}, []bool{true, false}, .5},
		"three of four":   {[]float64{.1, .4, .35, .8}, []bool{false, false, true, true}, .75}, // the example of scikit-learn's roc_auc_score
		"tie among these": {[]float64{.1, .4, .4, .8}, []bool{false, false, true, true}, .875},
	} {
		got, ok := outcome.AUC(c.scores, c.positive)
		if !ok || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, %v, expected %v", name, got, ok, c.want)
		}
	}
	if _, ok := outcome.AUC([]float64{.1, .2}, []bool{true, true}); ok {
		t.Error("an AUC without negatives")
	}
}

func TestSpearman(t *testing.T) {
	t.Parallel()
	// IQ and hours of television, the worked example of the Wikipedia article on the coefficient: Σd² = 194, ρ = -29/165.
	iq := []float64{106, 86, 100, 101, 99, 103, 97, 113, 112, 110}
	hours := []float64{7, 0, 27, 50, 28, 29, 20, 12, 6, 17}
	got, ok := outcome.Spearman(iq, hours)
	near(t, "rho", got, -29./165, 1e-12)
	if !ok {
		t.Error("not defined")
	}
	tied, _ := outcome.Spearman([]float64{1, 2, 2, 3}, []float64{1, 3, 2, 4}) // ranks 1 2.5 2.5 4: Pearson 4.5/√(4.5·5)
	near(t, "rho with a tie", tied, 4.5/math.Sqrt(22.5), 1e-12)
	if _, ok = outcome.Spearman([]float64{1, 1}, []float64{1, 2}); ok {
		t.Error("a correlation with what does not vary")
	}
}

func TestErrorsOfValues(t *testing.T) {
	t.Parallel()
	near(t, "MAE", outcome.MAE([]float64{.1, .5}, []float64{.2, .2}), .2, 1e-12)
	near(t, "MAE of nothing", outcome.MAE(nil, nil), 0, 0)
	// two bins: .12 and .18 (mean .15, labels .5) and .9 (label 1): (2·.35 + .1)/3
	near(t, "ECE", outcome.ECE([]float64{.12, .18, .9}, []float64{0, 1, 1}), .8/3, 1e-12)
	near(t, "ECE of nothing", outcome.ECE(nil, nil), 0, 0)
}

func TestBootstrapCoversAndRepeats(t *testing.T) {
	t.Parallel()
	values := make([]float64, 100)
	for i := range values {
		values[i] = float64(i) / 99
	}
	mean := func(places []int) (sum float64, ok bool) {
		for _, i := range places {
			sum += values[i]
		}
		return sum / float64(len(places)), true
	}
	low, high, ok := outcome.Bootstrap(len(values), 2000, .95, 7, mean)
	again, _, _ := outcome.Bootstrap(len(values), 2000, .95, 7, mean)
	if !ok || low != again {
		t.Errorf("%v, and %v from the same seed", low, again)
	}
	near(t, "low", low, .5-1.96*.2916/10, .006) // standard deviation of the values is .2916
	near(t, "high", high, .5+1.96*.2916/10, .006)
	if _, _, ok = outcome.Bootstrap(3, 10, .95, 1, func([]int) (float64, bool) { return 0, false }); ok {
		t.Error("an interval of nothing said")
	}
}

func TestPSI(t *testing.T) {
	t.Parallel()
	// By hand: .6 and .4 against .5 and .5: .1·ln 1.2 + .1·ln 1.25 = .0182 + .0223
	near(t, "PSI", outcome.PSI([10]float64{.6, .4}, [10]float64{.5, .5}), .1*math.Log(1.2)+.1*math.Log(1.25), 1e-12)
	near(t, "PSI of the same", outcome.PSI([10]float64{.6, .4}, [10]float64{.6, .4}), 0, 1e-12)
	near(t, "PSI of an empty bin", outcome.PSI([10]float64{0, 1}, [10]float64{.1, .9}), .0999*math.Log(1000)+.1*math.Log(1/.9), 1e-9)
	for psi, want := range map[float64]outcome.DriftLevel{.2: "", .201: "medium", .25: "medium", .26: "high", .3: "high", .31: "critical"} {
		if got := outcome.Drifted(psi, outcome.LeastDrift); got != want {
			t.Errorf("PSI %v is %q, expected %q", psi, got, want)
		}
	}
	if outcome.Drifted(1, outcome.LeastDrift-1) != outcome.NoDrift {
		t.Error("a drift of fewer than a hundred scores")
	}
	for in, want := range map[float64]int{0: 0, .099: 0, .1: 1, .3: 3, .7: 7, .999: 9, 1: 9} {
		if got := outcome.BinOf(in); got != want {
			t.Errorf("%v is in bin %d, expected %d", in, got, want)
		}
	}
	if got := outcome.Shares([10]int{1, 3}); got != [10]float64{.25, .75} {
		t.Errorf("shares %v", got)
	}
}

func TestStudent95IsTheTable(t *testing.T) {
	t.Parallel()
	for degrees, want := range map[int]float64{9: 2.262, 29: 2.045, 99: 1.984, 100000: 1.960} {
		near(t, "t", outcome.Student95(degrees), want, .0015)
	}
}
