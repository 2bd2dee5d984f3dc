package authorizer_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/auth/authorizer"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/config"
	"github.com/teei/csr-platform/shared/platform/standalone/devissuer"
	"github.com/teei/csr-platform/shared/port"
)

const company = "7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10"

// env has settings, and nothing else.
type env struct {
	port.Env
	settings *config.Reader
}

func (e env) Config() *config.Reader { return e.settings }
func (env) Now() time.Time           { return time.Now() }
func (env) Log() *slog.Logger        { return slog.New(slog.DiscardHandler) }

func open(t *testing.T, settings map[string]string) (func(context.Context, string) (access.Caller, error), error) {
	t.Helper()
	opened, err := authorizer.Function.Open(t.Context(), env{settings: config.New(func(name string) (string, bool) {
		value, ok := settings[name]
		return value, ok
	}, nil)})
	return opened.Authorize, err
}

func TestSaysWhoIsAskingByTheSettings(t *testing.T) {
	t.Parallel()
	var handler http.Handler
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	issuer, err := devissuer.Open(t.TempDir(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	handler = issuer.Handler()
	authorize, err := open(t, map[string]string{"OIDC_ISSUER": issuer.Name(), "OIDC_AUDIENCE": devissuer.Audience})
	if err != nil {
		t.Fatal(err)
	}
	if asked != 0 {
		t.Error("opening asked the issuer")
	}
	token, err := issuer.Mint("u-1", identity.CompanyAdmin, company, []string{"a"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got, err := authorize(t.Context(), "Bearer "+token)
	want := access.Caller{Subject: "u-1", Role: identity.CompanyAdmin, Company: company, Scopes: []string{"a"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, caller (-want +got):\n%s", err, diff)
	}
	got, err = authorize(t.Context(), "")
	if err != nil || got.Role != "" || got.Reason == "" {
		t.Errorf("without a token: %+v, %v", got, err)
	}
	other, err := open(t, map[string]string{"OIDC_ISSUER": issuer.Name(), "OIDC_AUDIENCE": devissuer.Audience, "OIDC_CLAIM_COMPANY": "org"})
	if err != nil {
		t.Fatal(err)
	}
	got, err = other(t.Context(), "Bearer "+token)
	if err != nil || got.Role != "" || !strings.Contains(got.Reason, "org") {
		t.Errorf("with another claim's name: %+v, %v", got, err)
	}
}

func TestEverySettingThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	_, err := open(t, nil)
	if err == nil || !strings.Contains(err.Error(), "OIDC_ISSUER") || !strings.Contains(err.Error(), "OIDC_AUDIENCE") {
		t.Errorf("got %v", err)
	}
	_, err = open(t, map[string]string{"OIDC_ISSUER": "http://login.example", "OIDC_AUDIENCE": "csr"})
	if err == nil {
		t.Error("took an issuer over plain http")
	}
}
