package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/fault"
)

// MaxDepth is how deep objects and arrays may nest in a body.
const MaxDepth = 32

// maxWrong is how many wrong fields an answer names at most.
const maxWrong = 50

// Decode reads one JSON value strictly into T: unknown and doubled fields, values of another type, data after the end, text that
// is not UTF-8 or holds the NUL character and nesting beyond MaxDepth are Invalid, and every wrong field is named by its path
// (scores[2].value). Names are matched exactly. A null leaves a field as it is.
func Decode[T any](raw []byte) (T, error) {
	var into T
	if len(bytes.TrimSpace(raw)) == 0 {
		return into, fault.New(fault.Invalid, "the body is empty: expected JSON")
	}
	if !utf8.Valid(raw) {
		return into, fault.New(fault.Invalid, "the body is not valid UTF-8")
	}
	if !json.Valid(raw) {
		return into, fault.New(fault.Invalid, malformed(raw))
	}
	s := scanner{raw: raw}
	s.value("", shapeOf(reflect.TypeFor[T]()), 0)
	if s.wrong != nil {
		return into, fault.Fields("the body is not what was expected", s.wrong...)
	}
	err := json.Unmarshal(raw, &into)
	if err != nil {
		return into, fault.Wrap(fault.Invalid, "the body does not fit", err)
	}
	return into, nil
}

// malformed says where raw stops being JSON, without showing any of it.
func malformed(raw []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	var first json.RawMessage
	if decoder.Decode(&first) == nil {
		return "the body goes on after its JSON has ended"
	}
	decoder = json.NewDecoder(bytes.NewReader(raw))
	for {
		_, err := decoder.Token()
		if err == nil {
			continue
		}
		before := raw[:min(int(decoder.InputOffset()), len(raw))]
		line := bytes.Count(before, []byte("\n")) + 1
		column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
		return fmt.Sprintf("the body is not JSON: it breaks off near line %d, column %d", line, column)
	}
}

// kind is what a JSON value must be.
type kind int

const (
	anything kind = iota
	text
	number
	whole
	positive // whole, and not negative
	truth
	object
	list
	opaque // reads itself
)

var phrases = [...]string{text: "text", number: "a number", whole: "a whole number", positive: "a whole number, 0 or more", truth: "true or false", object: "an object", list: "an array"}

// shape is what JSON a Go type takes.
type shape struct {
	kind   kind
	bits   int               // of a whole number
	fields map[string]*shape // of an object that is a struct; nil where any name goes
	of     *shape            // elements of a list or of an object with any name
	self   reflect.Type      // of what reads itself
}

var shapes sync.Map // reflect.Type to *shape

var (
	readsJSON = reflect.TypeFor[json.Unmarshaler]()
	readsText = reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()
	instant   = reflect.TypeFor[time.Time]()
	rawJSON   = reflect.TypeFor[json.RawMessage]()
)

func shapeOf(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	known, ok := shapes.Load(t)
	if ok {
		return known.(*shape)
	}
	made := map[reflect.Type]*shape{}
	s := makeShape(t, made)
	for t, s := range made { // published only when complete
		shapes.LoadOrStore(t, s)
	}
	return s
}

func makeShape(t reflect.Type, made map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s := made[t]; s != nil {
		return s
	}
	s := new(shape)
	made[t] = s
	pointer := reflect.PointerTo(t)
	switch {
	case t == rawJSON:
	case pointer.Implements(readsJSON) || pointer.Implements(readsText):
		s.kind, s.self = opaque, t
	case t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		s.kind = text
	case t.Kind() == reflect.Bool:
		s.kind = truth
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		s.kind, s.bits = whole, t.Bits()
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		s.kind, s.bits = positive, t.Bits()
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		s.kind, s.bits = number, t.Bits()
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		s.kind, s.of = list, makeShape(t.Elem(), made)
	case t.Kind() == reflect.Map:
		s.kind, s.of = object, makeShape(t.Elem(), made)
	case t.Kind() == reflect.Struct:
		s.kind, s.fields = object, map[string]*shape{}
		s.addFields(t, made)
	}
	return s
}

func (s *shape) addFields(t reflect.Type, made map[reflect.Type]*shape) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		embedded := field.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case name == "-" || !field.IsExported() && !field.Anonymous:
		case field.Anonymous && name == "" && embedded.Kind() == reflect.Struct:
			s.addFields(embedded, made)
		case name == "":
			s.fields[field.Name] = makeShape(field.Type, made)
		default:
			s.fields[name] = makeShape(field.Type, made)
		}
	}
}

// scanner walks valid JSON beside a shape and notes what does not fit.
type scanner struct {
	raw   []byte
	at    int
	wrong []fault.Field
}

