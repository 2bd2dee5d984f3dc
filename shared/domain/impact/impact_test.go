package impact_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/fault"
)

func TestParseMonthTakesYearAndMonthAlone(t *testing.T) {
	t.Parallel()
	for raw, ok := range map[string]bool{
		"2026-01": true, "2000-01": true, "2199-12": true,
		"": false, "2026": false, "2026-13": false, "2026-1": false, "2026-01-01": false, "26-01": false, "1999-12": false, " 2026-01": false, "+026-01": false,
	} {
		month, err := impact.ParseMonth(raw)
		if ok && (err != nil || month.String() != raw) || !ok && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q is %v, %v; expected ok %v", raw, month, err, ok)
		}
	}
}

func TestNewPeriodRefusesWhatNoReportCovers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to int // months after January 2026
		months   int // 0: refused
		field    string
	}{
		"one month":       {0, 0, 1, ""},
		"over a new year": {-2, 1, 4, ""},
		"ten years":       {0, 119, 120, ""},
		"more":            {0, 120, 0, "from"},
		"backwards":       {1, 0, 0, "to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := impact.NewPeriod(month(c.from), month(c.to))
			if c.months == 0 {
				if wrong := fault.Of(err); wrong == nil || wrong.Fields[0].Name != c.field {
					t.Fatalf("%v, expected a failure that names %s", err, c.field)
				}
				return
			}
			if err != nil || len(p.Months()) != c.months {
				t.Fatalf("%d months, %v; expected %d", len(p.Months()), err, c.months)
			}
		})
	}
}

func TestMonthsFollowEachOtherInTimeOrder(t *testing.T) {
	t.Parallel()
	before := january.Add(-1)
	got := []int{before.Compare(january), january.Compare(january), january.Compare(before)}
	if diff := cmp.Diff([]int{-1, 0, 1}, got); diff != "" {
		t.Error(diff)
	}
	if before != (impact.Month{Year: 2025, Month: time.December}) || !before.Before(january) || january.Before(before) {
		t.Errorf("the month before January 2026 is %v", before)
	}
}
