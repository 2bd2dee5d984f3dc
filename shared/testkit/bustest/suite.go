// Package bustest is what every event bus must do, as a suite of tests. An adapter says in Differs what it cannot do.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Harness is one bus, empty, with its hearing side.
type Harness struct {
	Bus         port.Bus
	Subscribe   func(ctx context.Context, consumer string, types []string, d Delivery, handle func(context.Context, contract.Event) error) (stop func(), err error)
	DeadLetters func(context.Context) ([]DeadLetter, error)
	Redrive     func(ctx context.Context, id string) error
}

// Delivery is how a consumer is served.
type Delivery struct {
	Workers    int           // events worked at once
	MaxDeliver int           // attempts after which an event is a dead letter
	First      time.Duration // pause after the first failed attempt; doubles, and up to half may be taken off it
}

// DeadLetter is an event that a consumer never finished.
type DeadLetter struct {
	ID       string
	Consumer string
	Event    contract.Event
}

// Differs is what a bus cannot do.
type Differs struct {
	KeepsRepeats bool // an event published twice under one id arrives twice
}

// limit of every wait. Only a failing test waits that long.
const limit = 20 * time.Second

// once is enough for a consumer that is not about failure.
var plain = Delivery{Workers: 1, MaxDeliver: 3, First: 20 * time.Millisecond}

