package kintell_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/webhooks/kintell"
	"github.com/teei/csr-platform/shared/adapter/keyring"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// now is shortly after what the samples tell of.
var now = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

const (
	completed = "/v1/kintell/webhooks/session-completed"
	rated     = "/v1/kintell/webhooks/rating-created"
	booked    = "/v1/kintell/webhooks/booking-confirmed"
)

// house is a platform with two companies, acme and other, that Kintell signs for with secrets of their own.
type house struct {
	t           *testing.T
	ledger      *memory.Ledger
	keys        port.Keys
	clock       time.Time
	acme, other string
	mux         *http.ServeMux
	log         bytes.Buffer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, clock: now, mux: http.NewServeMux()}
	tell := func() time.Time { return h.clock }
	h.ledger = memory.New(memory.Options{Now: tell})
	keys, err := keyring.Open(filepath.Join(t.TempDir(), "keyring.json"))
	if err != nil {
		t.Fatal(err)
	}
	h.keys = keys
	h.acme, h.other = h.ledger.Seed(company.Company{Slug: "acme"}).ID, h.ledger.Seed(company.Company{Slug: "other"}).ID
	h.secrets(h.acme, "secret of acme", "")
	h.secrets(h.other, "secret of other", "")
	handler := web.Handle(kintell.New(h.ledger, keys, tell).Receive)
	for _, path := range []string{completed, rated, booked} {
		route := "POST " + path
		h.mux.Handle(route, web.Serve(route, handler, web.Process{Function: "webhooks/kintell", Log: slog.New(slog.NewJSONHandler(&h.log, nil))}))
	}
	return h
}

// secrets are what Kintell may sign with for a company from the next look on.
func (h *house) secrets(companyID, first, second string) {
	h.t.Helper()
	sender := company.Sender{Company: companyID, Name: "kintell", SecretNow: h.seal(companyID, first)}
	if second != "" {
		sender.SecretNext = h.seal(companyID, second)
	}
	h.ledger.SeedSender(sender)
}

func (h *house) seal(companyID, secret string) []byte {
	h.t.Helper()
	sealed, err := h.keys.Seal(h.t.Context(), []byte(secret), company.SecretData(companyID, "kintell"))
	if err != nil {
		h.t.Fatal(err)
	}
	return sealed
}

// delivery is a request of Kintell's.
type delivery struct {
	path, company, id, secret string
	at                        time.Time
	body                      []byte
	header                    string // in place of the signature
}

// whole is a delivery that is fine.
func whole(body []byte) delivery {
	return delivery{path: completed, company: "acme", id: "kd-1", secret: "secret of acme", at: now, body: body}
}

