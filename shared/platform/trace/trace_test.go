package trace_test

import (
	"testing"

	"github.com/teei/csr-platform/shared/platform/trace"
)

func TestATraceIsContinuedOrStarted(t *testing.T) {
	t.Parallel()
	given := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	if got := trace.From(trace.With(t.Context(), given)); got != given {
		t.Errorf("continued as %q", got)
	}
	seen := map[string]bool{}
	for _, malformed := range []string{
		"", "x", given + "0", given[:54], "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "0--4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	} {
		started := trace.From(trace.With(t.Context(), malformed))
		if started == malformed || len(started) != 55 || seen[started] || trace.From(trace.With(t.Context(), started)) != started {
			t.Errorf("%q started %q", malformed, started)
		}
		seen[started] = true
	}
	if trace.From(t.Context()) != "" {
		t.Error("a trace nobody started")
	}
}
