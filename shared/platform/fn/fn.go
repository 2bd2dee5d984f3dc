// Package fn is the shape of a function: what it needs, and how it is called. Five shapes exist and no others.
package fn

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/port"
)

// Function is one function of the platform, named kind/name everywhere: logs, template, durable subscription.
type Function struct {
	Name string
	// Open gives the function what it needs from its process. It connects to nothing and is called once.
	Open func(ctx context.Context, env port.Env) (Opened, error)
}

// Opened is a function ready to be called; exactly one field is set, and Ledger beside Hears.
type Opened struct {
	Web       http.Handler
	Hears     []Hears
	Ledger    func(context.Context) (port.Ledger, error) // where the runner parks what could not be worked
	Schedule  func(ctx context.Context, due time.Time) error
	Authorize func(ctx context.Context, authorization string) (access.Caller, error)
	Lifecycle Lifecycle
}

// Hears is one event type and what is done about it.
type Hears struct {
	Type   string
	Handle func(ctx context.Context, e contract.Event) error
}

// Lifecycle is a deploy-time custom resource. Apply is called on create and update, and must be safe to repeat.
type Lifecycle func(ctx context.Context, properties json.RawMessage) (map[string]any, error)

// Web is a function asked over HTTP: webhooks, API resources, reports, pages.
func Web(name string, open func(context.Context, port.Env) (http.Handler, error)) Function {
	return Function{name, func(ctx context.Context, env port.Env) (Opened, error) {
		handler, err := open(ctx, env)
		return Opened{Web: handler}, err
	}}
}

// OnEvent is a function that hears events: a consumer. It hears what its open lists.
func OnEvent(name string, open func(context.Context, port.Env) ([]Hears, error)) Function {
	return Function{name, func(ctx context.Context, env port.Env) (Opened, error) {
		hears, err := open(ctx, env)
		return Opened{Hears: hears, Ledger: env.Ledger}, err // named here, so that only consumers link a ledger for parking
	}}
}

// Hear pairs an event body with what is done about it. An unreadable body is Invalid, so the event is parked.
func Hear[B contract.Body](handle func(context.Context, contract.Of[B]) error) Hears {
	var body B
	return Hears{body.EventType(), func(ctx context.Context, e contract.Event) error {
		in, err := contract.Decode[B](e)
		if err != nil {
			return err
		}
		return handle(ctx, in)
	}}
}

// OnSchedule is a function the clock calls: a job. It is told when it was due and never asks for now.
func OnSchedule(name string, open func(context.Context, port.Env) (func(context.Context, time.Time) error, error)) Function {
	return Function{name, func(ctx context.Context, env port.Env) (Opened, error) {
		run, err := open(ctx, env)
		return Opened{Schedule: run}, err
	}}
}

// Authorizer says who is asking, from the Authorization header.
func Authorizer(name string, open func(context.Context, port.Env) (func(context.Context, string) (access.Caller, error), error)) Function {
	return Function{name, func(ctx context.Context, env port.Env) (Opened, error) {
		authorize, err := open(ctx, env)
		return Opened{Authorize: authorize}, err
	}}
}

// OnLifecycle is a function that a deployment calls.
func OnLifecycle(name string, open func(context.Context, port.Env) (Lifecycle, error)) Function {
	return Function{name, func(ctx context.Context, env port.Env) (Opened, error) {
		apply, err := open(ctx, env)
		return Opened{Lifecycle: apply}, err
	}}
}
