package classify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/teei/csr-platform/functions/api/classify"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

var noon = time.Date(2026, 2, 5, 12, 0, 0, 0, time.UTC)

var (
	siri = access.Caller{Subject: "siri", Role: identity.ProgrammeStaff}
	omar = access.Caller{Subject: "omar", Role: identity.SystemAdmin}
	guro = access.Caller{Subject: "guro", Role: identity.Safeguarding}
)

// reader is a model that finds confidence in certain words, and fails on others.
type reader struct{ asked *atomic.Int64 }

// words are those in which reader finds confidence.
var words = []string{"brave", "modig", "сміливіша", "شجاعة"}

var lies = "invented quote"

func (m reader) Score(_ context.Context, in outcome.Request) (outcome.Scoring, error) {
	m.asked.Add(1)
	s := outcome.Scoring{Method: outcome.Local, ModelVersion: "test-1", RubricVersion: outcome.RubricVersion, Language: "en"}
	switch {
	case strings.TrimSpace(in.Text) == "":
		s.Language, s.Reason = "", outcome.Empty
		return s, nil
	case strings.Contains(in.Text, "saudade"):
		s.Language, s.Reason = "pt", outcome.Language
		return s, nil
	case strings.Contains(in.Text, "overloaded"):
		return s, fault.New(fault.Busy, "the model is busy")
	case strings.Contains(in.Text, "unreadable"):
		return s, fault.New(fault.Invalid, "a guardrail of the model refused the text")
	case strings.Contains(in.Text, "broken"):
		return s, errors.New("no such thing")
	case strings.Contains(in.Text, lies):
		s.Scores = []outcome.Score{{Dimension: outcome.Belonging, Direction: outcome.State, Evidence: []outcome.Span{{Start: 0, End: 4, Text: "else"}}}}
		return s, nil
	}
	for _, word := range words {
		if at := strings.Index(in.Text, word); at >= 0 {
			s.Scores = append(s.Scores, outcome.Score{
				Dimension: outcome.Confidence, Value: 0.75, Confidence: 0.9, Direction: outcome.Gain,
				Evidence: []outcome.Span{outcome.SpanAt(in.Text, at, at+len(word))}, Calibration: "test-1/confidence/en",
			})
			break
		}
	}
	if outcome.Words(in.Text) >= outcome.LeastWords && !strings.Contains(in.Text, "xyzzy") {
		s.Scores = append(s.Scores, outcome.Score{Dimension: outcome.LangLevelProxy, Value: 0.45, Confidence: 0.5, Direction: outcome.State, Evidence: []outcome.Span{outcome.Whole(in.Text)}})
	}
	return s, nil
}

func (reader) Calibrations() []outcome.Calibration { return nil }

// house is a ledger with two companies and the function over it, behind the permission table and the log.
type house struct {
	port.Ledger
	t          *testing.T
	acme, bolt string
	clock      *atomic.Int64 // seconds since noon
	asked      atomic.Int64  // texts that the model read
	log        logged
	door       http.Handler
	audit      func(company string) []company.Entry
}

// logged is a log that several requests write at once.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const allowed = 300

func open(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, clock: &atomic.Int64{}}
	l := memory.New(memory.Options{Now: func() time.Time { return noon.Add(time.Duration(h.clock.Load()) * time.Second) }})
	h.acme, h.bolt = l.Seed(company.Company{Slug: "acme"}).ID, l.Seed(company.Company{Slug: "bolt"}).ID
	h.audit = func(owner string) (entries []company.Entry) {
		for _, line := range l.AuditLog(owner) {
			entries = append(entries, line.Entry)
		}
		return entries
	}
	h.over(l, reader{&h.asked})
	return h
}

// over opens the function over a ledger and a model, as a runner does.
func (h *house) over(l port.Ledger, model outcome.Model) {
	h.Ledger = l
	mux := http.NewServeMux()
	process := web.Process{Function: "api/classify", Log: slog.New(slog.NewJSONHandler(&h.log, nil))}
	for route := range access.Table {
		if strings.Contains(route, "/v1/classify") || strings.Contains(route, "/v1/taxonomy") {
			mux.Handle(route, web.Serve(route, web.Handle(classify.New(l, model, allowed).Serve), process))
		}
	}
	h.door = mux
}

// of is somebody of acme.
func (h *house) of(role identity.Role) access.Caller {
	return access.Caller{Subject: "somebody", Company: h.acme, Role: role}
}

