package contract

import "time"

// OutcomeScored says that a text was scored into outcomes. A dimension that the text says nothing about is absent, and so is the
// whole list when there is none.
type OutcomeScored struct {
	TextID       string           `json:"textId" jsonschema:"format=uuid"`
	TextType     string           `json:"textType" jsonschema:"minLength=1"` // kintell_rating, buddy_feedback, checkin_note, …
	ScoringID    string           `json:"scoringId" jsonschema:"format=uuid"`
	ModelVersion string           `json:"modelVersion" jsonschema:"minLength=1"`
	Scores       []DimensionScore `json:"scores,omitempty" jsonschema:"maxItems=5"`
	ScoredAt     time.Time        `json:"scoredAt"`
}

// DimensionScore is the verdict on one of the five outcomes.
type DimensionScore struct {
	Dimension  string  `json:"dimension" jsonschema:"enum=confidence,enum=belonging,enum=lang_level_proxy,enum=job_readiness,enum=well_being"`
	Score      float64 `json:"score" jsonschema:"minimum=0,maximum=1"`
	Confidence float64 `json:"confidence" jsonschema:"minimum=0,maximum=1"` // how sure the scorer is
}

// EventType is q2q.outcome.scored.
func (OutcomeScored) EventType() string { return "q2q.outcome.scored" }

// Subject is the text.
func (b OutcomeScored) Subject() string { return b.TextID }
