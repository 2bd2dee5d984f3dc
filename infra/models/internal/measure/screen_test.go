package measure

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// screened is a screener that finds in each text what it was told to.
type screened map[string][]safety.Finding

func (s screened) Screen(_ context.Context, in safety.Request) (safety.Screening, error) {
	return safety.Screening{Version: "told-1", Findings: s[in.Text]}, nil
}

// estimating also tells how likely violence is.
type estimating struct {
	screened
	likely map[string]float64
}

func (s estimating) Likely(text string) map[safety.Category]float64 {
	return map[safety.Category]float64{safety.Violence: s.likely[text]}
}

func finding(c safety.Category, sure float64, reported bool) []safety.Finding {
	return []safety.Finding{{Category: c, Confidence: sure, Reported: reported}}
}

// harm is a text with category c, judged for self-harm, violence and hate; empty for none.
func harm(text string, c safety.Category) Harm {
	h := Harm{Text: text, Lang: "en", Categories: map[safety.Category]bool{safety.SelfHarm: false, safety.Violence: false, safety.Hate: false}}
	if c != "" {
		h.Categories[c] = true
	}
	return h
}

// eightTexts are few enough to compute every figure by hand.
func eightTexts() ([]Harm, screened) {
	texts := []Harm{
		harm("threat", safety.Violence), harm("threat taken for a report", safety.Violence), harm("report taken for a threat", safety.Violence),
		harm("wish to die", safety.SelfHarm), harm("woman", ""), harm("woman flagged", ""), harm("war", ""),
		{Text: "unjudged", Lang: "en", Categories: map[safety.Category]bool{safety.Hate: false}},
	}
	texts[2].Reported = true
	texts[4].Group, texts[5].Group = "women", "women"
	for i := range texts {
		texts[i].Functionality = "threats"
	}
	texts[4].Functionality, texts[5].Functionality = identity, identity
	return texts, screened{
		"threat":                    finding(safety.Violence, 0.9, false),
		"threat taken for a report": finding(safety.Violence, 0.6, true),
		"report taken for a threat": finding(safety.Violence, 0.8, false),
		"wish to die":               finding(safety.SelfHarm, 0.7, true),
		"woman flagged":             finding(safety.Hate, 0.3, false),
		"war":                       finding(safety.Violence, 0.65, true),
		"unjudged":                  finding(safety.Violence, 0.9, false),
	}
}

func TestSafetyFiguresAreThoseComputedByHand(t *testing.T) {
	t.Parallel()
	texts, screener := eightTexts()
	found, err := MeasureSafety(t.Context(), screener, []Set{{"own", texts}}, false)
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ kind, of string }
	want := map[row]map[Metric]float64{
		// Right: the threat, the wish to die, the first woman, the war that is only reported, and the one not judged for violence. Of the four
		// benign texts one is flagged; the war and the unjudged are held, the hate of .3 is not.
		{"all", ""}: {Right: 5.0 / 8, FalsePositives: 1.0 / 4, Held: 2.0 / 4},
		// Judged: all but the last. AUC .9, .8, .6 against .65 and three 0: .6 lies below .65. Above .65 are two of three.
		{"category", "violence"}:     {Recall: 1, FalsePositives: 1.0 / 4, Precision: 3.0 / 4, HarmAUC: 11.0 / 12, RecallAt2: 2.0 / 3},
		{"category", "self_harm"}:    {Recall: 1, FalsePositives: 0, Precision: 1, HarmAUC: 1, RecallAt2: 1},
		{"functionality", "threats"}: {Right: 4.0 / 6, FalsePositives: 0, Held: 1},
		{"functionality", identity}:  {Right: 1.0 / 2, FalsePositives: 1.0 / 2, Held: 0},
		{"group", "women"}:           {Right: 1.0 / 2, FalsePositives: 1.0 / 2, Held: 0},
		{"language", "en"}:           {Right: 5.0 / 8, FalsePositives: 1.0 / 4, Held: 2.0 / 4},
	}
	got := map[row]map[Metric]float64{}
	for _, r := range found.Sets[0].Rows {
		values := map[Metric]float64{}
		for m, i := range r.Figures {
			if i.Value != nil {
				values[m] = *i.Value
			}
		}
		got[row{r.Kind, r.Of}] = values
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
	var b strings.Builder
	if err := found.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"met           own: self-harm recall, 2 % false positives among its other texts: 1.000, goal at least .900, by .100",
		"missed        own: identity_mention flagged: .500, goal at most .020, by .480",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("%q is missing in\n%s", line, b.String())
		}
	}
}

func TestAnEstimatorRanksWhatItDoesNotFind(t *testing.T) {
	t.Parallel()
	texts, screener := eightTexts()
	delete(screener, "threat taken for a report")
	likely := map[string]float64{"threat": 0.9, "threat taken for a report": 0.5, "report taken for a threat": 0.8, "war": 0.4}
	benign := Set{Benign, []Harm{harm("quiet", ""), harm("loud", "")}}
	likely["loud"] = 0.85
	found, err := MeasureSafety(t.Context(), estimating{screener, likely}, []Set{{"own", texts}, benign}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range found.Sets[0].Rows {
		if r.Of != "violence" {
			continue
		}
		want := map[Metric]float64{Recall: 2.0 / 3, HarmAUC: 1, RecallAt2: 1, RecallBenign: 1.0 / 3} // above .85 lies .9 alone
		for m, value := range want {
			if math.Abs(*r.Figures[m].Value-value) > 1e-9 {
				t.Errorf("%s %v, want %.3f", m, r.Figures[m], value)
			}
		}
	}
}

func TestPublicTextsAreSplitAsTheTrainingSplitsThem(t *testing.T) {
	t.Parallel()
	// FNV-1a, 32 bits: of "" 0x811c9dc5, of "a" 0xe40c292c, of "b" 0xe70c2de5 (the reference vectors); modulo 5: 1, 0, 2.
	for of, want := range map[string]bool{"": true, "a": true, "b": false} {
		if got := LeftOut(of); got != want {
			t.Errorf("%q: %v, want %v", of, got, want)
		}
	}
}

func TestPublicSetsAreRead(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "..", "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(folder, "moderation")); err != nil {
		t.Skipf("the public sets were not read: %v", err)
	}
	sets, err := Public(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		counts := map[safety.Category]int{}
		for _, h := range set.Texts {
			for c, is := range h.Categories {
				if is {
					counts[c]++
				}
			}
		}
		if len(set.Texts) < 600 || counts[safety.Hate] < 50 {
			t.Errorf("%s: %d texts, %v", set.Name, len(set.Texts), counts)
		}
	}
}

func TestFeedbackIsBenignUnlessItSaysOtherwise(t *testing.T) {
	t.Parallel()
	calm, err := ParseText([]byte(`{"text":"a","lang":"en","labels":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	grave, err := ParseText([]byte(`{"text":"b","labels":{},"categories":{"self_harm":true}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := BenignOf([]Text{calm, grave})
	if got[0].harmful() || len(got[0].Categories) != len(safety.Categories)-1 || !got[1].harmful() || !got[1].Categories[safety.SelfHarm] {
		t.Errorf("%v", got)
	}
}
