// Package natsbus carries events over NATS JetStream: one stream of events, one durable per consumer, dead letters in a stream of
// their own. Decisions in infra/decisions/0011.
package natsbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Names on the server.
const (
	events     = "CSR"            // stream of every event, subjects csr.<type> and csr.replay.<consumer>
	advisories = "CSR_ADVISORIES" // stream of the server's words that a message was given up
	dead       = "CSR_DEAD"       // stream of what was given up, subjects csr-dead.<consumer>

	replayPrefix = "csr.replay."
	deadPrefix   = "csr-dead."
	gaveUp       = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + events + ".>"
)

// notBefore is the header of a message that is to be worked later: Unix milliseconds.
const notBefore = "Csr-Not-Before"

// relay is the consumer that is told what stalled.
const relay = "consumers/relayoutbox"

// repeats is how long the server recognises an event it has stored by its id.
const repeats = 2 * time.Minute

// oldest server with everything that is asked of it here.
const oldestMajor, oldestMinor = 2, 11

// inFlight is how many events are handed over before their receipts are awaited.
const inFlight = 1000

// Options are a deployment's choices. The zero value suits one server.
type Options struct {
	MaxAge   time.Duration // how long events are kept after they were told; 0 means 30 days
	Replicas int           // copies in a cluster: 1 (also when 0), 3 or 5
	// Dead is handed each event that a consumer could not finish in its attempts, until it returns nil; may be nil.
	Dead   func(ctx context.Context, consumer string, e contract.Event) error
	Report func(error) // told what went wrong where nobody waits for an answer; may be nil
}

// Bus is an open connection to the streams.
type Bus struct {
	js     jetstream.JetStream
	report func(error)
	dead   func(context.Context, string, contract.Event) error
	stop   func()
}

var _ port.Bus = (*Bus)(nil)

// Open makes the streams where they are missing and begins to collect dead letters. The connection stays the caller's, who closes it
// after Close.
func Open(ctx context.Context, nc *nats.Conn, o Options) (*Bus, error) {
	err := recentEnough(nc.ConnectedServerVersion())
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncTimeout(10*time.Second), jetstream.WithPublishAsyncMaxPending(4*inFlight))
	if err != nil {
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	if o.MaxAge == 0 {
		o.MaxAge = 30 * 24 * time.Hour
	}
	for _, config := range []jetstream.StreamConfig{
		{Name: events, Subjects: []string{"csr.>"}, MaxAge: o.MaxAge, Duplicates: repeats},
		{Name: advisories, Subjects: []string{gaveUp}, MaxAge: o.MaxAge},
		{Name: dead, Subjects: []string{deadPrefix + ">"}, Duplicates: repeats},
	} {
		config.Storage, config.Retention, config.Replicas = jetstream.FileStorage, jetstream.LimitsPolicy, max(o.Replicas, 1)
		_, err := js.CreateOrUpdateStream(ctx, config)
		if err != nil {
			return nil, fault.Wrap(fault.Busy, "the event stream "+config.Name+" cannot be opened", err)
		}
	}
	b := &Bus{js: js, report: o.Report, dead: o.Dead}
	if b.report == nil {
		b.report = func(error) {}
	}
	b.stop, err = b.collect(ctx)
	return b, err
}

// Close stops collecting dead letters. Subscriptions are stopped by whoever made them.
func (b *Bus) Close() { b.stop() }

// recentEnough refuses a server that lacks what is asked of it.
func recentEnough(version string) error {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	x, errMajor := strconv.Atoi(major)
	y, errMinor := strconv.Atoi(minor)
	if errMajor != nil || errMinor != nil || x < oldestMajor || (x == oldestMajor && y < oldestMinor) {
		return fault.New(fault.Invalid, fmt.Sprintf("NATS server %q: expected %d.%d or later", version, oldestMajor, oldestMinor))
	}
	return nil
}

// Publish hands over events, each under its id, so that the server drops one it stored within the last two minutes.
func (b *Bus) Publish(ctx context.Context, list []contract.Event) error {
	messages := make([]*nats.Msg, len(list))
	for i, e := range list {
		var err error
		messages[i], err = message("csr."+e.Type, e.Metadata.ID, e)
		if err != nil {
			return err
		}
	}
	for len(messages) > 0 {
		n := min(inFlight, len(messages))
		err := b.send(ctx, messages[:n])
		if err != nil {
			return err
		}
		messages = messages[n:]
	}
	return nil
}

// message is e on its way to a subject, refused when it is too long or cannot have a subject.
func message(subject, id string, e contract.Event) (*nats.Msg, error) {
	if e.Type == "" || strings.ContainsAny(subject, " *>\t\r\n") || strings.Contains(subject, "..") || strings.HasSuffix(subject, ".") {
		return nil, fault.Fields("event cannot be published", fault.Field{Name: "type", Expected: "a dotted event type"})
	}
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "event "+e.Metadata.ID+" cannot be encoded", err)
	}
	if len(data) > contract.MaxEvent {
		return nil, fault.New(fault.TooLarge, fmt.Sprintf("event %s of %d bytes: at most %d", e.Metadata.ID, len(data), contract.MaxEvent))
	}
	return &nats.Msg{Subject: subject, Data: data, Header: nats.Header{nats.MsgIdHdr: {id}}}, nil
}

// send hands over messages together and waits until the server has stored every one.
func (b *Bus) send(ctx context.Context, messages []*nats.Msg) error {
	receipts := make([]jetstream.PubAckFuture, 0, len(messages))
	refused, reason := 0, error(nil)
	for _, m := range messages {
		receipt, err := b.js.PublishMsgAsync(m)
		if err != nil {
			refused, reason = refused+1, err
			continue
		}
		receipts = append(receipts, receipt)
	}
	for _, receipt := range receipts {
		select {
		case <-receipt.Ok():
		case err := <-receipt.Err():
			refused, reason = refused+1, err
		case <-ctx.Done():
			return fault.Wrap(fault.Busy, "events were handed over and not confirmed in time", ctx.Err())
		}
	}
	if refused > 0 {
		return fault.Wrap(fault.Busy, fmt.Sprintf("%d of %d events were refused by the bus", refused, len(messages)), reason)
	}
	return nil
}

// Replay hands e to one consumer alone, under an id of its own. A consumer that has never subscribed is Missing.
func (b *Bus) Replay(ctx context.Context, consumer string, e contract.Event) error {
	_, err := b.js.Consumer(ctx, events, durable(consumer))
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fault.Wrap(fault.Missing, "no consumer is named "+consumer, err)
	}
	if err != nil {
		return fault.Wrap(fault.Busy, "the bus does not say whether there is a consumer "+consumer, err)
	}
	m, err := message(replayPrefix+durable(consumer), uuid.NewString(), e)
	if err != nil {
		return err
	}
	return b.send(ctx, []*nats.Msg{m})
}

// Stalled leaves e for consumers/relayoutbox, to be worked once delay is over. It goes into its private subject alone.
func (b *Bus) Stalled(ctx context.Context, e contract.Event, delay time.Duration) error {
	m, err := message(replayPrefix+durable(relay), uuid.NewString(), e)
	if err != nil {
		return err
	}
	m.Header.Set(notBefore, strconv.FormatInt(time.Now().Add(delay).UnixMilli(), 10))
	return b.send(ctx, []*nats.Msg{m})
}

// durable is a consumer's name on the server, which takes no slashes.
func durable(consumer string) string { return strings.ReplaceAll(consumer, "/", "-") }