// Run runs the suite; open makes a bus for one test and closes it at its end.
func Run(t *testing.T, open func(*testing.T) Harness, differs Differs) {
	for name, test := range map[string]func(*testing.T, Harness){
		"every consumer hears its own types, each once told": fansOut,
		"all of a large batch arrives":                       arrives,
		"what several publish at once arrives":               concurrent,
		"a failed attempt comes again, later each time":      retries,
		"a failing event does not hold up the others":        passes,
		"what is given up can be seen and redriven":          dies,
		"a replay reaches one consumer alone":                replays,
		"a replay to nobody is Missing":                      misses,
		"a new consumer hears what is told from then on":     begins,
		"a consumer that was away continues":                 continues,
		"an event beyond the limit is TooLarge":              refuses,
		"what stalled reaches the relay alone, later":        stalls,
		"stop lets the attempt in progress finish":           drains,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
	t.Run("a repeat is dropped where the bus can", func(t *testing.T) {
		t.Parallel()
		repeats(t, open(t), differs)
	})
}

// Held makes a told event of a session, another one at each call.
func Held() contract.Event {
	return cause().Then(contract.KintellSessionCompleted{
		SessionID: identity.NewID(), SessionType: "language", ParticipantID: identity.NewID(), VolunteerID: identity.NewID(),
		ScheduledAt: moment, CompletedAt: moment.Add(time.Hour), DurationMinutes: 60,
	})
}

// Rated makes a told event of a rating, another one at each call.
func Rated() contract.Event {
	return cause().Then(contract.KintellRatingCreated{RatingID: identity.NewID(), SessionID: identity.NewID(), FromRole: "participant", CreatedAt: moment})
}

var moment = time.Date(2026, 6, 2, 16, 30, 0, 0, time.UTC)

func cause() contract.Cause {
	return contract.Cause{ID: identity.NewID(), Company: identity.NewID(), At: moment}
}

const (
	held  = "kintell.session.completed"
	rated = "kintell.rating.created"
)

// ear is a consumer that notes what it hears.
type ear struct {
	t     *testing.T
	heard chan contract.Event
	stop  func()
}

// listen subscribes a consumer that finishes everything.
func listen(t *testing.T, h Harness, consumer string, types ...string) ear {
	t.Helper()
	e := ear{t: t, heard: make(chan contract.Event, 10_000)}
	e.stop = subscribe(t, h, consumer, types, plain, func(_ context.Context, event contract.Event) error {
		e.heard <- event
		return nil
	})
	return e
}

func subscribe(t *testing.T, h Harness, consumer string, types []string, d Delivery, handle func(context.Context, contract.Event) error) (stop func()) {
	t.Helper()
	stop, err := h.Subscribe(t.Context(), consumer, types, d, handle)
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(stop)
	t.Cleanup(stop)
	return stop
}

// next is what is heard next.
func (e ear) next() contract.Event {
	e.t.Helper()
	select {
	case event := <-e.heard:
		return event
	case <-time.After(limit):
		e.t.Fatal("nothing was heard")
		return contract.Event{}
	}
}

// until collects what is heard up to and with the event last, which is published for the purpose.
func (e ear) until(last contract.Event) (ids []string) {
	e.t.Helper()
	for {
		event := e.next()
		if event.Metadata.ID == last.Metadata.ID {
			return ids
		}
		ids = append(ids, event.Metadata.ID)
	}
}

func publish(t *testing.T, h Harness, events ...contract.Event) {
	t.Helper()
	err := h.Bus.Publish(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// receive waits for a channel's next value.
func receive[V any](t *testing.T, from <-chan V, what string) V {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(limit):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

func fansOut(t *testing.T, h Harness) {
	projects := listen(t, h, "consumers/projectprofile", held)
	scores := listen(t, h, "consumers/scorefeedback", rated)
	rolls := listen(t, h, "consumers/rollupmetrics", held, rated)
	a, b, c, d := Held(), Rated(), Held(), Rated()
	publish(t, h, a, b)
	publish(t, h, c, d)
	same(t, "first session", a, projects.next())
	same(t, "second session", c, projects.next())
	same(t, "first rating", b, scores.next())
	same(t, "second rating", d, scores.next())
	all := map[string]bool{}
	for range 4 {
		all[rolls.next().Metadata.ID] = true
	}
	same(t, "both types", map[string]bool{a.Metadata.ID: true, b.Metadata.ID: true, c.Metadata.ID: true, d.Metadata.ID: true}, all)
}

func arrives(t *testing.T, h Harness) {
	heard := make(chan string, 10_000)
	subscribe(t, h, "consumers/rollupmetrics", []string{held}, Delivery{Workers: 4, MaxDeliver: 3, First: plain.First}, func(_ context.Context, e contract.Event) error {
		heard <- e.Metadata.ID
		return nil
	})
	missing := map[string]bool{}
	var batch []contract.Event
	for range 1500 {
		e := Held()
		batch = append(batch, e)
		missing[e.Metadata.ID] = true
	}
	publish(t, h, batch...)
	for len(missing) > 0 {
		delete(missing, receive(t, heard, fmt.Sprintf("%d events", len(missing))))
	}
}

func concurrent(t *testing.T, h Harness) {
	heard := make(chan string, 10_000)
	subscribe(t, h, "consumers/rollupmetrics", []string{held}, Delivery{Workers: 3, MaxDeliver: 3, First: plain.First}, func(_ context.Context, e contract.Event) error {
		heard <- e.Metadata.ID
		return nil
	})
	const publishers, each = 8, 25
	failures := make(chan error, publishers)
	for range publishers {
		go func() {
			var failed error
			for range each {
				failed = errors.Join(failed, h.Bus.Publish(t.Context(), []contract.Event{Held()}))
			}
			failures <- failed
		}()
	}
	for range publishers {
		err := receive(t, failures, "a publisher")
		if err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]bool{}
	for len(ids) < publishers*each {
		ids[receive(t, heard, fmt.Sprintf("event %d", len(ids)+1))] = true
	}
}

func retries(t *testing.T, h Harness) {
	attempts := make(chan time.Time, 10)
	n := 0 // one worker: no two attempts at once
	const first = 60 * time.Millisecond
	subscribe(t, h, "consumers/scorefeedback", []string{rated}, Delivery{Workers: 1, MaxDeliver: 5, First: first}, func(context.Context, contract.Event) error {
		n++
		attempts <- time.Now()
		if n < 3 {
			return fault.New(fault.Busy, "model is busy")
		}
		return nil
	})
	publish(t, h, Rated())
	one, two, three := receive(t, attempts, "attempt 1"), receive(t, attempts, "attempt 2"), receive(t, attempts, "attempt 3")
	if pause := two.Sub(one); pause < first/2 {
		t.Errorf("the second attempt came after %v, want at least %v", pause, first/2)
	}
	if pause := three.Sub(two); pause < first {
		t.Errorf("the third attempt came after %v, want at least %v", pause, first)
	}
}

func passes(t *testing.T, h Harness) {
	bad, good := Rated(), Rated()
	heard := make(chan string, 10)
	subscribe(t, h, "consumers/scorefeedback", []string{rated}, Delivery{Workers: 1, MaxDeliver: 3, First: 2 * time.Second}, func(_ context.Context, e contract.Event) error {
		heard <- e.Metadata.ID
		if e.Metadata.ID == bad.Metadata.ID {
			return errors.New("not yet")
		}
		return nil
	})
	publish(t, h, bad, good)
	same(t, "order of attempts", []string{bad.Metadata.ID, good.Metadata.ID}, []string{receive(t, heard, "the first"), receive(t, heard, "the second")})
}

// letters waits until the bus has n dead letters.
func letters(t *testing.T, h Harness, n int) []DeadLetter {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); ; {
		list, err := h.DeadLetters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == n {
			return list
		}
		if time.Now().After(end) {
			t.Fatalf("%d dead letters, want %d", len(list), n)
		}
		<-tick.C
	}
}

func dies(t *testing.T, h Harness) {
	bystander := listen(t, h, "consumers/rollupmetrics", rated)
	attempts := make(chan string, 10)
	var healed sync.Map
	d := Delivery{Workers: 2, MaxDeliver: 3, First: 20 * time.Millisecond}
	subscribe(t, h, "consumers/scorefeedback", []string{rated}, d, func(_ context.Context, e contract.Event) error {
		attempts <- e.Metadata.ID
		if _, ok := healed.Load(e.Metadata.ID); ok {
			return nil
		}
		return errors.New("cannot")
	})
	e, last := Rated(), Rated()
	healed.Store(last.Metadata.ID, true)
	publish(t, h, e)
	list := letters(t, h, 1)
	for range d.MaxDeliver {
		same(t, "attempt", e.Metadata.ID, receive(t, attempts, "an attempt"))
	}
	same(t, "dead letter", []DeadLetter{{ID: list[0].ID, Consumer: "consumers/scorefeedback", Event: e}}, list)

	healed.Store(e.Metadata.ID, true)
	err := h.Redrive(t.Context(), list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "attempt after the redrive", e.Metadata.ID, receive(t, attempts, "the redriven attempt"))
	letters(t, h, 0)
	err = h.Redrive(t.Context(), list[0].ID)
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("redriven twice: got %v, want Missing", err)
	}
	publish(t, h, last)
	same(t, "the bystander", []string{e.Metadata.ID}, bystander.until(last))
}

func replays(t *testing.T, h Harness) {
	one, other := listen(t, h, "consumers/scorefeedback", rated), listen(t, h, "consumers/rollupmetrics", rated)
	e, last := Rated(), Rated()
	publish(t, h, e)
	same(t, "told", e, one.next())
	err := h.Bus.Replay(t.Context(), "consumers/scorefeedback", e)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "replayed", e, one.next())
	publish(t, h, last)
	same(t, "the other consumer", []string{e.Metadata.ID}, other.until(last))
}

func misses(t *testing.T, h Harness) {
	err := h.Bus.Replay(t.Context(), "consumers/nobody", Rated())
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("got %v, want Missing", err)
	}
}

