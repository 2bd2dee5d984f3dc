// Package companies lists the tenants, makes new ones and gives their senders the secrets they sign with.
//
// Asks:    GET /v1/companies?after=&limit=; POST /v1/companies; PUT /v1/companies/{companyId}/senders/{sender}
// Answers: the companies the caller may see; the new company; a secret, shown this once, with the addresses to send to
// Repeats: a company's slug is taken once (409); each PUT of a sender makes another secret and keeps the one before it valid
// Fails:   a field that is wrong is 400 and named; another's company is 404
package companies

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "api/companies"

// Function is api/companies.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := env.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(New(ledger, keys).Serve), env.Config().Err()
}

// Handler keeps companies.
type Handler struct {
	ledger port.Ledger
	keys   port.Keys
}

// New is a handler that keeps companies in ledger and seals secrets with keys.
func New(ledger port.Ledger, keys port.Keys) *Handler { return &Handler{ledger, keys} }

// Serve answers the function's routes, which differ by method.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodGet:
		return h.list(w, r)
	case http.MethodPost:
		return h.create(w, r)
	case http.MethodPut:
		return h.putSender(w, r)
	}
	return fault.New(fault.Missing, "no such resource")
}

// shown is a company as it is sent.
type shown struct {
	ID        string    `json:"id"`
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	TimeZone  string    `json:"timeZone"`
	CreatedAt time.Time `json:"createdAt"`
}

func show(c company.Company) shown {
	return shown{c.ID, c.Slug, c.Name, c.Kind, c.TimeZone, c.CreatedAt.UTC()}
}

// page is a part of the list. Next continues it as ?after=.
type page struct {
	Companies []shown `json:"companies"`
	Next      string  `json:"next,omitempty"`
}

// The length of a page.
const (
	usual = 50
	most  = 200
)

// list answers every company to the operator's people, and to everybody else their own.
func (h *Handler) list(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "after", "limit")
	if err != nil {
		return err
	}
	var checks fault.Checks
	limit := web.Number(&checks, query, "limit", usual, 1, most)
	err = checks.Err("the list cannot be cut that way")
	if err != nil {
		return err
	}
	caller := access.From(r.Context())
	scope := port.In(caller.Company, caller.Subject)
	switch {
	case caller.Role.OfOperator():
		scope = port.Operator(caller.Subject)
	case caller.Company == "":
		return fault.New(fault.Forbidden, "the token names no company")
	}
	var found []company.Company
	err = h.ledger.Do(r.Context(), scope, func(tx port.Tx) error {
		found, err = tx.Companies().List(r.Context(), query.Get("after"), limit+1)
		return err
	})
	if err != nil {
		return err
	}
	answer := page{Companies: []shown{}}
	if len(found) > limit {
		found = found[:limit]
		answer.Next = found[limit-1].Slug
	}
	for _, c := range found {
		answer.Companies = append(answer.Companies, show(c))
	}
	return web.JSON(w, http.StatusOK, answer)
}

// create makes a partner company.
func (h *Handler) create(w http.ResponseWriter, r *http.Request) error {
	raw, err := web.Body(w, r, 16<<10)
	if err != nil {
		return err
	}
	asked, err := web.Decode[struct {
		Slug     string `json:"slug"`
		Name     string `json:"name"`
		TimeZone string `json:"timeZone"`
	}](raw)
	if err != nil {
		return err
	}
	made := company.Company{
		ID:       identity.NewID(),
		Slug:     asked.Slug,
		Name:     strings.TrimSpace(asked.Name),
		Kind:     company.Partner,
		TimeZone: cmp.Or(asked.TimeZone, "UTC"),
	}
	err = made.Check()
	if err != nil {
		return err
	}
	caller := access.From(r.Context())
	err = h.ledger.Do(r.Context(), port.Operator(caller.Subject), func(tx port.Tx) error {
		made.CreatedAt = tx.Now()
		tx.Audit(company.Entry{
			Actor: caller.Subject, Role: string(caller.Role), Action: "CREATE", ResourceType: "company", ResourceID: made.ID,
			After: map[string]any{"slug": made.Slug, "timeZone": made.TimeZone},
		})
		return tx.Companies().Create(r.Context(), made)
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/companies/"+made.ID)
	return web.JSON(w, http.StatusCreated, show(made))
}
