// Package localmodel scores and screens texts inside the process: free, offline, the same answer every time. Sentences are read by small
// networks over word pieces (package encoder) whose weights were trained on labelled feedback in many languages; infra/models has the
// data, the training, and the cards that say how good it is and what it must not be used for.
package localmodel

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Model scores texts. It is safe for concurrent use.
type Model struct{}

// New is a model over the weights inside the binary, which are opened when the first text comes.
func New() *Model { return &Model{} }

// most is how many quotes a score has.
const most = 3

// Calibrations is outcome.Model.
func (m *Model) Calibrations() []outcome.Calibration { return own().rules.Calibrations }

// Score is outcome.Model. A text without a word, or in a language that is not scored, has no scores and says why. It fails with Busy when
// ctx has ended, and Invalid for what is not UTF-8.
func (m *Model) Score(ctx context.Context, in outcome.Request) (outcome.Scoring, error) {
	if err := ctx.Err(); err != nil {
		return outcome.Scoring{}, fault.Wrap(fault.Busy, "scoring was given up", err)
	}
	if !utf8.ValidString(in.Text) {
		return outcome.Scoring{}, fault.Fields("the text cannot be read", fault.Field{Name: "text", Expected: "valid UTF-8"})
	}
	r := own()
	scoring := outcome.Scoring{Method: outcome.Local, ModelVersion: r.rules.Version, RubricVersion: r.rules.Rubric}
	if !strings.ContainsFunc(in.Text, unicode.IsLetter) {
		scoring.Reason = outcome.Empty
		return scoring, nil
	}
	reading := r.Read(in.Text)
	scoring.Language = r.rules.language(reading)
	switch {
	case scoring.Language == "":
		scoring.Reason = outcome.Language
		if reading.Readable && len(reading.Language) == 2 {
			scoring.Language = reading.Language
		}
	case len(reading.Sentences) > 0: // else there are words, but all of them speak to whoever scores
		scoring.Scores = r.rules.scores(in.Text, scoring.Language, reading)
	}
	return scoring, nil
}

// From which probability of a language that is not scored, in how many words, a text is refused; below that it is read as English is.
const (
	sure, brief    = 0.6, 4
	likely, plenty = 0.35, 8
)

// language is the language the text is scored in, empty when it is not scored.
func (r Rules) language(reading Reading) string {
	if !reading.Readable {
		return ""
	}
	if slices.Contains(r.Languages, reading.Language) {
		return reading.Language
	}
	if reading.Words >= brief && reading.Sure >= sure || reading.Words >= plenty && reading.Sure >= likely {
		return ""
	}
	return "en"
}

// scores decides, in the order of outcome.Dimensions.
func (r Rules) scores(text, language string, reading Reading) []outcome.Score {
	var out []outcome.Score
	for _, dimension := range outcome.Dimensions {
		if dimension == outcome.LangLevelProxy {
			if reading.Writing != nil {
				out = append(out, r.level(text, language, reading))
			}
			continue
		}
		d := slices.Index(Read, dimension)
		odds := r.Spoken[d].Odds(reading.Features(d))
		if odds < r.Spoken[d].Threshold {
			continue
		}
		level, gain, loss := reading.Mean(d, r.Late)
		score := outcome.Score{Dimension: dimension, Confidence: outcome.Round(odds), Direction: outcome.State, Evidence: r.evidence(text, reading, d)}
		if gain > 0.5 && gain >= loss {
			score.Direction = outcome.Gain
		} else if loss > 0.5 {
			score.Direction = outcome.Loss
		}
		score.Value, score.Calibration = r.calibrated(dimension, language, level)
		out = append(out, score)
	}
	return out
}

// calibrated is raw as the calibration of the dimension and language has it, else that of all languages.
func (r Rules) calibrated(d outcome.Dimension, language string, raw float64) (value float64, id string) {
	best := -1
	for i, c := range r.Calibrations {
		if c.Dimension == d && (c.Language == language || c.Language == "all" && best < 0) {
			best = i
		}
	}
	if best < 0 {
		return outcome.Round(raw), ""
	}
	return outcome.Round(r.Calibrations[best].Apply(raw)), r.Calibrations[best].ID
}

func (r Rules) level(text, language string, reading Reading) outcome.Score {
	value, id := r.calibrated(outcome.LangLevelProxy, language, r.Level.Value(reading.Writing, language))
	return outcome.Score{
		Dimension: outcome.LangLevelProxy, Value: value, Confidence: outcome.Round(1 - 25/float64(reading.Words)), Direction: outcome.State,
		Evidence: []outcome.Span{outcome.Whole(text)}, Calibration: id,
	}
}

// evidence is the sentence likeliest to speak of d and up to two more that do, in the order of the text.
func (r Rules) evidence(text string, reading Reading, d int) []outcome.Span {
	ranked := slices.Clone(reading.Sentences)
	slices.SortStableFunc(ranked, func(a, b Sentence) int { return cmp.Compare(b.Answers[d][0], a.Answers[d][0]) })
	kept := ranked[:1]
	for _, s := range ranked[1:min(most, len(ranked))] {
		if float64(s.Answers[d][0]) >= r.Spoken[d].Evidence && encoder.Odds(s.Answers[d][0]) > encoder.Odds(kept[0].Answers[d][0])/2 {
			kept = append(kept, s)
		}
	}
	slices.SortFunc(kept, func(a, b Sentence) int { return cmp.Compare(a.Start, b.Start) })
	var spans []outcome.Span
	for _, s := range kept {
		spans = append(spans, outcome.SpanAt(text, s.Start, s.End))
	}
	return spans
}

// Spoken is the probability that text speaks of each dimension, also where that is too little for a score. A text that is not scored has none.
func (m *Model) Spoken(text string) map[outcome.Dimension]float64 {
	r := own()
	reading := r.Read(text)
	out := map[outcome.Dimension]float64{}
	if len(reading.Sentences) == 0 || r.rules.language(reading) == "" {
		return out
	}
	for k, d := range Read {
		out[d] = r.rules.Spoken[k].Odds(reading.Features(k))
	}
	return out
}
