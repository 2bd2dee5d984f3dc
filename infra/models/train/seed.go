package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// item is a labelled sentence or text of the seed set, as infra/models/seed keeps them.
type item struct {
	ID         string
	Lang       string
	Kind       string // sentence, text
	Split      string // train, dev, test
	Voice      string
	Persona    string
	Topic      string
	CEFR       string
	Text       string
	Labels     map[outcome.Dimension]*float64
	Directions map[outcome.Dimension]outcome.Direction
	Evidence   map[outcome.Dimension][]string
	Sentences  []item // of a text
}

// records reads every *.jsonl of a folder, in the order of their names.
func records[T any](folder string) ([]T, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no *.jsonl", folder)
	}
	slices.Sort(names)
	var out []T
	for _, name := range names {
		err := lines(name, func(b []byte) error {
			var one T
			err := json.Unmarshal(b, &one)
			out = append(out, one)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sentenceItems are the labelled sentences of items: single ones, and those of texts with their text's language and split.
func sentenceItems(items []item) []item {
	var out []item
	for _, i := range items {
		if i.Kind != "text" {
			out = append(out, i)
			continue
		}
		for _, s := range i.Sentences {
			s.Lang, s.Split, s.Persona, s.CEFR = i.Lang, i.Split, i.Persona, i.CEFR
			out = append(out, s)
		}
	}
	return out
}

// key is what stays together when items are parted: a persona, or before a colon the writer of several.
func (i item) key() string {
	writer, _, _ := strings.Cut(i.Persona, ":")
	return writer
}
