package sample_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/api/imports"
	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/functions/consumers/rollupmetrics"
	"github.com/teei/csr-platform/functions/consumers/scorefeedback"
	"github.com/teei/csr-platform/functions/reports/outcomes"
	"github.com/teei/csr-platform/functions/webhooks/kintell"
	"github.com/teei/csr-platform/infra/standalone/sample"
	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// unsealed keeps secrets as they are.
type unsealed struct{}

func (unsealed) Seal(_ context.Context, plain, _ []byte) ([]byte, error)  { return plain, nil }
func (unsealed) Open(_ context.Context, sealed, _ []byte) ([]byte, error) { return sealed, nil }

// year is the platform after the sample data has been sent to it.
type year struct {
	*memory.Ledger
	ids     map[string]string // company ids by slug
	refused int
}

// send puts data through the real webhook and the real import, in order.
func send(t *testing.T, data sample.Data) year {
	t.Helper()
	clock := func() time.Time { return now }
	y := year{Ledger: memory.New(memory.Options{Now: clock}), ids: map[string]string{}}
	for _, c := range data.Companies {
		y.ids[c.Slug] = y.Seed(c).ID
		y.SeedSender(company.Sender{Company: y.ids[c.Slug], Name: "kintell", SecretNow: []byte("secret")})
	}
	files, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	uploads := web.Handle(imports.New(y, files).Serve)
	reader := importfile.New(y, files)
	for _, f := range data.Files {
		r := httptest.NewRequestWithContext(access.With(t.Context(), access.Caller{Subject: "ada", Role: identity.ProgrammeStaff}),
			http.MethodPost, "/v1/imports/"+f.Kind+"?company="+f.Company+"&fileName="+f.Name, bytes.NewReader(f.Content))
		r.SetPathValue("kind", f.Kind)
		var made struct{ ID string }
		answered(t, uploads, r, &made)
		y.read(t, reader, f, made.ID)
	}
	webhook := web.Handle(kintell.New(y, unsealed{}, clock).Receive)
	for _, d := range data.Deliveries {
		stamp := strconv.FormatInt(now.Unix(), 10)
		mac := hmac.New(sha256.New, []byte("secret"))
		mac.Write([]byte(stamp + "."))
		mac.Write(d.Body)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, d.Path+"?company="+d.Company, bytes.NewReader(d.Body))
		r.Header.Set("X-Delivery-Id", d.DeliveryID)
		r.Header.Set("X-Kintell-Signature", "t="+stamp+",v1="+hex.EncodeToString(mac.Sum(nil)))
		answered(t, webhook, r, nil)
	}
	return y
}

func answered(t *testing.T, handler http.Handler, r *http.Request, into any) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		t.Fatalf("%s: status %d, expected 202: %s", r.URL.Path, w.Code, w.Body)
	}
	if into == nil {
		return
	}
	err := json.Unmarshal(w.Body.Bytes(), into)
	if err != nil {
		t.Fatal(err)
	}
}

// read has the file of an import read, and counts what was refused.
func (y *year) read(t *testing.T, reader *importfile.Handler, f sample.File, id string) {
	t.Helper()
	for _, in := range heard[contract.ImportReceived](t, *y, f.Company) {
		if in.Body.ImportID != id {
			continue
		}
		err := reader.Received(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
	}
	var done intake.Import
	err := y.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
		var err error
		done, err = tx.Imports().Find(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if done.Status != "completed" || done.Progress.Refused != f.Refused || done.Progress.Row != f.Rows {
		t.Errorf("%s of %s: %s %s, %+v; expected %d rows, %d refused", f.Name, f.Company, done.Status, done.Reason, done.Progress, f.Rows, f.Refused)
	}
	y.refused += done.Progress.Refused
}

// heard are the events of B that were told about a company, in order.
func heard[B contract.Body](t *testing.T, y year, slug string) []contract.Of[B] {
	t.Helper()
	var body B
	var all []contract.Of[B]
	for _, e := range y.Told(y.ids[slug]) {
		if e.Type != body.EventType() {
			continue
		}
		in, err := contract.Decode[B](e)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, in)
	}
	return all
}

func TestThePlatformTakesInTheWholeYear(t *testing.T) {
	t.Parallel()
	data := sample.Make(now)
	y := send(t, data)
	sessions, texts := 0, 0
	for slug, id := range y.ids {
		for _, s := range y.Sessions(id) {
			sessions++
			if s.CompletedAt.IsZero() {
				t.Errorf("%s: session %s%s was not held", slug, s.ExternalID, s.BookingID)
			}
		}
		for _, r := range y.Ratings(id) {
			if r.Text != "" {
				texts++
			}
		}
	}
	if sessions != sample.Sessions || texts != sample.Texts || y.refused != data.Refused {
		t.Errorf("%d sessions, %d texts, %d refused rows; expected %d, %d, %d", sessions, texts, y.refused, sample.Sessions, sample.Texts, data.Refused)
	}
}

func TestTheLargeCompanysMonthsSurviveSuppressionAndTheSmallOnesDoNot(t *testing.T) {
	t.Parallel()
	y := send(t, sample.Make(now))
	for slug := range y.ids {
		y.score(t, slug)
	}
	large, small := y.series(t, "solvik-energy"), y.series(t, "lypa-studio")
	if len(large) != 12 {
		t.Fatalf("%d months of the large company, expected 12", len(large))
	}
	for _, m := range large {
		spoken := 0
		for _, o := range m.Outcomes {
			if !o.Suppressed && o.Mean != nil {
				spoken++
			}
		}
		if spoken < 4 {
			t.Errorf("large company in %s: %d of the five outcomes can be shown: %+v", m.Month, spoken, m.Outcomes)
		}
	}
	shown := 0
	for _, m := range small {
		for _, o := range m.Outcomes {
			if o.Mean != nil {
				shown++
			}
		}
	}
	if shown > 5 {
		t.Errorf("the small company shows %d figures, expected hardly any", shown)
	}
}

// score has the company's texts scored and its months added up, as the consumers do.
func (y year) score(t *testing.T, slug string) {
	t.Helper()
	scorer, months := scorefeedback.New(y, localmodel.New()), rollupmetrics.New(y)
	for _, in := range heard[contract.KintellRatingCreated](t, y, slug) {
		if in.Body.FromRole != string(feedback.FromParticipant) {
			continue
		}
		err := scorer.Rated(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range heard[contract.KintellSessionCompleted](t, y, slug) {
		err := months.Completed(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range heard[contract.OutcomeScored](t, y, slug) {
		err := months.Scored(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
	}
}

type monthOf struct {
	Month    string
	Outcomes []struct {
		Dimension  outcome.Dimension
		Mean       *float64
		Suppressed bool
	}
}

func (y year) series(t *testing.T, slug string) []monthOf {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.SetPathValue("companyId", y.ids[slug])
	w := httptest.NewRecorder()
	web.Handle(outcomes.New(y, func() time.Time { return now }).Show).ServeHTTP(w, r)
	var report struct{ Series []monthOf }
	err := json.Unmarshal(w.Body.Bytes(), &report)
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d: %s (%v)", w.Code, w.Body, err)
	}
	if diff := cmp.Diff("2026-03", report.Series[len(report.Series)-1].Month); diff != "" {
		t.Error(diff)
	}
	return report.Series
}
