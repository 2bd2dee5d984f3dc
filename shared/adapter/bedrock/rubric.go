package bedrock

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// written is a rubric as the model reads it, every word of it: what a person who labels texts follows too. The same rubric gives the same
// bytes, since the instructions are cached by their beginning.
func written(r outcome.Rubric) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rubric %s\n\n", r.Version)
	for _, rule := range r.Rules {
		fmt.Fprintf(&b, "- %s\n", rule)
	}
	b.WriteString("\nThe direction of a score:\n")
	for _, d := range r.Directions {
		fmt.Fprintf(&b, "- %s: %s\n", d.Direction, d.Meaning)
	}
	for _, c := range r.Dimensions {
		criterion(&b, c)
	}
	return strings.TrimRight(b.String(), "\n")
}

// criterion writes the rubric of one dimension.
func criterion(b *strings.Builder, c outcome.Criterion) {
	fmt.Fprintf(b, "\n## %s\n%s\n", c.Dimension, c.Definition)
	for _, counts := range c.Counts {
		fmt.Fprintf(b, "Counts: %s\n", counts)
	}
	for _, not := range c.DoesNotCount {
		fmt.Fprintf(b, "Does not count: %s\n", not)
	}
	for _, level := range c.CEFR {
		fmt.Fprintf(b, "CEFR %s: %s\n", level.Level, number(level.Value))
	}
	for _, a := range c.Anchors {
		fmt.Fprintf(b, "%s, for example:\n", number(a.Value))
		for _, e := range a.Examples {
			fmt.Fprintf(b, "  (%s) %s\n", e.Language, e.Text)
		}
	}
}

// number is x in its shortest decimal form.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