func (s *scanner) note(path, expected string) {
	if path == "" {
		path = "body"
	}
	if len(s.wrong) < maxWrong {
		s.wrong = append(s.wrong, fault.Field{Name: path, Expected: expected})
	}
}

func (s *scanner) space() {
	for s.raw[s.at] == ' ' || s.raw[s.at] == '\t' || s.raw[s.at] == '\n' || s.raw[s.at] == '\r' {
		s.at++
	}
}

// anyShape is the shape of what nobody looks into.
var anyShape = new(shape)

// value reads one value, which must have the shape want.
func (s *scanner) value(path string, want *shape, depth int) {
	s.space()
	if depth > MaxDepth {
		s.note("body", "objects and arrays nested at most "+strconv.Itoa(MaxDepth)+" deep")
		s.at = len(s.raw) // what lies deeper is not looked at
		return
	}
	begun, first := s.at, s.raw[s.at]
	switch {
	case first == '{':
		s.object(path, want, depth)
	case first == '[':
		s.list(path, want, depth)
	case first == '"':
		s.text(path)
	default:
		for s.at < len(s.raw) && !strings.ContainsRune(" \t\r\n,]}", rune(s.raw[s.at])) {
			s.at++
		}
	}
	if s.at >= len(s.raw) && depth > 0 { // given up on, deeper down
		return
	}
	s.fits(path, want, s.raw[begun:s.at])
}

// fits notes a value of another kind than want.
func (s *scanner) fits(path string, want *shape, value []byte) {
	if value[0] == 'n' {
		return
	}
	ok := true
	switch want.kind {
	case text:
		ok = value[0] == '"'
	case truth:
		ok = value[0] == 't' || value[0] == 'f'
	case object:
		ok = value[0] == '{'
	case list:
		ok = value[0] == '['
	case number:
		_, err := strconv.ParseFloat(string(value), want.bits)
		ok = err == nil
	case whole:
		_, err := strconv.ParseInt(string(value), 10, want.bits)
		ok = err == nil
	case positive:
		_, err := strconv.ParseUint(string(value), 10, want.bits)
		ok = err == nil
	case opaque:
		expected := "a valid value"
		if want.self == instant {
			expected = "an RFC 3339 instant such as 2026-01-31T09:30:00Z"
		}
		err := json.Unmarshal(value, reflect.New(want.self).Interface())
		if err == nil {
			return
		}
		if known := fault.Of(err); known != nil {
			expected = known.Sentence
		}
		s.note(path, expected)
		return
	}
	if !ok {
		s.note(path, phrases[want.kind])
	}
}

func (s *scanner) object(path string, want *shape, depth int) {
	seen := make(map[string]bool, 8)
	for s.at++; ; s.at++ {
		s.space()
		if s.raw[s.at] == '}' {
			break
		}
		name := s.text(path)
		inner, of := join(path, short(name)), anyShape
		if want.kind == object && want.fields == nil {
			of = want.of
		}
		if want.kind == object && want.fields != nil {
			known := want.fields[name]
			if known == nil {
				s.note(inner, "no field of this name")
			} else {
				of = known
			}
		}
		if seen[name] {
			s.note(inner, "to be given once")
		}
		seen[name] = true
		s.space()
		s.at++ // the colon
		s.value(inner, of, depth+1)
		if s.ended() {
			return
		}
		s.space()
		if s.raw[s.at] == '}' {
			break
		}
	}
	s.at++
}

func (s *scanner) list(path string, want *shape, depth int) {
	of := anyShape
	if want.kind == list {
		of = want.of
	}
	s.at++
	for i := 0; ; i++ {
		s.space()
		if s.raw[s.at] == ']' {
			break
		}
		s.value(path+"["+strconv.Itoa(i)+"]", of, depth+1)
		if s.ended() {
			return
		}
		s.space()
		if s.raw[s.at] == ',' {
			s.at++
		}
	}
	s.at++
}

// ended says that the scan was given up.
func (s *scanner) ended() bool { return s.at >= len(s.raw) }

// text reads a string, and notes one that no database keeps.
func (s *scanner) text(path string) string {
	begun := s.at
	escaped := false
	for s.at++; s.raw[s.at] != '"'; s.at++ {
		if s.raw[s.at] == '\\' {
			escaped = true
			s.at++
		}
	}
	s.at++
	if !escaped {
		return string(s.raw[begun+1 : s.at-1])
	}
	var value string
	_ = json.Unmarshal(s.raw[begun:s.at], &value) // valid, as all of raw is
	if strings.ContainsRune(value, 0) {
		s.note(path, "text without the NUL character")
	}
	return value
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
