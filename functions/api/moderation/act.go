package moderation

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// longest is the size in bytes beyond which no body is read: a reason of 1000 characters, escaped as JSON may be, and room to spare.
const longest = 16 << 10

// move is what somebody does to a flag: the flag that follows, and the review to keep, nil where nothing was decided.
type move func(tx port.Tx, flag safety.Flag) (safety.Flag, *safety.Review, error)

// attempts is how often a move is tried when somebody else was quicker; each time it is judged anew by what they did.
const attempts = 3

// act moves the flag of the path in the scope of owner, whose text it is about, and gives the flag as it is now.
func (h *Handler) act(r *http.Request, owner string, do move) (safety.Flag, time.Time, error) {
	ctx, who := r.Context(), reviewer(r.Context())
	var moved safety.Flag
	var at time.Time
	var err error
	for range attempts {
		slower := false
		err = h.ledger.Do(ctx, port.In(owner, who.Subject), func(tx port.Tx) error {
			flag, err := tx.Safety().Flag(ctx, r.PathValue("flagId"))
			if err != nil {
				return err
			}
			next, review, err := do(tx, flag)
			if err != nil {
				return err
			}
			if review != nil {
				err = announce(ctx, tx, &next, *review)
				if err != nil {
					return err
				}
			}
			tx.Audit(entry(who, flag, next))
			err = tx.Safety().Advance(ctx, next, review)
			slower = fault.KindOf(err) == fault.Conflict
			moved, at = next, tx.Now()
			return err
		})
		if !slower {
			break
		}
	}
	return moved, at, err
}

// entry is the line of the audit log for a move; never its reason.
func entry(who safety.Reviewer, from, to safety.Flag) company.Entry {
	return company.Entry{
		Actor: who.Subject, Role: string(who.Role), Action: "UPDATE", ResourceType: "safety_flag", ResourceID: from.ID,
		Before: map[string]any{"status": string(from.Status), "route": string(from.Route), "claimed": from.ClaimedBy != "", "revision": from.Revision},
		After:  map[string]any{"status": string(to.Status), "route": string(to.Route), "claimed": to.ClaimedBy != "", "revision": from.Revision + 1},
	}
}

// announce tells a decision, and alerts the safeguarding contacts to what was escalated to them.
func announce(ctx context.Context, tx port.Tx, flag *safety.Flag, review safety.Review) error {
	blind := review.Kind == safety.Doubling && review.Decision != safety.Escalate
	if review.Kind == safety.Appeal || review.Decision == safety.Return || blind {
		return nil // nothing was decided about the text
	}
	cause := contract.Cause{ID: review.ID, Company: tx.Company(), At: tx.Now(), Traceparent: trace.From(ctx)}
	tx.Tell(cause.Then(completed(*flag, review)))
	if flag.Status != safety.Escalated {
		return nil
	}
	contacts, err := tx.Safety().Contacts(ctx)
	if err != nil {
		return err
	}
	for _, person := range contacts {
		tx.Tell(cause.Then(contract.SafeguardingAlert(cause.ID, flag.ID, person, tx.Now())))
	}
	flag.Alerted = len(contacts)
	return nil
}

// completed is review, which flag follows from, as the contract has it.
func completed(flag safety.Flag, review safety.Review) contract.SafetyReviewCompleted {
	body := contract.SafetyReviewCompleted{
		ReviewID: review.ID, FlagID: flag.ID, ReviewerID: personID(review.Reviewer.Subject), Decision: string(review.Decision), CompletedAt: review.At,
		Route: string(flag.Route),
	}
	for _, category := range flag.Categories {
		body.Categories = append(body.Categories, string(category))
	}
	return body
}

// personID is the id by which events name a reviewer: their subject where the issuer names people by UUIDs, else one made of it, for a
// subject may be an address.
func personID(subject string) string {
	if identity.IsID(subject) {
		return subject
	}
	return identity.ID(company.OperatorID, "issuer", "subject", subject)
}

