// Package onlambda runs one function in AWS Lambda: it reads what the service hands over, calls the function, and writes what the
// service expects back.
package onlambda

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/teei/csr-platform/shared/platform/event"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

// Start opens f and works what Lambda hands over, until Lambda ends the process. A function that cannot be opened ends it at once, with
// a log line that names every missing or malformed setting.
func Start(f fn.Function) {
	env := NewEnv(f.Name, os.LookupEnv)
	handler, err := New(context.Background(), f, env)
	if err != nil {
		env.Log().Error("open", slog.String("function", f.Name), slog.String("error", err.Error()))
		os.Exit(1)
	}
	lambda.Start(handler)
}

// Handler answers what Lambda hands over, one payload at a time.
type Handler func(ctx context.Context, payload []byte) ([]byte, error)

// Invoke is lambda.Handler.
func (h Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return h(ctx, payload) }

// New opens f in env and gives the handler of its shape.
func New(ctx context.Context, f fn.Function, env port.Env) (Handler, error) {
	opened, err := f.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	err = env.Config().Err()
	if err != nil {
		return nil, err
	}
	switch {
	case opened.Web != nil:
		return newWeb(f.Name, opened.Web, env.Log()), nil
	case opened.Authorize != nil:
		return newAuthorizer(f.Name, opened.Authorize, env.Log()), nil
	case opened.Schedule != nil:
		return newSchedule(f.Name, opened.Schedule, env.Log()), nil
	case opened.Lifecycle != nil:
		return newLifecycle(f.Name, opened.Lifecycle, env.Log()), nil
	default:
		return newQueue(event.Consumer{Name: f.Name, Hears: opened.Hears, Log: env.Log(), Ledger: opened.Ledger}), nil
	}
}

// decode reads a payload. One that is not what the service sends ends the invocation.
func decode[T any](payload []byte) (T, error) {
	var into T
	err := json.Unmarshal(payload, &into)
	return into, err
}
