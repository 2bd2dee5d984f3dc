package inlet_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/functions/internal/delivery"
	"github.com/teei/csr-platform/functions/webhooks/internal/inlet"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

var now = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

// bound seals by writing the data in front.
type bound struct{}

func (bound) Seal(_ context.Context, plain, data []byte) ([]byte, error) {
	return append(append(data, '|'), plain...), nil
}

func (bound) Open(_ context.Context, sealed, data []byte) ([]byte, error) {
	plain, fits := strings.CutPrefix(string(sealed), string(data)+"|")
	if !fits {
		return nil, errors.New("sealed under other data")
	}
	return []byte(plain), nil
}

// house is a company whose sender trial signs with "secret", and what was kept of it. Read refuses "wrong" as Invalid and a kind other than
// received as Missing; keeping "late" fails as Invalid.
func house(t *testing.T) (ledger *memory.Ledger, companyID string, kept *[]string, send func(kind, id, body string) *httptest.ResponseRecorder) {
	t.Helper()
	clock := func() time.Time { return now }
	ledger = memory.New(memory.Options{Now: clock})
	companyID = ledger.Seed(company.Company{Slug: "acme"}).ID
	secret, err := bound{}.Seal(t.Context(), []byte("secret"), company.SecretData(companyID, "trial"))
	if err != nil {
		t.Fatal(err)
	}
	ledger.SeedSender(company.Sender{Company: companyID, Name: "trial", SecretNow: secret})
	kept = new([]string)
	way := inlet.Inlet[string]{Function: "webhooks/trial", SignatureHeader: "X-Trial-Signature", Sender: delivery.Sender[string]{
		Name: "trial",
		Read: func(kind string, body []byte, _ contract.Cause, sentAt time.Time) (string, error) {
			switch {
			case kind != "received":
				return "", fault.New(fault.Missing, "no such delivery")
			case string(body) == "wrong":
				return "", fault.Fields("the body is wrong", fault.Field{Name: "body", Expected: "another"})
			}
			return string(body) + " said " + sentAt.Format(time.TimeOnly), nil
		},
		Keep: func(_ context.Context, _ port.Tx, given string) error {
			if strings.HasPrefix(given, "late") {
				return fault.New(fault.Invalid, "too late")
			}
			*kept = append(*kept, given)
			return nil
		},
	}}
	handler := web.Handle(way.New(ledger, bound{}, clock).Receive)
	send = func(kind, id, body string) *httptest.ResponseRecorder {
		stamp := strconv.FormatInt(now.Add(-time.Minute).Unix(), 10)
		mac := hmac.New(sha256.New, []byte("secret"))
		mac.Write([]byte(stamp + "." + body))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/trial/webhooks/"+kind+"?company=acme", strings.NewReader(body))
		r.Header.Set("X-Delivery-Id", id)
		r.Header.Set("X-Trial-Signature", "t="+stamp+",v1="+hex.EncodeToString(mac.Sum(nil)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	return ledger, companyID, kept, send
}

func TestWhatASenderSaysIsKeptOnceOrParkedOrRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, id, body string
		code           int
		kept, parked   bool
	}{
		"fine":                    {"received", "d1", "fine", http.StatusAccepted, true, false},
		"wrong":                   {"received", "d1", "wrong", http.StatusBadRequest, false, true},
		"of an unknown kind":      {"lost", "d1", "wrong", http.StatusNotFound, false, false},
		"refused by the facts":    {"received", "d1", "late", http.StatusBadRequest, false, false},
		"an id that is not UTF-8": {"received", "\xff", "fine", http.StatusBadRequest, false, false},
		"no id":                   {"received", "", "fine", http.StatusBadRequest, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledger, companyID, kept, send := house(t)
			for range 2 {
				if w := send(c.kind, c.id, c.body); w.Code != c.code {
					t.Fatalf("status %d, expected %d: %s", w.Code, c.code, w.Body)
				}
			}
			if n := len(*kept); c.kept != (n == 1) || n > 1 || c.kept && (*kept)[0] != "fine said 11:59:00" {
				t.Errorf("kept %q", *kept)
			}
			var parked company.Parked
			err := ledger.Do(t.Context(), port.In(companyID, "test"), func(tx port.Tx) error {
				var err error
				parked, err = tx.Deliveries().Parked(t.Context(), delivery.ID(companyID, "trial", c.id))
				return err
			})
			if c.parked != (err == nil) {
				t.Fatalf("parked: %v", err)
			}
			if !c.parked {
				return
			}
			body, err := bound{}.Open(t.Context(), parked.Body, delivery.BodyData(companyID, parked.ID))
			if err != nil || string(body) != c.body || parked.By != "webhooks/trial" || parked.CauseID != c.id || !strings.Contains(parked.Reason, "body") {
				t.Errorf("parked %+v with body %q (%v)", parked, body, err)
			}
		})
	}
}
