package safety

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// glyph is one character of a text in its plainest form (NFKC), and the characters of the original, from to to, that it stands for.
type glyph struct {
	r        rune
	from, to int32
}

// read gives text in its plainest form. What is written as several characters (a letter and its accent) has them all as its origin;
// of what becomes several (a ligature), each has the one. Origins never go back.
func read(text string) []glyph {
	out := make([]glyph, 0, len(text))
	n := int32(0)
	for text != "" {
		ascii := 0
		for ascii < len(text) && text[ascii] < utf8.RuneSelf {
			ascii++
		}
		if ascii < len(text) && ascii > 0 {
			ascii-- // an accent may follow
		}
		for i := range ascii {
			out = append(out, glyph{rune(text[i]), n, n + 1})
			n++
		}
		text = text[ascii:]
		same := norm.NFKC.QuickSpanString(text)
		for _, r := range text[:same] {
			out = append(out, glyph{r, n, n + 1})
			n++
		}
		text = text[same:]
		if text == "" {
			break
		}
		var it norm.Iter
		it.InitString(norm.NFKC, text)
		segment := it.Next()
		taken := it.Pos()
		if taken == 0 {
			_, taken = utf8.DecodeRuneInString(text)
			segment = []byte(text[:taken])
		}
		count := int32(utf8.RuneCountInString(text[:taken]))
		for len(segment) > 0 {
			r, size := utf8.DecodeRune(segment)
			out = append(out, glyph{r, n, n + count})
			segment = segment[size:]
		}
		n += count
		text = text[taken:]
	}
	return out
}

// unseen says whether r takes no place on a screen: joiners, marks of direction (U+202A to U+202E, U+2066 to U+2069 and their like), soft
// hyphens, selectors, tags, control characters but those that end a line or a column, fillers.
func unseen(r rune) bool {
	switch {
	case r < ' ':
		return r < '\t' || r > '\r'
	case r < 0x7F:
		return false
	case r <= 0x9F: // 0x85 ends a line
		return r != 0x85
	case r == 0xAD, r == 0x34F, r == 0x61C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x3164, r == 0xFEFF, r == 0xFFA0:
		return true
	case r >= 0x180B && r <= 0x180F, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return true
	case r >= 0xFFF0 && r <= 0xFFFB, r >= 0x1BCA0 && r <= 0x1BCA3, r >= 0x1D173 && r <= 0x1D17A:
		return true
	}
	return r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0000 && r <= 0xE0FFF
}

// plain is the typewriter's version of r: decimal digits of any script as 0 to 9, one space, one dash, one apostrophe, one quotation mark.
func plain(r rune) rune {
	switch {
	case r < 0x80:
		if r == '`' {
			return '\''
		}
		if r == '\t' || r == '\v' || r == '\f' {
			return ' '
		}
		return r
	case r >= '\u2010' && r <= '\u2015', r == '\u2212', r == '\u2043':
		return '-'
	case r == '‘', r == '’', r == '‚', r == '‛', r == 'ʼ', r == '′', r == '´', r == 'ʹ':
		return '\''
	case r == '“', r == '”', r == '„', r == '‟', r == '«', r == '»', r == '″':
		return '"'
	case r == '\u2028', r == '\u2029', r == '\u0085':
		return '\n'
	case unicode.IsSpace(r), r == 0x2800: // Braille without a dot
		return ' '
	}
	if unicode.Is(unicode.Nd, r) {
		return '0' + digit(r)
	}
	return r
}

// digit is the value of a decimal digit of any script. Unicode keeps them in rows of ten.
func digit(r rune) rune {
	for _, row := range unicode.Nd.R16 {
		if r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10
		}
	}
	for _, row := range unicode.Nd.R32 {
		if r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10
		}
	}
	return 0
}
