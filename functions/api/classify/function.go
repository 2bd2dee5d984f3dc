// Package classify scores texts that somebody sends, shows the rubric by which it does, and has people check the scores of texts we keep.
//
// A text that is sent is read, scored and forgotten: it has no writer whose consent we know and who could have it erased, so it is not
// stored, and there is no way to ask for that. All that is kept is how many texts a company sent in the minute.
//
// An audit is a random sample of the texts of one company and quarter. A reviewer reads a text of it, personal data masked, says what they
// find in it, and only then sees what the model found; what they say is final. Texts that may not be shown are passed over, except that
// safeguarding reads held ones too.
//
// Asks:    GET /v1/taxonomy; POST /v1/classify; POST /v1/classify/audits; GET /v1/classify/audits?company=&after=&limit=;
// GET /v1/classify/audits/{auditId}/next; POST /v1/classify/audits/{auditId}/items/{itemId}
// Answers: the rubric; for each text five scores with their quotes, or why there is none; audits, how far they are and how well reviewers and model agree; a text to judge; what the model said
// Repeats: a text sent again is scored again; an audit asked for again is drawn anew from the texts there are now, never smaller; a second answer of the same reviewer is 409
// Fails:   more texts in a minute than CLASSIFY_TEXTS_A_MINUTE is 429; a busy model is 503, and nothing of the request is answered
package classify

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "api/classify"

// Function is api/classify.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	model, err := env.Model(ctx)
	if err != nil {
		return nil, err
	}
	settings := env.Config()
	allowed := settings.Int("CLASSIFY_TEXTS_A_MINUTE", usualAllowance)
	if allowed < MaxTexts {
		return nil, fmt.Errorf("CLASSIFY_TEXTS_A_MINUTE: expected at least %d, so that a full request can be answered", MaxTexts)
	}
	return web.Handle(New(ledger, model, allowed).Serve), settings.Err()
}

// usualAllowance is how many texts a company may send in a minute where no setting says otherwise.
const usualAllowance = 600

// Handler scores texts and runs audits.
type Handler struct {
	ledger  port.Ledger
	model   outcome.Model
	allowed int // texts a company and minute
}

// New is a handler that has model score what is sent, up to allowed texts a company and minute, and keeps audits in ledger.
func New(ledger port.Ledger, model outcome.Model, allowed int) *Handler {
	return &Handler{ledger, model, allowed}
}

// Serve answers the function's routes.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	rest, ours := strings.CutPrefix(r.URL.Path, "/v1/classify")
	audit := r.PathValue("auditId") != ""
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/v1/taxonomy":
		return h.taxonomy(w, r)
	case r.Method == http.MethodPost && ours && rest == "":
		return h.classify(w, r)
	case r.Method == http.MethodPost && rest == "/audits":
		return h.draw(w, r)
	case r.Method == http.MethodGet && rest == "/audits":
		return h.list(w, r)
	case r.Method == http.MethodGet && audit && strings.HasSuffix(rest, "/next"):
		return h.next(w, r)
	case r.Method == http.MethodPost && audit && r.PathValue("itemId") != "":
		return h.answer(w, r)
	}
	return fault.New(fault.Missing, "no such resource")
}
