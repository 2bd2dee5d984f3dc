package onlambda_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/testkit/pgtest"
	"github.com/teei/csr-platform/shared/testkit/runtimeapi"
)

// compile builds a function as it is deployed.
func compile(t *testing.T, folder string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", binary, folder)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// printed is what a process prints, safe to read while it prints.
type printed struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *printed) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(data)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

func start(t *testing.T, binary string, settings ...string) (*runtimeapi.Process, *printed) {
	t.Helper()
	out := &printed{}
	p, err := runtimeapi.Start(binary, out, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p, out
}

func TestTheRealBinaryAnswersRequests(t *testing.T) {
	t.Parallel()
	p, out := start(t, compile(t, "./testdata/web"), "GREETING=hei")
	for range 3 {
		raw, err := p.Invoke(t.Context(), recorded(t, "request-report"), 10*time.Second)
		var got answer
		if err == nil {
			err = json.Unmarshal(raw, &got)
		}
		if err != nil || got.StatusCode != 200 || got.Body != `{"body":"","company":"`+ours+`","greeting":"hei"}`+"\n" {
			t.Fatalf("%v: %s", err, raw)
		}
	}
	raw, err := p.Invoke(t.Context(), recorded(t, "request-webhook", "eyJhIjogIsO4IiwgImIiOiAxfQ==", "cGFuaWM="), 10*time.Second)
	if err != nil || !strings.Contains(string(raw), `"statusCode":500`) || strings.Contains(string(raw), "as asked") {
		t.Errorf("a panic: %v: %s", err, raw)
	}
	raw, err = p.Invoke(t.Context(), []byte("[]"), 10*time.Second)
	if !errors.Is(err, runtimeapi.ErrFunction) {
		t.Errorf("what no API sends: %v: %s", err, raw)
	}
	raw, err = p.Invoke(t.Context(), recorded(t, "request-report"), 10*time.Second)
	if err != nil {
		t.Errorf("it does not go on after that: %v: %s", err, raw)
	}
	p.Stop() // what it printed has then arrived
	if lines := strings.Count(out.String(), `"msg":"request"`); lines != 5 {
		t.Errorf("%d lines for five requests:\n%s", lines, out)
	}
}

func TestTheRealBinaryWorksBatches(t *testing.T) {
	t.Parallel()
	p, _ := start(t, compile(t, "./testdata/queue"))
	raw, err := p.Invoke(t.Context(), recorded(t, "batch"), 10*time.Second)
	want := `{"batchItemFailures":[{"itemIdentifier":"m-bridge"},{"itemIdentifier":"m-plain"},{"itemIdentifier":"m-unreadable"}]}`
	if err != nil || string(raw) != want {
		t.Errorf("%v: %s", err, raw)
	}
	raw, err = p.Invoke(t.Context(), []byte(`{"Records":[]}`), 10*time.Second)
	if err != nil || string(raw) != `{"batchItemFailures":[]}` {
		t.Errorf("%v: %s", err, raw)
	}
}

func TestTheRealBinaryNamesEveryWrongSettingAndEnds(t *testing.T) {
	t.Parallel()
	p, out := start(t, compile(t, "./testdata/web"), "SIZE=large")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := p.Init(ctx)
	if err == nil || ctx.Err() != nil {
		t.Fatalf("it asked for work: %v", err)
	}
	p.Stop()
	if !strings.Contains(out.String(), "GREETING") || !strings.Contains(out.String(), "SIZE") {
		t.Errorf("it printed %s", out)
	}
}

// TestTheLinkerDropsWhatAFunctionDoesNotAskFor looks for names of functions, which a stripped binary keeps for its stack traces.
func TestTheLinkerDropsWhatAFunctionDoesNotAskFor(t *testing.T) {
	t.Parallel()
	adapters := []string{
		"pgxpool.(*Pool).Acquire", "service/eventbridge.(*Client).PutEvents", "service/sqs.(*Client).SendMessage", "service/kms.(*Client).Decrypt",
		"service/s3.(*Client).PutObject", "service/bedrockruntime.(*Client).Converse", "adapter/localmodel.(*Model).Score",
	}
	for folder, needs := range map[string]int{"web": 0, "queue": 3} { // a consumer parks in the ledger, which tells through the bus
		binary, err := os.ReadFile(compile(t, "./testdata/"+folder))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(binary, []byte("service/secretsmanager.(*Client).GetSecretValue")) {
			t.Fatal("names of functions are not to be found this way any more")
		}
		for i, name := range adapters {
			if linked := bytes.Contains(binary, []byte(name)); linked != (i < needs) {
				t.Errorf("%s: %s is linked: %t", folder, name, linked)
			}
		}
	}
}

// readsTexts are the functions that hold the local model or screener, and with it some ten megabytes of weights.
var readsTexts = []string{"api/classify", "consumers/scorefeedback", "consumers/screencontent"}

// mostBytes is what the zip of a function may have.
const mostBytes = 20 << 20

// TestOnlyFunctionsThatReadTextsHoldTheModel builds every function as it is deployed. The others start as fast as before there was a model.
func TestOnlyFunctionsThatReadTextsHoldTheModel(t *testing.T) {
	t.Parallel()
	const root = "../../../"
	mains, err := filepath.Glob(root + "functions/*/*/lambda")
	if err != nil || len(mains) < 16 {
		t.Fatalf("%d functions: %v", len(mains), err)
	}
	weights := weights(t, root+"shared/adapter/localmodel/*.bin", root+"shared/adapter/localmodel/*/*.bin", root+"shared/adapter/localmodel/lexicon/*.txt")
	for _, main := range mains {
		name := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(main)), root+"functions/")
		binary, err := os.ReadFile(compile(t, "./"+main))
		if err != nil {
			t.Fatal(err)
		}
		reads := slices.Contains(readsTexts, name)
		linked := bytes.Contains(binary, []byte("adapter/localmodel.(*Model).Score")) || bytes.Contains(binary, []byte("adapter/localmodel.(*Screener).Screen"))
		if linked != reads {
			t.Errorf("%s: the local model or screener is linked: %t", name, linked)
		}
		for file, middle := range weights {
			if held := bytes.Contains(binary, middle); held && !reads {
				t.Errorf("%s holds %s", name, file)
			}
		}
		size := len(binary)
		if size > mostBytes {
			size = zipped(t, binary)
		}
		if size > mostBytes {
			t.Errorf("%s: a zip of %.1f MB, expected at most 20", name, float64(size)/(1<<20))
		}
	}
}

