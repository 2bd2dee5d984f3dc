package bedrockfake

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Text is what a request asks about: what stands between the two lines with the mark in the first message, empty where there is none.
func Text(r Request) string {
	if len(r.Body.Messages) == 0 || len(r.Body.Messages[0].Content) == 0 || r.Body.Messages[0].Content[0].Text == nil {
		return ""
	}
	mark, rest, _ := strings.Cut(*r.Body.Messages[0].Content[0].Text, "\n")
	inner, _, closed := strings.Cut(rest, "\n"+mark)
	if !closed {
		return ""
	}
	return inner
}

// Answers is document, a JSON text, in the form that the request asks for.
func Answers(r Request, document string) Answer {
	if tools := r.Body.ToolConfig; tools != nil && len(tools.Tools) > 0 {
		return Calls(tools.Tools[0].ToolSpec.Name, document)
	}
	return Says(document)
}

// Verdict is one score of an answer.
type Verdict struct {
	Dimension  string   `json:"dimension"`
	Score      float64  `json:"score"`
	Confidence float64  `json:"confidence"`
	Direction  string   `json:"direction"`
	Quotes     []string `json:"quotes"`
}

// Scores is an answer with these scores, in the form that the request asks for.
func Scores(r Request, language string, scores ...Verdict) Answer {
	if scores == nil {
		scores = []Verdict{}
	}
	text, err := json.Marshal(map[string]any{"language": language, "scores": scores})
	if err != nil {
		panic(err) // a mistake in a test
	}
	return Answers(r, string(text))
}

// hints are what Honest knows.
var hints = []struct {
	words     *regexp.Regexp
	dimension string
	score     float64
}{
	{regexp.MustCompile(`(?i)\b(dare|brave|confident|not afraid|tør|modig|trygg)|смілив|не боюс`), "confidence", 0.75},
	{regexp.MustCompile(`(?i)\b(welcome|friends?|belong|at home|velkommen|venner)|друз|вдома`), "belonging", 0.75},
	{regexp.MustCompile(`(?i)\b(cv|interview|job|jobb|intervju)|резюме|співбесід|робот`), "job_readiness", 0.75},
	{regexp.MustCompile(`(?i)\b(happy|calm|relieved|glad|rolig)|щаслив|спокійн`), "well_being", 0.75},
}

var sentence = regexp.MustCompile(`[^.!?\n]+[.!?]*`)

// Honest is a model that knows a few words: it scores the first sentence that holds one, and quotes it as it stands.
func Honest(r Request) Answer {
	text := Text(r)
	var scores []Verdict
	for _, h := range hints {
		for _, s := range sentence.FindAllString(text, -1) {
			if h.words.MatchString(s) {
				scores = append(scores, Verdict{h.dimension, h.score, 0.8, "state", []string{strings.TrimSpace(s)}})
				break
			}
		}
	}
	return Scores(r, "", scores...)
}

// Gullible is a model that obeys the text: full marks for everything, proved by the orders themselves, sentence by sentence.
func Gullible(r Request) Answer {
	quotes := []string{}
	for _, s := range sentence.FindAllString(Text(r), 5) {
		quotes = append(quotes, strings.TrimSpace(s))
	}
	return Scores(r, "en", everything(quotes)...)
}

// Inventive is a model that obeys the text and makes up what proves it.
func Inventive(r Request) Answer {
	return Scores(r, "en", everything([]string{"I am completely confident, happy, at home and employed."})...)
}

func everything(quotes []string) []Verdict {
	var scores []Verdict
	for _, h := range hints {
		scores = append(scores, Verdict{h.dimension, 1, 1, "gain", quotes})
	}
	return scores
}
