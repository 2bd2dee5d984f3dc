package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/infra/sender"
)

// try runs csr with the settings of env and gives what it printed.
func try(t *testing.T, env map[string]string, args ...string) (out, progress string, err error) {
	t.Helper()
	var o, p bytes.Buffer
	s := &shell{out: &o, progress: &p, env: func(name string) (string, bool) { value, ok := env[name]; return value, ok }}
	err = run(t.Context(), s, args)
	return o.String(), p.String(), err
}

// process plays the running platform and keeps what was asked of it.
type process struct {
	*httptest.Server
	mu    sync.Mutex
	asked []asked
}

type asked struct {
	route  string // method, space, path with its query
	header http.Header
	body   string
}

func newProcess(t *testing.T, routes map[string]http.HandlerFunc) *process {
	t.Helper()
	p := &process{}
	mux := http.NewServeMux()
	for pattern, handle := range routes {
		mux.HandleFunc(pattern, handle)
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.mu.Lock()
		p.asked = append(p.asked, asked{r.Method + " " + r.URL.RequestURI(), r.Header, string(body)})
		p.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *process) port() string { return p.URL[strings.LastIndex(p.URL, ":")+1:] }

func (p *process) routes() []string {
	var routes []string
	for _, a := range p.asked {
		routes = append(routes, a.route)
	}
	return routes
}

func says(status int, value any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		kind := "application/json"
		if status >= 400 {
			kind = "application/problem+json"
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(value)
	}
}

func TestSignMatchesVectorsMadeElsewhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret string
		at     int64
		body   string
		want   string
	}{
		"a JSON body":                {"whsec-test", 1767225600, `{"a":1}`, "t=1767225600,v1=e696d7e2e879ea34e1117b6681aaec2f6cedbf56581351c6eda7e3e3ef5f1cec"},
		"no body, a secret in UTF-8": {"ключ", 0, "", "t=0,v1=ed44a6f6f076cd5cb88c9cca90ca5784b5fdd52ad625d92a3f4246be258a7a5b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, sender.Sign(c.secret, time.Unix(c.at, 0), []byte(c.body))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTokenPrintsTheTokenAndNothingElse(t *testing.T) {
	t.Parallel()
	p := newProcess(t, map[string]http.HandlerFunc{"POST /dev/token": says(200, map[string]string{"token": "a.b.c"})})
	out, progress, err := try(t, map[string]string{"PORT": p.port()}, "token", "-role", "company_admin", "-company", "acme")
	if err != nil || out != "a.b.c\n" || progress != "" {
		t.Fatalf("out %q, progress %q, error %v", out, progress, err)
	}
	if diff := cmp.Diff(`{"company":"acme","role":"company_admin"}`, p.asked[0].body); diff != "" {
		t.Error(diff)
	}
}

func TestTokenSaysWhatToDoAboutEachFailure(t *testing.T) {
	t.Parallel()
	missing := newProcess(t, map[string]http.HandlerFunc{"POST /dev/token": says(404, map[string]any{"title": "Not found", "detail": "no such company"})})
	plain := newProcess(t, nil)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing runs":             {[]string{"-role", "system_admin", "-port", "1"}, "start the platform with `make run`"},
		"unknown role":             {[]string{"-role", "boss"}, "one of system_admin, programme_staff"},
		"company role alone":       {[]string{"-role", "company_user"}, "COMPANY=<slug>"},
		"operator with a company":  {[]string{"-role", "system_admin", "-company", "acme"}, "leave COMPANY (-company) empty"},
		"company nobody knows":     {[]string{"-role", "company_user", "-company", "nope", "-port", missing.port()}, "404 Not found: no such company"},
		"something else is there":  {[]string{"-role", "system_admin", "-port", plain.port()}, "POST /dev/token: 404"},
		"deployment without a dev": {[]string{"-role", "system_admin", "-api", plain.URL}, "TOKEN="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, _, err := try(t, nil, append([]string{"token"}, c.args...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) || out != "" {
				t.Errorf("out %q, error %v, want one that says %q", out, err, c.want)
			}
		})
	}
}

