package impact

import "github.com/teei/csr-platform/shared/domain/outcome"

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
	Body          string // the whole text, to find in it what must be masked; never shown
}
