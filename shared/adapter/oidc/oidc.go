// Package oidc says who a bearer token belongs to: a JSON Web Token signed by any OpenID Connect issuer with RS256, ES256 or
// EdDSA (RFC 7515, 7519, OpenID Connect Discovery 1.0). It connects to the issuer when the first token arrives.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
)

// leeway is how far the issuer's clock may be from ours.
const leeway = time.Minute

// maxToken is the longest token read, in bytes; a request's headers have 10,240.
const maxToken = 9_000

var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA}

// Config is whom to trust and what their tokens say.
type Config struct {
	Issuer   string // URL, exactly as in the iss claim; https, or http on a loopback address
	Audience string // must be among the token's aud
	Claims   Claims
	Client   *http.Client     // nil: one with a timeout of 3 s
	Now      func() time.Time // nil: the clock
}

// Claims are the names under which the issuer puts what we need. A name with dots may also be a path: realm_access.role.
type Claims struct {
	Company string // UUID of the company; company_id
	Role    string // one of identity.Roles, or a list that holds exactly one of them; role
	Scope   string // separated by spaces, or a list; scope
}

// Verifier reads tokens of one issuer. It is safe for use by many goroutines.
type Verifier struct {
	config Config
	keys   *keys
}

// New makes a verifier and connects to nothing. An issuer that is no https URL (http only for a loopback address), or an empty
// audience, is Invalid.
func New(config Config) (*Verifier, error) {
	var checks fault.Checks
	checks.That(secure(config.Issuer), "issuer", "an https URL, or http on a loopback address")
	checks.That(config.Audience != "", "audience", "a value")
	checks.That(config.Claims.Company != "" && config.Claims.Role != "" && config.Claims.Scope != "", "claims", "a name for company, role and scope")
	err := checks.Err("the OpenID Connect settings are not usable")
	if err != nil {
		return nil, err
	}
	if config.Client == nil {
		config.Client = &http.Client{Timeout: 3 * time.Second, CheckRedirect: safely}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Verifier{config, &keys{issuer: config.Issuer, client: config.Client, now: config.Now}}, nil
}

// secure says whether what comes from address cannot be changed on the way.
func secure(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

// safely follows a redirect only to where an answer cannot be changed on the way.
func safely(next *http.Request, via []*http.Request) error {
	if len(via) > 3 || !secure(next.URL.String()) {
		return errors.New("the issuer redirects to an address that is not https, or too often")
	}
	return nil
}

// Caller says who sent an Authorization header. A header that proves nobody is no error: the caller then has a Reason and no
// role. An error means that the issuer could not be asked: Busy.
func (v *Verifier) Caller(ctx context.Context, authorization string) (access.Caller, error) {
	if authorization == "" {
		return nobody("a bearer token is needed"), nil
	}
	scheme, raw, _ := strings.Cut(authorization, " ")
	raw = strings.TrimSpace(raw)
	if !strings.EqualFold(scheme, "Bearer") || raw == "" {
		return nobody("the Authorization header is not of the form: Bearer <token>"), nil
	}
	claims, err := v.verify(ctx, raw)
	switch {
	case fault.KindOf(err) == fault.Refused:
		return nobody(fault.Of(err).Sentence), nil
	case err != nil:
		return access.Caller{}, err
	}
	return v.caller(claims), nil
}

func nobody(reason string) access.Caller { return access.Caller{Reason: reason} }

// verify gives the claims of a token that is genuine, for us and of now.
func (v *Verifier) verify(ctx context.Context, raw string) (map[string]any, error) {
	if len(raw) > maxToken {
		return nil, fault.New(fault.Refused, fmt.Sprintf("the token is longer than %d bytes", maxToken))
	}
	token, err := jwt.ParseSigned(raw, algorithms)
	if err != nil {
		return nil, fault.Wrap(fault.Refused, "the token is not a JWT signed with RS256, ES256 or EdDSA", err)
	}
	header := token.Headers[0]
	key, err := v.keys.find(ctx, header.KeyID, header.Algorithm)
	if err != nil {
		return nil, err
	}
	var registered jwt.Claims
	var claims map[string]any
	err = token.Claims(key, &registered, &claims)
	if err != nil {
		return nil, fault.Wrap(fault.Refused, "the token's signature does not match", err)
	}
	return claims, v.timely(registered)
}

// timely refuses a genuine token that is not for us or not of now.
func (v *Verifier) timely(registered jwt.Claims) error {
	if registered.Expiry == nil {
		return fault.New(fault.Refused, "the token has no expiry")
	}
	err := registered.ValidateWithLeeway(jwt.Expected{Issuer: v.config.Issuer, AnyAudience: jwt.Audience{v.config.Audience}, Time: v.config.Now()}, leeway)
	sentences := []struct {
		err      error
		sentence string
	}{
		{jwt.ErrInvalidIssuer, "the token is from another issuer"},
		{jwt.ErrInvalidAudience, "the token is for another audience"},
		{jwt.ErrExpired, "the token has expired"},
		{jwt.ErrNotValidYet, "the token is not valid yet"},
		{jwt.ErrIssuedInTheFuture, "the token was issued in the future"},
	}
	for _, known := range sentences {
		if errors.Is(err, known.err) {
			return fault.New(fault.Refused, known.sentence)
		}
	}
	if err != nil {
		return fault.Wrap(fault.Refused, "the token is not valid", err)
	}
	return nil
}

// caller reads who the claims speak of.
func (v *Verifier) caller(claims map[string]any) access.Caller {
	subject, _ := claims["sub"].(string)
	if subject == "" || len(subject) > 255 {
		return nobody("the token names no subject")
	}
	role, ok := role(words(find(claims, v.config.Claims.Role)))
	if !ok {
		return nobody("the token's claim " + v.config.Claims.Role + " does not hold exactly one role of this platform")
	}
	caller := access.Caller{Subject: subject, Role: role, Scopes: words(find(claims, v.config.Claims.Scope))}
	if role.OfOperator() {
		return caller
	}
	company, _ := find(claims, v.config.Claims.Company).(string)
	id, err := uuid.Parse(company)
	if err != nil || id == uuid.Nil {
		return nobody("the token's claim " + v.config.Claims.Company + " is not the UUID of a company")
	}
	caller.Company = id.String()
	return caller
}

// role is the one role among what a claim holds.
func role(held []string) (identity.Role, bool) {
	var found []identity.Role
	for _, role := range identity.Roles {
		if slices.Contains(held, string(role)) {
			found = append(found, role)
		}
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// find reads a claim by its name, else by the path that its dots make.
func find(claims map[string]any, name string) any {
	value, ok := claims[name]
	if ok {
		return value
	}
	first, rest, deeper := strings.Cut(name, ".")
	inner, _ := claims[first].(map[string]any)
	if !deeper || inner == nil {
		return nil
	}
	return find(inner, rest)
}

// words are the entries of a claim that is a list, or text separated by spaces.
func words(claim any) []string {
	switch claim := claim.(type) {
	case string:
		return strings.Fields(claim)
	case []any:
		var words []string
		for _, entry := range claim {
			word, ok := entry.(string)
			if ok {
				words = append(words, word)
			}
		}
		return words
	}
	return nil
}
