package impact

import (
	"strings"
	"unicode"

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

// named finds the words of Names in the text, also in the genitive. A name is written with a capital, where its script has any: "Per" is
// one, and "per" is not.
func (q Quote) named() []safety.Span {
	names := map[string]bool{}
	for _, name := range q.Names {
		for _, word := range strings.FieldsFunc(name, notLetter) {
			if len([]rune(word)) >= 2 {
				names[strings.ToLower(word)] = true
			}
		}
	}
	var found []safety.Span
	characters := []rune(q.Body)
	for start := 0; start < len(characters); {
		end := start
		for end < len(characters) && !notLetter(characters[end]) {
			end++
		}
		word := strings.ToLower(string(characters[start:end]))
		if end > start && !unicode.IsLower(characters[start]) && (names[word] || names[strings.TrimSuffix(word, "s")]) {
			found = append(found, safety.Span{Start: start, End: end, Kind: safety.Name})
		}
		start = max(end, start+1)
	}
	return found
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }
