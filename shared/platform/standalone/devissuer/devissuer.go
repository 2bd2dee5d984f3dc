// Package devissuer is a small OpenID Connect issuer for one's own machine: it signs tokens for whoever may read its key file.
// The standalone process and tests use it; nothing deployed does.
package devissuer

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	_ "crypto/sha256" // behind crypto.SHA256
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/teei/csr-platform/shared/domain/identity"
)

// Audience of every token made here.
const Audience = "csr-platform"

// keyFile is where the signing key lies in the issuer's folder.
const keyFile = "devissuer.pem"

// Issuer makes tokens. It is safe for use by many goroutines.
type Issuer struct {
	name   string
	path   string // of name
	key    jose.JSONWebKey
	signer jose.Signer
}

// Open reads the signing key in folder, or makes one that only its owner may read. name is the issuer's URL,
// http://localhost:3000 or with a path.
func Open(folder, name string) (*Issuer, error) {
	u, err := url.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("name of the development issuer: %w", err)
	}
	private, err := key(filepath.Join(folder, keyFile))
	if err != nil {
		return nil, fmt.Errorf("key of the development issuer: %w", err)
	}
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.EdDSA), Use: "sig"}
	thumb, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("key of the development issuer: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: private, KeyID: public.KeyID}},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		return nil, fmt.Errorf("key of the development issuer: %w", err)
	}
	return &Issuer{name: name, path: strings.TrimSuffix(u.Path, "/"), key: public, signer: signer}, nil
}

// key reads the private key at path, making it first where there is none. Of two processes that make one at the same moment both
// use the first.
func key(path string) (ed25519.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		err = makeKey(path)
		if err != nil {
			return nil, err
		}
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s is not a PEM file; remove it and a new key is made", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s does not hold an Ed25519 key; remove it and a new key is made", path)
	}
	return private, nil
}

func makeKey(path string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	err = os.MkdirAll(filepath.Dir(path), 0o700)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), keyFile) // 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = errors.Join(pem.Encode(file, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), file.Close())
	if err != nil {
		return err
	}
	err = os.Link(file.Name(), path) // fails where one exists: the first wins, and is whole
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// Name is the issuer's URL, as in the iss claim.
func (i *Issuer) Name() string { return i.name }

// Handler serves the discovery document and the key set below the issuer's own path.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	keys := i.path + "/.well-known/jwks.json"
	base := strings.TrimSuffix(strings.TrimSuffix(i.name, "/"), i.path)
	serve := func(value any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(value)
		}
	}
	mux.Handle("GET "+i.path+"/.well-known/openid-configuration", serve(map[string]any{
		"issuer": i.name, "jwks_uri": base + keys, "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"EdDSA"},
	}))
	mux.Handle("GET "+keys, serve(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key}}))
	return mux
}

// Mint makes a token that is valid from now for ttl. company is empty for the operator's roles.
func (i *Issuer) Mint(subject string, role identity.Role, company string, scopes []string, ttl time.Duration) (string, error) {
	now := time.Now()
	claims := map[string]any{
		"iss": i.name, "aud": Audience, "sub": subject, "role": role, "scope": strings.Join(scopes, " "),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(ttl).Unix(),
	}
	if company != "" {
		claims["company_id"] = company
	}
	token, err := jwt.Signed(i.signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("mint a token: %w", err)
	}
	return token, nil
}