// hold claims the flag, or gives the claim back.
func (h *Handler) hold(w http.ResponseWriter, r *http.Request, claim bool) error {
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	raw, err := web.Body(w, r, longest)
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(raw))) > 0 && strings.TrimSpace(string(raw)) != "{}" {
		return fault.Fields("this takes no body", fault.Field{Name: "body", Expected: "nothing"})
	}
	owner, err := h.company(r)
	if err != nil {
		return err
	}
	who := reviewer(r.Context())
	flag, at, err := h.act(r, owner, func(tx port.Tx, flag safety.Flag) (safety.Flag, *safety.Review, error) {
		var err error
		if claim {
			flag, err = flag.Claim(who, tx.Now())
		} else {
			flag, err = flag.Release(who, tx.Now())
		}
		return flag, nil, err
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, lineOf(flag, who.Subject, at))
}

// said is the body of a decision or an appeal, which has no decision.
type said struct {
	Decision safety.Decision `json:"decision"`
	Reason   string          `json:"reason"`
}

// read reads what somebody says about the flag.
func read(w http.ResponseWriter, r *http.Request, decides bool) (said, error) {
	in, err := web.Read[said](w, r, longest)
	if err != nil {
		return said{}, err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	err = safety.CheckReason(in.Reason)
	if err == nil && !decides && in.Decision != "" {
		err = fault.Fields("an appeal decides nothing", fault.Field{Name: "decision", Expected: "nothing"})
	}
	return in, err
}

// decide takes the decision of who holds the claim.
func (h *Handler) decide(w http.ResponseWriter, r *http.Request) error {
	in, err := read(w, r, true)
	if err != nil {
		return err
	}
	owner, err := h.company(r)
	if err != nil {
		return err
	}
	who := reviewer(r.Context())
	flag, at, err := h.act(r, owner, func(tx port.Tx, flag safety.Flag) (safety.Flag, *safety.Review, error) {
		next, review, err := flag.Decide(who, in.Decision, tx.Now())
		review.ID, review.Reason = identity.NewID(), in.Reason
		return next, &review, err
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, lineOf(flag, who.Subject, at))
}

// appealed is what an author is told of their appeal.
type appealed struct {
	ID         string        `json:"id"`
	Status     safety.Status `json:"status"`
	AppealedAt time.Time     `json:"appealedAt"`
}

// appeal asks for another look at a rejected text: by staff on behalf of its author, or by the author, whom a token names by their person id.
func (h *Handler) appeal(w http.ResponseWriter, r *http.Request) error {
	in, err := read(w, r, false)
	if err != nil {
		return err
	}
	caller, who := access.From(r.Context()), reviewer(r.Context())
	owner := caller.Company
	switch {
	case caller.Role.OfOperator():
		owner, err = h.company(r)
	case owner == "":
		err = fault.New(fault.Forbidden, "the token names no company")
	case !identity.IsID(r.PathValue("flagId")):
		err = unknown
	}
	if err != nil {
		return err
	}
	flag, _, err := h.act(r, owner, func(tx port.Tx, flag safety.Flag) (safety.Flag, *safety.Review, error) {
		err := appealable(r.Context(), tx, flag, caller)
		if err != nil {
			return flag, nil, err
		}
		next, review, err := flag.Appeal(who, tx.Now())
		review.ID, review.Reason = identity.NewID(), in.Reason
		return next, &review, err
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, appealed{flag.ID, flag.Status, flag.AppealedAt})
}

// appealable refuses an appeal for somebody else's text, as if there were none, and one for a text that is no more.
func appealable(ctx context.Context, tx port.Tx, flag safety.Flag, caller access.Caller) error {
	text, err := tx.Feedback().Text(ctx, flag.ContentID)
	gone := fault.KindOf(err) == fault.Missing
	switch {
	case err != nil && !gone:
		return err
	case !caller.Role.OfOperator() && (gone || text.Person != caller.Subject):
		return unknown
	case gone || safety.TextVersion(text.ID, text.Body) != flag.TextVersion:
		return fault.New(fault.Conflict, "the text was changed or withdrawn meanwhile: there is nothing to appeal for")
	}
	return nil
}
