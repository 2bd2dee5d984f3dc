package bedrock

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

func TestNamesThatAreAnnouncedAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"My name is Anna Kovalenko and I am brave.":            "My name is [NAME] [NAME] and I am brave.",
		"Jeg heter Kari. Kari liker kaffe, Karianne ikke.":     "Jeg heter [NAME]. [NAME] liker kaffe, Karianne ikke.",
		"Мене звати Олена, я з Харкова.":                       "Мене звати [NAME], я з Харкова.",
		"Mein Name ist Jürgen Müller-Lüdenscheidt!":            "Mein Name ist [NAME] [NAME]!",
		"My mentor Per helped. Per's advice was good.":         "My mentor [NAME] helped. [NAME]'s advice was good.",
		"Thank you! Best regards, Mohammed":                    "Thank you! Best regards, [NAME]",
		"Dr. Hansen was kind":                                  "Dr. [NAME] was kind",
		"اسمي فاطمة وأنا سعيدة":                                "اسمي [NAME] [NAME] سعيدة",
		"My name is on the list and I feel welcome in Norway.": "My name is on the list and I feel welcome in Norway.",
		"I am happy. Nobody is named here.":                    "I am happy. Nobody is named here.",
	} {
		if got := mask(text, Names).text; got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestCapitalsInsideSentencesAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"I met Anna in Bergen on Monday. We speak Norwegian.":      "I met [NAME] in [NAME] on Monday. We speak Norwegian.",
		"Jeg snakket med Kari Nordmann, og hun hjalp meg mye i år": "Jeg snakket med [NAME] [NAME], og hun hjalp meg mye i år",
		"Вчора я була в Олени, і вона мене чула. Дякую Вам!":       "Вчора я була в [NAME], і вона мене чула. Дякую Вам!",
		"Ich habe einen Freund und eine Arbeit in der Stadt":       "Ich habe einen Freund und eine Arbeit in der Stadt",
		"Spotkałam tam ich i była z nami Kasia.":                   "Spotkałam tam ich i była z nami [NAME].",
		"Lubię ich, a oni lubią ich. Była też Kasia.":              "Lubię ich, a oni lubią ich. Była też [NAME].",
		"I Feel Welcome Here":    "I Feel Welcome Here",
		"I FEEL WELCOME HERE":    "I FEEL WELCOME HERE",
		"And I'm brave. I’ve CV": "And I'm brave. I’ve CV",
		"أنا سعيدة الآن":         "أنا سعيدة الآن",
	} {
		if got := mask(text, Proper).text; got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestWhatReachesSomebodyIsMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"write to anna@example.com please":      "write to [CONTACT] please",
		"call +47 912 34 567, I am at home":     "call [NUMBER], I am at home",
		"card 4111-1111-1111-1111.":             "card [NUMBER].",
		"٠١٢٣٤٥٦٧٨٩":                            "[NUMBER]",
		"I learned 20 words in 2026":            "I learned 20 words in 2026",
		"in 10 weeks I went to 12 meetings, 3x": "in 10 weeks I went to 12 meetings, 3x",
	} {
		if got := mask(text, Leftovers).text; got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestQuotesOfTheMaskedTextAreTheOriginalsOwnWords(t *testing.T) {
	t.Parallel()
	const text = "Мене звати Олена 🎉. My friend Per Olsen (per@example.com) says I am brave now, I feel it too."
	m := mask(text, Names, Leftovers)
	for quote, want := range map[string]string{
		"My friend [NAME] [NAME] ([CONTACT]) says I am brave now": "My friend Per Olsen (per@example.com) says I am brave now",
		"[NAME]) says":            "",
		"says I am brave now":     "says I am brave now",
		"Мене звати [NAME] 🎉":     "Мене звати Олена 🎉",
		"[NAME]":                  "",
		"[NAME] [NAME]":           "",
		"I feel it too.":          "I feel it too.",
		"My friend [NAME] [NAME]": "My friend Per Olsen",
		"NAME] 🎉. My friend":      "Олена 🎉. My friend",
	} {
		seen, ok := outcome.Locate(m.text, quote)
		got := outcome.Span{}
		if ok {
			got, _ = m.restore(seen)
		}
		if got.Text != want {
			t.Errorf("%q is %q in the original, want %q", quote, got.Text, want)
		}
	}
}

// FuzzMask hides any spans of any text and quotes any part of what is left: nothing hidden is in the masked text's own parts, and
// what is restored stands in the original.
func FuzzMask(f *testing.F) {
	f.Add("Мене звати Олена 🎉, call +47 912 34 567", 3, 9, 5, 12, 0, 20)
	f.Add("anna@example.com", 0, 16, 2, 4, 0, 3)
	f.Add("a b c d e f", 2, 3, 2, 3, 1, 9)
	f.Add("", -1, 5, 0, 0, 0, 1)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d, from, to int) {
		if !utf8.ValidString(text) {
			return
		}
		fixed := func(string) []safety.Span {
			return []safety.Span{{Start: a, End: b, Kind: "email"}, {Start: c, End: d}}
		}
		m := mask(text, fixed, safety.FindPII, Names, Leftovers, Proper)
		var back strings.Builder
		runes, shown := []rune(text), []rune(m.text)
		at, at8, end := 0, 0, 0
		for _, p := range m.parts {
			if p.from != at || p.start8 != at8 || p.start != end || p.end <= p.start || p.to <= p.from {
				t.Fatalf("parts do not follow one another: %+v", m.parts)
			}
			if !p.hidden && string(shown[p.start:p.end]) != text[p.start8:p.end8] {
				t.Fatalf("a part that is not hidden differs: %+v", p)
			}
			back.WriteString(string(runes[p.from:p.to]))
			at, at8, end = p.to, p.end8, p.end
		}
		if back.String() != text {
			t.Fatalf("the parts give back %q, not %q", back.String(), text)
		}
		if again := mask(m.text, Leftovers).text; strings.Contains(again, "[CONTACT]") && !strings.Contains(m.text, "[CONTACT]") {
			t.Fatalf("an address is left in %q", m.text)
		}
		from, to = max(0, min(from, len(shown))), max(0, min(to, len(shown)))
		if from >= to {
			return
		}
		got, ok := m.restore(outcome.Span{Start: from, End: to, Text: string(shown[from:to])})
		if !ok {
			return
		}
		err := outcome.Verify(text, outcome.Scoring{Scores: []outcome.Score{
			{Dimension: outcome.Confidence, Direction: outcome.State, Evidence: []outcome.Span{got}},
		}})
		if err != nil {
			t.Fatalf("what was restored does not stand: %v", err)
		}
	})
}
