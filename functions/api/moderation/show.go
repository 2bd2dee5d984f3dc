package moderation

import (
	"net/http"
	"time"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// line is a flag without its text.
type line struct {
	ID            string            `json:"id"`
	Company       string            `json:"company"`
	ContentID     string            `json:"contentId"`
	ContentType   string            `json:"contentType"`
	Categories    []safety.Category `json:"categories"` // gravest first
	Route         safety.Route      `json:"route"`
	Confidence    float64           `json:"confidence"`
	NeedsHelp     bool              `json:"needsHelp"` // the writer tells of harm and has done none
	Status        safety.Status     `json:"status"`
	RaisedAt      time.Time         `json:"raisedAt"`
	Alerted       int               `json:"alerted"`               // safeguarding contacts for whom a notification was asked for
	ClaimedUntil  time.Time         `json:"claimedUntil,omitzero"` // while somebody has it
	Mine          bool              `json:"mine"`                  // that is who asks
	ReviewedAt    time.Time         `json:"reviewedAt,omitzero"`
	AppealedAt    time.Time         `json:"appealedAt,omitzero"`
	AppealOutcome string            `json:"appealOutcome,omitempty"` // upheld or overturned
}

// lineOf is a flag as the subject may see it at now.
func lineOf(f safety.Flag, subject string, now time.Time) line {
	f = f.SeenBy(subject)
	l := line{
		ID: f.ID, Company: f.Company, ContentID: f.ContentID, ContentType: f.ContentType, Categories: f.Categories, Route: f.Route,
		Confidence: f.Confidence, NeedsHelp: f.NeedsHelp, Status: f.Status, RaisedAt: f.RaisedAt, Alerted: f.Alerted,
		ReviewedAt: f.ReviewedAt, AppealedAt: f.AppealedAt, AppealOutcome: f.Outcome,
	}
	if f.Claimed(now) {
		l.ClaimedUntil, l.Mine = f.ClaimedUntil, f.ClaimedBy == subject
	}
	return l
}

// shown is one flag; Text and Reviews are there only where they were asked for.
type shown struct {
	line
	Text    *string `json:"text,omitempty"`   // personal data is masked, except in what goes to safeguarding
	Masked  bool    `json:"masked,omitempty"` // something was
	Reviews []act   `json:"reviews,omitempty"`
}

// act is what somebody did about the flag before.
type act struct {
	Kind     safety.Kind     `json:"kind"`
	Decision safety.Decision `json:"decision,omitempty"`
	Reason   string          `json:"reason"`
	At       time.Time       `json:"at"`
}

// show answers one flag, with its text where ?reveal=true asks for that; the company's audit log then says who read it.
func (h *Handler) show(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "reveal")
	if err != nil {
		return err
	}
	reveal := query.Get("reveal")
	if reveal != "" && reveal != "true" && reveal != "false" {
		return fault.Fields("the flag cannot be shown that way", fault.Field{Name: "reveal", Expected: "true or false"})
	}
	owner, err := h.company(r)
	if err != nil {
		return err
	}
	ctx, who := r.Context(), reviewer(r.Context())
	var answer shown
	err = h.ledger.Do(ctx, port.In(owner, who.Subject), func(tx port.Tx) error {
		flag, err := tx.Safety().Flag(ctx, r.PathValue("flagId"))
		if err != nil {
			return err
		}
		answer = shown{line: lineOf(flag, who.Subject, tx.Now())}
		if reveal != "true" {
			return nil
		}
		return revealed(r, tx, flag, who, &answer)
	})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, answer)
}

// revealed adds the text, and what was done before, to the answer, and says so in the audit log.
func revealed(r *http.Request, tx port.Tx, flag safety.Flag, who safety.Reviewer, answer *shown) error {
	ctx := r.Context()
	err := flag.May(who)
	if err != nil {
		return err
	}
	text, err := tx.Feedback().Text(ctx, flag.ContentID)
	if fault.KindOf(err) == fault.Missing || err == nil && safety.TextVersion(text.ID, text.Body) != flag.TextVersion {
		return fault.New(fault.Conflict, "the text was changed or withdrawn meanwhile: what was held is no more")
	}
	if err != nil {
		return err
	}
	body := text.Body
	if flag.Route != safety.Safeguarding {
		body, err = masked(r, tx, flag, body)
		if err != nil {
			return err
		}
	}
	answer.Text, answer.Masked = &body, body != text.Body
	tx.Audit(company.Entry{
		Actor: who.Subject, Role: string(who.Role), Action: "READ", ResourceType: "safety_flag", ResourceID: flag.ID,
		After: map[string]any{"contentId": flag.ContentID, "route": string(flag.Route), "masked": answer.Masked},
	})
	if flag.SecondDue && flag.DecidedBy != who.Subject {
		return nil // who is asked a second time is not told of the first
	}
	done, err := tx.Safety().Reviews(ctx, flag.ID)
	for _, review := range done {
		answer.Reviews = append(answer.Reviews, act{review.Kind, review.Decision, review.Reason, review.At})
	}
	return err
}

// masked is a text without what reaches or identifies somebody, as far as the current screening or our own rules find it.
func masked(r *http.Request, tx port.Tx, flag safety.Flag, body string) (string, error) {
	screening, err := tx.Safety().Screening(r.Context(), flag.ContentID)
	if fault.KindOf(err) == fault.Missing {
		return "", fault.New(fault.Conflict, "the text is being screened: try again")
	}
	if err != nil {
		return "", err
	}
	if screening.TextVersion != flag.TextVersion {
		return "", fault.New(fault.Conflict, "the text is being screened: try again")
	}
	return safety.Mask(body, screening.Private(body)), nil
}
