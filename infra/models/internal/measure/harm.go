package measure

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
)

// Harm is a text labelled for safety.
type Harm struct {
	Text          string
	Lang          string // ISO 639-1, empty when the label does not say
	Split         string // train, dev or test, in the seed set
	Categories    map[safety.Category]bool
	Reported      bool   // the harm is told of by somebody it happened to or who saw it, quoted or spoken against
	Group         string // whom an identity mention is about
	Functionality string // what the text tests
}

// Harms reads a file, or every *.jsonl of a folder, of lines {"text", "lang"?, "categories": {category: bool}, "group"?, "functionality"?,
// "reported"?}. A category left out was not judged; other keys are ignored.
func Harms(path string) ([]Harm, error) { return readAll(path, ParseHarm) }

// ParseHarm reads one line. Its error is Invalid and names each wrong field.
func ParseHarm(line []byte) (Harm, error) {
	var raw struct {
		Text          *string
		Lang          *string
		Categories    map[string]json.RawMessage
		Reported      *bool
		Group         *string
		Functionality *string
		Split         json.RawMessage
	}
	err := decode(line, &raw)
	if err != nil {
		return Harm{}, err
	}
	var c fault.Checks
	h := Harm{Split: word(raw.Split), Categories: map[safety.Category]bool{}}
	h.Text = textOf(&c, raw.Text)
	h.Lang = langOf(&c, raw.Lang)
	c.That(raw.Categories != nil, "categories", "an object of categories, each true or false")
	for _, name := range slices.Sorted(maps.Keys(raw.Categories)) {
		category := safety.Category(name)
		if !c.That(slices.Contains(safety.Categories, category), "categories."+shown(name), fmt.Sprintf("one of the categories %v", safety.Categories)) {
			continue
		}
		var is *bool
		err := json.Unmarshal(raw.Categories[name], &is)
		if c.That(err == nil && is != nil, "categories."+name, "true or false") {
			h.Categories[category] = *is
		}
	}
	if raw.Reported != nil {
		h.Reported = *raw.Reported
	}
	if raw.Group != nil {
		h.Group = *raw.Group
	}
	if raw.Functionality != nil {
		h.Functionality = *raw.Functionality
	}
	return h, c.Err("the labelled text cannot be read")
}

// harmful says whether the text has one of the categories it was judged for.
func (h Harm) harmful() bool { return slices.Contains(slices.Collect(maps.Values(h.Categories)), true) }
