package impact

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// Quote is the proof of one score.
type Quote struct {
	Ref           string // names the quote and nothing else: not its text, its writer or its time
	Month         Month  // in which it was written
	Dimension     outcome.Dimension
	Score         float64
	Direction     outcome.Direction // empty for what was scored before directions were
	Method        outcome.Method
	ModelVersion  string
	RubricVersion string
	Span          outcome.Span
	Body          string   // the whole text, to find in it what must be masked; never shown
	Names         []string // first and last names of those who met, for the same; never shown
}

// Shown is the quote with everything masked by which the text says how to reach somebody or who they are: what safety.FindPII finds in
// the whole text, since half an address looks like none, and the names of those who met. It does not know other people's names.
func (q Quote) Shown() string {
	return safety.MaskQuote(q.Span.Text, q.Span.Start, append(safety.FindPII(q.Body), q.named()...))
}

// named finds the words of Names in the text, also in the genitive, and also where accents are written otherwise or not at all: "Zoë" is
// "Zoe" to many keyboards. A name is written with a capital, where its script has any: "Per" is one, and "per" is not.
func (q Quote) named() []safety.Span {
	names := map[string]bool{}
	for _, name := range q.Names {
		for _, word := range strings.FieldsFunc(name, notOfWord) {
			if word = bare(word); len([]rune(word)) >= 2 {
				names[word] = true
			}
		}
	}
	var found []safety.Span
	characters := []rune(q.Body)
	for start := 0; start < len(characters); {
		end := start
		for end < len(characters) && !notOfWord(characters[end]) {
			end++
		}
		if end > start && !unicode.IsLower(characters[start]) {
			word := bare(string(characters[start:end]))
			if names[word] || names[strings.TrimSuffix(word, "s")] {
				found = append(found, safety.Span{Start: start, End: end, Kind: safety.Name})
			}
		}
		start = max(end, start+1)
	}
	return found
}

// joiners are seen by nobody and end no word: soft hyphen, the two joiners, word joiner, byte order mark.
const joiners = "\u00ad\u200c\u200d\u2060\ufeff"

func notOfWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(joiners, r)
}

// bare is a word in lower case without accents and what cannot be seen.
func bare(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || strings.ContainsRune(joiners, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(word))
}
