package devissuer_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/oidc"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/standalone/devissuer"
)

const company = "7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10"

// serve starts an issuer below path and a verifier that trusts it.
func serve(t *testing.T, folder, path string) (*devissuer.Issuer, *oidc.Verifier) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	issuer, err := devissuer.Open(folder, server.URL+path)
	if err != nil {
		t.Fatal(err)
	}
	handler = issuer.Handler()
	verifier, err := oidc.New(oidc.Config{
		Issuer: issuer.Name(), Audience: devissuer.Audience,
		Claims: oidc.Claims{Company: "company_id", Role: "role", Scope: "scope"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return issuer, verifier
}

func TestAMintedTokenIsAccepted(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"at the root": "", "with a slash": "/", "below a path": "/dev/issuer"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer, verifier := serve(t, t.TempDir(), path)
			token, err := issuer.Mint("u-1", identity.CompanyUser, company, []string{"reports"}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			got, err := verifier.Caller(t.Context(), "Bearer "+token)
			want := access.Caller{Subject: "u-1", Role: identity.CompanyUser, Company: company, Scopes: []string{"reports"}}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v, caller (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestTheKeyIsKeptAndPrivate(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "new", "folder")
	_, verifier := serve(t, folder, "")
	again, err := devissuer.Open(folder, "http://localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	token, err := again.Mint("u", identity.SystemAdmin, "", nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got, err := verifier.Caller(t.Context(), "Bearer "+token)
	if err != nil || got.Reason != "the token is from another issuer" { // and not: another key
		t.Errorf("got %+v, %v", got, err)
	}
	info, err := os.Stat(filepath.Join(folder, "devissuer.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
}

func TestManyOpenersShareOneKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	tokens := make(chan string, 8)
	for range cap(tokens) {
		go func() {
			issuer, err := devissuer.Open(folder, "http://localhost:1")
			if err != nil {
				t.Error(err)
				tokens <- ""
				return
			}
			token, _ := issuer.Mint("u", identity.SystemAdmin, "", nil, time.Minute)
			tokens <- token
		}()
	}
	_, verifier := serve(t, folder, "")
	for range cap(tokens) {
		got, err := verifier.Caller(t.Context(), "Bearer "+<-tokens)
		if err != nil || got.Reason != "the token is from another issuer" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

func TestAnotherFolderIsAnotherIssuer(t *testing.T) {
	t.Parallel()
	issuer, verifier := serve(t, t.TempDir(), "")
	stranger, err := devissuer.Open(t.TempDir(), issuer.Name())
	if err != nil {
		t.Fatal(err)
	}
	token, err := stranger.Mint("u", identity.SystemAdmin, "", nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got, err := verifier.Caller(t.Context(), "Bearer "+token)
	if err != nil || got.Role != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
