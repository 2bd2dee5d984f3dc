package bedrockfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// Service is a Bedrock behind HTTP: Converse, ApplyGuardrail, and batch jobs. What it says is decided by its functions, so that it
// runs in a test as well as behind an emulator. Set its fields before it serves.
type Service struct {
	Region   string                // of the signatures it accepts; any where empty
	Converse func(Request) Answer  // nil for Honest
	Guard    func(Screened) Answer // nil for Watchful
	Bucket   Bucket                // where batch jobs read and write; nil for none

	mu     sync.Mutex
	cached map[string]bool // prefixes that were written to the cache
	jobs   []*job
}

// Answer is what the service says to one request.
type Answer struct {
	status int
	kind   string // exception name, for a status that is not 200
	body   map[string]any
	after  func() // called once the request has been read
	cut    bool   // the connection breaks in the middle of the answer
}

var _ http.Handler = (*Service)(nil)

// ServeHTTP answers one request, or refuses what Bedrock would refuse with a ValidationException that says why.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 25<<20))
	if err != nil {
		return // the client is gone
	}
	a, err := s.answer(r, body)
	if err != nil {
		reply(w, http.StatusBadRequest, "ValidationException", map[string]any{"message": err.Error()})
		return
	}
	if a.after != nil {
		a.after()
	}
	if a.cut {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"output":`))
		panic(http.ErrAbortHandler)
	}
	reply(w, a.status, a.kind, a.body)
}

// answer finds the operation by its path.
func (s *Service) answer(r *http.Request, body []byte) (Answer, error) {
	err := s.signed(r)
	if err != nil {
		return Answer{}, err
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, p := range parts {
		if strings.ContainsAny(p, ": ") {
			return Answer{}, fmt.Errorf("an id in the path is not escaped")
		}
		parts[i], err = url.PathUnescape(p)
		if err != nil {
			return Answer{}, fmt.Errorf("the path cannot be read: %w", err)
		}
	}
	switch {
	case r.Method == http.MethodPost && len(parts) == 3 && parts[0] == "model" && parts[2] == "converse":
		return s.converse(parts[1], body)
	case r.Method == http.MethodPost && len(parts) == 5 && parts[0] == "guardrail" && parts[2] == "version" && parts[4] == "apply":
		return s.apply(parts[1], parts[3], body)
	case r.Method == http.MethodPost && len(parts) == 1 && parts[0] == "model-invocation-job":
		return s.create(body)
	case r.Method == http.MethodGet && len(parts) == 2 && parts[0] == "model-invocation-job":
		return s.job(parts[1])
	}
	return Answer{}, fmt.Errorf("expected POST /model/{id}/converse, POST /guardrail/{id}/version/{version}/apply or /model-invocation-job")
}

// converse answers, with the tokens that were written to the cache or read from it.
func (s *Service) converse(model string, body []byte) (Answer, error) {
	in, err := check(model, body)
	if err != nil {
		return Answer{}, err
	}
	play := s.Converse
	if play == nil {
		play = Honest
	}
	a := play(Request{Model: model, Body: in})
	if usage, ok := a.body["usage"].(map[string]any); ok {
		s.cache(model, in, usage)
	}
	return a, nil
}

// leastPrefix is below how many tokens a model caches nothing, without a word: kept here a second time on purpose.
func leastPrefix(model string) int {
	switch {
	case regexp.MustCompile(`claude-(sonnet-4|3-7|opus-4-20|opus-4-1|3-opus)|nova`).MatchString(model):
		return 1024
	case strings.Contains(model, "claude-3-5-haiku"):
		return 2048
	}
	return 4096
}

// cache fills in the usage of a request with a cache point; a token is taken for four characters.
func (s *Service) cache(model string, in Converse, usage map[string]any) {
	prefix, tokens := "", 0
	for i, b := range in.System {
		if b.Text != nil {
			prefix += *b.Text
		}
		if b.CachePoint != nil && i > 0 {
			tokens = len(prefix) / 4
		}
	}
	if tokens < leastPrefix(model) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	field := "cacheWriteInputTokens"
	if s.cached[model+prefix] {
		field = "cacheReadInputTokens"
	}
	if s.cached == nil {
		s.cached = map[string]bool{}
	}
	s.cached[model+prefix] = true
	usage[field] = tokens
}

// scope is the authorization of a request signed with Signature Version 4.
var scope = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=[A-Za-z0-9]+/(\d{8})/([a-z0-9-]+)/([a-z]+)/aws4_request, ` +
	`SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// signed says what is missing from the signature. Its arithmetic is the SDK's and not checked.
func (s *Service) signed(r *http.Request) error {
	m := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	switch {
	case m == nil:
		return fmt.Errorf("the request is not signed")
	case s.Region != "" && m[2] != s.Region || m[3] != "bedrock":
		return fmt.Errorf("signed for service %s in %s, not for bedrock in %s", m[3], m[2], s.Region)
	case !strings.HasPrefix(r.Header.Get("X-Amz-Date"), m[1]+"T"):
		return fmt.Errorf("the date of the signature is not that of the request")
	case !strings.Contains(";"+m[4]+";", ";host;") || !strings.Contains(";"+m[4]+";", ";x-amz-date;"):
		return fmt.Errorf("host or date is not signed")
	}
	return nil
}

func reply(w http.ResponseWriter, status int, kind string, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	if kind != "" {
		w.Header().Set("X-Amzn-Errortype", kind)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away needs no answer
}
