package localmodel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
)

func TestTheScreenerFindsWholeWordsAndWhoseTheyAre(t *testing.T) {
	t.Parallel()
	s := localmodel.NewScreener()
	for name, c := range map[string]struct{ text, want string }{
		"a good day":                                 {"It was a good day and we laughed a lot.", ""},
		"words within words":                         {"The audience studied Scunthorpe's shitake dishes in class.", ""},
		"self-harm":                                  {"Sometimes I want to die.", "self_harm false"},
		"self-harm, curly":                           {"I don’t want to live like this", "self_harm false"},
		"self-harm in Ukrainian":                     {"Я більше не хочу жити.", "self_harm false"},
		"a threat in Norwegian":                      {"Jeg skal drepe deg!", "violence false"},
		"shouted at":                                 {"A man shouted at us: go back to your country", "hate true"},
		"meant":                                      {"Go back to your country!", "hate false"},
		"shouted at, and meant too":                  {"He shouted go back to your country. You are an idiot.", "hate true"},
		"meant, behind what was shouted":             {"He shouted go back to your country. You are an idiot.", "harassment false"},
		"sworn, behind what was said":                {"I know what he said. Fuck you all.", "profanity false"},
		"advertised, behind what was told":           {"A man shouted at me that I should go back to my country. Buy now, the cheapest watches, click here: best price!", "spam false"},
		"harm at the end of what a short word joins": {"I saw dr. Hansen " + strings.Repeat("and then we went on, ", 20) + "and you are a stupid ugly pig", "harassment"},
		"meant, behind the like of it":               {"Last week on the bus an old man shouted at my sister and me that we are worthless, stupid and disgusting pigs who should be thrown out. " + strings.Repeat("We met on Tuesday and practised how to order a coffee. ", 10) + "You are an idiot.", "harassment false"},
		"between quotation marks":                    {"She wrote a line and put it on the door: 'I want to die'", "self_harm true"},
		"in circles alone":                           {"Ⓨⓞⓤ ⓐⓡⓔ ⓐ ⓢⓣⓤⓟⓘⓓ ⓤⓖⓛⓨ ⓟⓘⓖ", "harassment false"},
		"Tigrinya":                                   {"ሰላም ከመይ ኣሎኻ ኩሉ ጽቡቕ", "unread false"},
		"Georgian":                                   {"გამარჯობა, როგორ ხარ?", "unread false"},
		"Chinese":                                    {"我很高兴认识你们", "unread false"},
		"Finnish":                                    {"Tämä on hyvin pitkä suomenkielinen lause, jota kukaan ei ymmärrä.", "unread false"},
		"a sentence of Tigrinya":                     {"It was a good day and we laughed a lot. ኩሉ ጽቡቕ እዩ።", "unread false"},
		"bold letters":                               {"𝐈𝐭 𝐰𝐚𝐬 𝐚 𝐠𝐨𝐨𝐝 𝐝𝐚𝐲 𝐚𝐧𝐝 𝐰𝐞 𝐥𝐚𝐮𝐠𝐡𝐞𝐝 𝐚 𝐥𝐨𝐭.", ""},
		"nothing":                                    {"", ""},
		"not over a full stop":                       {"We talked about what I want. To die of laughter, we watched a film.", ""},
		"a phone number":                             {"Ring meg på +47 912 34 567", "pii false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := s.Screen(t.Context(), safety.Request{Text: c.text})
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, f := range got.Findings {
				found = append(found, fmt.Sprint(f.Category, " ", f.Reported))
			}
			// The network may find more beside what is plainly said; nothing else may be found where nothing is.
			if c.want == "" && found != nil || c.want != "" && !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, c.want) }) {
				t.Errorf("found %v, expected %q", found, c.want)
			}
			if err := got.Check(c.text); err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzScreener(f *testing.F) {
	for _, seed := range []string{"", "I want to die 💛", "Я’ не хочу жити", "\xff want to die", strings.Repeat("shit ", 2000)} {
		f.Add(seed)
	}
	s := localmodel.NewScreener()
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Screen(t.Context(), safety.Request{Text: text})
		if !utf8.ValidString(text) {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("broken text: %v", err)
			}
			return
		}
		if err == nil {
			err = got.Check(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
