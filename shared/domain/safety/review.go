package safety

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
)

// Decision is what a reviewer says about a text.
type Decision string

// The decisions. Return answers an escalation alone.
const (
	Approve  Decision = "approved"  // it may be shown
	Reject   Decision = "rejected"  // it stays hidden, and is kept
	Escalate Decision = "escalated" // the safeguarding contact must see it; of an escalation: it is one
	Return   Decision = "returned"  // it is none: back to moderation
)

// Decisions are all of them, in the order above.
var Decisions = []Decision{Approve, Reject, Escalate, Return}

// Kind is what a review was for.
type Kind string

// The kinds of review. Appeal is the asking, by the author or on their behalf.
const (
	Deciding   Kind = "decision"
	Confirming Kind = "confirmation" // of an escalation, or its return
	Doubling   Kind = "second"       // blind
	Appeal     Kind = "appeal"
	Appealing  Kind = "appeal_decision"
)

// MaxReason is the longest reason, in characters.
const MaxReason = 1000

// Reviewer is who acts on a flag.
type Reviewer struct {
	Subject string // the issuer's name for them
	Role    identity.Role
}

// Review is one act of one person on one flag. Reviews are only ever added.
type Review struct {
	ID       string
	FlagID   string
	Kind     Kind
	Decision Decision // empty for an Appeal
	Reviewer Reviewer
	Reason   string // 1 to MaxReason characters; stays here: no event, audit line or log has it
	Revision int    // of the flag that it was made from
	At       time.Time
}

// CheckReason refuses a reason in which nothing can be seen, or that is longer than MaxReason.
func CheckReason(reason string) error {
	if !strings.ContainsFunc(reason, visible) || utf8.RuneCountInString(strings.TrimSpace(reason)) > MaxReason {
		return fault.Fields("the review is not complete", fault.Field{Name: "reason", Expected: "1 to 1000 characters that can be seen"})
	}
	return nil
}

// visible says whether r leaves something on a screen by itself.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsMark(r) && !unseen(r) && plain(r) != ' '
}

// May says whether reviewer may read what the flag is about, or act on it: what goes to safeguarding is for that role alone.
func (f Flag) May(reviewer Reviewer) error {
	if f.Route == Safeguarding && reviewer.Role != identity.Safeguarding {
		return fault.New(fault.Forbidden, "this goes to the safeguarding contact alone")
	}
	return nil
}

// free says why reviewer cannot work on the flag now; nil when they can.
func (f Flag) free(reviewer Reviewer, now time.Time) error {
	err := f.May(reviewer)
	if err != nil {
		return err
	}
	conflict := func(sentence string) error { return fault.New(fault.Conflict, sentence) }
	switch {
	case f.Status == Superseded:
		return conflict("the text was changed or withdrawn meanwhile: there is nothing left to decide")
	case f.SecondDue && f.DecidedBy == reviewer.Subject, f.Status == Approved && !f.SecondDue, f.Status == Rejected && !f.SecondDue:
		return conflict("this was decided meanwhile: " + string(f.Status))
	case f.Status == Escalated && f.EscalatedBy == reviewer.Subject:
		return conflict("an escalation is confirmed or sent back by a second person")
	case f.Status == Appealed && f.DecidedBy == reviewer.Subject:
		return conflict("an appeal is decided by somebody else than the first decision")
	case f.Status == Appealed && f.AppealedBy == reviewer.Subject:
		return conflict("an appeal is decided by somebody else than who asked for it")
	case f.Claimed(now) && f.ClaimedBy != reviewer.Subject:
		return conflict("another reviewer has claimed this until " + f.ClaimedUntil.UTC().Format(time.RFC3339))
	}
	return nil
}

// Claim gives the flag to reviewer for a Lease; a second claim of theirs renews it.
func (f Flag) Claim(reviewer Reviewer, now time.Time) (Flag, error) {
	err := f.free(reviewer, now)
	if err != nil {
		return f, err
	}
	f.ClaimedBy, f.ClaimedUntil = reviewer.Subject, now.Add(Lease)
	return f, nil
}

// held says why reviewer does not hold the flag; nil when they do.
func (f Flag) held(reviewer Reviewer, now time.Time) error {
	err := f.free(reviewer, now)
	if err != nil {
		return err
	}
	if !f.Claimed(now) {
		sentence := "claim this first"
		if f.ClaimedBy == reviewer.Subject {
			sentence = "your claim has ended: claim this again"
		}
		return fault.New(fault.Conflict, sentence)
	}
	return nil
}

