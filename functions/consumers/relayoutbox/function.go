// Package relayoutbox publishes what was kept in the outbox and never went out, because a process ended between its commit and
// its relay or the bus was away.
//
// Hears:   ops.outbox.stalled
// Tells:   whatever lies in the outbox
// Repeats: safe; what was published is gone from the outbox
// Fails:   a bus or database that is away is tried again, and so is an outbox too long for one run
package relayoutbox

import (
	"context"
	"fmt"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "consumers/relayoutbox"

// margin is how long before its deadline a run stops taking another batch.
const margin = 5 * time.Second

// Function is consumers/relayoutbox.
var Function = fn.OnEvent(name, open)

func open(ctx context.Context, env port.Env) ([]fn.Hears, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	return []fn.Hears{fn.Hear(New(ledger, time.Until).Stalled)}, env.Config().Err()
}

// relayer is the part of a ledger that publishes what was told.
type relayer interface {
	Relay(ctx context.Context) (int, error)
}

// Handler empties the outbox.
type Handler struct {
	ledger relayer
	until  func(time.Time) time.Duration
}

// New is a handler that empties the outbox of ledger; until says how far off an instant is.
func New(ledger relayer, until func(time.Time) time.Duration) *Handler {
	return &Handler{ledger, until}
}

// Stalled publishes batch by batch until nothing is left. Whichever cause the event names, everything goes out: what one process
// left behind another may have too.
func (h *Handler) Stalled(ctx context.Context, _ contract.Of[contract.OutboxStalled]) error {
	total := 0
	for {
		deadline, limited := ctx.Deadline()
		if limited && h.until(deadline) < margin && total > 0 {
			return fault.New(fault.Busy, fmt.Sprintf("outbox not empty after %d events", total))
		}
		published, err := h.ledger.Relay(ctx)
		if err != nil {
			return fmt.Errorf("relay outbox after %d events: %w", total, err)
		}
		if published == 0 {
			return nil
		}
		total += published
	}
}
