package impact

import (
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
	Body          string        // the whole text, to find in it what must be masked; never shown
	Personal      []safety.Span // what the screening of Body as it stands found of that, by places of Body; never shown
	Names         []string      // first and last names of those who met, for the same; never shown
}

// Shown is the quote with everything masked by which the text says how to reach somebody or who they are: what was found when it was
// screened, what safety.FindPII finds in the whole text, since half an address looks like none, and the names of those who met, as Ukrainian,
// Russian and Polish decline them and as the Latin or Cyrillic alphabet writes them. Pet names and other people's names it does not know.
func (q Quote) Shown() string {
	return safety.MaskQuote(q.Span.Text, q.Span.Start, safety.Private(q.Body, q.Personal, named(q.Body, q.Names)...))
}
