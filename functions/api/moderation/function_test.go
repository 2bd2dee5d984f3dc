package moderation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/api/moderation"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

var (
	siri  = access.Caller{Subject: "siri", Role: identity.ProgrammeStaff}
	omar  = access.Caller{Subject: "0b6f4a58-6a0c-4d2f-9a3e-0c6a5b1d7e11", Role: identity.SystemAdmin}
	guard = access.Caller{Subject: "guro", Role: identity.Safeguarding}
	gina  = access.Caller{Subject: "gina", Role: identity.Safeguarding}
)

// house is a ledger with texts in it and a handler over it.
type house struct {
	port.Ledger
	told  func() []contract.Event
	audit func() []company.Entry
	acme  string
	clock *atomic.Int64 // seconds since noon
}

func open(t *testing.T) house {
	t.Helper()
	clock := &atomic.Int64{}
	l := memory.New(memory.Options{Now: func() time.Time { return noon.Add(time.Duration(clock.Load()) * time.Second) }})
	acme := l.Seed(company.Company{Slug: "acme"}).ID
	return house{
		Ledger: l, acme: acme, clock: clock,
		told: func() []contract.Event { return l.Told(acme) },
		audit: func() (entries []company.Entry) {
			for _, line := range l.AuditLog(acme) {
				entries = append(entries, line.Entry)
			}
			return entries
		},
	}
}

func (h house) do(t *testing.T, f func(tx port.Tx) error) {
	t.Helper()
	err := h.Do(t.Context(), port.In(h.acme, "test"), f)
	if err != nil {
		t.Fatal(err)
	}
}

// held keeps a text of a participant in which something was found, and its flag. doubled says whether its decision is asked of a second person.
func (h house) held(t *testing.T, body string, doubled bool, found ...safety.Finding) (safety.Flag, string) {
	t.Helper()
	var flag safety.Flag
	var author string
	for n := 0; flag.ID == ""; n++ {
		ref := fmt.Sprint(body, n)
		id := identity.ID(h.acme, "kintell", "rating", ref)
		s := safety.Screened{
			Screening:   safety.Screening{ID: identity.NewID(), ContentID: id, ContentType: "feedback_text", Version: "v", Findings: found, At: noon},
			TextVersion: safety.TextVersion(id, body),
		}
		verdict := safety.Usual.Judge(found)
		s.Route = verdict.Route
		flagID := contract.EventID(id, "flag", s.TextVersion)
		if safety.Doubled(flagID) != doubled {
			continue
		}
		h.do(t, func(tx port.Tx) error {
			people, err := tx.People().Persons(t.Context(), []identity.Contact{{Email: identity.NewID() + "@example.org", Role: identity.Participant}, {Email: "kari@example.com", Role: identity.Volunteer}})
			if err != nil {
				return err
			}
			author = people[0]
			h.writes(tx, ref, body, people, 1)
			kept, err := tx.Safety().Keep(t.Context(), s)
			if err != nil || !kept {
				return fmt.Errorf("screening kept: %t, %w", kept, err)
			}
			flag = safety.Raise(flagID, s, h.acme, verdict, tx.Now())
			tx.Safety().Raise(flag)
			return nil
		})
	}
	return flag, author
}

// writes keeps a session of people and what its participant wrote. order orders the statements about it.
func (h house) writes(tx port.Tx, ref, body string, people []string, order int) {
	cause := contract.Cause{ID: identity.NewID(), Company: h.acme, At: noon}
	held := session.Completion{
		ID: identity.ID(h.acme, "kintell", "session", ref), Sender: "kintell", ExternalID: ref, Type: session.Language, Participant: people[0], Volunteer: people[1],
		ScheduledAt: noon, CompletedAt: noon, Minutes: 30, SentAt: noon,
	}
	written := feedback.Rating{
		ID: identity.ID(h.acme, "kintell", "rating", ref), Sender: "kintell", ExternalID: ref, SessionID: held.ID, SessionRef: ref,
		FromRole: feedback.FromParticipant, Text: body, CreatedAt: noon, SentAt: noon.Add(time.Duration(order) * time.Minute),
	}
	tx.Sessions().Complete([]port.News[session.Completion]{{Fact: held, Event: cause.Then(contract.KintellSessionCompleted{
		SessionID: held.ID, SessionType: "language", ParticipantID: people[0], VolunteerID: people[1], ScheduledAt: noon, CompletedAt: noon, DurationMinutes: 30,
	})}})
	tx.Feedback().Rate([]port.News[feedback.Rating]{{Fact: written, Event: cause.Then(contract.KintellRatingCreated{
		RatingID: written.ID, SessionID: held.ID, FromRole: "participant", CreatedAt: noon,
	})}})
}

func finding(c safety.Category) safety.Finding { return safety.Finding{Category: c, Confidence: 0.9} }

func (h house) ask(ctx context.Context, who access.Caller, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(access.With(ctx, who), method, path, strings.NewReader(body))
	if rest, ok := strings.CutPrefix(r.URL.Path, "/v1/moderation/flags/"); ok {
		id, _, _ := strings.Cut(rest, "/")
		r.SetPathValue("flagId", id)
	}
	w := httptest.NewRecorder()
	web.Handle(moderation.New(h).Serve).ServeHTTP(w, r)
	return w
}

// flag is a flag as the API answers it.
type flag struct {
	ID, Company, Status, Route, AppealOutcome string
	NeedsHelp, Mine, Masked                   bool
	Categories                                []string
	ClaimedUntil, ReviewedAt                  time.Time
	Alerted                                   int
	Text                                      *string
	Reviews                                   []struct{ Kind, Decision, Reason string }
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

// get and post ask about one flag and expect a status.
func (h house) get(t *testing.T, who access.Caller, id, query string, status int) flag {
	t.Helper()
	w := h.ask(t.Context(), who, http.MethodGet, "/v1/moderation/flags/"+id+query, "")
	if w.Code != status {
		t.Fatalf("GET %s by %s: status %d, expected %d: %s", query, who.Subject, w.Code, status, w.Body)
	}
	return answered(t, w)
}

// answered is the flag of an answer, the zero flag of a refusal.
func answered(t *testing.T, w *httptest.ResponseRecorder) flag {
	t.Helper()
	if w.Code != http.StatusOK {
		return flag{}
	}
	return decode[flag](t, w)
}

func (h house) post(t *testing.T, who access.Caller, id, act, body string, status int) flag {
	t.Helper()
	w := h.ask(t.Context(), who, http.MethodPost, "/v1/moderation/flags/"+id+"/"+act, body)
	if w.Code != status {
		t.Fatalf("%s by %s: status %d, expected %d: %s", act, who.Subject, w.Code, status, w.Body)
	}
	return answered(t, w)
}

func says(decision string) string { return `{"decision":"` + decision + `","reason":"because"}` }

// decides claims and decides.
func (h house) decides(t *testing.T, who access.Caller, id, decision string) flag {
	t.Helper()
	h.post(t, who, id, "claim", "", 200)
	return h.post(t, who, id, "decision", says(decision), 200)
}

func (h house) completed(t *testing.T) (decisions []string) {
	t.Helper()
	for _, body := range h.reviewed(t) {
		decisions = append(decisions, body.Decision)
	}
	return decisions
}

// reviewed are the bodies of the decisions that were told, in their order.
func (h house) reviewed(t *testing.T) (bodies []contract.SafetyReviewCompleted) {
	t.Helper()
	for _, e := range h.told() {
		if e.Type != (contract.SafetyReviewCompleted{}).EventType() {
			continue
		}
		in, err := contract.Decode[contract.SafetyReviewCompleted](e)
		if err != nil {
			t.Fatal(err)
		}
		if !identity.IsID(in.Body.ReviewerID) || in.Body.Notes != "" || strings.Contains(string(e.Data), "because") {
			t.Errorf("told %+v", in.Body)
		}
		bodies = append(bodies, in.Body)
	}
	return bodies
}

func TestTheQueueShowsNoTextAndIsPaged(t *testing.T) {
	t.Parallel()
	h := open(t)
	hate, _ := h.held(t, "first words", false, finding(safety.Hate), finding(safety.PII))
	h.clock.Add(60)
	harm, _ := h.held(t, "second words", false, finding(safety.SelfHarm))
	h.clock.Add(60)
	later, _ := h.held(t, "third words", false, finding(safety.Hate))
	for name, c := range map[string]struct {
		query string
		want  []string
		next  string
	}{
		"all":               {"", []string{harm.ID, hate.ID, later.ID}, ""},
		"moderation":        {"?route=moderation", []string{hate.ID, later.ID}, ""},
		"safeguarding":      {"?route=safeguarding", []string{harm.ID}, ""},
		"personal data too": {"?category=pii", []string{hate.ID}, ""},
		"decided":           {"?status=approved", nil, ""},
		"the first page":    {"?limit=2", []string{harm.ID, hate.ID}, hate.ID},
		"the second page":   {"?limit=2&after=" + hate.ID, []string{later.ID}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := h.ask(t.Context(), siri, http.MethodGet, "/v1/moderation/queue"+c.query, "")
			got := decode[struct {
				Flags []flag
				Next  string
			}](t, w)
			var ids []string
			for _, f := range got.Flags {
				ids = append(ids, f.ID)
			}
			if diff := cmp.Diff(c.want, ids); diff != "" || got.Next != c.next {
				t.Errorf("next %q, expected %q: %s", got.Next, c.next, diff)
			}
			if strings.Contains(w.Body.String(), "words") || strings.Contains(w.Body.String(), `"text"`) {
				t.Errorf("the queue shows a text: %s", w.Body)
			}
		})
	}
}

