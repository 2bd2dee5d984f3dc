package safety_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/safety"
)

func TestFiguresCountWaitsAppealsAndAgreement(t *testing.T) {
	t.Parallel()
	var flags []safety.Flag
	for i := range 10 {
		f := raised(once, safety.Hate)
		f.Status, f.ReviewedAt = safety.Approved, noon.Add(time.Duration(10-i)*time.Hour)
		flags = append(flags, f)
	}
	flags[0].Outcome, flags[1].Outcome = safety.Overturned, safety.Upheld
	flags[2].First, flags[2].Second = safety.Approve, safety.Reject
	flags[3].First, flags[3].Second = safety.Reject, safety.Reject
	alone, alerted := raised(once, safety.SelfHarm), raised(once, safety.ChildSafety)
	alerted.Alerted = 2
	got := safety.Figures(append(flags, alone, alerted))
	zero := 0.0
	hate := safety.Wait{Reviewed: 10, Median: 5 * time.Hour, P90: 9 * time.Hour}
	want := safety.Course{
		All:        safety.Wait{Open: 2, Reviewed: 10, Median: 5 * time.Hour, P90: 9 * time.Hour},
		Routes:     map[safety.Route]safety.Wait{safety.Moderation: hate, safety.Safeguarding: {Open: 2}},
		Categories: map[safety.Category]safety.Wait{safety.Hate: hate, safety.SelfHarm: {Open: 1}, safety.ChildSafety: {Open: 1}},
		Unalerted:  1, Appeals: 2, Overturned: 1, Pairs: 2, Kappa: &zero,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	none := safety.Figures(nil)
	if none.Kappa != nil || none.All.Median != 0 {
		t.Errorf("%+v of no flags", none)
	}
}

func TestKappaIsCohens(t *testing.T) {
	t.Parallel()
	pairs := func(counts ...int) (list [][2]safety.Decision) { // approved/approved, approved/rejected, rejected/approved, rejected/rejected
		for i, n := range counts {
			for range n {
				list = append(list, [2]safety.Decision{[]safety.Decision{safety.Approve, safety.Reject}[i/2], []safety.Decision{safety.Approve, safety.Reject}[i%2]})
			}
		}
		return list
	}
	for name, c := range map[string]struct {
		pairs [][2]safety.Decision
		want  float64 // NaN where it is not defined
	}{
		"the textbook's":        {pairs(20, 5, 10, 15), 0.4}, // Cohen's example as in Wikipedia
		"full agreement":        {pairs(3, 0, 0, 4), 1},
		"full disagreement":     {pairs(0, 5, 5, 0), -1},
		"always the same thing": {pairs(7), math.NaN()},
		"nothing twice":         {nil, math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := safety.Kappa(c.pairs)
			if math.IsNaN(c.want) != (got == nil) || got != nil && math.Abs(*got-c.want) > 1e-9 {
				t.Fatalf("%v, expected %v", got, c.want)
			}
		})
	}
}
