package onlambda

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/platform/event"
)

const (
	lastStart  = 2 * time.Second        // a record is not begun with less time than this left
	toAnswerIn = 500 * time.Millisecond // what is kept back of the deadline, to answer
)

// batch is what SQS hands over.
type batch struct {
	Records []record `json:"Records"`
}

type record struct {
	MessageID string `json:"messageId"`
	Body      string `json:"body"`
}

// failures name the records that SQS shall bring again. The list is never null: some emulators take that for a broken answer.
type failures struct {
	Items []failed `json:"batchItemFailures"`
}

type failed struct {
	ID string `json:"itemIdentifier"`
}

// newQueue works batches of SQS records, one after the other, and answers per record. When the deadline comes near, the rest is handed
// back untried.
func newQueue(consumer event.Consumer) Handler {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		in, err := decode[batch](payload)
		if err != nil {
			return nil, fmt.Errorf("read the batch: %w", err)
		}
		out := failures{Items: make([]failed, 0)}
		longest := lastStart
		for i, r := range in.Records {
			begun := time.Now()
			deadline, limited := ctx.Deadline()
			if limited && deadline.Sub(begun) < longest+toAnswerIn {
				consumer.Log.LogAttrs(ctx, slog.LevelWarn, "the rest of a batch is handed back untried",
					slog.String("function", consumer.Name), slog.Int("records", len(in.Records)-i))
				for _, rest := range in.Records[i:] {
					out.Items = append(out.Items, failed{rest.MessageID})
				}
				break
			}
			if !work(ctx, consumer, r) {
				out.Items = append(out.Items, failed{r.MessageID})
			}
			longest = max(longest, time.Since(begun))
		}
		return json.Marshal(out)
	}
}

// work says whether SQS may forget r.
func work(ctx context.Context, consumer event.Consumer, r record) bool {
	if deadline, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-toAnswerIn))
		defer cancel()
	}
	e, err := read([]byte(r.Body))
	if err != nil { // nobody's company, so it cannot be parked: it ends among the dead letters
		consumer.Log.LogAttrs(ctx, slog.LevelError, "event",
			slog.String("function", consumer.Name), slog.String("message", r.MessageID), slog.String("outcome", "retry"),
			slog.String("kind", "invalid"), slog.String("error", err.Error()))
		return false
	}
	return consumer.Work(ctx, e) == nil
}

// read finds our envelope: the detail of what EventBridge sends, or the body itself of what was sent to the queue alone.
func read(body []byte) (contract.Event, error) {
	var outer struct {
		DetailType string          `json:"detail-type"`
		Detail     json.RawMessage `json:"detail"`
	}
	err := json.Unmarshal(body, &outer)
	if err == nil && outer.DetailType != "" {
		body = outer.Detail
	}
	return contract.Parse(body)
}
