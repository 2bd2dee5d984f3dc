package classify

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// turn is what a reviewer reads next.
type turn struct {
	Item       *item `json:"item"`       // null when nothing is left that this reviewer may read
	Left       int   `json:"left"`       // texts this reviewer may still judge, with this one
	PassedOver int   `json:"passedOver"` // texts that may not be shown to this reviewer now
}

// item is a text to judge, and nothing of what a model made of it.
type item struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	Masked  bool   `json:"masked"`  // personal data was replaced by its kind, as [e-mail]
	Version string `json:"version"` // of what was read, to be sent with the answer
}

// itemOf is a text as a reviewer reads it, with what personal its screening and our own rules find masked.
func itemOf(id string, text feedback.Text, personal []safety.Span) item {
	masked := safety.Mask(text.Body, personal)
	return item{ID: id, Text: masked, Masked: masked != text.Body, Version: safety.TextVersion(text.ID, masked)}
}

// next gives the reviewer a text that they have not judged: those come first that nobody has.
func (h *Handler) next(w http.ResponseWriter, r *http.Request) error {
	ctx, caller := r.Context(), access.From(r.Context())
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	a, known := auditOf(r.PathValue("auditId"))
	if !known {
		return noAudit
	}
	var answer turn
	err = h.ledger.Do(ctx, port.In(a.company, caller.Subject), func(tx port.Tx) error {
		answer = turn{}
		err := exists(ctx, tx, a)
		if err != nil {
			return err
		}
		items, err := tx.Audits().Next(ctx, a.quarter, caller.Subject, outcome.MaxSample)
		if err != nil {
			return err
		}
		open, err := readable(ctx, tx, caller.Role, items)
		if err != nil {
			return err
		}
		answer.Left, answer.PassedOver = len(open), len(items)-len(open)
		if len(open) == 0 {
			return nil
		}
		text, err := tx.Feedback().Text(ctx, open[0].TextID)
		if err != nil { // a text takes its item along: it went this very moment
			return err
		}
		screening, err := tx.Safety().Screening(ctx, text.ID)
		if err != nil {
			return err
		}
		one := itemOf(open[0].ID, text, screening.Private(text.Body))
		answer.Item = &one
		tx.Audit(company.Entry{
			Actor: caller.Subject, Role: string(caller.Role), Action: "READ", ResourceType: "score_audit_item", ResourceID: one.ID,
			After: map[string]any{"audit": a.id(), "textId": text.ID, "masked": one.Masked},
		})
		return nil
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, answer)
}

// exists says, as Missing, that there is no such audit.
func exists(ctx context.Context, tx port.Tx, a audit) error {
	drawn, err := tx.Audits().Samples(ctx, before(a.quarter), 1)
	if err == nil && (len(drawn) == 0 || drawn[0].Quarter != a.quarter) {
		err = noAudit
	}
	return err
}

// readable are those of items whose text somebody of role may read: what may be shown to all, and for safeguarding also what is held. What
// has not been screened as it stands is for nobody.
func readable(ctx context.Context, tx port.Tx, role identity.Role, items []outcome.Item) ([]outcome.Item, error) {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.TextID
	}
	showable, err := tx.Safety().Showable(ctx, texts)
	if err != nil {
		return nil, err
	}
	var open []outcome.Item
	for _, item := range items {
		allowed := showable[item.TextID]
		if !allowed && role == identity.Safeguarding {
			allowed, err = screened(ctx, tx, item.TextID)
		}
		if err != nil {
			return nil, err
		}
		if allowed {
			open = append(open, item)
		}
	}
	return open, nil
}

