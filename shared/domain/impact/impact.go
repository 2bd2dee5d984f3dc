// Package impact turns what happened into the numbers a company reads. Every number is computed here, once.
package impact

import (
	"fmt"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Month is a calendar month in the time zone of the company it is counted for.
type Month struct {
	Year  int
	Month time.Month
}

// MonthOf is the month in which at falls in zone.
func MonthOf(at time.Time, zone *time.Location) Month {
	local := at.In(zone)
	return Month{local.Year(), local.Month()}
}

// ParseMonth reads YYYY-MM.
func ParseMonth(raw string) (Month, error) {
	at, err := time.Parse("2006-01", raw)
	if err != nil || at.Year() < 2000 || at.Year() > 2199 {
		return Month{}, fault.New(fault.Invalid, "expected a month written YYYY-MM")
	}
	return Month{at.Year(), at.Month()}, nil
}

func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, m.Month) }

// Start is the first instant of m in zone.
func (m Month) Start(zone *time.Location) time.Time {
	return time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, zone)
}

// Add is the month n later.
func (m Month) Add(n int) Month {
	at := time.Date(m.Year, m.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	return Month{at.Year(), at.Month()}
}

// Before says whether m lies before other.
func (m Month) Before(other Month) bool {
	return m.Year < other.Year || m.Year == other.Year && m.Month < other.Month
}

// Compare orders months as slices.SortFunc wants it.
func (m Month) Compare(other Month) int {
	return (m.Year*12 + int(m.Month)) - (other.Year*12 + int(other.Month))
}

// MaxMonths is the longest period a report covers.
const MaxMonths = 120

// Period is a run of months, both ends included.
type Period struct{ From, To Month }

// NewPeriod refuses a period that ends before it starts or is longer than MaxMonths.
func NewPeriod(from, to Month) (Period, error) {
	months := (to.Year-from.Year)*12 + int(to.Month) - int(from.Month) + 1
	if months < 1 {
		return Period{}, fault.Fields("the period is empty", fault.Field{Name: "to", Expected: "a month not before from"})
	}
	if months > MaxMonths {
		return Period{}, fault.Fields("the period is too long", fault.Field{Name: "from", Expected: fmt.Sprintf("at most %d months before to", MaxMonths)})
	}
	return Period{from, to}, nil
}

// LastTwelve is the period of the twelve months that end with the one in which now falls.
func LastTwelve(now time.Time, zone *time.Location) Period {
	to := MonthOf(now, zone)
	return Period{to.Add(-11), to}
}

// Months lists the months of p in order.
func (p Period) Months() []Month {
	var months []Month
	for m := p.From; !p.To.Before(m); m = m.Add(1) {
		months = append(months, m)
	}
	return months
}

// Kinds of person in a month, for distinct counts over several months. A scored person's kind is ScoredKind of the dimension.
const (
	KindParticipant = "participant"
	KindVolunteer   = "volunteer"
)

// ScoredKind is the kind of a person whose words were scored on dimension.
func ScoredKind(dimension outcome.Dimension) string { return "scored:" + string(dimension) }

// Cell is one kind of person in one month.
type Cell struct {
	Kind  string
	Month Month
}

// Sum is what one outcome adds up to in a month.
type Sum struct {
	N       int               // scores
	People  int               // distinct people scored
	Total   float64           // sum of the scores, each 0…1
	Squares float64           // sum of their squares
	Bins    [outcome.Bins]int // how many lie in each tenth of 0…1
}

// Add counts one more score.
func (s *Sum) Add(value float64) {
	s.N++
	s.Total += value
	s.Squares += value * value
	s.Bins[outcome.BinOf(value)]++
}

// Sums is everything that happened in a month, added up.
type Sums struct {
	Sessions     int
	Minutes      int
	Participants int // distinct
	Volunteers   int // distinct
	Texts        int // texts of participants that were scored, also those that say nothing
	Outcomes     map[outcome.Dimension]Sum
	// People lists person ids by kind, for participation_month.
	People map[string][]string
}

// Figures are a month's published row before suppression (source document §2.1, metrics_company_period). Means are nil where nothing
// was scored; sroi_ratio, vis_score and avg_integration_score stay null until their formulas are built.
type Figures struct {
	Month            Month
	Participants     int
	Volunteers       int
	Sessions         int
	Minutes          int
	Texts            int      // texts of participants that were scored, also those that say nothing; not shown
	AvgLanguageLevel *float64 // mean lang_level_proxy as the model scored, 0…1
	AvgJobReadiness  *float64 // mean job_readiness as the model scored, 0…1
	Outcomes         map[outcome.Dimension]Sum
	AsOf             time.Time // when the figures were last computed
}
