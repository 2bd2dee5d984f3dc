// Package kintell takes in what Kintell tells of one company's sessions: booked, held, rated.
//
// Asks:    POST /v1/kintell/webhooks/{session-completed,rating-created,booking-confirmed}?company=<slug>, signed in X-Kintell-Signature
// Answers: 202 {"status":"accepted","deliveryId"}; a repeat gets the same answer, the same delivery with another body 409
// Tells:   kintell.session.scheduled, kintell.session.completed, kintell.rating.created
// Fails:   a signed body that is wrong is 400 naming each field, and kept so that staff can mend and replay it
package kintell

import (
	"context"
	"crypto/sha256"
	"net/http"
	"path"
	"time"
	"unicode/utf8"

	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/functions/webhooks/internal/signature"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "webhooks/kintell"

// maxBody is the largest delivery read, in bytes; maxDelivery the longest delivery id, in characters.
const (
	maxBody     = 256 << 10
	maxDelivery = 255
)

// Function is webhooks/kintell.
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
	return web.Handle(New(ledger, keys, env.Now).Receive), env.Config().Err()
}

// Handler takes deliveries.
type Handler struct {
	ledger  port.Ledger
	keys    port.Keys
	senders *signature.Senders
	now     func() time.Time
}

// New makes a handler.
func New(ledger port.Ledger, keys port.Keys, now func() time.Time) *Handler {
	return &Handler{ledger, keys, signature.NewSenders(ledger, keys, now), now}
}

// Receive checks who sends, keeps what was said and answers once it is safely kept.
func (h *Handler) Receive(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	query, err := web.Query(r, "company")
	if err != nil {
		return err
	}
	body, err := web.Body(w, r, maxBody)
	if err != nil {
		return err
	}
	companyID, secrets, err := h.senders.Secrets(ctx, query.Get("company"), kintell.Sender)
	if err != nil {
		return err
	}
	now := h.now().UTC()
	sent, err := signature.Stamped(r.Header.Get("X-Kintell-Signature"), body, now, secrets...)
	if err != nil || companyID == "" {
		return signature.Refused
	}
	delivery := r.Header.Get("X-Delivery-Id")
	if delivery == "" || utf8.RuneCountInString(delivery) > maxDelivery || !utf8.ValidString(delivery) {
		return fault.Fields("the delivery has no usable id", fault.Field{Name: "X-Delivery-Id", Expected: "1 to 255 characters, the same on every retry"})
	}
	kind, digest := path.Base(r.URL.Path), sha256.Sum256(body)
	log.Add(ctx, "company", companyID)
	cause := contract.Cause{
		ID: kintell.DeliveryID(companyID, delivery), Company: companyID, At: now, Traceparent: trace.From(ctx),
		Delivery: &contract.Delivery{ID: delivery, Type: kind, Digest: digest[:], Size: len(body)},
	}
	given, err := kintell.Read(kind, body, cause, sent)
	if fault.KindOf(err) == fault.Invalid {
		return h.refuse(ctx, cause, body, err)
	}
	if err != nil {
		return err
	}
	err = h.ledger.Once(ctx, name, cause, func(tx port.Tx) error { return kintell.Keep(ctx, tx, given) })
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusAccepted, map[string]string{"status": "accepted", "deliveryId": delivery})
}

// refuse keeps a signed delivery whose body is wrong, sealed, for staff to mend; the sender learns what was wrong.
func (h *Handler) refuse(ctx context.Context, cause contract.Cause, body []byte, reason error) error {
	sealed, err := h.keys.Seal(ctx, body, kintell.BodyData(cause.Company, cause.ID))
	if err != nil {
		return err
	}
	err = h.ledger.Park(ctx, company.Parked{
		ID: cause.ID, Company: cause.Company, By: name, Kind: company.KindDelivery, Type: cause.Delivery.Type, CauseID: cause.Delivery.ID,
		Reason: fault.Of(reason).Public(), Body: sealed, At: cause.At,
	})
	if err != nil {
		return err
	}
	return reason
}
