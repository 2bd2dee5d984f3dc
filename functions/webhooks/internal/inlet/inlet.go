// Package inlet is the one way in for every webhook: who is sending is proved, what was said is kept once, and what was wrong is named to
// the sender and kept, sealed, for staff to mend. A webhook adds what its sender says.
package inlet

import (
	"context"
	"net/http"
	"path"
	"time"
	"unicode/utf8"

	"github.com/teei/csr-platform/functions/internal/delivery"
	"github.com/teei/csr-platform/functions/webhooks/internal/signature"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// maxDelivery is the longest delivery id, in characters.
const maxDelivery = 255

// Inlet is what one webhook differs in from the others.
type Inlet[G any] struct {
	Function        string             // webhooks/kintell
	Sender          delivery.Sender[G] // what it says
	SignatureHeader string             // where it proves itself: X-Kintell-Signature
}

// Open is what the webhook's function opens.
func (i Inlet[G]) Open(ctx context.Context, env port.Env) (http.Handler, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := env.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(i.New(ledger, keys, env.Now).Receive), env.Config().Err()
}

// New is a handler that keeps deliveries in ledger, and opens secrets and seals refused bodies with keys.
func (i Inlet[G]) New(ledger port.Ledger, keys port.Keys, now func() time.Time) *Handler[G] {
	return &Handler[G]{i, ledger, keys, signature.NewSenders(ledger, keys, now), now}
}

// Handler takes deliveries.
type Handler[G any] struct {
	inlet   Inlet[G]
	ledger  port.Ledger
	keys    port.Keys
	senders *signature.Senders
	now     func() time.Time
}

// Receive checks who sends, keeps what was said and answers once it is safely kept.
func (h *Handler[G]) Receive(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	query, err := web.Query(r, "company")
	if err != nil {
		return err
	}
	body, err := web.Body(w, r, delivery.MaxBody)
	if err != nil {
		return err
	}
	sender := h.inlet.Sender
	companyID, secrets, err := h.senders.Secrets(ctx, query.Get("company"), sender.Name)
	if err != nil {
		return err
	}
	now := h.now().UTC()
	sent, err := signature.Stamped(r.Header.Get(h.inlet.SignatureHeader), body, now, secrets...)
	if err != nil || companyID == "" {
		return signature.Refused
	}
	id := r.Header.Get("X-Delivery-Id")
	if id == "" || utf8.RuneCountInString(id) > maxDelivery || !utf8.ValidString(id) {
		return fault.Fields("the delivery has no usable id", fault.Field{Name: "X-Delivery-Id", Expected: "1 to 255 characters, the same on every retry"})
	}
	kind := path.Base(r.URL.Path)
	log.Add(ctx, "company", companyID)
	cause := contract.Cause{
		ID: delivery.ID(companyID, sender.Name, id), Company: companyID, At: now, Traceparent: trace.From(ctx),
		Delivery: delivery.Of(id, kind, body),
	}
	given, err := sender.Read(kind, body, cause, said(sent, now))
	if fault.KindOf(err) == fault.Invalid {
		return h.refuse(ctx, cause, body, err)
	}
	if err != nil {
		return err
	}
	err = sender.Once(ctx, h.ledger, h.inlet.Function, cause, given)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusAccepted, map[string]string{"status": "accepted", "deliveryId": id})
}

// said is when a delivery counts as said: in the second in which its sender signed it, and within that second by when it came. Senders' clocks
// have whole seconds, and of two statements that were signed in one the later to come counts; without that the second would be lost.
// The whole window in which a delivery may come, before its second and after, is laid over the second, so that no delivery passes one that was
// signed in another; 0.6 ms between arrivals are a microsecond, which is the finest that a ledger keeps.
func said(signed, came time.Time) time.Time {
	const narrow = 2*signature.Window/time.Second + 1
	return signed.Add((came.Sub(signed) + signature.Window) / narrow).Truncate(time.Microsecond)
}

// refuse keeps a signed delivery whose body is wrong, sealed, for staff to mend; the sender learns what was wrong.
func (h *Handler[G]) refuse(ctx context.Context, cause contract.Cause, body []byte, reason error) error {
	sealed, err := h.keys.Seal(ctx, body, delivery.BodyData(cause.Company, cause.ID))
	if err != nil {
		return err
	}
	err = h.ledger.Park(ctx, company.Parked{
		ID: cause.ID, Company: cause.Company, By: h.inlet.Function, Kind: company.KindDelivery, Type: cause.Delivery.Type, CauseID: cause.Delivery.ID,
		Reason: fault.Of(reason).Public(), Body: sealed, At: cause.At,
	})
	if err != nil {
		return err
	}
	return reason
}
