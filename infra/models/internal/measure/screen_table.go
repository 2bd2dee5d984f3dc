package measure

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// screenColumns are those of each kind of row.
var screenColumns = map[string][]Metric{
	"all":           {Right, FalsePositives, Held},
	"category":      {Recall, FalsePositives, Precision, HarmAUC, RecallAt2, RecallBenign},
	"functionality": {Right, FalsePositives, Held},
	"group":         {FalsePositives, Held},
	"language":      {Right, FalsePositives, Held},
}

// Print writes the tables for people, and the goals.
func (s Screened) Print(out io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "Screener %s. In brackets: 95 %% interval by bootstrap over texts. – : not defined, or nothing to measure.\n", s.Version)
	for _, set := range s.Sets {
		fmt.Fprintf(b, "\n%s: %d texts\n", set.Name, set.Texts)
		for _, kind := range []string{"all", "category", "functionality", "group", "language"} {
			set.table(b, kind)
		}
	}
	printMeanings(b, []Metric{Right, FalsePositives, Held, Recall, Precision, HarmAUC, RecallAt2, RecallBenign})
	printGoals(b, s.Goals)
	_, err := io.WriteString(out, b.String())
	return err
}

func (f SetFigures) table(out io.Writer, kind string) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	n := 0
	for _, row := range f.Rows {
		if row.Kind != kind {
			continue
		}
		if n == 0 {
			fmt.Fprintf(t, "%s\tn", kind)
			for _, m := range screenColumns[kind] {
				fmt.Fprintf(t, "\t%s", m)
			}
			fmt.Fprintln(t)
		}
		n++
		fmt.Fprintf(t, "%s\t%d", row.Of, row.size())
		for _, m := range screenColumns[kind] {
			fmt.Fprintf(t, "\t%s", row.Figures[m])
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // into memory
}

// size is how many texts a row is about; of a category, those that have it.
func (r RowFigures) size() int {
	switch r.Kind {
	case "category":
		return r.Figures[Recall].N
	case "group":
		return r.Figures[FalsePositives].N
	}
	return r.Figures[Right].N
}
