package pii

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/infra/models/internal/measure"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// floor is what README.md says of a set, which the rules may pass and not fall below; the scorecard says the same of each kind.
type floor struct{ precision, recall, leak float64 }

func hold(t *testing.T, sets []Set, floors map[string]floor) {
	t.Helper()
	for _, set := range sets {
		all := compare(set.Texts, func(what string, tx Text, s safety.Span) { t.Logf("%s: %s %s", set.Name, what, s.Kind) })["all"]
		p, r, leak := ratio(all.right, all.found), ratio(all.covered, all.labelled), ratio(all.visible, all.characters)
		if f := floors[set.Name]; f == (floor{}) || p < f.precision || r < f.recall || leak > f.leak {
			t.Errorf("%s: precision %.3f, recall %.3f, leak %.3f; recorded are %v", set.Name, p, r, leak, f)
		}
	}
}

func ours(t *testing.T) []Set {
	t.Helper()
	sets, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

func TestOwnTextsAreFoundAsWellAsRecorded(t *testing.T) {
	t.Parallel()
	sets := ours(t)
	hold(t, sets, map[string]floor{"own-dev": {1, 1, 0}, "own-test": {0.98, 0.96, 0.04}})
	for _, set := range sets {
		for _, tx := range set.Texts {
			if found := safety.FindPII(tx.Text); len(tx.Spans) == 0 && len(found) > 0 {
				t.Errorf("%s: %q has no PII; found %v", set.Name, tx.Text, found)
			}
		}
	}
}

func TestPresidioIsFoundAsWellAsRecorded(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("DATA")
	if !Present(folder) {
		t.Skip("set DATA to the folder of presidio_synth_v2.json")
	}
	sets, err := Presidio(folder)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, sets, map[string]floor{"presidio-dev": {0.99, 0.93, 0.15}, "presidio-test": {0.99, 0.90, 0.19}})
}

func TestLabelsStandInTheirTexts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	languages := map[string]int{}
	for _, set := range ours(t) {
		for _, tx := range set.Texts {
			if seen[tx.Text] {
				t.Errorf("twice: %q", tx.Text)
			}
			seen[tx.Text] = true
			languages[tx.Lang]++
			for _, s := range tx.Spans {
				if s.Start < 0 || s.Start >= s.End || s.End > utf8.RuneCountInString(tx.Text) || counts()[s.Kind] == nil {
					t.Errorf("%q: label %v", tx.Text, s)
				}
			}
		}
	}
	if len(seen) < 300 || len(languages) < 7 {
		t.Errorf("%d texts in %d languages, want at least 300 in 7", len(seen), len(languages))
	}
}

// Of three texts one has an address that is found, one an address that is not, and one something that is taken for an address.
func TestTheScorecardHoldsEachKindOfASet(t *testing.T) {
	t.Parallel()
	set := Set{Name: "three", Texts: []Text{
		{Text: "Write to a@b.example please", Spans: []safety.Span{{Start: 9, End: 20, Kind: safety.Email}}},
		{Text: "Write to a at b", Spans: []safety.Span{{Start: 9, End: 15, Kind: safety.Email}}},
		{Text: "Write to c@d.example please"},
	}}
	half, none := measure.Recorded{Value: 0.5, N: 2}, measure.Recorded{Value: 0.5, N: 3}
	leaks := func(n int) measure.Recorded { return measure.Recorded{Value: 0.352941, N: n, Lower: true} }
	want := measure.Part{Version: "v", On: measure.On{Sets: map[string]measure.Items{"three": itemsOf(set.Texts)}}, Figures: map[string]measure.Recorded{
		"three/email/precision": half, "three/email/recall": half, "three/email/leak": leaks(2),
		"three/all/precision": none, "three/all/recall": none, "three/all/leak": leaks(3),
	}}
	if diff := cmp.Diff(want, Part("v", set)); diff != "" {
		t.Error(diff)
	}
}

func TestTheSumOfTextsIsAlsoOfWhatNeedNotBeFound(t *testing.T) {
	t.Parallel()
	spans := []safety.Span{{Start: 0, End: 4, Kind: safety.Address}}
	bare, beside := itemsOf([]Text{{Text: "Oslo"}}), itemsOf([]Text{{Text: "Oslo", beside: spans}})
	if bare.SHA256 == beside.SHA256 || bare.SHA256 != itemsOf([]Text{{Text: "Oslo"}}).SHA256 {
		t.Errorf("%v and %v", bare, beside)
	}
}

func TestWhereTheDataSetIsNotNothingIsMeasured(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := Presidio(folder); err == nil || Present(folder) || !strings.Contains(err.Error(), "presidio_synth_v2.json") {
		t.Errorf("%v, want to be told which file is missing", err)
	}
}