func (h *house) ask(who access.Caller, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(access.With(h.t.Context(), who), method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.door.ServeHTTP(w, r)
	return w
}

// serve calls the function alone, with path values as they are.
func (h *house) serve(method, path, body string, values ...string) error {
	r := httptest.NewRequestWithContext(access.With(h.t.Context(), siri), method, path, strings.NewReader(body))
	for i := 0; i+1 < len(values); i += 2 {
		r.SetPathValue(values[i], values[i+1])
	}
	return classify.New(h, reader{&h.asked}, allowed).Serve(httptest.NewRecorder(), r)
}

func statusOf(err error) int { return web.Status(err) }

func (h *house) must(status int, who access.Caller, method, path, body string) *httptest.ResponseRecorder {
	h.t.Helper()
	w := h.ask(who, method, path, body)
	if w.Code != status {
		h.t.Fatalf("%s %s by %s: status %d, expected %d: %s", method, path, who.Role, w.Code, status, w.Body)
	}
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var value T
	err := json.Unmarshal(w.Body.Bytes(), &value)
	if err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return value
}

// wrong are the fields that a refusal names.
func wrong(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	var fields []string
	for _, e := range decode[web.Details](t, w).Errors {
		fields = append(fields, e.Field)
	}
	return fields
}

func (h *house) do(owner string, f func(tx port.Tx) error) {
	h.t.Helper()
	err := h.Do(h.t.Context(), port.In(owner, "test"), f)
	if err != nil {
		h.t.Fatal(err)
	}
}

// wrote keeps what a participant of owner wrote, scored, and gives its id. order orders the statements about it.
func (h *house) wrote(owner, ref, body string, order int) string {
	h.t.Helper()
	id := identity.ID(owner, "kintell", "rating", ref)
	scoring, err := reader{&atomic.Int64{}}.Score(h.t.Context(), outcome.Request{Text: body})
	if err != nil {
		h.t.Fatal(err)
	}
	h.do(owner, func(tx port.Tx) error {
		people, err := tx.People().Persons(h.t.Context(), []identity.Contact{
			{Email: fmt.Sprintf("p-%s-%s@example.org", owner[:8], ref), Role: identity.Participant}, {Email: "kari@example.com", Role: identity.Volunteer},
		})
		if err != nil {
			return err
		}
		cause := contract.Cause{ID: identity.NewID(), Company: owner, At: noon}
		held := session.Completion{
			ID: identity.ID(owner, "kintell", "session", ref), Sender: "kintell", ExternalID: ref, Type: session.Language, Participant: people[0], Volunteer: people[1],
			ScheduledAt: noon, CompletedAt: noon, Minutes: 30, SentAt: noon,
		}
		written := feedback.Rating{
			ID: id, Sender: "kintell", ExternalID: ref, SessionID: held.ID, SessionRef: ref, FromRole: feedback.FromParticipant, Text: body,
			CreatedAt: noon, SentAt: noon.Add(time.Duration(order) * time.Minute),
		}
		tx.Sessions().Complete([]port.News[session.Completion]{{Fact: held, Event: cause.Then(contract.KintellSessionCompleted{
			SessionID: held.ID, SessionType: "language", ParticipantID: people[0], VolunteerID: people[1], ScheduledAt: noon, CompletedAt: noon, DurationMinutes: 30,
		})}})
		tx.Feedback().Rate([]port.News[feedback.Rating]{{Fact: written, Event: cause.Then(contract.KintellRatingCreated{
			RatingID: id, SessionID: held.ID, FromRole: "participant", CreatedAt: noon,
		})}})
		return nil
	})
	h.do(owner, func(tx port.Tx) error {
		text, err := tx.Feedback().Text(h.t.Context(), id)
		if err != nil {
			return err
		}
		scoring.ID, scoring.TextID, scoring.At = identity.NewID(), id, tx.Now()
		tx.Outcomes().Keep(scoring, text)
		return nil
	})
	return id
}

// corrects keeps another text in place of what a participant of acme wrote, and neither scores nor screens it.
func (h *house) corrects(l port.Ledger, ref, body string) {
	err := l.Do(h.t.Context(), port.In(h.acme, "test"), func(tx port.Tx) error {
		written := feedback.Rating{
			ID: identity.ID(h.acme, "kintell", "rating", ref), Sender: "kintell", ExternalID: ref, SessionID: identity.ID(h.acme, "kintell", "session", ref),
			SessionRef: ref, FromRole: feedback.FromParticipant, Text: body, CreatedAt: noon, SentAt: noon.Add(time.Hour),
		}
		told := contract.Cause{ID: identity.NewID(), Company: h.acme, At: noon}.Then(contract.KintellRatingCreated{
			RatingID: written.ID, SessionID: written.SessionID, FromRole: "participant", CreatedAt: noon,
		})
		tx.Feedback().Rate([]port.News[feedback.Rating]{{Fact: written, Event: told}})
		return nil
	})
	if err != nil {
		h.t.Error(err)
	}
}

// screens says that a text was screened and what was found.
func (h *house) screens(owner, id, body string, found ...safety.Finding) {
	h.t.Helper()
	verdict := safety.Usual.Judge(found)
	s := safety.Screened{
		Screening:   safety.Screening{ID: identity.NewID(), ContentID: id, ContentType: "feedback_text", Version: "v", Findings: found, Route: verdict.Route, At: noon},
		TextVersion: safety.TextVersion(id, body),
	}
	h.do(owner, func(tx port.Tx) error {
		kept, err := tx.Safety().Keep(h.t.Context(), s)
		if err != nil || !kept {
			return fmt.Errorf("screening kept: %t, %w", kept, err)
		}
		if verdict.Route != safety.Clear {
			tx.Safety().Raise(safety.Raise(identity.NewID(), s, owner, verdict, tx.Now()))
		}
		return nil
	})
}

// tells keeps a text that may be shown.
func (h *house) tells(owner, ref, body string) string {
	h.t.Helper()
	id := h.wrote(owner, ref, body, 1)
	h.screens(owner, id, body)
	return id
}

func TestEachRouteIsForItsRolesAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	audit := h.acme + "-2026-Q1"
	h.tells(h.acme, "a", "I am brave.")
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	item := decode[turn](t, h.must(200, omar, "GET", "/v1/classify/audits/"+audit+"/next", "")).Item
	for _, c := range []struct {
		method, path, body string
		ok                 int
		roles              string
	}{
		{"GET", "/v1/taxonomy", "", 200, "system_admin programme_staff safeguarding company_admin company_user participant volunteer api_client"},
		{"POST", "/v1/classify", `{"text":"I am brave."}`, 200, "system_admin programme_staff company_admin api_client"},
		{"POST", "/v1/classify/audits", draws(h.acme, 5), 200, "system_admin programme_staff"},
		{"GET", "/v1/classify/audits", "", 200, "system_admin programme_staff safeguarding"},
		{"GET", "/v1/classify/audits/" + audit + "/next", "", 200, "system_admin programme_staff safeguarding"},
		{"POST", "/v1/classify/audits/" + audit + "/items/" + item.ID, to(item, labels), 201, "system_admin programme_staff safeguarding"},
	} {
		for _, role := range identity.Roles {
			for _, owner := range []string{h.acme, h.bolt} { // of whom the audit is, and another
				who := access.Caller{Subject: string(role) + owner, Company: owner, Role: role}
				if role.OfOperator() {
					who.Company = ""
				}
				want := http.StatusForbidden
				if slices.Contains(strings.Fields(c.roles), string(role)) {
					want = c.ok
				}
				if w := h.ask(who, c.method, c.path, c.body); w.Code != want {
					t.Errorf("%s %s by %s: status %d, expected %d: %s", c.method, c.path, role, w.Code, want, w.Body)
				}
			}
		}
		if w := h.ask(access.Caller{}, c.method, c.path, c.body); w.Code != http.StatusUnauthorized {
			t.Errorf("%s %s by nobody: status %d", c.method, c.path, w.Code)
		}
	}
	if w := h.ask(access.Caller{Subject: "x", Role: identity.APIClient}, "POST", "/v1/classify", `{"text":"a"}`); w.Code != http.StatusForbidden {
		t.Errorf("a client of no company: status %d", w.Code)
	}
}

func TestWhatIsNoResourceIsMissing(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{"/v1/classify/x", "/v1/classify/audits/", "/v1/taxonomy/x"} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		err := classify.New(h, reader{&h.asked}, allowed).Serve(httptest.NewRecorder(), r)
		if fault.KindOf(err) != fault.Missing {
			t.Errorf("%s: %v", path, err)
		}
	}
}
