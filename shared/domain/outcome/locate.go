package outcome

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Locate finds quote in text and gives the verbatim span. Where the quote does not stand there byte for byte, it is looked for
// again with whitespace runs as one space, all kinds of quotation mark, apostrophe and dash as one, and invisible characters left
// out; the span is still the text's own bytes. A quote that has no letter or digit, or that begins or ends inside a word, is not found.
func Locate(text, quote string) (Span, bool) {
	if !utf8.ValidString(text) || !utf8.ValidString(quote) {
		return Span{}, false
	}
	quote = strings.TrimSpace(quote)
	if !strings.ContainsFunc(quote, wordRune) {
		return Span{}, false
	}
	if span, ok := find(text, quote, plain(text)); ok {
		return span, true
	}
	folded := fold(text)
	needle := strings.Trim(fold(quote).text, ` "'`)
	return find(text, needle, folded)
}

// view is a text as it is searched, with the place in the original of each of its bytes.
type view struct {
	text       string
	start, end []int // of the original character behind byte i; nil when the text is unchanged
}

func plain(text string) view { return view{text: text} }

// find gives the first place in v where needle stands between word boundaries, as a span of text.
func find(text, needle string, v view) (Span, bool) {
	for from := 0; needle != "" && from <= len(v.text); {
		i := strings.Index(v.text[from:], needle)
		if i < 0 {
			break
		}
		a, b := from+i, from+i+len(needle)
		from = a + 1
		if v.start != nil {
			a, b = v.start[a], v.end[b-1]
		}
		if whole(text, a, b) {
			return SpanAt(text, a, b), true
		}
	}
	return Span{}, false
}

// whole says whether text[a:b] neither begins nor ends inside a word or a character.
func whole(text string, a, b int) bool {
	if !utf8.RuneStart(text[a]) || b < len(text) && !utf8.RuneStart(text[b]) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:a])
	first, _ := utf8.DecodeRuneInString(text[a:])
	last, _ := utf8.DecodeLastRuneInString(text[:b])
	after, _ := utf8.DecodeRuneInString(text[b:])
	return !(a > 0 && wordRune(before) && wordRune(first)) && !(b < len(text) && wordRune(last) && wordRune(after))
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// fold makes the view in which quotes that differ only in typography are the same.
func fold(text string) view {
	var b strings.Builder
	var v view
	space := false
	for i, r := range text {
		r = plainRune(r)
		if r < 0 || r == ' ' && space {
			continue
		}
		space = r == ' '
		n, _ := b.WriteRune(r)
		end := i + width(text[i:])
		for range n {
			v.start, v.end = append(v.start, i), append(v.end, end)
		}
	}
	v.text = b.String()
	return v
}

func width(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// plainRune is the typewriter's version of r, and negative for a character nobody sees.
func plainRune(r rune) rune {
	switch r {
	case '“', '”', '„', '‟', '«', '»', '″', '＂':
		return '"'
	case '‘', '’', '‚', '‛', 'ʼ', '′', '`', '´', '＇':
		return '\''
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return '-'
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad':
		return -1
	}
	if unicode.IsSpace(r) {
		return ' '
	}
	return r
}

// SpanAt is the span of the bytes [a, b) of text, which must not cut a character.
func SpanAt(text string, a, b int) Span {
	start := utf8.RuneCountInString(text[:a])
	return Span{Start: start, End: start + utf8.RuneCountInString(text[a:b]), Text: text[a:b]}
}
