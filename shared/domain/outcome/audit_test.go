package outcome_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

func TestCheckLabelsNamesWhatIsNone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		labels outcome.Labels
		wrong  []string
	}{
		"a value and a null":  {outcome.Labels{outcome.Confidence: value(.75), outcome.WellBeing: nil}, nil},
		"nothing judged":      {nil, []string{"labels"}},
		"an unknown one":      {outcome.Labels{"hope": value(1)}, []string{"labels"}},
		"above one":           {outcome.Labels{outcome.Belonging: value(1.25)}, []string{"labels.belonging"}},
		"four decimals":       {outcome.Labels{outcome.Belonging: value(.1234)}, []string{"labels.belonging"}},
		"two that are wrong":  {outcome.Labels{outcome.Belonging: value(-1), outcome.Confidence: value(2)}, []string{"labels.belonging", "labels.confidence"}},
		"null is a judgement": {outcome.Labels{outcome.Belonging: nil}, nil},
	} {
		err := outcome.CheckLabels(c.labels)
		var wrong []string
		if failure := fault.Of(err); failure != nil {
			for _, f := range failure.Fields {
				wrong = append(wrong, f.Name)
			}
		}
		slices.Sort(wrong)
		if diff := cmp.Diff(c.wrong, wrong); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPlaceDependsOnSeedAndText(t *testing.T) {
	t.Parallel()
	a := outcome.Place("s", "t")
	if len(a) != 64 || a == outcome.Place("s2", "t") || a == outcome.Place("s", "t2") || a != outcome.Place("s", "t") {
		t.Errorf("place %q", a)
	}
}
