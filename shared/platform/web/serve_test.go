package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
)

const (
	public = "GET /v1/health/live"
	report = "GET /v1/companies/{companyId}/outcomes"
	ours   = "7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10"
	theirs = "11111111-2222-5333-8444-555555555555"
)

// ask serves one request as a runner does, and gives the answer and the log line.
func ask(t *testing.T, route string, caller access.Caller, r *http.Request, h http.Handler) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	var lines bytes.Buffer
	served := web.Serve(route, h, web.Process{
		Function: "reports/outcomes", Log: log.New(&lines, slog.LevelDebug),
		Caller: func(*http.Request) (access.Caller, error) { return caller, nil },
	})
	w := httptest.NewRecorder()
	served.ServeHTTP(w, r)
	var line map[string]any
	err := json.Unmarshal(lines.Bytes(), &line)
	if err != nil {
		t.Fatalf("want exactly one log line: %v: %s", err, lines.Bytes())
	}
	return w, line
}

func get(path string, header ...string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	r.SetPathValue("companyId", ours)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func details(t *testing.T, w *httptest.ResponseRecorder) web.Details {
	t.Helper()
	if kind := w.Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("content type is %q: %s", kind, w.Body)
	}
	var got web.Details
	err := json.Unmarshal(w.Body.Bytes(), &got)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEachFaultHasItsAnswer(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		status int
		header [2]string
		detail string
		errors []web.Wrong
	}{
		"invalid": {
			fault.Fields("the body is not complete", fault.Field{Name: "rating", Expected: "a number from 0 to 1"}), 400,
			[2]string{},
			"the body is not complete",
			[]web.Wrong{{Field: "rating", Expected: "a number from 0 to 1"}},
		},
		"refused":              {fault.New(fault.Refused, "the signature does not match"), 401, [2]string{"WWW-Authenticate", "Bearer"}, "the signature does not match", nil},
		"forbidden":            {fault.New(fault.Forbidden, "not yours"), 403, [2]string{}, "not yours", nil},
		"missing":              {fault.Wrap(fault.Missing, "no such company", errors.New("secret cause")), 404, [2]string{}, "no such company", nil},
		"conflict":             {fault.New(fault.Conflict, "taken"), 409, [2]string{}, "taken", nil},
		"too large":            {fault.New(fault.TooLarge, "at most 4"), 413, [2]string{}, "at most 4", nil},
		"busy":                 {fault.New(fault.Busy, "the database is waking up"), 503, [2]string{"Retry-After", "5"}, "the database is waking up", nil},
		"busy for a while":     {&fault.Error{Kind: fault.Busy, Sentence: "wait", RetryAfter: 1200 * time.Millisecond}, 503, [2]string{"Retry-After", "2"}, "wait", nil},
		"limited":              {&fault.Error{Kind: fault.Limited, Sentence: "wait", RetryAfter: 41 * time.Second}, 429, [2]string{"Retry-After", "41"}, "wait", nil},
		"wrapped":              {errors.Join(errors.New("x"), fault.New(fault.Conflict, "taken")), 409, [2]string{}, "taken", nil},
		"unforeseen":           {errors.New("password=hush"), 500, [2]string{}, "", nil},
		"unforeseen, a phrase": {fault.New(fault.Unknown, "password=hush"), 500, [2]string{}, "", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, line := ask(t, public, access.Caller{}, get("/", "X-Request-Id", "r-1"), web.Handle(func(http.ResponseWriter, *http.Request) error { return c.err }))
			got := details(t, w)
			if w.Code != c.status || got.Status != c.status || line["status"] != float64(c.status) || line["kind"] != fault.KindOf(c.err).String() {
				t.Errorf("status %d, body %d, line %v", w.Code, got.Status, line)
			}
			if got.Detail != c.detail || got.Instance != "r-1" || got.Title == "" || !strings.HasPrefix(got.Type, "urn:csr-platform:problem:") {
				t.Errorf("details are %+v", got)
			}
			if diff := cmp.Diff(c.errors, got.Errors); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if c.header[0] != "" && w.Header().Get(c.header[0]) != c.header[1] {
				t.Errorf("header %s is %q, want %q", c.header[0], w.Header().Get(c.header[0]), c.header[1])
			}
			if strings.Contains(w.Body.String(), "secret cause") || strings.Contains(w.Body.String(), "hush") {
				t.Errorf("the answer shows the cause: %s", w.Body)
			}
		})
	}
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		route  string
		caller access.Caller
		status int
		kind   string
	}{
		"a public route needs nobody":         {public, access.Caller{}, 200, "ok"},
		"nobody is told to sign in":           {report, access.Caller{Reason: "the token has expired"}, 401, "refused"},
		"one's own company is shown":          {report, access.Caller{Role: identity.CompanyUser, Company: ours}, 200, "ok"},
		"another company does not exist":      {report, access.Caller{Role: identity.CompanyAdmin, Company: theirs}, 404, "missing"},
		"a role that may not is refused":      {report, access.Caller{Role: identity.Participant, Company: ours}, 403, "forbidden"},
		"the operator sees every company":     {report, access.Caller{Role: identity.SystemAdmin}, 200, "ok"},
		"a route nobody listed is refused":    {"GET /v1/nowhere", access.Caller{Role: identity.SystemAdmin}, 403, "forbidden"},
		"HEAD is answered only where written": {"HEAD /v1/health/live", access.Caller{Role: identity.SystemAdmin}, 404, "missing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, line := ask(t, c.route, c.caller, get("/"), web.Handle(func(w http.ResponseWriter, r *http.Request) error {
				if diff := cmp.Diff(c.caller, access.From(r.Context())); c.route == report && diff != "" {
					t.Errorf("caller in the context (-want +got):\n%s", diff)
				}
				return web.JSON(w, 200, map[string]string{"a": "b"})
			}))
			if w.Code != c.status || line["kind"] != c.kind {
				t.Errorf("status %d, kind %v, want %d %s: %s", w.Code, line["kind"], c.status, c.kind, w.Body)
			}
			if c.status == 401 && details(t, w).Detail != "the token has expired" {
				t.Errorf("the reason is not told: %s", w.Body)
			}
		})
	}
}

