package postgres

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

type outcomes struct{ *tx }

// kept is a score as scorings has it.
type kept struct {
	Value       float64           `json:"value"`
	Confidence  float64           `json:"confidence"`
	Direction   outcome.Direction `json:"direction"`
	Calibration string            `json:"calibration"`
}

// Keep is port.Outcomes.
func (o outcomes) Keep(scoring outcome.Scoring, text feedback.Text) {
	byDimension := map[outcome.Dimension]*outcome.Score{}
	for i := range scoring.Scores {
		byDimension[scoring.Scores[i].Dimension] = &scoring.Scores[i]
	}
	all := map[string]any{} // nulls included: the history says what was not mentioned
	for _, d := range outcome.Dimensions {
		all[string(d)] = nil
		if s := byDimension[d]; s != nil {
			all[string(d)] = kept{s.Value, s.Confidence, s.Direction, s.Calibration}
		}
	}
	scores, err := json.Marshal(all)
	if err != nil { // numbers alone
		panic("encode scores: " + err.Error())
	}
	id := scoring.ID
	// A text that is now said to be of another month leaves the old one.
	o.queue(`UPDATE metrics_company_period m SET stale = true FROM companies c JOIN scorings s ON s.company_id = c.id
		WHERE c.id = app_company() AND s.text_id = $1 AND s.is_current AND m.company_id = c.id
			AND m.period_start = date_trunc('month', s.written_at AT TIME ZONE c.time_zone)::date
			AND m.period_start <> date_trunc('month', $2::timestamptz AT TIME ZONE c.time_zone)::date`, scoring.TextID, text.CreatedAt)
	o.queue("UPDATE scorings SET is_current = false WHERE text_id = $1 AND is_current", scoring.TextID)
	o.queue(`INSERT INTO scorings (id, company_id, text_id, method, model_version, rubric_version, language, reason, scores, is_current, scored_at, written_at)
		VALUES ($1, app_company(), $2, $3, $4, nullif($5, ''), nullif($6, ''), $7, $8, true, $9, $10)`,
		id, scoring.TextID, string(scoring.Method), scoring.ModelVersion, scoring.RubricVersion, scoring.Language, string(scoring.Reason), scores, scoring.At, text.CreatedAt)
	o.queue("DELETE FROM outcome_scores WHERE text_id = $1", scoring.TextID) // takes its evidence with it
	for _, s := range scoring.Scores {
		scoreID := uuid.NewSHA1(uuid.MustParse(id), []byte(s.Dimension)).String()
		o.queue(`INSERT INTO outcome_scores (id, company_id, scoring_id, text_id, text_type, dimension, score, confidence, model_version, created_at, direction, method, calibration_id)
			VALUES ($1, app_company(), $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, ''), $11, nullif($12, ''))`,
			scoreID, id, scoring.TextID, text.Type, string(s.Dimension), s.Value, s.Confidence, scoring.ModelVersion, text.CreatedAt,
			string(s.Direction), string(scoring.Method), s.Calibration)
		for _, span := range s.Evidence {
			o.queue(`INSERT INTO evidence_snippets (id, company_id, outcome_score_id, snippet_text, snippet_hash, starts_at, ends_at, created_at)
				VALUES ($1, app_company(), $2, $3, $4, $5, $6, $7)`,
				identity.NewID(), scoreID, span.Text, outcome.SnippetHash(span.Text), span.Start, span.End, scoring.At)
		}
	}
}

// Calibrated is port.Outcomes.
func (o outcomes) Calibrated(calibrations []outcome.Calibration) {
	for _, c := range calibrations {
		points := make([][2]float64, len(c.Points))
		for i, p := range c.Points {
			points[i] = [2]float64{p.Raw, p.Value}
		}
		raw, err := json.Marshal(points)
		if err != nil { // numbers alone
			panic("encode points: " + err.Error())
		}
		o.queue(`INSERT INTO calibrations (id, model_version, dimension, language, kind, points, slope, intercept, reference, n, mae_before, ece_before, mae_after, ece_after)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
			c.ID, c.ModelVersion, string(c.Dimension), c.Language, c.Kind, raw, c.Slope, c.Intercept, c.Reference[:], c.N,
			c.Before.MAE, c.Before.ECE, c.After.MAE, c.After.ECE)
	}
}
