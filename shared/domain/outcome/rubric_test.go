package outcome_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// digests are those of every version there was. One that stands here is never changed: a changed rubric is a new version and a new line,
// and labels, models and scores made by the old one stay its.
var digests = map[string]string{
	"q2q-rubric-1": "05c4e4479c80eb32786656a5ccdcd38103e0e4925651fbf164a41426a565aa7e",
}

func TestAChangedRubricHasANewVersion(t *testing.T) {
	t.Parallel()
	rubric := outcome.CurrentRubric()
	if got, want := rubric.Digest(), digests[outcome.RubricVersion]; rubric.Version != outcome.RubricVersion || got != want {
		t.Errorf("rubric %s has the digest %s, expected %q: give what was changed a new version", rubric.Version, got, want)
	}
}

func TestTheDigestSeesEveryWord(t *testing.T) {
	t.Parallel()
	digest := outcome.CurrentRubric().Digest()
	for name, change := range map[string]func(*outcome.Rubric){
		"a rule":       func(r *outcome.Rubric) { r.Rules[0] += "." },
		"a direction":  func(r *outcome.Rubric) { r.Directions[2].Meaning = "" },
		"a definition": func(r *outcome.Rubric) { r.Dimensions[1].Definition += " " },
		"what counts":  func(r *outcome.Rubric) { r.Dimensions[0].Counts[1] = "x" },
		"what not":     func(r *outcome.Rubric) { r.Dimensions[4].DoesNotCount = nil },
		"an example":   func(r *outcome.Rubric) { r.Dimensions[3].Anchors[4].Examples[3].Text += "!" },
		"a language":   func(r *outcome.Rubric) { r.Dimensions[3].Anchors[4].Examples[3].Language = "de" },
		"a level":      func(r *outcome.Rubric) { r.Dimensions[2].CEFR[0].Value = 0.15 },
	} {
		rubric := outcome.CurrentRubric()
		change(&rubric)
		if rubric.Digest() == digest {
			t.Errorf("%s was changed and the digest was not", name)
		}
	}
	renamed := outcome.CurrentRubric()
	renamed.Version = "another"
	if renamed.Digest() != digest {
		t.Error("the digest is of the version too: then no two versions could be compared")
	}
}

func TestEveryDimensionIsAnchoredByExamples(t *testing.T) {
	t.Parallel()
	rubric := outcome.CurrentRubric()
	var order []outcome.Dimension
	seen := map[string]bool{}
	for _, c := range rubric.Dimensions {
		order = append(order, c.Dimension)
		if c.Definition == "" || len(c.Counts) == 0 || len(c.DoesNotCount) == 0 {
			t.Errorf("%s: a definition, what counts or what does not is missing", c.Dimension)
		}
		for i, a := range c.Anchors {
			if outcome.LevelOf(a.Value) != i || a.Value != float64(i)/4 {
				t.Errorf("%s: anchor %d is at %v", c.Dimension, i, a.Value)
			}
			languages := map[string]int{}
			for _, e := range a.Examples {
				languages[e.Language]++
				cyrillic := strings.ContainsFunc(e.Text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
				if len(e.Text) < 10 || seen[e.Text] || cyrillic != (e.Language == "uk") {
					t.Errorf("%s at %v: %q is short, there already, or not in %s", c.Dimension, a.Value, e.Text, e.Language)
				}
				seen[e.Text] = true
			}
			if languages["en"] < 2 || languages["no"] < 1 || languages["uk"] < 1 {
				t.Errorf("%s at %v: examples in %v, expected two English ones, a Norwegian and a Ukrainian one", c.Dimension, a.Value, languages)
			}
		}
		if (c.CEFR != nil) != (c.Dimension == outcome.LangLevelProxy) || !slices.IsSortedFunc(c.CEFR, func(a, b outcome.CEFR) int { return int(1000 * (a.Value - b.Value)) }) {
			t.Errorf("%s: CEFR levels %v", c.Dimension, c.CEFR)
		}
	}
	if !slices.Equal(order, outcome.Dimensions) {
		t.Errorf("dimensions %v, expected the agreed order", order)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, " \n\t": 0, "🎉 – !": 0, "one": 1, "I  am\u00a0here 👍": 3, "сім'я тут, 2 роки": 4, "أشعر بالثقة الآن": 3,
	} {
		if got := outcome.Words(text); got != want {
			t.Errorf("%q has %d words, expected %d", text, got, want)
		}
	}
}