func begins(t *testing.T, h Harness) {
	early := listen(t, h, "consumers/scorefeedback", rated)
	before, after := Rated(), Rated()
	publish(t, h, before)
	same(t, "the early one", before, early.next())
	late := listen(t, h, "consumers/rollupmetrics", rated)
	publish(t, h, after)
	same(t, "the late one", []string(nil), late.until(after))
}

func continues(t *testing.T, h Harness) {
	listen(t, h, "consumers/scorefeedback", rated).stop()
	missed := Rated()
	publish(t, h, missed)
	same(t, "missed while away", missed, listen(t, h, "consumers/scorefeedback", rated).next())
}

func refuses(t *testing.T, h Harness) {
	ear := listen(t, h, "consumers/scorefeedback", rated)
	big, last := Rated(), Rated()
	big.Data = []byte(`{"feedbackText":"` + strings.Repeat("x", contract.MaxEvent) + `"}`)
	err := h.Bus.Publish(t.Context(), []contract.Event{big})
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("published: got %v, want TooLarge", err)
	}
	err = h.Bus.Replay(t.Context(), "consumers/scorefeedback", big)
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("replayed: got %v, want TooLarge", err)
	}
	publish(t, h, last)
	same(t, "what went out", []string(nil), ear.until(last))
}

func stalls(t *testing.T, h Harness) {
	const delay = 150 * time.Millisecond
	relay := listen(t, h, "consumers/relayoutbox", "ops.outbox.stalled")
	other := listen(t, h, "consumers/rollupmetrics", "ops.outbox.stalled", rated)
	e := cause().Then(contract.OutboxStalled{CauseID: identity.NewID()})
	start := time.Now()
	err := h.Bus.Stalled(t.Context(), e, delay)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what stalled", e, relay.next())
	if took := time.Since(start); took < delay {
		t.Errorf("arrived after %v, want at least %v", took, delay)
	}
	err = h.Bus.Stalled(t.Context(), e, 0) // the same cause may stall again
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what stalled again", e, relay.next())
	last := Rated()
	publish(t, h, last)
	same(t, "the other consumer", []string(nil), other.until(last))
}

func drains(t *testing.T, h Harness) {
	started, release, stopped := make(chan string, 10), make(chan struct{}), make(chan struct{})
	stop := subscribe(t, h, "consumers/scorefeedback", []string{rated}, plain, func(ctx context.Context, e contract.Event) error {
		started <- e.Metadata.ID
		<-release
		return ctx.Err() // stopping does not cancel
	})
	first, second, last := Rated(), Rated(), Rated()
	publish(t, h, first, second)
	same(t, "in progress", first.Metadata.ID, receive(t, started, "an attempt"))
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Error("stopped with an attempt in progress")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	receive(t, stopped, "the end")
	begun := []string{first.Metadata.ID}
	for len(started) > 0 { // an attempt that was handed out before the stop
		begun = append(begun, <-started)
	}
	again := listen(t, h, "consumers/scorefeedback", rated)
	publish(t, h, last)
	rest := again.until(last)
	same(t, "each worked once", []string{first.Metadata.ID, second.Metadata.ID}, append(begun, rest...))
}

func repeats(t *testing.T, h Harness, differs Differs) {
	ear := listen(t, h, "consumers/scorefeedback", rated)
	e, last := Rated(), Rated()
	publish(t, h, e)
	publish(t, h, e, e)
	publish(t, h, last)
	want := []string{e.Metadata.ID}
	if differs.KeepsRepeats {
		want = append(want, e.Metadata.ID, e.Metadata.ID)
	}
	same(t, "heard", want, ear.until(last))
}
