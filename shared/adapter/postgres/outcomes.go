package postgres

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

type outcomes struct{ *tx }

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
			all[string(d)] = map[string]float64{"score": s.Value, "confidence": s.Confidence}
		}
	}
	scores, err := json.Marshal(all)
	if err != nil { // numbers alone
		panic("encode scores: " + err.Error())
	}
	id := scoring.ID
	o.queue("UPDATE scorings SET is_current = false WHERE text_id = $1 AND is_current", scoring.TextID)
	o.queue(`INSERT INTO scorings (id, company_id, text_id, model_version, language, scores, is_current, scored_at)
		VALUES ($1, app_company(), $2, $3, nullif($4, ''), $5, true, $6)`, id, scoring.TextID, scoring.ModelVersion, scoring.Language, scores, scoring.At)
	// Scores of a text that is now said to be of another month leave the old one.
	o.queue(`UPDATE metrics_company_period m SET stale = true FROM companies c JOIN outcome_scores s ON s.company_id = c.id
		WHERE c.id = app_company() AND s.text_id = $1 AND m.company_id = c.id
			AND m.period_start = date_trunc('month', s.created_at AT TIME ZONE c.time_zone)::date
			AND m.period_start <> date_trunc('month', $2::timestamptz AT TIME ZONE c.time_zone)::date`, scoring.TextID, text.CreatedAt)
	o.queue("DELETE FROM outcome_scores WHERE text_id = $1", scoring.TextID) // takes its evidence with it
	for _, s := range scoring.Scores {
		scoreID := uuid.NewSHA1(uuid.MustParse(id), []byte(s.Dimension)).String()
		o.queue(`INSERT INTO outcome_scores (id, company_id, scoring_id, text_id, text_type, dimension, score, confidence, model_version, created_at)
			VALUES ($1, app_company(), $2, $3, $4, $5, $6, $7, $8, $9)`,
			scoreID, id, scoring.TextID, text.Type, string(s.Dimension), s.Value, s.Confidence, scoring.ModelVersion, text.CreatedAt)
		for _, span := range s.Evidence {
			o.queue(`INSERT INTO evidence_snippets (id, company_id, outcome_score_id, snippet_text, snippet_hash, starts_at_byte, ends_at_byte, created_at)
				VALUES ($1, app_company(), $2, $3, $4, $5, $6, $7)`,
				identity.NewID(), scoreID, span.Text, outcome.SnippetHash(span.Text), span.Start, span.End, scoring.At)
		}
	}
}
