package sample

import (
	"strings"
	"testing"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// TestLinesThatSayNothingProveNothing: what people write around an outcome (greetings, logistics, praise) is no proof of one. The lines were
// written for the sample and never trained on. One in five is what the model does today, and too many; it must not become more.
func TestLinesThatSayNothingProveNothing(t *testing.T) {
	t.Parallel()
	model := localmodel.New()
	lines, said := 0, 0
	for _, language := range []string{"en", "nb", "uk"} {
		words := readLexicon(language)
		for _, section := range []string{"neutral", "opener", "closer", "bridge"} {
			for _, line := range words[section] {
				if strings.ContainsAny(line, "{[") { // not yet filled in
					continue
				}
				got, err := model.Score(t.Context(), outcome.Request{Text: line})
				if err != nil {
					t.Fatal(err)
				}
				lines++
				if len(got.Scores) > 0 {
					said++
					t.Logf("%s, %s: %q: %s %.2f", language, section, line, got.Scores[0].Dimension, got.Scores[0].Value)
				}
			}
		}
	}
	t.Logf("%d of %d lines score", said, lines)
	if said*5 > lines {
		t.Errorf("%d of %d lines that say nothing score, want at most one in five", said, lines)
	}
}
