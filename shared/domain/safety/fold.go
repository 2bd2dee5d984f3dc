package safety

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold gives text as a rule that looks for words should read it, so that a disguise does not hide them: in NFKC and lower case,
// without invisible characters and stray accents, with one kind of space, dash, apostrophe and quotation mark, look-alikes of another
// script inside a word as that word's own letters, digits and signs that stand for letters inside a word as those letters, letters
// held down ("fuuuck") once, and letters set apart ("i d i o t") together. A word that is written in one script stays in it.
//
// at[i] is the character (code point) of text from which byte i of folded comes, and at[len(folded)] the number of characters of
// text; it never goes back. Unfold finds the origin of a part of folded.
func Fold(text string) (folded string, at []int) {
	glyphs := read(text)
	total := 0
	if len(glyphs) > 0 {
		total = int(glyphs[len(glyphs)-1].to)
	}
	glyphs = together(held(words(bare(glyphs))))
	var b strings.Builder
	b.Grow(len(text))
	at = make([]int, 0, len(text)+1)
	for _, g := range glyphs {
		n, _ := b.WriteRune(g.r)
		for range n {
			at = append(at, int(g.from))
		}
	}
	return b.String(), append(at, total)
}

// Unfold is the part of the original text, in characters and end excluded, from which folded[a:b] comes, given at of Fold and
// 0 ≤ a ≤ b ≤ len(folded). It is empty only for a = b.
func Unfold(at []int, a, b int) (start, end int) {
	start, end = at[a], at[b]
	for a < b && end == at[b-1] && b < len(at)-1 {
		b++
		end = at[b]
	}
	return start, end
}

// bare lowers letters, makes signs plain, and leaves out what cannot be seen or decorates a letter without being part of it. A row
// of spaces and line ends is one space.
func bare(in []glyph) []glyph {
	out := in[:0]
	var before, base rune // base: the last that is no mark
	for _, g := range in {
		if ' ' <= g.r && g.r < 0x7F {
			g.r = lower(plain(g.r))
		} else {
			if unseen(g.r) || stray(g.r, base) {
				continue
			}
			g.r = lower(plain(g.r))
		}
		if g.r == '\n' || g.r == '\r' {
			g.r = ' '
		}
		if g.r == ' ' && before == ' ' {
			continue
		}
		before = g.r
		if g.r < 0x80 || !unicode.IsMark(g.r) {
			base = g.r
		}
		out = append(out, g)
	}
	return out
}

// stray says whether r is a mark that the letter base, on which it stands, does not need. Indian and other scripts write vowels as marks; they stay.
func stray(r, base rune) bool {
	if r == 'ـ' { // Arabic letters are drawn long with it
		return true
	}
	if !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Me, r) {
		return false
	}
	return !unicode.IsLetter(base) || script(base) != other || unicode.In(base, unicode.Arabic, unicode.Hebrew)
}

func lower(r rune) rune {
	if r < 0x80 {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(r)
}

// held makes three or more of one letter in a row one, and two where English, Norwegian or German words end in two.
func held(in []glyph) []glyph {
	out := in[:0]
	for i := 0; i < len(in); {
		j := i + 1
		for j < len(in) && in[j].r == in[i].r {
			j++
		}
		keep := j - i
		alone := (i == 0 || !unicode.IsLetter(in[i-1].r)) && (j == len(in) || !unicode.IsLetter(in[j].r))
		if keep > 2 && unicode.IsLetter(in[i].r) && !alone {
			keep = 1
			if strings.ContainsRune("lsf", in[i].r) && (j == len(in) || !unicode.IsLetter(in[j].r)) {
				keep = 2
			}
		}
		out = append(out, in[i:i+keep]...)
		i = j
	}
	return out
}

// together joins letters that stand alone: four or more between single spaces, three or more between single dots, dashes, stars or
// underscores. Four words of one letter (Ukrainian "я і в а") stay words.
func together(in []glyph) []glyph {
	out := in[:0]
	for i := 0; i < len(in); {
		n, disguised := apart(in, i)
		step := 1
		if disguised {
			step = 2
		}
		for k := i; k < i+2*n-1; k += step {
			out = append(out, in[k])
		}
		i += 2*n - 1
	}
	return out
}

// apart is how many letters, each alone, stand at i with the same sign between them, and whether they are a word in disguise. It is
// 1 for anything else.
func apart(in []glyph, i int) (n int, disguised bool) {
	if i > 0 && wordly(in[i-1].r) || !unicode.IsLetter(in[i].r) || i+2 >= len(in) || !strings.ContainsRune(" .-*_", in[i+1].r) {
		return 1, false
	}
	sign, n, words := in[i+1].r, 1, oneLetterWord(in[i].r)
	for k := i + 2; k < len(in) && in[k-1].r == sign && unicode.IsLetter(in[k].r) && (k+1 == len(in) || !wordly(in[k+1].r)); k += 2 {
		n++
		words = words && oneLetterWord(in[k].r)
	}
	return n, n >= 3 && (sign != ' ' || n >= 4 && !words)
}

func wordly(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// oneLetterWord says whether r is a whole word in one of our languages.
func oneLetterWord(r rune) bool {
	return strings.ContainsRune("aiåeoyuàéóèавзіїйоуєяжб", r)
}
