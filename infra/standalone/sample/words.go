package sample

import (
	"embed"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed words/*.txt
var wordFiles embed.FS

// lexicon is what people write in one language: the alternatives of each named section.
type lexicon map[string][]string

// readLexicon reads words/<language>.txt; the file's first lines say its form.
func readLexicon(language string) lexicon {
	raw, err := wordFiles.ReadFile("words/" + language + ".txt")
	if err != nil { // embedded, so absent only when the languages table and the folder disagree
		panic(err)
	}
	lex, section := lexicon{}, ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "== "):
			section = strings.TrimPrefix(line, "== ")
		default:
			lex[section] = append(lex[section], line)
		}
	}
	return lex
}

// The moods of a text.
const (
	gains   = "+"
	lacks   = "-"
	mixed   = "±"
	nothing = "0" // says nothing about any outcome
)

// voice is who writes, about which kind of session.
type voice struct {
	language string
	woman    bool
	mentor   bool // a mentorship session, not a language session
	beginner bool // writes in short, simple sentences
	long     bool // writes a long account, whatever chance says
}

// helpers name the other side of a session, as a noun with its possessive and as a bare noun: language session, then mentorship.
var helpers = map[string][2][2]string{
	"en": {{"my conversation partner", "conversation partner"}, {"my mentor", "mentor"}},
	"nb": {{"samtalepartneren min", "samtalepartner"}, {"mentoren min", "mentor"}},
	"uk": {{"моя співрозмовниця", "співрозмовниця"}, {"моя менторка", "менторка"}},
}

// writer makes texts and takes care not to write the same one twice.
type writer struct {
	r    *rand.Rand
	lex  map[string]lexicon
	seen map[string]bool
	deck map[bool][]string // themes still to be dealt, for language and mentorship sessions
}

func newWriter(r *rand.Rand) *writer {
	w := &writer{r: r, lex: map[string]lexicon{}, seen: map[string]bool{}, deck: map[bool][]string{}}
	for _, language := range []string{"en", "nb", "uk"} {
		w.lex[language] = readLexicon(language)
	}
	return w
}

// participant writes a participant's text in mood. It tries again while the text was written before, save for the few words that
// many people write.
func (w *writer) participant(v voice, mood string) string {
	return w.fresh(func() string { return w.finish(w.compose(v, mood)) })
}

// volunteer writes a volunteer's text.
func (w *writer) volunteer(v voice) string {
	return w.fresh(func() string {
		section := pick(w.r, "volunteer+", "volunteer0", "volunteer0")
		sentences := []string{w.sentence(v, section)}
		if w.r.IntN(3) == 0 {
			sentences = append(sentences, w.sentence(v, "neutral"))
		}
		return w.finish(sentences)
	})
}

func (w *writer) fresh(write func() string) string {
	text := write()
	for tries := 0; w.seen[text] && tries < 12; tries++ {
		text = write()
	}
	w.seen[text] = true
	return text
}

// compose strings sentences together: one, a few, or a long account of sixty words and more.
func (w *writer) compose(v voice, mood string) []string {
	length := w.r.IntN(100)
	if v.long {
		length = 99
	}
	switch {
	case mood == nothing:
		return w.idle(v, length)
	case v.beginner && mood != mixed && length < 60:
		return []string{w.sentence(v, "simple"+mood)}
	case length < 25:
		return w.about(v, mood, 1)
	case length < 72:
		return w.frame(v, 2, w.about(v, mood, 1+w.r.IntN(2)))
	}
	account := append([]string{w.sentence(v, "bridge")}, w.about(v, mood, 2+w.r.IntN(2))...)
	for len(strings.Fields(strings.Join(account, " "))) < 60 {
		account = append(account, w.unsaid(v, account, pick(w.r, "bridge", "neutral")))
	}
	return w.frame(v, 1, account)
}

// idle is a text that says nothing about any outcome.
func (w *writer) idle(v voice, length int) []string {
	if length < 12 {
		return []string{w.sentence(v, "tiny")}
	}
	text := []string{w.sentence(v, "neutral")}
	for length >= 45 && len(text) < 2 || length >= 85 && len(text) < 5 || length >= 99 && len(text) < 7 {
		text = append(text, w.unsaid(v, text, "neutral"))
	}
	return text
}

// themes are the outcomes that words are about; a session of a kind brings up some more often.
var themes = map[bool][]string{
	false: {"confidence", "confidence", "belonging", "belonging", "language", "language", "job", "job", "wellbeing", "wellbeing"},
	true:  {"confidence", "confidence", "belonging", "job", "job", "job", "job", "language", "wellbeing", "wellbeing"},
}

// about is n sentences about outcomes, and as many again of the other mood where moods are mixed.
func (w *writer) about(v voice, mood string, n int) []string {
	if mood == mixed {
		text := append(w.about(v, gains, n), w.sentence(v, "turn"))
		return append(text, w.about(v, lacks, n)...)
	}
	var text []string
	for range n {
		text = append(text, w.unsaid(v, text, w.theme(v)+mood))
	}
	return text
}

// theme deals one theme after the other from a shuffled deck, so that no month goes without one.
func (w *writer) theme(v voice) string {
	deck := w.deck[v.mentor]
	if len(deck) == 0 {
		deck = slices.Clone(themes[v.mentor])
		w.r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	}
	w.deck[v.mentor] = deck[1:]
	return deck[0]
}

// frame puts an opening before and a closing after text, each once in rarely times.
func (w *writer) frame(v voice, rarely int, text []string) []string {
	if w.r.IntN(rarely) == 0 {
		text = append([]string{w.sentence(v, "opener")}, text...)
	}
	if w.r.IntN(rarely) == 0 {
		text = append(text, w.sentence(v, "closer"))
	}
	return text
}

// unsaid is a sentence of section that begins as none in text does.
func (w *writer) unsaid(v voice, text []string, section string) string {
	const enough = 24 // bytes that tell two templates apart
	for {
		sentence := w.sentence(v, section)
		start := sentence[:min(enough, len(sentence))]
		if !slices.ContainsFunc(text, func(said string) bool { return strings.HasPrefix(said, start) }) {
			return sentence
		}
	}
}

var (
	slot   = regexp.MustCompile(`\{([a-z_]+)\}`)
	gender = regexp.MustCompile(`\[([^|\]]*)\|([^\]]*)\]`)
)

// sentence picks one of a section and fills it.
func (w *writer) sentence(v voice, section string) string {
	filled := slot.ReplaceAllStringFunc(pick(w.r, w.lex[v.language][section]...), func(name string) string {
		helper := helpers[v.language][0]
		if v.mentor {
			helper = helpers[v.language][1]
		}
		switch name {
		case "{helper}":
			return helper[0]
		case "{pair}":
			return helper[1]
		}
		return w.sentence(v, strings.Trim(name, "{}"))
	})
	form := "$2"
	if v.woman {
		form = "$1"
	}
	return gender.ReplaceAllString(filled, form)
}

// finish joins sentences as people type them: mostly with care, now and then without capitals, with a smile or in two paragraphs.
func (w *writer) finish(sentences []string) string {
	for i, sentence := range sentences {
		first, size := utf8.DecodeRuneInString(sentence)
		sentences[i] = string(unicode.ToUpper(first)) + sentence[size:]
	}
	text := strings.Join(sentences, " ")
	switch w.r.IntN(25) {
	case 0:
		return strings.ToLower(text)
	case 1:
		return text + " 🙂"
	case 2, 3:
		return strings.TrimSuffix(text, ".")
	case 4:
		if len(sentences) > 3 {
			return strings.Join(sentences[:2], " ") + "\n\n" + strings.Join(sentences[2:], " ")
		}
	}
	return text
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
