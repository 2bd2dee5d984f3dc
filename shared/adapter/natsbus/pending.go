package natsbus

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/teei/csr-platform/shared/fault"
)

// Pending is how many events wait for a consumer or are being worked by one, summed over the consumers.
func (b *Bus) Pending(ctx context.Context) (int, error) {
	stream, err := b.js.Stream(ctx, events)
	if err != nil {
		return 0, fault.Wrap(fault.Busy, "the event stream does not answer", err)
	}
	total := 0
	list := stream.ListConsumers(ctx)
	for info := range list.Info() {
		total += int(info.NumPending) + info.NumAckPending
	}
	if err := list.Err(); err != nil && err != jetstream.ErrEndOfData { //nolint:errorlint // the library compares so too
		return 0, fault.Wrap(fault.Busy, "the consumers cannot be listed", err)
	}
	return total, nil
}
