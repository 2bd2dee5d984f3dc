package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/trace"
)

// MaxHeader is how many bytes the request line and headers may have together, as at HTTP API.
const MaxHeader = 10_240

// Process is what a runner gives to the web functions it runs.
type Process struct {
	Function string // kind/name, for the log line
	Log      *slog.Logger

	// Caller says who is asking. It is called for routes that need to know, and is nil where the runner has put the caller into
	// the context already. An error is answered as it is; a request without an identity is not an error.
	Caller func(r *http.Request) (access.Caller, error)
}

type requestID struct{}

// RequestID is the id of the request that ctx belongs to, empty outside one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestID{}).(string)
	return id
}

// Serve puts around h what every web function has: request id, trace, the permission table's verdict on route, problem details
// for a panic, gzip, safe headers and the log line. route is as template.yaml writes it, "GET /v1/things/{id}", and path values
// must have been set on the request.
func Serve(route string, h http.Handler, in Process) http.Handler {
	method, _, _ := strings.Cut(route, " ")
	rule, known := access.Table[route]
	public := known && rule.Roles == nil
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		id := sane(r.Header.Get("X-Request-Id"))
		ctx, line := log.Begin(context.WithValue(r.Context(), requestID{}, id))
		ctx = trace.With(ctx, r.Header.Get("Traceparent"))
		header := w.Header()
		header.Set("X-Request-Id", id)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		out := &answer{ResponseWriter: w, gzip: accepts(r)}
		var caller access.Caller
		defer func() {
			recovered := recover()
			if recovered != nil && recovered != http.ErrAbortHandler { //nolint:errorlint // net/http panics with this very value
				Problem(out, r.WithContext(ctx), fmt.Errorf("panic: %v\n%s", recovered, debug.Stack()))
			}
			out.finish()
			write := []slog.Attr{
				slog.String("function", in.Function), slog.String("route", route), slog.Int("status", out.seen()),
				slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000),
				slog.Int64("bytes", out.size), slog.String("request_id", id), slog.String("trace_id", traceID(ctx)),
			}
			line.Write(ctx, in.Log, "request", append(write, about(caller, r.PathValue("companyId"))...)...)
			if out.cut || recovered == http.ErrAbortHandler { //nolint:errorlint // as above
				panic(http.ErrAbortHandler)
			}
		}()
		err := within(r, method)
		if err == nil && !public {
			caller, err = who(r, in)
		}
		if err == nil {
			err = access.Check(route, caller, r.PathValue("companyId"))
		}
		r = r.WithContext(access.With(ctx, caller))
		if err != nil {
			Problem(out, r, err)
			return
		}
		h.ServeHTTP(out, r)
	})
}

func who(r *http.Request, in Process) (access.Caller, error) {
	if in.Caller == nil {
		return access.From(r.Context()), nil
	}
	return in.Caller(r)
}

// about says who asked and about which company. A subject that looks like an address is somebody's name and stays out.
func about(caller access.Caller, company string) []slog.Attr {
	if company == "" {
		company = caller.Company
	}
	attrs := make([]slog.Attr, 0, 3)
	if company != "" && len(company) <= 36 {
		attrs = append(attrs, slog.String("company", company))
	}
	if caller.Role != "" {
		attrs = append(attrs, slog.String("role", string(caller.Role)))
	}
	if caller.Subject != "" && !strings.Contains(caller.Subject, "@") {
		attrs = append(attrs, slog.String("subject", caller.Subject))
	}
	return attrs
}

// within refuses what HTTP API would not have passed on.
func within(r *http.Request, method string) error {
	if r.Method != method {
		return fault.New(fault.Missing, "this route has no method "+short(r.Method))
	}
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + 4
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + 4
		}
	}
	if size > MaxHeader {
		return fault.New(fault.TooLarge, fmt.Sprintf("request line and headers have %d bytes: at most %d", size, MaxHeader))
	}
	return nil
}

// sane gives id back if it is 1 to 128 letters, digits, dots, hyphens or underscores, else a new one.
func sane(id string) string {
	ok := len(id) > 0 && len(id) <= 128
	for i := 0; ok && i < len(id); i++ {
		c := id[i]
		ok = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_' || c == '='
	}
	if ok {
		return id
	}
	var raw [16]byte
	rand.Read(raw[:])
	return hex.EncodeToString(raw[:])
}

func traceID(ctx context.Context) string {
	parent := trace.From(ctx)
	if len(parent) < 35 {
		return ""
	}
	return parent[3:35]
}
