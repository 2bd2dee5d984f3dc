package outcome

import "math"

// Basis says what a published mean rests on.
type Basis string

// The bases.
const (
	ByPPI   Basis = "ppi"   // the model's scores of every text, corrected by what reviewers found in a random sample
	ByHuman Basis = "human" // the reviewers' labels alone
	ByModel Basis = "model" // the model's scores alone: how far they are off is not known
)

const (
	// LeastLabels is the fewest labels that a mean may rest on. Below, an interval would claim more than so few texts tell.
	LeastLabels = 10
	// LeastPPI is the fewest labels with which predictions are corrected: with fewer the correction costs more than it brings (facts/methods C3).
	LeastPPI = 30
	// LeastAudited is the share of a range's scores that must lie in its audited parts, where the rest is taken to be like them.
	LeastAudited = 0.5
)

// Moments add up the model's scores of one dimension.
type Moments struct {
	N              int
	Total, Squares float64
}

// Stratum is one part of a range, a month say: its texts and the random sample of them that reviewers have read.
type Stratum struct {
	Texts  int     // participant texts that the model has read, those without a score included
	Scored Moments // its scores of the dimension
	Labels []Pair  // of the sample: A is the reviewer's label, B the model's score; nil where not mentioned
}

// Estimate is the mean of one dimension over the texts of a range that speak of it.
type Estimate struct {
	Mean      float64
	Low, High *float64 // 95 % interval; nil where Basis is ByModel
	Basis     Basis
	Labelled  int     // texts in which a reviewer found the dimension
	Lambda    float64 // how much of the model's scores is used, 0…1
}

// Mean estimates the mean of a dimension over all texts of strata that speak of it, as a trained reviewer would find and score them.
// The estimand is therefore a ratio, Σ mention·value / Σ mention, and both what the model misses and what it imagines is corrected.
//
// It is PPI++ (Angelopoulos, Duchi and Zrnic, arXiv 2311.01453) for that ratio's estimating function ψ = mention·(value − θ). Where
// every text speaks of the dimension it is the formula of facts/methods C3:
//
//	θ = λ·mean(f over N) + mean(y − λ·f over n),  λ = cov(y, f) / (var f·(1 + n/N)),  SE² = var(y − λf)/n + λ²·var f/N
//
// with Student's t of n − 1 degrees. Strata weigh by their texts, whatever was sampled of each; then n is the effective
// 1/Σ(weight²/sampled). Strata that nobody has sampled are taken to be like the sampled ones, if those hold LeastAudited of the scores.
// With fewer than LeastPPI labels, or a correlation below 1/√(n−2), the labels count alone; with fewer than LeastLabels, or too little
// audited, the model's scores do. ok is false where there is nothing to take a mean of.
func Mean(strata []Stratum) (e Estimate, ok bool) {
	a := audit(strata)
	e.Labelled = a.mentions
	if a.mentions < LeastLabels || float64(a.audited) < LeastAudited*float64(a.all.N) {
		e.Mean, e.Basis = a.all.Total/float64(a.all.N), ByModel
		return e, a.all.N > 0
	}
	e.Basis = ByHuman
	e.Mean = a.human()
	if a.mentions >= LeastPPI && a.correlated(e.Mean) {
		for range 3 { // λ depends on θ, and hardly
			e.Lambda = a.lambda(e.Mean)
			mean, sound := a.corrected(e.Lambda)
			if !sound {
				e.Mean, e.Lambda = a.human(), 0
				break
			}
			e.Mean, e.Basis = mean, ByPPI
		}
	}
	if e.Lambda == 0 { // an optimum at nothing of the model
		e.Mean, e.Basis = a.human(), ByHuman
	}
	half := Student95(a.mentions-1) * a.standardError(e.Mean, e.Lambda)
	e.Mean = min(max(e.Mean, 0), 1)
	low, high := max(e.Mean-half, 0), min(e.Mean+half, 1)
	e.Low, e.High = &low, &high
	return e, true
}

// audited is strata with their samples side by side. Every text stands for itself as mention and mention·value.
type audited struct {
	texts    int
	all      Moments
	audited  int       // scores in the sampled strata
	mentions int       // labels that find the dimension
	weight   []float64 // of each sampled text, together 1
	my, y    []float64 // reviewer: mention 0 or 1, mention·value
	mf, f    []float64 // model
	n        float64   // effective size of the sample
}

