package safety

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// page is a text made easy to read: plain characters, the words and numbers in them, and what was found so far.
type page struct {
	r     []rune  // nothing invisible; digits are 0 to 9
	from  []int32 // origin of r[i] in the text
	to    []int32
	taken []bool // r[i] is part of something found
	words []word
	spans []Span // in places of r
}

// word is a row of letters, or of digits.
type word struct {
	from, to int    // in r, end excluded
	low      string // in lower case
	number   bool
	capital  bool // begins with a capital letter
}

func newPage(text string) *page {
	glyphs := read(text)
	p := &page{r: make([]rune, 0, len(glyphs)), from: make([]int32, 0, len(glyphs)), to: make([]int32, 0, len(glyphs))}
	var low strings.Builder
	low.Grow(len(text))
	starts := make([]int32, 0, len(glyphs)+1)
	for _, g := range glyphs {
		if unseen(g.r) {
			if len(p.to) > 0 { // goes with what it follows
				p.to[len(p.to)-1] = g.to
			}
			continue
		}
		r := plain(g.r)
		p.r, p.from, p.to = append(p.r, r), append(p.from, g.from), append(p.to, g.to)
		starts = append(starts, int32(low.Len()))
		low.WriteRune(lower(r))
	}
	starts = append(starts, int32(low.Len()))
	p.taken = make([]bool, len(p.r))
	p.split(low.String(), starts)
	return p
}

// split finds the words and numbers.
func (p *page) split(low string, starts []int32) {
	p.words = make([]word, 0, len(p.r)/4)
	for i := 0; i < len(p.r); {
		kind := class(p.r[i])
		if kind == 0 || kind == 'm' {
			i++
			continue
		}
		j := i + 1
		for j < len(p.r) && p.goesOn(kind, j) {
			j++
		}
		p.words = append(p.words, word{
			from: i, to: j, low: low[starts[i]:starts[j]],
			number: kind == 'd', capital: kind == 'l' && unicode.IsUpper(p.r[i]),
		})
		i = j
	}
}

// goesOn says whether the word of that kind has r[i] in it too. An apostrophe between Cyrillic letters is a part of the word.
func (p *page) goesOn(kind byte, i int) bool {
	c := class(p.r[i])
	if c == kind || kind == 'l' && c == 'm' {
		return true
	}
	return kind == 'l' && p.r[i] == '\'' && i+1 < len(p.r) && script(p.r[i-1]) == cyrillic && script(p.r[i+1]) == cyrillic
}

// class is l for a letter, d for a digit, m for a mark on a letter, and 0 for all else.
func class(r rune) byte {
	switch {
	case r >= '0' && r <= '9':
		return 'd'
	case r < 0x80:
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return 'l'
		}
		return 0
	case r == utf8.RuneError:
		return 0
	case unicode.IsLetter(r):
		return 'l'
	case unicode.IsMark(r):
		return 'm'
	}
	return 0
}

// at is r[i], and a line end outside of the text.
func (p *page) at(i int) rune {
	if i < 0 || i >= len(p.r) {
		return '\n'
	}
	return p.r[i]
}

func (p *page) alnum(i int) bool { return class(p.at(i)) != 0 }

// word is words[i], and an empty one outside of the text.
func (p *page) word(i int) word {
	if i < 0 || i >= len(p.words) {
		return word{from: len(p.r), to: len(p.r)}
	}
	return p.words[i]
}

// gap is what stands between words i and i+1; a line end outside of the text.
func (p *page) gap(i int) string {
	if i < 0 || i+1 >= len(p.words) {
		return "\n"
	}
	a, b := p.words[i].to, p.words[i+1].from
	if b-a == 1 && p.r[a] == ' ' {
		return " "
	}
	return string(p.r[a:min(b, a+8)])
}

// near says whether only spaces, or one dot or comma and spaces, stand between words i and i+1, on one line.
func (p *page) near(i int) bool {
	gap := p.gap(i)
	return gap != "" && len(gap) <= 4 && strings.Trim(gap, " .,") == "" && strings.Count(gap, ".")+strings.Count(gap, ",") <= 1
}

// free says whether nothing in r[a:b] is part of something found.
func (p *page) free(a, b int) bool { return !slices.Contains(p.taken[a:b], true) }

// keep notes that r[a:b] is of that kind.
func (p *page) keep(kind string, a, b int) {
	for i := a; i < b; i++ {
		p.taken[i] = true
	}
	p.spans = append(p.spans, Span{Start: a, End: b, Kind: kind})
}

// found are the spans in characters of the text, in order and disjoint.
func (p *page) found() []Span {
	slices.SortFunc(p.spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var out []Span
	end := 0
	for _, s := range p.spans {
		s.Start, s.End = max(int(p.from[s.Start]), end), int(p.to[s.End-1])
		if s.Start < s.End {
			out, end = append(out, s), s.End
		}
	}
	return out
}

// cue looks among the n words before word i, on the same line, for one that says what follows; a question or an exclamation ends the search.
func (p *page) cue(i, n int, is func(string) bool) bool {
	for k := i - 1; k >= 0 && k >= i-n; k-- {
		if strings.ContainsAny(p.gap(k), "!?\n") && !strings.Contains(p.gap(k), ":") && k < i-1 {
			return false
		}
		if is(p.words[k].low) {
			return true
		}
	}
	return false
}
