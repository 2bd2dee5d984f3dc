package outcome

import (
	"math"
	"slices"
)

// Bins is into how many equal parts of 0…1 scores are counted.
const Bins = 10

// BinOf is the place of the bin in which value lies: 0 for [0, 0.1), … 9 for [0.9, 1].
func BinOf(value float64) int {
	return min(max(int(math.Round(value*1000))*Bins/1000, 0), Bins-1) // in whole thousandths: 0.3 is not quite 3 tenths
}

// Shares are counts as shares of their sum; all zero where there are none.
func Shares(counts [Bins]int) (shares [Bins]float64) {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	for i, n := range counts {
		if sum > 0 {
			shares[i] = float64(n) / float64(sum)
		}
	}
	return shares
}

// PSI is the population stability index of how scores spread now against how they are expected to: Σ (now-expected)·ln(now/expected),
// empty bins counting as one in ten thousand (Siddiqi, Credit Risk Scorecards, 2006; epsilon of facts/insights §1.9).
func PSI(now, expected [Bins]float64) float64 {
	const epsilon = 0.0001
	sum := 0.0
	for i := range now {
		a, e := max(now[i], epsilon), max(expected[i], epsilon)
		sum += (a - e) * math.Log(a/e)
	}
	return sum
}

// DriftLevel is how alarming a PSI is.
type DriftLevel string

// The levels, and the PSI above which each begins (facts/insights §1.9).
const (
	NoDrift       DriftLevel = ""
	MediumDrift   DriftLevel = "medium"   // 0.2
	HighDrift     DriftLevel = "high"     // 0.25
	CriticalDrift DriftLevel = "critical" // 0.3
)

// Gravity is 0 for no drift, then 1 to 3.
func (l DriftLevel) Gravity() int {
	return max(slices.Index([]DriftLevel{NoDrift, MediumDrift, HighDrift, CriticalDrift}, l), 0)
}

// LeastDrift is the fewest scores of which a drift is told: of fewer the index swings by chance.
const LeastDrift = 100

// Drifted is the level of a PSI made of n scores.
func Drifted(psi float64, n int) DriftLevel {
	switch {
	case n < LeastDrift || psi <= 0.2:
		return NoDrift
	case psi <= 0.25:
		return MediumDrift
	case psi <= 0.3:
		return HighDrift
	}
	return CriticalDrift
}
