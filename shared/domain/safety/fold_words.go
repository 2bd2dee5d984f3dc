package safety

import (
	"slices"
	"unicode"
)

// writing is the script of a letter, as far as one can be taken for another.
type writing int

const (
	other writing = iota
	latin
	cyrillic
	greek
)

func script(r rune) writing {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return latin
		}
		return other
	case r >= 0x400 && r <= 0x52F:
		return cyrillic
	case r >= 0x370 && r <= 0x3FF:
		return greek
	case unicode.Is(unicode.Latin, r):
		return latin
	}
	return other
}

// words undoes disguises word by word. A word is letters, digits and the signs that stand for letters, without a space.
func words(in []glyph) []glyph {
	for i := 0; i < len(in); {
		j := i
		var count [4]int
		for j < len(in) && (wordly(in[j].r) || in[j].r >= 0x80 && unicode.IsMark(in[j].r) || sign(in[j].r)) {
			count[script(in[j].r)]++
			j++
		}
		if j == i {
			i++
			continue
		}
		if letters := count[latin] + count[cyrillic] + count[greek]; letters >= 2 || letters == 1 && j-i == 3 {
			word := in[i:j]
			oneScript(word, count)
			if count[latin] >= count[cyrillic] && !(j < len(in) && in[j].r == '.' && has(word, '@')) {
				leet(word)
			}
		}
		i = j
	}
	return in
}

// oneScript writes a word of mixed letters in the script of most of them, or else in the other, if each letter that is not in it has
// a look-alike there. In a draw it is Latin, which most disguised words are.
func oneScript(word []glyph, count [4]int) {
	first, second := latin, cyrillic
	if count[cyrillic] > count[latin] {
		first, second = cyrillic, latin
	}
	if !rewritten(word, first) && count[latin] > 0 && count[cyrillic] > 0 {
		rewritten(word, second)
	}
}

// rewritten writes word in script to, or leaves it and says no.
func rewritten(word []glyph, to writing) bool {
	mixed := false
	for _, g := range word {
		s := script(g.r)
		if s == other || s == to {
			continue
		}
		mixed = true
		if twin(g.r, to) == 0 {
			return false
		}
	}
	for i := 0; mixed && i < len(word); i++ {
		if s := script(word[i].r); s != other && s != to {
			word[i].r = twin(word[i].r, to)
		}
	}
	return true
}

// twin is the letter of script to that looks like r (small or capital), or zero.
func twin(r rune, to writing) rune {
	if to == cyrillic {
		return pair("aаeеoоpрcсyуxхiіïїkкbвhнmмtтuиnпjјsѕ"+"αаεеοоρрχхιіκкβвητмτт", r)
	}
	return pair("аaеeоoрpсcуyхxіiїiјjѕsһhԁdԛqԝwкkвbнhтtмmгrпnиuьbзeёe"+"αaβbγyεeηnιiκkνvοoρpσoτtυuχxωwμuίiάaόoέe", r)
}

// pair finds r at an even place of table and gives the character behind it.
func pair(table string, r rune) rune {
	even, found := true, false
	for _, t := range table {
		if found {
			return t
		}
		found = even && t == r
		even = !even
	}
	return 0
}

func has(word []glyph, r rune) bool {
	return slices.ContainsFunc(word, func(g glyph) bool { return g.r == r })
}

// sign says whether r is a sign, no digit, that stands for a letter.
func sign(r rune) bool { return r == '@' || r == '$' || r == '!' || r == '€' }

// leet writes the letters that digits and signs stand for: one or two in a row between letters, a sign at the beginning, two at the
// end, and the first digit of a word that has another inside. Words with a number behind them (covid19) or before them (2nd) keep it, and
// so do addresses.
func leet(word []glyph) {
	inside := false
	for i := 0; i < len(word); {
		j := i
		for j < len(word) && stands(word[j].r) != 0 {
			j++
		}
		if j == i {
			i++
			continue
		}
		if j-i <= 2 && i > 0 && j < len(word) && unicode.IsLetter(word[i-1].r) && unicode.IsLetter(word[j].r) {
			letters(word[i:j])
			inside = true
		}
		i = j
	}
	first, last := word[0].r, len(word)-1
	if len(word) > 2 && (first == '$' || first == '@' || inside && stands(first) != 0) && unicode.IsLetter(word[1].r) {
		letters(word[:1])
	}
	if len(word) > 2 && word[last].r == '$' && (unicode.IsLetter(word[last-1].r) || word[last-1].r == '$') {
		k := last
		for k > 0 && word[k-1].r == '$' {
			k--
		}
		if k > 0 && last-k == 1 && unicode.IsLetter(word[k-1].r) {
			letters(word[k:])
		}
	}
}

func letters(in []glyph) {
	ell := len(in) == 2 && in[0].r == '1' && in[1].r == '1'
	for i := range in {
		in[i].r = stands(in[i].r)
		if ell {
			in[i].r = 'l'
		}
	}
}

// stands is the letter that a digit or a sign stands for, or zero.
func stands(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1', '!':
		return 'i'
	case '3', '€':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	return 0
}
