// Package delivery is one thing that a sender told us: under which id it is known, how its body is sealed when it is refused, and how it
// is worked, by its webhook and by whoever replays it later.
package delivery

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/port"
)

// MaxBody is the largest body read, in bytes, whether a sender delivers it or staff correct it.
const MaxBody = 256 << 10

// Sender is what one sender says and how it is kept; G is its deliveries in our terms.
type Sender[G any] struct {
	// Name is how secrets, ids and addresses name the sender: lower case, kintell.
	Name string
	// Read turns a body into our terms. kind is the last part of the webhook's path, sentAt when the sender said so. A body that is
	// wrong is Invalid and names every field; an unknown kind is Missing.
	Read func(kind string, body []byte, cause contract.Cause, sentAt time.Time) (G, error)
	// Keep keeps what was read and tells what is news, in one transaction. It may run again after one that failed.
	Keep func(ctx context.Context, tx port.Tx, given G) error
}

// Replayable is a sender whose refused deliveries can be worked later; every Sender is.
type Replayable interface {
	// Take reads and keeps a delivery once, as by, which is the webhook it came to. Its errors are those of Read and of Ledger.Once.
	Take(ctx context.Context, ledger port.Ledger, by string, cause contract.Cause, body []byte, sentAt time.Time) error
}

// Take is Replayable's.
func (s Sender[G]) Take(ctx context.Context, ledger port.Ledger, by string, cause contract.Cause, body []byte, sentAt time.Time) error {
	given, err := s.Read(cause.Delivery.Type, body, cause, sentAt)
	if err != nil {
		return err
	}
	return s.Once(ctx, ledger, by, cause, given)
}

// Once keeps given unless by has done so before.
func (s Sender[G]) Once(ctx context.Context, ledger port.Ledger, by string, cause contract.Cause, given G) error {
	return ledger.Once(ctx, by, cause, func(tx port.Tx) error { return s.Keep(ctx, tx, given) })
}

// ID is the id of the cause that a sender's delivery is, in one company.
func ID(company, sender, delivery string) string {
	return identity.ID(company, sender, "delivery", delivery)
}

// Of is what was said, of type kind, in a delivery that its sender calls id.
func Of(id, kind string, body []byte) *contract.Delivery {
	digest := sha256.Sum256(body)
	return &contract.Delivery{ID: id, Type: kind, Digest: digest[:], Size: len(body)}
}

// BodyData is the associated data under which the raw body of a refused delivery is sealed.
func BodyData(company, parkedID string) []byte {
	return []byte("delivery\x00" + company + "\x00" + parkedID)
}
