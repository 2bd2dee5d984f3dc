package deliveries

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/teei/csr-platform/functions/internal/delivery"
	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// replayable are the senders whose refused deliveries can be handed over again, by the webhook they come to.
var replayable = map[string]delivery.Replayable{
	"webhooks/kintell": kintell.Webhook,
}

// patience is how long parking again may take after the bus did not answer in time.
const patience = 5 * time.Second

// handed is the answer to a replay.
type handed struct {
	Status     string `json:"status"`
	DeliveryID string `json:"deliveryId"`
	Detail     string `json:"detail,omitempty"` // why nothing was left to hand over
}

// replay hands a parked thing over again: an event to the consumer that gave it up, a delivery to what its webhook does with it,
// with the request's body in place of the refused one where there is one.
func (h *Handler) replay(w http.ResponseWriter, r *http.Request) error {
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	corrected, err := web.Body(w, r, delivery.MaxBody)
	if err != nil {
		return err
	}
	corrected = bytes.TrimSpace(corrected)
	parked, err := h.parked(r)
	if err != nil {
		return err
	}
	status, answer := http.StatusAccepted, handed{Status: company.StatusReplayed, DeliveryID: parked.ID}
	switch parked.Kind {
	case company.KindEvent:
		if len(corrected) > 0 {
			return fault.Fields("an event is handed over as it is", fault.Field{Name: "body", Expected: "nothing; only a refused delivery can be corrected"})
		}
		err = h.replayEvent(r.Context(), parked)
	default:
		err = h.replayDelivery(r.Context(), parked, corrected)
		if err != nil && h.correctedMeanwhile(r.Context(), parked, err) {
			status, answer.Detail = http.StatusOK, "the sender has corrected this delivery meanwhile: it was accepted, and nothing is left to hand over"
			err = h.mark(r.Context(), parked)
		}
	}
	if err != nil {
		return err
	}
	return web.JSON(w, status, answer)
}

// correctedMeanwhile says whether handing a delivery over failed only because its webhook has accepted it since it was parked, with
// another body than the one given or refused. Where that cannot be found out, the failure stands.
func (h *Handler) correctedMeanwhile(ctx context.Context, parked company.Parked, failure error) bool {
	kind := fault.KindOf(failure)
	if parked.Status != company.StatusParked || kind != fault.Invalid && kind != fault.Conflict {
		return false
	}
	var accepted company.Delivered
	err := h.ledger.Do(ctx, port.In(parked.Company, access.From(ctx).Subject), func(tx port.Tx) error {
		var err error
		accepted, err = tx.Deliveries().Accepted(ctx, parked.ID)
		return err
	})
	return err == nil && accepted.By == parked.By
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
	sender, known := replayable[parked.By]
	if !known {
		return fault.New(fault.Conflict, "a delivery to "+parked.By+" cannot be handed over from here: its sender must send it again, corrected, under the same X-Delivery-Id")
	}
	body := corrected
	if len(body) == 0 {
		var err error
		body, err = h.body(ctx, parked)
		if err != nil {
			return err
		}
	}
	cause := contract.Cause{
		ID: parked.ID, Company: parked.Company, At: parked.At, Traceparent: trace.From(ctx),
		Delivery: delivery.Of(parked.CauseID, parked.Type, body),
	}
	err := sender.Take(ctx, h.ledger, parked.By, cause, body, parked.At)
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
	body, err := h.keys.Open(ctx, parked.Body, delivery.BodyData(parked.Company, parked.ID))
	if err != nil {
		return nil, fmt.Errorf("open delivery %s: %w", parked.ID, err)
	}
	return body, nil
}