func TestATextIsShownWhenAskedForMaskedAndAudited(t *testing.T) {
	t.Parallel()
	h := open(t)
	f, _ := h.held(t, "Дзвоніть 91234567 you fools", false, finding(safety.Harassment),
		safety.Finding{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: 9, End: 17, Kind: "phone"}}})
	if got := h.get(t, siri, f.ID, "", 200); got.Text != nil || got.Company != h.acme || !slices.Equal(got.Categories, []string{"harassment", "pii"}) {
		t.Errorf("%+v, expected metadata alone", got)
	}
	h.get(t, siri, f.ID, "?reveal=false", 200)
	reads := func() (n int) {
		for _, e := range h.audit() {
			if e.Action == "READ" && e.ResourceID == f.ID {
				n++
			}
		}
		return n
	}
	if reads() != 0 {
		t.Error("reading metadata counts as reading the text")
	}
	got := h.get(t, siri, f.ID, "?reveal=true", 200)
	if got.Text == nil || !got.Masked || strings.Contains(*got.Text, "91234567") || !strings.Contains(*got.Text, "you fools") || !strings.Contains(*got.Text, "Дзвоніть") {
		t.Errorf("%+v, expected the text without the number", got)
	}
	if reads() != 1 {
		t.Errorf("%d lines of the audit log say that the text was read, expected one", reads())
	}
	missed, _ := h.held(t, "you fools, write to olena@example.org", false, finding(safety.Harassment))
	got = h.get(t, siri, missed.ID, "?reveal=true", 200)
	if got.Text == nil || !got.Masked || strings.Contains(*got.Text, "olena@example.org") {
		t.Errorf("%+v, expected what the screener missed to be masked too", got)
	}
}

