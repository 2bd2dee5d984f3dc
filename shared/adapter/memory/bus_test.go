package memory_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/testkit/bustest"
)

func TestBusDoesWhatEveryBusMust(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(*testing.T) bustest.Harness {
		b := memory.NewBus()
		return bustest.Harness{
			Bus: b,
			Subscribe: func(ctx context.Context, consumer string, types []string, d bustest.Delivery, handle func(context.Context, contract.Event) error) (func(), error) {
				return b.Subscribe(ctx, consumer, types, memory.Delivery{Workers: d.Workers, MaxDeliver: d.MaxDeliver, First: d.First, Max: time.Minute}, handle)
			},
			DeadLetters: func(ctx context.Context) (list []bustest.DeadLetter, err error) {
				letters, err := b.DeadLetters(ctx)
				for _, l := range letters {
					list = append(list, bustest.DeadLetter(l))
				}
				return list, err
			},
			Redrive: b.Redrive,
		}
	}, bustest.Differs{})
}

func TestBusRemembersWhatWasPublishedAndWhatStalled(t *testing.T) {
	t.Parallel()
	b := memory.NewBus()
	told, stalled := bustest.Held(), bustest.Rated()
	for range 2 {
		err := b.Publish(t.Context(), []contract.Event{told})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := b.Stalled(t.Context(), stalled, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]contract.Event{told}, b.Published()); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]contract.Event{stalled}, b.StalledEvents()); diff != "" {
		t.Errorf("stalled (-want +got):\n%s", diff)
	}
}
