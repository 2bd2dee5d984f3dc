// Package bedrockfake is an Amazon Bedrock that answers Converse over HTTP as it was told to, and refuses what the real one would:
// an unescaped model id, a request that is not signed for the service, a schema that is none, a forced tool or a temperature for a
// model that takes neither. It speaks to the real SDK client.
package bedrockfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region is the region of Server.Config.
const Region = "eu-north-1"

// Request is one Converse request that passed the checks.
type Request struct {
	Model string // unescaped
	Body  Converse
}

// Answer is what the server says to one request.
type Answer struct {
	status int
	kind   string // exception name, for a status that is not 200
	body   map[string]any
	after  func() // called once the request has been read
}

// Server is a running fake. Answers are given in order; a request beyond the last one fails the test.
type Server struct {
	t        testing.TB
	http     *httptest.Server
	mu       sync.Mutex
	answers  []Answer
	requests []Request
}

// New starts a server that stops with the test.
func New(t testing.TB, answers ...Answer) *Server {
	t.Helper()
	s := &Server{t: t, answers: answers}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.http.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.answers) > 0 {
			t.Errorf("%d answers of the fake Bedrock were never asked for", len(s.answers))
		}
	})
	return s
}

// Config leads the SDK here. It tries throttled requests again, as the real configuration does, but without the waiting.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(s.http.URL),
		HTTPClient:   s.http.Client(),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, time.Millisecond })
		},
	}
}

// Requests are those that were answered with success so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Says is an answer in words, with the stop reason end_turn.
func Says(text string) Answer { return Stops("end_turn", text) }

// Stops is an answer that ended for reason, with text said until then; empty text is a message without content.
func Stops(reason, text string) Answer {
	content := []any{}
	if text != "" {
		content = append(content, map[string]any{"text": text})
	}
	return Answer{status: http.StatusOK, body: turn(reason, content)}
}

// Calls is an answer that uses the tool name with input, a JSON document.
func Calls(name, input string) Answer {
	return Answer{status: http.StatusOK, body: turn("tool_use", []any{
		map[string]any{"toolUse": map[string]any{"toolUseId": "tooluse_1", "name": name, "input": json.RawMessage(input)}},
	})}
}

// Fails is an exception by its name, with the status that Bedrock gives it.
func Fails(exception string) Answer {
	status, ok := map[string]int{
		"ThrottlingException": 429, "ModelNotReadyException": 429, "ModelTimeoutException": 408, "ServiceUnavailableException": 503,
		"InternalServerException": 500, "ModelErrorException": 424, "ValidationException": 400, "AccessDeniedException": 403,
		"ResourceNotFoundException": 404, "ServiceQuotaExceededException": 400,
	}[exception]
	if !ok {
		panic("bedrockfake: no exception " + exception)
	}
	return Answer{status: status, kind: exception, body: map[string]any{"message": "told to fail"}}
}

// Then is a with f called before the answer goes out, to do something in the middle of a call.
func (a Answer) Then(f func()) Answer {
	a.after = f
	return a
}

// turn is a whole answer, with usage as a model with a prompt cache reports it.
func turn(reason string, content []any) map[string]any {
	return map[string]any{
		"output":     map[string]any{"message": map[string]any{"role": "assistant", "content": content}},
		"stopReason": reason,
		"usage": map[string]any{
			"inputTokens": 900, "outputTokens": 120, "totalTokens": 1020, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0,
		},
		"metrics": map[string]any{"latencyMs": 640},
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("reading a request: %v", err)
		return
	}
	model, err := route(r)
	if err == nil {
		err = signed(r)
	}
	var in Converse
	if err == nil {
		in, err = check(model, body)
	}
	if err != nil {
		reply(w, http.StatusBadRequest, "ValidationException", map[string]any{"message": err.Error()})
		return
	}
	a, ok := s.next(Request{Model: model, Body: in})
	if !ok {
		s.t.Errorf("the fake Bedrock was asked more often than it was told to answer")
		reply(w, http.StatusInternalServerError, "InternalServerException", map[string]any{"message": "no answer left"})
		return
	}
	if a.after != nil {
		a.after()
	}
	reply(w, a.status, a.kind, a.body)
}

// next takes the next answer, and notes the request if it is to succeed.
func (s *Server) next(r Request) (Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == 0 {
		return Answer{}, false
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	if a.status == http.StatusOK {
		s.requests = append(s.requests, r)
	}
	return a, true
}

func reply(w http.ResponseWriter, status int, kind string, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	if kind != "" {
		w.Header().Set("X-Amzn-Errortype", kind)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away needs no answer
}

// route gives the model id of the path. What the SDK must escape in it has to be escaped.
func route(r *http.Request) (string, error) {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	if r.Method != http.MethodPost || len(parts) != 3 || parts[0] != "model" || parts[2] != "converse" {
		return "", fmt.Errorf("expected POST /model/{id}/converse")
	}
	if strings.ContainsAny(parts[1], ": ") {
		return "", fmt.Errorf("the model id is not escaped")
	}
	return url.PathUnescape(parts[1])
}

// scope is the authorization of a request signed with Signature Version 4.
var scope = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=[A-Z0-9]+/(\d{8})/([a-z0-9-]+)/([a-z]+)/aws4_request, ` +
	`SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// signed says what is missing from the signature. Its arithmetic is the SDK's and not checked.
func signed(r *http.Request) error {
	m := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	switch {
	case m == nil:
		return fmt.Errorf("the request is not signed")
	case m[2] != Region || m[3] != "bedrock":
		return fmt.Errorf("signed for service %s in %s, not for bedrock in %s", m[3], m[2], Region)
	case !strings.HasPrefix(r.Header.Get("X-Amz-Date"), m[1]+"T"):
		return fmt.Errorf("the date of the signature is not that of the request")
	case !strings.Contains(";"+m[4]+";", ";host;") || !strings.Contains(";"+m[4]+";", ";x-amz-date;"):
		return fmt.Errorf("host or date is not signed")
	}
	return nil
}