func TestWhatGoesToSafeguardingIsForThatRoleAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	f, _ := h.held(t, "self-harm, ring 91234567", false, finding(safety.SelfHarm),
		safety.Finding{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: 16, End: 24, Kind: "phone"}}})
	for _, who := range []access.Caller{siri, omar} {
		if got := h.get(t, who, f.ID, "", 200); got.Text != nil || got.Route != "safeguarding" {
			t.Errorf("%+v", got)
		}
		w := h.ask(t.Context(), who, http.MethodGet, "/v1/moderation/flags/"+f.ID+"?reveal=true", "")
		if w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "ring") {
			t.Errorf("%s: status %d, expected 403 without the text: %s", who.Role, w.Code, w.Body)
		}
		h.post(t, who, f.ID, "claim", "", 403)
		h.post(t, who, f.ID, "decision", says("approved"), 403)
	}
	got := h.get(t, guard, f.ID, "?reveal=true", 200)
	if got.Text == nil || *got.Text != "self-harm, ring 91234567" || got.Masked {
		t.Errorf("%+v, expected the whole text: somebody may have to be reached", got)
	}
	h.decides(t, guard, f.ID, "rejected")
}

func TestADecisionIsToldOnceAndKeepsItsReason(t *testing.T) {
	t.Parallel()
	h := open(t)
	f, _ := h.held(t, "hateful words", false, finding(safety.Hate))
	h.post(t, siri, f.ID, "decision", says("rejected"), 409)
	claimed := h.post(t, siri, f.ID, "claim", "", 200)
	if !claimed.Mine || !claimed.ClaimedUntil.Equal(noon.Add(safety.Lease)) {
		t.Errorf("claimed %+v", claimed)
	}
	h.post(t, omar, f.ID, "claim", "{}", 409)
	if got := h.get(t, omar, f.ID, "", 200); got.Mine || got.ClaimedUntil.IsZero() {
		t.Errorf("another reviewer sees %+v", got)
	}
	h.post(t, siri, f.ID, "release", "", 200)
	h.clock.Add(3600)
	decided := h.decides(t, omar, f.ID, "rejected")
	if decided.Status != "rejected" || !decided.ReviewedAt.Equal(noon.Add(time.Hour)) || decided.Mine {
		t.Errorf("decided %+v", decided)
	}
	h.post(t, omar, f.ID, "decision", says("approved"), 409)
	h.post(t, siri, f.ID, "claim", "", 409)
	if diff := cmp.Diff([]string{"rejected"}, h.completed(t)); diff != "" {
		t.Error(diff)
	}
	shown := h.get(t, siri, f.ID, "?reveal=true", 200)
	if len(shown.Reviews) != 1 || shown.Reviews[0].Kind != "decision" || shown.Reviews[0].Decision != "rejected" || shown.Reviews[0].Reason != "because" {
		t.Errorf("reviews %+v", shown.Reviews)
	}
	for _, e := range h.audit() {
		if strings.Contains(fmt.Sprint(e), "because") || strings.Contains(fmt.Sprint(e), "hateful") {
			t.Errorf("the audit log carries a text: %+v", e)
		}
	}
}

