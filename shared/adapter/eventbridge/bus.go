// Package eventbridge carries events over Amazon EventBridge to one SQS queue per consumer. Decisions in infra/decisions/0012.
package eventbridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Limits of one PutEvents call. Regions take 1 MB by now; the older limit holds everywhere.
const (
	maxEntries = 10
	maxBytes   = 256 << 10
)

// maxDelay is the longest that SQS keeps a message back.
const maxDelay = 15 * time.Minute

// calls under way at once when there is much to tell.
const calls = 8

// Attempts at an entry that was refused for now, and the pause after the first, which doubles up to the last.
const (
	attempts   = 10
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// relay is the consumer that is told what stalled.
const relay = "consumers/relayoutbox"

// PutEvents is the part of the EventBridge client that is used.
type PutEvents interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// SendMessage is the part of the SQS client that is used.
type SendMessage interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Bus publishes to one event bus, and to the consumers' queues by name.
type Bus struct {
	events PutEvents
	queues SendMessage
	name   string
	prefix string
}

var _ port.Bus = (*Bus)(nil)

// New makes a bus. config has region, credentials and, for an emulator, the endpoint; name is the event bus; queuePrefix before a
// consumer's last name is the URL of its queue.
func New(config aws.Config, name, queuePrefix string) *Bus {
	return Over(eventbridge.NewFromConfig(config), sqs.NewFromConfig(config), name, queuePrefix)
}

// Over is New with clients made elsewhere.
func Over(events PutEvents, queues SendMessage, name, queuePrefix string) *Bus {
	return &Bus{events: events, queues: queues, name: name, prefix: queuePrefix}
}

// Publish hands over events in as few calls as the limits allow. Entries that the bus refuses for now are tried again one by one
// while ctx allows.
func (b *Bus) Publish(ctx context.Context, events []contract.Event) error {
	entries := make([]types.PutEventsRequestEntry, len(events))
	for i, e := range events {
		detail, err := encode(e)
		if err != nil {
			return err
		}
		family, _, _ := strings.Cut(e.Type, ".")
		entries[i] = types.PutEventsRequestEntry{
			EventBusName: &b.name,
			Source:       aws.String("csr." + family),
			DetailType:   &e.Type,
			Detail:       &detail,
		}
	}
	var refused atomic.Int64
	var group errgroup.Group
	group.SetLimit(calls)
	for _, batch := range split(entries) {
		group.Go(func() error {
			n, err := b.put(ctx, batch)
			refused.Add(int64(n))
			return err
		})
	}
	err := group.Wait()
	if err != nil {
		return fault.Wrap(fault.Busy, fmt.Sprintf("%d of %d events were refused by the bus", refused.Load(), len(events)), err)
	}
	return nil
}

// encode gives the envelope's text, refused when it is too long or has no type.
func encode(e contract.Event) (string, error) {
	if e.Type == "" {
		return "", fault.Fields("event cannot be published", fault.Field{Name: "type", Expected: "a dotted event type"})
	}
	data, err := json.Marshal(e)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, "event "+e.Metadata.ID+" cannot be encoded", err)
	}
	if len(data) > contract.MaxEvent {
		return "", fault.New(fault.TooLarge, fmt.Sprintf("event %s of %d bytes: at most %d", e.Metadata.ID, len(data), contract.MaxEvent))
	}
	return string(data), nil
}

// split cuts entries into calls within the limits, in order.
func split(entries []types.PutEventsRequestEntry) (batches [][]types.PutEventsRequestEntry) {
	begin, bytes := 0, 0
	for i, entry := range entries {
		size := sizeOf(entry)
		if i-begin == maxEntries || (i > begin && bytes+size > maxBytes) {
			batches = append(batches, entries[begin:i])
			begin, bytes = i, 0
		}
		bytes += size
	}
	if begin < len(entries) {
		batches = append(batches, entries[begin:])
	}
	return batches
}

// sizeOf is what an entry counts against the limit (PutEvents: 14 bytes for a time, which we leave out, and the UTF-8 of its texts).
func sizeOf(entry types.PutEventsRequestEntry) int {
	return len(*entry.Source) + len(*entry.DetailType) + len(*entry.Detail)
}

// put makes one call, tries again what was refused in it, and says how many entries did not go out.
func (b *Bus) put(ctx context.Context, batch []types.PutEventsRequestEntry) (refused int, err error) {
	out, err := b.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: batch})
	if err != nil {
		return len(batch), fmt.Errorf("put events: %w", err)
	}
	if len(out.Entries) != len(batch) {
		return len(batch), fmt.Errorf("put events: %d answers to %d entries", len(out.Entries), len(batch))
	}
	for i, result := range out.Entries {
		again := b.again(ctx, batch[i], result)
		if again != nil {
			refused, err = refused+1, again
		}
	}
	return refused, err
}

// again tries one refused entry until it is taken, is refused for good, or there is no more time.
func (b *Bus) again(ctx context.Context, entry types.PutEventsRequestEntry, result types.PutEventsResultEntry) error {
	for attempt := 1; ; attempt++ {
		if result.ErrorCode == nil {
			return nil
		}
		refusal := fmt.Errorf("entry refused: %s: %s", *result.ErrorCode, aws.ToString(result.ErrorMessage))
		if forGood(*result.ErrorCode) || attempt == attempts || !rest(ctx, attempt) {
			return refusal
		}
		out, err := b.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry}})
		if err != nil {
			return errors.Join(refusal, fmt.Errorf("put event again: %w", err))
		}
		if len(out.Entries) != 1 {
			return errors.Join(refusal, fmt.Errorf("put event again: %d answers to one entry", len(out.Entries)))
		}
		result = out.Entries[0]
	}
}

// forGood says that no later attempt can end otherwise.
func forGood(code string) bool {
	for _, start := range []string{"NotAuthorized", "AccessDenied", "InvalidArgument", "InvalidAccountId", "MalformedDetail", "ResourceNotFound"} {
		if strings.HasPrefix(code, start) {
			return true
		}
	}
	return false
}

// rest waits before the next attempt, anything up to the doubled pause ("full jitter"), and is false when ctx would not outlast it.
func rest(ctx context.Context, attempt int) bool {
	pause := rand.N(min(lastPause, firstPause<<(attempt-1))) + 1
	end, limited := ctx.Deadline()
	if limited && time.Until(end) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Replay puts e into one consumer's queue. A consumer without a queue is Missing.
func (b *Bus) Replay(ctx context.Context, consumer string, e contract.Event) error {
	return b.send(ctx, consumer, e, 0)
}

// Stalled puts e into the queue of consumers/relayoutbox, which shows it once delay is over; SQS waits at most 15 minutes.
func (b *Bus) Stalled(ctx context.Context, e contract.Event, delay time.Duration) error {
	return b.send(ctx, relay, e, min(max(delay, 0), maxDelay))
}

func (b *Bus) send(ctx context.Context, consumer string, e contract.Event, delay time.Duration) error {
	body, err := encode(e)
	if err != nil {
		return err
	}
	_, err = b.queues.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:     aws.String(b.prefix + consumer[strings.LastIndex(consumer, "/")+1:]),
		MessageBody:  &body,
		DelaySeconds: int32(math.Ceil(delay.Seconds())),
	})
	var unknown *sqstypes.QueueDoesNotExist
	if errors.As(err, &unknown) {
		return fault.Wrap(fault.Missing, "no consumer is named "+consumer, err)
	}
	if err != nil {
		return fault.Wrap(fault.Busy, "the queue of "+consumer+" did not take the event", err)
	}
	return nil
}
