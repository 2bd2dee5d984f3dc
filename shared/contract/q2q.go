package contract

import "time"

// OutcomeScored says that a text was scored into outcomes. A dimension that the text says nothing about is absent, and so is the
// whole list when there is none.
type OutcomeScored struct {
	TextID       string           `json:"textId" jsonschema:"format=uuid"`
	TextType     string           `json:"textType" jsonschema:"minLength=1"` // kintell_rating, buddy_feedback, checkin_note, …
	ScoringID    string           `json:"scoringId" jsonschema:"format=uuid"`
	ModelVersion string           `json:"modelVersion" jsonschema:"minLength=1"`
	Method       string           `json:"method,omitempty" jsonschema:"enum=local,enum=llm,enum=fallback,enum=human"`
	Rubric       string           `json:"rubricVersion,omitempty"`
	Language     string           `json:"language,omitempty" jsonschema:"pattern=^[a-z]{2}$"`     // ISO 639-1
	Reason       string           `json:"reason,omitempty" jsonschema:"enum=language,enum=empty"` // why there are no scores, where it is not that nothing is said
	Scores       []DimensionScore `json:"scores,omitempty" jsonschema:"maxItems=5"`
	ScoredAt     time.Time        `json:"scoredAt"`
}

// DimensionScore is the verdict on one of the five outcomes.
type DimensionScore struct {
	Dimension  string  `json:"dimension" jsonschema:"enum=confidence,enum=belonging,enum=lang_level_proxy,enum=job_readiness,enum=well_being"`
	Score      float64 `json:"score" jsonschema:"minimum=0,maximum=1"`
	Confidence float64 `json:"confidence" jsonschema:"minimum=0,maximum=1"` // how sure the scorer is
	Direction  string  `json:"direction,omitempty" jsonschema:"enum=gain,enum=loss,enum=state"`
}

// EventType is q2q.outcome.scored.
func (OutcomeScored) EventType() string { return "q2q.outcome.scored" }

// Subject is the text.
func (b OutcomeScored) Subject() string { return b.TextID }

// DriftDetected says that a company's scores of a month lie otherwise than those of the texts that the model was calibrated on.
type DriftDetected struct {
	CompanyID    string  `json:"companyId" jsonschema:"format=uuid"`
	Month        string  `json:"month" jsonschema:"pattern=^[0-9]{4}-[0-9]{2}$"`
	Dimension    string  `json:"dimension" jsonschema:"enum=confidence,enum=belonging,enum=lang_level_proxy,enum=job_readiness,enum=well_being"`
	ModelVersion string  `json:"modelVersion" jsonschema:"minLength=1"`
	Level        string  `json:"level" jsonschema:"enum=medium,enum=high,enum=critical"` // above 0.2, 0.25, 0.3
	PSI          float64 `json:"psi" jsonschema:"exclusiveMinimum=0"`                    // population stability index over ten bins
	N            int     `json:"n" jsonschema:"minimum=100"`                             // scores of the month
}

// EventType is q2q.drift.detected.
func (DriftDetected) EventType() string { return "q2q.drift.detected" }

// Subject is the month, dimension, model version and level: of these a company is told once.
func (b DriftDetected) Subject() string {
	return b.Month + ":" + b.Dimension + ":" + b.ModelVersion + ":" + b.Level
}
