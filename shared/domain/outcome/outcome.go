// Package outcome is what changed for a person, as five scores, each proved by a verbatim quote (Q2Q).
package outcome

import (
	"context"
	"time"
)

// Dimension is one of the five outcomes (source document §2.2).
type Dimension string

// The dimensions. A score runs from 0 (low) to 1 (high).
const (
	Confidence     Dimension = "confidence"       // self-assurance in abilities
	Belonging      Dimension = "belonging"        // inclusion, connection to a community
	LangLevelProxy Dimension = "lang_level_proxy" // language proficiency, read off the text itself
	JobReadiness   Dimension = "job_readiness"    // preparedness for employment
	WellBeing      Dimension = "well_being"       // mental and emotional wellness
)

// Dimensions are all five, in the order in which they are shown.
var Dimensions = []Dimension{Confidence, Belonging, LangLevelProxy, JobReadiness, WellBeing}

// Direction says what the text tells of change. The score itself is how things are at the time of writing.
type Direction string

// The directions.
const (
	Gain  Direction = "gain"  // better than before
	Loss  Direction = "loss"  // worse than before
	State Direction = "state" // how it is; no change is told
)

// Method is who or what scored.
type Method string

// The methods.
const (
	Local    Method = "local"    // the model inside the binary
	LLM      Method = "llm"      // a large language model
	Fallback Method = "fallback" // the local model, because the large one could not or may not answer
	Human    Method = "human"    // a reviewer
)

// Span is a quote: the characters (Unicode code points) Start to End, End excluded, of the scored text. Text is those characters.
type Span struct {
	Start, End int
	Text       string
}

// Score is the verdict on one dimension. A dimension that the text says nothing about has no Score at all.
type Score struct {
	Dimension   Dimension
	Value       float64   // 0…1, three decimals
	Confidence  float64   // 0…1, three decimals: how sure the scorer is that the dimension is spoken of
	Direction   Direction // State for lang_level_proxy
	Evidence    []Span    // one to MaxEvidence, verbatim; lang_level_proxy has the whole text
	Calibration string    // id of the Calibration that the value went through, empty for none
}

// Reason says why a text has no scores, or no score where one might be expected.
type Reason string

// The reasons.
const (
	NotMentioned Reason = ""         // the text was read and says nothing about what is missing
	Language     Reason = "language" // the scorer does not know the text's language
	Empty        Reason = "empty"    // there is no word in the text
)

// Request asks for one text to be scored.
type Request struct {
	Company string // whose budget pays and whose limits hold
	Text    string
}

// Usage is what one scoring by a paid model cost.
type Usage struct {
	Model                                            string
	Calls                                            int // requests, the repair included
	InputTokens, OutputTokens, CacheRead, CacheWrite int
	MicroUSD                                         int64 // price in millionths of a US dollar
	Latency                                          time.Duration
	Stop                                             string // stop reason of the last request, or the name of its error
}

// Scoring is one reading of one text by one model version.
type Scoring struct {
	ID            string // UUID, made from the event that asked for it; a model leaves it empty
	TextID        string
	Method        Method
	ModelVersion  string
	RubricVersion string
	Language      string // ISO 639-1 of the text, empty when undetermined
	Reason        Reason
	Scores        []Score // at most one a dimension, in the order of Dimensions; absent means not mentioned, or Reason
	Usage         *Usage  // nil for what costs nothing
	At            time.Time
}

// Model reads a text and scores it. It may fail with a Busy fault, which is tried again.
type Model interface {
	Score(ctx context.Context, in Request) (Scoring, error)
	// Calibrations are those that scores of this model may name.
	Calibrations() []Calibration
}

// Calibration is how raw scores of one model, dimension and language are turned into values, fitted on labelled texts.
type Calibration struct {
	ID           string // "<model version>/<dimension>/<language or all>"
	ModelVersion string
	Dimension    Dimension
	Language     string     // ISO 639-1, or "all"
	Kind         string     // "isotonic" or "platt" or "none"
	Points       []Point    // isotonic: knots, raw ascending, values not descending
	Slope        float64    // platt: of the log-odds of raw
	Intercept    float64    // platt
	Reference    [10]int    // how the values of the calibration set spread over ten equal bins of 0…1, for drift
	N            int        // labelled texts it was fitted on
	Before       Dependably // on held-out texts, raw
	After        Dependably // on held-out texts, calibrated
}

// Point is one knot of a calibration.
type Point struct{ Raw, Value float64 }

// Dependably is how well values agree with labels.
type Dependably struct {
	MAE float64 // mean absolute error, 0…1
	ECE float64 // expected calibration error over ten bins, 0…1
}
