// Package screencontent reads every free text before anybody is shown it, and holds what a person must look at first.
//
// Hears:   kintell.rating.created
// Tells:   safety.flag.raised for a text that is held; notification.requested for each safeguarding contact where a life or a child is at stake
// Repeats: safe; a finished event is not worked again, and the same words of one text are flagged once. A corrected text comes as a new event and is screened anew
// Fails:   an unreadable event or a screening that does not fit its text is parked; a busy screener is tried again; a text that is gone is nothing
package screencontent

import (
	"context"
	"fmt"

	"github.com/teei/csr-platform/functions/consumers/internal/words"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "consumers/screencontent"

// Function is consumers/screencontent.
var Function = fn.OnEvent(name, open)

func open(ctx context.Context, env port.Env) ([]fn.Hears, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	screener, err := env.Screener(ctx)
	if err != nil {
		return nil, err
	}
	return []fn.Hears{fn.Hear(New(ledger, screener, safety.Usual).Rated)}, env.Config().Err()
}

// Handler screens texts.
type Handler struct {
	ledger   port.Ledger
	screener safety.Screener
	policy   safety.Policy
}

// New is a handler that reads texts from ledger, has screener look at them and acts on what it finds as policy says.
func New(ledger port.Ledger, screener safety.Screener, policy safety.Policy) *Handler {
	return &Handler{ledger, screener, policy}
}

// Rated screens what was written with a rating, by a participant or a volunteer.
func (h *Handler) Rated(ctx context.Context, in contract.Of[contract.KintellRatingCreated]) error {
	err := h.screen(ctx, in.Cause(), in.Body.RatingID, "feedback_text")
	if err != nil {
		return fmt.Errorf("screen text %s: %w", in.Body.RatingID, err)
	}
	return nil
}

// screen screens one text, of the contract's contentType, and keeps what came of it.
func (h *Handler) screen(ctx context.Context, cause contract.Cause, id, contentType string) error {
	finished, err := h.ledger.Finished(ctx, name, cause)
	if err != nil {
		return err
	}
	if finished { // Once then only publishes what an earlier attempt told and left behind
		return h.ledger.Once(ctx, name, cause, func(port.Tx) error { return nil })
	}
	var text feedback.Text
	err = h.ledger.Do(ctx, port.In(cause.Company, name), func(tx port.Tx) error {
		text, err = words.Written(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if text.Body == "" {
		return h.ledger.Once(ctx, name, cause, func(tx port.Tx) error { return gone(ctx, tx, id) })
	}
	screening, err := h.screener.Screen(ctx, safety.Request{Company: cause.Company, Text: text.Body})
	if err != nil {
		return err
	}
	err = screening.Check(text.Body)
	if err != nil {
		return err
	}
	verdict := h.policy.Judge(screening.Findings)
	screening.ID, screening.ContentID, screening.ContentType = contract.EventID(cause.ID, "screening", id), id, contentType
	screening.Route = verdict.Route
	read := safety.Screened{Screening: screening, TextVersion: safety.TextVersion(id, text.Body)}
	return h.ledger.Once(ctx, name, cause, func(tx port.Tx) error { return keep(ctx, tx, cause, read, verdict) })
}

// gone withdraws what was held of a text that is no more. One that came back meanwhile has its own event; from the look on it cannot come
// back until this is done, so that the flag of words that are there again is not withdrawn.
func gone(ctx context.Context, tx port.Tx, id string) error {
	text, err := words.Held(ctx, tx, id)
	if err != nil || text.Body != "" {
		return err
	}
	_, err = withdraw(ctx, tx, id, "")
	return err
}

// keep makes the screening the current one and raises the flag where the text is held. While the screener read, the text may have been
// corrected or erased; then this screening is of a text that is no more, and is dropped: the correction has its own event.
func keep(ctx context.Context, tx port.Tx, cause contract.Cause, read safety.Screened, verdict safety.Verdict) error {
	read.At = tx.Now()
	kept, err := tx.Safety().Keep(ctx, read)
	if err != nil || !kept {
		return err
	}
	known, err := withdraw(ctx, tx, read.ContentID, read.TextVersion)
	if err != nil {
		return err
	}
	raised := verdict.Route != safety.Clear
	if known == nil && !raised {
		return nil
	}
	var flag safety.Flag
	if known == nil {
		id := contract.EventID(read.ContentID, "flag", read.TextVersion)
		flag = safety.Raise(id, read, cause.Company, verdict, tx.Now())
	} else {
		flag, raised = known.Again(verdict, tx.Now())
	}
	if !raised {
		return nil
	}
	if flag.Route == safety.Safeguarding {
		flag.Alerted, err = alert(ctx, tx, cause, flag)
		if err != nil {
			return err
		}
	}
	tx.Tell(cause.Then(told(flag)))
	if known == nil {
		tx.Safety().Raise(flag)
		return nil
	}
	return advance(ctx, tx, flag)
}

// withdraw takes back the flags of what the text said before, and gives the one of what it says now; nil where there is none.
func withdraw(ctx context.Context, tx port.Tx, text, version string) (*safety.Flag, error) {
	flags, err := tx.Safety().Flags(ctx, text)
	if err != nil {
		return nil, err
	}
	var current *safety.Flag
	for _, flag := range flags {
		switch {
		case flag.TextVersion == version:
			current = &flag
		case flag.Waits():
			err = advance(ctx, tx, flag.Withdrawn())
		}
		if err != nil {
			return nil, err
		}
	}
	return current, nil
}

// advance keeps a changed flag. Where a reviewer was quicker, the event is tried again and meets what they did.
func advance(ctx context.Context, tx port.Tx, flag safety.Flag) error {
	err := tx.Safety().Advance(ctx, flag, nil)
	if fault.KindOf(err) == fault.Conflict {
		return fault.Wrap(fault.Busy, "a reviewer is at work on this flag", err)
	}
	return err
}

// alert asks that each safeguarding contact be told that something waits for them; who and what they see in the queue alone.
func alert(ctx context.Context, tx port.Tx, cause contract.Cause, flag safety.Flag) (int, error) {
	contacts, err := tx.Safety().Contacts(ctx)
	if err != nil {
		return 0, err
	}
	for _, person := range contacts {
		tx.Tell(cause.Then(contract.SafeguardingAlert(cause.ID, flag.ID, person, tx.Now())))
	}
	return len(contacts), nil
}

// told is the flag as the contract has it.
func told(flag safety.Flag) contract.SafetyFlagRaised {
	body := contract.SafetyFlagRaised{
		FlagID: flag.ID, ContentID: flag.ContentID, ContentType: flag.ContentType, FlagReason: flag.Reason(), Confidence: flag.Confidence,
		RequiresHumanReview: true, RaisedAt: flag.RaisedAt, Route: string(flag.Route),
	}
	for _, category := range flag.Categories {
		body.Categories = append(body.Categories, string(category))
	}
	return body
}