// Release gives a claim back.
func (f Flag) Release(reviewer Reviewer, now time.Time) (Flag, error) {
	err := f.held(reviewer, now)
	if err != nil {
		return f, err
	}
	return f.unclaimed(), nil
}

// Decide applies a decision of reviewer, who must hold the claim. The review says what it was for; its id and reason are the caller's.
func (f Flag) Decide(reviewer Reviewer, d Decision, now time.Time) (Flag, Review, error) {
	err := f.held(reviewer, now)
	if err == nil {
		err = f.takes(d)
	}
	if err != nil {
		return f, Review{}, err
	}
	review := Review{FlagID: f.ID, Decision: d, Reviewer: reviewer, Revision: f.Revision, At: now}
	if f.ReviewedAt.IsZero() {
		f.ReviewedAt = now
	}
	switch {
	case f.Status == Escalated:
		review.Kind = Confirming
		f.Status, f.EscalatedBy = f.waiting(), ""
		if d == Return {
			f.Route = Moderation
		}
	case f.SecondDue:
		review.Kind = Doubling
		f.Second, f.SecondDue = d, false
		if d == Escalate {
			f.DecidedBy = "" // what was decided no longer holds
			f = f.escalated(reviewer)
		}
	default:
		f, review.Kind = f.decided(reviewer, d)
	}
	return f.unclaimed(), review, nil
}

// takes refuses a decision that the flag is not waiting for.
func (f Flag) takes(d Decision) error {
	switch {
	case !slices.Contains(Decisions, d):
		return fault.Fields("the review is not complete", fault.Field{Name: "decision", Expected: "approved, rejected, escalated, or returned for an escalation"})
	case f.Status == Escalated && d != Escalate && d != Return:
		return fault.New(fault.Conflict, "this was escalated: it is confirmed (escalated) or sent back (returned) before anything else")
	case f.Status != Escalated && d == Return:
		return fault.New(fault.Conflict, "this was not escalated: there is nothing to send back")
	case f.Status != Escalated && d == Escalate && f.Route == Safeguarding:
		return fault.New(fault.Conflict, "this is with the safeguarding contact already")
	}
	return nil
}

// decided applies the decision on an open or appealed flag.
func (f Flag) decided(reviewer Reviewer, d Decision) (Flag, Kind) {
	kind, first := Deciding, f.First == ""
	if f.Status == Appealed {
		kind = Appealing
	}
	if first {
		f.First = d
	}
	if d == Escalate {
		return f.escalated(reviewer), kind
	}
	f.Status, f.DecidedBy = Status(d), reviewer.Subject
	if kind == Appealing {
		f.Outcome = Upheld
		if d == Approve {
			f.Outcome = Overturned
		}
	}
	f.SecondDue = first && f.Route == Moderation && Doubled(f.ID)
	return f, kind
}

// escalated hands the flag to safeguarding, who see it at once, and whose second person confirms it.
func (f Flag) escalated(by Reviewer) Flag {
	f.Status, f.Route, f.EscalatedBy = Escalated, Safeguarding, by.Subject
	return f
}

// Appeal asks that somebody else look at a rejected text again: neither who decided nor by, who asks. It can be asked once. While a second
// person is asked, the flag is undecided to all who may be that person (SeenBy), and so it is here: else who of them asks would be told what
// was decided. The author is no reviewer, and need not wait for one who may never come.
func (f Flag) Appeal(by Reviewer, now time.Time) (Flag, Review, error) {
	seen := f
	if by.Role.OfOperator() {
		seen = f.SeenBy(by.Subject)
	}
	switch {
	case !f.AppealedAt.IsZero():
		return f, Review{}, fault.New(fault.Conflict, "this was appealed already")
	case seen.Status != Rejected:
		return f, Review{}, fault.New(fault.Conflict, "only a text that was rejected can be appealed for")
	}
	review := Review{FlagID: f.ID, Kind: Appeal, Reviewer: by, Revision: f.Revision, At: now}
	f.Status, f.AppealedAt, f.AppealedBy, f.SecondDue = Appealed, now, by.Subject, false
	return f.unclaimed(), review, nil
}
