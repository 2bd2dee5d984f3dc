package impact

import (
	"math"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Compute turns what happened in a month into its figures. It is the only place where they are made; a report adds months up and
// withholds small groups (Publish), and changes nothing else. Totals are rounded to the three decimals a score has, and squares to
// six, so that the order in which scores were added cannot show.
func Compute(month Month, sums Sums, now time.Time) Figures {
	figures := Figures{
		Month:        month,
		Participants: sums.Participants,
		Volunteers:   sums.Volunteers,
		Sessions:     sums.Sessions,
		Minutes:      sums.Minutes,
		Texts:        sums.Texts,
		Outcomes:     map[outcome.Dimension]Sum{},
		AsOf:         now.UTC(),
	}
	for _, dimension := range outcome.Dimensions {
		sum := sums.Outcomes[dimension]
		if sum.N == 0 {
			continue
		}
		sum.Total = float64(thousandths(sum.Total)) / 1000
		sum.Squares = math.Round(sum.Squares*1e6) / 1e6
		figures.Outcomes[dimension] = sum
	}
	figures.AvgLanguageLevel = mean(figures.Outcomes[outcome.LangLevelProxy])
	figures.AvgJobReadiness = mean(figures.Outcomes[outcome.JobReadiness])
	return figures
}

// Hours is a number of minutes in hours, to two decimals.
func Hours(minutes int) float64 { return math.Round(float64(minutes)*100/60) / 100 }

// mean is Total/N to three decimals, half a thousandth up; nil where nothing was scored. It is computed in whole thousandths.
func mean(sum Sum) *float64 {
	if sum.N == 0 {
		return nil
	}
	n := int64(sum.N)
	value := float64((2*thousandths(sum.Total)+n)/(2*n)) / 1000
	return &value
}

func thousandths(total float64) int64 { return int64(math.Round(total * 1000)) }
