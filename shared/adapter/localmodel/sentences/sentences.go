// Package sentences cuts a text into what is read and quoted at once.
package sentences

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Sentence is the bytes [Start, End) of a text, without the space around them.
type Sentence struct{ Start, End int }

const (
	long  = 280 // bytes from which a sentence is cut at a comma or a connecting word, as writers without full stops need
	least = 60  // bytes that a part cut so has at least
)

// Split gives the sentences of text in order (Unicode Standard Annex 29; a line break ends a sentence too). What has neither letter nor
// digit is left out.
func Split(text string) []Sentence {
	var out []Sentence
	state, at := -1, 0
	for rest := text; rest != ""; {
		var sentence string
		sentence, rest, state = uniseg.FirstSentenceInString(rest, state)
		from := at
		at += len(sentence)
		if n := len(out); n > 0 && continues(text, out[n-1], sentence) {
			from, out = out[n-1].Start, out[:n-1] // both are one, and cut like one
		}
		for cut := dots(text[from:at]); cut > 0; cut = dots(text[from:at]) {
			out = parts(text, from, from+cut, out)
			from += cut
		}
		out = parts(text, from, at, out)
	}
	return out
}

// continues says whether what follows belongs to the sentence before it: the full stop was that of a short word or a number.
func continues(text string, before Sentence, next string) bool {
	said := text[before.Start:before.End]
	if !strings.HasSuffix(said, ".") || strings.ContainsAny(text[before.End:before.End+gap(text, before.End)], "\n\r") {
		return false
	}
	word := said[strings.LastIndexFunc(said, unicode.IsSpace)+1 : len(said)-1]
	first, _ := utf8.DecodeRuneInString(next)
	return unicode.IsLower(first) || short[strings.ToLower(word)]
}

// dots is where s is cut behind an ellipsis that a capital letter follows, 0 where there is none: the annex knows no such end.
func dots(s string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], "… ")
		if i < 0 {
			return 0
		}
		from += i + len("… ")
		next, _ := utf8.DecodeRuneInString(s[from:])
		if unicode.IsUpper(next) {
			return from
		}
	}
}

func gap(text string, from int) int {
	return len(text[from:]) - len(strings.TrimLeftFunc(text[from:], unicode.IsSpace))
}

// short is words that end in a full stop which ends no sentence.
var short = map[string]bool{
	"mr": true, "mrs": true, "ms": true, "dr": true, "prof": true, "st": true, "e.g": true, "i.e": true, "vs": true, "no": false,
	"f.eks": true, "bl.a": true, "ca": true, "kl": true, "nr": true, "dvs": true, "z.b": true, "bzw": true, "usw": false, "hr": true, "fr": true,
	"м": true, "вул": true, "р": true, "ім": true, "напр": true, "тел": true, "sr": true, "sra": true, "mme": true, "p.ej": true,
}

// parts appends the sentence text[from:to], cut where it is too long.
func parts(text string, from, to int, out []Sentence) []Sentence {
	for to-from > long {
		cut := joint(text[from:to])
		if cut == 0 {
			break
		}
		out = trimmed(text, from, from+cut, out)
		from += cut
	}
	return trimmed(text, from, to, out)
}

// joint is where a long sentence is cut: the first comma, semicolon or dash behind least bytes that leaves as many, else the first
// space behind long/2; 0 where there is neither.
func joint(s string) int {
	space := 0
	for i, r := range s {
		if i < least || len(s)-i < least {
			continue
		}
		switch {
		case strings.ContainsRune(",;،؛–—", r):
			return i + utf8.RuneLen(r)
		case unicode.IsSpace(r) && space == 0 && i >= long/2:
			space = i
		}
		if i > long && space > 0 {
			return space
		}
	}
	return space
}

func trimmed(text string, from, to int, out []Sentence) []Sentence {
	s := text[from:to]
	from += len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	s = strings.TrimSpace(s)
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return out
	}
	return append(out, Sentence{from, from + len(s)})
}
