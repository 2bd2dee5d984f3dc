package kintell_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

var now = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

const (
	sessionBody = `{"session_id":"KS-1","session_type":"language","participant_email":"mira.t@sample.test","volunteer_email":"paul.r@sample.test",` +
		`"scheduled_at":"2026-06-02T16:30:00Z","completed_at":"2026-06-02T17:15:00Z","duration_minutes":45}`
	ratingBody  = `{"rating_id":"KR-1","session_id":"KS-1","from_role":"participant","rating":0.8,"created_at":"2026-06-02T19:02:00Z"}`
	bookingBody = `{"booking_id":"KS-1","session_type":"language","participant_email":"mira.t@sample.test","volunteer_email":"paul.r@sample.test",` +
		`"scheduled_at":"2026-06-12T16:30:00Z"}`
)

func read(kind, body string) (kintell.Given, error) {
	return kintell.Read(kind, []byte(body), contract.Cause{ID: identity.NewID(), Company: "acme", At: now}, now)
}

// fields are the names of what was wrong, in order.
func fields(err error) []string {
	var names []string
	if known := fault.Of(err); known != nil {
		for _, f := range known.Fields {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, kind, from, to string
		fields               []string
	}{
		{"an empty id", kintell.SessionCompleted, `"KS-1"`, `""`, []string{"session_id"}},
		{"a long id", kintell.SessionCompleted, `"KS-1"`, `"` + strings.Repeat("x", 256) + `"`, []string{"session_id"}},
		{"an id with a zero", kintell.SessionCompleted, `"KS-1"`, `"KS-1\u0000"`, []string{"session_id"}},
		{"an id with a separator", kintell.SessionCompleted, `"KS-1"`, `"KS\u001f1"`, []string{"session_id"}},
		{"an id that is a number", kintell.SessionCompleted, `"KS-1"`, `1`, []string{"session_id"}},
		{"an unknown programme", kintell.SessionCompleted, `"language"`, `"cooking"`, []string{"session_type"}},
		{"a name before an address", kintell.SessionCompleted, `"mira.t@sample.test"`, `"Mira <mira.t@sample.test>"`, []string{"participant_email"}},
		{"a header in an address", kintell.SessionCompleted, `"mira.t@sample.test"`, `"mira.t@sample.test\r\nBcc: x@sample.test"`, []string{"participant_email"}},
		{"two addresses", kintell.SessionCompleted, `"mira.t@sample.test"`, `"mira.t@sample.test,x@sample.test"`, []string{"participant_email"}},
		{"an address without a host", kintell.SessionCompleted, `"mira.t@sample.test"`, `"mira.t@"`, []string{"participant_email"}},
		{"one person on both sides", kintell.SessionCompleted, `"paul.r@sample.test"`, `"MIRA.T@sample.test"`, []string{"volunteer_email"}},
		{"a day for an instant", kintell.SessionCompleted, `"2026-06-02T16:30:00Z"`, `"2026-06-02"`, []string{"scheduled_at"}},
		{"a time without a zone", kintell.SessionCompleted, `"2026-06-02T16:30:00Z"`, `"2026-06-02T16:30:00"`, []string{"scheduled_at"}},
		{"the thirtieth of February", kintell.SessionCompleted, `"2026-06-02T16:30:00Z"`, `"2026-02-30T16:30:00Z"`, []string{"scheduled_at"}},
		{"the year nine thousand", kintell.SessionCompleted, `"2026-06-02T16:30:00Z"`, `"9026-06-02T16:30:00Z"`, []string{"scheduled_at", "completed_at"}},
		{"longer ago than ten years", kintell.SessionCompleted, `"2026-06-02T16:30:00Z"`, `"2016-06-01T16:30:00Z"`, []string{"scheduled_at"}},
		{"held in two days", kintell.SessionCompleted, `"2026-06-02T17:15:00Z"`, `"2026-06-12T17:15:00Z"`, []string{"completed_at"}},
		{"held before it was to be", kintell.SessionCompleted, `"2026-06-02T17:15:00Z"`, `"2026-06-02T16:29:59Z"`, []string{"completed_at"}},
		{"no minutes", kintell.SessionCompleted, `:45`, `:0`, []string{"duration_minutes"}},
		{"minutes below nothing", kintell.SessionCompleted, `:45`, `:-45`, []string{"duration_minutes"}},
		{"more than eight hours", kintell.SessionCompleted, `:45`, `:481`, []string{"duration_minutes"}},
		{"half a minute", kintell.SessionCompleted, `:45`, `:44.5`, []string{"duration_minutes"}},
		{"minutes in words", kintell.SessionCompleted, `:45`, `:"45"`, []string{"duration_minutes"}},
		{"minutes beyond all counting", kintell.SessionCompleted, `:45`, `:1e400`, []string{"duration_minutes"}},
		{"an unknown level", kintell.SessionCompleted, `:45`, `:45,"language_level":"D1"`, []string{"language_level"}},
		{"a topic for topics", kintell.SessionCompleted, `:45`, `:45,"topics":"talk"`, []string{"topics"}},
		{"topics beyond fifty", kintell.SessionCompleted, `:45`, `:45,"topics":["x"` + strings.Repeat(`,"x"`, 50) + `]`, []string{"topics"}},
		{"a topic with a separator", kintell.SessionCompleted, `:45`, `:45,"topics":["x\u001fy"]`, []string{"topics"}},
		{"a field nobody knows", kintell.SessionCompleted, `:45`, `:45,"room":"12"`, []string{"room"}},
		{"a field twice", kintell.SessionCompleted, `:45`, `:45,"duration_minutes":46`, []string{"duration_minutes"}},
		{"a field in capitals", kintell.SessionCompleted, `"duration_minutes"`, `"Duration_Minutes"`, []string{"Duration_Minutes"}},
		{"a rating beyond one", kintell.RatingCreated, `0.8`, `1.001`, []string{"rating"}},
		{"a rating below nothing", kintell.RatingCreated, `0.8`, `-0.1`, []string{"rating"}},
		{"no rating", kintell.RatingCreated, `0.8`, `null`, []string{"rating"}},
		{"a rating in words", kintell.RatingCreated, `0.8`, `"0.8"`, []string{"rating"}},
		{"somebody else's rating", kintell.RatingCreated, `"participant"`, `"mentor"`, []string{"from_role"}},
		{"a text beyond its length", kintell.RatingCreated, `0.8`, `0.8,"feedback_text":"` + strings.Repeat("ø", 5001) + `"`, []string{"feedback_text"}},
		{"a text with a zero", kintell.RatingCreated, `0.8`, `0.8,"feedback_text":"a\u0000b"`, []string{"feedback_text"}},
		{"a booking beyond two years", kintell.BookingConfirmed, `2026-06-12`, `2028-06-12`, []string{"scheduled_at"}},
		{"everything at once", kintell.BookingConfirmed, bookingBody, `{}`, []string{"booking_id", "session_type", "participant_email", "volunteer_email", "scheduled_at"}},
		{"an array", kintell.BookingConfirmed, bookingBody, `[]`, []string{"body"}},
		{"a word", kintell.BookingConfirmed, bookingBody, `"x"`, []string{"body"}},
	} {
		body := map[string]string{kintell.SessionCompleted: sessionBody, kintell.RatingCreated: ratingBody, kintell.BookingConfirmed: bookingBody}[c.kind]
		changed := strings.Replace(body, c.from, c.to, 1)
		if changed == body {
			t.Fatalf("%s changes nothing", c.what)
		}
		_, err := read(c.kind, changed)
		if diff := cmp.Diff(c.fields, fields(err)); fault.KindOf(err) != fault.Invalid || diff != "" {
			t.Errorf("%s: %v; fields: %s", c.what, err, diff)
		}
	}
}

func TestWhatMayBeLeftOutOrWrittenOtherwiseIsTaken(t *testing.T) {
	t.Parallel()
	want := kintell.Session{
		ExternalID: "KS-1", Type: session.Language, ParticipantEmail: "mira.t@sample.test", VolunteerEmail: "paul.r@sample.test",
		ScheduledAt: time.Date(2026, 6, 2, 16, 30, 0, 0, time.UTC), CompletedAt: time.Date(2026, 6, 2, 17, 15, 0, 0, time.UTC), Minutes: 45,
	}
	level, topics := want, want
	level.LanguageLevel, topics.Topics = "B1", []string{"rent", "small, talk"}
	for what, c := range map[string]struct {
		from, to string
		want     kintell.Session
	}{
		"as it is":              {":45", ":45", want},
		"nulls":                 {":45", `:45,"topics":null,"language_level":null`, want},
		"another zone":          {"2026-06-02T16:30:00Z", "2026-06-02T18:30:00+02:00", want},
		"capitals and blanks":   {`"mira.t@sample.test"`, `" Mira.T@SAMPLE.test "`, want},
		"a level in lower case": {":45", `:45,"language_level":"b1"`, level},
		"topics":                {":45", `:45,"topics":["rent","small, talk"]`, topics},
	} {
		given, err := read(kintell.SessionCompleted, strings.Replace(sessionBody, c.from, c.to, 1))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if diff := cmp.Diff(c.want, *given.Session); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

func TestAnUnknownKindOfDeliveryIsMissing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "session-cancelled", "SESSION-COMPLETED"} {
		if _, err := read(kind, sessionBody); fault.KindOf(err) != fault.Missing {
			t.Errorf("%q: %v, expected missing", kind, err)
		}
	}
}

// FuzzRead reads any body as each kind of delivery. What is taken must be whole enough to be kept, twice, and adds nothing the second time.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("../../../events/webhooks/kintell/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no samples (%v)", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var sample struct {
			Path string
			Body json.RawMessage
		}
		err = json.Unmarshal(raw, &sample)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(path.Base(sample.Path), []byte(sample.Body))
	}
	for kind, body := range map[string]string{kintell.SessionCompleted: sessionBody, kintell.RatingCreated: ratingBody, kintell.BookingConfirmed: bookingBody} {
		f.Add(kind, []byte(body))
		f.Add(kind, []byte(strings.Repeat("[", 100)))
		f.Add(kind, []byte(body[:len(body)-1]))
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		ledger := memory.New(memory.Options{Now: func() time.Time { return now }})
		id := ledger.Seed(company.Company{Slug: "acme"}).ID
		cause := contract.Cause{ID: identity.ID(id, "kintell", "delivery", "1"), Company: id, At: now}
		given, err := kintell.Read(kind, body, cause, now)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Missing {
				t.Fatalf("%s: refused as %v", kind, err)
			}
			return
		}
		told := 0
		for i := range 2 {
			again := cause
			again.ID = identity.ID(id, "kintell", "delivery", fmt.Sprint(i))
			given.Cause = again
			err = ledger.Once(t.Context(), "webhooks/kintell", again, func(tx port.Tx) error { return kintell.Keep(t.Context(), tx, given) })
			if err != nil {
				t.Fatalf("%s was read and cannot be kept: %v", body, err)
			}
			now := len(ledger.Told(id))
			if now == 0 || i == 1 && now != told {
				t.Fatalf("told %d events after %d", now, told)
			}
			told = now
		}
	})
}
