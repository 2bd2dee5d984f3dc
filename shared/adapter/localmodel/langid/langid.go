// Package langid tells which language a text is in: letter groups of one to four inside words, each with a weight for every language.
package langid

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// Detector is the weights. It is safe for concurrent use.
type Detector struct {
	Languages []string // ISO 639-1
	weights   []int8   // [Buckets][Languages]
	scale     float32
	bias      []float32
}

// Buckets is into how many places letter groups are hashed.
const Buckets = 1 << 15

// New reads the weights of f.
func New(f *encoder.File) (*Detector, error) {
	d := &Detector{weights: f.Int8("langid"), bias: f.Floats("langid.bias")}
	err := f.JSON("langid.languages", &d.Languages)
	if err != nil {
		return nil, err
	}
	scale := f.Floats("langid.scale")
	if len(scale) != 1 || len(d.weights) != Buckets*len(d.Languages) || len(d.bias) != len(d.Languages) {
		return nil, fmt.Errorf("%w: langid", encoder.ErrFile)
	}
	d.scale = scale[0]
	return d, nil
}

// Groups calls f with the bucket of each letter group of text, up to limit groups.
func Groups(text string, limit int, f func(bucket int)) int {
	n := 0
	var window [6]rune
	for word := range strings.FieldsFuncSeq(encoder.Plain(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && !unicode.IsMark(r) }) {
		k := 0
		put := func(r rune) {
			if k == len(window) {
				copy(window[:], window[1:])
				k--
			}
			window[k] = r
			k++
			h := uint32(2166136261)
			for size := 1; size <= 4 && size <= k; size++ {
				h = (h ^ uint32(window[k-size])) * 16777619
				h ^= h >> 15
				if n < limit && (size > 1 || r != '_') {
					n++
					f(int(h % Buckets))
				}
			}
		}
		put('_')
		for _, r := range word {
			put(r)
		}
		put('_')
	}
	return n
}

// most is how many letter groups are looked at: some 60 words.
const most = 1500

// Detect is the likeliest language and how sure that is, 0…1. A text without a letter has none.
func (d *Detector) Detect(text string) (string, float64) {
	odds := d.Odds(text)
	if odds == nil {
		return "", 0
	}
	best := 0
	for i, p := range odds {
		if p > odds[best] {
			best = i
		}
	}
	return d.Languages[best], odds[best]
}

// Odds is the probability of each language, in the order of Languages; nil for a text without a letter.
func (d *Detector) Odds(text string) []float64 {
	sums := make([]int32, len(d.Languages))
	n := Groups(text, most, func(bucket int) {
		for i, w := range d.weights[bucket*len(sums):][:len(sums)] {
			sums[i] += int32(w)
		}
	})
	if n == 0 {
		return nil
	}
	odds := make([]float64, len(sums))
	top := math.Inf(-1)
	for i, s := range sums {
		// The square root keeps long texts from being surer than their letters are independent.
		odds[i] = float64(float32(s)*d.scale)/math.Sqrt(float64(n)) + float64(d.bias[i])
		top = max(top, odds[i])
	}
	total := 0.0
	for i := range odds {
		odds[i] = math.Exp(odds[i] - top)
		total += odds[i]
	}
	for i := range odds {
		odds[i] /= total
	}
	return odds
}
