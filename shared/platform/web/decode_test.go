package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
)

type booking struct {
	ID     string         `json:"id"`
	Score  *float64       `json:"score"`
	Count  int8           `json:"count"`
	Size   uint           `json:"size"`
	Done   bool           `json:"done"`
	At     time.Time      `json:"at"`
	Tags   []string       `json:"tags"`
	Inner  *inner         `json:"inner"`
	Lists  []inner        `json:"lists"`
	Extra  map[string]int `json:"extra"`
	Raw    json.RawMessage
	Hidden string `json:"-"`
	common
}

type inner struct {
	Name string `json:"name"`
	Self *inner `json:"self"`
}

type common struct {
	Note string `json:"note"`
}

func TestDecodeReads(t *testing.T) {
	t.Parallel()
	score := 0.5
	got, err := web.Decode[booking]([]byte(` {"id":"a\u00e9\\u0000","score":0.5,"count":-3,"size":7,"done":true,"at":"2026-01-31T09:30:00Z","tags":["x",null],` +
		`"inner":{"name":"n","self":{"name":"m","self":null}},"lists":[{"name":"1"},{}],"extra":{"any":1},"Raw":{"deep":[1,{"a":2}]},"note":"ok"} ` + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := booking{
		ID: `aé\u0000`, Score: &score, Count: -3, Size: 7, Done: true, At: time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC), Tags: []string{"x", ""},
		Inner: &inner{Name: "n", Self: &inner{Name: "m"}}, Lists: []inner{{Name: "1"}, {}}, Extra: map[string]int{"any": 1},
		Raw: json.RawMessage(`{"deep":[1,{"a":2}]}`), common: common{Note: "ok"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(booking{})); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		body     string
		field    string // empty: the sentence alone says it
		expected string
	}{
		"nothing":                       {"  ", "", "the body is empty: expected JSON"},
		"half an object":                {`{"id":"a"`, "", "the body is not JSON: it breaks off near line 1, column 10"},
		"not JSON at all":               {"id=a", "", "the body is not JSON: it breaks off near line 1, column 1"},
		"data after the end":            {`{"id":"a"}{"id":"b"}`, "", "the body goes on after its JSON has ended"},
		"bytes that are not UTF-8":      {"{\"id\":\"\xff\"}", "", "the body is not valid UTF-8"},
		"an unknown field":              {`{"ident":"a"}`, "ident", "no field of this name"},
		"a field in other letters":      {`{"ID":"a"}`, "ID", "no field of this name"},
		"a hidden field":                {`{"Hidden":"a"}`, "Hidden", "no field of this name"},
		"a field twice":                 {`{"id":"a","id":"b"}`, "id", "to be given once"},
		"a field twice, once escaped":   {`{"id":"a","\u0069d":"b"}`, "id", "to be given once"},
		"a number for text":             {`{"id":5}`, "id", "text"},
		"text for a number":             {`{"score":"0.5"}`, "score", "a number"},
		"a number no float holds":       {`{"score":1e999}`, "score", "a number"},
		"a fraction for a whole number": {`{"count":1.5}`, "count", "a whole number"},
		"a number that overflows":       {`{"count":300}`, "count", "a whole number"},
		"a negative size":               {`{"size":-1}`, "size", "a whole number, 0 or more"},
		"text for true or false":        {`{"done":"yes"}`, "done", "true or false"},
		"a day for an instant":          {`{"at":"2026-01-31"}`, "at", "an RFC 3339 instant such as 2026-01-31T09:30:00Z"},
		"a number for an instant":       {`{"at":12}`, "at", "an RFC 3339 instant such as 2026-01-31T09:30:00Z"},
		"text for a list":               {`{"tags":"a"}`, "tags", "an array"},
		"a wrong element":               {`{"tags":["a",1]}`, "tags[1]", "text"},
		"a list for an object":          {`{"inner":[]}`, "inner", "an object"},
		"a wrong field deeper down":     {`{"lists":[{},{"self":{"nom":1}}]}`, "lists[1].self.nom", "no field of this name"},
		"a wrong value in a map":        {`{"extra":{"a":"b"}}`, "extra.a", "a whole number"},
		"a doubled name nobody reads":   {`{"Raw":{"a":1,"a":2}}`, "Raw.a", "to be given once"},
		"the NUL character":             {`{"id":"a\u0000b"}`, "id", "text without the NUL character"},
		"another top value":             {`[1]`, "body", "an object"},
		"too deep a nesting":            {`{"Raw":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "body", "objects and arrays nested at most 32 deep"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := web.Decode[booking]([]byte(c.body))
			known := fault.Of(err)
			if known == nil || known.Kind != fault.Invalid {
				t.Fatalf("got %v, want an invalid body", err)
			}
			if c.field == "" {
				if known.Sentence != c.expected {
					t.Errorf("got %q, want %q", known.Sentence, c.expected)
				}
				return
			}
			if diff := cmp.Diff([]fault.Field{{Name: c.field, Expected: c.expected}}, known.Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeNamesEveryWrongField(t *testing.T) {
	t.Parallel()
	_, err := web.Decode[booking]([]byte(`{"id":1,"count":"x","nope":{"a":[1]},"tags":["a"]}`))
	want := []fault.Field{{Name: "id", Expected: "text"}, {Name: "count", Expected: "a whole number"}, {Name: "nope", Expected: "no field of this name"}}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"id":"a","lists":[{"self":{}}]}`, `{"Raw":[[[[]]]]}`, `"\u0000"`, `nul`, ` [ ] `, `{"a":{},"a":1}`, "1 2"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := web.Decode[booking](raw)
		if err == nil {
			_, err := json.Marshal(got)
			if err != nil {
				t.Fatalf("took what cannot be written again: %v", err)
			}
			return
		}
		if fault.KindOf(err) != fault.Invalid {
			t.Fatalf("refused as %s: %v", fault.KindOf(err), err)
		}
	})
}
