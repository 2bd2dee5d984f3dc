// Package fault says how things fail: a kind that decides what happens next, and a sentence that may be shown to strangers.
package fault

import (
	"errors"
	"strings"
	"time"
)

// Kind is what a failure means to whoever runs the code that failed.
type Kind int

// The kinds. Web answers and event verdicts follow from them (platform/web, platform/onlambda, platform/standalone).
const (
	Unknown   Kind = iota // not foreseen: 500, tried again
	Invalid               // what was sent is wrong: 400, parked
	Refused               // nobody knows who is asking: 401, parked
	Forbidden             // known, and not allowed: 403, parked
	Missing               // no such thing, or another company's: 404, parked
	Conflict              // contradicts what is already kept: 409, parked
	TooLarge              // longer than the limit: 413, parked
	Busy                  // try again later: 503 with Retry-After, tried again
	Limited               // more than is allowed in a time: 429 with Retry-After, tried again
)

var names = [...]string{"unknown", "invalid", "refused", "forbidden", "missing", "conflict", "too_large", "busy", "limited"}

func (k Kind) String() string { return names[k] }

// Field is one value that was not what it should be.
type Field struct {
	Name     string // where: a JSON field, header, query parameter or column
	Expected string // what belongs there, as a phrase: "a number from 0 to 1"
}

// Error is a failure with its kind. Sentence and Fields may be shown to strangers; Cause is for our own log.
type Error struct {
	Kind       Kind
	Sentence   string
	Fields     []Field
	RetryAfter time.Duration // only for Busy and Limited; 0 means the translator's default
	Cause      error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Public() + ": " + e.Cause.Error()
	}
	return e.Public()
}

// Public is the failure without its cause: what a stranger, or a person who mends what was refused, may read.
func (e *Error) Public() string {
	var b strings.Builder
	b.WriteString(e.Sentence)
	for i, f := range e.Fields {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(f.Name + ": expected " + f.Expected)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes a failure of kind with a sentence a stranger may read.
func New(kind Kind, sentence string) error { return &Error{Kind: kind, Sentence: sentence} }

// Wrap is New with the failure behind it, which only our log sees.
func Wrap(kind Kind, sentence string, cause error) error {
	return &Error{Kind: kind, Sentence: sentence, Cause: cause}
}

// Fields is an Invalid failure that names every wrong field.
func Fields(sentence string, fields ...Field) error {
	return &Error{Kind: Invalid, Sentence: sentence, Fields: fields}
}

// KindOf is the kind of the outermost Error in err's chain, Unknown where there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unknown
}

// Of is the outermost Error in err's chain, nil where there is none.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Curable says whether trying the same thing again may succeed.
func Curable(err error) bool {
	kind := KindOf(err)
	return kind == Unknown || kind == Busy || kind == Limited
}

// Checks collects what is wrong with a value read from outside, field by field. The zero value is ready.
type Checks struct{ Wrong []Field }

// That notes field when ok is false, and gives ok back.
func (c *Checks) That(ok bool, field, expected string) bool {
	if !ok {
		c.Wrong = append(c.Wrong, Field{Name: field, Expected: expected})
	}
	return ok
}

// Err is an Invalid failure with everything noted, nil when nothing was.
func (c *Checks) Err(sentence string) error {
	if c.Wrong == nil {
		return nil
	}
	return Fields(sentence, c.Wrong...)
}