// weights are some bytes of each such file, which nothing else holds.
func weights(t *testing.T, patterns ...string) map[string][]byte {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatalf("the model holds nothing of %v", patterns)
	}
	some := map[string][]byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil || len(raw) < 1<<10 {
			t.Fatalf("%s: %d bytes: %v", file, len(raw), err)
		}
		some[filepath.Base(file)] = raw[len(raw)/2:][:64]
	}
	return some
}

// zipped is how many bytes binary has as a zip.
func zipped(t *testing.T, binary []byte) int {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err == nil {
		_, err = w.Write(binary)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return packed.Len()
}

// TestTheDeployedFunctionsMeetPostgres runs two of the binaries that are deployed: migrations, then the question whether all is ready.
func TestTheDeployedFunctionsMeetPostgres(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	told := make(chan string, 1)
	cloudformation := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		told <- string(raw)
	}))
	defer cloudformation.Close()
	migrate, out := start(t, compile(t, "../../../functions/deploy/migrate/lambda"), "DATABASE_OWNER_URL="+db.Owner, "DATABASE_URL="+db.Service)
	_, err := migrate.Invoke(t.Context(), recorded(t, "lifecycle-update", "RESPONSE_URL", cloudformation.URL), 20*time.Second)
	if err != nil {
		t.Fatalf("migrate: %v: %s", err, out)
	}
	if answer := <-told; !strings.Contains(answer, `"Status":"SUCCESS"`) || !strings.Contains(answer, `"Applied":""`) {
		t.Errorf("CloudFormation was told %s", answer)
	}

	health, out := start(t, compile(t, "../../../functions/api/health/lambda"), "DATABASE_URL="+db.Service, "BUS_NAME=events", "QUEUE_PREFIX=http://localhost/")
	raw, err := health.Invoke(t.Context(), recorded(t, "request-report",
		`"routeKey": "GET /v1/companies/{companyId}/outcomes"`, `"routeKey": "GET /v1/health/ready"`,
		`"rawPath": "/v1/companies/`+ours+`/outcomes"`, `"rawPath": "/v1/health/ready"`,
		`"rawQueryString": "from=2026-01&from=2026-02&to=a%26b"`, `"rawQueryString": ""`), 20*time.Second)
	var got answer
	if err == nil {
		err = json.Unmarshal(raw, &got)
	}
	if want := `{"status":"ready","dependencies":[{"name":"postgres","status":"up"}]}` + "\n"; err != nil || got.StatusCode != 200 || got.Body != want {
		t.Errorf("health: %v: %s\n%s", err, raw, out)
	}
}
