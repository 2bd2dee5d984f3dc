package classify

import (
	"slices"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// result is what was found in one text.
type result struct {
	Scores        []score `json:"scores"`           // all five dimensions, in the agreed order
	Language      *string `json:"language"`         // ISO 639-1, null when undetermined
	Reason        string  `json:"reason,omitempty"` // why nothing could be scored
	Method        string  `json:"method"`           // local, llm, or fallback: the local model in place of the other
	ModelVersion  string  `json:"modelVersion"`     //
	RubricVersion string  `json:"rubricVersion"`    // see GET /v1/taxonomy
}

// score is the verdict on one dimension. All but dimension and evidence are null where the text says nothing of it; then reason says why.
type score struct {
	Dimension   string     `json:"dimension"`
	Score       *float64   `json:"score"` // 0…1, three decimals
	Confidence  *float64   `json:"confidence"`
	Direction   *string    `json:"direction"` // gain, loss or state
	Evidence    []evidence `json:"evidence"`
	Calibration *string    `json:"calibration"` // id of what turned the model's raw score into this one
	Reason      string     `json:"reason,omitempty"`
}

// evidence is a quote: the characters (Unicode code points) start to end, end excluded, of the text.
type evidence struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Quote string `json:"quote"`
}

// The reasons why a score is null.
const (
	notMentioned = "not_mentioned"
	tooShort     = "too_short"
)

// reasons are all of them, for the taxonomy.
var reasons = []meaning{
	{notMentioned, "the text was read and says nothing of it"},
	{string(outcome.Language), "the scorer does not know the language of the text"},
	{string(outcome.Empty), "there is no word in the text"},
	{tooShort, "lang_level_proxy alone: the text has fewer words than leastWords"},
}

// resultOf is what s says of text. shown gives a quote as it may be shown.
func resultOf(text string, s outcome.Scoring, shown func(outcome.Span) string) result {
	r := result{
		Language: some(s.Language), Reason: string(s.Reason), Method: string(s.Method), ModelVersion: s.ModelVersion, RubricVersion: s.RubricVersion,
	}
	for _, d := range outcome.Dimensions {
		one := score{Dimension: string(d), Evidence: []evidence{}}
		place := slices.IndexFunc(s.Scores, func(found outcome.Score) bool { return found.Dimension == d })
		if place < 0 {
			one.Reason = whyNot(text, d, s.Reason)
			r.Scores = append(r.Scores, one)
			continue
		}
		found := s.Scores[place]
		one.Score, one.Confidence = &found.Value, &found.Confidence
		one.Direction, one.Calibration = some(string(found.Direction)), some(found.Calibration)
		for _, span := range found.Evidence {
			one.Evidence = append(one.Evidence, evidence{span.Start, span.End, shown(span)})
		}
		r.Scores = append(r.Scores, one)
	}
	return r
}

// whyNot says why d has no score in a text of which nothing could be scored for reason, or something could.
func whyNot(text string, d outcome.Dimension, reason outcome.Reason) string {
	switch {
	case reason != outcome.NotMentioned:
		return string(reason)
	case d == outcome.LangLevelProxy && outcome.Words(text) < outcome.LeastWords:
		return tooShort
	}
	return notMentioned
}

// some is a word, nil for none.
func some(word string) *string {
	if word == "" {
		return nil
	}
	return &word
}
