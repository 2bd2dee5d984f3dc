package localmodel

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
	"github.com/teei/csr-platform/shared/adapter/localmodel/langid"
	"github.com/teei/csr-platform/shared/adapter/localmodel/sentences"
	"github.com/teei/csr-platform/shared/adapter/localmodel/writing"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

//go:embed weights.bin
var embedded []byte

// Read are the outcomes that sentences are asked for; the level of language is judged on the whole text.
var Read = []outcome.Dimension{outcome.Confidence, outcome.Belonging, outcome.JobReadiness, outcome.WellBeing}

// Where the answers to the questions begin.
var (
	levelAt    = 4 * len(Read)
	harmAt     = levelAt + 1
	reportedAt = harmAt + len(Harms)
)

// Questions names what is asked of a sentence, in order: of each of Read whether it is spoken of, its level, gain and loss; the level of
// language; each of Harms; and whether harm is told of, quoted or spoken against.
func Questions() []string {
	var names []string
	for _, d := range Read {
		for _, what := range []string{"spoken", "level", "gain", "loss"} {
			names = append(names, what+" "+string(d))
		}
	}
	names = append(names, "cefr")
	for _, h := range Harms {
		names = append(names, string(h))
	}
	return append(names, "reported")
}

// Reader is the weights, opened. It is safe for concurrent use.
type Reader struct {
	languages *langid.Detector
	encoder   *encoder.Encoder
	rules     Rules
	harm      HarmRules
	phrases   []phrase
}

// Open reads weights.
func Open(data []byte) (*Reader, error) {
	f, err := encoder.Open(data)
	if err != nil {
		return nil, err
	}
	r := &Reader{phrases: phrases()}
	r.languages, err = langid.New(f)
	if err != nil {
		return nil, err
	}
	table := encoder.NewTable(f)
	r.encoder, err = encoder.New(f, table, "text")
	if err != nil {
		return nil, err
	}
	if !slices.Equal(r.encoder.Outputs, Questions()) {
		return nil, fmt.Errorf("%w: it answers other questions", encoder.ErrFile)
	}
	err = f.JSON("q2q.rules", &r.rules)
	if err != nil {
		return nil, err
	}
	err = f.JSON("safety.rules", &r.harm)
	return r, err
}

var (
	once   sync.Once
	opened *Reader
)

// own is the reader of the embedded weights, opened when it is first asked for: a variable made at the start would put the weights into every
// binary that knows of this package. Weights that cannot be read are a broken build.
func own() *Reader {
	once.Do(func() {
		var err error
		opened, err = Open(embedded)
		if err != nil {
			panic("localmodel: embedded weights: " + err.Error())
		}
	})
	return opened
}

// Reading is what was made of a text before anything is decided.
type Reading struct {
	Language  string  // ISO 639-1, the likeliest
	Sure      float64 // of the language, 0…1
	Readable  bool    // at least half of the letters are of a script that some scored language uses
	Words     int     // as package writing cuts them
	Sentences []Sentence
	Writing   []float64 // the measures of package writing; nil for a text of fewer than outcome.LeastWords, as outcome.Words counts them
}

// Sentence is one sentence with its answers: for each of Read the log odds that it is spoken of, its level, gain, loss.
type Sentence struct {
	sentences.Sentence
	Answers [][4]float32
	CEFR    float32
}

// Read reads a text.
func (r *Reader) Read(text string) Reading {
	var out Reading
	out.Language, out.Sure = r.languages.Detect(text)
	out.Readable = readable(text)
	out.Words = len(writing.Words(text))
	parts := sentences.Split(text)
	read := text
	if strings.ContainsRune(text, '@') { // the pieces of an address would count as words
		read = blank(text, safety.FindPII(text))
	}
	answers := make([]float32, len(r.encoder.Outputs))
	var levels []float64
	ordered := orders(text)
	for _, p := range parts {
		if slices.ContainsFunc(ordered, func(o sentences.Sentence) bool { return p.Start < o.End && o.Start < p.End }) {
			continue // it speaks to whoever scores, and tells nothing of its writer
		}
		if r.encoder.Read(bare(read[p.Start:p.End]), answers) == 0 {
			continue
		}
		s := Sentence{Sentence: p, Answers: make([][4]float32, len(Read)), CEFR: answers[levelAt]}
		for d := range Read {
			copy(s.Answers[d][:], answers[4*d:])
		}
		out.Sentences = append(out.Sentences, s)
		levels = append(levels, float64(s.CEFR))
	}
	if outcome.Words(text) >= outcome.LeastWords {
		out.Writing = writing.Measure(text, parts, r.encoder.Rarity, levels)
	}
	return out
}

