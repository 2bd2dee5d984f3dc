// Package scorefeedback turns what a participant wrote into outcome scores, each with the quote that proves it.
//
// Hears:   kintell.rating.created
// Tells:   q2q.outcome.scored
// Repeats: safe; a finished event is not worked again. The model is paid again only for an event that comes twice at once, or whose scores could not be kept. A corrected text comes as a new event and is scored anew
// Fails:   an unreadable event or a scoring without proof is parked; a busy model is tried again
package scorefeedback

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/teei/csr-platform/functions/consumers/internal/words"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "consumers/scorefeedback"

// Function is consumers/scorefeedback.
var Function = fn.OnEvent(name, open)

func open(ctx context.Context, env port.Env) ([]fn.Hears, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	model, err := env.Model(ctx)
	if err != nil {
		return nil, err
	}
	return []fn.Hears{fn.Hear(New(ledger, model).Rated)}, env.Config().Err()
}

// Handler scores texts.
type Handler struct {
	ledger     port.Ledger
	model      outcome.Model
	calibrated atomic.Bool // the model's calibrations are in the ledger, as far as this process knows
}

// New is a handler that reads texts from ledger, has model score them and keeps the scores in ledger.
func New(ledger port.Ledger, model outcome.Model) *Handler {
	return &Handler{ledger: ledger, model: model}
}

// Rated scores the text of a rating. A rating without a text, or with a volunteer's, makes no participant's outcome: nothing is
// scored and nothing told. A text in a language that the model does not know is a scoring too, one without scores that says why.
func (h *Handler) Rated(ctx context.Context, in contract.Of[contract.KintellRatingCreated]) error {
	if in.Body.FromRole != string(feedback.FromParticipant) {
		return nil
	}
	cause := in.Cause()
	finished, err := h.ledger.Finished(ctx, name, cause)
	if err != nil {
		return fmt.Errorf("rating %s: %w", in.Body.RatingID, err)
	}
	if finished { // Once then only publishes what an earlier attempt told and left behind
		return h.ledger.Once(ctx, name, cause, func(port.Tx) error { return nil })
	}
	var text feedback.Text
	err = h.ledger.Do(ctx, port.In(cause.Company, name), func(tx port.Tx) error {
		text, err = words.Written(ctx, tx, in.Body.RatingID)
		return err
	})
	if err != nil {
		return fmt.Errorf("text of rating %s: %w", in.Body.RatingID, err)
	}
	if text.Body == "" || text.FromRole != feedback.FromParticipant {
		return nil
	}
	scoring, err := h.model.Score(ctx, outcome.Request{Company: cause.Company, Text: text.Body})
	if err != nil {
		return fmt.Errorf("score text %s: %w", text.ID, err)
	}
	err = outcome.Verify(text.Body, scoring)
	if err != nil {
		return fmt.Errorf("score text %s by %s: %w", text.ID, scoring.ModelVersion, err)
	}
	scoring.ID, scoring.TextID = contract.EventID(cause.ID, "scoring", text.ID), text.ID
	return h.keep(ctx, cause, text, scoring)
}

// keep makes scoring the current one and tells it, also where it has no scores: a corrected text may have lost some. While the
// model read, the text may have been corrected or erased; then this scoring is of a text that is no more, and is dropped. From the
// comparison on the text is held, so that no newer scoring comes between and is overwritten by this one.
func (h *Handler) keep(ctx context.Context, cause contract.Cause, text feedback.Text, scoring outcome.Scoring) error {
	err := h.ledger.Once(ctx, name, cause, func(tx port.Tx) error {
		if !h.calibrated.Load() { // with the first scoring of each process: whoever reads a score finds what made it
			tx.Outcomes().Calibrated(h.model.Calibrations())
		}
		current, err := words.Held(ctx, tx, text.ID)
		if err != nil {
			return fmt.Errorf("text %s: %w", text.ID, err)
		}
		if current.Body != text.Body || current.FromRole != text.FromRole {
			return nil
		}
		scoring.At = tx.Now()
		tx.Outcomes().Keep(scoring, current)
		tx.Tell(cause.Then(told(text, scoring)))
		return nil
	})
	if err == nil {
		h.calibrated.Store(true)
	}
	return err
}

func told(text feedback.Text, scoring outcome.Scoring) contract.OutcomeScored {
	body := contract.OutcomeScored{
		TextID:       text.ID,
		TextType:     text.Type,
		ScoringID:    scoring.ID,
		ModelVersion: scoring.ModelVersion,
		Method:       string(scoring.Method),
		Rubric:       scoring.RubricVersion,
		Language:     scoring.Language,
		Reason:       string(scoring.Reason),
		Scores:       []contract.DimensionScore{},
		ScoredAt:     scoring.At,
	}
	for _, score := range scoring.Scores {
		body.Scores = append(body.Scores, contract.DimensionScore{
			Dimension: string(score.Dimension), Score: score.Value, Confidence: score.Confidence, Direction: string(score.Direction),
		})
	}
	return body
}
