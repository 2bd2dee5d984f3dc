package impact_test

import (
	"strings"
	"testing"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

func TestAQuoteIsShownWithoutNamesOfThoseWhoMetAndWaysToReachSomebody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, quote, want string }{
		"nothing to mask":              {"I am braver now. Good.", "I am braver now.", "I am braver now."},
		"first name, after an emoji":   {"🎉 Kari helped me.", "Kari helped me.", "[name] helped me."},
		"both names, in the genitive":  {"Kari Nordmanns help, and PER.", "Kari Nordmanns help, and PER.", "[name] [name] help, and [name]."},
		"a word that is a name too":    {"Two hours per week.", "Two hours per week.", "Two hours per week."},
		"part of a word is none":       {"Karin and Perry.", "Karin and Perry.", "Karin and Perry."},
		"Ukrainian":                    {"Дякую, Олена!", "Дякую, Олена!", "Дякую, [name]!"},
		"Ukrainian, declined":          {"Дякую Олені!", "Дякую Олені!", "Дякую [name]!"},
		"and with another word":        {"Ми з Оленою були раді.", "Ми з Оленою були раді.", "Ми з [name] були раді."},
		"in Latin letters":             {"I thank Olena.", "I thank Olena.", "I thank [name]."},
		"in Cyrillic letters":          {"Дякую Карі, і пану Нордманну.", "Дякую Карі, і пану Нордманну.", "Дякую [name], і пану [name]."},
		"in Polish without accents":    {"Dziekuje Olenie.", "Dziekuje Olenie.", "Dziekuje [name]."},
		"Arabic, behind a preposition": {"شكرا لأحمد", "شكرا لأحمد", "شكرا [name]"},
		"an address":                   {"Write to olena@example.org now.", "Write to olena@example.org now.", "Write to [e-mail] now."},
		"half an address":              {"Write to olena@example.org now.", "Write to olena@", "Write to [e-mail]"},
		"accents apart":                {"Thanks to Zoe\u0308.", "Thanks to Zoe\u0308.", "Thanks to [name]."},
		"accents left out":             {"Thanks to Zoe, not zoe.", "Thanks to Zoe, not zoe.", "Thanks to [name], not zoe."},
		"accents put in":               {"Thanks to Kári.", "Thanks to Kári.", "Thanks to [name]."},
		"wide letters":                 {"Thanks to Ｋａｒｉ.", "Thanks to Ｋａｒｉ.", "Thanks to [name]."},
		"a soft hyphen":                {"Thanks to Ka\u00adri.", "Thanks to Ka\u00adri.", "Thanks to [name]."},
		"a space that is not seen":     {"Thanks to\u200bKari.", "Thanks to\u200bKari.", "Thanks to\u200b[name]."},
		"an emoji of several":          {"👩\u200d🏫Kari", "👩\u200d🏫Kari", "👩\u200d🏫[name]"},
		"what stands outside":          {"Kari came. I am glad.", "I am glad.", "I am glad."},
	} {
		i := strings.Index(c.body, c.quote)
		q := impact.Quote{Body: c.body, Span: outcome.SpanAt(c.body, i, i+len(c.quote)), Names: []string{"Kari Nordmann", "Per", "Олена", "أحمد", "Zoë", "", "X"}}
		if got := q.Shown(); got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
}