func TestADecisionTellsWhatWasFoundAndWhereTheFlagIs(t *testing.T) {
	t.Parallel()
	h := open(t)
	both, _ := h.held(t, "hateful words and a number", false, finding(safety.Hate), finding(safety.PII))
	h.decides(t, siri, both.ID, "rejected")
	harm, _ := h.held(t, "words of despair", false, finding(safety.SelfHarm))
	h.decides(t, guard, harm.ID, "approved")
	graver, _ := h.held(t, "threatening words", false, finding(safety.Violence))
	h.decides(t, siri, graver.ID, "escalated")
	type told struct {
		Flag, Decision, Route string
		Categories            []string
	}
	var got []told
	for _, body := range h.reviewed(t) {
		got = append(got, told{body.FlagID, body.Decision, body.Route, body.Categories})
	}
	want := []told{
		{both.ID, "rejected", "moderation", []string{"hate", "pii"}},
		{harm.ID, "approved", "safeguarding", []string{"self_harm"}},
		{graver.ID, "escalated", "safeguarding", []string{"violence"}}, // the decision moves it
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAnEscalationNeedsASecondPersonAndAlertsSafeguarding(t *testing.T) {
	t.Parallel()
	h := open(t)
	err := h.Do(t.Context(), port.In(company.OperatorID, "test"), func(tx port.Tx) error {
		_, err := tx.People().Persons(t.Context(), []identity.Contact{{Email: "guro@operator.example", Role: identity.Safeguarding}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := h.held(t, "threatening words", false, finding(safety.Violence))
	got := h.decides(t, guard, f.ID, "escalated")
	if got.Status != "escalated" || got.Route != "safeguarding" || got.Alerted != 1 {
		t.Errorf("%+v", got)
	}
	alerts := 0
	for _, e := range h.told() {
		if e.Type == (contract.NotificationRequested{}).EventType() {
			alerts++
		}
	}
	if alerts != 1 {
		t.Errorf("%d alerts, expected one", alerts)
	}
	h.get(t, siri, f.ID, "?reveal=true", 403)
	h.post(t, siri, f.ID, "claim", "", 403)
	h.post(t, guard, f.ID, "claim", "", 409)
	h.post(t, gina, f.ID, "claim", "", 200)
	h.post(t, gina, f.ID, "decision", says("approved"), 409)
	if got := h.post(t, gina, f.ID, "decision", says("returned"), 200); got.Status != "open" || got.Route != "moderation" {
		t.Errorf("sent back: %+v", got)
	}
	h.decides(t, siri, f.ID, "escalated")
	if got := h.decides(t, gina, f.ID, "escalated"); got.Status != "open" || got.Route != "safeguarding" {
		t.Errorf("confirmed: %+v", got)
	}
	h.decides(t, gina, f.ID, "rejected")
	if diff := cmp.Diff([]string{"escalated", "escalated", "escalated", "rejected"}, h.completed(t)); diff != "" {
		t.Error(diff)
	}
}

func TestAnAuthorMayAppealForTheirOwnTextOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	f, author := h.held(t, "hateful words", false, finding(safety.Hate))
	olena := access.Caller{Subject: author, Company: h.acme, Role: identity.Participant}
	h.post(t, olena, f.ID, "appeal", `{"reason":"it was a quote"}`, 409) // nobody has rejected it
	h.decides(t, siri, f.ID, "rejected")
	for name, who := range map[string]access.Caller{
		"somebody else":               {Subject: identity.NewID(), Company: h.acme, Role: identity.Participant},
		"their volunteer":             {Subject: identity.NewID(), Company: h.acme, Role: identity.Volunteer},
		"themself, of another tenant": {Subject: author, Company: identity.NewID(), Role: identity.Participant},
	} {
		w := h.ask(t.Context(), who, http.MethodPost, "/v1/moderation/flags/"+f.ID+"/appeal", `{"reason":"x"}`)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d, expected 404: %s", name, w.Code, w.Body)
		}
	}
	w := h.ask(t.Context(), olena, http.MethodPost, "/v1/moderation/flags/"+f.ID+"/appeal", `{"reason":"it was a quote"}`)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "hate") || decode[flag](t, w).Status != "appealed" {
		t.Fatalf("status %d, expected the appeal and nothing of what was found: %s", w.Code, w.Body)
	}
	h.post(t, olena, f.ID, "appeal", `{"reason":"again"}`, 409)
	h.post(t, siri, f.ID, "claim", "", 409) // has decided it before
	shown := h.get(t, omar, f.ID, "?reveal=true", 200)
	if len(shown.Reviews) != 2 || shown.Reviews[1].Kind != "appeal" || shown.Reviews[1].Reason != "it was a quote" {
		t.Errorf("reviews %+v", shown.Reviews)
	}
	if got := h.decides(t, omar, f.ID, "approved"); got.Status != "approved" || got.AppealOutcome != "overturned" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"rejected", "approved"}, h.completed(t)); diff != "" {
		t.Error(diff)
	}
	other, _ := h.held(t, "other words", false, finding(safety.Hate))
	h.decides(t, siri, other.ID, "rejected")
	h.post(t, siri, other.ID, "appeal", `{"reason":"on behalf of the author"}`, 200)
}

// appealsForAnother: staff who appeal on behalf of the author leave the decision to somebody else.
func appealsForAnother(t *testing.T, h house) {
	t.Helper()
	f, _ := h.held(t, "hateful words", false, finding(safety.Hate))
	h.decides(t, siri, f.ID, "rejected")
	h.post(t, omar, f.ID, "appeal", `{"reason":"on behalf of the author"}`, 200)
	for _, act := range [][2]string{{"claim", ""}, {"decision", says("approved")}} {
		w := h.ask(t.Context(), omar, http.MethodPost, "/v1/moderation/flags/"+f.ID+"/"+act[0], act[1])
		if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "who asked for it") {
			t.Errorf("%s: status %d, expected 409 saying why: %s", act[0], w.Code, w.Body)
		}
	}
	if got := h.decides(t, guard, f.ID, "approved"); got.AppealOutcome != "overturned" {
		t.Errorf("%+v", got)
	}
}

