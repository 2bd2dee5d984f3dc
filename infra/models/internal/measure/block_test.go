package measure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// repository is a root with weights and a model card.
func repository(t *testing.T, card string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{modelCard: card, weights: "weights"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// change replaces a part of a file of a repository.
func change(t *testing.T, root, name, from, to string) {
	t.Helper()
	path := filepath.Join(root, name)
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), from) {
		t.Fatalf("%s: there is no %q in\n%s", name, from, body)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(body), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

const places = "# Card\n\n<!-- eval -->\nold\n<!-- /eval -->\n\nBetween.\n\n<!-- eval-safety -->\n<!-- /eval-safety -->\n\n" + reasons + "After.\n"

// reasons are why the fixtures miss their goals.
const reasons = "Too few texts: `confidence: level AUC`, `confidence: level AUC above that of the lexicon`, `confidence: null precision`, `confidence: null recall`,\n" +
	"`confidence: evidence precision`, `own: identity_mention flagged`.\n"

// keep records what was measured of the seven and of the eight texts, late on the first of March in Oslo.
func keep(t *testing.T, root string) {
	t.Helper()
	texts, scorer := sevenTexts()
	outcomes, err := MeasureOutcomes(t.Context(), []Scorer{{model, scorer}, {"lexicon", scorer.told}}, texts, true)
	if err != nil {
		t.Fatal(err)
	}
	harms, screener := eightTexts()
	harms = append(harms, Harm{Text: "unheard", Lang: "no", Categories: unharmed(), Functionality: "benign/death", Group: "men"})
	safe, err := MeasureSafety(t.Context(), screener, []Set{{"own", harms}, {Benign, harms[4:5]}, {HateCheck, harms[:2]}}, true)
	if err != nil {
		t.Fatal(err)
	}
	pii := Part{Version: "told-1", On: On{Sets: map[string]Items{"own-test": {2, "ef"}}}, Figures: map[string]Recorded{
		"own-test/email/precision": {Value: 1, N: 2}, "own-test/email/recall": {Value: 0.5, N: 2}, "own-test/email/leak": {Value: 0.25, N: 2, Lower: true},
	}}
	for _, c := range []struct {
		block Block
		parts Card
	}{
		{OutcomesBlock, Card{OutcomesPart: outcomes.Part()}},
		{SafetyBlock, Card{SafetyPart: safe.Part("own", Benign), PublicPart: safe.Part(HateCheck), PIIPart: pii, PresidioPart: {}}},
	} {
		r, err := Record(root, c.block, "", time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("Oslo", 3600)))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Keep(c.parts); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheModelCardShowsWhatWasRecorded(t *testing.T) {
	t.Parallel()
	root := repository(t, places)
	keep(t, root)
	body, err := os.ReadFile(filepath.Join(root, modelCard))
	if err != nil {
		t.Fatal(err)
	}
	card := string(body)
	if strings.Contains(card, "old\n") || !strings.HasPrefix(card, "# Card\n\n<!-- eval -->\n```\n") || !strings.HasSuffix(card, "```\n<!-- /eval-safety -->\n\n"+reasons+"After.\n") ||
		!strings.Contains(card, "```\n<!-- /eval -->\n\nBetween.\n\n<!-- eval-safety -->\n```\n") {
		t.Errorf("what stands around the blocks was changed:\n%s", card)
	}
	squeezed := strings.Join(strings.Fields(card), " ")
	for _, want := range []string{
		// printf weights | sha256sum
		"told-1, weights.bin SHA-256 9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c, measured on 2026-02-28 (UTC) SHA-256 of texts: each with its labels as JSON, a line each, sorted. seed set, test part: 7 texts, SHA-256 ",
		"confidence n spoken spoken AUC null precision",
		"all model 7 4 .917 (",
		"lexicon 7 4 .833 (", // of spoken AUC: the same texts
		"confidence n level AUC n MAE ECE level accuracy QWK n direction",
		"all model 4 .750 (", // four speak
		"no model 1 0 –",     // of Norwegian nobody does
		"n evidence precision n evidence recall n any quote right",
		"level accuracy share put into the right one of the five levels", "any quote right share of", "direction share told", "spoken texts of n", "accuracy share of all judged",
		"missed confidence: level AUC above that of the lexicon: .000, goal at least .050, by .050",
		"own: 9 texts", "category n recall in use false positives in use precision in use AUC hypothetical: recall at 2 % hypothetical: recall, benign",
		"violence: with the thresholds in use 3 of 3 are found, and 1 of 5 others are taken for it",
		"benign/death 1 1.000", "men 1 .000", "own-test email 2 1.000 .500 .250", "own-test: 2 texts, SHA-256 ef",
		"missed own: identity_mention flagged: .500", "right of the texts, those flagged as labelled",
	} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("%q is missing in\n%s", want, card)
		}
	}
	for _, block := range []Block{OutcomesBlock, SafetyBlock} {
		if err := block.Agree(root); err != nil {
			t.Error(err)
		}
	}
	keep(t, root)
	again, err := os.ReadFile(filepath.Join(root, modelCard))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(card, string(again)); diff != "" {
		t.Errorf("recorded again: %s", diff)
	}
}

// TestTheLexiconIsNotComparedOnOtherTexts: it values others than the model, so its errors would not compare.
func TestTheLexiconIsNotComparedOnOtherTexts(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	found, err := MeasureOutcomes(t.Context(), []Scorer{{model, scorer}, {"lexicon", scorer.told}}, texts, false)
	if err != nil {
		t.Fatal(err)
	}
	p := found.Part()
	for _, m := range ownTexts {
		if got, ok := p.Beside["lexicon/confidence/all/"+string(m)]; ok {
			t.Errorf("%s of the lexicon is recorded: %+v", m, got)
		}
	}
	for _, m := range []Metric{SpokenAUC, LevelAUC} {
		own, other := p.Figures["confidence/all/"+string(m)], p.Beside["lexicon/confidence/all/"+string(m)]
		if own.N == 0 || own.N != other.N {
			t.Errorf("%s rests on %d texts, that of the lexicon on %d", m, own.N, other.N)
		}
	}
}

func TestWhatIsRecordedIsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	texts, scorer := sevenTexts()
	found, err := MeasureOutcomes(t.Context(), []Scorer{{model, scorer}, {"lexicon", scorer.told}}, texts, true)
	if err != nil {
		t.Fatal(err)
	}
	read := found.Part().outcomes()
	for i, g := range read.Goals {
		if i >= len(found.Goals) || g.String() != found.Goals[i].String() {
			t.Errorf("goal %d is %s", i+1, g)
		}
	}
	if diff := cmp.Diff(found.Counts[:2], read.Counts[:2]); diff != "" || len(read.Goals) != len(found.Goals) {
		t.Errorf("%d goals of %d; %s", len(read.Goals), len(found.Goals), diff)
	}
}

func TestADriftIsToldOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, from, to, want string }{
		"a figure of the card":      {modelCard, ".917 (", ".971 (", "what stands at <!-- eval --> is not what infra/models/scorecard.json says"},
		"a figure of the scorecard": {scorecard, `"confidence/all/spoken AUC": {"value":0.91`, `"confidence/all/spoken AUC": {"value":0.92`, "`make eval RECORD=1` writes both"},
		"the weights":               {weights, "weights", "others", "outcomes was measured of the weights 9a1290"},
		"the lines of the card":     {modelCard, "<!-- eval -->", "<!-- evil -->", "expected the lines <!-- eval --> and <!-- /eval -->"},
	} {
		root := repository(t, places)
		keep(t, root)
		change(t, root, c.file, c.from, c.to)
		if err := OutcomesBlock.Agree(root); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestWhatFellIsNotRecordedWithoutAWord: else the gate would hold until somebody records the next model.
func TestWhatFellIsNotRecordedWithoutAWord(t *testing.T) {
	t.Parallel()
	root := repository(t, places)
	keep(t, root)
	before, err := os.ReadFile(filepath.Join(root, scorecard))
	if err != nil {
		t.Fatal(err)
	}
	card, err := ReadCard(filepath.Join(root, scorecard))
	if err != nil {
		t.Fatal(err)
	}
	worse := card[OutcomesPart]
	const name = "confidence/all/spoken AUC"
	worse.Figures[name] = Recorded{Value: 0.5, N: worse.Figures[name].N}
	for _, c := range [][2]string{{"", name + " is 0.500 and was 0.917"}, {"harder texts", ""}} {
		why, want := c[0], c[1]
		r, err := Record(root, OutcomesBlock, why, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		err = r.Keep(Card{OutcomesPart: worse})
		if want == "" {
			if body, _ := os.ReadFile(filepath.Join(root, modelCard)); err != nil || !strings.Contains(string(body), "Some figures fell below those recorded before: harder texts\n") {
				t.Errorf("%v, and in the card\n%s", err, body)
			}
			continue
		}
		after, _ := os.ReadFile(filepath.Join(root, scorecard))
		if err == nil || !strings.Contains(err.Error(), want) || string(after) != string(before) {
			t.Errorf("%v, want %q and nothing written", err, want)
		}
	}
}

func TestAMissedGoalNeedsAReason(t *testing.T) {
	t.Parallel()
	root := repository(t, places)
	keep(t, root)
	const goal = "confidence: level AUC above that of the lexicon"
	change(t, root, modelCard, "`"+goal+"`", "")
	if err := OutcomesBlock.Agree(root); err == nil || !strings.Contains(err.Error(), "the goal `"+goal+"` is missed") {
		t.Errorf("%v, want it said that nobody says why", err)
	}
}

func TestACardWithoutAPlaceIsToldOfBeforeAnythingIsMeasured(t *testing.T) {
	t.Parallel()
	for name, card := range map[string]string{
		"no lines":      "# Card\n",
		"no end":        "<!-- eval -->\n",
		"no beginning":  "<!-- /eval -->\n",
		"turned around": "<!-- /eval -->\n<!-- eval -->\n",
		"twice":         places + places,
		"within a line": "See <!-- eval -->\n<!-- /eval -->\n",
		"the other's":   "<!-- eval-safety -->\n<!-- /eval-safety -->\n",
	} {
		_, err := Record(repository(t, card), OutcomesBlock, "", time.Now())
		if err == nil || !strings.Contains(err.Error(), "card.md: expected the lines <!-- eval --> and <!-- /eval -->") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
