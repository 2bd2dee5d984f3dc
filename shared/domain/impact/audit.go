package impact

import (
	"fmt"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Quarter is a quarter of a calendar year in the time zone of a company, 1 to 4.
type Quarter struct{ Year, Quarter int }

// QuarterOf is the quarter in which m lies.
func QuarterOf(m Month) Quarter { return Quarter{m.Year, (int(m.Month)-1)/3 + 1} }

// ParseQuarter reads YYYY-Q1 to YYYY-Q4.
func ParseQuarter(raw string) (Quarter, error) {
	var q Quarter
	n, err := fmt.Sscanf(raw, "%4d-Q%1d", &q.Year, &q.Quarter)
	if err != nil || n != 2 || raw != q.String() || q.Quarter < 1 || q.Quarter > 4 || q.Year < 2000 || q.Year > 2199 {
		return Quarter{}, fault.New(fault.Invalid, "expected a quarter written YYYY-Q1 to YYYY-Q4")
	}
	return q, nil
}

func (q Quarter) String() string { return fmt.Sprintf("%04d-Q%d", q.Year, q.Quarter) }

// First is the first month of q.
func (q Quarter) First() Month { return Month{q.Year, time.Month(q.Quarter*3 - 2)} }

// Period is the three months of q.
func (q Quarter) Period() Period { return Period{q.First(), q.First().Add(2)} }

// Sample asks for a random sample of the participants' texts that were scored in a quarter.
type Sample struct {
	Quarter Quarter
	Seed    string // 1 to 64 characters; the same seed draws the same texts
	Size    int    // 1 to outcome.MaxSample
}

// NewSample refuses a sample without seed or of an impossible size.
func NewSample(quarter Quarter, seed string, size int) (Sample, error) {
	var c fault.Checks
	c.That(seed != "" && len(seed) <= 64, "seed", "1 to 64 characters")
	c.That(size >= 1 && size <= outcome.MaxSample, "size", fmt.Sprintf("1 to %d", outcome.MaxSample))
	return Sample{quarter, seed, size}, c.Err("the sample cannot be drawn")
}

// Labelled is one text of a random sample that a reviewer has read, as it stands now: A of a pair is the reviewer's label, B the
// current score.
type Labelled struct {
	Month  Month
	Person string // who wrote it; never shown
	Pairs  map[outcome.Dimension]outcome.Pair
}
