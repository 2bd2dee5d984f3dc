// Package projectprofile enrols participants in the programme whose session they took part in.
//
// Hears:   kintell.session.completed
// Tells:   nothing
// Repeats: safe; a person is enrolled once a programme, with the earliest time told
// Fails:   an unreadable event is parked
package projectprofile

import (
	"context"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "consumers/projectprofile"

// Function is consumers/projectprofile.
var Function = fn.OnEvent(name, open)

func open(ctx context.Context, env port.Env) ([]fn.Hears, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	return []fn.Hears{fn.Hear(New(ledger).Completed)}, env.Config().Err()
}

// Handler enrols participants.
type Handler struct{ ledger port.Ledger }

// New is a handler that keeps enrollments in ledger.
func New(ledger port.Ledger) *Handler { return &Handler{ledger} }

// Completed enrols the participant of a session that was held, as of then.
func (h *Handler) Completed(ctx context.Context, in contract.Of[contract.KintellSessionCompleted]) error {
	return h.ledger.Once(ctx, name, in.Cause(), func(tx port.Tx) error {
		tx.Journeys().Enrol([]journey.Enrollment{{
			Person:     in.Body.ParticipantID,
			Programme:  in.Body.SessionType, // language and mentorship are programmes of the same name
			Status:     "active",
			EnrolledAt: in.Body.CompletedAt,
		}})
		return nil
	})
}
