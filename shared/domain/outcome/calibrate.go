package outcome

import (
	"cmp"
	"math"
	"slices"

	"github.com/teei/csr-platform/shared/fault"
)

// Kinds of Calibration.
const (
	Isotonic     = "isotonic"
	Platt        = "platt"
	Uncalibrated = "none"
	AllLanguages = "all" // Language of a calibration that was fitted on all languages together
)

// Apply gives the calibrated value of raw, 0…1 with three decimals. Isotonic: straight lines between the knots, level outside them.
// Platt: the logistic of Slope times the log-odds of raw, plus Intercept. Any other kind leaves raw as it is.
func (c Calibration) Apply(raw float64) float64 {
	switch {
	case c.Kind == Platt:
		return Round(logistic(float64(c.Slope*logOdds(raw)) + c.Intercept))
	case c.Kind == Isotonic && len(c.Points) > 0:
		return Round(between(c.Points, raw))
	}
	return Round(raw)
}

func between(knots []Point, raw float64) float64 {
	i, _ := slices.BinarySearchFunc(knots, raw, func(p Point, raw float64) int { return cmp.Compare(p.Raw, raw) })
	switch i {
	case 0:
		return knots[0].Value
	case len(knots):
		return knots[i-1].Value
	}
	a, b := knots[i-1], knots[i]
	return a.Value + (b.Value-a.Value)*(raw-a.Raw)/(b.Raw-a.Raw)
}

// FitIsotonic finds the knots of the non-descending curve that is nearest to labels in squares: pool adjacent violators (Barlow,
// Bartholomew, Bremner and Brunk, Statistical Inference under Order Restrictions, 1972). Equal raw scores are pooled first. raw and
// labels have the same length; none at all give no knots.
func FitIsotonic(raw, labels []float64) []Point {
	type block struct{ low, high, sum, weight float64 }
	var blocks []block
	for _, i := range ascending(raw) {
		x := raw[i]
		if n := len(blocks); n > 0 && blocks[n-1].low == x && blocks[n-1].high == x {
			blocks[n-1].sum += labels[i]
			blocks[n-1].weight++
			continue
		}
		blocks = append(blocks, block{x, x, labels[i], 1})
	}
	var pooled []block
	for _, b := range blocks {
		pooled = append(pooled, b)
		for n := len(pooled); n > 1 && pooled[n-2].sum*pooled[n-1].weight >= pooled[n-1].sum*pooled[n-2].weight; n = len(pooled) {
			last := pooled[n-1]
			pooled = pooled[:n-1]
			p := &pooled[n-2]
			p.high, p.sum, p.weight = last.high, p.sum+last.sum, p.weight+last.weight
		}
	}
	var knots []Point
	for _, b := range pooled {
		knots = append(knots, Point{b.low, b.sum / b.weight})
		if b.high > b.low {
			knots = append(knots, Point{b.high, b.sum / b.weight})
		}
	}
	return knots
}

// FitPlatt finds slope and intercept by which the logistic of slope·log-odds(raw)+intercept is nearest to labels, which may be graded
// (Platt, Probabilistic outputs for support vector machines, 1999; on log-odds so that a score that needs no change keeps it; graded
// labels as in Papke and Wooldridge, Journal of Applied Econometrics 1996). Newton's method with halved steps, as Lin, Lin and Weng
// (Machine Learning 68, 2007) advise; a small ridge keeps labels that a line divides wholly from running away. Fewer than two
// different raw scores cannot be fitted: Invalid.
func FitPlatt(raw, labels []float64) (slope, intercept float64, err error) {
	const ridge, steps = 1e-6, 100
	xs := make([]float64, len(raw))
	for i := range raw {
		xs[i] = logOdds(raw[i])
	}
	if len(xs) < 2 || slices.Min(xs) == slices.Max(xs) {
		return 0, 0, fault.New(fault.Invalid, "a Platt calibration needs at least two different raw scores")
	}
	loss := func(a, b float64) float64 {
		sum := ridge * ((a-1)*(a-1) + b*b) / 2
		for i, x := range xs {
			z := a*x + b
			sum += math.Log1p(math.Exp(-math.Abs(z))) + max(z, 0) - labels[i]*z // log(1+e^z) - y·z, which cannot overflow
		}
		return sum
	}
	slope = 1
	for range steps {
		ga, gb := ridge*(slope-1), ridge*intercept
		haa, hab, hbb := ridge, 0.0, ridge
		for i, x := range xs {
			p := logistic(slope*x + intercept)
			w := p * (1 - p)
			ga += (p - labels[i]) * x
			gb += p - labels[i]
			haa += w * x * x
			hab += w * x
			hbb += w
		}
		det := haa*hbb - hab*hab
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		here, step := loss(slope, intercept), 1.0
		for step > 1e-10 && loss(slope-step*da, intercept-step*db) > here {
			step /= 2
		}
		slope, intercept = slope-step*da, intercept-step*db
		if math.Abs(step*da)+math.Abs(step*db) < 1e-10 {
			break
		}
	}
	return slope, intercept, nil
}

// logOdds of a score; 0 and 1 count as half a thousandth from the end, the precision of a score.
func logOdds(x float64) float64 {
	x = min(max(x, 0.0005), 0.9995)
	return math.Log(x / (1 - x))
}

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// ascending lists the places of xs from the smallest to the largest; equal ones keep their order.
func ascending(xs []float64) []int {
	places := make([]int, len(xs))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(xs[a], xs[b]) })
	return places
}
