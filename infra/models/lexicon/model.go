// Package localmodel scores feedback without leaving the process: a lexicon of cues in English, Norwegian (bokmål) and Ukrainian,
// and rules for negation, contrast, time, wishes and whose feelings a sentence tells. It reads words and understands nothing, so its
// confidence is modest and not calibrated. A dimension without a cue has no score; a text in another language has none at all.
package lexicon

import (
	"context"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Version names these rules and lexicons. It changes whenever some text would be scored otherwise.
const Version = "local-lexicon-1"

// Model is the scorer. It is safe for concurrent use and gives the same scores for the same text, always.
type Model struct {
	languages []*language
	judge     *judge
}

// New reads the lexicons.
func New() *Model {
	read := []*language{compile("en", english), compile("no", norwegian), compile("uk", ukrainian)}
	return &Model{languages: read, judge: newJudge(read)}
}

// Score reads text. TextID and At are the caller's to fill in. A text that is not UTF-8 is Invalid; nothing else fails.
func (m *Model) Score(ctx context.Context, in outcome.Request) (outcome.Scoring, error) {
	text := in.Text
	if err := ctx.Err(); err != nil {
		return outcome.Scoring{}, fault.Wrap(fault.Busy, "scoring was given up", err)
	}
	if !utf8.ValidString(text) {
		return outcome.Scoring{}, fault.Fields("the text cannot be read", fault.Field{Name: "text", Expected: "valid UTF-8"})
	}
	scoring := outcome.Scoring{Method: outcome.Local, ModelVersion: Version}
	sentences := scan(text)
	words := make([][]token, len(sentences))
	for i, s := range sentences {
		words[i] = s.words
	}
	whole := m.judge.detect(words...)
	if whole.best == nil {
		return scoring, nil
	}
	scoring.Language = whole.best.code
	var found []evidence
	for _, s := range sentences {
		if l := m.languageOf(s, whole.best); l != nil {
			found = append(found, read(l, s)...)
		}
	}
	for _, d := range outcome.Dimensions {
		var score outcome.Score
		var ok bool
		if d == outcome.LangLevelProxy {
			score, ok = level(text, sentences, whole)
		} else {
			score, ok = weigh(text, d, found)
		}
		if ok {
			scoring.Scores = append(scoring.Scores, score)
		}
	}
	return scoring, nil
}

// languageOf is the language a sentence is read in: its own where that is clear, else the text's; nil when it is clearly neither.
func (m *Model) languageOf(s sentence, whole *language) *language {
	v := m.judge.detect(s.words)
	switch {
	case v.best != nil && (v.clear || v.best == whole):
		return v.best
	case v.best == nil && len(s.words) >= foreign:
		return nil
	}
	return whole
}

// foreign is how many words a sentence needs before it may be called one in no language we read.
const foreign = 5

// Calibrations is outcome.Model: weights by hand are calibrated on nothing.
func (m *Model) Calibrations() []outcome.Calibration { return nil }
