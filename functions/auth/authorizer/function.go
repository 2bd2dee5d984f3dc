// Package authorizer says who is asking, from a bearer token of the OpenID Connect issuer that this deployment trusts. It refuses
// nobody: whoever proves no identity goes on without one, with the reason, and the permission table decides.
//
// Hears:   the Authorization header of every request to a route that is not public
// Answers: subject, company, role and scopes; or the reason why nobody is known
// Repeats: safe; nothing is kept but the issuer's keys
// Fails:   an issuer that does not answer is busy, and so is what was asked
package authorizer

import (
	"context"

	"github.com/teei/csr-platform/shared/adapter/oidc"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "auth/authorizer"

// Function is auth/authorizer.
var Function = fn.Authorizer(name, open)

func open(_ context.Context, env port.Env) (func(context.Context, string) (access.Caller, error), error) {
	settings := env.Config()
	trusted := oidc.Config{
		Issuer:   settings.String("OIDC_ISSUER"),
		Audience: settings.String("OIDC_AUDIENCE"),
		Claims: oidc.Claims{
			Company: settings.StringOr("OIDC_CLAIM_COMPANY", "company_id"),
			Role:    settings.StringOr("OIDC_CLAIM_ROLE", "role"),
			Scope:   settings.StringOr("OIDC_CLAIM_SCOPE", "scope"),
		},
		Now: env.Now,
	}
	err := settings.Err()
	if err != nil {
		return nil, err
	}
	verifier, err := oidc.New(trusted)
	if err != nil {
		return nil, err
	}
	return verifier.Caller, nil
}
