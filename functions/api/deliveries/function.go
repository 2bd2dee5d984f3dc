// Package deliveries shows what senders and the bus brought, and hands over again what could not be worked.
//
// A replay takes a body of its own in place of the one that was refused: POST the corrected JSON, or nothing to hand over the delivery as
// it was. It answers 200 where the sender has corrected the delivery meanwhile, and closes it. An event is handed over as it is.
//
// Asks:    GET /v1/deliveries?company=&status=&after=&limit=; GET /v1/deliveries/{deliveryId}; POST /v1/deliveries/{deliveryId}/replay
// Answers: a list, newest first; one delivery, a parked one with its body; 202 when it was handed over again
// Repeats: safe; whoever has finished what is handed over again does nothing
// Fails:   a body that is still wrong is 400 and names the fields; an unknown delivery is 404; 409 says that its sender must send it again
package deliveries

import (
	"context"
	"net/http"
	"slices"
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

const name = "api/deliveries"

// Function is api/deliveries.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	bus, err := env.Bus(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := env.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(New(ledger, bus, keys).Serve), env.Config().Err()
}

// Handler shows and replays deliveries.
type Handler struct {
	ledger port.Ledger
	bus    port.Bus
	keys   port.Keys
}

// New is a handler of what ledger has parked; events go out again by bus, bodies of deliveries are opened with keys.
func New(ledger port.Ledger, bus port.Bus, keys port.Keys) *Handler {
	return &Handler{ledger, bus, keys}
}

// Serve answers the function's routes.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	switch {
	case r.Method == http.MethodPost:
		return h.replay(w, r)
	case r.PathValue("deliveryId") != "":
		return h.show(w, r)
	}
	return h.list(w, r)
}

// statuses are what a delivery may be.
var statuses = []string{"accepted", company.StatusParked, company.StatusReplayed}

// The length of a page.
const (
	usual = 50
	most  = 200
)

// line is a delivery in the list.
type line struct {
	ID      string    `json:"id"`
	Company string    `json:"company"`
	By      string    `json:"by"`   // the function it came to
	Kind    string    `json:"kind"` // event or delivery
	Type    string    `json:"type"`
	CauseID string    `json:"causeId"` // event id, or the sender's delivery id
	Status  string    `json:"status"`
	Reason  string    `json:"reason,omitempty"`
	Size    int       `json:"size,omitempty"` // bytes
	At      time.Time `json:"at"`
}

func lineOf(d company.Delivered) line {
	return line{d.ID, d.Company, d.By, d.Kind, d.Type, d.CauseID, d.Status, d.Reason, d.Size, d.At.UTC()}
}

// page is a part of the list. Next continues it as ?after=.
type page struct {
	Deliveries []line `json:"deliveries"`
	Next       string `json:"next,omitempty"`
}

func (h *Handler) list(w http.ResponseWriter, r *http.Request) error {
	query, err := web.Query(r, "company", "status", "after", "limit")
	if err != nil {
		return err
	}
	var checks fault.Checks
	status := query.Get("status")
	checks.That(status == "" || slices.Contains(statuses, status), "status", "one of "+strings.Join(statuses, ", "))
	after := query.Get("after")
	checks.That(after == "" || identity.IsID(after), "after", "the next of the page before")
	limit := web.Number(&checks, query, "limit", usual, 1, most)
	err = checks.Err("the list cannot be made that way")
	if err != nil {
		return err
	}
	found, err := h.read(r.Context(), query.Get("company"), status, after, limit+1)
	if err != nil {
		return err
	}
	answer := page{Deliveries: []line{}}
	if len(found) > limit {
		found = found[:limit]
		answer.Next = found[limit-1].ID
	}
	for _, d := range found {
		answer.Deliveries = append(answer.Deliveries, lineOf(d))
	}
	return web.JSON(w, http.StatusOK, answer)
}

// read lists the deliveries of one company, named by id or slug, or of all where it is empty.
func (h *Handler) read(ctx context.Context, named, status, after string, limit int) ([]company.Delivered, error) {
	actor := access.From(ctx).Subject
	var found []company.Delivered
	var tenant company.Company
	err := h.ledger.Do(ctx, port.Operator(actor), func(tx port.Tx) error {
		var err error
		if named != "" {
			tenant, err = tx.Companies().Find(ctx, named)
			return err
		}
		found, err = tx.Deliveries().List(ctx, status, after, limit)
		return err
	})
	if fault.KindOf(err) == fault.Missing {
		return nil, fault.Fields("no such company", fault.Field{Name: "company", Expected: "the id or slug of a company"})
	}
	if err != nil || named == "" {
		return found, err
	}
	err = h.ledger.Do(ctx, port.In(tenant.ID, actor), func(tx port.Tx) error {
		found, err = tx.Deliveries().List(ctx, status, after, limit)
		return err
	})
	return found, err
}
