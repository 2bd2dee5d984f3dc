package onlambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/platform/web"
)

// maxAnswer is the longest answer Lambda takes, in bytes, envelope included.
const maxAnswer = 6<<20 - 4096

// asked is a request as an HTTP API hands it over (payload format 2.0).
type asked struct {
	RouteKey       string            `json:"routeKey"`
	RawPath        string            `json:"rawPath"`
	RawQueryString string            `json:"rawQueryString"`
	Cookies        []string          `json:"cookies"`
	Headers        map[string]string `json:"headers"`
	PathParameters map[string]string `json:"pathParameters"`
	RequestContext struct {
		RequestID  string `json:"requestId"`
		DomainName string `json:"domainName"`
		HTTP       struct {
			Method   string `json:"method"`
			Protocol string `json:"protocol"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
		Authorizer struct {
			Lambda identity `json:"lambda"`
		} `json:"authorizer"`
	} `json:"requestContext"`
	Body            string `json:"body"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// header finds a header whatever its case: AWS sends lower case, emulators what came.
func (in asked) header(name string) string {
	for given, value := range in.Headers {
		if strings.EqualFold(given, name) {
			return value
		}
	}
	return ""
}

// answered is what an HTTP API makes an answer of.
type answered struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Cookies         []string          `json:"cookies,omitempty"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// newWeb answers requests of an HTTP API. Every route of the function is served by the same handler, which finds out by the path
// values and the method.
func newWeb(name string, handler http.Handler, log *slog.Logger) Handler {
	process := web.Process{Function: name, Log: log, Caller: func(r *http.Request) (access.Caller, error) {
		given, _ := r.Context().Value(identityKey{}).(identity)
		return given.caller()
	}}
	var routes sync.Map // route to what serves it
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		in, err := decode[asked](payload)
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		request, err := in.request(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		serving, known := routes.Load(in.RouteKey)
		if !known {
			serving, _ = routes.LoadOrStore(in.RouteKey, web.Serve(in.RouteKey, handler, process))
		}
		out := &recorder{header: http.Header{}}
		serve(serving.(http.Handler), out, request)
		return json.Marshal(out.answer())
	}
}

// serve turns an answer that was cut off into one that says so: here, nothing has left yet.
func serve(handler http.Handler, out *recorder, r *http.Request) {
	defer func() {
		if recover() != nil { // already on the log line
			*out = recorder{header: http.Header{"X-Request-Id": out.header["X-Request-Id"]}}
			web.Problem(out, r, fmt.Errorf("the answer could not be completed"))
		}
	}()
	handler.ServeHTTP(out, r)
}

// request is in as net/http knows it.
func (in asked) request(ctx context.Context) (*http.Request, error) {
	body := []byte(in.Body)
	if in.IsBase64Encoded {
		var err error
		body, err = base64.StdEncoding.DecodeString(in.Body)
		if err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
	}
	target := (&url.URL{Path: in.RawPath, RawQuery: in.RawQueryString}).RequestURI()
	request := &http.Request{
		Method: in.RequestContext.HTTP.Method, URL: &url.URL{Path: in.RawPath, RawQuery: in.RawQueryString}, RequestURI: target,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, len(in.Headers)+2), Host: in.RequestContext.DomainName,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), RemoteAddr: in.RequestContext.HTTP.SourceIP,
	}
	for name, value := range in.Headers {
		request.Header.Set(name, value)
	}
	if len(in.Cookies) > 0 {
		request.Header.Set("Cookie", strings.Join(in.Cookies, "; "))
	}
	if request.Header.Get("X-Request-Id") == "" {
		request.Header.Set("X-Request-Id", in.RequestContext.RequestID)
	}
	for name, value := range in.PathParameters {
		request.SetPathValue(name, value)
	}
	return request.WithContext(context.WithValue(ctx, identityKey{}, in.RequestContext.Authorizer.Lambda)), nil
}

// recorder keeps an answer until it is complete.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
}

func (r *recorder) Write(data []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(data)
}

// Flush does nothing: the answer leaves in one piece.
func (*recorder) Flush() {}

// answer is what was recorded as an HTTP API takes it. What is not text travels in base64.
func (r *recorder) answer() answered {
	r.WriteHeader(http.StatusOK)
	raw := r.body.Bytes()
	binary := r.header.Get("Content-Encoding") != "" || !utf8.Valid(raw)
	if size := len(raw); binary && size/3*4 > maxAnswer || size > maxAnswer {
		raw, binary = []byte(`{"type":"urn:csr-platform:problem:unknown","title":"The answer is longer than 6 MB","status":500}`), false
		r.status = http.StatusInternalServerError
		r.header.Del("Content-Encoding")
		r.header.Set("Content-Type", "application/problem+json")
	}
	out := answered{StatusCode: r.status, Headers: make(map[string]string, len(r.header)), Body: string(raw), IsBase64Encoded: binary}
	if binary {
		out.Body = base64.StdEncoding.EncodeToString(raw)
	}
	for name, values := range r.header {
		if name == "Set-Cookie" {
			out.Cookies = values
			continue
		}
		if len(values) > 0 {
			out.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	return out
}
