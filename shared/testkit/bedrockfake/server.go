// Package bedrockfake is an Amazon Bedrock that answers over HTTP as it was told to, and refuses what the real one would: an unescaped
// model id, a request that is not signed for the service, a schema that is none, a forced tool or a temperature for a model that takes
// neither, a cache point where nothing is cached. It speaks to the real SDK client.
package bedrockfake

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
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

// Server is a running fake. Answers are given in order; a request beyond the last one fails the test.
type Server struct {
	Service
	t        testing.TB
	http     *httptest.Server
	mu       sync.Mutex
	answers  []Answer
	asked    int
	requests []Request
	screened []Screened
}

// New starts a server that stops with the test.
func New(t testing.TB, answers ...Answer) *Server {
	t.Helper()
	s := &Server{t: t, answers: answers}
	s.Service = Service{Region: Region}
	s.Converse = func(r Request) Answer { return s.next(func() { s.requests = append(s.requests, r) }) }
	s.Guard = func(r Screened) Answer { return s.next(func() { s.screened = append(s.screened, r) }) }
	s.start()
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.answers) > 0 {
			t.Errorf("%d answers of the fake Bedrock were never asked for", len(s.answers))
		}
	})
	return s
}

// Plays starts a server that answers each Converse as play does, and each guardrail as Watchful.
func Plays(t testing.TB, play func(Request) Answer) *Server {
	t.Helper()
	s := &Server{t: t}
	s.Service = Service{Region: Region}
	s.Converse = func(r Request) Answer {
		s.mu.Lock()
		s.asked++
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		return play(r)
	}
	s.start()
	return s
}

func (s *Server) start() {
	s.http = httptest.NewServer(&s.Service)
	s.t.Cleanup(s.http.Close)
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

// Asked is how many requests passed the checks so far, those that were told to fail included.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Requests are those to Converse that were answered with success so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Screened are the requests to ApplyGuardrail that were answered with success so far.
func (s *Server) Screened() []Screened {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Screened(nil), s.screened...)
}

// next takes the next answer, and notes the request if it is to succeed.
func (s *Server) next(note func()) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if len(s.answers) == 0 {
		s.t.Errorf("the fake Bedrock was asked more often than it was told to answer")
		return Fails("InternalServerException")
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	if a.status == http.StatusOK {
		note()
	}
	return a
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

// Thinks is Says by a model that shows its thoughts first.
func Thinks(text string) Answer {
	return Answer{status: http.StatusOK, body: turn("end_turn", []any{
		map[string]any{"reasoningContent": map[string]any{"reasoningText": map[string]any{"text": "Let me see.", "signature": "c2ln"}}},
		map[string]any{"text": text},
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

// Breaks is a connection that ends in the middle of an answer.
func Breaks() Answer { return Answer{status: http.StatusOK, cut: true} }

// Then is a with f called before the answer goes out, to do something in the middle of a call.
func (a Answer) Then(f func()) Answer {
	a.after = f
	return a
}

// Uses is a with other figures of usage.
func (a Answer) Uses(input, output, cacheRead, cacheWrite int) Answer {
	a.body["usage"] = map[string]any{
		"inputTokens": input, "outputTokens": output, "totalTokens": input + output,
		"cacheReadInputTokens": cacheRead, "cacheWriteInputTokens": cacheWrite,
	}
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
