package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/api/health"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
)

func ask(t *testing.T, path string, dependencies map[string]health.Ready) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	web.Handle(health.New(dependencies, 50*time.Millisecond).Serve).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	var got map[string]any
	err := json.Unmarshal(w.Body.Bytes(), &got)
	if err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w, got
}

func up(context.Context) error { return nil }

func TestLiveTouchesNothing(t *testing.T) {
	t.Parallel()
	w, got := ask(t, "/v1/health/live", map[string]health.Ready{"postgres": func(context.Context) error {
		t.Error("the database was asked")
		return nil
	}})
	if diff := cmp.Diff(map[string]any{"status": "live"}, got); w.Code != http.StatusOK || diff != "" {
		t.Errorf("%d (-want +got):\n%s", w.Code, diff)
	}
}

func TestReadyNamesWhatIsDown(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		postgres health.Ready
		status   int
		want     any
	}{
		"everything is up": {up, 200, map[string]any{"name": "postgres", "status": "up"}},
		"migrations are missing": {
			func(context.Context) error {
				return fault.Wrap(fault.Busy, "2 migrations have not been applied", errors.New("password=hush"))
			},
			503,
			map[string]any{"name": "postgres", "status": "down", "detail": "2 migrations have not been applied"},
		},
		"something unforeseen": {
			func(context.Context) error { return errors.New("password=hush") },
			503,
			map[string]any{"name": "postgres", "status": "down", "detail": "it cannot be used; the log says why"},
		},
		"no answer": {
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			503,
			map[string]any{"name": "postgres", "status": "down", "detail": "it did not answer within 50ms"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, got := ask(t, "/v1/health/ready", map[string]health.Ready{"postgres": c.postgres, "bus": up})
			status := map[int]string{200: "ready", 503: "unready"}[c.status]
			want := map[string]any{"status": status, "dependencies": []any{map[string]any{"name": "bus", "status": "up"}, c.want}}
			if diff := cmp.Diff(want, got); w.Code != c.status || diff != "" {
				t.Errorf("%d (-want +got):\n%s", w.Code, diff)
			}
			if strings.Contains(w.Body.String(), "hush") {
				t.Errorf("the answer shows the cause: %s", w.Body)
			}
			if (w.Header().Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
			}
		})
	}
}

func TestAMisspeltQuestionIsRefused(t *testing.T) {
	t.Parallel()
	w, _ := ask(t, "/v1/health/live?deep=1", nil)
	if w.Code != http.StatusBadRequest {
		t.Errorf("status %d", w.Code)
	}
}
