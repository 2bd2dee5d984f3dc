package impact_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

func TestParseQuarter(t *testing.T) {
	t.Parallel()
	for raw, ok := range map[string]bool{
		"2026-Q1": true, "2026-Q4": true,
		"2026-Q0": false, "2026-Q5": false, "2026-q1": false, "26-Q1": false, "2026-Q1 ": false, "": false, "2026-Q11": false, "1999-Q1": false, "+026-Q1": false,
	} {
		q, err := impact.ParseQuarter(raw)
		if ok && (err != nil || q.String() != raw) || !ok && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q is %v, %v; expected ok %v", raw, q, err, ok)
		}
	}
	q := impact.QuarterOf(impact.Month{Year: 2026, Month: time.December})
	want := impact.Period{From: impact.Month{Year: 2026, Month: time.October}, To: impact.Month{Year: 2026, Month: time.December}}
	if q.Period() != want || impact.QuarterOf(january).First() != january {
		t.Errorf("%v is %v", q, q.Period())
	}
}

func TestNewSampleNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seed  string
		size  int
		field string
	}{
		"fine": {"a", 100, ""}, "no seed": {"", 100, "seed"}, "none": {"a", 0, "size"}, "too many": {"a", outcome.MaxSample + 1, "size"},
	} {
		_, err := impact.NewSample(impact.Quarter{Year: 2026, Quarter: 1}, c.seed, c.size)
		if c.field == "" && err != nil || c.field != "" && (fault.Of(err) == nil || fault.Of(err).Fields[0].Name != c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDriftIsAgainstTheMixtureOfReferences(t *testing.T) {
	t.Parallel()
	low, high := [10]int{0: 40, 1: 10}, [10]int{8: 10, 9: 40}
	portion := func(version string, bins, reference [10]int) impact.Portion {
		return impact.Portion{Dimension: outcome.Confidence, ModelVersion: version, Bins: bins, Reference: reference}
	}
	for name, c := range map[string]struct {
		portions []impact.Portion
		want     []outcome.DriftLevel
	}{
		"nothing scored":               {nil, nil},
		"as the calibration set":       {[]impact.Portion{portion("m", [10]int{0: 160, 1: 40}, low)}, nil},
		"two languages in other parts": {[]impact.Portion{portion("m", [10]int{0: 160, 1: 40}, low), portion("m", [10]int{8: 2, 9: 8}, high)}, nil},
		"all at the other end":         {[]impact.Portion{portion("m", [10]int{9: 100}, low)}, []outcome.DriftLevel{outcome.CriticalDrift}},
		"too few":                      {[]impact.Portion{portion("m", [10]int{9: 99}, low)}, nil},
		"too few of each model":        {[]impact.Portion{portion("m", [10]int{9: 60}, low), portion("n", [10]int{9: 60}, low)}, nil},
		"a little":                     {[]impact.Portion{portion("m", [10]int{0: 58, 1: 42}, low)}, []outcome.DriftLevel{outcome.MediumDrift}}, // .22·ln(.42/.2) - .22·ln(.58/.8) = .234
	} {
		var got []outcome.DriftLevel
		for _, d := range impact.Drifts(january, c.portions) {
			got = append(got, d.Level)
			if d.Month != january || d.Dimension != outcome.Confidence || d.ModelVersion != "m" || d.N < 100 {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
