package impact

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// named finds the words of names in text, also declined, in the other of the Latin and Cyrillic alphabets, behind an Arabic preposition, and
// where accents are written otherwise or not at all: "Zoë" is "Zoe" to many keyboards. A name is written with a capital, where its script has
// any: "Per" is one, and "per" is not.
func named(text string, names []string) []safety.Span {
	known := knownNames(names)
	characters := []rune(text)
	polish := strings.ContainsAny(text, "ąćęłńśźżĄĆĘŁŃŚŹŻ")
	var found []safety.Span
	for _, at := range wordsOf(characters) {
		word := string(characters[at[0]:at[1]])
		if !unicode.IsLower(characters[at[0]]) && known.has(word, begins(characters, at[0]), polish) {
			found = append(found, safety.Span{Start: at[0], End: at[1], Kind: safety.Name})
		}
	}
	return found
}

// spelled are names in one way of writing them.
type spelled struct {
	whole map[string]bool
	stems map[stem]bool
}

// known are the names that are looked for: as they are written, and by their sound for texts in either alphabet.
type known struct{ written, latin, cyrillic spelled }

// The shortest names, in letters, that are known by their sound: "Bo" is a name, and "Бо" means because. In its own alphabet a name is known
// by its letters, and only a long one by its sound too: Yuliia is Yulia, and Gun is not Hun.
const (
	shortest = 3
	longName = 5
)

func knownNames(names []string) known {
	empty := func() spelled { return spelled{map[string]bool{}, map[stem]bool{}} }
	k := known{empty(), empty(), empty()}
	for _, name := range names {
		characters := []rune(name)
		for _, at := range wordsOf(characters) {
			k.add(bare(string(characters[at[0]:at[1]])))
		}
	}
	return k
}

// add takes up one bare word of a name.
func (k known) add(word string) {
	if len([]rune(word)) < 2 {
		return
	}
	k.written.whole[word] = true
	latin, heard := in(unicode.Latin, word), sound(word)
	if latin {
		k.written.decline(word)
	}
	if len(heard) < shortest || !latin && !in(unicode.Cyrillic, word) {
		return
	}
	k.cyrillic.hear(heard)
	if latin {
		k.cyrillic.hear(strings.ReplaceAll(heard, "h", "kh")) // Hansen is Гансен to some, and Хансен to others
	}
	if !latin || len(heard) >= longName {
		k.latin.hear(heard)
	}
}

func (s spelled) hear(word string) {
	s.whole[word] = true
	s.decline(word)
}

func (s spelled) decline(word string) {
	for _, stem := range stemsOf(word) {
		if len(stem.letters) >= 2 {
			s.stems[stem] = true
		}
	}
}

// has says whether a word is one of the names. At the beginning of a sentence every word has a capital, and some are like a name declined.
func (k known) has(word string, begins, polish bool) bool {
	word = bare(word)
	if k.written.whole[word] || k.written.whole[strings.TrimSuffix(word, "s")] {
		return true
	}
	switch {
	case in(unicode.Arabic, word):
		return k.behindPreposition(word)
	case begins && everyday()[word]:
		return false
	case in(unicode.Cyrillic, word):
		return k.cyrillic.whole[sound(word)] || k.cyrillic.declines(word, eastern(), sound, 2)
	case in(unicode.Latin, word):
		least := 4 // Peru is a country to all who do not write Polish
		if polish {
			least = 2
		}
		heard := sound(word)
		return k.latin.whole[heard] || k.latin.whole[strings.TrimSuffix(heard, "s")] || k.latin.declines(word, western(), sound, least) ||
			k.written.declines(word, western(), func(base string) string { return base }, least)
	}
	return false
}

// declines says whether word is a stem of at least so many letters, written as by spell, and an ending that it takes.
func (s spelled) declines(word string, endings map[string][]class, spell func(string) string, least int) bool {
	for i := range word {
		for _, class := range endings[word[i:]] {
			base := spell(word[:i])
			if len(base) >= least && s.stems[stem{base, class}] {
				return true
			}
		}
	}
	return false
}

// behindPreposition says whether an Arabic word is a name with "and" or "so", "in", "like" or "to" written onto it.
func (k known) behindPreposition(word string) bool {
	for _, and := range []string{"", "و", "ف"} {
		rest, ok := strings.CutPrefix(word, and)
		if !ok {
			continue
		}
		for _, to := range []string{"", "ب", "ك", "ل"} {
			if name, ok := strings.CutPrefix(rest, to); ok && k.written.whole[name] {
				return true
			}
		}
		if name, ok := strings.CutPrefix(rest, "لل"); ok && k.written.whole["ال"+name] {
			return true
		}
	}
	return false
}

// wordsOf is where words begin and end. Between Cyrillic letters an apostrophe is one of them.
func wordsOf(characters []rune) (places [][2]int) {
	inside := func(i int) bool {
		return strings.ContainsRune(apostrophes, characters[i]) && i > 0 && i+1 < len(characters) &&
			unicode.Is(unicode.Cyrillic, characters[i-1]) && unicode.Is(unicode.Cyrillic, characters[i+1])
	}
	for start := 0; start < len(characters); {
		end := start
		for end < len(characters) && (ofWord(characters[end]) || inside(end)) {
			end++
		}
		if end > start {
			places = append(places, [2]int{start, end})
		}
		start = max(end, start+1)
	}
	return places
}

// begins says whether a sentence begins with the word at start.
func begins(characters []rune, start int) bool {
	for i := start - 1; i >= 0; i-- {
		switch r := characters[i]; {
		case strings.ContainsRune(".!?…:\n", r):
			return true
		case !unicode.IsSpace(r) && !unicode.Is(unicode.Ps, r) && !unicode.Is(unicode.Pi, r) && r != '"' && r != '-' && r != '–' && r != '—':
			return false
		}
	}
	return true
}

const (
	joiners     = "\u00ad\u200c\u200d\u2060\ufeff" // are seen by nobody and end no word: soft hyphen, the two joiners, word joiner, byte order mark
	apostrophes = "'’ʼ‘`´′"
)

func ofWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || strings.ContainsRune(joiners, r)
}

// in says whether the first letter of a bare word is of a script.
func in(script *unicode.RangeTable, word string) bool {
	for _, r := range word {
		return unicode.Is(script, r)
	}
	return false
}

// bare is a word in lower case without accents and what cannot be seen.
func bare(word string) string {
	word = strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if unicode.Is(unicode.Mn, r) || strings.ContainsRune(joiners+apostrophes+" ـ", r) {
			return -1
		}
		return r
	}, norm.NFKD.String(word))
	return unaccented.Replace(word)
}

// unaccented replaces what has no accent to be taken off: a letter with a stroke, and Arabic letters that are written one for the other.
var unaccented = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ı", "i", "æ", "ae", "œ", "oe", "ß", "ss", "ة", "ه", "ى", "ي", "ی", "ي", "ک", "ك", "ٱ", "ا")
