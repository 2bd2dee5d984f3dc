package outcome

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// RubricVersion names the rubric of CurrentRubric: what labellers follow, models are trained on and scores are made by. Whoever changes
// a word of the rubric gives it a new version; a test holds the digest of each.
const RubricVersion = "q2q-rubric-1"

// Rubric says what a score means.
type Rubric struct {
	Version    string
	Rules      []string // hold for every dimension
	Directions []Heading
	Dimensions []Criterion // in the order of Dimensions
}

// Heading is what one direction of change means.
type Heading struct {
	Direction Direction
	Meaning   string
}

// Criterion is the rubric of one dimension.
type Criterion struct {
	Dimension    Dimension
	Definition   string
	Counts       []string
	DoesNotCount []string
	Anchors      [Levels]Anchor
	CEFR         []CEFR // of lang_level_proxy alone, ascending
}

// Anchor fixes one level by sentences that are of it.
type Anchor struct {
	Value    float64 // 0, 0.25, 0.5, 0.75 or 1
	Examples []Example
}

// Example is a sentence, in the language it would be written in.
type Example struct {
	Language string // ISO 639-1
	Text     string
}

// CEFR is the value that stands for a level of the Common European Framework of Reference for Languages.
type CEFR struct {
	Level string // A1 to C2
	Value float64
}

// Digest identifies every word of r but its version: SHA-256 in lower-case hexadecimal.
func (r Rubric) Digest() string {
	r.Version = ""
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", fmt.Sprintf("%+v", r)))
	return hex.EncodeToString(sum[:])
}

// Words counts the words of text as LeastWords does: what stands between spaces and holds a letter or a digit.
func Words(text string) (n int) {
	for word := range strings.FieldsSeq(text) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}
