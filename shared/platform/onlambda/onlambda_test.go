package onlambda_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/config"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/onlambda"
	"github.com/teei/csr-platform/shared/platform/trace"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const ours = "7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10"

// env gives a function a log, a ledger that parks, and nothing else.
type env struct {
	port.Env
	lines  bytes.Buffer
	parked *parked
}

func (e *env) Log() *slog.Logger { return log.New(&e.lines, slog.LevelInfo) }
func (e *env) Config() *config.Reader {
	return config.New(func(string) (string, bool) { return "", false }, nil)
}
func (e *env) Ledger(context.Context) (port.Ledger, error) { return e.parked, nil }

type parked struct {
	port.Ledger
	kept []company.Parked
	err  error
}

func (p *parked) Park(_ context.Context, one company.Parked) error {
	p.kept = append(p.kept, one)
	return p.err
}

func newEnv() *env { return &env{parked: &parked{}} }

func (e *env) line(t *testing.T) map[string]any {
	t.Helper()
	var line map[string]any
	err := json.Unmarshal(e.lines.Bytes(), &line)
	if err != nil {
		t.Fatalf("want one log line: %v: %s", err, e.lines.Bytes())
	}
	return line
}

func recorded(t *testing.T, name string, changes ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(changes...).Replace(string(raw))
	if len(changes) > 0 && changed == string(raw) {
		t.Fatalf("%s has none of %q", name, changes)
	}
	return []byte(changed)
}

