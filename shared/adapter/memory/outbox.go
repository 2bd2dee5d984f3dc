package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
)

// announcement is an event told and not yet published.
type announcement struct {
	seq   int64
	cause string
	event contract.Event
}

// stalledAfter is how long consumers/relayoutbox waits before it publishes what a bus refused.
const stalledAfter = time.Minute

// Relay publishes everything told and not yet published, in the order of telling.
func (l *Ledger) Relay(ctx context.Context) (int, error) {
	waiting := l.waiting(func(announcement) bool { return true })
	err := l.hand(ctx, waiting)
	if err != nil {
		return 0, fmt.Errorf("relay %d events: %w", len(waiting), err)
	}
	return len(waiting), nil
}

// publish hands over what was told and fits which. A bus that refuses is asked to have it relayed later; only when it refuses that
// too, whoever caused it must come again.
func (l *Ledger) publish(ctx context.Context, which func(announcement) bool) error {
	waiting := l.waiting(which)
	err := l.hand(ctx, waiting)
	if err == nil {
		return nil
	}
	cause := waiting[0].event.Cause()
	cause.ID = waiting[0].cause
	err = l.bus.Stalled(ctx, cause.Then(contract.OutboxStalled{CauseID: cause.ID}), stalledAfter)
	if err != nil {
		return fault.Wrap(fault.Busy, "what happened is kept and will be announced when this is sent again", err)
	}
	return nil
}

func (l *Ledger) waiting(which func(announcement) bool) []announcement {
	return look(l, func() []announcement {
		var found []announcement
		for _, a := range l.outbox {
			if which(a) {
				found = append(found, a)
			}
		}
		return found
	})
}

// hand publishes outside any transaction, since whoever hears an event may well start one.
func (l *Ledger) hand(ctx context.Context, waiting []announcement) error {
	if len(waiting) == 0 {
		return nil
	}
	events, done := make([]contract.Event, len(waiting)), map[int64]bool{}
	for i, a := range waiting {
		events[i], done[a.seq] = a.event, true
	}
	if l.bus != nil {
		err := l.bus.Publish(ctx, events)
		if err != nil {
			return err
		}
	}
	look(l, func() any {
		l.outbox = slices.DeleteFunc(l.outbox, func(a announcement) bool { return done[a.seq] })
		return nil
	})
	return nil
}
