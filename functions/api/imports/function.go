// Package imports takes files in, shows how far their reading got, and lets refused rows be fixed.
//
// The operator's people send files, and no role of a company may: its people must not add any to the groups behind its figures (decision 0056).
// A refused row holds its file's words unscreened, beside the address of who wrote them. So, should the table let a company's people in,
// they see and work the imports alone that they created themselves, whose files they had.
//
// Asks:    POST /v1/imports/{kind}?company=&scale=&fileName=&upload=; PUT /v1/imports/{importId}/file; POST /v1/imports/{importId}/start;
// GET /v1/imports?company=&after=&limit=; GET /v1/imports/{importId}; GET /v1/imports/{importId}/errors?format=&status=&after=&limit=;
// POST /v1/imports/{importId}/rows/{row}?scale=
// Answers: 202 with the import, and where to upload it when no file came along; progress; refused rows as JSON or as a CSV to fix and send again
// Tells:   import.received, and what a corrected row says
// Repeats: the same file twice adds nothing; an import is started once (409)
// Fails:   a file that cannot be read, or a row that still breaks a rule, is 400 and says what is wrong; another company's import, and for a company's people somebody else's, is 404
package imports

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "api/imports"

// Function is api/imports.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	files, err := env.Files(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(New(ledger, files).Serve), env.Config().Err()
}

// Handler takes imports in.
type Handler struct {
	ledger port.Ledger
	files  port.Files
}

// New is a handler that keeps files in files, and in ledger what becomes of them.
func New(ledger port.Ledger, files port.Files) *Handler { return &Handler{ledger, files} }

// Serve answers the function's routes.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	_, last, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/imports/"), "/")
	switch {
	case r.PathValue("kind") != "":
		return h.create(w, r)
	case r.PathValue("importId") == "":
		return h.list(w, r)
	case r.PathValue("row") != "":
		return h.fix(w, r)
	case r.Method == http.MethodPut && last == "file":
		return h.upload(w, r)
	case r.Method == http.MethodPost && last == "start":
		return h.start(w, r)
	case r.Method == http.MethodGet && last == "errors":
		return h.errors(w, r)
	case r.Method == http.MethodGet && last == "":
		return h.show(w, r)
	}
	return fault.New(fault.Missing, "no such resource")
}

// shown is an import as it is sent.
type shown struct {
	ID         string          `json:"id"`
	Company    string          `json:"company"`
	Kind       string          `json:"kind"`
	FileName   string          `json:"fileName"`
	Scale      string          `json:"scale,omitempty"` // as chosen; the one found is in layout
	Status     string          `json:"status"`
	Reason     string          `json:"reason,omitempty"`
	Progress   progress        `json:"progress"`
	Layout     json.RawMessage `json:"layout,omitempty"`
	CreatedAt  time.Time       `json:"createdAt"`
	FinishedAt time.Time       `json:"finishedAt,omitzero"`
	URL        string          `json:"url"`
	ErrorsURL  string          `json:"errorsUrl"`
	UploadURL  string          `json:"uploadUrl,omitempty"` // of a new import that waits for its file: PUT it there
	StartURL   string          `json:"startUrl,omitempty"`  // then POST here
}

type progress struct {
	Row     int     `json:"row"` // data rows read
	Taken   int     `json:"taken"`
	Same    int     `json:"same"`
	Refused int     `json:"refused"`
	Bytes   int64   `json:"bytes"`
	Size    int64   `json:"size"`
	Percent float64 `json:"percent"`
}

func show(in intake.Import) shown {
	p := in.Progress
	at := "/v1/imports/" + in.ID
	s := shown{
		ID: in.ID, Company: in.Company, Kind: string(in.Kind), FileName: in.FileName, Scale: in.Scale, Status: string(in.Status), Reason: in.Reason,
		Progress: progress{Row: p.Row, Taken: p.Taken, Same: p.Same, Refused: p.Refused, Bytes: p.Offset, Size: in.Size},
		Layout:   in.Layout, CreatedAt: in.CreatedAt, FinishedAt: in.FinishedAt, URL: at, ErrorsURL: at + "/errors",
	}
	switch {
	case in.Status == intake.Completed:
		s.Progress.Percent = 100
	case in.Size > 0:
		s.Progress.Percent = float64(min(100*p.Offset/in.Size, 99))
	}
	if in.Status == intake.Waiting {
		s.UploadURL, s.StartURL = at+"/file", at+"/start"
	}
	return s
}

// page is a part of the list, newest first. Next continues it as ?after=.
type page struct {
	Imports []shown `json:"imports"`
	Next    string  `json:"next,omitempty"`
}

// list answers the imports that the caller created; the operator's people see those of everybody, or of the company they name.
func (h *Handler) list(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "company", "after", "limit")
	if err != nil {
		return err
	}
	var checks fault.Checks
	after := query.Get("after")
	checks.That(after == "" || identity.IsID(after), "after", "the next of the page before")
	limit := web.Number(&checks, query, "limit", usual, 1, most)
	err = checks.Err("the list cannot be made that way")
	if err != nil {
		return err
	}
	scope, err := h.scope(r.Context(), query.Get("company"))
	if err != nil {
		return err
	}
	by := ""
	if caller := access.From(r.Context()); !caller.Role.OfOperator() {
		by = caller.Subject
	}
	var found []intake.Import
	err = h.ledger.Do(r.Context(), scope, func(tx port.Tx) error {
		found, err = tx.Imports().List(r.Context(), by, after, limit+1)
		return err
	})
	if err != nil {
		return err
	}
	answer := page{Imports: []shown{}}
	if len(found) > limit {
		found = found[:limit]
		answer.Next = found[limit-1].ID
	}
	for _, in := range found {
		answer.Imports = append(answer.Imports, show(in))
	}
	return web.JSON(w, http.StatusOK, answer)
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "company")
	if err != nil {
		return err
	}
	in, _, err := h.find(r, query.Get("company"))
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, show(in))
}

// scope is what the caller may see: their own company; of the operator's people the company they name by id or slug, else all.
func (h *Handler) scope(ctx context.Context, named string) (port.Scope, error) {
	caller := access.From(ctx)
	scope := port.In(caller.Company, caller.Subject)
	if caller.Role.OfOperator() {
		scope = port.Operator(caller.Subject)
	}
	if named == "" {
		return scope, nil
	}
	var found company.Company
	err := h.ledger.Do(ctx, scope, func(tx port.Tx) error {
		var err error
		found, err = tx.Companies().Find(ctx, named)
		return err
	})
	if fault.KindOf(err) == fault.Missing {
		return scope, &fault.Error{Kind: fault.Missing, Sentence: "no such company", Fields: []fault.Field{{Name: "company", Expected: "the id or slug of a company"}}}
	}
	return port.In(found.ID, caller.Subject), err
}

// find reads the import that the path names, and says what time it is in the ledger. An import that the caller may not see is Missing.
func (h *Handler) find(r *http.Request, named string) (in intake.Import, now time.Time, err error) {
	id, unknown := r.PathValue("importId"), fault.New(fault.Missing, "no such import")
	if !identity.IsID(id) {
		return in, now, unknown
	}
	scope, err := h.scope(r.Context(), named)
	if err != nil {
		return in, now, err
	}
	err = h.ledger.Do(r.Context(), scope, func(tx port.Tx) error {
		now = tx.Now()
		in, err = tx.Imports().Find(r.Context(), strings.ToLower(id))
		return err
	})
	caller := access.From(r.Context())
	if err == nil && !caller.Role.OfOperator() && in.CreatedBy != caller.Subject {
		return intake.Import{}, now, unknown
	}
	return in, now, err
}
