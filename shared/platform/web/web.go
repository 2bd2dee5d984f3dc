// Package web is what every function asked over HTTP shares: strict reading, answers, problem details and what stands around a
// handler (who is asking, what may be asked, the wide log line).
package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/log"
)

// Handle makes a handler of a function that returns what went wrong. A failure is answered as problem details.
func Handle(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := f(w, r)
		if err != nil {
			Problem(w, r, err)
		}
	})
}

// Details is the answer to a request that failed (RFC 9457).
type Details struct {
	Type     string  `json:"type"`
	Title    string  `json:"title"`
	Status   int     `json:"status"`
	Detail   string  `json:"detail,omitempty"`
	Instance string  `json:"instance,omitempty"` // the request id, as in X-Request-Id
	Errors   []Wrong `json:"errors,omitempty"`
}

// Wrong is one value that was not what it should be.
type Wrong struct {
	Field    string `json:"field"`
	Expected string `json:"expected"`
}

// answers are the status and title of each fault kind.
var answers = [...]struct {
	status int
	title  string
}{
	fault.Unknown:   {http.StatusInternalServerError, "Something went wrong on our side"},
	fault.Invalid:   {http.StatusBadRequest, "The request is not valid"},
	fault.Refused:   {http.StatusUnauthorized, "The request is not authenticated"},
	fault.Forbidden: {http.StatusForbidden, "Not allowed"},
	fault.Missing:   {http.StatusNotFound, "Not found"},
	fault.Conflict:  {http.StatusConflict, "In conflict with what is already kept"},
	fault.TooLarge:  {http.StatusRequestEntityTooLarge, "Too large"},
	fault.Busy:      {http.StatusServiceUnavailable, "Busy; try again later"},
	fault.Limited:   {http.StatusTooManyRequests, "Too much in a short time"},
}

// Status is the HTTP status that err is answered with.
func Status(err error) int { return answers[fault.KindOf(err)].status }

// Problem answers with err as application/problem+json and puts it on the request's log line. What was not foreseen shows no
// detail. An answer that is already on its way is cut off, so that nobody takes half of it for the whole.
func Problem(w http.ResponseWriter, r *http.Request, err error) {
	log.Fail(r.Context(), err)
	if a, ours := w.(*answer); ours && !a.startOver() {
		return
	}
	kind := fault.KindOf(err)
	details := Details{
		Type:     "urn:csr-platform:problem:" + strings.ReplaceAll(kind.String(), "_", "-"),
		Title:    answers[kind].title,
		Status:   answers[kind].status,
		Instance: RequestID(r.Context()),
	}
	header := w.Header()
	if known := fault.Of(err); known != nil && kind != fault.Unknown {
		details.Detail = known.Sentence
		for _, field := range known.Fields {
			details.Errors = append(details.Errors, Wrong{Field: field.Name, Expected: field.Expected})
		}
		if kind == fault.Busy || kind == fault.Limited {
			seconds := max(int((known.RetryAfter.Seconds() + 0.999)), 1)
			if known.RetryAfter <= 0 {
				seconds = 5
			}
			header.Set("Retry-After", strconv.Itoa(seconds))
		}
	}
	if kind == fault.Refused {
		header.Set("WWW-Authenticate", "Bearer")
	}
	header.Set("Cache-Control", "no-store")
	header.Del("Content-Encoding")
	header.Del("Content-Length")
	_ = write(w, details.Status, "application/problem+json", details)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// JSON answers with value. An error means that nothing was written: value cannot be encoded.
func JSON(w http.ResponseWriter, status int, value any) error {
	return write(w, status, "application/json", value)
}

func write(w http.ResponseWriter, status int, contentType string, value any) error {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(buffer.Bytes()) // who asked may be gone; nobody is left to tell
	return nil
}

// Body reads the whole body, exactly as sent. One longer than limit bytes is TooLarge.
func Body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	tooLarge := fault.New(fault.TooLarge, "the body is longer than "+strconv.FormatInt(limit, 10)+" bytes")
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	reader := http.MaxBytesReader(w, r.Body, limit)
	var raw []byte
	var err error
	if r.ContentLength > 0 {
		raw = make([]byte, r.ContentLength)
		_, err = io.ReadFull(reader, raw)
	} else {
		raw, err = io.ReadAll(reader)
	}
	var longer *http.MaxBytesError
	if errors.As(err, &longer) {
		return nil, tooLarge
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "the body ended before it was complete", err)
	}
	return raw, nil
}

// Query reads the query string, in which only the allowed names may appear, once each. Anything else is Invalid, so that a
// misspelt filter is not taken for no filter.
func Query(r *http.Request, allowed ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "the query string is malformed: expected name=value pairs, percent-encoded", err)
	}
	var checks fault.Checks
	for _, name := range sorted(values) {
		expected := "no such parameter; this route has none"
		if len(allowed) > 0 {
			expected = "no such parameter; this route knows " + strings.Join(allowed, ", ")
		}
		if checks.That(slices.Contains(allowed, name), short(name), expected) {
			checks.That(len(values[name]) == 1, name, "to be given once")
			checks.That(!strings.ContainsRune(values[name][0], 0), name, "text without the NUL character")
		}
	}
	return values, checks.Err("the query string is not what this route expects")
}

// Number reads the whole number called name, not negative, from a query string, otherwise where it is not there, and has checks refuse what is not one from
// least to greatest.
func Number(checks *fault.Checks, query url.Values, name string, otherwise, least, greatest int) int {
	if !query.Has(name) {
		return otherwise
	}
	n, err := strconv.ParseUint(query.Get(name), 10, 31)
	checks.That(err == nil && int(n) >= least && int(n) <= greatest, name, fmt.Sprintf("a whole number from %d to %d", least, greatest))
	return int(n)
}

// Read reads the request of a route that takes JSON and no query string: Body, then Decode.
func Read[T any](w http.ResponseWriter, r *http.Request, limit int64) (T, error) {
	var none T
	_, err := Query(r)
	if err != nil {
		return none, err
	}
	raw, err := Body(w, r, limit)
	if err != nil {
		return none, err
	}
	return Decode[T](raw)
}

func sorted(values url.Values) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// short keeps a stranger's name from filling an answer.
func short(name string) string {
	name = strings.ToValidUTF8(name, "?")
	if len(name) <= 64 {
		return name
	}
	return strings.ToValidUTF8(name[:61], "") + "..."
}
