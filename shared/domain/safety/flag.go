package safety

import (
	"crypto/sha256"
	"slices"
	"time"
)

// Status is where a flag stands.
type Status string

// The statuses. A text is held in all of them but Approved; of a Superseded flag nothing is left to decide, since its text was changed or
// is gone.
const (
	Open       Status = "open"
	Escalated  Status = "escalated" // waits for a second person, of the safeguarding role, to confirm it or send it back
	Approved   Status = "approved"  // may be shown
	Rejected   Status = "rejected"  // stays hidden, and is kept
	Appealed   Status = "appealed"  // rejected, and waits for somebody else to look again
	Superseded Status = "superseded"
)

// Statuses are all of them, in the order above.
var Statuses = []Status{Open, Escalated, Approved, Rejected, Appealed, Superseded}

// What became of an appeal.
const (
	Upheld     = "upheld"     // the first decision stands
	Overturned = "overturned" // it does not
)

// Lease is how long a claim holds: nobody else decides meanwhile, and who walks away loses it.
const Lease = 30 * time.Minute

// Flag is one version of one text, held until somebody has looked at it.
type Flag struct {
	ID          string // contract.EventID of content and version: the same text is flagged once
	Company     string
	ContentID   string
	ContentType string // feedback_text, checkin_note, message, other
	TextVersion string // as TextVersion gives it
	Verdict
	RaisedAt time.Time
	Alerted  int // safeguarding contacts for whom a notification was asked for; 0 where none was needed, or nobody is known

	Status       Status
	ClaimedBy    string // subject; empty when nobody has it, meaningless once ClaimedUntil has passed
	ClaimedUntil time.Time
	EscalatedBy  string    // while Escalated
	DecidedBy    string    // subject behind Approved or Rejected, also while that is appealed
	ReviewedAt   time.Time // of the first decision since it was raised
	First        Decision  // the first decision of all
	SecondDue    bool      // somebody else is asked too, without knowing that or what was decided
	Second       Decision  // what they said; it changes nothing but the figures, unless they escalate
	AppealedAt   time.Time
	AppealedBy   string // subject who asked for the appeal, the author or staff on their behalf; empty before one
	Outcome      string // Upheld or Overturned; empty while nothing was appealed or decided
	Revision     int    // of the row; a change applies only to the revision it was made from
}

// Raise makes the flag of a text that the policy holds.
func Raise(id string, s Screened, company string, v Verdict, now time.Time) Flag {
	return Flag{
		ID: id, Company: company, ContentID: s.ContentID, ContentType: s.ContentType, TextVersion: s.TextVersion,
		Verdict: v, RaisedAt: now, Status: Open, Revision: 1,
	}
}

// Again says what another screening of the same text changes, and whether it raises the flag anew: a text that came back after a
// correction, or harm that is graver than what was looked at. It never takes anything back, for a human may be looking at it.
func (f Flag) Again(v Verdict, now time.Time) (Flag, bool) {
	graver := rank(v.Route) > rank(f.Route)
	switch {
	case v.Route == Clear:
		return f, false
	case f.Status == Superseded:
		if rank(v.Route) < rank(f.Route) {
			v = f.Verdict
		}
		f.Verdict, f.RaisedAt, f.ReviewedAt = v, now, time.Time{}
		f.Status, f.DecidedBy, f.EscalatedBy = f.waiting(), f.appealedFrom(), ""
		return f.unclaimed(), true
	case graver:
		f.Verdict, f.RaisedAt, f.ReviewedAt, f.SecondDue, f.EscalatedBy = v, now, time.Time{}, false, ""
		f.Status, f.DecidedBy = f.waiting(), f.appealedFrom()
		return f.unclaimed(), true
	}
	return f, false
}

// waiting is the status of a flag that is to be decided anew.
func (f Flag) waiting() Status {
	if f.appealing() {
		return Appealed
	}
	return Open
}

func (f Flag) appealing() bool { return !f.AppealedAt.IsZero() && f.Outcome == "" }

// appealedFrom is who made the decision under appeal, empty outside one.
func (f Flag) appealedFrom() string {
	if f.appealing() {
		return f.DecidedBy
	}
	return ""
}

func (f Flag) unclaimed() Flag {
	f.ClaimedBy, f.ClaimedUntil = "", time.Time{}
	return f
}

// Withdrawn is a flag whose text is no more what it was. A decision that was made stays, for the text may come back.
func (f Flag) Withdrawn() Flag {
	f.SecondDue = false
	if f.Status == Open || f.Status == Escalated || f.Status == Appealed {
		f.Status = Superseded
	}
	return f.unclaimed()
}

// Waits says whether somebody is to look at the flag.
func (f Flag) Waits() bool {
	return f.SecondDue || slices.Contains([]Status{Open, Escalated, Appealed}, f.Status)
}

// Claimed says whether somebody has the flag at now.
func (f Flag) Claimed(now time.Time) bool { return f.ClaimedBy != "" && now.Before(f.ClaimedUntil) }

// SeenBy is the flag as a reviewer may see it: whoever may be asked a second time sees it as undecided.
func (f Flag) SeenBy(subject string) Flag {
	if !f.SecondDue || f.DecidedBy == subject {
		return f
	}
	f.Status, f.DecidedBy, f.First, f.ReviewedAt, f.SecondDue = Open, "", "", time.Time{}, false
	return f
}

// one in so many decisions is asked of a second person.
const doubled = 10

// Doubled says whether a flag's decision is asked of a second person: about one in ten, the same ones whenever it is asked.
func Doubled(flag string) bool {
	sum := sha256.Sum256([]byte("second opinion\n" + flag))
	return int(sum[0])<<8+int(sum[1]) < (1<<16)/doubled
}
