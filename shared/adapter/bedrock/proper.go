package bedrock

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// Proper finds words that are capitalised in the middle of a sentence: persons, but also places and organisations, which a score of
// somebody's feelings can do without. Languages, peoples, days, months and what else is capitalised by custom stays. A text in German,
// which capitalises all nouns and is known by two of its words, has none, nor one where such words are common because its writer likes
// capitals, nor a script without.
func Proper(text string) []safety.Span {
	var spans []safety.Span
	inside := 0                 // words in the middle of a sentence
	spoken := map[string]bool{} // words of German
	start := true
	end := 0
	for _, w := range words().FindAllStringIndex(text, -1) {
		start = start && end == 0 || begins(text[end:w[0]])
		end = w[1]
		word := text[w[0]:w[1]]
		if start {
			start = false
			continue
		}
		inside++
		if german()[word] {
			spoken[word] = true
		}
		if titled(word) && !customary()[strings.ToLower(stem(word))] {
			spans = append(spans, span(text, w[0], w[1], safety.Name))
		}
	}
	if len(spoken) > 1 || len(spans) > 2 && 4*len(spans) > inside {
		return nil
	}
	return spans
}

// begins says whether a sentence begins behind what stands between two words.
func begins(between string) bool {
	return strings.ContainsAny(between, ".!?…:;\n\"“”„«»()[]{}*•–—|>") || strings.Contains(between, " -")
}

// titled says whether a word is a capital and small letters.
func titled(word string) bool {
	first, size := utf8.DecodeRuneInString(word)
	second, _ := utf8.DecodeRuneInString(word[size:])
	return unicode.IsUpper(first) && unicode.IsLower(second)
}

// stem is a word without what an apostrophe adds.
func stem(word string) string {
	if i := strings.IndexAny(word, "'’ʼ"); i > 0 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'’ʼ") == "" {
		return word[:i]
	}
	return word
}

// german are words by which German is known. One alone may be another language's: ich is also "them" in Polish.
var german = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, word := range strings.Fields(`ich nicht und mich mir wir eine einen einem sehr für wurde haben habe ist auf aus bei vom zum zur nur doch schon kein keine keinen
		dich dein deine mein meine meiner ihm ihn sind muss wird wenn oder weil dass daß jetzt`) {
		known[word] = true
	}
	return known
})

// customary are words that are capitalised for another reason than to name somebody, in small letters.
var customary = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, word := range strings.Fields(`
		monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays
		january february march april may june july august september october november december christmas easter
		english norwegian ukrainian russian german french spanish arabic polish danish swedish dutch italian turkish persian farsi dari
		somali tigrinya european american syrian afghan eritrean iranian iraqi chinese african asian nordic scandinavian muslim christian
		norway ukraine europe syria afghanistan germany poland norge ukraina europa
		god gud бог allah mum mom dad mama papa mamma pappa
		ok okay cv zoom teams internet word excel powerpoint google linkedin facebook whatsapp youtube
		ви вас вам вами ваш ваша ваше ваші вашу вашого вашої вашим вашою вы вам вас sie ihnen ihr ihre ihren de dem deres
		hei hi hello dear thanks takk kjære`) {
		known[word] = true
	}
	return known
})
