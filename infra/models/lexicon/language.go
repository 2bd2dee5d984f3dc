package lexicon

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// rivals are languages that this model cannot read and that look like one it can: enough of their commonest words to tell them
// apart. Words that they share with a language we read count for both and so decide nothing.
var rivals = map[string]string{
	"da": "og jeg det er en et på til af som med for at de vi var har havde om men så mig min du os blev kan skal vil fra også ikke efter når nu meget hvad hvordan mere nogle alle være været ud op eller kun hvor kunne skulle gerne lige dig sig noget meget hjem tak godt ved min mit mine føler",
	"sv": "och jag det är en ett på till av som med för att de vi var har hade om men så mig min du oss blev kan ska vill från också inte efter när nu mycket vad hur mer någon alla vara varit ut upp eller bara där kunde skulle känner mitt mina tack bra från",
	"de": "und ich das ist ein eine der die auf zu von mit für dass sie wir war habe hat hatte aber so mich mein du uns kann von auch nicht nach wenn jetzt sehr was wie mehr alle sein oder nur wo fühle mir bin den dem im am beim meine es",
	"fr": "et je le la les est un une des du de à en que qui avec pour nous vous ils était ai a avait mais me mon ma mes pas plus très ce cette dans sur au suis se ne j'ai c'est bien",
	"es": "y yo el la los las es un una de en que con para por nosotros ellos era he ha había pero me mi mis no más muy este esta estoy se lo al del como siento bien",
	"nl": "en ik het de een is van op te met voor dat ze we was heb heeft maar zo mij mijn je ons kan ook niet na als nu heel wat hoe meer alle zijn of waar voel ben er naar",
	"pl": "i ja to jest w na z do że się nie mnie mój moja my oni był była ale jak bardzo co teraz dla mam są po tak od czuję jestem",
	"ru": "и я это в на с не что как мы он она они мне меня мой моя было был была но очень для от по то так все бы же вы за уже себя когда если или чтобы еще ещё сейчас теперь есть чувствую спасибо хорошо только после потому",
}

// judge knows the languages apart by how many of their common words a text has.
type judge struct {
	read  []*language
	index map[string]uint16            // word to languages it is common in, as bits: those of read first, then rivals
	stems map[string]map[string]uint16 // the same for the stems of cues, by their first stemKey characters
}

func newJudge(read []*language) *judge {
	j := &judge{read: read, index: map[string]uint16{}, stems: map[string]map[string]uint16{}}
	for i, l := range read {
		for word := range l.known {
			if stem, ok := strings.CutSuffix(word, "*"); ok {
				k := head(stem)
				if j.stems[k] == nil {
					j.stems[k] = map[string]uint16{}
				}
				j.stems[k][stem] |= 1 << i
				continue
			}
			j.index[word] |= 1 << i
		}
	}
	bit := len(read)
	for _, code := range []string{"da", "sv", "de", "fr", "es", "nl", "pl", "ru"} {
		for word := range strings.FieldsSeq(rivals[code]) {
			j.index[word] |= 1 << bit
		}
		bit++
	}
	return j
}

const languages = 11 // read ones and rivals

// verdict is what the words of a text say about its language.
type verdict struct {
	best  *language // nil when it is none that can be read
	clear bool      // enough words say so
}

// detect judges words. A language is named when it has more common words than every other; it is clear when at least two and a
// fifth of all words say so, and one word in ten more than any other.
func (j *judge) detect(words ...[]token) verdict {
	var hits [languages]int
	total, letters, own := 0, 0, 0
	for _, run := range words {
		for _, w := range run {
			total++
			bits := j.index[w.word]
			if bits == 0 {
				bits = j.stemmed(w.word)
			}
			letters += script(w.word, &hits)
			if strings.ContainsAny(w.word, "іїєґ") {
				own++
			}
			for i := 0; bits != 0; i, bits = i+1, bits>>1 {
				hits[i] += 2 * int(bits&1)
			}
		}
	}
	if total == 0 || 2*letters < total {
		return verdict{}
	}
	if hits[uk] > 0 && own == 0 && total >= 6 { // Ukrainian seldom goes six words without a letter of its own
		hits[uk] -= 4
	}
	first, second := 0, 0
	for i := range hits {
		if hits[i] > hits[first] {
			first = i
		}
	}
	for i := range hits {
		if i != first {
			second = max(second, hits[i])
		}
	}
	if first >= len(j.read) || hits[first] <= second && !(hits[first] > 0 && j.prefers(first, hits)) {
		return verdict{}
	}
	return verdict{best: j.read[first], clear: hits[first] >= 4 && 5*hits[first] >= 2*total && hits[first] > second+total/10}
}

func (j *judge) stemmed(word string) uint16 {
	var bits uint16
	for stem, of := range j.stems[head(word)] {
		if strings.HasPrefix(word, stem) {
			bits |= of
		}
	}
	return bits
}

// prefers breaks a tie between a language that can be read and a rival in favour of the first when the text is too short to say more.
func (j *judge) prefers(first int, hits [languages]int) bool {
	for i := range j.read {
		if i != first && hits[i] >= hits[first] {
			return false
		}
	}
	return hits[first] <= 12
}

// Places in read and rivals.
const (
	en = iota
	no
	uk
	da
	sv
	de
	fr
	es
	nl
	pl
	ru
)

// script counts letters that only one of the languages has, and says (as 1 or 0) whether the word is in a script we know.
func script(word string, hits *[languages]int) int {
	known := 0
	for _, r := range word {
		switch r {
		case 'і', 'ї', 'є', 'ґ':
			hits[uk]++
		case 'ы', 'э', 'ъ', 'ё':
			hits[ru] += 2
		case 'å', 'ø', 'æ':
			hits[no]++
			hits[da]++
			if r == 'å' {
				hits[sv]++
			}
		case 'ä', 'ö':
			hits[sv]++
			hits[de]++
		case 'ß', 'ü':
			hits[de] += 2
		case 'ą', 'ę', 'ł', 'ż', 'ś', 'ć', 'ń', 'ź':
			hits[pl] += 2
		case 'ñ', '¿':
			hits[es] += 2
		case 'ç', 'è', 'ê', 'à', 'ù', 'œ':
			hits[fr]++
		}
		if unicode.In(r, unicode.Latin, unicode.Cyrillic) {
			known = 1
		}
	}
	if first, _ := utf8.DecodeRuneInString(word); unicode.IsDigit(first) {
		known = 1
	}
	return known
}