// screened says whether a text was screened as it stands now.
func screened(ctx context.Context, tx port.Tx, id string) (bool, error) {
	screening, err := tx.Safety().Screening(ctx, id)
	if fault.KindOf(err) == fault.Missing {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := tx.Feedback().Text(ctx, id)
	if fault.KindOf(err) == fault.Missing {
		return false, nil
	}
	return err == nil && safety.TextVersion(text.ID, text.Body) == screening.TextVersion, err
}

// judged is what a reviewer found in a text. Every dimension but lang_level_proxy must be there: null says that it is not spoken of.
type judged struct {
	Version string `json:"version"` // as GET …/next gave it
	Labels  struct {
		Confidence     label `json:"confidence"`
		Belonging      label `json:"belonging"`
		LangLevelProxy label `json:"lang_level_proxy"`
		JobReadiness   label `json:"job_readiness"`
		WellBeing      label `json:"well_being"`
	} `json:"labels"`
}

// label is a number from 0 to 1 or null, and knows whether it was there at all.
type label struct {
	given bool
	value *float64
}

const labelled = "a number from 0 to 1 with at most three decimals, or null for not mentioned"

// UnmarshalJSON reads a number or null. A number out of range is left to outcome.CheckLabels.
func (l *label) UnmarshalJSON(raw []byte) error {
	l.given = true
	err := json.Unmarshal(raw, &l.value)
	if err != nil {
		return fault.New(fault.Invalid, labelled)
	}
	return nil
}

// labels are what was given, with every mistake named.
func (j judged) labels() (outcome.Labels, error) {
	given := map[outcome.Dimension]label{
		outcome.Confidence: j.Labels.Confidence, outcome.Belonging: j.Labels.Belonging, outcome.LangLevelProxy: j.Labels.LangLevelProxy,
		outcome.JobReadiness: j.Labels.JobReadiness, outcome.WellBeing: j.Labels.WellBeing,
	}
	labels := outcome.Labels{}
	var c fault.Checks
	c.That(j.Version != "", "version", "the version of the text that you read, as it came with the text")
	for _, d := range outcome.Dimensions {
		if c.That(given[d].given || d == outcome.LangLevelProxy, "labels."+string(d), labelled) && given[d].given {
			labels[d] = given[d].value
		}
	}
	err := c.Err("the answer is not complete")
	if err != nil {
		return nil, err
	}
	return labels, outcome.CheckLabels(labels)
}

// answer keeps what a reviewer found, for good, and then shows what the model did.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request) error {
	ctx, caller := r.Context(), access.From(r.Context())
	in, err := web.Read[judged](w, r, short)
	if err != nil {
		return err
	}
	labels, err := in.labels()
	if err != nil {
		return err
	}
	a, known := auditOf(r.PathValue("auditId"))
	if !known {
		return noAudit
	}
	var revealed result
	err = h.ledger.Do(ctx, port.In(a.company, caller.Subject), func(tx port.Tx) error {
		item, err := tx.Audits().Item(ctx, a.quarter, r.PathValue("itemId"))
		if err != nil {
			return err
		}
		text, personal, err := stillReadable(ctx, tx, caller.Role, item, in.Version)
		if err != nil {
			return err
		}
		scoring, err := tx.Audits().Answer(ctx, item.ID, caller.Subject, labels)
		if err != nil {
			return err
		}
		revealed = resultOf(text.Body, standing(text.Body, scoring), func(span outcome.Span) string { return safety.MaskQuote(span.Text, span.Start, personal) })
		tx.Audit(company.Entry{
			Actor: caller.Subject, Role: string(caller.Role), Action: "CREATE", ResourceType: "score_audit_answer", ResourceID: item.ID,
			After: map[string]any{"audit": a.id(), "textId": text.ID, "scoringId": scoring.ID},
		})
		return nil
	})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusCreated, revealed)
}

// stillReadable is the text of an item, which stays what it is until the transaction ends, and what is masked in it; where role may read it and
// it reads as it did in version.
func stillReadable(ctx context.Context, tx port.Tx, role identity.Role, asked outcome.Item, version string) (feedback.Text, []safety.Span, error) {
	text, err := tx.Feedback().Hold(ctx, asked.TextID)
	if err != nil {
		return feedback.Text{}, nil, err
	}
	open, err := readable(ctx, tx, role, []outcome.Item{asked})
	if err != nil {
		return feedback.Text{}, nil, err
	}
	if len(open) == 0 {
		return feedback.Text{}, nil, fault.New(fault.Conflict, "the text may not be shown now: ask for the next one")
	}
	screening, err := tx.Safety().Screening(ctx, text.ID)
	if err != nil {
		return feedback.Text{}, nil, err
	}
	personal := screening.Private(text.Body)
	if itemOf(asked.ID, text, personal).Version != version {
		return feedback.Text{}, nil, fault.New(fault.Conflict, "the text was changed since you read it: ask for the next one")
	}
	return text, personal, nil
}

// standing is scoring with those of its quotes that stand in text. A text that was corrected a moment ago is not scored anew yet: the model
// then quotes what it said before, which may have been held, and in which personal data stands elsewhere.
func standing(text string, scoring outcome.Scoring) outcome.Scoring {
	characters := []rune(text)
	scoring.Scores = slices.Clone(scoring.Scores)
	for i, score := range scoring.Scores {
		scoring.Scores[i].Evidence = nil
		for _, span := range score.Evidence {
			if span.Start >= 0 && span.Start < span.End && span.End <= len(characters) && string(characters[span.Start:span.End]) == span.Text {
				scoring.Scores[i].Evidence = append(scoring.Scores[i].Evidence, span)
			}
		}
	}
	return scoring
}
