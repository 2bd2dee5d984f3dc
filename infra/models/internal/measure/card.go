package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
)

// Card is infra/models/scorecard.json: what each part measured when it was recorded, by the name of the part. A release of a model
// records it anew; until then nothing may fall below it.
type Card map[string]Part

// Part is what one version measured on one set of texts.
type Part struct {
	Version string              `json:"version"` // of the model or screener
	Figures map[string]Recorded `json:"figures"`
}

// Recorded is one figure.
type Recorded struct {
	Value float64 `json:"value"` // three decimals
	N     int     `json:"n"`     // texts it was measured on
	Lower bool    `json:"lower,omitempty"`
}

// The parts of the card.
const (
	OutcomesPart = "outcomes" // the seed set's test part
	SafetyPart   = "safety"   // the same of its safety texts, and the benign feedback
	PIIPart      = "pii"      // our own texts with PII
	PublicPart   = "public"   // public sets: HateCheck and OpenAI-1680, as far as nothing was trained on them
	PresidioPart = "presidio" // the public set of presidio-research
)

// ReadCard reads a scorecard.
func ReadCard(path string) (Card, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var card Card
	err = json.Unmarshal(body, &card)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return card, nil
}

// Record writes parts into the scorecard at path, and leaves its other parts.
func Record(path string, parts Card) error {
	card, err := ReadCard(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if card == nil {
		card = Card{}
	}
	maps.Copy(card, parts)
	return os.WriteFile(path, []byte(card.String()), 0o644)
}

// String is the card as JSON, one figure a line, so that a change of one figure is a change of one line.
func (c Card) String() string {
	var b strings.Builder
	b.WriteString("{")
	for i, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "%s\n  %s: {\n    \"version\": %s,\n    \"figures\": {", comma(i), quoted(name), quoted(c[name].Version))
		for j, figure := range slices.Sorted(maps.Keys(c[name].Figures)) {
			fmt.Fprintf(&b, "%s\n      %s: %s", comma(j), quoted(figure), quoted(c[name].Figures[figure]))
		}
		b.WriteString("\n    }\n  }")
	}
	b.WriteString("\n}\n")
	return b.String()
}

func comma(i int) string { return []string{"", ","}[min(i, 1)] }

func quoted(value any) string {
	body, err := json.Marshal(value)
	if err != nil {
		return "null" // no float here is infinite
	}
	return string(body)
}

// Put records a figure under name, unless it is not defined. lower says that a smaller one is better.
func (p Part) Put(name string, i Interval, lower bool) {
	if i.Value != nil {
		p.Figures[name] = Recorded{math.Round(*i.Value*1000) / 1000, i.N, lower}
	}
}

// Fallen tells what is worse than recorded: a figure below it by more than rounding, one that is measured no longer, or on other texts,
// and one that was never recorded.
func (p Part) Fallen(now Part) []string {
	const rounding = 0.0011
	var fallen []string
	for _, name := range slices.Sorted(maps.Keys(p.Figures)) {
		was := p.Figures[name]
		is, ok := now.Figures[name]
		worse := was.Value - is.Value
		if was.Lower {
			worse = -worse
		}
		switch {
		case !ok:
			fallen = append(fallen, name+" is not measured any more")
		case is.N != was.N:
			fallen = append(fallen, fmt.Sprintf("%s is measured on %d texts and was on %d: record it anew", name, is.N, was.N))
		case worse > rounding:
			fallen = append(fallen, fmt.Sprintf("%s is %.3f and was %.3f", name, is.Value, was.Value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now.Figures)) {
		if _, ok := p.Figures[name]; !ok {
			fallen = append(fallen, name+" was never recorded")
		}
	}
	return fallen
}

// onCard are the metrics of a scorer that the scorecard records.
var onCard = []Metric{SpokenAUC, LevelAUC, NullPrecision, NullRecall, MAE, EvidencePrecision, Spearman}

// Part is what the scorecard records of the first scorer; the number of texts is that of all judged ones.
func (o Outcomes) Part() Part {
	p := Part{o.Scorers[0].Version, map[string]Recorded{}}
	for _, f := range o.Scorers[0].Figures {
		if !slices.Contains(onCard, f.Metric) {
			continue
		}
		i := f.Interval
		for _, c := range o.Counts {
			if c.Dimension == f.Dimension && c.Language == f.Language {
				i.N = c.Judged
			}
		}
		p.Put(fmt.Sprintf("%s/%s/%s", f.Dimension, f.Language, f.Metric), i, f.Metric.Lower())
	}
	return p
}

// screenedOnCard are the metrics of each kind of row that the scorecard holds.
var screenedOnCard = map[string][]Metric{
	"all":           {Right, FalsePositives, Held},
	"category":      {Recall, FalsePositives, HarmAUC},
	"functionality": {Right},
	"group":         {FalsePositives, Held},
	"language":      {Right, FalsePositives},
}

// Part is what the scorecard records of the sets named.
func (s Screened) Part(sets ...string) Part {
	p := Part{s.Version, map[string]Recorded{}}
	for _, set := range s.Sets {
		if !slices.Contains(sets, set.Name) {
			continue
		}
		for _, row := range set.Rows {
			for _, m := range screenedOnCard[row.Kind] {
				p.Put(set.Name+"/"+row.name()+"/"+string(m), row.Figures[m], m.Lower())
			}
		}
	}
	return p
}

// name is what the scorecard calls the row.
func (r RowFigures) name() string {
	if r.Of == "" {
		return r.Kind
	}
	return r.Kind + "/" + r.Of
}
