package measure

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Where figures are kept, from the root of the repository.
const (
	scorecard = "infra/models/scorecard.json"
	modelCard = "infra/models/card.md"
	weights   = "shared/adapter/localmodel/weights.bin"
)

// Block is a part of the model card between the lines <!-- name --> and <!-- /name -->, which shows what the scorecard says.
type Block struct {
	name  string
	make  string   // the command that records it
	parts []string // of the scorecard
	show  func(Card) string
	goals func(Card) []Goal
}

// The blocks of the model card.
var (
	OutcomesBlock = Block{"eval", "make eval RECORD=1", []string{OutcomesPart}, showOutcomes, func(c Card) []Goal { return c[OutcomesPart].outcomes().Goals }}
	SafetyBlock   = Block{"eval-safety", "make eval-safety RECORD=1", []string{SafetyPart, PublicPart, PIIPart, PresidioPart}, showSafety, func(c Card) []Goal { return screenedAs(c[SafetyPart], c[PublicPart]).Goals }}
)

// find is where in card the block's content begins and ends, behind the line of its beginning and before that of its end.
func (b Block) find(card string) (from, to int, err error) {
	begin, end := "<!-- "+b.name+" -->\n", "<!-- /"+b.name+" -->\n"
	from, to = strings.Index("\n"+card, "\n"+begin)+len(begin), strings.Index("\n"+card, "\n"+end)
	if strings.Count(card, begin) != 1 || strings.Count(card, end) != 1 || from < len(begin) || to < from {
		return 0, 0, fmt.Errorf("%s: expected the lines %s and %s, each once and in this order, around what is recorded", modelCard, begin[:len(begin)-1], end[:len(end)-1])
	}
	return from, to, nil
}

// text is the content of the block.
func (b Block) text(c Card) string { return "```\n" + b.show(c) + "```\n" }

// Recording is a measurement that goes into the scorecard and the model card.
type Recording struct {
	root, day, weights, fallen string
	block                      Block
}

// Record begins a recording, before anything is measured: it fails where the model card has no place for the block. root is the repository;
// fallen says why figures may be worse than those recorded before, and goes into the card where one is.
func Record(root string, b Block, fallen string, now time.Time) (Recording, error) {
	card, err := os.ReadFile(filepath.Join(root, modelCard))
	if err != nil {
		return Recording{}, err
	}
	_, _, err = b.find(string(card))
	if err != nil {
		return Recording{}, err
	}
	sum, err := sumOf(root)
	return Recording{root, now.UTC().Format(time.DateOnly), sum, fallen, b}, err
}

// sumOf is the SHA-256 of the weights.
func sumOf(root string) (string, error) {
	body, err := os.ReadFile(filepath.Join(root, weights))
	return fmt.Sprintf("%x", sha256.Sum256(body)), err
}

// Keep writes parts into the scorecard, whose other parts stay, and what the block shows of it into the model card. Where a figure is worse than the
// one recorded before and nobody said why, it writes nothing and says which.
func (r Recording) Keep(parts Card) error {
	before, err := with(filepath.Join(r.root, scorecard), nil)
	if err != nil {
		return err
	}
	for name, p := range parts {
		p.On.Day, p.On.Weights = r.day, r.weights
		if was, recorded := before[name]; recorded {
			fallen := was.Fallen(p)
			if len(fallen) > 0 && r.fallen == "" {
				return fmt.Errorf("%s: worse than recorded, or not comparable, and nothing was written; `%s WHY=\"…\"` says why in the card:\n  %s", name, r.block.make, strings.Join(fallen, "\n  "))
			}
			if len(fallen) > 0 {
				p.On.Fallen = r.fallen
			}
		}
		parts[name] = p
	}
	figures, err := with(filepath.Join(r.root, scorecard), parts)
	if err != nil {
		return err
	}
	path := filepath.Join(r.root, modelCard)
	card, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	from, to, err := r.block.find(string(card))
	if err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(r.root, scorecard), []byte(figures.String()), 0o644)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(string(card[:from])+r.block.text(figures)+string(card[to:])), 0o644)
}

// Agree says whether the model card shows what the scorecard says, of the weights that are there now, and says outside of the blocks of every goal that
// is missed, by its name between backquotes, why it is and what would close it.
func (b Block) Agree(root string) error {
	figures, err := ReadCard(filepath.Join(root, scorecard))
	if err != nil {
		return err
	}
	card, err := os.ReadFile(filepath.Join(root, modelCard))
	if err != nil {
		return err
	}
	from, to, err := b.find(string(card))
	if err != nil {
		return err
	}
	sum, err := sumOf(root)
	if err != nil {
		return err
	}
	var wrong []error
	if shown := string(card[from:to]); shown != b.text(figures) {
		wrong = append(wrong, fmt.Errorf("%s: what stands at <!-- %s --> is not what %s says, from %q on: `%s` writes both", modelCard, b.name, scorecard, differ(shown, b.text(figures)), b.make))
	}
	for _, name := range b.parts {
		if was := figures[name].On.Weights; was != sum {
			wrong = append(wrong, fmt.Errorf("%s: %s was measured of the weights %.12s…, and those in %s are %.12s…: `%s` measures them", scorecard, name, was, weights, sum, b.make))
		}
	}
	for _, g := range b.goals(figures) {
		if g.By != nil && *g.By < 0 && !strings.Contains(string(card), "`"+g.What+"`") {
			wrong = append(wrong, fmt.Errorf("%s: the goal `%s` is missed: write under its name why, and what would close it", modelCard, g.What))
		}
	}
	return errors.Join(wrong...)
}

// differ is the first line of shown that is not so in want.
func differ(shown, want string) string {
	lines := strings.Split(want, "\n")
	for i, line := range strings.Split(shown, "\n") {
		if i >= len(lines) || line != lines[i] {
			return line
		}
	}
	return ""
}
