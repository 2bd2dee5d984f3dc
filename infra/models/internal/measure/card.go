package measure

import (
	"crypto/sha256"
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
// records it anew; until then nothing may fall below it. The model card shows it (Block).
type Card map[string]Part

// Part is what one version measured on one set of texts.
type Part struct {
	Version string              `json:"version"` // of the model or screener
	On      On                  `json:"on"`
	Figures map[string]Recorded `json:"figures"`          // nothing may fall below these
	Beside  map[string]Recorded `json:"beside,omitempty"` // shown on the model card beside them, and held to nothing
}

// On is what was measured, and when.
type On struct {
	Day     string           `json:"day,omitempty"`     // YYYY-MM-DD in UTC
	Weights string           `json:"weights,omitempty"` // SHA-256 of weights.bin, hexadecimal
	Sets    map[string]Items `json:"sets,omitempty"`    // the texts, by the name of their set
	Fallen  string           `json:"fallen,omitempty"`  // why figures were recorded that are worse than those before
}

// Items is a set of labelled texts.
type Items struct {
	Texts  int    `json:"texts"`
	SHA256 string `json:"sha256"` // hexadecimal; the order of the texts changes nothing
}

// ItemsOf sums up labelled texts: each as JSON, with everything that figures rest on, a line each, in the order of the lines' bytes.
func ItemsOf[T any](texts []T) Items {
	lines := make([]string, len(texts))
	for i, t := range texts {
		lines[i] = quoted(t) + "\n"
	}
	slices.Sort(lines)
	return Items{len(texts), fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, ""))))}
}

// Recorded is one figure.
type Recorded struct {
	Value float64  `json:"value"` // six decimals, as its interval
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
	N     int      `json:"n"` // texts that it rests on: of a figure of levels, those that speak of the dimension
	Lower bool     `json:"lower,omitempty"`
}

func (r Recorded) interval() Interval { return Interval{r.N, &r.Value, r.Low, r.High} }

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

// with is the scorecard at path with parts in place of those of their names; one that is not there yet is empty.
func with(path string, parts Card) (Card, error) {
	card, err := ReadCard(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if card == nil {
		card = Card{}
	}
	maps.Copy(card, parts)
	return card, nil
}

// String is the card as JSON, one figure a line, so that a change of one figure is a change of one line.
func (c Card) String() string {
	var b strings.Builder
	b.WriteString("{")
	for i, name := range slices.Sorted(maps.Keys(c)) {
		p := c[name]
		fmt.Fprintf(&b, "%s\n  %s: {\n    \"version\": %s,\n    \"on\": %s", comma(i), quoted(name), quoted(p.Version), quoted(p.On))
		p.write(&b, "figures", p.Figures)
		if len(p.Beside) > 0 {
			p.write(&b, "beside", p.Beside)
		}
		b.WriteString("\n  }")
	}
	b.WriteString("\n}\n")
	return b.String()
}

func (p Part) write(b *strings.Builder, key string, figures map[string]Recorded) {
	fmt.Fprintf(b, ",\n    %s: {", quoted(key))
	for i, name := range slices.Sorted(maps.Keys(figures)) {
		fmt.Fprintf(b, "%s\n      %s: %s", comma(i), quoted(name), quoted(figures[name]))
	}
	b.WriteString("\n    }")
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
func (p Part) Put(name string, i Interval, lower bool) { put(p.Figures, name, i, lower) }

func put(figures map[string]Recorded, name string, i Interval, lower bool) {
	if i.Value != nil {
		figures[name] = Recorded{*sixth(i.Value), sixth(i.Low), sixth(i.High), i.N, lower}
	}
}

// sixth is x to six decimals: enough that no goal is met by rounding.
func sixth(x *float64) *float64 {
	if x == nil {
		return nil
	}
	short := math.Round(*x*1e6) / 1e6
	return &short
}

// Fallen tells what is worse than recorded: a figure below it by more than rounding, one that is measured no longer, and one that was never
// recorded. On other texts than the recorded ones nothing can be compared, and it tells that alone.
func (p Part) Fallen(now Part) []string {
	const rounding = 0.0011
	var fallen []string
	for _, name := range slices.Sorted(maps.Keys(now.On.Sets)) {
		if was, is := p.On.Sets[name], now.On.Sets[name]; was != is {
			fallen = append(fallen, fmt.Sprintf("%s are other texts than those recorded, %d and not %d or with other labels: record it anew", name, is.Texts, was.Texts))
		}
	}
	if len(fallen) > 0 {
		return fallen
	}
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

// held are the metrics of the first scorer that nothing may fall below, in every language.
var held = []Metric{SpokenAUC, LevelAUC, NullPrecision, NullRecall, MAE, EvidencePrecision, Spearman}

// ownTexts are the metrics that rest on the texts to which a scorer gives a value. Of two scorers these are different texts, so that the
// figures do not compare: those of the lexicon, which values few, are left out.
var ownTexts = []Metric{MAE, ECE, LevelAccuracy, QWK, DirectionAccuracy, Spearman}

// Part is what is recorded of the scorers: of the first, as <dimension>/<language>/<metric>, what must not fall and what is shown of the
// languages that must work as well as English; of another but the majority, with its name before, what compares over all languages.
func (o Outcomes) Part() Part {
	p := Part{o.Scorers[0].Version, On{Sets: map[string]Items{seedTest: o.Items}}, map[string]Recorded{}, map[string]Recorded{}}
	for place, s := range o.Scorers {
		for _, f := range s.Figures {
			name := fmt.Sprintf("%s/%s/%s", f.Dimension, f.Language, f.Metric)
			switch {
			case place == 0 && slices.Contains(held, f.Metric):
				p.Put(name, f.Interval, f.Metric.Lower())
			case place == 0 && slices.Contains(first, f.Language):
				put(p.Beside, name, f.Interval, f.Metric.Lower())
			case place > 0 && s.Name != Majority && f.Language == All && !slices.Contains(ownTexts, f.Metric):
				put(p.Beside, s.Name+"/"+name, f.Interval, f.Metric.Lower())
			}
		}
	}
	return p
}

// seedTest is what the scorecard calls the texts of its outcomes.
const seedTest = "seed set, test part"

// screenedHeld are the metrics of each kind of row that nothing may fall below.
var screenedHeld = map[string][]Metric{
	"all":           {Right, FalsePositives, Held},
	"category":      {Recall, FalsePositives, HarmAUC},
	"functionality": {Right},
	"group":         {FalsePositives, Held},
	"language":      {Right, FalsePositives},
}

// Part is what is recorded of the sets named, as <set>/<kind of row>/<of what>/<metric>.
func (s Screened) Part(sets ...string) Part {
	p := Part{s.Version, On{Sets: map[string]Items{}}, map[string]Recorded{}, map[string]Recorded{}}
	for _, set := range s.Sets {
		if !slices.Contains(sets, set.Name) {
			continue
		}
		p.On.Sets[set.Name] = set.Items
		for _, row := range set.Rows {
			for _, m := range screenColumns[row.Kind] {
				into := p.Beside
				if slices.Contains(screenedHeld[row.Kind], m) {
					into = p.Figures
				}
				put(into, set.Name+"/"+row.name()+"/"+string(m), row.Figures[m], m.Lower())
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
