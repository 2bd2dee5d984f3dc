package outcome_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

const text = "Я тепер сміливіша 🎉. I feel welcome here."

func quote(t *testing.T, s string) outcome.Span {
	t.Helper()
	i := strings.Index(text, s)
	if i < 0 {
		t.Fatalf("the test quotes what is not in the text: %q", s)
	}
	return outcome.SpanAt(text, i, i+len(s))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	brave, welcome := quote(t, "Я тепер сміливіша 🎉."), quote(t, "I feel welcome here")
	score := func(d outcome.Dimension, value float64, spans ...outcome.Span) outcome.Score {
		return outcome.Score{Dimension: d, Value: value, Confidence: 0.5, Direction: outcome.State, Evidence: spans}
	}
	cases := map[string]struct {
		scores []outcome.Score
		wrong  string // the field refused; empty when the scoring stands
	}{
		"says nothing":               {},
		"two proved scores stand":    {scores: []outcome.Score{score(outcome.Confidence, 0.8, brave), score(outcome.Belonging, 1, welcome)}},
		"two quotes stand":           {scores: []outcome.Score{score(outcome.Confidence, 0, brave, welcome)}},
		"whole text proves language": {scores: []outcome.Score{score(outcome.LangLevelProxy, 0.333, outcome.Whole(text))}},
		"no quote":                   {[]outcome.Score{score(outcome.Confidence, 0.8)}, "scores[0].evidence"},
		"quote elsewhere": {[]outcome.Score{score(outcome.Confidence, 0.8,
			outcome.Span{Start: brave.Start + 1, End: brave.End + 1, Text: brave.Text})}, "scores[0].evidence[0]"},
		"quote invented": {[]outcome.Score{score(outcome.Confidence, 0.8,
			outcome.Span{Start: 0, End: 4, Text: "I am"})}, "scores[0].evidence[0]"},
		"quote cuts a letter":  {[]outcome.Score{score(outcome.Confidence, 0.8, outcome.Span{Start: 1, End: 2, Text: text[1:3]})}, "scores[0].evidence[0]"},
		"quote past the end":   {[]outcome.Score{score(outcome.Confidence, 0.8, outcome.Span{Start: 0, End: 999, Text: text})}, "scores[0].evidence[0]"},
		"quote before start":   {[]outcome.Score{score(outcome.Confidence, 0.8, outcome.Span{Start: -1, End: 2, Text: "Я"})}, "scores[0].evidence[0]"},
		"blank quote":          {[]outcome.Score{score(outcome.Confidence, 0.8, outcome.Span{Start: 2, End: 3, Text: " "})}, "scores[0].evidence[0]"},
		"empty quote":          {[]outcome.Score{score(outcome.Confidence, 0.8, outcome.Span{})}, "scores[0].evidence[0]"},
		"same quote twice":     {[]outcome.Score{score(outcome.Confidence, 0.8, brave, brave)}, "scores[0].evidence[1]"},
		"part proves language": {[]outcome.Score{score(outcome.LangLevelProxy, 0.5, welcome)}, "scores[0].evidence[0]"},
		"above one":            {[]outcome.Score{score(outcome.Confidence, 1.001, brave)}, "scores[0].value"},
		"below zero":           {[]outcome.Score{score(outcome.Confidence, -0.001, brave)}, "scores[0].value"},
		"four decimals":        {[]outcome.Score{score(outcome.Confidence, 0.1234, brave)}, "scores[0].value"},
		"not a number":         {[]outcome.Score{score(outcome.Confidence, math.NaN(), brave)}, "scores[0].value"},
		"unknown dimension":    {[]outcome.Score{score("hope", 0.5, brave)}, "scores[0].dimension"},
		"dimension twice":      {[]outcome.Score{score(outcome.Confidence, 0.5, brave), score(outcome.Confidence, 0.6, welcome)}, "scores[1].dimension"},
		"no direction":         {[]outcome.Score{{Dimension: outcome.Confidence, Value: 0.5, Evidence: []outcome.Span{brave}}}, "scores[0].direction"},
		"places in bytes": {[]outcome.Score{score(outcome.Belonging, 0.5,
			outcome.Span{Start: strings.Index(text, "I feel"), End: strings.Index(text, "I feel") + len("I feel"), Text: "I feel"})}, "scores[0].evidence[0]"},
		"out of order": {[]outcome.Score{score(outcome.WellBeing, 0.5, brave), score(outcome.Confidence, 0.6, welcome)}, "scores[1].dimension"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := outcome.Verify(text, outcome.Scoring{Language: "en", Scores: c.scores})
			if c.wrong == "" {
				if err != nil {
					t.Fatalf("refused a scoring that stands: %v", err)
				}
				return
			}
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("kind %v of %v, want invalid", fault.KindOf(err), err)
			}
			var fields []string
			for _, f := range fault.Of(err).Fields {
				fields = append(fields, f.Name)
			}
			if diff := cmp.Diff([]string{c.wrong}, fields); diff != "" {
				t.Errorf("fields refused (-want +got):\n%s", diff)
			}
			if strings.Contains(err.Error(), "welcome") {
				t.Errorf("the error quotes the text: %v", err)
			}
		})
	}
}

