package main

import (
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"github.com/teei/csr-platform/infra/models/internal/tongues"
	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// languages trains what tells languages apart: on word lists strung together by frequency, on the public sentences, and on the seed set.
func languages(w *encoder.Writer, work string, items []item, log *slog.Logger) error {
	var frequencies map[string][][]any
	var rows [][]string
	err := errors.Join(read(work, "frequencies.json", &frequencies), read(work, "rows.json", &rows))
	if err != nil {
		return err
	}
	languages := slices.Sorted(maps.Keys(frequencies))
	r := rand.New(rand.NewPCG(1, 1))
	var examples []tongues.Example
	for l, language := range languages {
		list := frequencies[language]
		var upTo []float64
		total := 0.0
		for _, w := range list {
			total += w[1].(float64)
			upTo = append(upTo, total)
		}
		for range 4000 {
			var words []string
			for range 3 + r.IntN(15) {
				words = append(words, list[min(sort.SearchFloat64s(upTo, r.Float64()*total), len(list)-1)][0].(string))
			}
			examples = append(examples, tongues.Example{Text: strings.Join(words, " "), Language: l})
		}
	}
	for i, s := range rows {
		if l := slices.Index(languages, s[0]); l >= 0 && (s[0] != "en" || i%3 != 0) {
			examples = append(examples, tongues.Example{Text: s[2], Language: l})
		}
	}
	for _, s := range sentenceItems(items) {
		if l := slices.Index(languages, s.Lang); l >= 0 && s.Split != "test" {
			examples = append(examples, tongues.Example{Text: s.Text, Language: l})
		}
	}
	log.Info("languages", slog.Int("told apart", len(languages)), slog.Int("examples", len(examples)))
	return tongues.Train(w, languages, examples, 2, 1)
}
