package natsbus_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/teei/csr-platform/shared/adapter/natsbus"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/testkit/bustest"
)

// serve starts a server in folder; closing the test ends it.
func serve(t *testing.T, folder string) *natsbus.Server {
	t.Helper()
	s, err := natsbus.Embedded(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func connect(t *testing.T, s *natsbus.Server) (*natsbus.Bus, *nats.Conn) {
	t.Helper()
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	b, err := natsbus.Open(t.Context(), nc, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b, nc
}

const (
	consumer = "consumers/scorefeedback"
	rated    = "kintell.rating.created"
)

// await fails the test when nothing comes.
func await[V any](t *testing.T, from <-chan V) V {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestBusDoesWhatEveryBusMust(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) bustest.Harness {
		b, _ := connect(t, serve(t, t.TempDir()))
		return bustest.Harness{
			Bus: b,
			Subscribe: func(ctx context.Context, consumer string, types []string, d bustest.Delivery, handle func(context.Context, contract.Event) error) (func(), error) {
				return b.Subscribe(ctx, consumer, types, natsbus.Delivery{Workers: d.Workers, MaxDeliver: d.MaxDeliver, First: d.First}, handle)
			},
			DeadLetters: func(ctx context.Context) (list []bustest.DeadLetter, err error) {
				letters, err := b.DeadLetters(ctx)
				for _, l := range letters {
					list = append(list, bustest.DeadLetter{ID: l.ID, Consumer: l.Consumer, Event: l.Event})
				}
				return list, err
			},
			Redrive: b.Redrive,
		}
	}, bustest.Differs{})
}

func TestAnotherWorkerTakesOverFromOneThatDied(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	d := natsbus.Delivery{AckWait: 300 * time.Millisecond}
	dying, nc := connect(t, s)
	taken, never := make(chan contract.Event, 1), make(chan struct{})
	stop, err := dying.Subscribe(t.Context(), consumer, []string{rated}, d, func(context.Context, contract.Event) error {
		select {
		case taken <- contract.Event{}:
		default:
		}
		<-never
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(never); stop() })
	living, _ := connect(t, s)
	e := bustest.Rated()
	err = living.Publish(t.Context(), []contract.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	await(t, taken)
	nc.Close() // as a killed process: no answer, no sign of life

	heard := make(chan contract.Event, 10)
	stopLiving, err := living.Subscribe(t.Context(), consumer, []string{rated}, d, func(_ context.Context, e contract.Event) error {
		heard <- e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stopLiving)
	if diff := cmp.Diff(e, await(t, heard)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALongAttemptIsNotOfferedToAnotherWorker(t *testing.T) {
	t.Parallel()
	b, _ := connect(t, serve(t, t.TempDir()))
	heard, finished := make(chan string, 10), make(chan struct{}, 10)
	long := bustest.Rated()
	d := natsbus.Delivery{Workers: 2, AckWait: 200 * time.Millisecond}
	stop, err := b.Subscribe(t.Context(), consumer, []string{rated}, d, func(_ context.Context, e contract.Event) error {
		heard <- e.Metadata.ID
		if e.Metadata.ID == long.Metadata.ID {
			<-time.After(5 * d.AckWait) // the work itself
			finished <- struct{}{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Publish(t.Context(), []contract.Event{long})
	if err != nil {
		t.Fatal(err)
	}
	await(t, heard)
	await(t, finished)
	stop()
	if len(heard) != 0 {
		t.Error("offered again while it was worked")
	}
}

func TestAServerThatComesBackHasKeptEverything(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	e := bustest.Rated()
	func() {
		s, err := natsbus.Embedded(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		b, nc := connect(t, s)
		defer nc.Close()
		defer b.Close()
		stop, err := b.Subscribe(t.Context(), consumer, []string{rated}, natsbus.Delivery{}, func(context.Context, contract.Event) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		stop()
		err = b.Publish(t.Context(), []contract.Event{e})
		if err != nil {
			t.Fatal(err)
		}
	}()
	b, _ := connect(t, serve(t, folder))
	heard := make(chan contract.Event, 10)
	stop, err := b.Subscribe(t.Context(), consumer, []string{rated}, natsbus.Delivery{}, func(_ context.Context, e contract.Event) error {
		heard <- e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if diff := cmp.Diff(e, await(t, heard)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsNoEventBecomesADeadLetterAtOnce(t *testing.T) {
	t.Parallel()
	b, nc := connect(t, serve(t, t.TempDir()))
	stop, err := b.Subscribe(t.Context(), consumer, []string{rated}, natsbus.Delivery{}, func(context.Context, contract.Event) error {
		t.Error("handed over")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.Publish(t.Context(), "csr."+rated, []byte(`{"type":`))
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var letters []natsbus.DeadLetter
	for end := time.Now().Add(20 * time.Second); len(letters) == 0 && time.Now().Before(end); <-tick.C {
		letters, err = b.DeadLetters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(letters) != 1 || letters[0].Consumer != consumer || string(letters[0].Raw) != `{"type":` {
		t.Fatalf("got %+v", letters)
	}
	err = b.Redrive(t.Context(), letters[0].ID)
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("redriven: got %v, want Invalid", err)
	}
}

func TestPublishSaysHowManyWereRefused(t *testing.T) {
	t.Parallel()
	b, nc := connect(t, serve(t, t.TempDir()))
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	err = js.DeleteStream(t.Context(), "CSR") // nobody stores events any more
	if err != nil {
		t.Fatal(err)
	}
	err = b.Publish(t.Context(), []contract.Event{bustest.Rated(), bustest.Held()})
	if fault.KindOf(err) != fault.Busy || fault.Of(err).Sentence != "2 of 2 events were refused by the bus" {
		t.Errorf("got %v", err)
	}
}

func TestPublishRefusesATypeThatIsNoSubject(t *testing.T) {
	t.Parallel()
	b, _ := connect(t, serve(t, t.TempDir()))
	for _, bad := range []string{"", "kintell.*", "a b", "a..b", "a.", ">"} {
		e := bustest.Rated()
		e.Type = bad
		err := b.Publish(t.Context(), []contract.Event{e})
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("type %q: got %v, want Invalid", bad, err)
		}
	}
}