func TestWhoAppealsForAnotherDoesNotDecide(t *testing.T) {
	t.Parallel()
	appealsForAnother(t, open(t))
}

// TestAnAppealTellsNobodyOfADecisionThatASecondPersonIsAskedFor: whoever may be that person gets the same answer, to the byte, as for a flag
// that nobody has decided. The author, who is told what was decided, need not wait for them: with one moderator nobody ever comes.
func TestAnAppealTellsNobodyOfADecisionThatASecondPersonIsAskedFor(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, decision := range []string{"approved", "rejected"} {
		open, _ := h.held(t, "nobody decided this before it was "+decision, true, finding(safety.Hate))
		f, author := h.held(t, "this was "+decision, true, finding(safety.Hate))
		h.decides(t, siri, f.ID, decision)
		olena := access.Caller{Subject: author, Company: h.acme, Role: identity.Participant}
		for _, who := range []access.Caller{omar, guard} {
			of := func(id string) string {
				w := h.ask(t.Context(), who, http.MethodPost, "/v1/moderation/flags/"+id+"/appeal", `{"reason":"on behalf of the author"}`)
				return fmt.Sprint(w.Code, w.Body)
			}
			if got, want := of(f.ID), of(open.ID); got != want || !strings.HasPrefix(want, "409") {
				t.Errorf("%s of what was %s and waits for a second person: %s; of what is open: %s", who.Subject, decision, got, want)
			}
		}
		h.post(t, olena, f.ID, "appeal", `{"reason":"it was a quote"}`, map[string]int{"approved": 409, "rejected": 200}[decision])
		h.decides(t, omar, f.ID, "approved")
		h.post(t, olena, f.ID, "appeal", `{"reason":"it was a quote"}`, 409) // it is shown, or was appealed for already
	}
}

func TestASecondPersonIsAskedBlindly(t *testing.T) {
	t.Parallel()
	h := open(t)
	f, _ := h.held(t, "hateful words", true, finding(safety.Hate))
	h.decides(t, siri, f.ID, "rejected")
	got := h.get(t, omar, f.ID, "?reveal=true", 200)
	if got.Status != "open" || !got.ReviewedAt.IsZero() || got.Reviews != nil {
		t.Errorf("the second person sees %+v", got)
	}
	queue := func(who access.Caller) int {
		return len(decode[struct{ Flags []flag }](t, h.ask(t.Context(), who, http.MethodGet, "/v1/moderation/queue", "")).Flags)
	}
	if queue(siri) != 0 || queue(omar) != 1 {
		t.Errorf("%d wait for the decider and %d for another, expected 0 and 1", queue(siri), queue(omar))
	}
	h.post(t, siri, f.ID, "claim", "", 409)
	if got := h.decides(t, omar, f.ID, "approved"); got.Status != "rejected" {
		t.Errorf("%+v: a second opinion changes nothing", got)
	}
	if diff := cmp.Diff([]string{"rejected"}, h.completed(t)); diff != "" {
		t.Error(diff)
	}
}

