package log_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/config"
	"github.com/teei/csr-platform/shared/platform/log"
)

func TestLine(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fill func(ctx context.Context)
		want map[string]any
	}{
		"what went well is information": {
			func(ctx context.Context) { log.Add(ctx, "rows", 3) },
			map[string]any{"level": "INFO", "msg": "request", "route": "GET /", "rows": 3.0, "kind": "ok"},
		},
		"the last value of a key stays": {
			func(ctx context.Context) { log.Add(ctx, "rows", 3); log.Add(ctx, "rows", 4) },
			map[string]any{"level": "INFO", "msg": "request", "route": "GET /", "rows": 4.0, "kind": "ok"},
		},
		"bad input is information with its kind": {
			func(ctx context.Context) { log.Fail(ctx, fault.New(fault.Invalid, "no")) },
			map[string]any{"level": "INFO", "msg": "request", "route": "GET /", "kind": "invalid", "error": "no"},
		},
		"a busy dependency is a warning": {
			func(ctx context.Context) { log.Fail(ctx, fault.New(fault.Busy, "later")) },
			map[string]any{"level": "WARN", "msg": "request", "route": "GET /", "kind": "busy", "error": "later"},
		},
		"what nobody foresaw is an error with its cause": {
			func(ctx context.Context) { log.Fail(ctx, errors.New("disk: gone")) },
			map[string]any{"level": "ERROR", "msg": "request", "route": "GET /", "kind": "unknown", "error": "disk: gone"},
		},
		"a secret prints nothing": {
			func(ctx context.Context) { log.Add(ctx, "key", config.NewSecret("hush")) },
			map[string]any{"level": "INFO", "msg": "request", "route": "GET /", "key": "[secret]", "kind": "ok"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			ctx, line := log.Begin(t.Context())
			c.fill(ctx)
			line.Write(ctx, log.New(&out, slog.LevelInfo), "request", slog.String("route", "GET /"))
			var got map[string]any
			err := json.Unmarshal(out.Bytes(), &got)
			if err != nil {
				t.Fatalf("the line is not one JSON object: %v: %s", err, out.Bytes())
			}
			delete(got, "time")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddWithoutALineDoesNothing(t *testing.T) {
	t.Parallel()
	log.Add(t.Context(), "a", 1)
	log.Fail(t.Context(), errors.New("x"))
}

func TestLevelBelowIsDropped(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ctx, line := log.Begin(t.Context())
	line.Write(ctx, log.New(&out, log.Level("error")), "request")
	if out.Len() != 0 {
		t.Errorf("an information line was written at level error: %s", out.Bytes())
	}
}
