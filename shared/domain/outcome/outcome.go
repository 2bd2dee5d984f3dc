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

// Span is a quote: Text is the bytes [Start, End) of the scored text.
type Span struct {
	Start, End int
	Text       string
}

// Score is the verdict on one dimension. A dimension that the text says nothing about has no Score at all.
type Score struct {
	Dimension  Dimension
	Value      float64 // 0…1, three decimals
	Confidence float64 // 0…1, how sure the scorer is
	Evidence   []Span  // at least one, verbatim; lang_level_proxy has the whole text
}

// Scoring is one reading of one text by one model version.
type Scoring struct {
	ID           string // UUID, made from the event that asked for it; a model leaves it empty
	TextID       string
	ModelVersion string
	Language     string  // ISO 639-1 of the text, empty when undetermined
	Scores       []Score // at most one a dimension, in the order of Dimensions; absent means not mentioned
	At           time.Time
}

// Model reads a text and scores it. It may fail with a Busy fault, which is tried again.
type Model interface {
	Score(ctx context.Context, text string) (Scoring, error)
}