func audit(strata []Stratum) (a audited) {
	sampled := 0
	for _, s := range strata {
		a.texts += s.Texts
		a.all.N += s.Scored.N
		a.all.Total += s.Scored.Total
		a.all.Squares += s.Scored.Squares
		if len(s.Labels) > 0 {
			sampled += s.Texts
			a.audited += s.Scored.N
		}
	}
	spread := 0.0
	for _, s := range strata {
		share := float64(s.Texts) / float64(sampled)
		for _, p := range s.Labels {
			if p.A != nil {
				a.mentions++
			}
			a.weight = append(a.weight, share/float64(len(s.Labels)))
			my, y := spoken(p.A)
			mf, f := spoken(p.B)
			a.my, a.y, a.mf, a.f = append(a.my, my), append(a.y, y), append(a.mf, mf), append(a.f, f)
		}
		if len(s.Labels) > 0 {
			spread += share * share / float64(len(s.Labels))
		}
	}
	a.n = 1 / spread
	return a
}

func spoken(value *float64) (mention, product float64) {
	if value == nil {
		return 0, 0
	}
	return 1, *value
}

func (a audited) human() float64 { return a.mean(a.y) / a.mean(a.my) }

// corrected is the PPI estimate at λ. It is not sound where, after the correction, next to no text speaks of the dimension.
func (a audited) corrected(lambda float64) (mean float64, sound bool) {
	below := a.speaking(lambda)
	above := lambda*a.all.Total/float64(a.texts) + a.mean(a.y) - lambda*a.mean(a.f)
	return above / below, below > 0.001
}

// speaking is the estimated share of texts that speak of the dimension.
func (a audited) speaking(lambda float64) float64 {
	return lambda*float64(a.all.N)/float64(a.texts) + a.mean(a.my) - lambda*a.mean(a.mf)
}

func (a audited) correlated(theta float64) bool {
	y, f := a.psi(a.my, a.y, theta), a.psi(a.mf, a.f, theta)
	covariance, vy, vf := a.covariance(y, f), a.covariance(y, y), a.covariance(f, f)
	return vy > 0 && vf > 0 && covariance/math.Sqrt(vy*vf) >= 1/math.Sqrt(float64(a.mentions-2))
}

func (a audited) lambda(theta float64) float64 {
	covariance := a.covariance(a.psi(a.my, a.y, theta), a.psi(a.mf, a.f, theta))
	return min(max(covariance/(a.variance(theta)*(1+a.n/float64(a.texts))), 0), 1)
}

// variance of the model's ψ over all texts.
func (a audited) variance(theta float64) float64 {
	n := float64(a.texts)
	mean := (a.all.Total - theta*float64(a.all.N)) / n
	return (a.all.Squares-2*theta*a.all.Total+theta*theta*float64(a.all.N))/n - mean*mean
}

func (a audited) standardError(theta, lambda float64) float64 {
	rest := a.psi(a.my, a.y, theta)
	for i, f := range a.psi(a.mf, a.f, theta) {
		rest[i] -= lambda * f
	}
	squared := a.covariance(rest, rest) / a.n
	if lambda > 0 {
		squared += lambda * lambda * a.variance(theta) / float64(a.texts)
	}
	return math.Sqrt(squared) / a.speaking(lambda)
}

func (a audited) psi(mention, product []float64, theta float64) []float64 {
	psi := make([]float64, len(mention))
	for i := range psi {
		psi[i] = product[i] - theta*mention[i]
	}
	return psi
}

func (a audited) mean(xs []float64) float64 {
	sum := 0.0
	for i, x := range xs {
		sum += a.weight[i] * x
	}
	return sum
}

func (a audited) covariance(xs, ys []float64) float64 {
	mx, my, sum := a.mean(xs), a.mean(ys), 0.0
	for i := range xs {
		sum += a.weight[i] * (xs[i] - mx) * (ys[i] - my)
	}
	n := float64(len(xs))
	return sum * n / (n - 1)
}

// Student95 is how many standard errors a two-sided 95 % interval reaches with so many degrees of freedom: the expansion of Abramowitz
// and Stegun 26.7.5, right to three decimals from 9 degrees on.
func Student95(degrees int) float64 {
	const z = 1.959963984540054
	v := float64(max(degrees, 1))
	z3, z5, z7 := z*z*z, z*z*z*z*z, z*z*z*z*z*z*z
	return z + (z3+z)/(4*v) + (5*z5+16*z3+3*z)/(96*v*v) + (3*z7+19*z5+17*z3-15*z)/(384*v*v*v)
}
