package bedrock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// answer is what the model is asked for. Pointers tell what is missing from what is zero.
type answer struct {
	Language string
	Scores   []verdict
}

type verdict struct {
	Dimension  outcome.Dimension
	Score      float64
	Confidence float64
	Direction  outcome.Direction
	Quotes     []string
}

// wire is answer as it comes, before it is checked.
type wire struct {
	Language *string `json:"language"`
	Scores   *[]struct {
		Dimension  *string   `json:"dimension"`
		Score      *float64  `json:"score"`
		Confidence *float64  `json:"confidence"`
		Direction  *string   `json:"direction"`
		Quotes     *[]string `json:"quotes"`
	} `json:"scores"`
}

// parse reads the answer out of a message. The second result says what is wrong with it, in words that repeat nothing of it.
func (m *Model) parse(said *types.Message) (answer, string) {
	if said == nil {
		return answer{}, "it was empty"
	}
	var body []byte
	if use := call(said); use != nil {
		if m.capability.Structured != ForcedTool || aws.ToString(use.Name) != tool {
			return answer{}, "it used a tool that was not offered"
		}
		var err error
		body, err = use.Input.MarshalSmithyDocument()
		if err != nil {
			return answer{}, "the input of the tool was not JSON"
		}
	} else {
		body = []byte(unfence(text(said)))
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var w wire
	err := decoder.Decode(&w)
	if err != nil {
		return answer{}, "it was not a JSON object of the described shape"
	}
	_, err = decoder.Token()
	if err != io.EOF {
		return answer{}, "something stood behind the JSON object"
	}
	return w.check()
}

// unfence takes away the Markdown fence that models like to put around JSON.
func unfence(s string) string {
	s = strings.TrimSpace(s)
	inner, fenced := strings.CutPrefix(s, "```")
	if !fenced {
		return s
	}
	inner, closed := strings.CutSuffix(strings.TrimPrefix(inner, "json"), "```")
	if !closed {
		return s
	}
	return inner
}

// check turns what came into an answer, or says what is wrong with it.
func (w wire) check() (answer, string) {
	if w.Language == nil || w.Scores == nil {
		return answer{}, "language or scores was missing"
	}
	a := answer{Language: strings.ToLower(*w.Language)}
	if len(a.Language) != 0 && len(a.Language) != 2 || strings.Trim(a.Language, "abcdefghijklmnopqrstuvwxyz") != "" {
		return answer{}, "language was not a two-letter code or empty"
	}
	for i, s := range *w.Scores {
		at := fmt.Sprintf("scores[%d].", i)
		if s.Dimension == nil || s.Score == nil || s.Confidence == nil || s.Direction == nil || s.Quotes == nil {
			return answer{}, at + "dimension, score, confidence, direction or quotes was missing"
		}
		v := verdict{outcome.Dimension(*s.Dimension), *s.Score, *s.Confidence, outcome.Direction(*s.Direction), *s.Quotes}
		switch {
		case !slices.Contains(outcome.Dimensions, v.Dimension):
			return answer{}, at + "dimension was none of the five"
		case slices.ContainsFunc(a.Scores, func(o verdict) bool { return o.Dimension == v.Dimension }):
			return answer{}, at + "dimension stood there twice"
		case v.Score < 0 || v.Score > 1:
			return answer{}, at + "score was not between 0 and 1"
		case v.Confidence < 0 || v.Confidence > 1:
			return answer{}, at + "confidence was not between 0 and 1"
		case v.Direction != outcome.Gain && v.Direction != outcome.Loss && v.Direction != outcome.State:
			return answer{}, at + "direction was not gain, loss or state"
		case len(v.Quotes) > mostQuotes:
			return answer{}, at + "quotes were more than were asked for"
		case len(v.Quotes) == 0 && v.Dimension != outcome.LangLevelProxy:
			return answer{}, at + "quotes was empty"
		case slices.ContainsFunc(v.Quotes, func(q string) bool { return utf8.RuneCountInString(q) > quoteLength }):
			return answer{}, at + "quotes held one of more than 500 characters"
		}
		a.Scores = append(a.Scores, v)
	}
	return a, ""
}

// prove keeps the scores whose quotes stand in the text that the model saw and are no orders to it, with the spans of the original.
// lang_level_proxy is proved by the whole text and kept only for a text that is long enough. In a text that gives orders no score is
// sure: the model may have obeyed.
func prove(m masked, a answer) []outcome.Score {
	var scores []outcome.Score
	sure := 1.0
	given := outcome.Orders(m.original) // masking may have hidden what makes an order of it
	if given != nil {
		sure = doubt
	}
	for _, d := range outcome.Dimensions {
		i := slices.IndexFunc(a.Scores, func(v verdict) bool { return v.Dimension == d })
		if i < 0 {
			continue
		}
		v := a.Scores[i]
		s := outcome.Score{Dimension: d, Value: outcome.Round(v.Score), Confidence: outcome.Round(min(v.Confidence, sure)), Direction: v.Direction}
		if d == outcome.LangLevelProxy {
			s.Direction = outcome.State
			if long(m.original) {
				s.Evidence = []outcome.Span{outcome.Whole(m.original)}
			}
		} else {
			s.Evidence = evidence(m, v.Quotes, given)
		}
		if len(s.Evidence) > 0 {
			scores = append(scores, s)
		}
	}
	return scores
}

// evidence is the quotes that stand and touch no order, each once.
func evidence(m masked, quotes []string, given [][2]int) []outcome.Span {
	var spans []outcome.Span
	for _, quote := range quotes {
		seen, ok := outcome.Locate(m.text, quote)
		if !ok {
			continue
		}
		span, ok := m.restore(seen)
		if ok && !touches(given, span) && !slices.Contains(spans, span) {
			spans = append(spans, span)
		}
	}
	return spans
}
