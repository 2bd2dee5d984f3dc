// Package kintell takes in what Kintell tells of one company's sessions: booked, held, rated.
//
// Asks:    POST /v1/kintell/webhooks/{session-completed,rating-created,booking-confirmed}?company=<slug>, signed in X-Kintell-Signature
// Answers: 202 {"status":"accepted","deliveryId"}; a repeat gets the same answer, the same delivery with another body 409
// Tells:   kintell.session.scheduled, kintell.session.completed, kintell.rating.created
// Fails:   a signed body that is wrong is 400 naming each field, and kept so that staff can mend and replay it
package kintell

import (
	"time"

	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/functions/webhooks/internal/inlet"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "webhooks/kintell"

// way is how Kintell's deliveries come in.
var way = inlet.Inlet[kintell.Given]{Function: name, Sender: kintell.Webhook, SignatureHeader: "X-Kintell-Signature"}

// Function is webhooks/kintell.
var Function = fn.Web(name, way.Open)

// New is a handler that keeps what it is told in ledger, and opens secrets and seals refused bodies with keys.
func New(ledger port.Ledger, keys port.Keys, now func() time.Time) *inlet.Handler[kintell.Given] {
	return way.New(ledger, keys, now)
}