func invoke[A any](t *testing.T, e *env, f fn.Function, payload []byte) A {
	t.Helper()
	answer, err := invokeWith[A](t.Context(), t, e, f, payload)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func invokeWith[A any](ctx context.Context, t *testing.T, e *env, f fn.Function, payload []byte) (answer A, err error) {
	t.Helper()
	handler, err := onlambda.New(ctx, f, e)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := handler.Invoke(ctx, payload)
	if err != nil {
		return answer, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&answer)
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return answer, nil
}

// answer is what an HTTP API takes.
type answer struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Cookies         []string          `json:"cookies"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

func webFunction(f func(w http.ResponseWriter, r *http.Request) error) fn.Function {
	return fn.Web("reports/outcomes", func(context.Context, port.Env) (http.Handler, error) { return web.Handle(f), nil })
}

func TestARequestIsWhatTheSenderSent(t *testing.T) {
	t.Parallel()
	e := newEnv()
	got := invoke[answer](t, e, webFunction(func(w http.ResponseWriter, r *http.Request) error {
		query := r.URL.Query()
		if diff := cmp.Diff([]string{"2026-01", "2026-02"}, query["from"]); diff != "" || query.Get("to") != "a&b" {
			t.Errorf("query is %v", query)
		}
		cookie, err := r.Cookie("b")
		if err != nil || cookie.Value != "2" {
			t.Errorf("cookie b: %v, %v", cookie, err)
		}
		if r.PathValue("companyId") != ours || r.Method != "GET" || r.URL.Path != "/v1/companies/"+ours+"/outcomes" || r.Header.Get("User-Agent") != "curl/8.5.0" || !strings.HasPrefix(r.Host, "abcdefghij") {
			t.Errorf("request is %+v", r)
		}
		want := access.Caller{Subject: "u-1", Company: ours, Role: identity.CompanyUser, Scopes: []string{"reports", "read"}}
		if diff := cmp.Diff(want, access.From(r.Context())); diff != "" {
			t.Errorf("caller (-want +got):\n%s", diff)
		}
		if !strings.Contains(trace.From(r.Context()), "0af7651916cd43dd8448eb211c80319c") {
			t.Errorf("trace is %s", trace.From(r.Context()))
		}
		http.SetCookie(w, &http.Cookie{Name: "x", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "y", Value: "2"})
		w.Header().Add("X-Many", "1")
		w.Header().Add("X-Many", "2")
		return web.JSON(w, http.StatusAccepted, map[string]string{"name": "Ås"})
	}), recorded(t, "request-report"))
	if got.StatusCode != 202 || got.IsBase64Encoded || got.Body != "{\"name\":\"Ås\"}\n" || got.Headers["content-type"] != "application/json" || got.Headers["x-many"] != "1, 2" {
		t.Errorf("answer is %+v", got)
	}
	if got.Headers["x-request-id"] != "JKJaXmPLvHcESHA=" || len(got.Cookies) != 2 {
		t.Errorf("answer is %+v", got)
	}
	line := e.line(t)
	if line["function"] != "reports/outcomes" || line["route"] != "GET /v1/companies/{companyId}/outcomes" || line["request_id"] != "JKJaXmPLvHcESHA=" {
		t.Errorf("line is %v", line)
	}
}

func TestABodyInBase64IsUndone(t *testing.T) {
	t.Parallel()
	e := newEnv()
	got := invoke[answer](t, e, webFunction(func(w http.ResponseWriter, r *http.Request) error {
		body, err := web.Body(w, r, 100)
		if err != nil || string(body) != `{"a": "ø", "b": 1}` {
			t.Errorf("body is %q, %v", body, err)
		}
		if r.Header.Get("X-Delivery-Id") != "d-1" {
			t.Errorf("headers are %v", r.Header)
		}
		w.WriteHeader(http.StatusAccepted)
		return nil
	}), recorded(t, "request-webhook"))
	if got.StatusCode != 202 || got.Body != "" || got.Headers["x-request-id"] != "sender-7" {
		t.Errorf("answer is %+v", got)
	}
}

func TestALongAnswerTravelsCompressedInBase64(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("outcome,", 10_000)
	got := invoke[answer](t, newEnv(), webFunction(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/csv")
		_, err := io.WriteString(w, long)
		return err
	}), recorded(t, "request-report"))
	if !got.IsBase64Encoded || got.Headers["content-encoding"] != "gzip" {
		t.Fatalf("answer is %v, %v", got.IsBase64Encoded, got.Headers)
	}
	reader, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(got.Body)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil || string(plain) != long {
		t.Errorf("%d bytes came, %v", len(plain), err)
	}
}

func TestBytesThatAreNoTextTravelInBase64(t *testing.T) {
	t.Parallel()
	got := invoke[answer](t, newEnv(), webFunction(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/pdf")
		_, err := w.Write([]byte{0xff, 0x00, 0xfe})
		return err
	}), recorded(t, "request-report"))
	if !got.IsBase64Encoded || got.Body != "/wD+" {
		t.Errorf("answer is %+v", got)
	}
}

func TestAnAnswerLongerThanLambdaTakesFailsClearly(t *testing.T) {
	t.Parallel()
	got := invoke[answer](t, newEnv(), webFunction(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/zip")
		_, err := w.Write(bytes.Repeat([]byte{0xff}, 5<<20))
		return err
	}), recorded(t, "request-report"))
	if got.StatusCode != 500 || !strings.Contains(got.Body, "6 MB") || got.Headers["content-type"] != "application/problem+json" {
		t.Errorf("answer is %d %.100s", got.StatusCode, got.Body)
	}
}

func TestWhoIsNobodyIsAnsweredByTheRunner(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		changes []string
		status  int
		says    string
	}{
		"no identity":          {[]string{`"role": "company_user"`, `"role": ""`, `"reason": ""`, `"reason": "the token has expired"`}, 401, "the token has expired"},
		"an unheard-of role":   {[]string{`"company_user"`, `"root"`}, 403, "root"},
		"another's company":    {[]string{`"company": "7c0f0d5e`, `"company": "11111111`}, 404, "no such company"},
		"an issuer that fails": {[]string{`"busy": ""`, `"busy": "who is asking cannot be found out at present"`}, 503, "at present"},
		"a route of nobody":    {[]string{`"routeKey": "GET /v1/companies/{companyId}/outcomes"`, `"routeKey": "$default"`}, 404, "no method"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := invoke[answer](t, newEnv(), webFunction(func(http.ResponseWriter, *http.Request) error {
				t.Error("the handler was asked")
				return nil
			}), recorded(t, "request-report", c.changes...))
			if got.StatusCode != c.status || !strings.Contains(got.Body, c.says) || got.Headers["content-type"] != "application/problem+json" {
				t.Errorf("answer is %+v", got)
			}
		})
	}
}

func TestAnAnswerThatBreaksOffIsReplaced(t *testing.T) {
	t.Parallel()
	e := newEnv()
	got := invoke[answer](t, e, webFunction(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/csv")
		w.Write(bytes.Repeat([]byte("row\n"), 10_000))
		return errors.New("the database went away")
	}), recorded(t, "request-report"))
	if got.StatusCode != 500 || strings.Contains(got.Body, "row") || got.IsBase64Encoded {
		t.Errorf("answer is %d %.100s", got.StatusCode, got.Body)
	}
	if line := e.line(t); !strings.Contains(line["error"].(string), "the database went away") {
		t.Errorf("line is %v", line)
	}
}

// batchAnswer is what the event source mapping takes.
type batchAnswer struct {
	BatchItemFailures *[]struct {
		ItemIdentifier string `json:"itemIdentifier"`
	} `json:"batchItemFailures"`
}

func (b batchAnswer) ids(t *testing.T) string {
	t.Helper()
	if b.BatchItemFailures == nil {
		t.Fatal("the list of failures is null")
	}
	var ids []string
	for _, one := range *b.BatchItemFailures {
		ids = append(ids, one.ItemIdentifier)
	}
	return strings.Join(ids, " ")
}

func consumer(handle func(ctx context.Context, e contract.Event) error) fn.Function {
	return fn.OnEvent("consumers/relayoutbox", func(context.Context, port.Env) ([]fn.Hears, error) {
		return []fn.Hears{{Type: "ops.outbox.stalled", Handle: handle}}, nil
	})
}

func TestABatchAnswersPerRecord(t *testing.T) {
	t.Parallel()
	first := "11111111-1111-5111-8111-111111111111"
	cases := map[string]struct {
		handle func(e contract.Event) error
		failed string
		parked int
	}{
		"all is well":         {func(contract.Event) error { return nil }, "m-unreadable", 0},
		"one may be cured":    {only(first, errors.New("deadlock")), "m-bridge m-unreadable", 0},
		"one is busy":         {only(first, fault.New(fault.Busy, "wait")), "m-bridge m-unreadable", 0},
		"one cannot be cured": {only(first, fault.New(fault.Invalid, "no such text")), "m-unreadable", 1},
		"one panics": {func(e contract.Event) error {
			return map[bool]func() error{true: func() error { panic("x") }, false: func() error { return nil }}[e.Metadata.ID == first]()
		}, "m-bridge m-unreadable", 0},
		"all fail, and all are worked": {func(contract.Event) error { return errors.New("x") }, "m-bridge m-plain m-unreadable m-last", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, seen := newEnv(), 0
			got := invoke[batchAnswer](t, e, consumer(func(ctx context.Context, event contract.Event) error {
				seen++
				if event.Metadata.Metadata.CompanyID != ours {
					t.Errorf("event is %+v", event)
				}
				return c.handle(event)
			}), recorded(t, "batch"))
			if ids := got.ids(t); ids != c.failed || seen != 3 || len(e.parked.kept) != c.parked {
				t.Errorf("failed %q, want %q; worked %d, parked %d", ids, c.failed, seen, len(e.parked.kept))
			}
			if c.parked == 1 && (e.parked.kept[0].CauseID != first || e.parked.kept[0].Reason != "no such text" || e.parked.kept[0].By != "consumers/relayoutbox") {
				t.Errorf("parked %+v", e.parked.kept[0])
			}
			if lines := strings.Count(e.lines.String(), "\n"); lines != 4 {
				t.Errorf("%d lines for four records:\n%s", lines, e.lines.String())
			}
		})
	}
}

func only(id string, err error) func(contract.Event) error {
	return func(e contract.Event) error {
		if e.Metadata.ID == id {
			return err
		}
		return nil
	}
}

func TestWhatCannotBeParkedIsTriedAgain(t *testing.T) {
	t.Parallel()
	e := newEnv()
	e.parked.err = fault.New(fault.Busy, "the database wakes up")
	got := invoke[batchAnswer](t, e, consumer(func(context.Context, contract.Event) error { return fault.New(fault.Invalid, "no") }), recorded(t, "batch"))
	if ids := got.ids(t); ids != "m-bridge m-plain m-unreadable m-last" {
		t.Errorf("failed %q", ids)
	}
}

func TestNearTheDeadlineTheRestIsHandedBackUntried(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		left   time.Duration
		failed string
		worked int
	}{
		"from the start":   {time.Second, "m-bridge m-plain m-unreadable m-last", 0},
		"after the second": {2600 * time.Millisecond, "m-plain m-unreadable m-last", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), c.left)
			defer cancel()
			worked := 0
			got, err := invokeWith[batchAnswer](ctx, t, newEnv(), consumer(func(ctx context.Context, _ contract.Event) error {
				worked++
				deadline, _ := ctx.Deadline()
				outer, _ := t.Context().Deadline()
				if !outer.IsZero() && !deadline.Before(outer) {
					t.Error("no time is kept back to answer")
				}
				if worked == 2 {
					<-ctx.Done() // a slow one uses all it has
					return ctx.Err()
				}
				return nil
			}), recorded(t, "batch"))
			if err != nil || got.ids(t) != c.failed || worked != c.worked {
				t.Errorf("failed %q, want %q; worked %d; %v", got.ids(t), c.failed, worked, err)
			}
		})
	}
}

func TestTheAuthorizerLetsEverybodyThroughAndSaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	type verdict struct {
		IsAuthorized bool              `json:"isAuthorized"`
		Context      map[string]string `json:"context"`
	}
	cases := map[string]struct {
		changes []string
		caller  access.Caller
		err     error
		want    map[string]string
	}{
		"somebody whose headers came as they were sent": {
			[]string{`"authorization"`, `"Authorization"`},
			access.Caller{Subject: "u-1", Company: ours, Role: identity.CompanyAdmin},
			nil,
			map[string]string{"subject": "u-1", "company": ours, "role": "company_admin", "scopes": "", "reason": "", "busy": ""},
		},
		"somebody": {
			nil,
			access.Caller{Subject: "u-1", Company: ours, Role: identity.CompanyAdmin, Scopes: []string{"a", "b"}},
			nil,
			map[string]string{"subject": "u-1", "company": ours, "role": "company_admin", "scopes": "a b", "reason": "", "busy": ""},
		},
		"nobody": {
			nil,
			access.Caller{Reason: "the token has expired"},
			nil,
			map[string]string{"subject": "", "company": "", "role": "", "scopes": "", "reason": "the token has expired", "busy": ""},
		},
		"nobody can tell": {
			nil,
			access.Caller{},
			fault.Wrap(fault.Busy, "x", errors.New("secret cause")),
			map[string]string{"subject": "", "company": "", "role": "", "scopes": "", "reason": "", "busy": "who is asking cannot be found out at present"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv()
			got := invoke[verdict](t, e, fn.Authorizer("auth/authorizer", func(context.Context, port.Env) (func(context.Context, string) (access.Caller, error), error) {
				return func(_ context.Context, header string) (access.Caller, error) {
					if header != "Bearer token-1" {
						t.Errorf("header is %q", header)
					}
					return c.caller, c.err
				}, nil
			}), recorded(t, "authorize", c.changes...))
			if diff := cmp.Diff(verdict{true, c.want}, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if line := e.line(t); line["function"] != "auth/authorizer" || strings.Contains(e.lines.String(), "token-1") {
				t.Errorf("line is %v", line)
			}
		})
	}
}

func TestAScheduleIsToldWhenItWasDue(t *testing.T) {
	t.Parallel()
	job := func(err error) fn.Function {
		return fn.OnSchedule("jobs/x", func(context.Context, port.Env) (func(context.Context, time.Time) error, error) {
			return func(_ context.Context, due time.Time) error {
				if !due.Equal(time.Date(2026, 3, 10, 6, 0, 0, 0, time.UTC)) {
					t.Errorf("due %v", due)
				}
				return err
			}, nil
		})
	}
	_, err := invokeWith[any](t.Context(), t, newEnv(), job(nil), recorded(t, "schedule"))
	if err != nil {
		t.Error(err)
	}
	_, err = invokeWith[any](t.Context(), t, newEnv(), job(errors.New("broken")), recorded(t, "schedule"))
	if err == nil {
		t.Error("a failed job looks done")
	}
	_, err = invokeWith[any](t.Context(), t, newEnv(), job(nil), []byte("{}"))
	if err == nil {
		t.Error("took a call without a time")
	}
}

func TestALifecycleAnswersCloudFormation(t *testing.T) {
	t.Parallel()
	type response struct {
		Status, Reason, PhysicalResourceId, RequestId, StackId, LogicalResourceId string //nolint:revive // names of the wire
		Data                                                                      map[string]any
	}
	cases := map[string]struct {
		changes []string
		apply   fn.Lifecycle
		want    response
	}{
		"applied": {nil, func(_ context.Context, properties json.RawMessage) (map[string]any, error) {
			if !strings.Contains(string(properties), `"Code":"7"`) {
				t.Errorf("properties are %s", properties)
			}
			return map[string]any{"Applied": "2"}, nil
		}, response{Status: "SUCCESS", PhysicalResourceId: "deploy-migrate", Data: map[string]any{"Applied": "2"}}},
		"created": {
			[]string{`"Update"`, `"Create"`, `"PhysicalResourceId": "deploy-migrate",`, ""},
			func(context.Context, json.RawMessage) (map[string]any, error) { return nil, nil },
			response{Status: "SUCCESS", PhysicalResourceId: "deploy-migrate"},
		},
		"failed": {
			nil, func(context.Context, json.RawMessage) (map[string]any, error) {
				return nil, errors.New(strings.Repeat("x", 5000))
			},
			response{Status: "FAILED", PhysicalResourceId: "deploy-migrate", Reason: strings.Repeat("x", 1000) + "…"},
		},
		"deleted": {
			[]string{`"Update"`, `"Delete"`}, func(context.Context, json.RawMessage) (map[string]any, error) {
				t.Error("applied on the way out")
				return nil, nil
			}, response{Status: "SUCCESS", PhysicalResourceId: "deploy-migrate"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got response
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				err := json.NewDecoder(r.Body).Decode(&got)
				if err != nil || r.Method != http.MethodPut {
					t.Errorf("%s: %v", r.Method, err)
				}
			}))
			defer server.Close()
			e := newEnv()
			invoke[any](t, e, fn.OnLifecycle("deploy/migrate", func(context.Context, port.Env) (fn.Lifecycle, error) { return c.apply, nil }),
				recorded(t, "lifecycle-update", append(c.changes, "RESPONSE_URL", server.URL)...))
			got.RequestId, got.StackId, got.LogicalResourceId = "", "", ""
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFunctionWhoseSettingsAreWrongIsNotOpened(t *testing.T) {
	t.Parallel()
	real := onlambda.NewEnv("consumers/x", func(string) (string, bool) { return "", false })
	_, err := onlambda.New(t.Context(), fn.OnEvent("consumers/x", func(ctx context.Context, env port.Env) ([]fn.Hears, error) {
		_, err := env.Ledger(ctx)
		return nil, err
	}), real)
	for _, setting := range []string{"DATABASE_URL", "BUS_NAME", "QUEUE_PREFIX"} {
		if err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%v does not name %s", err, setting)
		}
	}
}
