package deliveries_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/functions/api/deliveries"
	"github.com/teei/csr-platform/functions/internal/delivery"
	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// TestADeliveryItsSenderCorrectedMeanwhileIsClosedOnPostgres: what was accepted is found where row-level security keeps it.
func TestADeliveryItsSenderCorrectedMeanwhileIsClosedOnPostgres(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 2, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(ledger.Close)
	acme := identity.NewID()
	err := ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
		return tx.Companies().Create(t.Context(), company.Company{ID: acme, Slug: "acme", Name: "acme", Kind: company.Partner, TimeZone: "UTC", CreatedAt: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	id := delivery.ID(acme, kintell.Sender, "d1")
	sealed, err := keys{}.Seal(t.Context(), []byte(bad), delivery.BodyData(acme, id))
	if err != nil {
		t.Fatal(err)
	}
	err = ledger.Park(t.Context(), company.Parked{
		ID: id, Company: acme, By: "webhooks/kintell", Kind: company.KindDelivery, Type: kintell.SessionCompleted, CauseID: "d1", Reason: "x", Body: sealed, At: noon,
	})
	if err != nil {
		t.Fatal(err)
	}
	replay := func() *httptest.ResponseRecorder {
		staff := access.Caller{Subject: "siri", Role: identity.ProgrammeStaff}
		r := httptest.NewRequestWithContext(access.With(t.Context(), staff), http.MethodPost, "/", strings.NewReader(""))
		r.SetPathValue("deliveryId", id)
		w := httptest.NewRecorder()
		web.Handle(deliveries.New(ledger, &bus{}, keys{}).Serve).ServeHTTP(w, r)
		return w
	}
	if w := replay(); w.Code != http.StatusBadRequest {
		t.Fatalf("status %d before it was corrected, expected 400: %s", w.Code, w.Body)
	}
	cause := contract.Cause{ID: id, Company: acme, At: noon, Delivery: delivery.Of("d1", kintell.SessionCompleted, []byte(good))}
	err = ledger.Once(t.Context(), "webhooks/kintell", cause, func(port.Tx) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if w := replay(); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "the sender has corrected") {
		t.Fatalf("status %d, expected 200 saying that the sender was quicker: %s", w.Code, w.Body)
	}
	var parked company.Parked
	err = ledger.Do(t.Context(), port.In(acme, "test"), func(tx port.Tx) error {
		var err error
		parked, err = tx.Deliveries().Parked(t.Context(), id)
		return err
	})
	if err != nil || parked.Status != company.StatusReplayed {
		t.Fatalf("%s (%v), expected replayed", parked.Status, err)
	}
}
