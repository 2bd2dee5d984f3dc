package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/teei/csr-platform/shared/fault"
)

const (
	keysFresh   = 10 * time.Minute // then they are fetched again, so that a withdrawn key goes out of use
	keysBear    = 24 * time.Hour   // how long old keys serve while the issuer does not answer
	fetchPause  = 10 * time.Second // between two fetches, so that invented key ids do not make us flood the issuer
	answerLimit = 1 << 20          // bytes of an issuer's answer
)

// keys are an issuer's signing keys, fetched when needed and kept.
type keys struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	uri     string // of the key set, once discovered
	set     map[string]jose.JSONWebKey
	fetched time.Time // when set came
	tried   time.Time // when it was last asked for
	failed  error     // how that ended
}

// find gives the key named id, or the only one where id is empty, if it may verify algorithm. An unknown key is Refused; an
// issuer that does not answer is Busy. One fetch serves all who wait.
func (k *keys) find(ctx context.Context, id, algorithm string) (jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	key, known := k.pick(id)
	stale := now.Sub(k.fetched) > keysFresh
	if (!known || stale) && now.Sub(k.tried) >= fetchPause {
		k.tried = now
		k.failed = k.fetch(ctx)
		if k.failed != nil && ctx.Err() != nil {
			k.tried = time.Time{} // who asked went away; the next one may ask at once
		}
		key, known = k.pick(id)
	}
	if k.failed != nil && (!known || now.Sub(k.fetched) > keysBear) {
		return key, &fault.Error{Kind: fault.Busy, Sentence: "the issuer's keys cannot be had at present", RetryAfter: fetchPause, Cause: k.failed}
	}
	if !known {
		return key, fault.New(fault.Refused, "the token is signed with a key that the issuer does not list")
	}
	if key.Algorithm != "" && key.Algorithm != algorithm || !fits(key.Key, algorithm) {
		return key, fault.New(fault.Refused, "the token's algorithm is not that of its key")
	}
	return key, nil
}

func (k *keys) pick(id string) (jose.JSONWebKey, bool) {
	if id == "" {
		return only(k.set)
	}
	key, known := k.set[id]
	return key, known
}

// fetch gets the key set, after discovering where it is.
func (k *keys) fetch(ctx context.Context) error {
	if k.uri == "" {
		var found struct { // OpenID Connect Discovery 1.0 §3
			Issuer  string `json:"issuer"`
			JWKSURI string `json:"jwks_uri"`
		}
		err := k.read(ctx, strings.TrimSuffix(k.issuer, "/")+"/.well-known/openid-configuration", &found)
		if err != nil {
			return err
		}
		if found.Issuer != k.issuer {
			return fault.New(fault.Busy, "the issuer's configuration names another issuer")
		}
		if !secure(found.JWKSURI) {
			return fault.New(fault.Busy, "the issuer's keys are not behind https")
		}
		k.uri = found.JWKSURI
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	err := k.read(ctx, k.uri, &set)
	if err != nil {
		k.uri = "" // it may have moved
		return err
	}
	k.set, k.fetched = usable(set.Keys), k.now()
	return nil
}

func (k *keys) read(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask the issuer: %w", err)
	}
	answer, err := k.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the issuer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the issuer: status %d", answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("read the issuer's answer: %w", err)
	}
	err = json.Unmarshal(raw, into)
	if err != nil {
		return fmt.Errorf("read the issuer's answer: %w", err)
	}
	return nil
}

// strong refuses keys that could be broken or that no algorithm of ours uses.
func strong(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return len(key) == ed25519.PublicKeySize
	}
	return false
}

// fits says whether an algorithm is one of the key's kind, so that a public key is never taken for a shared secret.
func fits(key any, algorithm string) bool {
	switch key.(type) {
	case *rsa.PublicKey:
		return algorithm == string(jose.RS256)
	case *ecdsa.PublicKey:
		return algorithm == string(jose.ES256)
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}

// usable are the keys of a set that may sign for us: public, for signing, strong enough, by key id. What cannot be read is left
// out, since an issuer may list keys of kinds that nobody knows yet.
func usable(listed []json.RawMessage) map[string]jose.JSONWebKey {
	found := map[string]jose.JSONWebKey{}
	for _, raw := range listed {
		var key jose.JSONWebKey
		err := key.UnmarshalJSON(raw)
		if err == nil && key.IsPublic() && key.Valid() && (key.Use == "" || key.Use == "sig") && strong(key.Key) {
			found[key.KeyID] = key
		}
	}
	return found
}

// only is the single key of a set, for tokens that name none.
func only(set map[string]jose.JSONWebKey) (jose.JSONWebKey, bool) {
	for _, key := range set {
		return key, len(set) == 1
	}
	return jose.JSONWebKey{}, false
}
