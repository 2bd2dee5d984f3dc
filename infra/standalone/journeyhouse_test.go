package main_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	csr "github.com/teei/csr-platform"
	"github.com/teei/csr-platform/functions"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/standalone"
	"github.com/teei/csr-platform/shared/platform/template"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// house is the whole platform in this process, with a database of its own, asked by HTTP alone.
type house struct {
	t       *testing.T
	process *standalone.Process
	base    string
	dir     string // what the process keeps outside the database
	db      *pgx.Conn
	log     *lines
	staff   string            // token of a system_admin
	secrets map[string]string // of the senders of companies, by slug
	told    []string          // what must never be logged: secrets, addresses, names and texts that were sent
}

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// begin starts a process; settings are those of its environment.
func begin(t *testing.T, dir, database string, to *lines, settings ...map[string]string) (*standalone.Process, error) {
	t.Helper()
	written, err := template.Read(csr.Template)
	if err != nil {
		t.Fatal(err)
	}
	return standalone.Start(t.Context(), standalone.Options{
		Template: written, Functions: functions.All, Dir: dir, DatabaseURL: database, Listen: "127.0.0.1:0", Log: log.New(to, slog.LevelDebug),
		Lookup: func(name string) (value string, ok bool) {
			for _, given := range settings {
				value, ok = given[name]
			}
			return value, ok
		},
	})
}

// newHouse starts one with a database of its own.
func newHouse(t *testing.T, settings ...map[string]string) *house {
	t.Helper()
	db := pgtest.New(t)
	h := &house{t: t, dir: t.TempDir(), log: &lines{}, secrets: map[string]string{}}
	var err error
	h.process, err = begin(t, h.dir, db.Service, h.log, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.process.Stop(context.Background()) })
	h.base = "http://" + h.process.Address()
	h.db, err = pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close(context.Background()) })
	h.staff = h.token(identity.SystemAdmin, "")
	return h
}

// request is what is asked. A header named twice is sent twice.
type request struct {
	method, path, token, kind string
	body                      []byte
	header                    http.Header
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    []byte
}