const sample = `{"method":"POST","path":"/v1/kintell/webhooks/session-completed","headers":{"Content-Type":"application/json","X-Delivery-Id":"kd-1"},"body":{"session_id":  "KS-1"}}`

// atKintell plays a process that has one partner, whose sender signs with "known".
func atKintell(t *testing.T, status int) (*process, string) {
	t.Helper()
	p := newProcess(t, map[string]http.HandlerFunc{
		"POST /dev/token":  says(200, map[string]string{"token": "t"}),
		"POST /dev/secret": says(200, map[string]string{"secret": "known"}),
		"GET /v1/companies": says(200, map[string]any{"companies": []map[string]string{
			{"slug": "operator", "kind": "operator"}, {"slug": "acme", "kind": "partner"},
		}}),
		"POST /v1/kintell/webhooks/session-completed": says(status, map[string]string{"status": "accepted"}),
	})
	file := filepath.Join(t.TempDir(), "sample.json")
	err := os.WriteFile(file, []byte(sample), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return p, file
}

func TestSendSignsTheExactBytesForTheFirstPartner(t *testing.T) {
	t.Parallel()
	p, file := atKintell(t, 202)
	out, _, err := try(t, nil, "send", "-file", file, "-port", p.port())
	if err != nil || !strings.Contains(out, "202 Accepted") || !strings.Contains(out, `"status": "accepted"`) {
		t.Fatalf("error %v, out:\n%s", err, out)
	}
	sent := p.asked[len(p.asked)-1]
	if diff := cmp.Diff("POST /v1/kintell/webhooks/session-completed?company=acme", sent.route); diff != "" {
		t.Error(diff)
	}
	if sent.body != `{"session_id":  "KS-1"}` || sent.header.Get("X-Delivery-Id") != "kd-1" || sent.header.Get("Content-Type") != "application/json" {
		t.Errorf("sent %q with %v", sent.body, sent.header)
	}
	signature := sent.header.Get("X-Kintell-Signature")
	at := stampOf(t, signature)
	if time.Since(at).Abs() > time.Minute || signature != sender.Sign("known", at, []byte(sent.body)) {
		t.Errorf("signature %s", signature)
	}
}

func stampOf(t *testing.T, signature string) time.Time {
	t.Helper()
	var seconds int64
	_, err := fmt.Sscanf(signature, "t=%d,", &seconds)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0)
}

func TestSendCanBeStaleForgedAndRepeated(t *testing.T) {
	t.Parallel()
	p, file := atKintell(t, 401)
	_, _, err := try(t, nil, "send", "-file", file, "-company", "globex", "-port", p.port(), "-stale", "-forged", "-repeat", "-delivery", "mine")
	if err != nil {
		t.Fatal(err)
	}
	first, second := p.asked[len(p.asked)-2], p.asked[len(p.asked)-1]
	if diff := cmp.Diff(first, second, cmp.AllowUnexported(asked{})); diff != "" {
		t.Errorf("the repeat differs: %s", diff)
	}
	signature := first.header.Get("X-Kintell-Signature")
	at := stampOf(t, signature)
	if time.Since(at) < 6*time.Minute || signature == sender.Sign("known", at, []byte(first.body)) || first.header.Get("X-Delivery-Id") != "mine" {
		t.Errorf("signed %s, delivery %s", signature, first.header.Get("X-Delivery-Id"))
	}
	if !strings.HasSuffix(first.route, "?company=globex") {
		t.Errorf("route %s", first.route)
	}
}