func TestVerifyRefusesAWordForALanguageCode(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"english", "EN", "e"} {
		err := outcome.Verify(text, outcome.Scoring{Language: language})
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("language %q: %v, want invalid", language, err)
		}
	}
}

func TestVerifyRefusesMethodsAndReasonsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, s := range []outcome.Scoring{{Method: "guess"}, {Reason: "tired"}} {
		if err := outcome.Verify(text, s); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v, want invalid", s, err)
		}
	}
	if err := outcome.Verify(text, outcome.Scoring{Method: outcome.Fallback, Reason: outcome.Language}); err != nil {
		t.Errorf("refused one that stands: %v", err)
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	for in, want := range map[float64]float64{0.12345: 0.123, 0.9996: 1, -3: 0, 7: 1, 0.0005: 0.001} {
		if got := outcome.Round(in); got != want {
			t.Errorf("Round(%v) = %v, want %v", in, got, want)
		}
	}
}

func TestSnippetHashIsSHA256(t *testing.T) {
	t.Parallel()
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, appendix B.1
	if got := outcome.SnippetHash("abc"); got != want {
		t.Errorf("SnippetHash(abc) = %s, want %s", got, want)
	}
}

func TestLocate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ text, quote, want string }{
		"verbatim":                     {"I feel good. Really.", "I feel good.", "I feel good."},
		"Ukrainian among emoji":        {"🎉🎉 Я не боюся говорити! 🎉", "Я не боюся говорити", "Я не боюся говорити"},
		"whitespace runs":              {"I  feel\n\tgood", "I feel good", "I  feel\n\tgood"},
		"no-break space":               {"Jeg er\u00a0trygg nå", "Jeg er trygg nå", "Jeg er\u00a0trygg nå"},
		"curly apostrophe":             {"I’m not afraid", "I'm not afraid", "I’m not afraid"},
		"marks around are left out":    {`She said "well done"`, "“well done”", "well done"},
		"Ukrainian apostrophe":         {"Моя сімʼя тут", "Моя сім'я тут", "Моя сімʼя тут"},
		"dash":                         {"before – and now", "before - and now", "before – and now"},
		"zero-width inside":            {"I am con\u200bfident", "I am confident", "I am con\u200bfident"},
		"quote marks added around":     {"I am  brave now", `"I am brave now"`, "I am  brave now"},
		"second place, not in a word":  {"party art", "art", "art"},
		"first of two places":          {"good, good", "good", "good"},
		"Arabic":                       {"أشعر بالثقة الآن", "بالثقة", "بالثقة"},
		"part of a word is not found":  {"confident", "confide", ""},
		"other words are not found":    {"I feel good", "I feel great", ""},
		"another case is not found":    {"I feel good", "i feel good", ""},
		"punctuation alone is nothing": {"What? No.", "?", ""},
		"empty":                        {"text", "", ""},
		"broken quote":                 {"text", "te\xff", ""},
		"longer than the text":         {"a", "a b c", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			span, ok := outcome.Locate(c.text, c.quote)
			if ok != (c.want != "") || span.Text != c.want {
				t.Fatalf("Locate = %q, %v, want %q", span.Text, ok, c.want)
			}
			if ok && string([]rune(c.text)[span.Start:span.End]) != span.Text {
				t.Errorf("span %d:%d is not its text", span.Start, span.End)
			}
		})
	}
	for text, want := range map[string]outcome.Span{ // places are characters: an emoji of two code points is two
		"👋🏽 أشعر بالثقة":      {Start: 8, End: 14, Text: "بالثقة"},
		"🎉 Я не боюся":        {Start: 4, End: 12, Text: "не боюся"},
		"Nå er jeg trygg ❤️.": {Start: 10, End: 15, Text: "trygg"},
	} {
		if got, _ := outcome.Locate(text, want.Text); got != want {
			t.Errorf("%q stands at %d to %d, expected %d to %d", want.Text, got.Start, got.End, want.Start, want.End)
		}
	}
	if span, _ := outcome.Locate("party art", "art"); span.Start != 6 {
		t.Errorf("found art at %d, want the word at 6", span.Start)
	}
}

func FuzzLocate(f *testing.F) {
	f.Add("I feel  good", "feel good")
	f.Add("Я не боюся 🎉", "не боюся")
	f.Add("“a”\u200b–b", `"a"-b`)
	f.Fuzz(func(t *testing.T, text, quote string) {
		span, ok := outcome.Locate(text, quote)
		if !ok {
			if span != (outcome.Span{}) {
				t.Fatalf("not found, yet %+v", span)
			}
			return
		}
		err := outcome.Verify(text, outcome.Scoring{Scores: []outcome.Score{
			{Dimension: outcome.Confidence, Direction: outcome.State, Evidence: []outcome.Span{span}},
		}})
		if err != nil || !utf8.ValidString(span.Text) {
			t.Fatalf("a located quote does not verify: %+v: %v", span, err)
		}
	})
}
