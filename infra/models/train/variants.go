package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// vocabulary is the common words of a language, the most frequent first, and for each those that mean nearly the same.
type vocabulary struct {
	words []string
	at    map[string]int
	near  [][]int
}

const (
	frequent   = 120 // words of a language that carry its grammar: not, no, still, too, but, never …
	neighbours = 6
)

// vocabularies puts words by language; vs are their vectors, centred by language.
func vocabularies(words [][]string, vs [][]float32) map[string]*vocabulary {
	all := map[string]*vocabulary{}
	of := map[string][][]float32{}
	for i, w := range words {
		lang := language(w[0])
		v := all[lang]
		if v == nil {
			v = &vocabulary{at: map[string]int{}}
			all[lang] = v
		}
		if _, known := v.at[w[1]]; known {
			continue
		}
		v.at[w[1]] = len(v.words)
		v.words = append(v.words, w[1])
		unit := slices.Clone(vs[i])
		x := blas32.Vector{N: len(unit), Inc: 1, Data: unit}
		blas32.Scal(1/max(blas32.Nrm2(x), 1e-9), x)
		of[lang] = append(of[lang], unit)
	}
	for lang, v := range all {
		v.near = make([][]int, len(v.words))
		n := len(v.words)
		rows := make([]float32, 0, n*width)
		for _, x := range of[lang] {
			rows = append(rows, x...)
		}
		matrix := blas32.General{Rows: n, Cols: width, Stride: width, Data: rows}
		alike := make([]float32, n)
		for i := range v.words {
			blas32.Gemv(blas.NoTrans, 1, matrix, blas32.Vector{N: width, Inc: 1, Data: of[lang][i]}, 0, blas32.Vector{N: n, Inc: 1, Data: alike})
			alike[i] = -1
			for range neighbours {
				best := 0
				for j, x := range alike {
					if x > alike[best] {
						best = j
					}
				}
				v.near[i] = append(v.near[i], best)
				alike[best] = -1
			}
		}
	}
	return all
}

// language is the code that the seed set has for one of the word lists.
func language(code string) string {
	if code == "nb" {
		return "no"
	}
	return code
}

// variant is like a text in words and unlike it in meaning, now and then: the teacher says what it means. other is a text of the same language.
func (v *vocabulary) variant(text, other string, r *rand.Rand) string {
	words := strings.Fields(text)
	if how := r.IntN(5); how == 0 {
		return splice(words, strings.Fields(other), r)
	} else if how == 1 {
		return strings.Join(v.turned(words, r), " ")
	}
	var out []string
	for _, w := range words {
		switch x := r.Float64(); {
		case x < 0.05:
			continue
		case x < 0.25:
			w = v.instead(w, r)
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

// splice begins as one text and ends as the other.
func splice(a, b []string, r *rand.Rand) string {
	return strings.Join(slices.Concat(a[:(len(a)+r.IntN(2)+1)/2], b[len(b)/2:]), " ")
}

// turned has other small words: some left out, some changed, one put in.
func (v *vocabulary) turned(words []string, r *rand.Rand) []string {
	var out []string
	put := r.IntN(len(words) + 1)
	for i, w := range words {
		if i == put {
			out = append(out, v.words[r.IntN(min(frequent, len(v.words)))])
		}
		if rank, known := v.at[bare(w)]; known && rank < frequent {
			switch x := r.Float64(); {
			case x < 0.25:
				continue
			case x < 0.5:
				w = v.words[r.IntN(min(frequent, len(v.words)))]
			}
		}
		out = append(out, w)
	}
	return out
}

// instead is a word that means nearly the same as w, with the marks that stand around w.
func (v *vocabulary) instead(w string, r *rand.Rand) string {
	core := bare(w)
	at, known := v.at[core]
	if !known || core == "" {
		return w
	}
	return strings.Replace(strings.ToLower(w), core, v.words[v.near[at][r.IntN(len(v.near[at]))]], 1)
}

// bare is a word in lower case without the marks around it.
func bare(w string) string {
	return strings.TrimFunc(strings.ToLower(w), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
