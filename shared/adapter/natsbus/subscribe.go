package natsbus

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
)

// Delivery is how a consumer is served. Zero fields take the value in brackets.
type Delivery struct {
	Workers    int           // messages worked at once [1]
	MaxDeliver int           // failed attempts after which a message becomes a dead letter [5]
	AckWait    time.Duration // silence of a dead worker after which its message goes to another; a living one is never silent [10 s]
	First, Max time.Duration // pause after the first failed attempt, which doubles, and its limit [1 s, 1 min]
}

// deaths is how many attempts, beyond those that failed, may be cut short by the end of their process. Killing a process often must not
// make dead letters of whatever it was working; a message that itself kills every process is given up all the same.
const deaths = 50

func (d Delivery) orDefaults() Delivery {
	set := func(value *time.Duration, otherwise time.Duration) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	d.Workers = max(d.Workers, 1)
	if d.MaxDeliver <= 0 {
		d.MaxDeliver = 5
	}
	set(&d.AckWait, 10*time.Second)
	set(&d.First, time.Second)
	set(&d.Max, time.Minute)
	return d
}

// pause before the attempt that follows the failed one, counted from 1: between half and all of First doubled each time.
func (d Delivery) pause(failed int) time.Duration {
	whole := d.Max
	if failed < 32 {
		whole = min(d.Max, d.First<<(failed-1))
	}
	if whole <= 0 { // shifted beyond what a duration holds
		whole = d.Max
	}
	return whole/2 + rand.N(whole/2+1)
}

// Subscribe calls handle for every event of types told from now on, and for what is replayed to consumer. A consumer that has
// subscribed before continues where it stopped. An error from handle means again, later, up to MaxDeliver attempts; then the event
// is a dead letter. stop lets the attempts in progress finish and starts no others.
func (b *Bus) Subscribe(ctx context.Context, consumer string, types []string, d Delivery, handle func(context.Context, contract.Event) error) (stop func(), err error) {
	d = d.orDefaults()
	name := durable(consumer)
	subjects := []string{replayPrefix + name}
	for _, t := range types {
		subjects = append(subjects, "csr."+t)
	}
	config := jetstream.ConsumerConfig{
		Durable:        name,
		FilterSubjects: subjects,
		DeliverPolicy:  jetstream.DeliverNewPolicy,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        d.AckWait,
		MaxDeliver:     d.MaxDeliver + deaths,
		MaxAckPending:  max(1000, d.Workers), // what waits for its next attempt counts too, and must not hold up the rest
	}
	return b.consume(ctx, events, config, d, func(ctx context.Context, m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		e, err := contract.Parse(m.Data())
		if err != nil { // nothing of ours: no attempt can read it
			return b.bury(ctx, consumerOf(name), meta.Sequence.Stream, m.Data())
		}
		return handle(ctx, e)
	})
}

// work is one attempt at one message.
type work func(context.Context, jetstream.Msg, *jetstream.MsgMetadata) error

// consume runs d.Workers workers on a durable consumer of a stream.
func (b *Bus) consume(ctx context.Context, stream string, config jetstream.ConsumerConfig, d Delivery, f work) (stop func(), err error) {
	c, err := b.js.CreateOrUpdateConsumer(ctx, stream, config)
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "subscription of "+config.Durable+" cannot be opened", err)
	}
	var iterators []jetstream.MessagesContext
	var workers sync.WaitGroup
	failed := &failures{}
	drain := func() {
		for _, it := range iterators {
			it.Drain()
		}
	}
	for range d.Workers {
		// one message in hand and none behind it: what waits in a buffer would count as silence
		it, err := c.Messages(jetstream.PullMaxMessages(1))
		if err != nil {
			drain()
			workers.Wait()
			return nil, fault.Wrap(fault.Busy, "subscription of "+config.Durable+" cannot be opened", err)
		}
		iterators = append(iterators, it)
		workers.Go(func() { b.loop(ctx, it, d, failed, f) })
	}
	unhook := context.AfterFunc(ctx, drain)
	return func() { unhook(); drain(); workers.Wait() }, nil
}

// loop works messages until the iterator is drained.
func (b *Bus) loop(ctx context.Context, it jetstream.MessagesContext, d Delivery, failed *failures, f work) {
	for {
		m, err := it.Next()
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return
		case errors.Is(err, jetstream.ErrNoHeartbeat): // the server was away; the iterator asks again
			b.report(err)
		case err != nil: // terminal: the consumer or its stream is gone
			b.report(err)
			return
		default:
			b.attempt(ctx, m, d, failed, f)
		}
	}
}

// attempt works one message and tells the server what came of it.
func (b *Bus) attempt(ctx context.Context, m jetstream.Msg, d Delivery, failed *failures, f work) {
	meta, err := m.Metadata()
	if err != nil { // not from JetStream: nothing to answer
		b.report(err)
		return
	}
	if wait := early(m.Headers()); wait > 0 {
		b.answer(m.NakWithDelay(wait))
		return
	}
	err = alive(m, d.AckWait/3, func() error { return f(ctx, m, meta) })
	if err == nil {
		failed.forget(meta.Sequence.Stream)
		b.answer(m.Ack())
		return
	}
	n := failed.add(meta.Sequence.Stream)
	if n < d.MaxDeliver {
		b.answer(m.NakWithDelay(d.pause(n)))
		return
	}
	err = b.bury(ctx, consumerOf(meta.Consumer), meta.Sequence.Stream, m.Data())
	if err != nil { // tried and buried again later
		b.report(err)
		b.answer(m.NakWithDelay(d.pause(n)))
		return
	}
	failed.forget(meta.Sequence.Stream)
	b.answer(m.Ack())
}

// failures counts the failed attempts at each message. The server counts deliveries, of which some end with the process and say nothing
// about the message; what this process does not remember starts anew in the next, up to the server's limit.
type failures struct {
	mu    sync.Mutex
	count map[uint64]int
}

// remembered is how many failing messages are counted. Many more fail together only when something else is wrong.
const remembered = 10_000

func (f *failures) add(sequence uint64) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil || len(f.count) > remembered { // some are never forgotten: another process has finished them
		f.count = map[uint64]int{}
	}
	f.count[sequence]++
	return f.count[sequence]
}

func (f *failures) forget(sequence uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.count, sequence)
}

// answer reports an answer that did not reach the server, which will then offer the message again.
func (b *Bus) answer(err error) {
	if err != nil {
		b.report(err)
	}
}

// early is how long it is until a message may be worked.
func early(h nats.Header) time.Duration {
	ms, err := strconv.ParseInt(h.Get(notBefore), 10, 64)
	if err != nil { // no such header
		return 0
	}
	return time.Until(time.UnixMilli(ms))
}

// alive runs f and tells the server every interval that it is still being worked.
func alive(m jetstream.Msg, interval time.Duration, f func() error) error {
	var beats sync.WaitGroup
	done := make(chan struct{})
	ticker := time.NewTicker(interval)
	beats.Go(func() {
		for {
			select {
			case <-ticker.C:
				_ = m.InProgress() // a lost beat is made up by the next one
			case <-done:
				return
			}
		}
	})
	defer func() {
		ticker.Stop()
		close(done)
		beats.Wait() // no beat after the answer
	}()
	return f()
}
