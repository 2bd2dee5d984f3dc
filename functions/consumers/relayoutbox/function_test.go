package relayoutbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/teei/csr-platform/functions/consumers/relayoutbox"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
)

// outbox publishes up to a hundred events a call until none is left.
type outbox struct {
	left, calls int
	err         error
}

func (o *outbox) Relay(context.Context) (int, error) {
	o.calls++
	published := min(o.left, 100)
	o.left -= published
	return published, o.err
}

func TestStalledEmptiesTheOutbox(t *testing.T) {
	t.Parallel()
	o := &outbox{left: 250}
	err := relayoutbox.New(o, time.Until).Stalled(t.Context(), contract.Of[contract.OutboxStalled]{})
	if err != nil || o.left != 0 || o.calls != 4 {
		t.Fatalf("%v after %d calls with %d left, expected none after four", err, o.calls, o.left)
	}
}

func TestStalledComesAgainWhenTimeRunsOut(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	o := &outbox{left: 1000}
	remaining := 12 * time.Second
	h := relayoutbox.New(o, func(time.Time) time.Duration { // each batch takes four seconds
		remaining -= 4 * time.Second
		return remaining
	})
	err := h.Stalled(ctx, contract.Of[contract.OutboxStalled]{})
	if fault.KindOf(err) != fault.Busy || o.left == 0 || o.left == 1000 {
		t.Fatalf("%v with %d left, expected Busy with some of it out", err, o.left)
	}
}

func TestStalledTriesABatchHoweverLittleTimeThereIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	o := &outbox{left: 1}
	err := relayoutbox.New(o, func(time.Time) time.Duration { return time.Second }).Stalled(ctx, contract.Of[contract.OutboxStalled]{})
	if o.left != 0 {
		t.Fatalf("%v: nothing was published, so an outbox of short runs would never empty", err)
	}
}

func TestStalledFailsWithTheBus(t *testing.T) {
	t.Parallel()
	gone := errors.New("bus gone")
	err := relayoutbox.New(&outbox{err: gone}, time.Until).Stalled(t.Context(), contract.Of[contract.OutboxStalled]{})
	if !errors.Is(err, gone) {
		t.Fatalf("%v, expected the bus's own failure", err)
	}
}
