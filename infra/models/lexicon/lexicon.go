package lexicon

import (
	_ "embed" // the lexicons
	"fmt"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

//go:embed lexicon/en.txt
var english string

//go:embed lexicon/no.txt
var norwegian string

//go:embed lexicon/uk.txt
var ukrainian string

// A lexicon is lines of
//
//	@role : phrase | phrase            words that change how a cue is read
//	dimension ±strength flags : phrase | phrase   a cue; strength 1, 2 or 3
//
// A phrase is words as scan makes them (lower case, "n't" and "'m" on their own). stem* is every word that begins so, (a/b) is
// either, _ is up to three words of any kind. Flags: ! the cue speaks of the writer whoever the subject is; v it is a verb, which
// Norwegian negates behind.
const (
	gapWords = 3
	stemKey  = 3 // characters by which stems are indexed
)

// role is what a phrase does.
type role int

const (
	cue      role = iota // evidence for a dimension
	stop                 // a common word, by which a language is known
	neg                  // not
	gone                 // less, lost, no longer
	mask                 // a fixed phrase whose words mean something else
	contrast             // but
	concede              // although
	open                 // because: begins a clause
	and                  // joins
	that                 // a comma before it begins no clause
	self                 // the writer
	other                // somebody else
	nominal              // the writer as a subject
	copula               // is, feels: what precedes is a subject
	prep                 // what follows is no subject
	hedge                // a bit
	boost                // very
	irreal               // hope to
	past                 // used to
	now                  // today
	said                 // told me
	sarcasm              // yeah right
	was                  // a verb in the past
	how                  // how brave he is
)

var roles = map[string]role{
	"stop": stop, "neg": neg, "gone": gone, "mask": mask, "contrast": contrast, "concede": concede, "open": open, "and": and,
	"that": that, "self": self, "other": other, "i": nominal, "copula": copula, "prep": prep, "hedge": hedge, "boost": boost,
	"irreal": irreal, "past": past, "now": now, "said": said, "sarcasm": sarcasm,
	"was": was, "how": how,
}

// strengths are what a cue of strength 1, 2 and 3 is worth, on the way from 0 (neutral) to 1.
var strengths = [...]float64{0, 0.4, 0.65, 0.9}

// pattern is one phrase of a lexicon.
type pattern struct {
	role      role
	dimension outcome.Dimension
	polarity  float64 // -1…1
	anyone    bool
	verb      bool
	parts     []part
}

// part is one place of a phrase: a gap, or one of several runs of words.
type part struct {
	gap  bool
	alts [][]string
}

// language is a compiled lexicon.
type language struct {
	code  string
	exact map[string][]*pattern // by first word
	stems map[string][]*pattern // by the first stemKey characters of a first stem
	known map[string]bool       // words and stem* by which the language is recognised
}

// compile reads a lexicon. It panics on a line it cannot read, which the package's tests would show.
func compile(code, text string) *language {
	l := &language{code: code, exact: map[string][]*pattern{}, stems: map[string][]*pattern{}, known: map[string]bool{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		head, phrases, ok := strings.Cut(line, " : ")
		if !ok {
			panic(fmt.Sprintf("lexicon %s: no colon in %q", code, line))
		}
		kind := readHead(code, head)
		for phrase := range strings.SplitSeq(phrases, "|") {
			p := kind
			p.parts = readPhrase(phrase)
			l.add(&p)
		}
	}
	return l
}

func readHead(code, head string) pattern {
	if name, ok := strings.CutPrefix(head, "@"); ok {
		r, known := roles[name]
		if !known {
			panic(fmt.Sprintf("lexicon %s: no role %q", code, name))
		}
		return pattern{role: r}
	}
	name, value, _ := strings.Cut(head, " ")
	p := pattern{dimension: outcome.Dimension(name), anyone: strings.Contains(value, "!"), verb: strings.Contains(value, "v")}
	if len(value) < 2 || !slices.Contains(outcome.Dimensions, p.dimension) || value[1] < '1' || value[1] > '3' {
		panic(fmt.Sprintf("lexicon %s: no cue %q", code, head))
	}
	p.polarity = strengths[value[1]-'0']
	if value[0] == '-' {
		p.polarity = -p.polarity
	}
	return p
}

func readPhrase(phrase string) []part {
	var parts []part
	for phrase = strings.TrimSpace(phrase); phrase != ""; phrase = strings.TrimSpace(phrase) {
		var item string
		if phrase[0] == '(' {
			item, phrase, _ = strings.Cut(phrase[1:], ")")
		} else {
			item, phrase, _ = strings.Cut(phrase, " ")
		}
		if item == "_" {
			parts = append(parts, part{gap: true})
			continue
		}
		var alts [][]string
		for alt := range strings.SplitSeq(item, "/") {
			alts = append(alts, strings.Fields(alt))
		}
		parts = append(parts, part{alts: alts})
	}
	for len(parts) > 0 && parts[0].gap { // a gap at either end says nothing
		parts = parts[1:]
	}
	for len(parts) > 0 && parts[len(parts)-1].gap {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// add indexes p by each first word it may have.
func (l *language) add(p *pattern) {
	for _, alt := range p.parts[0].alts {
		first := alt[0]
		if stem, ok := strings.CutSuffix(first, "*"); ok {
			l.stems[head(stem)] = append(l.stems[head(stem)], p)
		} else {
			l.exact[first] = append(l.exact[first], p)
		}
	}
	for _, pt := range p.parts {
		for _, word := range slices.Concat(pt.alts...) {
			l.known[word] = true
		}
	}
}

// head is the first stemKey characters of a word.
func head(word string) string {
	n := 0
	for i := range word {
		if n == stemKey {
			return word[:i]
		}
		n++
	}
	return word
}

// match is a phrase found in a sentence: words [start, end), of which literal holds those the phrase names itself.
type match struct {
	*pattern
	start, end int
	literal    uint64 // bit i: word start+i is the phrase's own, not a gap's
}

func (m match) has(word int) bool {
	return word >= m.start && word < m.end && m.literal>>(word-m.start)&1 == 1
}

func (m match) inside(o match) bool { return m.start >= o.start && m.end <= o.end }

// find gives every phrase of l in words, each at its longest.
func (l *language) find(words []token) []match {
	var found []match
	for i, w := range words {
		tries := l.exact[w.word]
		stems := l.stems[head(w.word)]
		seen := map[*pattern]bool(nil)
		for k := range len(tries) + len(stems) {
			var p *pattern
			if k < len(tries) {
				p = tries[k]
			} else {
				p = stems[k-len(tries)]
			}
			if p.role == stop || seen[p] {
				continue
			}
			end, literal := longest(p.parts, words, i, i)
			if end < 0 {
				continue
			}
			if len(p.parts) > 1 {
				if seen == nil {
					seen = map[*pattern]bool{}
				}
				seen[p] = true
			}
			found = append(found, match{pattern: p, start: i, end: end, literal: literal})
		}
	}
	return found
}

// longest matches parts at word i and gives the furthest end, or -1, with the literal words as bits relative to base.
func longest(parts []part, words []token, i, base int) (int, uint64) {
	if len(parts) == 0 {
		return i, 0
	}
	best, bits := -1, uint64(0)
	take := func(rest []part, at int, own uint64) {
		end, more := longest(rest, words, at, base)
		if end > best {
			best, bits = end, own|more
		}
	}
	if parts[0].gap {
		for n := 0; n <= gapWords && i+n < len(words) && (n == 0 || !words[i+n-1].broken()); n++ {
			take(parts[1:], i+n, 0)
		}
		return best, bits
	}
	for _, alt := range parts[0].alts {
		if n := len(alt); runs(alt, words, i, i > base) && i+n-base < 64 {
			take(parts[1:], i+n, (1<<n-1)<<(i-base))
		}
	}
	return best, bits
}

// runs says whether the words from i on are those of alt, with no comma or dash between them, nor before them when joined.
func runs(alt []string, words []token, i int, joined bool) bool {
	if i+len(alt) > len(words) {
		return false
	}
	for k, want := range alt {
		w := words[i+k]
		if (k > 0 || joined) && w.broken() {
			return false
		}
		if stem, ok := strings.CutSuffix(want, "*"); ok {
			if !strings.HasPrefix(w.word, stem) {
				return false
			}
		} else if w.word != want {
			return false
		}
	}
	return true
}
