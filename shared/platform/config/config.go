// Package config reads settings. Every missing or malformed one is reported at once, and a secret prints nothing.
package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Secret is a value that no print, format or log shows. Reveal gives it.
type Secret struct{ value string }

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal is the hidden value.
func (s Secret) Reveal() string { return s.value }

func (Secret) String() string               { return "[secret]" }
func (Secret) GoString() string             { return "[secret]" }
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }
func (Secret) LogValue() slog.Value         { return slog.StringValue("[secret]") }

// Lookup finds a setting by name, as os.LookupEnv does.
type Lookup func(name string) (string, bool)

// Resolve turns the name of a secret into its value: a Secrets Manager ARN into what is kept there.
type Resolve func(ctx context.Context, name string) (string, error)

// Reader reads settings and remembers what was wrong with them. It is safe for use by many goroutines.
type Reader struct {
	lookup  Lookup
	resolve Resolve
	mu      sync.Mutex
	errs    []error
}

// New reads settings through lookup; a secret whose value starts with "arn:" goes through resolve, unless that is nil.
func New(lookup Lookup, resolve Resolve) *Reader { return &Reader{lookup: lookup, resolve: resolve} }

// Err is everything that was missing or malformed so far, nil when nothing was.
func (r *Reader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.errs...)
}

func (r *Reader) wrong(name, expected string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, fmt.Errorf("setting %s: expected %s", name, expected))
}

// String is a setting that must be there.
func (r *Reader) String(name string) string {
	value, _ := r.lookup(name)
	if value == "" {
		r.wrong(name, "a value; it is not set")
	}
	return value
}

// StringOr is a setting, or otherwise where it is absent or empty.
func (r *Reader) StringOr(name, otherwise string) string {
	value, _ := r.lookup(name)
	if value == "" {
		return otherwise
	}
	return value
}

// Int is a whole number, or otherwise.
func (r *Reader) Int(name string, otherwise int) int {
	value, _ := r.lookup(name)
	if value == "" {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil {
		r.wrong(name, "a whole number")
		return otherwise
	}
	return number
}

// Duration is a span such as 90s or 5m, or otherwise.
func (r *Reader) Duration(name string, otherwise time.Duration) time.Duration {
	value, _ := r.lookup(name)
	if value == "" {
		return otherwise
	}
	span, err := time.ParseDuration(value)
	if err != nil {
		r.wrong(name, "a duration such as 90s or 5m")
		return otherwise
	}
	return span
}

// OneOf is a setting that must be one of choices, the first where it is absent.
func (r *Reader) OneOf(name string, choices ...string) string {
	value := r.StringOr(name, choices[0])
	for _, choice := range choices {
		if value == choice {
			return value
		}
	}
	r.wrong(name, "one of "+strings.Join(choices, ", "))
	return choices[0]
}

// Secret names a secret that must be there. Its value is fetched when the returned function is first called, so that opening
// a function waits for nothing, and once: later calls give the same value.
func (r *Reader) Secret(name string) func(context.Context) (Secret, error) {
	value := r.String(name)
	var mu sync.Mutex
	var kept *Secret
	return func(ctx context.Context) (Secret, error) {
		mu.Lock()
		defer mu.Unlock()
		if kept != nil {
			return *kept, nil
		}
		found := value
		if r.resolve != nil && strings.HasPrefix(value, "arn:") {
			var err error
			found, err = r.resolve(ctx, value)
			if err != nil {
				return Secret{}, fmt.Errorf("secret of setting %s: %w", name, err)
			}
		}
		kept = &Secret{found}
		return *kept, nil
	}
}
