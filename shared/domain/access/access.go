// Package access says who may ask for what. Permissions are one table; a route that is not in it is refused.
package access

import (
	"context"
	"slices"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
)

// Caller is who is asking, or why that is not known.
type Caller struct {
	Subject string        // the issuer's name for them
	Company string        // company id; empty for the operator's people
	Role    identity.Role // empty when nobody is signed in
	Scopes  []string
	Reason  string // why there is no identity, for the 401 that follows
}

type callerKey struct{}

// With keeps the caller in ctx; only a runner does.
func With(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// From is the caller of ctx, the zero Caller where nobody asked.
func From(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// Of says whose things a route is about.
type Of int

// Whose things a route shows or changes.
const (
	Anyone  Of = iota // nobody's in particular
	Company           // the company in the path parameter companyId; operator's roles may name any
)

// Rule is who may use a route.
type Rule struct {
	Roles []identity.Role // none: public, the function itself proves who is sending
	Of    Of
}

// Check lets caller use the route whose path names company (empty where it names none), or says why not: Refused when nobody is
// signed in, Forbidden when the role may not, Missing when the company is another's, so that its existence is not told.
func Check(route string, caller Caller, company string) error {
	rule, known := Table[route]
	if !known {
		return fault.New(fault.Forbidden, "this route is not open to anyone")
	}
	if rule.Roles == nil {
		return nil
	}
	if caller.Role == "" {
		reason := caller.Reason
		if reason == "" {
			reason = "a bearer token is needed"
		}
		return fault.New(fault.Refused, reason)
	}
	if !slices.Contains(rule.Roles, caller.Role) {
		return fault.New(fault.Forbidden, "the role "+string(caller.Role)+" may not do this")
	}
	if rule.Of == Company && !caller.Role.OfOperator() && (company == "" || caller.Company != company) {
		return fault.New(fault.Missing, "no such company")
	}
	return nil
}
