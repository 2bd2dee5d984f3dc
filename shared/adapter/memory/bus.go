package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// relay is the consumer that is told what stalled.
const relay = "consumers/relayoutbox"

// Bus carries events inside the process and forgets them with it. It passes the suite that the real ones pass.
type Bus struct {
	mu        sync.Mutex
	boxes     map[string]*box
	seen      map[string]bool // ids of what was published
	published []contract.Event
	stalled   []contract.Event
	letters   []DeadLetter
	buried    int
}

var _ port.Bus = (*Bus)(nil)

// DeadLetter is an event that a consumer was offered as often as it may be and never finished.
type DeadLetter struct {
	ID       string // names it to Redrive
	Consumer string // kind/name
	Event    contract.Event
}

// Delivery is how a consumer is served. Zero fields take the value in brackets.
type Delivery struct {
	Workers    int           // events worked at once [1]
	MaxDeliver int           // attempts after which an event becomes a dead letter [5]
	First, Max time.Duration // pause after the first failed attempt, which doubles, and its limit [10 ms, 1 s]
}

// NewBus is a bus without consumers.
func NewBus() *Bus { return &Bus{boxes: map[string]*box{}, seen: map[string]bool{}} }

// box is what waits for one consumer. Its fields are guarded by mu.
type box struct {
	mu      sync.Mutex
	changed *sync.Cond
	types   []string
	ready   []letter
}

// letter is an event on its way to one consumer.
type letter struct {
	event    contract.Event
	attempts int
}

func (x *box) put(l letter) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ready = append(x.ready, l)
	x.changed.Signal()
}

// box of a consumer, made when there is none. The caller holds b.mu.
func (b *Bus) box(consumer string) *box {
	x := b.boxes[consumer]
	if x == nil {
		x = &box{}
		x.changed = sync.NewCond(&x.mu)
		b.boxes[consumer] = x
	}
	return x
}

// check refuses what no bus takes.
func check(e contract.Event) error {
	if e.Type == "" {
		return fault.Fields("event cannot be published", fault.Field{Name: "type", Expected: "a dotted event type"})
	}
	data, err := json.Marshal(e)
	if err != nil {
		return fault.Wrap(fault.Invalid, "event "+e.Metadata.ID+" cannot be encoded", err)
	}
	if len(data) > contract.MaxEvent {
		return fault.New(fault.TooLarge, fmt.Sprintf("event %s of %d bytes: at most %d", e.Metadata.ID, len(data), contract.MaxEvent))
	}
	return nil
}

// Publish hands events to every consumer that hears their types, and drops those whose id it has seen.
func (b *Bus) Publish(ctx context.Context, events []contract.Event) error {
	err := ctx.Err()
	if err != nil {
		return fault.Wrap(fault.Busy, "events were not handed over in time", err)
	}
	for _, e := range events {
		err := check(e)
		if err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range events {
		if b.seen[e.Metadata.ID] {
			continue
		}
		b.seen[e.Metadata.ID] = true
		b.published = append(b.published, e)
		for _, x := range b.boxes {
			if slices.Contains(x.types, e.Type) {
				x.put(letter{event: e})
			}
		}
	}
	return nil
}

// Replay hands e to one consumer alone. A consumer that has never subscribed is Missing.
func (b *Bus) Replay(_ context.Context, consumer string, e contract.Event) error {
	err := check(e)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.boxes[consumer]
	if x == nil {
		return fault.New(fault.Missing, "no consumer is named "+consumer)
	}
	x.put(letter{event: e})
	return nil
}

// Stalled leaves e for consumers/relayoutbox after delay, whether it has subscribed yet or not.
func (b *Bus) Stalled(_ context.Context, e contract.Event, delay time.Duration) error {
	err := check(e)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = append(b.stalled, e)
	x := b.box(relay)
	time.AfterFunc(delay, func() { x.put(letter{event: e}) })
	return nil
}

// Published lists every event that was published, in order, repeats left out.
func (b *Bus) Published() []contract.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.published)
}

// StalledEvents lists what was handed to Stalled, in order, whether its delay is over or not.
func (b *Bus) StalledEvents() []contract.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.stalled)
}

// DeadLetters lists what waits to be looked at, oldest first.
func (b *Bus) DeadLetters(context.Context) ([]DeadLetter, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.letters), nil
}

// Redrive hands one dead letter to its consumer again and forgets it. An unknown id is Missing.
func (b *Bus) Redrive(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.IndexFunc(b.letters, func(l DeadLetter) bool { return l.ID == id })
	if at < 0 {
		return fault.New(fault.Missing, "no dead letter is named "+strconv.Quote(id))
	}
	b.box(b.letters[at].Consumer).put(letter{event: b.letters[at].Event})
	b.letters = slices.Delete(b.letters, at, at+1)
	return nil
}

// Subscribe calls handle for every event of types told from now on, and for what is replayed to consumer. A consumer that has
// subscribed before continues where it stopped. An error from handle means again, later, up to MaxDeliver attempts; then the event
// is a dead letter. stop lets the attempts in progress finish and starts no others.
func (b *Bus) Subscribe(ctx context.Context, consumer string, types []string, d Delivery, handle func(context.Context, contract.Event) error) (stop func(), err error) {
	if d.MaxDeliver <= 0 {
		d.MaxDeliver = 5
	}
	if d.First <= 0 {
		d.First = 10 * time.Millisecond
	}
	if d.Max <= 0 {
		d.Max = time.Second
	}
	b.mu.Lock()
	x := b.box(consumer)
	x.types = slices.Clone(types) // read under b.mu
	b.mu.Unlock()

	stopped := false // guarded by x.mu
	end := func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		stopped = true
		x.changed.Broadcast()
	}
	next := func() (letter, bool) {
		x.mu.Lock()
		defer x.mu.Unlock()
		for len(x.ready) == 0 && !stopped {
			x.changed.Wait()
		}
		if stopped {
			x.changed.Signal() // another subscription of the same consumer may take what woke this one
			return letter{}, false
		}
		l := x.ready[0]
		x.ready = x.ready[1:]
		return l, true
	}
	var workers sync.WaitGroup
	for range max(d.Workers, 1) {
		workers.Go(func() {
			for {
				l, ok := next()
				if !ok {
					return
				}
				b.attempt(ctx, consumer, x, l, d, handle)
			}
		})
	}
	unhook := context.AfterFunc(ctx, end)
	return func() { unhook(); end(); workers.Wait() }, nil
}

// attempt works one event, and on failure puts it back for later or buries it.
func (b *Bus) attempt(ctx context.Context, consumer string, x *box, l letter, d Delivery, handle func(context.Context, contract.Event) error) {
	err := handle(ctx, l.event)
	if err == nil {
		return
	}
	l.attempts++
	if l.attempts < d.MaxDeliver {
		pause := d.Max
		if l.attempts < 32 {
			pause = min(d.Max, d.First<<(l.attempts-1))
		}
		time.AfterFunc(pause, func() { x.put(l) })
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buried++
	b.letters = append(b.letters, DeadLetter{ID: strconv.Itoa(b.buried), Consumer: consumer, Event: l.event})
}
