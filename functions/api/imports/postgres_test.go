package imports_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/functions/api/imports"
	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// TestStaffAndCompanyMendAFileOnPostgres goes the way of a file through row-level security: a company's administrator uploads it, staff
// and they see what was refused, and a colleague and another company nothing.
func TestStaffAndCompanyMendAFileOnPostgres(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 2, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(ledger.Close)
	files, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	ids := map[string]string{}
	for _, slug := range []string{"acme", "other"} {
		ids[slug] = identity.NewID()
		err = ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
			return tx.Companies().Create(t.Context(), company.Company{ID: ids[slug], Slug: slug, Name: slug, Kind: company.Partner, TimeZone: "UTC", CreatedAt: tx.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &house{t: t, mux: http.NewServeMux(), acme: ids["acme"]}
	handler := web.Handle(imports.New(ledger, files).Serve)
	for route := range access.Table {
		if strings.Contains(route, " /v1/imports") {
			h.mux.Handle(route, handler)
		}
	}
	staff := access.Caller{Subject: "s", Role: identity.ProgrammeStaff}
	admin := access.Caller{Subject: "a", Role: identity.CompanyAdmin, Company: h.acme}
	another := access.Caller{Subject: "o", Role: identity.CompanyAdmin, Company: ids["other"]}
	colleague := access.Caller{Subject: "b", Role: identity.CompanyAdmin, Company: h.acme}

	made := h.must(admin, 202, "POST", "/v1/imports/kintell-sessions?company=acme", "application/json", `{"fileName":"june.csv"}`)
	h.must(staff, 200, "PUT", made.UploadURL, "text/csv", header+good+bad+"KS-79,\"yoga,x\n")
	h.must(another, 404, "POST", made.StartURL, "", "")
	h.must(staff, 202, "POST", made.StartURL, "", "")
	h.must(staff, 409, "POST", made.StartURL, "", "")
	received, err := contract.Decode[contract.ImportReceived](contract.Cause{ID: made.ID, Company: h.acme, At: time.Now()}.Then(contract.ImportReceived{ImportID: made.ID}))
	if err != nil {
		t.Fatal(err)
	}
	err = importfile.New(ledger, files).Received(t.Context(), received)
	if err != nil {
		t.Fatal(err)
	}
	if p := h.must(admin, 200, "GET", made.URL, "", "").Progress; p.Taken != 1 || p.Refused != 2 || p.Percent != 100 {
		t.Errorf("progress %+v", p)
	}
	if page := h.must(admin, 200, "GET", made.ErrorsURL, "", ""); len(page.Errors) != 2 || page.Errors[0].Record["rating"] != "9" || page.Errors[1].Values[0] != `KS-79,"yoga,x` {
		t.Errorf("errors %+v", page.Errors)
	}
	for _, caller := range []access.Caller{another, colleague} {
		for _, path := range []string{made.URL, made.ErrorsURL} {
			h.must(caller, 404, "GET", path, "", "")
		}
		h.must(caller, 404, "POST", made.URL+"/rows/2", "", "")
		if list := h.must(caller, 200, "GET", "/v1/imports", "", ""); len(list.Imports) != 0 {
			t.Errorf("%s sees %+v", caller.Subject, list.Imports)
		}
	}
	for _, caller := range []access.Caller{staff, admin} {
		if list := h.must(caller, 200, "GET", "/v1/imports", "", ""); len(list.Imports) != 1 {
			t.Errorf("%s sees %+v", caller.Role, list.Imports)
		}
	}
	h.must(staff, 200, "POST", made.URL+"/rows/2", "application/json", `{"participant_email":"mira.t@sample.test","rating":"5"}`)
	h.must(admin, 409, "POST", made.URL+"/rows/2", "application/json", `{"rating":"5"}`)
	if p := h.must(admin, 200, "GET", made.URL, "", "").Progress; p.Taken != 2 || p.Refused != 1 {
		t.Errorf("progress %+v", p)
	}
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, httptest.NewRequestWithContext(access.With(t.Context(), admin), http.MethodGet, made.ErrorsURL+"?format=csv", nil))
	if got := strings.Count(w.Body.String(), "\n"); w.Code != 200 || got != 2 {
		t.Errorf("%d: %d lines of errors: %s", w.Code, got, w.Body)
	}
}
