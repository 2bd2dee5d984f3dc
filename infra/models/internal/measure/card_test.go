package measure

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheScorecardHoldsWhatWasRecorded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "card.json")
	first := Part{"1", map[string]Recorded{"b": {Value: 0.5, N: 10}, "a": {Value: 0.125, N: 3, Lower: true}}}
	if err := Record(path, Card{OutcomesPart: first}); err != nil {
		t.Fatal(err)
	}
	second := Part{"2", map[string]Recorded{"c": {Value: 1, N: 1}}}
	if err := Record(path, Card{SafetyPart: second}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCard(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Card{OutcomesPart: first, SafetyPart: second}, got); diff != "" {
		t.Error(diff)
	}
	want := `{
  "outcomes": {
    "version": "1",
    "figures": {
      "a": {"value":0.125,"n":3,"lower":true},
      "b": {"value":0.5,"n":10}
    }
  },
  "safety": {
    "version": "2",
    "figures": {
      "c": {"value":1,"n":1}
    }
  }
}
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNothingMayFallBelowTheScorecard(t *testing.T) {
	t.Parallel()
	was := Part{"1", map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.2, N: 10, Lower: true}}}
	for name, c := range map[string]struct {
		now  map[string]Recorded
		want []string
	}{
		"the same":         {map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.2, N: 10, Lower: true}}, nil},
		"better":           {map[string]Recorded{"AUC": {Value: 0.95, N: 10}, "MAE": {Value: 0.1, N: 10, Lower: true}}, nil},
		"rounded":          {map[string]Recorded{"AUC": {Value: 0.899, N: 10}, "MAE": {Value: 0.201, N: 10, Lower: true}}, nil},
		"one fell":         {map[string]Recorded{"AUC": {Value: 0.897, N: 10}, "MAE": {Value: 0.1, N: 10, Lower: true}}, []string{"AUC is 0.897 and was 0.900"}},
		"an error grew":    {map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.25, N: 10, Lower: true}}, []string{"MAE is 0.250 and was 0.200"}},
		"one is gone":      {map[string]Recorded{"AUC": {Value: 0.9, N: 10}}, []string{"MAE is not measured any more"}},
		"other texts":      {map[string]Recorded{"AUC": {Value: 0.99, N: 11}, "MAE": {Value: 0.2, N: 10, Lower: true}}, []string{"AUC is measured on 11 texts and was on 10: record it anew"}},
		"one more figures": {map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.2, N: 10, Lower: true}, "F1": {Value: 1, N: 10}}, []string{"F1 was never recorded"}},
	} {
		if diff := cmp.Diff(c.want, was.Fallen(Part{"2", c.now})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTheCardCountsJudgedTexts(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	p := measured(t, scorer, texts, false).Part()
	want := Recorded{Value: 0.667, N: 7} // though the model finds three texts silent
	if got := p.Figures["confidence/all/null precision"]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if !p.Figures["confidence/all/MAE"].Lower {
		t.Error("a larger error would pass as a better figure")
	}
}
