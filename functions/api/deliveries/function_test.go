package deliveries_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/api/deliveries"
	"github.com/teei/csr-platform/functions/internal/delivery"
	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// bus keeps what is handed over to one consumer, or refuses it.
type bus struct {
	port.Bus
	replayed []string // consumer and event id
	err      error
	hears    func(consumer string, e contract.Event) // runs at once, as a quick consumer would
}

func (b *bus) Replay(_ context.Context, consumer string, e contract.Event) error {
	if b.err != nil {
		return b.err
	}
	b.replayed = append(b.replayed, consumer+" "+e.Metadata.ID)
	if b.hears != nil {
		b.hears(consumer, e)
	}
	return nil
}

// keys seals by writing the data in front.
type keys struct{}

func (keys) Seal(_ context.Context, plain, data []byte) ([]byte, error) {
	return slices.Concat(data, []byte("|"), plain), nil
}

func (keys) Open(_ context.Context, sealed, data []byte) ([]byte, error) {
	plain, bound := bytes.CutPrefix(sealed, append(data, '|'))
	if !bound {
		return nil, fault.New(fault.Invalid, "sealed under other data")
	}
	return plain, nil
}

// house is a ledger of two companies with a handler over it.
type house struct {
	*memory.Ledger
	bus          *bus
	acme, globex string
}

// open has a clock by which each transaction is a minute later than the one before.
func open() house {
	var minutes atomic.Int64
	l := memory.New(memory.Options{Now: func() time.Time { return noon.Add(time.Duration(minutes.Add(1)) * time.Minute) }})
	return house{l, &bus{}, l.Seed(company.Company{Slug: "acme"}).ID, l.Seed(company.Company{Slug: "globex"}).ID}
}

func (h house) ask(t *testing.T, method, target, body, id string) *httptest.ResponseRecorder {
	t.Helper()
	staff := access.Caller{Subject: "siri", Role: identity.ProgrammeStaff}
	r := httptest.NewRequestWithContext(access.With(t.Context(), staff), method, target, strings.NewReader(body))
	if id != "" {
		r.SetPathValue("deliveryId", id)
	}
	w := httptest.NewRecorder()
	web.Handle(deliveries.New(h, h.bus, keys{}).Serve).ServeHTTP(w, r)
	return w
}

const (
	good = `{"session_id":"s1","session_type":"language","participant_email":"olena@example.org","volunteer_email":"kari@example.com",` +
		`"scheduled_at":"2026-01-04T10:00:00Z","completed_at":"2026-01-04T10:50:00Z","duration_minutes":50}`
	bad = `{"session_id":"s1","session_type":"language","participant_email":"olena","volunteer_email":"kari@example.com",` +
		`"scheduled_at":"2026-01-04T10:00:00Z","completed_at":"2026-01-04T10:50:00Z","duration_minutes":50}`
)

// refused parks a delivery as the webhook does.
func (h house) refused(t *testing.T, body string) string {
	t.Helper()
	id := delivery.ID(h.acme, kintell.Sender, "d1")
	sealed, err := keys{}.Seal(t.Context(), []byte(body), delivery.BodyData(h.acme, id))
	if err != nil {
		t.Fatal(err)
	}
	h.park(t, company.Parked{
		ID: id, Company: h.acme, By: "webhooks/kintell", Kind: company.KindDelivery, Type: kintell.SessionCompleted, CauseID: "d1",
		Reason: "participant_email: expected an e-mail address", Body: sealed, At: noon.Add(-time.Hour),
	})
	return id
}

// stuck parks an event that a consumer gave up.
func (h house) stuck(t *testing.T) (string, contract.Event) {
	t.Helper()
	event := contract.Cause{ID: contract.EventID("a", "b", "c"), Company: h.globex, At: noon.Add(-2 * time.Hour)}.
		Then(contract.KintellRatingCreated{RatingID: contract.EventID("r", "", ""), SessionID: contract.EventID("s", "", ""), FromRole: "participant", CreatedAt: noon})
	raw, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	id := contract.EventID("consumers/scorefeedback", event.Metadata.ID, "")
	h.park(t, company.Parked{
		ID: id, Company: h.globex, By: "consumers/scorefeedback", Kind: company.KindEvent, Type: event.Type, CauseID: event.Metadata.ID,
		Reason: "no such text", Body: raw, At: noon.Add(-2 * time.Hour),
	})
	return id, event
}

