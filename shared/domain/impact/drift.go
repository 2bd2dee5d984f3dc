package impact

import (
	"math"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Portion is the scores of one month and dimension that went through one calibration.
type Portion struct {
	Dimension    outcome.Dimension
	ModelVersion string
	Bins         [outcome.Bins]int // the month's scores
	Reference    [outcome.Bins]int // the scores of the texts that the calibration was fitted on
}

// Drift says that the scores of a month lie otherwise than those of the calibration set: the participants write of other things now, or
// the model no longer fits them.
type Drift struct {
	Month        Month
	Dimension    outcome.Dimension
	ModelVersion string
	Level        outcome.DriftLevel
	PSI          float64 // population stability index, four decimals
	N            int     // scores
}

// Drifts finds the drifts of a month. Where several calibrations of one model scored a dimension, for each language its own, what is
// expected is the mixture of their references in the proportions of the month: that more people write in Norwegian is no drift.
func Drifts(month Month, portions []Portion) []Drift {
	type key struct {
		dimension outcome.Dimension
		version   string
	}
	type spread struct {
		n             int
		now, expected [outcome.Bins]float64 // scores
	}
	spreads := map[key]spread{}
	var order []key
	for _, p := range portions {
		of := key{p.Dimension, p.ModelVersion}
		s, known := spreads[of]
		if !known {
			order = append(order, of)
		}
		n := 0
		for _, count := range p.Bins {
			n += count
		}
		for i, share := range outcome.Shares(p.Reference) {
			s.now[i] += float64(p.Bins[i])
			s.expected[i] += share * float64(n)
		}
		s.n += n
		spreads[of] = s
	}
	var found []Drift
	for _, of := range order {
		s := spreads[of]
		for i := range s.now {
			s.now[i] /= float64(max(s.n, 1))
			s.expected[i] /= float64(max(s.n, 1))
		}
		psi := outcome.PSI(s.now, s.expected)
		level := outcome.Drifted(psi, s.n)
		if level != outcome.NoDrift {
			found = append(found, Drift{month, of.dimension, of.version, level, math.Round(psi*1e4) / 1e4, s.n})
		}
	}
	return found
}
