package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
	"github.com/teei/csr-platform/shared/adapter/localmodel/sentences"
)

// text is one line of texts.jsonl, what teach.py and student.py learn from.
type text struct {
	Text   string  `json:"text"`
	Lang   string  `json:"lang"`
	Kind   kind    `json:"kind"`
	Fold   int     `json:"fold"`   // -1: in none
	Pieces []int32 `json:"pieces"` // as the small network reads it
	Goals  []goal  `json:"goals"`  // what is known of it
}

type kind string

const (
	seed    kind = "seed"    // sentences of the seed set
	harmed  kind = "harm"    // its texts for safety
	public  kind = "public"  // labelled texts of the public sets
	row     kind = "row"     // texts without labels
	word    kind = "word"    // common words
	variant kind = "variant" // seed and harm, changed
)

const (
	folds    = 3
	variants = 6 // of each of our own texts
)

// texts collects what is learnt from.
type texts struct {
	table *encoder.Table
	all   []text
}

func (t *texts) add(k kind, lang, s string, fold int, goals []goal) {
	one := text{Text: s, Lang: lang, Kind: k, Fold: fold, Goals: goals, Pieces: t.table.Tokens(nil, s, encoder.MaxTokens)}
	if len(one.Pieces) > 0 {
		t.all = append(t.all, one)
	}
}

// examples writes every text to learn from with what is known of it. The test part is left out.
func examples(table *encoder.Table, work string, items []item, harms []harm, log *slog.Logger) error {
	var words, rows [][]string
	err := errors.Join(read(work, "words.json", &words), read(work, "rows.json", &rows))
	if err != nil {
		return err
	}
	t := &texts{table: table}
	t.own(items, harms)
	for _, r := range rows {
		t.add(row, r[0], r[2], -1, nil)
	}
	for _, w := range words {
		t.add(word, w[0], w[1], -1, nil)
	}
	vs, err := vectors(filepath.Join(work, "words.npy"))
	if err != nil {
		return err
	}
	centre(vs, func(i int) string { return words[i][0] })
	t.vary(vocabularies(words, vs))
	log.Info("texts to learn from", slog.Int("n", len(t.all)))
	return write(filepath.Join(work, "texts.jsonl"), t.all)
}

// own adds what is labelled.
func (t *texts) own(items []item, harms []harm) {
	harmless := harmGoals(harm{Categories: none()}, 0.3) // as feedback is
	for _, s := range sentenceItems(items) {
		if s.Split != "test" {
			t.add(seed, s.Lang, s.Text, fold(s.key(), folds), append(goals(s), harmless...))
		}
	}
	for _, h := range harms {
		if h.public {
			t.add(public, h.Lang, h.Text, -1, harmGoals(h, h.weight))
			continue
		}
		t.add(harmed, h.Lang, h.Text, fold(h.key(), folds), harmGoals(h, h.weight))
	}
	for _, h := range harms { // a screener reads sentence by sentence too
		parts := sentences.Split(h.Text)
		for _, p := range parts {
			if len(parts) > 1 {
				t.add(row, h.Lang, h.Text[p.Start:p.End], -1, nil)
			}
		}
	}
	for _, i := range items { // and whole texts
		if i.Kind == "text" && i.Split != "test" && len(i.Text) < 600 {
			t.add(row, i.Lang, i.Text, -1, harmless)
		}
	}
}

// vary adds variants of our own texts, in the languages whose words are known.
func (t *texts) vary(known map[string]*vocabulary) {
	own := map[string][]text{}
	for _, x := range t.all {
		if x.Kind == seed || x.Kind == harmed {
			own[x.Lang] = append(own[x.Lang], x)
		}
	}
	r := rand.New(rand.NewPCG(5, 5))
	for _, lang := range slices.Sorted(maps.Keys(own)) {
		v := known[lang]
		if v == nil {
			continue
		}
		for _, x := range own[lang] {
			for range variants {
				other := own[lang][r.IntN(len(own[lang]))]
				if other.Kind != x.Kind || other.Fold != x.Fold {
					other = x
				}
				t.add(variant, lang, v.variant(x.Text, other.Text, r), x.Fold, nil)
			}
		}
	}
}

func write(name string, all []text) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for _, t := range all {
		err = e.Encode(t)
		if err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(b.Flush(), f.Close())
}
