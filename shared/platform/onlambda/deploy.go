package onlambda

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/cfn"

	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/trace"
)

// catch makes an error of a panic.
func catch(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
	}
}

// newLifecycle answers CloudFormation for a custom resource: applied when it is created or updated, left alone when it is deleted.
func newLifecycle(name string, apply fn.Lifecycle, to *slog.Logger) Handler {
	resource := func(ctx context.Context, e cfn.Event) (string, map[string]any, error) {
		begun := time.Now()
		ctx, line := log.Begin(trace.With(ctx, ""))
		data, err := applied(ctx, apply, e)
		if err != nil {
			log.Fail(ctx, err)
		}
		line.Write(ctx, to, "lifecycle",
			slog.String("function", name), slog.String("request", string(e.RequestType)), slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000))
		id := strings.ReplaceAll(name, "/", "-") // the same for ever, so that an update is never a replacement
		if e.PhysicalResourceID != "" {
			id = e.PhysicalResourceID
		}
		return id, data, short(err)
	}
	answer := cfn.LambdaWrap(resource)
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		in, err := decode[cfn.Event](payload)
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		reason, err := answer(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("answer CloudFormation: %w", err)
		}
		return json.Marshal(reason)
	}
}

func applied(ctx context.Context, apply fn.Lifecycle, e cfn.Event) (data map[string]any, err error) {
	defer catch(&err)
	if e.RequestType == cfn.RequestDelete {
		return nil, nil
	}
	properties, err := json.Marshal(e.ResourceProperties)
	if err != nil {
		return nil, err
	}
	return apply(ctx, properties)
}

// short keeps a reason within the 4,096 bytes that CloudFormation takes for a whole answer. The log has all of it.
func short(err error) error {
	if err == nil {
		return nil
	}
	reason := err.Error()
	if len(reason) > 1000 {
		reason = strings.ToValidUTF8(reason[:1000], "") + "…"
	}
	return fmt.Errorf("%s", reason)
}

// newSchedule calls a job with the time it was due, as EventBridge and its Scheduler tell it.
func newSchedule(name string, run func(context.Context, time.Time) error, to *slog.Logger) Handler {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		begun := time.Now()
		in, err := decode[struct {
			Time time.Time `json:"time"`
		}](payload)
		if err != nil || in.Time.IsZero() {
			return nil, fmt.Errorf("read when the job was due: expected an event with the field time (%v)", err)
		}
		ctx, line := log.Begin(trace.With(ctx, ""))
		err = ran(ctx, run, in.Time)
		if err != nil {
			log.Fail(ctx, err)
		}
		line.Write(ctx, to, "job",
			slog.String("function", name), slog.Time("due", in.Time), slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000))
		if err != nil {
			return nil, short(err)
		}
		return []byte("null"), nil
	}
}

func ran(ctx context.Context, run func(context.Context, time.Time) error, due time.Time) (err error) {
	defer catch(&err)
	return run(ctx, due)
}
