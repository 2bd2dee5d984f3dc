package measure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
)

func TestLabelledTextsAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line string
		want Text
	}{
		"least": {`{"text":"Hi","labels":{"confidence":0}}`, Text{Text: "Hi", Labels: outcome.Labels{outcome.Confidence: of(0)}}},
		"null, language, evidence and keys of others": {
			`{"text":"Jeg tør.","lang":"nb-NO","labels":{"confidence":0.75,"well_being":null},"evidence":{"confidence":["Jeg tør."]},"source":[1],"split":3}`,
			Text{
				Text: "Jeg tør.", Lang: "no", Labels: outcome.Labels{outcome.Confidence: of(0.75), outcome.WellBeing: nil},
				Evidence: map[outcome.Dimension][]string{outcome.Confidence: {"Jeg tør."}},
			},
		},
		"as in the seed set": {
			`{"id":"x","text":"a","kind":"sentence","split":"test","labels":{},"directions":{"confidence":"gain","mood":"up"},"evidence":{"confidence":null}}`,
			Text{
				Text: "a", Kind: "sentence", Split: "test", Labels: outcome.Labels{}, Evidence: map[outcome.Dimension][]string{},
				Directions: map[outcome.Dimension]outcome.Direction{outcome.Confidence: outcome.Gain},
			},
		},
	} {
		got, err := ParseText([]byte(c.line))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWrongLinesNameTheField(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"text":"a","labels":{"confidence":1.2}}`:                       "labels.confidence: expected a number from 0 to 1, or null",
		`{"text":"a","labels":{"confidence":"high"}}`:                    "labels.confidence: expected a number from 0 to 1, or null",
		`{"text":"a","labels":{"happiness":1}}`:                          "labels.happiness: expected one of the dimensions",
		`{"text":" ","labels":{}}`:                                       "text: expected a string that is not empty",
		`{"labels":{}}`:                                                  "text: expected a string that is not empty",
		`{"text":"a"}`:                                                   "labels: expected an object",
		`{"text":"a","labels":[1]}`:                                      "labels: expected an object",
		`{"text":7,"labels":{}}`:                                         "text: expected a string",
		`{"text":"a","lang":"English language","labels":{}}`:             "lang: expected a language code",
		`{"text":"a","labels":{},"evidence":{"confidence":"q"}}`:         "evidence.confidence: expected a list of quotes",
		`{"text":"a","labels":{},"evidence":{"confidence":[""]}}`:        "evidence.confidence: expected a list of quotes, none of them empty",
		`{"text":"a","labels":{},"evidence":{"joy":["q"]}}`:              "evidence.joy: expected one of the dimensions",
		`{"text":"a","labels":{}`:                                        "expected one JSON object a line",
		`{"text":"a","labels":{}} {}`:                                    "expected one JSON object a line",
		`["a"]`:                                                          "line: expected one JSON object",
		`{"text":"","labels":{"confidence":7,"mood":1,"belonging":"x"}}`: "text: expected a string that is not empty; labels.belonging: expected",
	} {
		_, err := ParseText([]byte(line))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	for line, want := range map[string]string{
		`{"text":"a","categories":{"anger":true}}`: "categories.anger: expected one of the categories",
		`{"text":"a","categories":{"hate":1}}`:     "categories.hate: expected true or false",
		`{"text":"a","categories":{"hate":null}}`:  "categories.hate: expected true or false",
		`{"text":"a"}`: "categories: expected an object",
		`{"text":"a","categories":{},"reported":"yes"}`:        "reported: expected true or false",
		`{"text":"a","categories":{},"functionality":{"a":1}}`: "functionality: expected a string",
	} {
		_, err := ParseHarm([]byte(line))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

func TestHarmIsRead(t *testing.T) {
	t.Parallel()
	got, err := ParseHarm([]byte(`{"text":"a","lang":"UK","categories":{"hate":false,"violence":true},"group":"roma","functionality":"direct_threat","reported":true,"split":"dev"}`))
	want := Harm{
		Text: "a", Lang: "uk", Split: "dev", Categories: map[safety.Category]bool{safety.Hate: false, safety.Violence: true},
		Reported: true, Group: "roma", Functionality: "direct_threat",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// good is a line that is right.
const good = `{"text":"a","labels":{"confidence":1}}`

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestErrorsNameFileAndLine(t *testing.T) {
	t.Parallel()
	path := write(t, "mine.jsonl", "\uFEFF"+good+"\r\n\n"+`{"text":"a","labels":{"confidence":2}}`+"\n"+good+"\n"+`{`)
	_, err := Texts(path)
	if err == nil || !strings.Contains(err.Error(), path+":3: the labelled text cannot be read: labels.confidence") || !strings.Contains(err.Error(), path+":5: ") ||
		strings.Contains(err.Error(), path+":1:") {
		t.Errorf("%v, want lines 3 and 5 named", err)
	}
	texts, err := Texts(write(t, "right.jsonl", "\uFEFF"+good+"\r\n\n"+good))
	if err != nil || len(texts) != 2 {
		t.Errorf("%d texts, %v; want 2", len(texts), err)
	}
}

func TestALongLineIsRefusedAndTheNextIsRead(t *testing.T) {
	t.Parallel()
	long := func(size int) string {
		frame := `{"text":"","labels":{"confidence":1}}` + "\n"
		return `{"text":"` + strings.Repeat("a", size-len(frame)) + `","labels":{"confidence":1}}` + "\n"
	}
	if texts, err := Texts(write(t, "a.jsonl", long(LongestLine)+good)); err != nil || len(texts) != 2 {
		t.Errorf("%d texts, %v; a line of %d bytes is allowed", len(texts), err, LongestLine)
	}
	_, err := Texts(write(t, "b.jsonl", good+"\n"+long(LongestLine+1)+`{"text":1}`))
	if err == nil || !strings.Contains(err.Error(), "b.jsonl:2: line: expected at most 1048576 bytes") || !strings.Contains(err.Error(), "b.jsonl:3: ") {
		t.Errorf("%v, want lines 2 and 3 named", err)
	}
	_, err = Texts(write(t, "c.jsonl", strings.TrimSpace(long(LongestLine+2))))
	if err == nil || !strings.Contains(err.Error(), "c.jsonl:1: line: expected at most") {
		t.Errorf("%v, want the only line named", err)
	}
}

func TestAWrongFileIsGivenUp(t *testing.T) {
	t.Parallel()
	_, err := Texts(write(t, "a.csv", strings.Repeat("text,label\n", 50)))
	if err == nil || strings.Count(err.Error(), "\n") != mostWrong || !strings.Contains(err.Error(), "what follows was not read") {
		t.Errorf("%v, want %d lines and the end", err, mostWrong)
	}
}

func TestAFolderIsReadInTheOrderOfItsNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"b.jsonl": `{"text":"second","labels":{}}`, "a.jsonl": `{"text":"first","labels":{}}`, "c.txt": "not ours"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := Texts(dir)
	if err != nil || len(texts) != 2 || texts[0].Text != "first" || texts[1].Text != "second" {
		t.Errorf("%v %v", texts, err)
	}
	for _, empty := range []string{t.TempDir(), write(t, "empty.jsonl", "\n"), filepath.Join(dir, "absent")} {
		if _, err := Texts(empty); err == nil || !strings.Contains(err.Error(), empty) {
			t.Errorf("%v, want an error that names %s", err, empty)
		}
	}
}

func FuzzParseText(f *testing.F) {
	for _, line := range []string{good, `{"text":"Jeg tør.","lang":"nb","labels":{"well_being":null},"evidence":{"confidence":["Jeg"]},"directions":{"belonging":"gain"}}`, `{"text":"a","labels":{"confidence":1e400}}`, `[]`, `{"text":null}`, "\xff"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := ParseText(line)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || len(fault.Of(err).Fields) == 0 {
				t.Errorf("%v: want an Invalid failure that names a field", err)
			}
			return
		}
		if strings.TrimSpace(got.Text) == "" || got.Labels == nil {
			t.Errorf("accepted %q with labels %v", got.Text, got.Labels)
		}
		for d, value := range got.Labels {
			if value != nil && !(*value >= 0 && *value <= 1) {
				t.Errorf("accepted %v for %s", *value, d)
			}
		}
	})
}

func FuzzParseHarm(f *testing.F) {
	for _, line := range []string{`{"text":"a","lang":"en","categories":{"hate":true},"group":"roma","functionality":"f","reported":false}`, `{"text":"a","categories":{"":true}}`, `{}`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := ParseHarm(line)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || len(fault.Of(err).Fields) == 0 {
				t.Errorf("%v: want an Invalid failure that names a field", err)
			}
			return
		}
		for c := range got.Categories {
			if safety.Gravity(c) >= len(safety.Categories) {
				t.Errorf("accepted the category %q", c)
			}
		}
	})
}
