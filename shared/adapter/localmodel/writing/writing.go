// Package writing measures how somebody writes, whatever they say: the ground on which the level of language is judged.
package writing

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/adapter/localmodel/sentences"
)

// Names are the measures that Measure gives, in order.
var Names = []string{
	"log words", "letters a word", "share of words of eight letters", "log words a sentence", "types by root of words", "rarity of words",
	"rarity of the rarest tenth", "commas a sentence", "sentences without a capital", "doubled sentence beginnings", "mean of the sentences' level", "highest of the sentences' level",
}

// Words are the words of text, punctuation left out.
func Words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '’' && r != 'ʼ' && r != '-'
	})
}

// Measure gives the measures of text, which has words in it. rarity is how unlikely a word is; levels are what a model made of each sentence.
func Measure(text string, parts []sentences.Sentence, rarity func(string) float64, levels []float64) []float64 {
	words := Words(text)
	letters, eight, types, rare := 0, 0, map[string]bool{}, make([]float64, 0, len(words))
	for _, w := range words {
		n := utf8.RuneCountInString(w)
		letters += n
		if n >= 8 {
			eight++
		}
		types[strings.ToLower(w)] = true
		rare = append(rare, rarity(w))
	}
	slices.Sort(rare)
	sum := 0.0
	for _, r := range rare {
		sum += r
	}
	commas, small, doubled, last := 0, 0, 0, ""
	for _, p := range parts {
		s := text[p.Start:p.End]
		commas += strings.Count(s, ",") + strings.Count(s, ";") + strings.Count(s, "،")
		first, _ := utf8.DecodeRuneInString(s)
		if unicode.IsLower(first) {
			small++
		}
		begins := ""
		if w := Words(s); len(w) > 0 {
			begins = strings.ToLower(w[0])
		}
		if begins == last {
			doubled++
		}
		last = begins
	}
	n, k := float64(max(len(words), 1)), float64(max(len(parts), 1))
	mean, most := 0.0, 0.0
	for i, l := range levels {
		mean += l / float64(len(levels))
		if i == 0 || l > most {
			most = l
		}
	}
	return []float64{
		math.Log(n), float64(letters) / n, float64(eight) / n, math.Log(n / k), float64(len(types)) / math.Sqrt(n), sum / n,
		at(rare, 0.9), float64(commas) / k, float64(small) / k, float64(doubled) / k, mean, most,
	}
}

func at(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(share*float64(len(sorted)-1))]
}
