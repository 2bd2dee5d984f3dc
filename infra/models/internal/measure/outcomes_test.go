package measure

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// told is a model that says of each text what it was told to.
type told map[string]outcome.Scoring

func (m told) Score(_ context.Context, in outcome.Request) (outcome.Scoring, error) {
	return m[in.Text], nil
}

func (told) Calibrations() []outcome.Calibration { return nil }

// rated also tells how likely confidence is spoken of.
type rated struct {
	told
	likely map[string]float64
}

func (m rated) Spoken(text string) map[outcome.Dimension]float64 {
	return map[outcome.Dimension]float64{outcome.Confidence: m.likely[text]}
}

func of(x float64) *float64 { return &x }

// scores is a scoring of confidence with quotes.
func scores(text string, value, sure float64, turned outcome.Direction, quotes ...string) outcome.Scoring {
	score := outcome.Score{Dimension: outcome.Confidence, Value: value, Confidence: sure, Direction: turned}
	for _, quote := range quotes {
		span, _ := outcome.Locate(text, quote)
		score.Evidence = append(score.Evidence, span)
	}
	return outcome.Scoring{ModelVersion: "told-1", Language: "en", Scores: []outcome.Score{score}}
}

func labelled(text string, label *float64, turned outcome.Direction, quotes ...string) Text {
	t := Text{Text: text, Lang: "en", Labels: outcome.Labels{outcome.Confidence: label}}
	if turned != "" {
		t.Directions = map[outcome.Dimension]outcome.Direction{outcome.Confidence: turned}
	}
	if quotes != nil {
		t.Evidence = map[outcome.Dimension][]string{outcome.Confidence: quotes}
	}
	return t
}

// sevenTexts are few enough to compute every figure by hand.
func sevenTexts() ([]Text, rated) {
	a, b, c, d, e, f, g := "I can. I dare. Yes.", "I try.", "I am too shy.", "I may speak.", "It rained.", "Nice room.", "Det var fint."
	texts := []Text{
		labelled(a, of(1), outcome.Gain, "I can.", "I dare."),
		labelled(b, of(0.75), "", "I try."),
		labelled(c, of(0), outcome.Loss, "I am too shy."),
		labelled(d, of(0.25), outcome.State),
		labelled(e, nil, ""),
		labelled(f, nil, ""),
		labelled(g, nil, ""),
	}
	texts[5].Evidence = map[outcome.Dimension][]string{} // read by somebody who marked nothing
	texts[6].Lang = "no"
	return texts, rated{
		told: told{
			a: scores(a, 0.9, 0.9, outcome.Gain, "I can.", "Yes."),
			b: outcome.Scoring{ModelVersion: "told-1"},
			c: scores(c, 0.25, 0.8, outcome.State, "I am too shy"),
			d: scores(d, 0.6, 0.7, outcome.State, "I may speak."),
			f: scores(f, 0.5, 0.6, outcome.State, "Nice room."),
		},
		likely: map[string]float64{a: 0.9, b: 0.4, c: 0.8, d: 0.7, e: 0.1, f: 0.6, g: 0.2},
	}
}

