package natsbus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/adapter/natsbus"
	"github.com/teei/csr-platform/shared/contract"
)

func TestADeadLetterIsHandedOverUntilItIsTaken(t *testing.T) {
	t.Parallel()
	nc, err := serve(t, t.TempDir()).Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	type given struct {
		consumer, id string
	}
	taken, refusals := make(chan given, 1), 1
	b, err := natsbus.Open(t.Context(), nc, natsbus.Options{Dead: func(_ context.Context, consumer string, e contract.Event) error {
		if refusals > 0 {
			refusals--
			return errors.New("the database is away")
		}
		taken <- given{consumer, e.Metadata.ID}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	never := func(context.Context, contract.Event) error { return errors.New("no") }
	stop, err := b.Subscribe(t.Context(), consumer, []string{rated}, natsbus.Delivery{MaxDeliver: 2, First: time.Millisecond}, never)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	cause := contract.Cause{ID: "6f9d1a3e-52c4-5d0b-9e38-1f0c7a4b2d66", Company: "6f9d1a3e-52c4-5d0b-9e38-1f0c7a4b2d67", At: time.Now()}
	e := cause.Then(contract.KintellRatingCreated{RatingID: "6f9d1a3e-52c4-5d0b-9e38-1f0c7a4b2d68"})
	if err := b.Publish(t.Context(), []contract.Event{e}); err != nil {
		t.Fatal(err)
	}
	if got, want := await(t, taken), (given{consumer, e.Metadata.ID}); got != want {
		t.Errorf("handed over %v, want %v", got, want)
	}
}
