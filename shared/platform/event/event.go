// Package event works one event with the function that hears it, and decides what its failure becomes. Both runners use it, so that a
// consumer fails the same way wherever it runs.
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/port"
)

// Consumer is a function that hears events, with what its process gives it.
type Consumer struct {
	Name   string
	Hears  []fn.Hears
	Ledger func(context.Context) (port.Ledger, error) // for parking
	Log    *slog.Logger
}

// Work hands e to the consumer and writes its log line. A failure that cannot be cured parks the event and is no error: the bus may
// forget it. What is returned is worth another try; so is a panic.
func (c Consumer) Work(ctx context.Context, e contract.Event) error {
	begun := time.Now()
	ctx, line := log.Begin(trace.With(ctx, e.Metadata.Metadata.Traceparent))
	err := c.handle(ctx, e)
	outcome := "done"
	if err != nil {
		log.Fail(ctx, err)
		outcome = "retry"
		if !fault.Curable(err) {
			outcome, err = "parked", c.park(ctx, e, err)
		}
	}
	line.Write(ctx, c.Log, "event",
		slog.String("function", c.Name), slog.String("type", e.Type), slog.String("event", e.Metadata.ID),
		slog.String("company", e.Metadata.Metadata.CompanyID), slog.String("outcome", outcome),
		slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000))
	return err
}

func (c Consumer) handle(ctx context.Context, e contract.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	err = e.Check()
	if err != nil {
		return err
	}
	for _, hears := range c.Hears {
		if hears.Type == e.Type {
			return hears.Handle(ctx, e)
		}
	}
	return fault.New(fault.Invalid, "this function does not hear "+e.Type)
}

// parked is the namespace of the ids of parked events.
var parked = uuid.MustParse("0f1de3ae-9a5b-5c0e-8a67-6cb5b1f7a3d4")

func (c Consumer) park(ctx context.Context, e contract.Event, reason error) error {
	ledger, err := c.Ledger(ctx)
	if err != nil {
		return err
	}
	return Park(ctx, ledger, c.Name, e, fault.Of(reason).Public())
}

// Park keeps an event that consumer cannot work, with why, where it can be seen and replayed.
func Park(ctx context.Context, ledger port.Ledger, consumer string, e contract.Event, reason string) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return ledger.Park(ctx, company.Parked{
		ID: uuid.NewSHA1(parked, []byte(consumer+"\x00"+e.Metadata.ID)).String(), Company: e.Metadata.Metadata.CompanyID, By: consumer,
		Kind: company.KindEvent, Type: e.Type, CauseID: e.Metadata.ID, Reason: reason, Body: body,
	})
}