func TestATextThatWasChangedIsNotShownNorDecided(t *testing.T) {
	t.Parallel()
	h := open(t)
	f, author := h.held(t, "hateful words", false, finding(safety.Hate))
	h.post(t, siri, f.ID, "claim", "", 200)
	h.do(t, func(tx port.Tx) error {
		people, err := tx.People().Persons(t.Context(), []identity.Contact{{Email: "kari@example.com", Role: identity.Volunteer}})
		for n := 0; err == nil && n < 50; n++ { // whichever of the texts was kept
			if identity.ID(h.acme, "kintell", "rating", fmt.Sprint("hateful words", n)) == f.ContentID {
				h.writes(tx, fmt.Sprint("hateful words", n), "better words", []string{author, people[0]}, 2)
			}
		}
		return err
	})
	w := h.ask(t.Context(), siri, http.MethodGet, "/v1/moderation/flags/"+f.ID+"?reveal=true", "")
	if w.Code != http.StatusConflict || strings.Contains(w.Body.String(), "better") {
		t.Errorf("status %d, expected 409 without the new text: %s", w.Code, w.Body)
	}
	h.do(t, func(tx port.Tx) error {
		known, err := tx.Safety().Flag(t.Context(), f.ID)
		if err != nil {
			return err
		}
		return tx.Safety().Advance(t.Context(), known.Withdrawn(), nil) // as consumers/screencontent does
	})
	w = h.ask(t.Context(), siri, http.MethodPost, "/v1/moderation/flags/"+f.ID+"/decision", says("rejected"))
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "changed or withdrawn") {
		t.Errorf("status %d, expected 409 saying so: %s", w.Code, w.Body)
	}
}