// bare is a sentence with at most one sign of punctuation at its end: how many there are changes nothing of what is said.
func bare(sentence string) string {
	short := strings.TrimRightFunc(sentence, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	_, sign := utf8.DecodeRuneInString(sentence[len(short):])
	return sentence[:len(short)+sign]
}

// Answers are what the network says to each of Questions about one sentence, as log odds.
func (r *Reader) Answers(sentence string) []float32 {
	answers := make([]float32, len(r.encoder.Outputs))
	r.encoder.Read(sentence, answers)
	return answers
}

// orders are the bytes of text that give orders to whoever scores it.
func orders(text string) []sentences.Sentence {
	var out []sentences.Sentence
	for _, o := range outcome.Orders(text) {
		out = append(out, sentences.Sentence{Start: bytesOf(text, o[0]), End: bytesOf(text, o[1])})
	}
	return out
}

// readable says whether at least half of the letters are Latin, Cyrillic or Arabic.
func readable(text string) bool {
	known, letters := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Arabic) {
				known++
			}
		}
	}
	return 2*known >= letters
}

// Rules turn readings into scores. They are fitted on labelled texts that the encoder was not trained on.
type Rules struct {
	Version   string
	Rubric    string
	Languages []string // those that are scored
	Spoken    []Spoken // of each of Read
	Late      float64  // how much more the last sentence weighs than the first
	Level     Level

	Calibrations []outcome.Calibration
}

// Spoken decides whether a text speaks of a dimension, from the log odds of its sentences: of the likeliest, of the second, of how many.
type Spoken struct {
	Likeliest, Second, Count, Intercept float64
	Threshold                           float64 // of the probability
	Evidence                            float64 // log odds from which a sentence is quoted beside the likeliest
}

// Odds is the probability that a text speaks of the dimension. Here and below products are rounded before they are added, as in package
// encoder, for some processors would otherwise do both in one step.
func (s Spoken) Odds(features [3]float64) float64 {
	sum := float64(s.Likeliest*features[0]) + float64(s.Second*features[1]) + float64(s.Count*features[2]) + s.Intercept
	return 1 / (1 + math.Exp(-sum))
}

// Features are what Spoken decides on.
func (r Reading) Features(d int) [3]float64 {
	f := [3]float64{math.Inf(-1), -6, math.Log(float64(len(r.Sentences)))}
	for _, s := range r.Sentences {
		x := min(max(float64(s.Answers[d][0]), -8), 8)
		if x > f[0] {
			f[0], f[1] = x, max(f[0], -6)
		} else if x > f[1] {
			f[1] = x
		}
	}
	f[0] = max(f[0], -8)
	return f
}

// Mean is the level, and the probabilities of gain and loss, of dimension d over the sentences, each weighing by how likely it speaks of d
// and, with late, by how late it comes. 0…1 each.
func (r Reading) Mean(d int, late float64) (level, gain, loss float64) {
	total, top := 0.0, 0.0
	for _, s := range r.Sentences {
		top = max(top, encoder.Odds(s.Answers[d][0]))
	}
	for i, s := range r.Sentences {
		p := encoder.Odds(s.Answers[d][0])
		if p < top/4 {
			continue
		}
		w := float64(p * p * (1 + float64(late*float64(i))/float64(len(r.Sentences))))
		total += w
		level += float64(w * encoder.Odds(s.Answers[d][1]))
		gain += float64(w * encoder.Odds(s.Answers[d][2]))
		loss += float64(w * encoder.Odds(s.Answers[d][3]))
	}
	return level / total, gain / total, loss / total
}

// Level judges the level of language: a weighted sum of the measures of package writing.
type Level struct {
	Mean, Spread, Weights []float64
	Languages             map[string]float64 // added for texts in that language
	Intercept             float64
}

// Value is 0…1 for measures.
func (l Level) Value(measures []float64, language string) float64 {
	sum := l.Intercept + l.Languages[language]
	for i, w := range l.Weights {
		sum += float64(w*(measures[i]-l.Mean[i])) / l.Spread[i]
	}
	return min(max(sum, 0), 1)
}