func TestAnAuthorizerThatIsBusyAnswersBusy(t *testing.T) {
	t.Parallel()
	h := web.Serve(report, http.NotFoundHandler(), web.Process{Log: slog.New(slog.DiscardHandler), Caller: func(*http.Request) (access.Caller, error) {
		return access.Caller{}, fault.New(fault.Busy, "the issuer does not answer")
	}})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, get("/"))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestTheLineSaysWhatAndNothingPrivate(t *testing.T) {
	t.Parallel()
	r := get("/v1/companies/x/outcomes?email=ola@example.org", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "X-Request-Id", "abc")
	caller := access.Caller{Role: identity.CompanyUser, Company: ours, Subject: "kari@example.org"}
	w, line := ask(t, report, caller, r, web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		log.Add(r.Context(), "months", 12)
		if got := trace.From(r.Context()); !strings.Contains(got, "0af7651916cd43dd8448eb211c80319c") {
			t.Errorf("the trace is not continued: %s", got)
		}
		if got := web.RequestID(r.Context()); got != "abc" {
			t.Errorf("request id is %q", got)
		}
		return web.JSON(w, 200, []int{1})
	}))
	for _, vary := range []string{"time", "duration_ms"} {
		if line[vary] == nil {
			t.Errorf("the line has no %s", vary)
		}
		delete(line, vary)
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "function": "reports/outcomes", "route": report, "status": 200.0, "bytes": 4.0, "kind": "ok", "request_id": "abc",
		"trace_id": "0af7651916cd43dd8448eb211c80319c", "company": ours, "role": "company_user", "months": 12.0,
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	if w.Header().Get("X-Request-Id") != "abc" || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers are %v", w.Header())
	}
}

