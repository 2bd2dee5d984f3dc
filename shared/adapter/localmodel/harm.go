package localmodel

import (
	"slices"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
	"github.com/teei/csr-platform/shared/adapter/localmodel/sentences"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// Harms are the categories that sentences are asked for; addresses and numbers are found by rules.
var Harms = []safety.Category{
	safety.SelfHarm, safety.ChildSafety, safety.Violence, safety.Harassment, safety.Hate, safety.Sexual, safety.Profanity, safety.Spam,
}

// HarmRules decide on harm.
type HarmRules struct {
	Version    string
	Thresholds []float64 // of each of Harms: log odds from which it is found
	Reported   float64   // log odds from which it is told of
}

// HarmReading is what was made of a text for safety: the highest log odds of each of Harms among the sentences and the text as a whole, and, in
// the sentence where it is highest, those that it is told of: who tells of one harm may do another.
type HarmReading struct {
	Odds  []float32
	Told  []float32            // of each of Harms
	Where []sentences.Sentence // of each of Harms, the sentence that is highest
}

// Reported is Told of the likeliest of Harms, of a text that has odds.
func (h HarmReading) Reported() float32 { return h.Told[slices.Index(h.Odds, slices.Max(h.Odds))] }

// Screen reads a text for harm. A text without a word has no odds.
func (r *Reader) Screen(text string) HarmReading {
	var out HarmReading
	answers := make([]float32, len(r.encoder.Outputs))
	look := func(s sentences.Sentence) {
		if r.encoder.Read(text[s.Start:s.End], answers) == 0 {
			return
		}
		if out.Odds == nil {
			out.Odds = append(out.Odds, answers[harmAt:reportedAt]...)
			out.Told = slices.Repeat(answers[reportedAt:reportedAt+1], len(Harms))
			out.Where = slices.Repeat([]sentences.Sentence{s}, len(Harms))
			return
		}
		for i, a := range answers[harmAt:reportedAt] {
			if a > out.Odds[i] {
				out.Odds[i], out.Told[i], out.Where[i] = a, answers[reportedAt], s
			}
		}
	}
	parts := sentences.Split(text)
	for _, s := range parts {
		look(s)
	}
	if len(parts) > 1 && len(text) < 600 { // what is harm may lie between two sentences
		look(sentences.Sentence{Start: 0, End: len(text)})
	}
	return out
}

// Likely is the probability behind log odds.
func Likely(odds float32) float64 { return encoder.Odds(odds) }
