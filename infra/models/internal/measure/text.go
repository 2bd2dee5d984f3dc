package measure

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
)

// Text is a text labelled for outcomes.
type Text struct {
	Text       string
	Lang       string // ISO 639-1, empty when the label does not say
	Kind       string // sentence or text, in the seed set
	Split      string // train, dev or test, in the seed set
	Labels     outcome.Labels
	Directions map[outcome.Dimension]outcome.Direction
	// Categories are harm that the text holds; feedback holds none unless it says so.
	Categories map[safety.Category]bool
	// Evidence are the quotes that prove each label; nil where nobody marked any in this text.
	Evidence map[outcome.Dimension][]string
}

// Texts reads a file, or every *.jsonl of a folder, of lines {"text", "lang"?, "labels": {dimension: number 0–1 or null}, "evidence"?:
// {dimension: [quote]}}. A dimension left out was not judged; other keys are ignored, but for kind, split, directions and
// categories of the seed set.
func Texts(path string) ([]Text, error) { return readAll(path, ParseText) }

// ParseText reads one line. Its error is Invalid and names each wrong field.
func ParseText(line []byte) (Text, error) {
	var raw struct {
		Text       *string
		Lang       *string
		Labels     map[string]json.RawMessage
		Evidence   map[string]json.RawMessage
		Kind       json.RawMessage
		Split      json.RawMessage
		Directions json.RawMessage
		Categories json.RawMessage
	}
	err := decode(line, &raw)
	if err != nil {
		return Text{}, err
	}
	var c fault.Checks
	t := Text{Kind: word(raw.Kind), Split: word(raw.Split)}
	t.Text = textOf(&c, raw.Text)
	t.Lang = langOf(&c, raw.Lang)
	c.That(raw.Labels != nil, "labels", "an object of dimensions, each a number from 0 to 1 or null")
	t.Labels = outcome.Labels{}
	for _, name := range slices.Sorted(maps.Keys(raw.Labels)) {
		d, ok := dimension(&c, "labels", name)
		if !ok {
			continue
		}
		var value *float64
		err := json.Unmarshal(raw.Labels[name], &value)
		if c.That(err == nil && (value == nil || *value >= 0 && *value <= 1), "labels."+name, "a number from 0 to 1, or null for not spoken of") {
			t.Labels[d] = value
		}
	}
	if raw.Evidence != nil {
		t.Evidence = map[outcome.Dimension][]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(raw.Evidence)) {
		d, ok := dimension(&c, "evidence", name)
		if !ok {
			continue
		}
		var quotes []string
		err := json.Unmarshal(raw.Evidence[name], &quotes)
		if c.That(err == nil && !slices.Contains(quotes, ""), "evidence."+name, "a list of quotes, none of them empty") && len(quotes) > 0 {
			t.Evidence[d] = quotes
		}
	}
	t.Directions = directionsOf(raw.Directions)
	_ = json.Unmarshal(raw.Categories, &t.Categories)
	return t, c.Err("the labelled text cannot be read")
}

func textOf(c *fault.Checks, text *string) string {
	if !c.That(text != nil && strings.TrimSpace(*text) != "", "text", "a string that is not empty") {
		return ""
	}
	return *text
}

func langOf(c *fault.Checks, tag *string) string {
	if tag == nil {
		return ""
	}
	code, ok := language(*tag)
	c.That(ok, "lang", "a language code such as en, no or uk")
	return code
}

func dimension(c *fault.Checks, field, name string) (outcome.Dimension, bool) {
	d := outcome.Dimension(name)
	known := slices.Contains(outcome.Dimensions, d)
	return d, c.That(known, field+"."+shown(name), fmt.Sprintf("one of the dimensions %v", outcome.Dimensions))
}

// shown is a key as an error may repeat it.
func shown(key string) string {
	if r := []rune(key); len(r) > 40 {
		key = string(r[:40]) + "…"
	}
	return strings.Trim(fmt.Sprintf("%q", key), `"`)
}

// word is a key that is ours alone: whatever else somebody keeps under its name is no error.
func word(raw json.RawMessage) string {
	var said string
	_ = json.Unmarshal(raw, &said)
	return said
}

func directionsOf(raw json.RawMessage) map[outcome.Dimension]outcome.Direction {
	var said map[outcome.Dimension]outcome.Direction
	_ = json.Unmarshal(raw, &said)
	maps.DeleteFunc(said, func(d outcome.Dimension, told outcome.Direction) bool {
		return !slices.Contains(outcome.Dimensions, d) || told != outcome.Gain && told != outcome.Loss && told != outcome.State
	})
	return said
}