func TestAStrangeRequestIDIsReplaced(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"", "a b", "x\"y", "<script>", strings.Repeat("a", 129)} {
		w, line := ask(t, public, access.Caller{}, get("/", "X-Request-Id", given), http.NotFoundHandler())
		got := w.Header().Get("X-Request-Id")
		if got == given || len(got) != 32 || line["request_id"] != got {
			t.Errorf("%q became %q, line %v", given, got, line["request_id"])
		}
	}
}

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	w, line := ask(t, public, access.Caller{}, get("/"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"half":`))
		panic("the floor is gone")
	}))
	if w.Code != 500 || strings.Contains(w.Body.String(), "floor") || strings.Contains(w.Body.String(), "half") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	details(t, w)
	if text, _ := line["error"].(string); !strings.Contains(text, "the floor is gone") || !strings.Contains(text, "serve_test.go") {
		t.Errorf("the line does not say where: %v", line["error"])
	}
}

func TestAnAnswerOnItsWayIsCutWhenItFails(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	server := httptest.NewServer(web.Serve(public, web.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		for range 100 {
			io.WriteString(w, strings.Repeat("row\n", 100))
		}
		return errors.New("the database went away")
	}), web.Process{Log: log.New(&lines, slog.LevelInfo)}))
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looks like a whole one")
	}
	if !strings.Contains(lines.String(), "the database went away") {
		t.Errorf("the line is %s", lines.String())
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("outcome ", 1000)
	cases := map[string]struct {
		accept, kind, body string
		squeezed           bool
	}{
		"a long answer to who takes it":  {"br, gzip", "application/json", long, true},
		"with a quality":                 {"gzip;q=0.5", "text/csv; charset=utf-8", long, true},
		"a short answer stays plain":     {"gzip", "application/json", "{}", false},
		"who does not take it":           {"br", "application/json", long, false},
		"who refuses it":                 {"gzip;q=0.0, *", "application/json", long, false},
		"what is compressed in itself":   {"gzip", "application/zip", long, false},
		"an answer of exactly the limit": {"gzip", "application/json", long[:1024], true},
		"an answer one byte below":       {"gzip", "application/json", long[:1023], false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, line := ask(t, public, access.Caller{}, get("/", "Accept-Encoding", c.accept), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				for part := range strings.SplitAfterSeq(c.body, " ") {
					io.WriteString(w, part)
				}
			}))
			got := w.Body.String()
			if c.squeezed != (w.Header().Get("Content-Encoding") == "gzip") {
				t.Fatalf("content encoding is %q", w.Header().Get("Content-Encoding"))
			}
			if c.squeezed {
				reader, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				raw, err := io.ReadAll(reader)
				if err != nil {
					t.Fatal(err)
				}
				got = string(raw)
			}
			if got != c.body || line["bytes"] != float64(len(c.body)) {
				t.Errorf("%d bytes came, %d were written, the line says %v", len(got), len(c.body), line["bytes"])
			}
		})
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	read := func(body io.Reader) (string, error) {
		raw, err := web.Body(httptest.NewRecorder(), httptest.NewRequest("POST", "/", body), 5)
		return string(raw), err
	}
	for _, whole := range []string{"", "12345"} {
		got, err := read(strings.NewReader(whole))
		if got != whole || err != nil {
			t.Errorf("%q came as %q, %v", whole, got, err)
		}
		got, err = read(io.MultiReader(strings.NewReader(whole))) // length not told
		if got != whole || err != nil {
			t.Errorf("%q came as %q, %v", whole, got, err)
		}
	}
	for _, body := range []io.Reader{strings.NewReader("123456"), io.MultiReader(strings.NewReader("123456"))} {
		_, err := read(body)
		if fault.KindOf(err) != fault.TooLarge || !strings.Contains(err.Error(), "5 bytes") {
			t.Errorf("six bytes: %v", err)
		}
	}
}

func TestANumberOfAQueryIsInItsRange(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int{"": 50, "n=": -1, "n=1": 1, "n=200": 200, "n=0": -1, "n=201": -1, "n=-1": -1, "n=%2B5": -1, "n=1e2": -1, "n=99999999999": -1, "n=007": 7} {
		query, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		var checks fault.Checks
		got, err := web.Number(&checks, query, "n", 50, 1, 200), checks.Err("no")
		failure := fault.Of(err)
		if want >= 0 && (got != want || err != nil) || want < 0 && (failure == nil || failure.Fields[0] != fault.Field{Name: "n", Expected: "a whole number from 1 to 200"}) {
			t.Errorf("%q: %d %v, expected %d", raw, got, err, want)
		}
	}
}

func TestReadTakesJSONWithoutAQuery(t *testing.T) {
	t.Parallel()
	type body struct {
		A int `json:"a"`
	}
	for name, c := range map[string]struct {
		target, body string
		want         fault.Kind
	}{
		"right": {"/", `{"a":7}`, fault.Unknown}, "a query": {"/?a=7", `{"a":7}`, fault.Invalid}, "too long": {"/", `{"a":7        }`, fault.TooLarge}, "no JSON": {"/", "a=7", fault.Invalid},
	} {
		got, err := web.Read[body](httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, c.target, strings.NewReader(c.body)), 10)
		if fault.KindOf(err) != c.want || err == nil && got.A != 7 {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		query, field string
		allowed      []string
	}{
		"known names":            {"from=2026-01&to=2026-02", "", []string{"from", "to"}},
		"nothing":                {"", "", nil},
		"a misspelt name":        {"form=2026-01", "form", []string{"from", "to"}},
		"any name where none is": {"a=1", "a", nil},
		"a name twice":           {"from=1&from=2", "from", []string{"from"}},
		"the NUL character":      {"from=%00", "from", []string{"from"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := web.Query(httptest.NewRequest("GET", "/?"+c.query, nil), c.allowed...)
			known := fault.Of(err)
			if c.field == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if known == nil || len(known.Fields) != 1 || known.Fields[0].Name != c.field {
				t.Errorf("got %v, want field %s", err, c.field)
			}
		})
	}
	_, err := web.Query(httptest.NewRequest("GET", "/?a=%zz", nil), "a")
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("a malformed query string: %v", err)
	}
}

func TestTooManyHeadersAreRefused(t *testing.T) {
	t.Parallel()
	w, _ := ask(t, public, access.Caller{}, get("/", "X-Long", strings.Repeat("a", web.MaxHeader)), http.NotFoundHandler())
	if w.Code != 413 {
		t.Errorf("status %d", w.Code)
	}
}

func BenchmarkServe(b *testing.B) {
	handler := web.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusAccepted)
		return nil
	})
	served := web.Serve(report, handler, web.Process{Function: "reports/outcomes", Log: log.New(io.Discard, slog.LevelInfo)})
	caller := access.Caller{Subject: "u-1", Role: identity.CompanyAdmin, Company: ours}
	r := get("/", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Accept-Encoding", "gzip")
	r = r.WithContext(access.With(context.Background(), caller))
	b.ReportAllocs()
	for b.Loop() {
		served.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkDecode(b *testing.B) {
	raw := []byte(`{"id":"a","score":0.5,"count":3,"at":"2026-01-31T09:30:00Z","tags":["x","y","z"],"inner":{"name":"n"},"lists":[{"name":"1"},{"name":"2"}],"note":"ok"}`)
	b.ReportAllocs()
	for b.Loop() {
		_, err := web.Decode[booking](raw)
		if err != nil {
			b.Fatal(err)
		}
	}
}
