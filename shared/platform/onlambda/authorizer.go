package onlambda

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/access"
	role "github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/trace"
)

// identity is who is asking, as the authorizer tells the functions behind the API through the authorizer context.
type identity struct {
	Subject string `json:"subject"`
	Company string `json:"company"`
	Role    string `json:"role"`
	Scopes  string `json:"scopes"` // separated by spaces
	Reason  string `json:"reason"` // why nobody is known
	Busy    string `json:"busy"`   // why that could not be found out
}

type identityKey struct{}

// caller is i as the runner knows it.
func (i identity) caller() (access.Caller, error) {
	if i.Busy != "" {
		return access.Caller{}, fault.New(fault.Busy, i.Busy)
	}
	return access.Caller{
		Subject: i.Subject, Company: i.Company, Role: role.Role(i.Role), Scopes: strings.Fields(i.Scopes), Reason: i.Reason,
	}, nil
}

// verdict is a simple response of a Lambda authorizer (payload format 2.0).
type verdict struct {
	IsAuthorized bool     `json:"isAuthorized"`
	Context      identity `json:"context"`
}

// newAuthorizer lets everybody through and says who they are, or why that is not known: the function's runner answers 401, 403 and 503
// as problem details.
func newAuthorizer(name string, authorize func(context.Context, string) (access.Caller, error), to *slog.Logger) Handler {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		begun := time.Now()
		in, err := decode[asked](payload)
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		ctx, line := log.Begin(trace.With(ctx, in.header("traceparent")))
		caller, err := identify(ctx, authorize, in.header("authorization"))
		told := identity{
			Subject: caller.Subject, Company: caller.Company, Role: string(caller.Role), Scopes: strings.Join(caller.Scopes, " "), Reason: caller.Reason,
		}
		if err != nil {
			log.Fail(ctx, err)
			told = identity{Busy: "who is asking cannot be found out at present"}
		}
		line.Write(ctx, to, "authorize",
			slog.String("function", name), slog.String("route", in.RouteKey), slog.String("role", told.Role), slog.String("company", told.Company),
			slog.String("reason", told.Reason), slog.String("request_id", in.RequestContext.RequestID),
			slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000))
		return json.Marshal(verdict{IsAuthorized: true, Context: told})
	}
}

func identify(ctx context.Context, authorize func(context.Context, string) (access.Caller, error), header string) (caller access.Caller, err error) {
	defer catch(&err)
	return authorize(ctx, header)
}
