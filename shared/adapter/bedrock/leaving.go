package bedrock

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// Names finds names of persons where the words around them give them away: those that safety.FindPII finds, and those after "my name
// is", "jeg heter", "мене звати" and their like, after a greeting at the end, after "my mentor" or a title. What was found once is
// found wherever it stands again. A name that nothing announces is not found.
func Names(text string) []safety.Span {
	var spans []safety.Span
	known := map[string]bool{}
	for _, s := range safety.FindPII(text) {
		if s.Kind == safety.Name {
			a := bytesOf(text, s.Start)
			for _, word := range words().FindAllString(text[a:a+bytesOf(text[a:], s.End-s.Start)], -1) {
				known[word] = true
			}
		}
	}
	for _, cue := range cues() {
		for _, m := range cue.FindAllStringSubmatchIndex(text, -1) {
			for _, word := range words().FindAllStringIndex(text[m[2]:m[3]], -1) {
				known[text[m[2]+word[0]:m[2]+word[1]]] = true
			}
		}
	}
	if len(known) == 0 {
		return nil
	}
	for _, w := range words().FindAllStringIndex(text, -1) {
		name := strings.TrimSuffix(strings.TrimSuffix(text[w[0]:w[1]], "'s"), "’s")
		if known[name] {
			spans = append(spans, span(text, w[0], w[0]+len(name), "name"))
		}
	}
	return spans
}

// Leftovers finds what looks like a way to reach somebody whatever it is: anything with an @ inside, and seven digits or more in a
// row with nothing but spaces and the usual punctuation between them. It stands behind finer detectors as a net.
func Leftovers(text string) []safety.Span {
	var spans []safety.Span
	for _, m := range at().FindAllStringIndex(text, -1) {
		spans = append(spans, span(text, m[0], m[1], "contact"))
	}
	for _, m := range digits().FindAllStringIndex(text, -1) {
		n := 0
		for _, r := range text[m[0]:m[1]] {
			if unicode.IsDigit(r) {
				n++
			}
		}
		if n >= 7 {
			spans = append(spans, span(text, m[0], m[1], "number"))
		}
	}
	return spans
}

// span is the bytes [a, b) of text in characters.
func span(text string, a, b int, kind string) safety.Span {
	start := utf8.RuneCountInString(text[:a])
	return safety.Span{Start: start, End: start + utf8.RuneCountInString(text[a:b]), Kind: kind}
}

var (
	at     = compiled(`[^\s@()<>\[\],;:"]+@[^\s@()<>\[\],;:"]+`)
	digits = compiled(`\+?\(?\p{Nd}[\p{Nd} \x{00a0}().\-/]{4,}\p{Nd}`)
	words  = compiled(`[\p{L}\p{M}][\p{L}\p{M}'’ʼ]*(?:-[\p{L}\p{M}]+)*`)
	cues   = sync.OnceValue(func() []*regexp.Regexp {
		const (
			start = `(?:^|[^\p{L}\p{M}\p{Nd}])`
			name  = `(\p{Lu}[\p{L}\p{M}'’ʼ-]*(?:[ \x{00a0}]+\p{Lu}[\p{L}\p{M}'’ʼ-]*){0,3})`
		)
		called := `my name is|my name's|i am called|i'm called|call me|jeg heter|eg heiter|mitt navn er|navnet mitt er|kall meg|jag heter|mitt namn är|` +
			`мене звати|мене звуть|моє ім['’ʼ]я|меня зовут|моё имя|ich heiße|ich heisse|mein name ist|je m['’]appelle|mon nom est|me llamo|mi nombre es|` +
			`mi chiamo|nazywam się|mam na imię`
		farewell := `regards|best wishes|sincerely|yours|hilsen|mvh|vennlig hilsen|з повагою|с уважением|viele grüße|liebe grüße|mit freundlichen grüßen|` +
			`cordialement|saludos|un saludo|pozdrawiam`
		who := `(?:my|min|mitt|mein|meine|meinem|meiner|mon|ma|mi|мій|моя|моїм|моєю|мого|моєї|mój|moja|our|the|vår)[ \x{00a0}]+` +
			`(?:new[ \x{00a0}]+)?(?:mentor|mentoren|buddy|friend|teacher|tutor|volunteer|coach|husband|wife|son|daughter|sister|brother|venn|venninne|lærer|mann|kone|sønn|datter|` +
			`freund|freundin|lehrer|lehrerin|ami|amie|professeur|amigo|amiga|profesor|profesora|ментор|менторка|менторкою|ментором|друг|подруга|вчителька|` +
			`вчитель|чоловік|син|донька|przyjaciel)`
		return []*regexp.Regexp{
			regexp.MustCompile(start + `(?i:` + called + `)\s*:?\s+` + name),
			regexp.MustCompile(start + `(?i:` + farewell + `)\s*[,:\-–—]?\s+` + name),
			regexp.MustCompile(start + `(?i:` + who + `)\s*,?\s+` + name),
			regexp.MustCompile(start + `(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Fru|Hr|Madame|Monsieur|Señora?|Пан|пан|Пані|пані)\.?\s+` + name),
			regexp.MustCompile(start + `(?:اسمي|إسمي)\s+(\p{Arabic}+(?:\s+\p{Arabic}+)?)`),
		}
	})
)

// compiled is a regular expression that is compiled when it is first used.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// Private is what is masked for a model unless told otherwise.
var Private = []Detector{safety.FindPII, Names, Leftovers, Proper}

// Reaching is what is masked for a guardrail unless told otherwise: what it would find itself in any other text.
var Reaching = []Detector{safety.FindPII, Names, Leftovers}
