package measure

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

func TestTheScorecardIsOneFigureALine(t *testing.T) {
	t.Parallel()
	card := Card{
		OutcomesPart: {
			Version: "1", On: On{"2026-11-23", "ab", map[string]Items{"seed": {3, "cd"}}, ""},
			Figures: map[string]Recorded{"b": {Value: 0.5, Low: of(0.25), High: of(0.75), N: 10}, "a": {Value: 0.125, N: 3, Lower: true}},
			Beside:  map[string]Recorded{"c": {Value: 1, N: 1}},
		},
		SafetyPart: {Version: "2", Figures: map[string]Recorded{"c": {Value: 1, N: 1}}},
	}
	want := `{
  "outcomes": {
    "version": "1",
    "on": {"day":"2026-11-23","weights":"ab","sets":{"seed":{"texts":3,"sha256":"cd"}}},
    "figures": {
      "a": {"value":0.125,"n":3,"lower":true},
      "b": {"value":0.5,"low":0.25,"high":0.75,"n":10}
    },
    "beside": {
      "c": {"value":1,"n":1}
    }
  },
  "safety": {
    "version": "2",
    "on": {},
    "figures": {
      "c": {"value":1,"n":1}
    }
  }
}
`
	if diff := cmp.Diff(want, card.String()); diff != "" {
		t.Error(diff)
	}
	path := write(t, "card.json", card.String())
	got, err := ReadCard(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(card, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheSumOfTextsIsOfWhatFiguresRestOn(t *testing.T) {
	t.Parallel()
	texts, _ := sevenTexts()
	was := ItemsOf(texts)
	slices.Reverse(texts)
	if got := ItemsOf(texts); got != was || got.Texts != 7 {
		t.Errorf("in another order %v, want %v", got, was)
	}
	texts[3].Labels = outcome.Labels{outcome.Confidence: of(0.3)}
	if got := ItemsOf(texts); got.SHA256 == was.SHA256 {
		t.Error("another label has the same sum")
	}
	// printf '{"Text":"a"}\n{"Text":"b"}\n' | sha256sum
	type short struct{ Text string }
	if got, want := ItemsOf([]short{{"b"}, {"a"}}).SHA256, "2690e798be2fdb5ad531a72ec65b1fb9ed1024c68ef552c67e831c0570956ff7"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNothingMayFallBelowTheScorecard(t *testing.T) {
	t.Parallel()
	was := Part{Version: "1", Figures: map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.2, N: 10, Lower: true}}}
	for name, c := range map[string]struct {
		now  map[string]Recorded
		want []string
	}{
		"the same":          {map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.2, N: 10, Lower: true}}, nil},
		"better":            {map[string]Recorded{"AUC": {Value: 0.95, N: 10}, "MAE": {Value: 0.1, N: 10, Lower: true}}, nil},
		"rounded":           {map[string]Recorded{"AUC": {Value: 0.899, N: 10}, "MAE": {Value: 0.201, N: 10, Lower: true}}, nil},
		"one fell":          {map[string]Recorded{"AUC": {Value: 0.897, N: 10}, "MAE": {Value: 0.1, N: 10, Lower: true}}, []string{"AUC is 0.897 and was 0.900"}},
		"an error grew":     {map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.25, N: 10, Lower: true}}, []string{"MAE is 0.250 and was 0.200"}},
		"one is gone":       {map[string]Recorded{"AUC": {Value: 0.9, N: 10}}, []string{"MAE is not measured any more"}},
		"the value of more": {map[string]Recorded{"AUC": {Value: 0.9, N: 11}, "MAE": {Value: 0.2, N: 12, Lower: true}}, nil},
		"one more figures":  {map[string]Recorded{"AUC": {Value: 0.9, N: 10}, "MAE": {Value: 0.2, N: 10, Lower: true}, "F1": {Value: 1, N: 10}}, []string{"F1 was never recorded"}},
	} {
		if diff := cmp.Diff(c.want, was.Fallen(Part{Version: "2", Figures: c.now})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestOtherTextsAreNotCompared(t *testing.T) {
	t.Parallel()
	part := func(sum string, value float64) Part {
		return Part{On: On{Sets: map[string]Items{"seed": {7, sum}}}, Figures: map[string]Recorded{"AUC": {Value: value, N: 7}}}
	}
	want := []string{"seed are other texts than those recorded, 7 and not 7 or with other labels: record it anew"}
	if diff := cmp.Diff(want, part("a", 0.9).Fallen(part("b", 0.1))); diff != "" {
		t.Error(diff)
	}
	if got := part("a", 0.9).Fallen(part("a", 0.1)); len(got) != 1 || got[0] != "AUC is 0.100 and was 0.900" {
		t.Errorf("%v", got)
	}
}

func TestAFigureIsRecordedWithTheTextsItRestsOn(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	p := measured(t, scorer, texts, false).Part()
	for name, want := range map[string]Recorded{
		"confidence/all/spoken AUC": {Value: 0.916667, N: 7},
		"confidence/all/level AUC":  {Value: 0.75, N: 4},
		"confidence/all/MAE":        {Value: 0.233333, N: 3, Lower: true}, // a larger one is worse
	} {
		if got := p.Figures[name]; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if got := p.Beside["confidence/all/kappa"]; got.N != 7 {
		t.Errorf("kappa %+v, want it beside", got)
	}
}