func (h *house) ask(r request) answer {
	h.t.Helper()
	asked, err := http.NewRequestWithContext(h.t.Context(), r.method, h.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		h.t.Fatal(err)
	}
	maps.Copy(asked.Header, r.header)
	if r.kind != "" {
		asked.Header.Set("Content-Type", r.kind)
	}
	if r.token != "" {
		asked.Header.Set("Authorization", "Bearer "+r.token)
	}
	got, err := http.DefaultTransport.RoundTrip(asked) // which follows no redirects
	if err != nil {
		h.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	if err != nil {
		h.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	return answer{got.StatusCode, got.Header, raw}
}

// must asks and decodes the answer, which must have the status, into into unless that is nil.
func (h *house) must(status int, r request, into any) {
	h.t.Helper()
	got := h.ask(r)
	if got.status != status {
		h.t.Fatalf("%s %s: %d %s, expected %d", r.method, r.path, got.status, got.raw, status)
	}
	if into == nil {
		return
	}
	if raw, ok := into.(*string); ok {
		*raw = string(got.raw)
		return
	}
	if err := json.Unmarshal(got.raw, into); err != nil {
		h.t.Fatalf("%s %s: %v in %s", r.method, r.path, err, got.raw)
	}
}

func encode(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil { // plain maps and structs of these tests
		panic(err)
	}
	return raw
}

func (h *house) token(role identity.Role, company string) string {
	h.t.Helper()
	var given struct{ Token string }
	h.must(200, request{method: "POST", path: "/dev/token", body: encode(map[string]string{"role": string(role), "company": company})}, &given)
	h.told = append(h.told, given.Token)
	return given.Token
}

// found makes a company and gives its id.
func (h *house) found(slug, zone string) string {
	h.t.Helper()
	var made struct{ ID string }
	name := "The people of " + slug
	h.told = append(h.told, name)
	h.must(201, request{method: "POST", path: "/v1/companies", token: h.staff, body: encode(map[string]string{"slug": slug, "name": name, "timeZone": zone})}, &made)
	return made.ID
}

// rotated gives the company's sender another secret.
func (h *house) rotated(companyID string) string {
	h.t.Helper()
	var given struct{ Secret string }
	h.must(200, request{method: "PUT", path: "/v1/companies/" + companyID + "/senders/kintell", token: h.staff}, &given)
	if len(given.Secret) < 32 {
		h.t.Fatalf("a secret of %d characters", len(given.Secret))
	}
	h.told = append(h.told, given.Secret)
	return given.Secret
}

func signed(secret string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// delivery is a signed request of Kintell's for a company.
func (h *house) delivery(slug, kind, id, secret string, body []byte) request {
	return request{
		method: "POST", path: "/v1/kintell/webhooks/" + kind + "?company=" + url.QueryEscape(slug), kind: "application/json", body: body,
		header: http.Header{"X-Delivery-Id": {id}, "X-Kintell-Signature": {signed(secret, time.Now(), body)}},
	}
}

func (h *house) deliver(slug, kind, id string, body map[string]any) {
	h.t.Helper()
	h.must(202, h.delivery(slug, kind, id, h.secrets[slug], encode(body)), nil)
}

// file is an import as the platform shows it.
type file struct {
	ID, Status, Reason, URL, ErrorsURL, UploadURL, StartURL string
	Progress                                                struct{ Row, Taken, Same, Refused int }
}

// imported sends a file and waits until it is read.
func (h *house) imported(slug, kind, name, content string) file {
	h.t.Helper()
	var made file
	h.must(202, request{
		method: "POST", path: "/v1/imports/" + kind + "?company=" + slug + "&fileName=" + url.QueryEscape(name), token: h.staff, kind: "text/csv", body: []byte(content),
	}, &made)
	return h.read(made.URL)
}

// read waits until the file of an import is read.
func (h *house) read(at string) file {
	h.t.Helper()
	h.idle()
	var now file
	h.must(200, request{method: "GET", path: at, token: h.staff}, &now)
	if now.Status != "completed" {
		h.t.Fatalf("import is %s: %s", now.Status, now.Reason)
	}
	return now
}

// idle waits until everything told has been worked.
func (h *house) idle() {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer stop()
	if err := h.process.Idle(ctx); err != nil {
		h.t.Fatalf("still at work: %v", err)
	}
}

// figure asks the database, past every policy, for one value.
func figure[T any](h *house, sql string, args ...any) (value T) {
	h.t.Helper()
	if err := h.db.QueryRow(h.t.Context(), sql, args...).Scan(&value); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// rows counts the rows of every table but the audit log's lines that say who looked.
func (h *house) rows() map[string]int {
	h.t.Helper()
	found, err := h.db.Query(h.t.Context(), `SELECT relname::text, (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM public.' || quote_ident(relname) ||
			CASE relname WHEN 'audit_logs' THEN ' WHERE resource_type <> ''operator scope''' ELSE '' END, false, true, '')))[1]::text::int
		FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`)
	if err != nil {
		h.t.Fatal(err)
	}
	counts := map[string]int{}
	var table string
	var n int
	_, err = pgx.ForEachRow(found, []any{&table, &n}, func() error { counts[table] = n; return nil })
	if err != nil {
		h.t.Fatal(err)
	}
	return counts
}

// silent says that nothing of what was told is in text.
func (h *house) silent(where, text string) {
	h.t.Helper()
	for _, private := range append([]string{"@sample.test"}, h.told...) {
		if at := strings.Index(text, private); at >= 0 {
			h.t.Errorf("%s holds %q: …%s…", where, private, text[max(0, at-200):min(len(text), at+len(private)+50)])
		}
	}
}
