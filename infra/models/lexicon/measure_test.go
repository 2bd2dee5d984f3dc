package lexicon_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/teei/csr-platform/infra/models/lexicon"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// labelled is one line of testdata/feedback.jsonl: a synthetic text and what a reader says it tells of its writer. A label is "+"
// (good), "-" (bad) or "±" (both); a dimension without a label is not spoken of. The rules were written on part "tune". Parts "first",
// "second" and "third" were written later, one after the other, and measured before anything was mended by them; what they measured then is
// in infra/decisions/0015. Now all four guard against going back. One author wrote them all, so other people's texts are scored
// less well than this table says.
type labelled struct {
	Part     string                       `json:"part"`
	Language string                       `json:"language"`
	Text     string                       `json:"text"`
	Labels   map[outcome.Dimension]string `json:"labels"`
}

func seeds(t testing.TB) []labelled {
	t.Helper()
	f, err := os.Open("testdata/feedback.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []labelled
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var one labelled
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// counts are how verdicts meet labels. A verdict of the wrong sign is both a false and a missed one.
type counts struct{ right, flipped, invented, missed, rightNull int }

func (c counts) precision() float64 { return ratio(c.right, c.right+c.flipped+c.invented) }
func (c counts) recall() float64    { return ratio(c.right, c.right+c.flipped+c.missed) }
func (c counts) nulls() float64     { return ratio(c.rightNull, c.rightNull+c.invented) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func (c *counts) add(label string, score outcome.Score, scored bool) {
	sign := "+"
	if score.Value < 0.5 {
		sign = "-"
	}
	switch {
	case label == "" && !scored:
		c.rightNull++
	case label == "":
		c.invented++
	case !scored:
		c.missed++
	case label == "±" || label == sign:
		c.right++
	default:
		c.flipped++
	}
}

// floors are a little below what was measured when the rules were last changed; -v prints the table.
var floors = map[string]struct{ precision, recall, nulls float64 }{
	"tune":   {0.98, 0.97, 0.99},
	"first":  {0.98, 0.97, 0.99},
	"second": {0.96, 0.96, 0.99},
	"third":  {0.96, 0.80, 0.99},
}

func TestScoresAgreeWithLabels(t *testing.T) {
	t.Parallel()
	model := lexicon.New()
	table := map[string]*counts{}
	at := func(name string) *counts {
		if table[name] == nil {
			table[name] = &counts{}
		}
		return table[name]
	}
	for _, s := range seeds(t) {
		got, err := model.Score(t.Context(), outcome.Request{Text: s.Text})
		if err != nil {
			t.Fatal(err)
		}
		if got.Language != s.Language {
			t.Logf("%s: language %q, labelled %q: %s", s.Part, got.Language, s.Language, s.Text)
			at(s.Part+" language").missed++
		} else {
			at(s.Part+" language").right++
		}
		for _, d := range outcome.Dimensions {
			if d == outcome.LangLevelProxy {
				continue
			}
			i := slices.IndexFunc(got.Scores, func(x outcome.Score) bool { return x.Dimension == d })
			var score outcome.Score
			if i >= 0 {
				score = got.Scores[i]
			}
			for _, name := range []string{s.Part, s.Part + " " + string(d), s.Part + " " + s.Language} {
				at(name).add(s.Labels[d], score, i >= 0)
			}
			var one counts
			one.add(s.Labels[d], score, i >= 0)
			if one.flipped+one.invented+one.missed > 0 {
				t.Logf("%s: %s labelled %q, scored %v %.3f: %s", s.Part, d, s.Labels[d], i >= 0, score.Value, s.Text)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-24s %5s %7s %8s %6s %9s %9s %6s\n", "", "right", "flipped", "invented", "missed", "precision", "recall", "nulls")
	for _, name := range slices.Sorted(maps.Keys(table)) {
		c := table[name]
		fmt.Fprintf(&b, "%-24s %5d %7d %8d %6d %9.3f %9.3f %6.3f\n", name, c.right, c.flipped, c.invented, c.missed, c.precision(), c.recall(), c.nulls())
	}
	t.Log(b.String())
	for part, floor := range floors {
		c := table[part]
		if c.precision() < floor.precision || c.recall() < floor.recall || c.nulls() < floor.nulls {
			t.Errorf("%s: precision %.3f, recall %.3f, nulls %.3f, want at least %+v", part, c.precision(), c.recall(), c.nulls(), floor)
		}
	}
}