func measured(t *testing.T, scorer outcome.Model, texts []Text, intervals bool) Outcomes {
	t.Helper()
	found, err := MeasureOutcomes(t.Context(), []Scorer{{"told", scorer}}, texts, intervals)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFiguresAreThoseComputedByHand(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	found := measured(t, scorer, texts, false)
	want := map[Metric]float64{
		SpokenAUC:         11.0 / 12, // .4 lies below .6, the other eleven pairs are in order
		NullPrecision:     2.0 / 3,   // of b, e, g all but b
		NullRecall:        2.0 / 3,   // of e, f, g all but f
		SpokenPrecision:   3.0 / 4,   // of a, c, d, f all but f
		SpokenRecall:      3.0 / 4,   // of a, b, c, d all but b
		Kappa:             10.0 / 24, // 5 of 7 agree, 25 of 49 by chance
		Accuracy:          3.0 / 7,   // a, e, g
		LevelAUC:          3.0 / 4,   // b counts .5 and lies below d
		MAE:               0.7 / 3,   // .1, .25, .35
		ECE:               0.7 / 3,   // each in a bin of its own
		LevelAccuracy:     1.0 / 3,   // a
		QWK:               1 - 2/(44.0/3),
		DirectionAccuracy: 2.0 / 3, // a, d
		EvidencePrecision: 2.0 / 3, // a 1 of 2, c 1 of 1
		EvidenceRecall:    2.0 / 4, // a 1 of 2, b 0 of 1, c 1 of 1
		AnyQuote:          2.0 / 4, // and f 0 of 1

		"value said at level 1": 0.25, "label at level 1": 0, // c
		"value said at level 2": 0.6, "label at level 2": 0.25, // d
		"value said at level 4": 0.9, "label at level 4": 1, // a
	}
	got := map[Metric]float64{}
	for _, f := range found.Scorers[0].Figures {
		if f.Language == All && f.Value != nil {
			got[f.Metric] = *f.Value
		}
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
	counts := []Count{{outcome.Confidence, All, 7, 4}, {outcome.Confidence, "en", 6, 4}, {outcome.Confidence, "no", 1, 0}}
	if diff := cmp.Diff(counts, found.Counts); diff != "" {
		t.Error(diff)
	}
	if found.Scorers[0].Version != "told-1" {
		t.Errorf("version %q", found.Scorers[0].Version)
	}
}

func TestWithoutARaterTheConfidenceOfTheScoreCounts(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	auc := measured(t, scorer.told, texts, false).Scorers[0].find(outcome.Confidence, All, SpokenAUC)
	// b is 0 now: it ties with e and g and lies below f, the other nine pairs are in order.
	if want := (9 + 0.5 + 0.5) / 12; math.Abs(*auc.Value-want) > 1e-9 {
		t.Errorf("spoken AUC %v, want %v", *auc.Value, want)
	}
}

func TestSpearmanIsOfTheLevelOfLanguage(t *testing.T) {
	t.Parallel()
	scorer, texts := told{}, []Text(nil)
	for name, values := range map[string][2]float64{"first": {0.1, 0.2}, "second": {0.25, 0.1}, "third": {0.45, 0.5}, "fourth": {0.65, 0.9}} {
		texts = append(texts, Text{Text: name, Labels: outcome.Labels{outcome.LangLevelProxy: of(values[0])}})
		scorer[name] = outcome.Scoring{Language: "uk", Scores: []outcome.Score{{Dimension: outcome.LangLevelProxy, Value: values[1]}}}
	}
	found := measured(t, scorer, texts, false)
	rho := found.Scorers[0].find(outcome.LangLevelProxy, "uk", Spearman) // the language is the model's guess
	if rho.Value == nil || math.Abs(*rho.Value-0.8) > 1e-9 {             // ranks 2 1 3 4: 1 - 6·2/(4·15)
		t.Errorf("Spearman %v, want .8", rho)
	}
}

func TestTheBaselineSaysWhatMostLabelsSay(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	found := measured(t, scorer, append(texts, labelled("I manage.", of(0.7), "")), false)
	baseline := found.Scorers[len(found.Scorers)-1]
	// Five of eight texts speak, two of them at the level .75.
	for m, want := range map[Metric]float64{Accuracy: 2.0 / 8, SpokenRecall: 1, NullRecall: 0, SpokenAUC: 0.5, LevelAUC: 0.5, MAE: (0.25 + 0 + 0.75 + 0.5 + 0.05) / 5} {
		if got := baseline.find(outcome.Confidence, All, m); got.Value == nil || math.Abs(*got.Value-want) > 1e-9 {
			t.Errorf("%s %v, want %.3f", m, got, want)
		}
	}
}

func TestIntervalsHoldTheValueAndRepeat(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	first, again := measured(t, scorer, texts, true), measured(t, scorer, texts, true)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	mae := first.Scorers[0].find(outcome.Confidence, All, MAE)
	if mae.N != 3 || mae.Low == nil || *mae.Low < 0.1-1e-9 || *mae.Low > *mae.Value || *mae.High < *mae.Value || *mae.High > 0.35+1e-9 {
		t.Errorf("MAE %v of %d texts, want an interval within .1 and .35 around it", mae, mae.N)
	}
}

func TestQuotesThatAreNotInTheTextAreToldOf(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	texts[1].Evidence = map[outcome.Dimension][]string{outcome.Confidence: {"I succeed."}}
	found := measured(t, scorer, texts, false)
	if found.Lost != 1 {
		t.Errorf("%d quotes were lost, want 1", found.Lost)
	}
	var b strings.Builder
	if err := found.Print(&b); err != nil || !strings.Contains(b.String(), "1 labelled quotes do not stand in their text") {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestSpansMeetWhereTheyShareHalfOfTheShorter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b outcome.Span
		want bool
	}{
		"the same":           {outcome.Span{Start: 0, End: 10}, outcome.Span{Start: 0, End: 10}, true},
		"one in the other":   {outcome.Span{Start: 0, End: 100}, outcome.Span{Start: 40, End: 50}, true},
		"half of the second": {outcome.Span{Start: 0, End: 10}, outcome.Span{Start: 6, End: 14}, true},
		"a space":            {outcome.Span{Start: 0, End: 10}, outcome.Span{Start: 9, End: 19}, false},
		"neighbours":         {outcome.Span{Start: 0, End: 10}, outcome.Span{Start: 10, End: 20}, false},
	} {
		if got := meet(c.a, c.b); got != c.want || meet(c.b, c.a) != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestGoalsSayByHowMuch(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	found, err := MeasureOutcomes(t.Context(), []Scorer{{"model", scorer}, {"lexicon", scorer.told}}, texts, false)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := found.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"met           confidence: spoken AUC: .917, goal at least .850, by .067",
		"met           confidence: spoken AUC above that of the lexicon: .083, goal at least .050, by .033",
		"missed        confidence: level AUC: .750, goal at least .850, by .100",
		"missed        confidence: level AUC above that of the lexicon: .000, goal at least .050, by .050",
		"missed        confidence: null recall: .667, goal at least .850, by .183",
		"missed        confidence: evidence precision: .667, goal at least .800, by .133",
		"not measured  confidence: spoken AUC of English above that of uk (goal: at most .050)",
		"not measured  lang_level_proxy: Spearman (goal: at least .600)",
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("%q is missing in\n%s", line, b.String())
		}
	}
}
