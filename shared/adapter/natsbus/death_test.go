package natsbus_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/teei/csr-platform/shared/adapter/natsbus"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/testkit/bustest"
)

// perish takes the next message of the consumer's durable n times and hands it back without having worked it, as the server sees an
// attempt that ended with its process.
func perish(t *testing.T, nc *nats.Conn, durable string, n int) (deliveries int) {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.Consumer(t.Context(), "CSR", durable)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		m, err := c.Next(jetstream.FetchMaxWait(time.Second))
		if err != nil { // given up
			return deliveries
		}
		err = m.Nak()
		if err != nil {
			t.Fatal(err)
		}
		deliveries++
	}
	return deliveries
}

// told makes the consumer's durable and publishes an event for it that nobody works yet.
func told(t *testing.T, b *natsbus.Bus) contract.Event {
	t.Helper()
	stop, err := b.Subscribe(t.Context(), consumer, []string{rated}, natsbus.Delivery{}, func(context.Context, contract.Event) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	stop()
	e := bustest.Rated()
	err = b.Publish(t.Context(), []contract.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAttemptsThatEndWithTheirProcessMakeNoDeadLetter(t *testing.T) {
	t.Parallel()
	b, nc := connect(t, serve(t, t.TempDir()))
	e := told(t, b)
	if n := perish(t, nc, "consumers-scorefeedback", 20); n != 20 {
		t.Fatalf("given up after %d deliveries", n)
	}
	heard := make(chan string, 1)
	stop, err := b.Subscribe(t.Context(), consumer, []string{rated}, natsbus.Delivery{}, func(_ context.Context, e contract.Event) error {
		heard <- e.Metadata.ID
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if got := await(t, heard); got != e.Metadata.ID {
		t.Errorf("heard %s, want %s", got, e.Metadata.ID)
	}
	letters, err := b.DeadLetters(t.Context())
	if err != nil || len(letters) != 0 {
		t.Errorf("%d dead letters, %v", len(letters), err)
	}
}

func TestAMessageThatEndsEveryProcessBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	b, nc := connect(t, serve(t, t.TempDir()))
	e := told(t, b)
	if n := perish(t, nc, "consumers-scorefeedback", 100); n != 55 {
		t.Errorf("given up after %d deliveries, want 55: five failures and fifty deaths", n)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		letters, err := b.DeadLetters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(letters) == 1 {
			if letters[0].Consumer != consumer || letters[0].Event.Metadata.ID != e.Metadata.ID {
				t.Errorf("%+v", letters[0])
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d dead letters, want 1", len(letters))
		}
		<-time.After(5 * time.Millisecond)
	}
}