func signed(secret string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// answer is what tests read of an answer.
type answer struct {
	code   int
	body   string // without the instance, which is another each time
	header http.Header
	fields []string
}

func (h *house) send(d delivery) answer {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, d.path+"?company="+d.company, bytes.NewReader(d.body))
	if d.id != "" {
		r.Header.Set("X-Delivery-Id", d.id)
	}
	header := d.header
	if header == "" {
		header = signed(d.secret, d.at, d.body)
	}
	if header != "none" {
		r.Header.Set("X-Kintell-Signature", header)
	}
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	var problem struct {
		Instance string
		Errors   []web.Wrong
	}
	err := json.Unmarshal(w.Body.Bytes(), &problem)
	if err != nil {
		h.t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	a := answer{code: w.Code, body: strings.ReplaceAll(w.Body.String(), `"`+problem.Instance+`"`, `""`), header: w.Header()}
	for _, wrong := range problem.Errors {
		a.fields = append(a.fields, wrong.Field)
	}
	a.header.Del("X-Request-Id")
	return a
}

// sample is a file of events/webhooks/kintell.
type sample struct {
	Path    string
	Headers map[string]string
	Body    json.RawMessage
	Status  int
	Fields  []string
}

func read(t testing.TB, name string) sample {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../../events/webhooks/kintell", name))
	if err != nil {
		t.Fatal(err)
	}
	var s sample
	err = json.Unmarshal(raw, &s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func (s sample) delivery() delivery {
	return delivery{path: s.Path, company: "acme", id: s.Headers["X-Delivery-Id"], secret: "secret of acme", at: now, body: s.Body}
}

func (h *house) parked() []company.Delivered {
	h.t.Helper()
	var found []company.Delivered
	err := h.ledger.Do(h.t.Context(), port.In(h.acme, "test"), func(tx port.Tx) error {
		var err error
		found, err = tx.Deliveries().List(h.t.Context(), company.StatusParked, "", 100)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func TestEverySampleGetsTheAnswerItNames(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../events/webhooks/kintell/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d samples (%v)", len(files), err)
	}
	h := newHouse(t)
	var refused []string
	for i, file := range files {
		s := read(t, filepath.Base(file))
		d := s.delivery()
		if s.Status == 0 {
			s.Status = http.StatusAccepted
		}
		d.at = now.Add(time.Duration(i) * time.Second) // a correction is said after what it corrects
		got := h.send(d)
		if got.code != s.Status {
			t.Errorf("%s: %d %s, expected %d", filepath.Base(file), got.code, got.body, s.Status)
		}
		if diff := cmp.Diff(s.Fields, got.fields); diff != "" {
			t.Errorf("%s: fields: %s", filepath.Base(file), diff)
		}
		if s.Status != http.StatusAccepted {
			refused = append(refused, d.id)
		}
	}
	var parked []string
	for _, p := range h.parked() {
		parked = append(parked, p.CauseID)
	}
	slices.Sort(refused)
	slices.Sort(parked)
	if diff := cmp.Diff(refused, parked); diff != "" {
		t.Errorf("refused (-) and kept to be mended (+): %s", diff)
	}
	for _, private := range []string{"@sample.test", "landlord", "nabolaget", "secret of"} {
		if strings.Contains(h.log.String(), private) {
			t.Errorf("%q is in the log", private)
		}
	}
}

func TestTheChainOfSamplesIsOneSessionWithBothRatings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i, name := range []string{
		"booking-confirmed", "rating-created-volunteer", "session-completed", "rating-created-participant", "session-completed-corrected",
	} {
		d := read(t, name+".json").delivery()
		h.clock = now.Add(time.Duration(i) * time.Minute)
		d.at = h.clock
		if got := h.send(d); got.code != http.StatusAccepted {
			t.Fatalf("%s: %d %s", name, got.code, got.body)
		}
	}
	sessions := h.ledger.Sessions(h.acme)
	if len(sessions) != 1 || sessions[0].ExternalID != "KS-77" || sessions[0].BookingID != "KS-77" || sessions[0].Minutes != 60 || sessions[0].LanguageLevel != "B1" {
		t.Errorf("sessions: %+v, expected KS-77 as corrected", sessions)
	}
	var from []string
	for _, r := range h.ledger.Ratings(h.acme) {
		if r.SessionID != sessions[0].ID {
			t.Errorf("rating %s is of session %s", r.ExternalID, r.SessionID)
		}
		from = append(from, string(r.FromRole))
	}
	slices.Sort(from)
	if diff := cmp.Diff([]string{"participant", "volunteer"}, from); diff != "" {
		t.Errorf("ratings: %s", diff)
	}
	if people := h.ledger.Members(h.acme); len(people) != 2 {
		t.Errorf("people: %v, expected the two", people)
	}
	if others := h.ledger.Sessions(h.other); others != nil {
		t.Errorf("another company has %+v", others)
	}
}

func TestADeliveryMayBeRepeatedAndNotRewritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := read(t, "session-completed.json").Body
	first := h.send(whole(body))
	if want := `{"status":"accepted","deliveryId":"kd-1"}`; first.code != http.StatusAccepted || !sameJSON(t, want, first.body) {
		t.Errorf("%d %s, expected 202 %s", first.code, first.body, want)
	}
	told := len(h.ledger.Told(h.acme))
	later := whole(body)
	later.at = now.Add(2 * time.Minute) // the sender signs each try afresh
	if diff := cmp.Diff(first, h.send(later), cmp.AllowUnexported(answer{})); diff != "" {
		t.Errorf("a repeat is answered otherwise: %s", diff)
	}
	if n := len(h.ledger.Told(h.acme)); n != told || told != 1 || len(h.ledger.Sessions(h.acme)) != 1 {
		t.Errorf("told %d and then %d events of %d sessions, expected 1, 1 of 1", told, n, len(h.ledger.Sessions(h.acme)))
	}
	other := h.send(whole(bytes.Replace(body, []byte("45"), []byte("46"), 1)))
	if other.code != http.StatusConflict {
		t.Errorf("another body under the same id: %d %s, expected 409", other.code, other.body)
	}
	if s := h.ledger.Sessions(h.acme); s[0].Minutes != 45 {
		t.Errorf("%d minutes, expected the accepted 45", s[0].Minutes)
	}
	again := whole(bytes.Replace(body, []byte("KS-77"), []byte("KS-78"), 1))
	again.company, again.secret = "other", "secret of other"
	if got := h.send(again); got.code != http.StatusAccepted {
		t.Errorf("the same delivery id of another company: %d %s, expected 202", got.code, got.body)
	}
}

// TestOfTwoCorrectionsSignedInOneSecondTheLaterToComeCounts: Kintell's clock has whole seconds. What it signed in an earlier one changes
// nothing however late it comes, and neither does a repeat.
func TestOfTwoCorrectionsSignedInOneSecondTheLaterToComeCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i, c := range []struct {
		rating, id string
		signed     time.Duration // after now
		came       time.Duration
		kept       float64
	}{
		{"0.1", "a", 0, 100 * time.Millisecond, .1},
		{"0.2", "b", time.Second, 1200 * time.Millisecond, .2},
		{"0.3", "c", time.Second, 1201 * time.Millisecond, .3},
		{"0.4", "d", time.Second, 4 * time.Minute, .4},
		{"0.3", "c", 5 * time.Minute, 5 * time.Minute, .4}, // again, signed afresh
		{"0.5", "e", 0, 5 * time.Minute, .4},               // was on its way for long
		{"0.6", "f", 2 * time.Second, 4 * time.Minute, .6},
		{"0.7", "g", time.Second, 301 * time.Second, .6},
		{"0.8", "h", 306 * time.Second, 6 * time.Second, .8}, // its clock is five minutes ahead
	} {
		h.clock = now.Add(c.came)
		d := whole([]byte(`{"rating_id":"R1","session_id":"KS-1","from_role":"participant","rating":` + c.rating + `,"feedback_text":"x","created_at":"2026-06-10T10:00:00Z"}`))
		d.path, d.id, d.at = rated, c.id, now.Add(c.signed)
		if got := h.send(d); got.code != http.StatusAccepted {
			t.Fatalf("%d: %d %s", i, got.code, got.body)
		}
		if kept := h.ledger.Ratings(h.acme); len(kept) != 1 || *kept[0].Score != c.kept {
			t.Errorf("after delivery %d the ratings are %+v, expected one of %v", i, kept, c.kept)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	return cmp.Equal(x, y)
}

func TestARefusedBodyMayBeCorrectedUnderTheSameID(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bad := read(t, "bad-email.json").delivery()
	for range 2 {
		if got := h.send(bad); got.code != http.StatusBadRequest {
			t.Fatalf("%d %s, expected 400", got.code, got.body)
		}
	}
	parked := h.parked()
	if len(parked) != 1 || parked[0].CauseID != bad.id || !strings.Contains(parked[0].Reason, "participant_email") || strings.Contains(parked[0].Reason, "sample.test") {
		t.Errorf("parked %+v, expected the delivery once, with a reason that names the field and no value", parked)
	}
	good := bad
	good.body = bytes.Replace(bad.body, []byte("mira.t at sample"), []byte("mira.t@sample"), 1)
	if got := h.send(good); got.code != http.StatusAccepted {
		t.Errorf("corrected: %d %s, expected 202", got.code, got.body)
	}
	if n := len(h.ledger.Sessions(h.acme)); n != 1 {
		t.Errorf("%d sessions, expected 1", n)
	}
}

func TestWhoeverCannotProveItGetsOneAndTheSameAnswer(t *testing.T) {
	t.Parallel()
	body := read(t, "session-completed.json").Body
	fine := whole(body)
	cases := map[string]func(*delivery){
		"a forged signature":                  func(d *delivery) { d.secret = "guessed" },
		"the secret of another company":       func(d *delivery) { d.secret = "secret of other" },
		"another company with our secret":     func(d *delivery) { d.company = "other" },
		"an unknown company":                  func(d *delivery) { d.company = "nobody" },
		"an unknown company and an empty key": func(d *delivery) { d.company, d.secret = "nobody", "" },
		"an unknown company and a key of zeros": func(d *delivery) {
			d.company, d.secret = "nobody", string(make([]byte, sha256.Size))
		},
		"no company":                           func(d *delivery) { d.company = "" },
		"a company in capitals":                func(d *delivery) { d.company = "ACME" },
		"a pattern for a company":              func(d *delivery) { d.company = "%25" },
		"a company id for a slug":              func(d *delivery) { d.company = "00000000-0000-7000-8000-000000000001" },
		"a stale time":                         func(d *delivery) { d.at = now.Add(-5*time.Minute - time.Second) },
		"a time to come":                       func(d *delivery) { d.at = now.Add(5*time.Minute + time.Second) },
		"another body":                         func(d *delivery) { d.header = signed(d.secret, now, body); d.body = append([]byte(" "), body...) },
		"another time":                         func(d *delivery) { d.header = strings.Replace(signed(d.secret, now, body), "t=1", "t=2", 1) },
		"no header":                            func(d *delivery) { d.header = "none" },
		"a header that is none":                func(d *delivery) { d.header = "v1" },
		"no delivery id, and a forged one":     func(d *delivery) { d.id, d.secret = "", "guessed" },
		"a body that is no JSON, and a forged": func(d *delivery) { d.body, d.secret = []byte("{"), "guessed" },
	}
	h := newHouse(t)
	forged := fine
	forged.secret = "another guess"
	want := h.send(forged)
	if want.code != http.StatusUnauthorized {
		t.Fatalf("%d %s, expected 401", want.code, want.body)
	}
	for name, change := range cases {
		d := fine
		change(&d)
		if diff := cmp.Diff(want, h.send(d), cmp.AllowUnexported(answer{})); diff != "" {
			t.Errorf("%s is answered otherwise: %s", name, diff)
		}
	}
	if len(h.ledger.Sessions(h.acme)) != 0 || len(h.parked()) != 0 || len(h.ledger.AuditLog(h.acme)) != 0 {
		t.Error("something was kept of what nobody proved")
	}
	for at, code := range map[time.Duration]int{5 * time.Minute: 202, -5 * time.Minute: 202} {
		d := fine
		d.at, d.id = now.Add(at), at.String()
		if got := h.send(d); got.code != code {
			t.Errorf("%v from now: %d, expected %d", at, got.code, code)
		}
	}
}

func TestBothSecretsAreGoodWhileOneReplacesTheOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := read(t, "session-completed.json").Body
	for i, step := range []struct {
		first, second string
		good          map[string]int
	}{
		{"one", "", map[string]int{"one": 202, "two": 401}},
		{"one", "two", map[string]int{"one": 202, "two": 202, "three": 401}},
		{"two", "three", map[string]int{"one": 401, "two": 202, "three": 202}},
	} {
		h.secrets(h.acme, step.first, step.second)
		h.clock = now.Add(time.Duration(i+1) * time.Minute) // a rotation is felt within a minute
		for secret, code := range step.good {
			d := whole(body)
			d.secret, d.at, d.id = secret, h.clock, fmt.Sprintf("%d-%s", i, secret)
			if got := h.send(d); got.code != code {
				t.Errorf("signed with %q while %q and %q are kept: %d, expected %d", secret, step.first, step.second, got.code, code)
			}
		}
	}
}

func TestAnAddressIsOnePersonHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := string(read(t, "session-completed.json").Body)
	for i, written := range []string{"mira.t@sample.test", "MIRA.T@Sample.TEST", "  Mira.T@sample.test "} {
		d := whole([]byte(strings.NewReplacer("mira.t@sample.test", written, "KS-77", fmt.Sprintf("KS-%d", i)).Replace(body)))
		d.id = fmt.Sprint("kd-", i)
		if got := h.send(d); got.code != http.StatusAccepted {
			t.Fatalf("%q: %d %s", written, got.code, got.body)
		}
	}
	members := h.ledger.Members(h.acme)
	if len(members) != 2 {
		t.Errorf("people %v, expected two", members)
	}
	for id, roles := range members {
		person := h.ledger.Person(id)
		if person.Email == "mira.t@sample.test" && !slices.Equal(roles, []identity.Role{identity.Participant}) {
			t.Errorf("%s has the roles %v", id, roles)
		}
	}
}

func TestADeliveryNeedsAnID(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := read(t, "session-completed.json").Body
	for name, c := range map[string]struct {
		id   string
		code int
	}{
		"none":           {"", 400},
		"too long":       {strings.Repeat("x", 256), 400},
		"not UTF-8":      {"\xff\xfe", 400},
		"as long as may": {strings.Repeat("ø", 255), 202},
	} {
		d := whole(body)
		d.id = c.id
		got := h.send(d)
		if got.code != c.code || c.code == 400 && !slices.Equal(got.fields, []string{"X-Delivery-Id"}) {
			t.Errorf("%s: %d %s, expected %d", name, got.code, got.body, c.code)
		}
	}
}

func TestABodyOf256KiBIsReadAndALongerOneRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := read(t, "session-completed.json").Body
	for size, code := range map[int]int{256 << 10: 202, 256<<10 + 1: 413} {
		d := whole(append(bytes.Clone(body), bytes.Repeat([]byte(" "), size-len(body))...))
		if got := h.send(d); got.code != code {
			t.Errorf("%d bytes: %d %s, expected %d", size, got.code, got.body, code)
		}
	}
}

func TestNothingButTheCompanyMayBeAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for query, field := range map[string]string{"acme&x=1": "x", "acme&company=other": "company", "acme%00": "company"} {
		d := whole(read(t, "session-completed.json").Body)
		d.company = query
		if got := h.send(d); got.code != http.StatusBadRequest || !slices.Equal(got.fields, []string{field}) {
			t.Errorf("?company=%s: %d %s, expected 400 for %s", query, got.code, got.body, field)
		}
	}
}
