package deliveries

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// shown is one delivery. Body is JSON as it stands, a string where it is not JSON, and null where the delivery was accepted: what it
// said is kept as facts then.
type shown struct {
	line
	Attempts int             `json:"attempts,omitempty"` // how often it was parked
	Body     json.RawMessage `json:"body"`
}

// show answers one delivery; a parked one with its body, and then says in the audit log that it was read.
func (h *Handler) show(w http.ResponseWriter, r *http.Request) error {
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	parked, err := h.parked(r)
	if fault.KindOf(err) == fault.Missing {
		return h.showAccepted(w, r)
	}
	if err != nil {
		return err
	}
	body, err := h.body(r.Context(), parked)
	if err != nil {
		return err
	}
	err = h.ledger.Do(r.Context(), port.In(parked.Company, access.From(r.Context()).Subject), func(tx port.Tx) error {
		tx.Audit(entry(r.Context(), parked, "READ"))
		return nil
	})
	if err != nil {
		return err
	}
	answer := shown{
		line: line{
			parked.ID, parked.Company, parked.By, parked.Kind, parked.Type, parked.CauseID,
			parked.Status, parked.Reason, len(body), parked.At.UTC(),
		},
		Attempts: parked.Attempts,
		Body:     body,
	}
	if !json.Valid(body) {
		answer.Body, err = json.Marshal(string(body))
		if err != nil {
			return err
		}
	}
	return web.JSON(w, http.StatusOK, answer)
}

func (h *Handler) showAccepted(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("deliveryId")
	if !identity.IsID(id) {
		return unknown
	}
	var found company.Delivered
	err := h.ledger.Do(ctx, port.Operator(access.From(ctx).Subject), func(tx port.Tx) error {
		var err error
		found, err = tx.Deliveries().Accepted(ctx, id)
		return err
	})
	if fault.KindOf(err) == fault.Missing {
		return unknown
	}
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, shown{line: lineOf(found)})
}

var unknown = fault.New(fault.Missing, "no such delivery")

// parked reads what the path names, whosever it is.
func (h *Handler) parked(r *http.Request) (company.Parked, error) {
	ctx, id := r.Context(), r.PathValue("deliveryId")
	if !identity.IsID(id) {
		return company.Parked{}, unknown
	}
	var parked company.Parked
	err := h.ledger.Do(ctx, port.Operator(access.From(ctx).Subject), func(tx port.Tx) error {
		var err error
		parked, err = tx.Deliveries().Parked(ctx, id)
		return err
	})
	return parked, err
}

// entry is the line of the audit log for what was done with parked.
func entry(ctx context.Context, parked company.Parked, action string) company.Entry {
	caller := access.From(ctx)
	return company.Entry{
		Actor: caller.Subject, Role: string(caller.Role), Action: action, ResourceType: "delivery", ResourceID: parked.ID,
		After: map[string]any{"by": parked.By, "kind": parked.Kind, "causeId": parked.CauseID},
	}
}
