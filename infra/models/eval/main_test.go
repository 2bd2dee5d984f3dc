package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/teei/csr-platform/infra/models/internal/measure"
)

// TestTheModelDoesNotFallBelowTheScorecard is the gate of CI.
func TestTheModelDoesNotFallBelowTheScorecard(t *testing.T) {
	t.Parallel()
	texts, _, err := chosen(options{data: "../seed", split: "test"})
	card, unrecorded := measure.ReadCard("../scorecard.json")
	if err != nil {
		t.Fatal(err)
	}
	if unrecorded != nil {
		t.Fatalf("%v: `make eval RECORD=1` writes it", unrecorded)
	}
	measured, err := measure.MeasureOutcomes(t.Context(), scorers()[:1], texts, false)
	if err != nil {
		t.Fatal(err)
	}
	was, is := card[measure.OutcomesPart], measured.Part()
	for _, fallen := range was.Fallen(is) {
		t.Errorf("%s (version %s, recorded of %s; `make eval RECORD=1` records it anew)", fallen, is.Version, was.Version)
	}
}

// TestTheModelCardShowsWhatTheScorecardSays holds the card to the figures, and the figures to the weights that are there.
func TestTheModelCardShowsWhatTheScorecardSays(t *testing.T) {
	t.Parallel()
	err := measure.OutcomesBlock.Agree("../../..")
	if err != nil {
		t.Error(err)
	}
}

func mine(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mine.jsonl")
	lines := `{"text":"I am not afraid to speak any more.","lang":"en","labels":{"confidence":0.9},"evidence":{"confidence":["I am not afraid to speak any more."]}}
{"text":"The bus comes at nine.","lang":"en","labels":{"confidence":null,"belonging":null}}
{"text":"I am still afraid to speak.","lang":"en","split":"train","labels":{"confidence":0.2}}
`
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnybodysTextsAreMeasured(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out, options{data: mine(t)}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"3 texts: en 3", "spoken AUC", "majority", "Goals", "1 of these texts are of split train or dev"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is missing in\n%s", part, out.String())
		}
	}
}

func TestMachinesReadTheSameFigures(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out, options{data: mine(t), split: "train", json: true}); err != nil {
		t.Fatal(err)
	}
	var got measure.Outcomes
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Texts != 1 || len(got.Scorers) < 2 || got.Scorers[0].Name != "model" || got.Scorers[0].Version == "" || len(got.Scorers[0].Figures) == 0 {
		t.Errorf("%+v", got)
	}
}

func TestWhatCannotBeMeasuredIsToldOf(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]options{
		"a folder that is not there":    {data: filepath.Join(t.TempDir(), "absent")},
		"no text of the split":          {data: mine(t), split: "dev"},
		"recording somebody's texts":    {data: mine(t), record: true},
		"recording a part of the texts": {kind: "sentence", record: true},
	} {
		var out strings.Builder
		if err := run(t.Context(), &out, o); err == nil || out.Len() > 0 {
			t.Errorf("%s: %v, printed %q", name, err, out.String())
		}
	}
}
