package impact_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

var (
	january = impact.Month{Year: 2026, Month: time.January}
	noon    = time.Date(2026, 2, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
)

func TestComputeCarriesCountsAndAveragesWhatWasScored(t *testing.T) {
	t.Parallel()
	got := impact.Compute(january, impact.Sums{
		Sessions: 12, Minutes: 615, Participants: 7, Volunteers: 6,
		Outcomes: map[outcome.Dimension]impact.Sum{
			outcome.Confidence:     {N: 3, People: 2, Total: 2.1},
			outcome.LangLevelProxy: {N: 2, People: 2, Total: 1.001},
			outcome.WellBeing:      {},
		},
		People: map[string][]string{impact.KindParticipant: {"p"}},
	}, noon)
	level := 0.501 // 0.5005, half a thousandth up
	want := impact.Figures{
		Month: january, Participants: 7, Volunteers: 6, Sessions: 12, Minutes: 615,
		AvgLanguageLevel: &level,
		Outcomes: map[outcome.Dimension]impact.Sum{
			outcome.Confidence:     {N: 3, People: 2, Total: 2.1},
			outcome.LangLevelProxy: {N: 2, People: 2, Total: 1.001},
		},
		AsOf: time.Date(2026, 2, 1, 11, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestComputeOfAnEmptyMonthIsNullNotZeroNotHalf(t *testing.T) {
	t.Parallel()
	got := impact.Compute(january, impact.Sums{}, noon)
	if got.AvgLanguageLevel != nil || got.AvgJobReadiness != nil {
		t.Fatalf("averages of nothing: %v, %v, expected nil", got.AvgLanguageLevel, got.AvgJobReadiness)
	}
}

func TestComputeDoesNotShowTheOrderOfAddition(t *testing.T) {
	t.Parallel()
	forward, backward := 0.0, 0.0
	scores := []float64{0.1, 0.2, 0.3, 0.7, 0.701, 0.999, 0.003}
	for i := range scores {
		forward += scores[i]
		backward += scores[len(scores)-1-i]
	}
	if forward == backward {
		t.Fatal("the two sums should differ in the last bit, or this test shows nothing")
	}
	of := func(total float64) impact.Figures {
		return impact.Compute(january, impact.Sums{Outcomes: map[outcome.Dimension]impact.Sum{
			outcome.JobReadiness: {N: len(scores), People: 5, Total: total},
		}}, noon)
	}
	if diff := cmp.Diff(of(forward), of(backward)); diff != "" {
		t.Fatal(diff)
	}
}

func TestHoursAreMinutesToTwoDecimals(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int]float64{0: 0, 60: 1, 90: 1.5, 100: 1.67, 50: 0.83} {
		if got := impact.Hours(minutes); got != want {
			t.Errorf("%d minutes are %v h, expected %v", minutes, got, want)
		}
	}
}