func (h house) park(t *testing.T, p company.Parked) {
	t.Helper()
	err := h.Park(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
}

// accepted takes in n deliveries, a minute apart.
func (h house) accepted(t *testing.T, n int) (ids []string) {
	t.Helper()
	for i := range n {
		name := fmt.Sprintf("ok-%d", i)
		digest := sha256.Sum256([]byte(good))
		cause := contract.Cause{
			ID: delivery.ID(h.acme, kintell.Sender, name), Company: h.acme, At: noon.Add(time.Duration(i) * time.Minute),
			Delivery: &contract.Delivery{ID: name, Type: kintell.SessionCompleted, Digest: digest[:], Size: len(good)},
		}
		err := h.Once(t.Context(), "webhooks/kintell", cause, func(port.Tx) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, cause.ID)
	}
	return ids
}

func (h house) status(t *testing.T, companyID, id string) (string, int) {
	t.Helper()
	var parked company.Parked
	err := h.Do(t.Context(), port.In(companyID, "test"), func(tx port.Tx) error {
		var err error
		parked, err = tx.Deliveries().Parked(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return parked.Status, parked.Attempts
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

type page struct {
	Deliveries []struct{ ID, Company, By, Kind, Type, CauseID, Status, Reason string }
	Next       string
}

func (p page) ids() (ids []string) {
	for _, d := range p.Deliveries {
		ids = append(ids, d.ID)
	}
	return ids
}

func TestListShowsNewestFirstPageByPage(t *testing.T) {
	t.Parallel()
	h := open()
	event, _ := h.stuck(t)
	parked := h.refused(t, bad)
	ids := h.accepted(t, 3)
	for name, c := range map[string]struct {
		query string
		want  []string
		next  string
	}{
		"all":                {"", []string{ids[2], ids[1], ids[0], parked, event}, ""},
		"parked alone":       {"?status=parked", []string{parked, event}, ""},
		"of a slug":          {"?company=globex", []string{event}, ""},
		"of an id":           {"?company=" + h.acme + "&status=parked", []string{parked}, ""},
		"the first page":     {"?limit=2", []string{ids[2], ids[1]}, ids[1]},
		"the page behind it": {"?limit=2&after=" + ids[1], []string{ids[0], parked}, parked},
		"the last page":      {"?limit=2&after=" + parked, []string{event}, ""},
		"none of a status":   {"?status=replayed", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decode[page](t, h.ask(t, http.MethodGet, "/"+c.query, "", ""))
			if diff := cmp.Diff(c.want, got.ids()); diff != "" || got.Next != c.next {
				t.Fatalf("next %q, expected %q: %s", got.Next, c.next, diff)
			}
		})
	}
}

func TestRequestsThatAreWrongNameTheField(t *testing.T) {
	t.Parallel()
	h := open()
	parked := h.refused(t, bad)
	event, _ := h.stuck(t)
	for name, c := range map[string]struct {
		method, target, body, id string
		status                   int
		field                    string
	}{
		"unknown status":             {"GET", "/?status=lost", "", "", 400, "status"},
		"unknown company":            {"GET", "/?company=initech", "", "", 400, "company"},
		"after what":                 {"GET", "/?after=x", "", "", 400, "after"},
		"limit too high":             {"GET", "/?limit=201", "", "", 400, "limit"},
		"unknown parameter":          {"GET", "/?state=parked", "", "", 400, "state"},
		"no id":                      {"GET", "/", "", "d1", 404, ""},
		"unknown id":                 {"GET", "/", "", h.acme, 404, ""},
		"replay of an unknown id":    {"POST", "/", "", h.acme, 404, ""},
		"replay as it was":           {"POST", "/", "", parked, 400, "participant_email"},
		"replay still wrong":         {"POST", "/", strings.Replace(good, `:50`, `:500`, 1), parked, 400, ""},
		"replay that is no JSON":     {"POST", "/", "olena@example.org", parked, 400, ""},
		"an event cannot be changed": {"POST", "/", `{"type":"x"}`, event, 400, "body"},
		"body longer than a webhook": {"POST", "/", strings.Repeat(" ", 300<<10), parked, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := h.ask(t, c.method, c.target, c.body, c.id)
			details := decode[web.Details](t, w)
			named := c.field == "" || slices.ContainsFunc(details.Errors, func(e web.Wrong) bool { return e.Field == c.field })
			if w.Code != c.status || !named {
				t.Fatalf("status %d, expected %d naming %q: %s", w.Code, c.status, c.field, w.Body)
			}
			if len(h.Sessions(h.acme)) != 0 || len(h.bus.replayed) != 0 {
				t.Fatal("something came of a refused request")
			}
		})
	}
}

func TestShowOpensAParkedBodyAndSaysInTheAuditLogWhoReadIt(t *testing.T) {
	t.Parallel()
	h := open()
	got := decode[struct {
		Status, Reason string
		Attempts       int
		Body           json.RawMessage
	}](t, h.ask(t, http.MethodGet, "/", "", h.refused(t, bad)))
	if string(got.Body) != bad || got.Status != "parked" || got.Attempts != 1 || got.Reason == "" {
		t.Fatalf("%+v with body %s, expected what was refused", got, got.Body)
	}
	var read []company.Entry
	for _, line := range h.AuditLog(h.acme) {
		read = append(read, line.Entry)
	}
	if len(read) != 1 || read[0].Action != "READ" || read[0].Actor != "siri" || read[0].Role != "programme_staff" {
		t.Fatalf("audit log %+v, expected who read it", read)
	}
}

func TestShowGivesWhatIsNoJSONAsAString(t *testing.T) {
	t.Parallel()
	h := open()
	got := decode[struct{ Body any }](t, h.ask(t, http.MethodGet, "/", "", h.refused(t, `{"half`)))
	if got.Body != `{"half` {
		t.Fatalf("body %v, expected the bytes as a string", got.Body)
	}
}

func TestShowOfAnAcceptedDeliveryHasNoBody(t *testing.T) {
	t.Parallel()
	h := open()
	got := decode[map[string]any](t, h.ask(t, http.MethodGet, "/", "", h.accepted(t, 1)[0]))
	if body, there := got["body"]; got["status"] != "accepted" || !there || body != nil {
		t.Fatalf("%v, expected an accepted delivery with a null body", got)
	}
}

func TestACorrectedDeliveryIsWorkedOnceAsItsWebhookWouldHave(t *testing.T) {
	t.Parallel()
	h := open()
	id := h.refused(t, bad)
	for range 2 {
		w := h.ask(t, http.MethodPost, "/", good, id)
		if w.Code != http.StatusAccepted {
			t.Fatalf("status %d, expected 202: %s", w.Code, w.Body)
		}
	}
	if sessions, told := h.Sessions(h.acme), h.Told(h.acme); len(sessions) != 1 || len(told) != 1 || told[0].Metadata.CausationID != id {
		t.Fatalf("%d sessions and events %+v, expected one of each from the delivery", len(sessions), told)
	}
	if status, _ := h.status(t, h.acme, id); status != company.StatusReplayed {
		t.Fatalf("status %s, expected replayed", status)
	}
	list := decode[page](t, h.ask(t, http.MethodGet, "/?limit=1", "", ""))
	if len(list.Deliveries) != 1 || list.Deliveries[0].Status != company.StatusReplayed || list.Next != "" {
		t.Fatalf("list %+v, expected the delivery once, as replayed", list)
	}
	w := h.ask(t, http.MethodPost, "/", strings.Replace(good, `:50}`, `:45}`, 1), id)
	if w.Code != http.StatusConflict {
		t.Fatalf("status %d of another correction, expected 409: %s", w.Code, w.Body)
	}
}

func TestAReplayOfWhatItsSenderSentAgainMeanwhileDoublesNothing(t *testing.T) {
	t.Parallel()
	h := open()
	id, digest := h.refused(t, good), sha256.Sum256([]byte(good)) // refused by a rule that has changed since
	cause := contract.Cause{ID: id, Company: h.acme, At: noon, Delivery: &contract.Delivery{ID: "d1", Type: kintell.SessionCompleted, Digest: digest[:]}}
	given, err := kintell.Read(kintell.SessionCompleted, []byte(good), cause, noon)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Once(t.Context(), "webhooks/kintell", cause, func(tx port.Tx) error { return kintell.Keep(t.Context(), tx, given) })
	if err != nil {
		t.Fatal(err)
	}
	w := h.ask(t, http.MethodPost, "/", "", id)
	if status, _ := h.status(t, h.acme, id); w.Code != http.StatusAccepted || status != company.StatusReplayed || len(h.Told(h.acme)) != 1 {
		t.Fatalf("status %d, %s, %d events; expected 202, replayed and one event", w.Code, status, len(h.Told(h.acme)))
	}
}

func TestADeliveryItsSenderCorrectedMeanwhileIsClosed(t *testing.T) {
	t.Parallel()
	otherwise := strings.Replace(good, `:50}`, `:45}`, 1)
	for name, body := range map[string]string{
		"as it was":                   "",
		"with another correction":     otherwise,
		"with what is wrong":          bad,
		"with what is no delivery":    `{"half`,
		"with the sender's, reworded": " " + good[:1] + " " + good[1:],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open()
			id := h.refused(t, bad)
			cause := contract.Cause{ID: id, Company: h.acme, At: noon, Delivery: delivery.Of("d1", kintell.SessionCompleted, []byte(good))}
			err := kintell.Webhook.Take(t.Context(), h, "webhooks/kintell", cause, []byte(good), noon)
			if err != nil {
				t.Fatal(err)
			}
			w := h.ask(t, http.MethodPost, "/", body, id)
			got := decode[struct{ Status, DeliveryID, Detail string }](t, w)
			if w.Code != http.StatusOK || got.Status != company.StatusReplayed || got.DeliveryID != id || !strings.Contains(got.Detail, "the sender has corrected") {
				t.Fatalf("status %d %s, expected 200 saying that the sender was quicker", w.Code, w.Body)
			}
			if status, _ := h.status(t, h.acme, id); status != company.StatusReplayed {
				t.Fatalf("status %s, expected replayed", status)
			}
			if sessions := h.Sessions(h.acme); len(sessions) != 1 || sessions[0].Minutes != 50 || len(h.Told(h.acme)) != 1 {
				t.Fatalf("%+v, expected the session as its sender said it, told once", sessions)
			}
			if log := h.AuditLog(h.acme); len(log) == 0 || log[len(log)-1].Action != "UPDATE" || log[len(log)-1].Actor != "siri" {
				t.Fatalf("audit log %+v, expected who closed it", log)
			}
		})
	}
}

func TestADeliveryNobodyCanReplayAsksForItsSender(t *testing.T) {
	t.Parallel()
	h := open()
	id := delivery.ID(h.acme, "elsewhere", "d1")
	h.park(t, company.Parked{ID: id, Company: h.acme, By: "webhooks/elsewhere", Kind: company.KindDelivery, Type: "received", CauseID: "d1", Reason: "x", At: noon})
	w := h.ask(t, http.MethodPost, "/", "{}", id)
	status, _ := h.status(t, h.acme, id)
	if w.Code != http.StatusConflict || status != company.StatusParked || !strings.Contains(w.Body.String(), "its sender must send it again") {
		t.Fatalf("status %d and %s: %s, expected 409 that says what to do, and parked", w.Code, status, w.Body)
	}
	err := h.Once(t.Context(), "webhooks/elsewhere", contract.Cause{ID: id, Company: h.acme, At: noon, Delivery: delivery.Of("d1", "received", nil)}, func(port.Tx) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	w = h.ask(t, http.MethodPost, "/", "", id)
	if status, _ := h.status(t, h.acme, id); w.Code != http.StatusOK || status != company.StatusReplayed {
		t.Fatalf("status %d and %s once its sender has, expected 200 and replayed", w.Code, status)
	}
}

func TestAnEventGoesToTheConsumerThatGaveItUp(t *testing.T) {
	t.Parallel()
	h := open()
	id, event := h.stuck(t)
	w := h.ask(t, http.MethodPost, "/", "", id)
	if diff := cmp.Diff([]string{"consumers/scorefeedback " + event.Metadata.ID}, h.bus.replayed); diff != "" || w.Code != http.StatusAccepted {
		t.Fatalf("status %d: %s", w.Code, diff)
	}
	if status, _ := h.status(t, h.globex, id); status != company.StatusReplayed {
		t.Fatalf("status %s, expected replayed", status)
	}
}

func TestAnEventGivenUpAgainAtOnceStaysParked(t *testing.T) {
	t.Parallel()
	h := open()
	id, event := h.stuck(t)
	h.bus.hears = func(consumer string, e contract.Event) {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Error(err)
		}
		h.park(t, company.Parked{ID: id, Company: h.globex, By: consumer, Kind: company.KindEvent, Type: e.Type, CauseID: event.Metadata.ID, Reason: "again", Body: raw})
	}
	h.ask(t, http.MethodPost, "/", "", id)
	if status, attempts := h.status(t, h.globex, id); status != company.StatusParked || attempts != 2 {
		t.Fatalf("status %s after %d attempts, expected it to be parked for the second time", status, attempts)
	}
}

func TestAnEventTheBusDoesNotTakeIsParkedAsBefore(t *testing.T) {
	t.Parallel()
	h := open()
	id, _ := h.stuck(t)
	h.bus.err = fault.Wrap(fault.Busy, "the bus is away", errors.New("no route"))
	w := h.ask(t, http.MethodPost, "/", "", id)
	status, _ := h.status(t, h.globex, id)
	if w.Code != http.StatusServiceUnavailable || status != company.StatusParked {
		t.Fatalf("status %d and %s, expected 503 and parked", w.Code, status)
	}
}
