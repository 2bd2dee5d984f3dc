package standalone

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOnlyThisMachineGetsTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, host, origin string
		want               int
	}{
		"this machine":                 {"127.0.0.1:5000", "localhost:3000", "", http.StatusOK},
		"this machine by number":       {"[::1]:5000", "127.0.0.1:3000", "", http.StatusOK},
		"another machine":              {"10.0.0.7:5000", "localhost:3000", "", http.StatusNotFound},
		"a name that leads here":       {"127.0.0.1:5000", "evil.example:3000", "", http.StatusNotFound},
		"a page in a browser here":     {"127.0.0.1:5000", "localhost:3000", "https://evil.example", http.StatusNotFound},
		"nobody knows where it's from": {"", "localhost:3000", "", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/dev/token", nil)
			r.RemoteAddr, r.Host = c.from, c.host
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			w := httptest.NewRecorder()
			local(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("answered %d, want %d", w.Code, c.want)
			}
		})
	}
}

func TestSchedulesOfEventBridgeAreRead(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"cron(15 3 * * ? *)":      "15 3 * * *",
		"cron(0 9 ? * MON-FRI *)": "0 9 * * MON-FRI",
		"rate(5 minutes)":         "@every 5m",
		"rate(1 day)":             "@every 24h",
		"cron(0 9 L * ? *)":       "",
		"cron(0 9 ? * 2 *)":       "",
		"cron(0 9 * * ? 2027)":    "",
		"rate(0 minutes)":         "",
		"rate(1 fortnight)":       "",
	} {
		got, err := cronSpec(expression)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q (%v), want %q", expression, got, err, want)
		}
	}
}
