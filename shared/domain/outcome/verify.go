package outcome

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/fault"
)

// MaxEvidence is the most quotes that one score may carry.
const MaxEvidence = 10

// Verify refuses, as Invalid, a scoring that does not prove itself against the text it is said to have read: each score names a
// known dimension, at most once and in the order of Dimensions; value and confidence lie in 0…1 with three decimals; and each has
// one to MaxEvidence quotes that stand in the text character for character where they say. The evidence of
// lang_level_proxy is the whole text. The error names the score and never quotes the text.
func Verify(text string, s Scoring) error {
	var c fault.Checks
	c.That(s.Language == "" || len(s.Language) == 2 && strings.ToLower(s.Language) == s.Language,
		"language", "an ISO 639-1 code, or nothing")
	c.That(slices.Contains([]Method{"", Local, LLM, Fallback, Human}, s.Method), "method", "local, llm, fallback or human")
	c.That(slices.Contains([]Reason{NotMentioned, Language, Empty}, s.Reason), "reason", "language, empty, or nothing")
	last := -1
	for i, score := range s.Scores {
		field := fmt.Sprintf("scores[%d]", i)
		place := slices.Index(Dimensions, score.Dimension)
		c.That(place >= 0, field+".dimension", "one of the five dimensions")
		c.That(place < 0 || place > last, field+".dimension", "each dimension once, in the agreed order")
		last = max(last, place)
		c.That(graded(score.Value), field+".value", "a number from 0 to 1 with at most three decimals")
		c.That(graded(score.Confidence), field+".confidence", "a number from 0 to 1 with at most three decimals")
		c.That(score.Direction == Gain || score.Direction == Loss || score.Direction == State, field+".direction", "gain, loss or state")
		c.That(len(score.Evidence) >= 1 && len(score.Evidence) <= MaxEvidence, field+".evidence", fmt.Sprintf("1 to %d quotes", MaxEvidence))
		for j, span := range score.Evidence {
			quote := fmt.Sprintf("%s.evidence[%d]", field, j)
			c.That(stands(text, span), quote, "a quote that stands in the text where it says")
			c.That(!slices.Contains(score.Evidence[:j], span), quote, "each quote once")
			c.That(score.Dimension != LangLevelProxy || span == Whole(text), quote, "the whole text")
		}
	}
	return c.Err("the scoring does not prove itself")
}

// stands says whether span is a quote of text: in range, verbatim, not blank, and cutting no character.
func stands(text string, span Span) bool {
	if span.Start < 0 || span.Start >= span.End || !utf8.ValidString(span.Text) || strings.TrimSpace(span.Text) == "" {
		return false
	}
	at, ok := offset(text, span.Start)
	return ok && strings.HasPrefix(text[at:], span.Text) && utf8.RuneCountInString(span.Text) == span.End-span.Start
}

// offset is the byte at which character n of text begins.
func offset(text string, n int) (int, bool) {
	for i := range text {
		if n == 0 {
			return i, true
		}
		n--
	}
	return 0, false
}

// graded says whether x is in 0…1 and has at most three decimals. Not-a-number is not.
func graded(x float64) bool { return x >= 0 && x <= 1 && Round(x) == x }

// Round brings x into 0…1 and to the three decimals in which scores are kept (source document §2.2). Not-a-number stays what it is.
func Round(x float64) float64 { return math.Round(min(max(x, 0), 1)*1000) / 1000 }

// LeastWords is how long a text must be before lang_level_proxy is scored: shorter texts of learners are judged no better than by
// their median (measured on CEFR-graded answers, mean absolute error .90 against .82).
const LeastWords = 50

// Whole is the span of all of text, the evidence of lang_level_proxy.
func Whole(text string) Span { return SpanAt(text, 0, len(text)) }

// SnippetHash identifies a quote by its bytes: SHA-256 in lower-case hexadecimal, as evidence_snippets keeps it.
func SnippetHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
