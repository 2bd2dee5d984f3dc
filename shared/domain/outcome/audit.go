package outcome

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/teei/csr-platform/shared/fault"
)

// Labels is what a reviewer finds in a text: for every dimension judged the value by the rubric, nil where the text says nothing of it.
// A dimension left out was not judged.
type Labels map[Dimension]*float64

// CheckLabels refuses, as Invalid, labels that judge nothing, an unknown dimension, or a value that is none.
func CheckLabels(labels Labels) error {
	var c fault.Checks
	c.That(len(labels) > 0, "labels", "at least one of the five dimensions")
	for dimension, value := range labels {
		if !slices.Contains(Dimensions, dimension) {
			c.That(false, "labels", "the five dimensions alone")
			continue
		}
		c.That(value == nil || graded(*value), "labels."+string(dimension), "a number from 0 to 1 with at most three decimals, or null for not mentioned")
	}
	return c.Err("the labels cannot be kept")
}

// MaxSample is the most texts that a sample of one quarter may have.
const MaxSample = 1000

// Place puts texts in an order that depends on seed alone: a random sample of n is the first n. It is 64 hexadecimal digits.
func Place(seed, text string) string {
	sum := sha256.Sum256([]byte(seed + "\n" + text))
	return hex.EncodeToString(sum[:])
}

// Item is one text of a sample that a reviewer is to label. What it says is read by its id, and nothing tells what a model made of it.
type Item struct{ ID, TextID string }

// Comparison sets a reviewer's label beside the score that stood when they gave it, or beside a second reviewer's label.
type Comparison struct {
	Dimension    Dimension
	Language     string // of the text, as the model found it
	ModelVersion string // empty between two reviewers
	Pair                // A is the reviewer
}