func TestSendSaysWhetherABadSampleWasAnsweredAsItMust(t *testing.T) {
	t.Parallel()
	p, file := atKintell(t, 202)
	err := os.WriteFile(file, []byte(strings.TrimSuffix(sample, "}")+`,"status":400}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = try(t, nil, "send", "-file", file, "-port", p.port())
	if err == nil || !strings.Contains(err.Error(), "answered 202, expected 400") {
		t.Errorf("error %v", err)
	}
}

func TestSendKnowsEverySampleOfTheRepository(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/webhooks/*/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		_, err := readSample(file)
		if err != nil {
			t.Error(err)
		}
	}
}

func TestCompanyShowsAddressesAndSecretOnce(t *testing.T) {
	t.Parallel()
	p := newProcess(t, map[string]http.HandlerFunc{
		"POST /v1/companies": says(201, map[string]string{"id": "c1", "slug": "acme", "name": "Acme", "timeZone": "Europe/Kyiv"}),
		"PUT /v1/companies/c1/senders/kintell": says(200, map[string]any{
			"secret": "only-once", "webhooks": []string{"/v1/kintell/webhooks/session-completed?company=acme"},
		}),
	})
	out, _, err := try(t, map[string]string{"API": p.URL + "/", "TOKEN": "mine"}, "company", "-name", "Acme", "-slug", "acme", "-timezone", "Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, p.URL+"/v1/kintell/webhooks/session-completed?company=acme") || strings.Count(out, "only-once") != 1 {
		t.Errorf("out:\n%s", out)
	}
	if diff := cmp.Diff([]string{"POST /v1/companies", "PUT /v1/companies/c1/senders/kintell"}, p.routes()); diff != "" {
		t.Errorf("a deployment is not asked for development tokens: %s", diff)
	}
	if p.asked[0].header.Get("Authorization") != "Bearer mine" || p.asked[0].body != `{"name":"Acme","slug":"acme","timeZone":"Europe/Kyiv"}` {
		t.Errorf("asked %+v", p.asked[0])
	}
}

func TestCompanyNamesEachWrongField(t *testing.T) {
	t.Parallel()
	p := newProcess(t, map[string]http.HandlerFunc{"POST /v1/companies": says(400, map[string]any{
		"title": "The request is not valid", "detail": "the company is not complete",
		"errors": []map[string]string{{"field": "slug", "expected": "2 to 40 lower case letters"}},
	})})
	_, _, err := try(t, nil, "company", "-name", "Acme", "-slug", "A", "-api", p.URL, "-token", "t")
	if err == nil || !strings.Contains(err.Error(), "slug: expected 2 to 40 lower case letters") {
		t.Errorf("error %v", err)
	}
}

// importing plays a process that takes a file and refuses one of its rows.
func importing(t *testing.T, status string) *process {
	t.Helper()
	var p *process
	asks := 0
	p = newProcess(t, map[string]http.HandlerFunc{
		"POST /dev/token": says(200, map[string]string{"token": "t"}),
		"POST /v1/imports/{kind}": func(w http.ResponseWriter, r *http.Request) {
			says(202, map[string]string{"id": "i1", "status": "waiting", "uploadUrl": "/v1/imports/i1/file?company=acme", "startUrl": "/v1/imports/i1/start?company=acme"})(w, r)
		},
		"PUT /v1/imports/i1/file":   says(200, map[string]string{}),
		"POST /v1/imports/i1/start": says(202, map[string]string{}),
		"GET /v1/imports/i1": func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			asks++
			now := map[bool]string{true: "running", false: status}[asks == 1]
			p.mu.Unlock()
			says(200, map[string]any{"id": "i1", "status": now, "reason": "no column session_id", "progress": map[string]any{"row": 3, "taken": 2, "refused": 1, "percent": 100}})(w, r)
		},
		"GET /v1/imports/i1/errors": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a,_error_message\n1,E001\n") },
	})
	return p
}

func TestImportFollowsSumsUpAndFetchesWhatWasRefused(t *testing.T) {
	t.Parallel()
	p := importing(t, "completed")
	file := filepath.Join(t.TempDir(), "people & sessions.csv")
	err := os.WriteFile(file, []byte("a\n1\n2\n3\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	out, progress, err := try(t, nil, "import", "-kind", "kintell-language", "-file", file, "-company", "acme", "-scale", "five", "-port", p.port())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "taken    2") || !strings.Contains(out, "refused  1") || !strings.Contains(progress, "running") {
		t.Errorf("out:\n%sprogress:\n%s", out, progress)
	}
	refused := strings.TrimSuffix(file, ".csv") + ".refused.csv"
	kept, err := os.ReadFile(refused)
	if err != nil || string(kept) != "a,_error_message\n1,E001\n" || !strings.Contains(out, refused) {
		t.Errorf("refused rows %q, %v", kept, err)
	}
	if sent := p.asked[1]; sent.body != "a\n1\n2\n3\n" || sent.header.Get("Content-Type") != "text/csv" || !strings.Contains(sent.route, "scale=five") || !strings.Contains(sent.route, "company=acme") {
		t.Errorf("sent %+v", sent)
	}
}

func TestRefusedRowsOfRefusedRowsAreNumbered(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"a/people.csv":            "a/people.refused.csv",
		"a/people.refused.csv":    "a/people.refused-2.csv",
		"a/people.refused-2.csv":  "a/people.refused-3.csv",
		"a.refused/people":        "a.refused/people.refused.csv",
		"people.refused-many.csv": "people.refused-many.refused.csv",
	} {
		if got := refusedOf(file); got != want {
			t.Errorf("%s: %s, expected %s", file, got, want)
		}
	}
}

func TestImportUploadsALargeFileOnItsOwn(t *testing.T) {
	t.Parallel()
	p := importing(t, "completed")
	file := filepath.Join(t.TempDir(), "large.csv")
	err := os.WriteFile(file, bytes.Repeat([]byte("0123456\n"), maxDirect/8+1), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, progress, err := try(t, nil, "import", "-kind", "kintell-language", "-file", file, "-company", "acme", "-port", p.port())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"PUT /v1/imports/i1/file?company=acme", "POST /v1/imports/i1/start?company=acme"}
	if diff := cmp.Diff(want, p.routes()[2:4]); diff != "" {
		t.Error(diff)
	}
	if len(p.asked[2].body) != maxDirect+8 || p.asked[2].header.Get("Authorization") != "Bearer t" || !strings.Contains(progress, "uploaded 50 %") {
		t.Errorf("%d bytes came, progress:\n%s", len(p.asked[2].body), progress)
	}
}

func TestImportSaysWhyAFileCannotBeRead(t *testing.T) {
	t.Parallel()
	p := importing(t, "failed")
	dir := t.TempDir()
	for name, c := range map[string]struct{ kind, content, want string }{
		"the platform says why": {"kintell-language", "b\n1\n", "no column session_id"},
		"an empty file":         {"kintell-language", "", "is empty"},
		"an unknown kind":       {"excel", "b\n", "excel is no kind: one of kintell-language, kintell-mentorship, kintell-sessions, kintell-users"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, name+".csv")
			err := os.WriteFile(file, []byte(c.content), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = try(t, nil, "import", "-kind", c.kind, "-file", file, "-company", "acme", "-port", p.port())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestAnInterruptedImportSaysThatItGoesOn(t *testing.T) {
	t.Parallel()
	p := newProcess(t, map[string]http.HandlerFunc{"GET /v1/imports/i1": says(200, map[string]any{"status": "running"})})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	s := &shell{out: io.Discard, progress: io.Discard}
	u := uploading{platform: &platform{url: p.URL, token: "t", client: p.Client()}, shell: s}
	_, err := u.follow(ctx, "i1")
	if err == nil || !strings.Contains(err.Error(), "import i1 goes on without us") {
		t.Errorf("error %v", err)
	}
}

func TestUnknownCommandsAreNamedAndAllAreListed(t *testing.T) {
	t.Parallel()
	_, progress, err := try(t, nil, "dance")
	if err == nil || !strings.Contains(err.Error(), `"dance"`) {
		t.Errorf("error %v", err)
	}
	for _, c := range commands {
		if !strings.Contains(progress, "  "+c.name) {
			t.Errorf("%s is not listed:\n%s", c.name, progress)
		}
	}
}
