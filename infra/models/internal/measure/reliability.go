package measure

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// How reliable values are, at each of the rubric's levels: the mean of the values that a scorer gives at that level, and of the labels of the same texts.
const (
	saidAt  = "value said at level %d"
	labelAt = "label at level %d"
)

// reliability are the figures of the table, of texts of which both label and scorer say that they speak.
func reliability() []asked {
	var all []asked
	for level := range outcome.Levels {
		here := func(p pair) bool { return bothSay(p) && outcome.LevelOf(*p.said) == level }
		all = append(all,
			asked{Metric(fmt.Sprintf(saidAt, level)), here, mean(func(p pair) float64 { return *p.said })},
			asked{Metric(fmt.Sprintf(labelAt, level)), here, mean(func(p pair) float64 { return *p.label })})
	}
	return all
}

func mean(of func(pair) float64) func([]pair) (float64, bool) {
	return func(pairs []pair) (float64, bool) {
		sum := 0.0
		for _, p := range pairs {
			sum += of(p)
		}
		return sum / float64(max(len(pairs), 1)), len(pairs) > 0
	}
}

// reliabilityTable prints the model's, of every dimension and language of the first: a scorer that can be relied on says what labels say.
func (o Outcomes) reliabilityTable(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nReliability\nof the texts to which the model gives a value at a level of the rubric: how many, its mean value, the mean of their labels\n\tlanguage\tlevel\tn\tvalue\tlabel\n")
	for _, c := range o.Counts {
		if !slices.Contains(first, c.Language) {
			continue
		}
		for level := range outcome.Levels {
			said := o.Scorers[0].find(c.Dimension, c.Language, Metric(fmt.Sprintf(saidAt, level)))
			if said.Value == nil {
				continue
			}
			label := o.Scorers[0].find(c.Dimension, c.Language, Metric(fmt.Sprintf(labelAt, level)))
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\n", c.Dimension, c.Language, decimal(float64(level)/(outcome.Levels-1)), said.N, decimal(*said.Value), label)
		}
	}
	_ = t.Flush() // into memory
}
