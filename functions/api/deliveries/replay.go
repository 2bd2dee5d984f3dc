package deliveries

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// webhook is the function whose deliveries are kept when they are refused.
const webhook = "webhooks/kintell"

// patience is how long parking again may take after the bus did not answer in time.
const patience = 5 * time.Second

// maxBody is the longest corrected body, in bytes: what a webhook takes.
const maxBody = 256 << 10

// handed is the answer to a replay.
type handed struct {
	Status     string `json:"status"`
	DeliveryID string `json:"deliveryId"`
}

// replay hands a parked thing over again: an event to the consumer that gave it up, a delivery to what its webhook does with it,
// with the request's body in place of the refused one where there is one.
func (h *Handler) replay(w http.ResponseWriter, r *http.Request) error {
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	corrected, err := web.Body(w, r, maxBody)
	if err != nil {
		return err
	}
	corrected = bytes.TrimSpace(corrected)
	parked, err := h.parked(r)
	if err != nil {
		return err
	}
	switch parked.Kind {
	case company.KindEvent:
		if len(corrected) > 0 {
			return fault.Fields("an event is handed over as it is", fault.Field{Name: "body", Expected: "nothing; only a refused delivery can be corrected"})
		}
		err = h.replayEvent(r.Context(), parked)
	default:
		err = h.replayDelivery(r.Context(), parked, corrected)
	}
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusAccepted, handed{company.StatusReplayed, parked.ID})
}

// replayEvent says first that the event was handed over and then does so: a consumer that gives it up again parks it again, and
// that must not be painted over. If the bus does not take it, it is parked as before.
func (h *Handler) replayEvent(ctx context.Context, parked company.Parked) error {
	event, err := contract.Parse(parked.Body)
	if err != nil {
		return fmt.Errorf("parked event %s: %w", parked.ID, err)
	}
	err = h.mark(ctx, parked)
	if err != nil {
		return err
	}
	err = h.bus.Replay(ctx, parked.By, event)
	if err == nil {
		return nil
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	again := h.ledger.Park(ctx, parked)
	if again != nil {
		err = fmt.Errorf("%w; and parking it again: %w", err, again)
	}
	return fmt.Errorf("hand event %s to %s: %w", event.Metadata.ID, parked.By, err)
}

// replayDelivery works a refused delivery as its webhook would have, under the id it came with: when the sender has sent it again
// in the meantime and it was accepted, nothing happens twice. It counts as said when it was received.
func (h *Handler) replayDelivery(ctx context.Context, parked company.Parked, corrected []byte) error {
	if parked.By != webhook {
		return fault.New(fault.Conflict, "a delivery to "+parked.By+" cannot be handed over again here")
	}
	body := corrected
	if len(body) == 0 {
		var err error
		body, err = h.body(ctx, parked)
		if err != nil {
			return err
		}
	}
	digest := sha256.Sum256(body)
	cause := contract.Cause{
		ID: parked.ID, Company: parked.Company, At: parked.At, Traceparent: trace.From(ctx),
		Delivery: &contract.Delivery{ID: parked.CauseID, Type: parked.Type, Digest: digest[:], Size: len(body)},
	}
	given, err := kintell.Read(parked.Type, body, cause, parked.At)
	if err != nil {
		return err
	}
	err = h.ledger.Once(ctx, parked.By, cause, func(tx port.Tx) error { return kintell.Keep(ctx, tx, given) })
	if err != nil {
		return err
	}
	return h.mark(ctx, parked) // apart, since a repeat keeps nothing and is to be marked too
}

// mark says that parked was handed over again, and who did it.
func (h *Handler) mark(ctx context.Context, parked company.Parked) error {
	return h.ledger.Do(ctx, port.In(parked.Company, access.From(ctx).Subject), func(tx port.Tx) error {
		tx.Deliveries().Replayed(parked.ID)
		tx.Audit(entry(ctx, parked, "UPDATE"))
		return nil
	})
}

// body is what was parked, in the clear.
func (h *Handler) body(ctx context.Context, parked company.Parked) ([]byte, error) {
	if parked.Kind == company.KindEvent {
		return parked.Body, nil
	}
	body, err := h.keys.Open(ctx, parked.Body, kintell.BodyData(parked.Company, parked.ID))
	if err != nil {
		return nil, fmt.Errorf("open delivery %s: %w", parked.ID, err)
	}
	return body, nil
}
