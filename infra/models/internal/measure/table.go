package measure

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// String is ".87 (.84–.90)", and a dash for what is not defined.
func (i Interval) String() string {
	switch {
	case i.Value == nil:
		return "–"
	case i.Low == nil:
		return decimal(*i.Value)
	}
	return fmt.Sprintf("%s (%s–%s)", decimal(*i.Value), decimal(*i.Low), decimal(*i.High))
}

// decimal has three places and no zero before the point.
func decimal(x float64) string {
	s := fmt.Sprintf("%.3f", x)
	if strings.Trim(s, "-0.") == "" {
		return ".000"
	}
	return strings.Replace(strings.Replace(s, "-0.", "-.", 1), "0.", ".", 1)
}

// shownIn are the tables of a dimension: whether it is found, how its level is met and how it is proved.
var shownIn = [][]Metric{
	{SpokenAUC, NullPrecision, NullRecall, SpokenPrecision, SpokenRecall, Kappa, Accuracy},
	{LevelAUC, Spearman, MAE, ECE, LevelAccuracy, QWK, DirectionAccuracy},
	{EvidencePrecision, EvidenceRecall, AnyQuote},
}

// Print writes the tables for people, and the goals.
func (o Outcomes) Print(out io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%d texts:", o.Texts)
	for _, lang := range slices.SortedFunc(maps.Keys(o.Languages), func(a, b string) int { return o.Languages[b] - o.Languages[a] }) {
		fmt.Fprintf(b, " %s %d", lang, o.Languages[lang])
	}
	fmt.Fprint(b, "\nIn brackets: 95 % interval by bootstrap over texts. – : not defined, or nothing to measure.\n")
	for _, s := range o.Scorers {
		if s.Version != "" {
			fmt.Fprintf(b, "%s is version %s.\n", s.Name, s.Version)
		}
	}
	if o.Lost > 0 {
		fmt.Fprintf(b, "%d labelled quotes do not stand in their text and are left out.\n", o.Lost)
	}
	for _, d := range outcome.Dimensions {
		for _, columns := range shownIn {
			o.table(b, d, columns)
		}
	}
	printMeanings(b, slices.Concat(shownIn...))
	printGoals(b, o.Goals)
	_, err := io.WriteString(out, b.String())
	return err
}

// table prints one dimension: a row for each language and scorer. Scorers that have nothing to say of a language are left out.
func (o Outcomes) table(out io.Writer, d outcome.Dimension, columns []Metric) {
	columns = slices.DeleteFunc(slices.Clone(columns), func(m Metric) bool { return o.Scorers[0].find(d, All, m).Value == nil })
	if len(columns) == 0 {
		return
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s\t\tn\tspoken", d)
	for _, m := range columns {
		fmt.Fprintf(t, "\t%s", m)
	}
	fmt.Fprintln(t)
	for _, c := range o.Counts {
		if c.Dimension != d {
			continue
		}
		for place, s := range o.Scorers {
			row, empty := "", true
			for _, m := range columns {
				found := s.find(d, c.Language, m)
				row += "\t" + found.String()
				empty = empty && found.Value == nil
			}
			switch {
			case place == 0:
				fmt.Fprintf(t, "%s\t%s\t%d\t%d%s\n", c.Language, s.Name, c.Judged, c.Spoken, row)
			case !empty:
				fmt.Fprintf(t, "\t%s\t\t%s\n", s.Name, row)
			}
		}
	}
	_ = t.Flush() // into memory
}

func printGoals(out io.Writer, goals []Goal) {
	if len(goals) == 0 {
		return
	}
	met, measured := 0, 0
	fmt.Fprint(out, "\nGoals\n")
	for _, g := range goals {
		fmt.Fprintln(out, g)
		if g.By != nil {
			measured++
		}
		if g.By != nil && *g.By >= 0 {
			met++
		}
	}
	fmt.Fprintf(out, "%d of %d goals met, %d not measured\n", met, len(goals), len(goals)-measured)
}