func TestTheCourseOfModerationIsCounted(t *testing.T) {
	t.Parallel()
	h := open(t)
	first, _ := h.held(t, "first", false, finding(safety.Hate))
	second, _ := h.held(t, "second", true, finding(safety.Hate))
	h.held(t, "third", false, finding(safety.SelfHarm))
	h.clock.Add(600)
	h.decides(t, siri, first.ID, "rejected")
	h.post(t, siri, first.ID, "appeal", `{"reason":"on behalf of the author"}`, 200)
	h.decides(t, omar, first.ID, "approved")
	h.clock.Add(600)
	h.decides(t, siri, second.ID, "rejected")
	h.decides(t, omar, second.ID, "rejected")
	w := h.ask(t.Context(), siri, http.MethodGet, "/v1/moderation/stats?days=1", "")
	var got any = decode[map[string]any](t, w)
	waited := map[string]any{"open": 0.0, "reviewed": 2.0, "medianSeconds": 600.0, "p90Seconds": 1200.0}
	waits := map[string]any{"open": 1.0, "reviewed": 0.0, "medianSeconds": nil, "p90Seconds": nil}
	want := any(map[string]any{
		"since":      noon.Add(20*time.Minute).AddDate(0, 0, -1).Format(time.RFC3339),
		"all":        map[string]any{"open": 1.0, "reviewed": 2.0, "medianSeconds": 600.0, "p90Seconds": 1200.0},
		"routes":     map[string]any{"moderation": waited, "safeguarding": waits},
		"categories": map[string]any{"hate": waited, "self_harm": waits},
		"unalerted":  1.0,
		"appeals":    map[string]any{"decided": 1.0, "overturned": 1.0, "overturnRate": 1.0},
		"agreement":  map[string]any{"pairs": 1.0, "kappa": nil},
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

func TestRequestsThatAreWrongNameTheField(t *testing.T) {
	t.Parallel()
	h := open(t)
	f, _ := h.held(t, "hateful words", false, finding(safety.Hate))
	h.post(t, siri, f.ID, "claim", "", 200)
	flags := "/v1/moderation/flags/"
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		field              string
	}{
		"unknown route":           {"GET", "/v1/moderation/queue?route=police", "", 400, "route"},
		"unknown status":          {"GET", "/v1/moderation/queue?status=lost", "", 400, "status"},
		"unknown category":        {"GET", "/v1/moderation/queue?category=rude", "", 400, "category"},
		"after what":              {"GET", "/v1/moderation/queue?after=x", "", 400, "after"},
		"limit too high":          {"GET", "/v1/moderation/queue?limit=201", "", 400, "limit"},
		"unknown parameter":       {"GET", "/v1/moderation/queue?company=acme", "", 400, "company"},
		"too many days":           {"GET", "/v1/moderation/stats?days=367", "", 400, "days"},
		"no days":                 {"GET", "/v1/moderation/stats?days=0", "", 400, "days"},
		"reveal what":             {"GET", flags + f.ID + "?reveal=yes", "", 400, "reveal"},
		"no id":                   {"GET", flags + "f1", "", 404, ""},
		"unknown id":              {"GET", flags + identity.NewID(), "", 404, ""},
		"claim of an unknown id":  {"POST", flags + identity.NewID() + "/claim", "", 404, ""},
		"claim with a body":       {"POST", flags + f.ID + "/claim", `{"by":"me"}`, 400, "body"},
		"claim with a query":      {"POST", flags + f.ID + "/claim?force=true", "", 400, "force"},
		"no body":                 {"POST", flags + f.ID + "/decision", "", 400, ""},
		"no JSON":                 {"POST", flags + f.ID + "/decision", "approved", 400, ""},
		"no reason":               {"POST", flags + f.ID + "/decision", `{"decision":"approved"}`, 400, "reason"},
		"a reason of blanks":      {"POST", flags + f.ID + "/decision", `{"decision":"approved","reason":"  "}`, 400, "reason"},
		"a reason too long":       {"POST", flags + f.ID + "/decision", `{"decision":"approved","reason":"` + strings.Repeat("я", 1001) + `"}`, 400, "reason"},
		"a body too long":         {"POST", flags + f.ID + "/decision", `{"reason":"` + strings.Repeat("x", 17<<10) + `"}`, 413, ""},
		"no decision":             {"POST", flags + f.ID + "/decision", `{"reason":"x"}`, 400, "decision"},
		"an unknown decision":     {"POST", flags + f.ID + "/decision", says("maybe"), 400, "decision"},
		"an unknown field":        {"POST", flags + f.ID + "/decision", `{"decision":"approved","reason":"x","notes":"y"}`, 400, "notes"},
		"an appeal that decides":  {"POST", flags + f.ID + "/appeal", says("approved"), 400, "decision"},
		"an appeal without why":   {"POST", flags + f.ID + "/appeal", `{}`, 400, "reason"},
		"appeal of an unknown id": {"POST", flags + identity.NewID() + "/appeal", `{"reason":"x"}`, 404, ""},
		"an unknown act":          {"POST", flags + f.ID + "/delete", "", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := h.ask(t.Context(), siri, c.method, c.path, c.body)
			details := decode[web.Details](t, w)
			named := c.field == "" || slices.ContainsFunc(details.Errors, func(e web.Wrong) bool { return e.Field == c.field })
			if w.Code != c.status || !named {
				t.Fatalf("status %d, expected %d naming %q: %s", w.Code, c.status, c.field, w.Body)
			}
		})
	}
}

func TestTheTableLetsReviewersInAndNoCompany(t *testing.T) {
	t.Parallel()
	for route, rule := range access.Table {
		if !strings.Contains(route, "/v1/moderation/") {
			continue
		}
		for _, role := range identity.Roles {
			allowed := role.OfOperator() || strings.HasSuffix(route, "/appeal") && (role == identity.Participant || role == identity.Volunteer)
			if slices.Contains(rule.Roles, role) != allowed {
				t.Errorf("%s: %s is allowed: %t, expected %t", route, role, !allowed, allowed)
			}
		}
	}
	err := access.Check("GET /v1/moderation/queue", access.Caller{Subject: "c", Company: "x", Role: identity.CompanyAdmin}, "")
	if fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a company's admin: %v, expected forbidden", err)
	}
}
