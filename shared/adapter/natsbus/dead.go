package natsbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
)

// DeadLetter is an event that a consumer was offered as often as it may be and never finished.
type DeadLetter struct {
	ID       string // names it to Redrive
	Consumer string // kind/name
	Event    contract.Event
	Raw      []byte // the message as it came; what is no event has nothing else
	At       time.Time
}

// consumerHeader names the consumer of a dead letter as its subject spells it.
const consumerHeader = "Csr-Consumer"

// consumerOf is the kind/name of a durable. Kinds have no hyphen.
func consumerOf(durable string) string { return strings.Replace(durable, "-", "/", 1) }

// collect keeps what the server gives up: its word names consumer and message, and the message is copied before retention takes it.
func (b *Bus) collect(ctx context.Context) (stop func(), err error) {
	stream, err := b.js.Stream(ctx, events)
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "the event stream cannot be opened", err)
	}
	config := jetstream.ConsumerConfig{
		Durable:   "dead-letters",
		AckPolicy: jetstream.AckExplicitPolicy,
		AckWait:   30 * time.Second,
	}
	d := Delivery{MaxDeliver: 1 << 30}.orDefaults() // a copy is tried until it is made
	return b.consume(context.WithoutCancel(ctx), advisories, config, d, func(ctx context.Context, m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		var word struct {
			Consumer string `json:"consumer"`
			Sequence uint64 `json:"stream_seq"`
		}
		err := json.Unmarshal(m.Data(), &word)
		if err != nil {
			b.report(fmt.Errorf("read an advisory: %w", err))
			return nil
		}
		given, err := stream.GetMsg(ctx, word.Sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			b.report(fmt.Errorf("dead letter %d of %s: older than what the stream keeps", word.Sequence, word.Consumer))
			return nil
		}
		if err != nil {
			return fmt.Errorf("read dead letter %d of %s: %w", word.Sequence, word.Consumer, err)
		}
		return b.bury(ctx, consumerOf(word.Consumer), word.Sequence, given.Data)
	})
}

// bury keeps a message that a consumer cannot finish, and hands it to whoever wants to know. Burying it again changes nothing.
func (b *Bus) bury(ctx context.Context, consumer string, sequence uint64, data []byte) error {
	name := durable(consumer)
	err := b.send(ctx, []*nats.Msg{{
		Subject: deadPrefix + name,
		Data:    data,
		Header: nats.Header{
			nats.MsgIdHdr:  {name + ":" + strconv.FormatUint(sequence, 10)},
			consumerHeader: {consumer},
		},
	}})
	if err != nil || b.dead == nil {
		return err
	}
	e, err := contract.Parse(data)
	if err != nil {
		b.report(fmt.Errorf("dead letter %d of %s: %w", sequence, consumer, err))
		return nil
	}
	return b.dead(ctx, consumer, e)
}

// DeadLetters lists what waits to be looked at, oldest first.
func (b *Bus) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	stream, err := b.js.Stream(ctx, dead)
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "dead letters cannot be read", err)
	}
	var list []DeadLetter
	for next := uint64(1); ; {
		m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(deadPrefix+">"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return list, nil
		}
		if err != nil {
			return nil, fault.Wrap(fault.Busy, "dead letters cannot be read", err)
		}
		list = append(list, letter(m))
		next = m.Sequence + 1
	}
}

func letter(m *jetstream.RawStreamMsg) DeadLetter {
	l := DeadLetter{ID: strconv.FormatUint(m.Sequence, 10), Consumer: m.Header.Get(consumerHeader), Raw: m.Data, At: m.Time}
	e, err := contract.Parse(m.Data)
	if err == nil {
		l.Event = e
	}
	return l
}

// Redrive hands one dead letter to its consumer again and forgets it. An unknown id is Missing; what is no event is Invalid.
func (b *Bus) Redrive(ctx context.Context, id string) error {
	sequence, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return fault.Wrap(fault.Missing, "no dead letter is named "+strconv.Quote(id), err)
	}
	stream, err := b.js.Stream(ctx, dead)
	if err != nil {
		return fault.Wrap(fault.Busy, "dead letters cannot be read", err)
	}
	m, err := stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return fault.Wrap(fault.Missing, "no dead letter is named "+strconv.Quote(id), err)
	}
	if err != nil {
		return fault.Wrap(fault.Busy, "dead letters cannot be read", err)
	}
	e, err := contract.Parse(m.Data)
	if err != nil {
		return fault.Wrap(fault.Invalid, "dead letter "+id+" is not an event", err)
	}
	err = b.Replay(ctx, m.Header.Get(consumerHeader), e)
	if err != nil {
		return err
	}
	err = stream.DeleteMsg(ctx, sequence)
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fault.Wrap(fault.Busy, "dead letter "+id+" was replayed and is still listed", err)
	}
	return nil
}
