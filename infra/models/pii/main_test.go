package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// TestOwnTextsAreFoundAsWellAsRecorded holds the rules to the figures of README.md, which they may pass and not fall below.
func TestOwnTextsAreFoundAsWellAsRecorded(t *testing.T) {
	t.Parallel()
	for half, floor := range map[string]struct{ precision, recall, leak float64 }{"dev": {1, 1, 0}, "test": {0.98, 0.96, 0.04}} {
		texts, err := ownTexts(half)
		if err != nil {
			t.Fatal(err)
		}
		all := measure(texts, func(what string, tx text, s safety.Span) { t.Logf("%s: %s %s %v", half, what, s.Kind, tx.Text) })["all"]
		p, r, leak := ratio(all.right, all.found), ratio(all.covered, all.labelled), ratio(all.visible, all.characters)
		if p < floor.precision || r < floor.recall || leak > floor.leak {
			t.Errorf("%s: precision %.3f, recall %.3f, leak %.3f; recorded are %v", half, p, r, leak, floor)
		}
		for _, tx := range texts {
			if found := safety.FindPII(tx.Text); len(tx.Spans) == 0 && len(found) > 0 {
				t.Errorf("%s: %q has no PII; found %v", half, tx.Text, found)
			}
		}
	}
}

func TestLabelsStandInTheirTexts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	languages := map[string]int{}
	for _, half := range []string{"dev", "test"} {
		texts, err := ownTexts(half)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range texts {
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

func TestPresidioIsFoundAsWellAsRecorded(t *testing.T) {
	t.Parallel()
	file := presidioFile(os.Getenv("DATA"))
	if !exists(file) {
		t.Skip("set DATA to the folder of presidio_synth_v2.json")
	}
	halves, err := presidioTexts(file)
	if err != nil {
		t.Fatal(err)
	}
	for half, floor := range map[string]struct{ precision, recall, leak float64 }{"dev": {0.99, 0.93, 0.15}, "test": {0.99, 0.90, 0.19}} {
		all := measure(halves[half], func(string, text, safety.Span) {})["all"]
		p, r, leak := ratio(all.right, all.found), ratio(all.covered, all.labelled), ratio(all.visible, all.characters)
		if p < floor.precision || r < floor.recall || leak > floor.leak {
			t.Errorf("%s: precision %.3f, recall %.3f, leak %.3f; recorded are %v", half, p, r, leak, floor)
		}
	}
}

func TestRunSaysWhatItDidNotMeasure(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(&out, "", ""); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "presidio: not measured") || !strings.Contains(out.String(), "own-test: 159 texts") {
		t.Errorf("the report: %s", out.String())
	}
	if err := run(&out, t.TempDir(), ""); err == nil {
		t.Error("a folder without the data set was accepted")
	}
}
