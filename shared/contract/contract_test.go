package contract_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
)

const samples = "../../events"

// sample is the committed example of an event, byte for byte.
func sample(t testing.TB, eventType string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(samples, eventType+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// schema is the committed schema of an event, formats asserted.
func schema(t testing.TB, eventType string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiled, err := compiler.Compile(filepath.Join("schemas", eventType+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func read(t testing.TB, raw []byte) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// names of the files in folder that end in .json, without the ending.
func names(t *testing.T, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(path), ".json")
	}
	slices.Sort(paths)
	return paths
}

func TestEveryEventHasASchemaASampleAndANameOfItsOwn(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[a-z0-9]+(\.[a-z_]+){1,3}$`)
	var want []string
	for _, body := range contract.Catalogue() {
		if !shape.MatchString(body.EventType()) {
			t.Errorf("%T: type %q is not lower case and dotted", body, body.EventType())
		}
		want = append(want, body.EventType())
	}
	slices.Sort(want)
	if unique := slices.Compact(slices.Clone(want)); len(unique) != len(want) {
		t.Errorf("two bodies share a type: %v", want)
	}
	if diff := cmp.Diff(want, names(t, "schemas")); diff != "" {
		t.Errorf("schemas (-catalogue +files):\n%s", diff)
	}
	if diff := cmp.Diff(want, names(t, samples)); diff != "" {
		t.Errorf("samples (-catalogue +files):\n%s", diff)
	}
}

func TestSampleSatisfiesItsSchema(t *testing.T) {
	t.Parallel()
	for _, body := range contract.Catalogue() {
		t.Run(body.EventType(), func(t *testing.T) {
			t.Parallel()
			err := schema(t, body.EventType()).Validate(read(t, sample(t, body.EventType())))
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSampleDecodesAndEncodesUnchanged(t *testing.T) {
	t.Parallel()
	for _, zero := range contract.Catalogue() {
		t.Run(zero.EventType(), func(t *testing.T) {
			t.Parallel()
			raw := sample(t, zero.EventType())
			e, err := contract.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			body := reflect.New(reflect.TypeOf(zero))
			decoder := json.NewDecoder(bytes.NewReader(e.Data))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(body.Interface())
			if err != nil {
				t.Fatal(err)
			}
			told := body.Elem().Interface().(contract.Body)
			if want := contract.EventID(e.Metadata.CausationID, e.Type, told.Subject()); e.Metadata.ID != want {
				t.Errorf("id is %s, but cause, type and subject make %s", e.Metadata.ID, want)
			}
			e.Data, err = json.Marshal(told)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(e, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(raw), string(got)+"\n"); diff != "" {
				t.Errorf("(-sample +encoded again):\n%s", diff)
			}
		})
	}
}

// Events cannot be erased person by person, so the fields in which the contract allows a text, a name or an address stay empty.
func TestSampleCarriesNoTextNameOrAddress(t *testing.T) {
	t.Parallel()
	private := []string{
		"feedbackText", "reasonDetails", "notes", "description", "teacherComment", "learnerComment",
		"location", "organizer", "email", "firstName", "lastName", "displayName",
	}
	for _, body := range contract.Catalogue() {
		raw := sample(t, body.EventType())
		for _, field := range private {
			if bytes.Contains(raw, []byte(`"`+field+`":`)) {
				t.Errorf("%s carries %s", body.EventType(), field)
			}
		}
		if bytes.Contains(raw, []byte("@")) {
			t.Errorf("%s carries an address", body.EventType())
		}
	}
}

func TestSchemaRefusesWhatIsOutOfRange(t *testing.T) {
	t.Parallel()
	for _, body := range contract.Catalogue() {
		t.Run(body.EventType(), func(t *testing.T) {
			t.Parallel()
			compiled := schema(t, body.EventType())
			raw, err := os.ReadFile(filepath.Join("schemas", body.EventType()+".json"))
			if err != nil {
				t.Fatal(err)
			}
			rules := read(t, raw).(map[string]any)
			event := read(t, sample(t, body.EventType()))
			tried := 0
			spoil(rules, event, "", func(what string) {
				tried++
				if compiled.Validate(event) == nil {
					t.Errorf("accepted with %s", what)
				}
			})
			if tried < 10 {
				t.Errorf("only %d variants tried", tried)
			}
		})
	}
}

// spoil breaks every rule of a schema in turn on value, calls tried, and mends it again.
func spoil(rules map[string]any, value any, at string, tried func(what string)) {
	object, ok := value.(map[string]any)
	if !ok {
		return
	}
	if rules["additionalProperties"] == false {
		object["unforeseen"] = "x"
		tried(at + ".unforeseen")
		delete(object, "unforeseen")
	}
	required, _ := rules["required"].([]any)
	for _, name := range required {
		kept := object[name.(string)]
		delete(object, name.(string))
		tried("no " + at + "." + name.(string))
		object[name.(string)] = kept
	}
	properties, _ := rules["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		rule, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		kept, present := object[name]
		where := at + "." + name
		for what, bad := range wrong(rule) {
			object[name] = bad
			tried(where + " " + what)
		}
		if !present {
			delete(object, name)
			continue
		}
		object[name] = kept
		spoil(rule, kept, where, tried)
		items, _ := rule["items"].(map[string]any)
		list, _ := kept.([]any)
		if items == nil || len(list) == 0 {
			continue
		}
		first := list[0]
		for what, bad := range wrong(items) {
			list[0] = bad
			tried(where + "[0] " + what)
		}
		list[0] = first
		spoil(items, first, where+"[0]", tried)
	}
}

// wrong gives a value that breaks each rule, by what is wrong with it.
func wrong(rule map[string]any) map[string]any {
	bad := map[string]any{"null": nil}
	number := func(key string) (float64, bool) {
		n, ok := rule[key].(json.Number)
		if !ok {
			return 0, false
		}
		f, err := n.Float64()
		return f, err == nil
	}
	if n, ok := number("minimum"); ok {
		bad["below the minimum"] = n - 1
	}
	if n, ok := number("maximum"); ok {
		bad["above the maximum"] = n + 0.001
	}
	if n, ok := number("exclusiveMinimum"); ok {
		bad["at the excluded minimum"] = n
	}
	if n, ok := number("minLength"); ok && n > 0 {
		bad["too short"] = ""
	}
	if n, ok := number("maxLength"); ok {
		bad["too long"] = strings.Repeat("ø", int(n)+1)
	}
	for _, key := range []string{"enum", "format", "pattern", "const"} {
		if rule[key] != nil {
			bad["against its "+key] = "no such value"
		}
	}
	if rule["type"] == "integer" {
		bad["not whole"] = 1.5
	}
	return bad
}

func TestDecodeRefusesAnotherTypeAndWrongData(t *testing.T) {
	t.Parallel()
	e, err := contract.Parse(sample(t, "kintell.session.completed"))
	if err != nil {
		t.Fatal(err)
	}
	held, err := contract.Decode[contract.KintellSessionCompleted](e)
	if err != nil || held.Body.DurationMinutes != 45 || held.Metadata.ID != e.Metadata.ID {
		t.Errorf("got %+v, %v", held, err)
	}
	_, err = contract.Decode[contract.KintellRatingCreated](e)
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("another type: got %v, want Invalid", err)
	}
	e.Data = json.RawMessage(`{"durationMinutes": "long"}`)
	_, err = contract.Decode[contract.KintellSessionCompleted](e)
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("data of another shape: got %v, want Invalid", err)
	}
}

func TestTheSameCauseTellsTheSameEvent(t *testing.T) {
	t.Parallel()
	cause := contract.Cause{ID: "5c1de6f4-53a1-4f0e-9a52-000000000001", Company: "5c1de6f4-53a1-4f0e-9a52-000000000002", At: time.Date(2026, 6, 2, 17, 16, 0, 0, time.UTC)}
	first, again := cause.Then(contract.ImportReceived{ImportID: "i"}), cause.Then(contract.ImportReceived{ImportID: "i"})
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("a repeat differs:\n%s", diff)
	}
	further := cause.Then(contract.ImportReceived{ImportID: "i", Offset: 4096})
	if further.Metadata.ID == first.Metadata.ID {
		t.Error("the continuation of an import has the id of its beginning")
	}
	next := first.Cause().Then(contract.ProfileUpdated{UserID: "u"})
	if next.Metadata.CorrelationID != cause.ID || next.Metadata.CausationID != first.Metadata.ID {
		t.Errorf("the chain is lost: correlation %s, causation %s", next.Metadata.CorrelationID, next.Metadata.CausationID)
	}
}

func TestParseRefusesAnEventBeyondTheLimit(t *testing.T) {
	t.Parallel()
	_, err := contract.Parse(bytes.Repeat([]byte(" "), contract.MaxEvent+1))
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("got %v, want TooLarge", err)
	}
}

func TestParseNamesEveryMissingField(t *testing.T) {
	t.Parallel()
	_, err := contract.Parse([]byte(`{}`))
	if fault.KindOf(err) != fault.Invalid {
		t.Fatalf("got %v, want Invalid", err)
	}
	var got []string
	for _, field := range fault.Of(err).Fields {
		got = append(got, field.Name)
	}
	want := []string{"type", "data", "metadata.id", "metadata.version", "metadata.timestamp", "metadata.metadata.companyId"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, body := range contract.Catalogue() {
		f.Add(sample(f, body.EventType()))
	}
	f.Add([]byte(`{"type":"a","data":{},"metadata":{"id":"","timestamp":"2026-01-01T00:00:00+01:00"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := contract.Parse(raw)
		if err != nil {
			if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.TooLarge {
				t.Fatalf("refused as %v: %v", kind, err)
			}
			return
		}
		once, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("accepted, but cannot be written: %v", err)
		}
		if len(once) > contract.MaxEvent { // characters that JSON writes longer than they came
			return
		}
		again, err := contract.Parse(once)
		if err != nil {
			t.Fatalf("not accepted again: %v", err)
		}
		twice, err := json.Marshal(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("changed on the way: %s\nthen %s, %v", once, twice, err)
		}
	})
}
