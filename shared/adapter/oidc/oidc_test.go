package oidc_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/oidc"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
)

const company = "7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10"

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// issuer is an OpenID Connect issuer whose keys a test can change.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	keys    []any
	down    bool
	fetches atomic.Int32
	name    string // told as issuer; empty: the truth
	at      string // told as jwks_uri; empty: the truth
}

func newIssuer(t *testing.T, keys ...any) *issuer {
	t.Helper()
	i := &issuer{keys: keys}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		name, at := i.name, i.at
		if name == "" {
			name = i.URL
		}
		if at == "" {
			at = i.URL + "/keys"
		}
		if r.URL.Path == "/keys" {
			i.fetches.Add(1)
			json.NewEncoder(w).Encode(map[string]any{"keys": i.keys})
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"issuer": name, "jwks_uri": at})
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) change(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

// clock is a time that a test moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return now.Add(time.Duration(c.offset.Load())) }
func (c *clock) pass(span time.Duration) { c.offset.Add(int64(span)) }

func verifier(t *testing.T, i *issuer, c *clock) *oidc.Verifier {
	t.Helper()
	v, err := oidc.New(oidc.Config{Issuer: i.URL, Audience: "csr", Claims: oidc.Claims{Company: "company_id", Role: "role", Scope: "scope"}, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// pair is a key to sign with and the one an issuer lists.
type pair struct {
	private any
	alg     jose.SignatureAlgorithm
	id      string
}

func (p pair) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: p.private.(crypto.Signer).Public(), KeyID: p.id, Use: "sig"}
}

func newPair(t *testing.T, alg jose.SignatureAlgorithm, id string) pair {
	t.Helper()
	var private any
	var err error
	switch alg {
	case jose.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pair{private, alg, id}
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		options = options.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (p pair) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	return sign(t, p.alg, p.private, p.id, claims)
}

// claims are good ones with changes; a nil value removes one.
func claims(i *issuer, changes map[string]any) map[string]any {
	good := map[string]any{
		"iss": i.URL, "aud": []string{"other", "csr"}, "sub": "u-1", "role": "company_admin", "company_id": company, "scope": "a b",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(good, changes)
	maps.DeleteFunc(good, func(_ string, value any) bool { return value == nil })
	return good
}

func TestEveryAlgorithmProvesWhoAsks(t *testing.T) {
	t.Parallel()
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			key := newPair(t, alg, "k1")
			i := newIssuer(t, newPair(t, jose.ES256, "k0").public(), key.public())
			got, err := verifier(t, i, new(clock)).Caller(t.Context(), "Bearer "+key.sign(t, claims(i, nil)))
			want := access.Caller{Subject: "u-1", Role: identity.CompanyAdmin, Company: company, Scopes: []string{"a", "b"}}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v, caller (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestClaimsBecomeACaller(t *testing.T) {
	t.Parallel()
	key := newPair(t, jose.EdDSA, "k1")
	i := newIssuer(t, key.public())
	v := verifier(t, i, new(clock))
	cases := map[string]struct {
		changes map[string]any
		want    access.Caller
	}{
		"the operator's people have no company": {map[string]any{"role": "system_admin", "company_id": company, "scope": nil}, access.Caller{Subject: "u-1", Role: identity.SystemAdmin}},
		"a role in a list":                      {map[string]any{"role": []string{"offline_access", "company_user"}, "scope": nil}, access.Caller{Subject: "u-1", Role: identity.CompanyUser, Company: company}},
		"scopes in a list":                      {map[string]any{"scope": []string{"x", "y"}}, access.Caller{Subject: "u-1", Role: identity.CompanyAdmin, Company: company, Scopes: []string{"x", "y"}}},
		"one audience as text":                  {map[string]any{"aud": "csr", "scope": nil}, access.Caller{Subject: "u-1", Role: identity.CompanyAdmin, Company: company}},
		"a company in capitals":                 {map[string]any{"company_id": strings.ToUpper(company), "scope": nil}, access.Caller{Subject: "u-1", Role: identity.CompanyAdmin, Company: company}},
		"two roles":                             {map[string]any{"role": []string{"company_user", "system_admin"}}, access.Caller{Reason: "the token's claim role does not hold exactly one role of this platform"}},
		"a role nobody knows":                   {map[string]any{"role": "root"}, access.Caller{Reason: "the token's claim role does not hold exactly one role of this platform"}},
		"no role":                               {map[string]any{"role": nil}, access.Caller{Reason: "the token's claim role does not hold exactly one role of this platform"}},
		"a company role without a company":      {map[string]any{"company_id": nil}, access.Caller{Reason: "the token's claim company_id is not the UUID of a company"}},
		"a company that is no UUID":             {map[string]any{"company_id": "acme"}, access.Caller{Reason: "the token's claim company_id is not the UUID of a company"}},
		"no subject":                            {map[string]any{"sub": nil}, access.Caller{Reason: "the token names no subject"}},
		"another audience":                      {map[string]any{"aud": "shop"}, access.Caller{Reason: "the token is for another audience"}},
		"no audience":                           {map[string]any{"aud": nil}, access.Caller{Reason: "the token is for another audience"}},
		"another issuer":                        {map[string]any{"iss": "https://evil.example"}, access.Caller{Reason: "the token is from another issuer"}},
		"expired":                               {map[string]any{"exp": now.Add(-2 * time.Minute).Unix()}, access.Caller{Reason: "the token has expired"}},
		"without an expiry":                     {map[string]any{"exp": nil}, access.Caller{Reason: "the token has no expiry"}},
		"not valid yet":                         {map[string]any{"nbf": now.Add(2 * time.Minute).Unix()}, access.Caller{Reason: "the token is not valid yet"}},
		"issued in the future":                  {map[string]any{"iat": now.Add(2 * time.Minute).Unix()}, access.Caller{Reason: "the token was issued in the future"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Caller(t.Context(), "Bearer "+key.sign(t, claims(i, c.changes)))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v, caller (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestForgeriesProveNobody(t *testing.T) {
	t.Parallel()
	key, other := newPair(t, jose.RS256, "k1"), newPair(t, jose.RS256, "k1")
	second := newPair(t, jose.EdDSA, "k2")
	i := newIssuer(t, key.public(), second.public(), map[string]any{"kty": "oct", "kid": "shared", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}, map[string]any{"kty": "new", "kid": "unheard"})
	v := verifier(t, i, new(clock))
	good := key.sign(t, claims(i, nil))
	der, err := x509.MarshalPKIXPublicKey(key.private.(crypto.Signer).Public())
	if err != nil {
		t.Fatal(err)
	}
	part := func(v any) string {
		raw, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	parts := strings.Split(good, ".")
	cases := map[string]string{
		"no header":                      "",
		"another scheme":                 "Basic dTpw",
		"no token":                       "Bearer ",
		"no JWT":                         "Bearer abc",
		"another's key under our id":     "Bearer " + other.sign(t, claims(i, nil)),
		"a changed claim":                "Bearer " + parts[0] + "." + part(claims(i, map[string]any{"role": "system_admin"})) + "." + parts[2],
		"no signature":                   "Bearer " + parts[0] + "." + parts[1] + ".",
		"alg none":                       "Bearer " + part(map[string]string{"alg": "none", "kid": "k1"}) + "." + parts[1] + ".",
		"alg none, kept signature":       "Bearer " + part(map[string]string{"alg": "None", "kid": "k1"}) + "." + parts[1] + "." + parts[2],
		"public key as a shared secret":  "Bearer " + sign(t, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "k1", claims(i, nil)),
		"the listed shared secret":       "Bearer " + sign(t, jose.HS256, []byte("secretsecretsecretsecret00000000"), "shared", claims(i, nil)),
		"another algorithm, same key":    "Bearer " + sign(t, jose.PS256, key.private, "k1", claims(i, nil)),
		"another key's id":               "Bearer " + sign(t, jose.RS256, key.private, "k2", claims(i, nil)),
		"an unknown key id":              "Bearer " + sign(t, jose.RS256, key.private, "k9", claims(i, nil)),
		"no key id among several keys":   "Bearer " + sign(t, jose.RS256, key.private, "", claims(i, nil)),
		"a key that the token carries":   "Bearer " + carried(t, other, claims(i, nil)),
		"a token longer than any header": "Bearer " + strings.Repeat("a", 10_000),
	}
	got, err := v.Caller(t.Context(), "bearer "+good)
	if err != nil || got.Role != identity.CompanyAdmin {
		t.Fatalf("the genuine token is not accepted: %+v, %v", got, err)
	}
	for name, header := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Caller(t.Context(), header)
			if err != nil || got.Role != "" || got.Company != "" || got.Subject != "" || got.Reason == "" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// carried is a token that brings its own key along in its header.
func carried(t *testing.T, p pair, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.alg, Key: p.private}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTheOnlyKeyNeedsNoName(t *testing.T) {
	t.Parallel()
	key := newPair(t, jose.ES256, "")
	i := newIssuer(t, key.public())
	got, err := verifier(t, i, new(clock)).Caller(t.Context(), "Bearer "+key.sign(t, claims(i, nil)))
	if err != nil || got.Subject != "u-1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAWeakKeyIsNotUsed(t *testing.T) {
	t.Parallel()
	strong := newPair(t, jose.RS256, "w")
	modulus := new(big.Int).SetBit(big.NewInt(1), 1023, 1) // 1024 bits
	i := newIssuer(t, jose.JSONWebKey{Key: &rsa.PublicKey{N: modulus, E: 65537}, KeyID: "w"})
	got, err := verifier(t, i, new(clock)).Caller(t.Context(), "Bearer "+strong.sign(t, claims(i, nil)))
	if err != nil || got.Reason != "the token is signed with a key that the issuer does not list" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	first, second := newPair(t, jose.EdDSA, "k1"), newPair(t, jose.EdDSA, "k2")
	i, c := newIssuer(t, first.public()), new(clock)
	v := verifier(t, i, c)
	role := func(p pair) string {
		got, err := v.Caller(t.Context(), "Bearer "+p.sign(t, claims(i, nil)))
		if err != nil {
			t.Fatal(err)
		}
		return string(got.Role) + got.Reason
	}
	if got := role(first); got != "company_admin" {
		t.Fatal(got)
	}
	i.change(func() { i.keys = []any{second.public()} })
	c.pass(15 * time.Second)
	if got := role(second); got != "company_admin" {
		t.Errorf("a new key is not fetched: %s", got)
	}
	if got := role(first); got == "company_admin" {
		t.Error("a withdrawn key is still accepted")
	}
	fetches := i.fetches.Load()
	for range 50 {
		role(first)
	}
	if again := i.fetches.Load(); again != fetches {
		t.Errorf("%d fetches for an unknown key within seconds", again-fetches)
	}
	c.pass(time.Minute)
	role(first)
	if again := i.fetches.Load(); again != fetches+1 {
		t.Errorf("%d fetches a minute later, want one", again-fetches)
	}
}

func TestAWithdrawnKeyGoesOutOfUseByItself(t *testing.T) {
	t.Parallel()
	first, second := newPair(t, jose.EdDSA, "k1"), newPair(t, jose.EdDSA, "k2")
	i, c := newIssuer(t, first.public()), new(clock)
	v := verifier(t, i, c)
	header := "Bearer " + first.sign(t, claims(i, nil))
	got, err := v.Caller(t.Context(), header)
	if err != nil || got.Role == "" {
		t.Fatal(got, err)
	}
	i.change(func() { i.keys = []any{second.public()} })
	c.pass(11 * time.Minute)
	got, err = v.Caller(t.Context(), header)
	if err != nil || got.Role != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnIssuerThatIsDown(t *testing.T) {
	t.Parallel()
	key := newPair(t, jose.EdDSA, "k1")
	i, c := newIssuer(t, key.public()), new(clock)
	v := verifier(t, i, c)
	header := func() string {
		return "Bearer " + key.sign(t, claims(i, map[string]any{"exp": now.Add(100 * time.Hour).Unix()}))
	}
	i.change(func() { i.down = true })
	_, err := v.Caller(t.Context(), header())
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("before any key is known: %v, want busy", err)
	}
	i.change(func() { i.down = false })
	c.pass(15 * time.Second)
	got, err := v.Caller(t.Context(), header())
	if err != nil || got.Role == "" {
		t.Fatalf("after it came back: %+v, %v", got, err)
	}
	i.change(func() { i.down = true })
	c.pass(time.Hour)
	got, err = v.Caller(t.Context(), header())
	if err != nil || got.Role == "" {
		t.Errorf("with the keys it had: %+v, %v", got, err)
	}
	c.pass(25 * time.Hour)
	_, err = v.Caller(t.Context(), header())
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("with keys of yesterday: %v, want busy", err)
	}
}

func TestWhoeverAskedAndLeftLocksNobodyOut(t *testing.T) {
	t.Parallel()
	key := newPair(t, jose.EdDSA, "k1")
	i := newIssuer(t, key.public())
	v := verifier(t, i, new(clock))
	header := "Bearer " + key.sign(t, claims(i, nil))
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := v.Caller(gone, header)
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v", err)
	}
	got, err := v.Caller(t.Context(), header)
	if err != nil || got.Role == "" {
		t.Errorf("the next one: %+v, %v", got, err)
	}
}

func TestALyingConfigurationIsNotTrusted(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(i *issuer){
		"another issuer":        func(i *issuer) { i.name = "https://evil.example" },
		"keys over plain http":  func(i *issuer) { i.at = "http://keys.example/jwks" },
		"keys over another way": func(i *issuer) { i.at = "file:///etc/keys" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newPair(t, jose.EdDSA, "k1")
			i := newIssuer(t, key.public())
			lie(i)
			got, err := verifier(t, i, new(clock)).Caller(t.Context(), "Bearer "+key.sign(t, claims(i, nil)))
			if fault.KindOf(err) != fault.Busy || got.Role != "" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestClaimNamesAreTheIssuersOwn(t *testing.T) {
	t.Parallel()
	key := newPair(t, jose.EdDSA, "k1")
	i := newIssuer(t, key.public())
	v, err := oidc.New(oidc.Config{
		Issuer: i.URL, Audience: "csr", Now: new(clock).now,
		Claims: oidc.Claims{Company: "https://teei.example/company", Role: "realm_access.roles", Scope: "scp"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Caller(t.Context(), "Bearer "+key.sign(t, claims(i, map[string]any{
		"https://teei.example/company": company, "realm_access": map[string]any{"roles": []string{"default", "volunteer"}}, "scp": []string{"s"},
	})))
	want := access.Caller{Subject: "u-1", Role: identity.Volunteer, Company: company, Scopes: []string{"s"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, caller (-want +got):\n%s", err, diff)
	}
}

func TestNewRefusesAnIssuerThatCouldBeImpersonated(t *testing.T) {
	t.Parallel()
	for issuer, ok := range map[string]bool{
		"https://login.example": true, "http://localhost:3000": true, "http://127.0.0.1:9/x": true, "http://[::1]:9": true,
		"http://login.example": false, "": false, "login.example": false, "http://localhost.example": false, "https://u:p@login.example": false, "ftp://localhost": false,
	} {
		_, err := oidc.New(oidc.Config{Issuer: issuer, Audience: "csr", Claims: oidc.Claims{Company: "c", Role: "r", Scope: "s"}})
		if ok != (err == nil) {
			t.Errorf("issuer %q: %v", issuer, err)
		}
	}
	_, err := oidc.New(oidc.Config{Issuer: "https://login.example"})
	if fault.KindOf(err) != fault.Invalid || len(fault.Of(err).Fields) != 2 {
		t.Errorf("without audience and claims: %v", err)
	}
}

func TestManyAtOnceFetchOnce(t *testing.T) {
	t.Parallel()
	key := newPair(t, jose.EdDSA, "k1")
	i := newIssuer(t, key.public())
	v := verifier(t, i, new(clock))
	header := "Bearer " + key.sign(t, claims(i, nil))
	failures := make(chan error, 20)
	for range 20 {
		go func() {
			got, err := v.Caller(t.Context(), header)
			if err == nil && got.Role == "" {
				err = fmt.Errorf("refused: %s", got.Reason)
			}
			failures <- err
		}()
	}
	for range 20 {
		err := <-failures
		if err != nil {
			t.Error(err)
		}
	}
	if fetches := i.fetches.Load(); fetches != 1 {
		t.Errorf("%d fetches, want 1", fetches)
	}
}
