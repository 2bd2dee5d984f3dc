package measure

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// rowKinds are the kinds of rows, in the order in which they are printed.
var rowKinds = []string{"all", "category", "functionality", "group", "language"}

// screenedAs is what was measured, as far as parts recorded it. Sets are in the order of the parts, in one by name, the benign feedback last.
func screenedAs(parts ...Part) Screened {
	found := Screened{Version: parts[0].Version}
	for _, p := range parts {
		names := slices.SortedFunc(maps.Keys(p.On.Sets), func(a, b string) int {
			return cmp.Or(slices.Index([]string{Benign}, a)-slices.Index([]string{Benign}, b), cmp.Compare(a, b))
		})
		for _, name := range names {
			items := p.On.Sets[name]
			found.Sets = append(found.Sets, SetFigures{name, items.Texts, p.rows(name), items})
		}
	}
	found.Goals = safetyGoals(found)
	return found
}

// rows are those of a set, by kind; categories in their order, others by name.
func (p Part) rows(set string) []RowFigures {
	type key struct{ kind, of string }
	by := map[key]map[Metric]Interval{}
	for _, figures := range []map[string]Recorded{p.Figures, p.Beside} {
		for name, r := range figures {
			row, ours := strings.CutPrefix(name, set+"/")
			cut := strings.LastIndex(row, "/")
			if !ours || cut < 0 {
				continue
			}
			kind, of, _ := strings.Cut(row[:cut], "/")
			if by[key{kind, of}] == nil {
				by[key{kind, of}] = map[Metric]Interval{}
			}
			by[key{kind, of}][Metric(row[cut+1:])] = r.interval()
		}
	}
	var all []RowFigures
	for k, figures := range by {
		all = append(all, RowFigures{k.kind, k.of, figures})
	}
	slices.SortFunc(all, func(a, b RowFigures) int {
		return cmp.Or(slices.Index(rowKinds, a.Kind)-slices.Index(rowKinds, b.Kind),
			slices.Index(safety.Categories, safety.Category(a.Of))-slices.Index(safety.Categories, safety.Category(b.Of)), cmp.Compare(a.Of, b.Of))
	})
	return all
}

// headings are those of categories on the model card: what a deployment does, and what it would do with another threshold.
var headings = map[Metric]string{
	Recall: "recall in use", FalsePositives: "false positives in use", Precision: "precision in use", HarmAUC: "AUC",
	RecallAt2: "hypothetical: recall at 2 %", RecallBenign: "hypothetical: recall, benign",
}

// showSafety is what the model card shows of the scorecard's screening and PII.
func showSafety(c Card) string {
	p := c[SafetyPart]
	s := screenedAs(p, c[PublicPart])
	b := &strings.Builder{}
	p.origin(b)
	for _, beside := range []string{PublicPart, PIIPart, PresidioPart} {
		if other := c[beside].On; other.Day != p.On.Day || other.Weights != p.On.Weights {
			fmt.Fprintf(b, "%s was measured on another day or of other weights: %s, SHA-256 %s\n", beside, other.Day, other.Weights)
		}
		c[beside].sets(b)
	}
	fmt.Fprint(b, "In brackets: 95 % interval by bootstrap over texts. – : not defined, or nothing to measure.\n",
		"Everything is measured with the thresholds in use, those of a deployment, but the AUC, which has none, and the columns called hypothetical:\n",
		"these are the recall that another threshold would give at which 2 % of the texts without the category are taken for it. No deployment has it.\n")
	for _, set := range s.Sets {
		fmt.Fprintf(b, "\n%s: %d texts\n", set.Name, set.Texts)
		for _, kind := range rowKinds {
			set.cardTable(b, kind)
		}
	}
	piiTable(b, c[PIIPart], c[PresidioPart])
	printGlossary(b, []Metric{Right, FalsePositives, Held, Recall, Precision, HarmAUC, RecallAt2, RecallBenign})
	printGoals(b, s.Goals)
	return b.String()
}

// cardTable prints the rows of a kind; of categories also in words what is found.
func (f SetFigures) cardTable(out io.Writer, kind string) {
	rows := slices.DeleteFunc(slices.Clone(f.Rows), func(r RowFigures) bool { return r.Kind != kind })
	if len(rows) == 0 {
		return
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s\tn", kind)
	for _, m := range screenColumns[kind] {
		heading := string(m)
		if kind == "category" {
			heading = headings[m]
		}
		fmt.Fprintf(t, "\t%s", heading)
	}
	fmt.Fprintln(t)
	for _, row := range rows {
		fmt.Fprintf(t, "%s\t%d", row.Of, row.size())
		for _, m := range screenColumns[kind] {
			fmt.Fprintf(t, "\t%s", row.Figures[m])
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // into memory
	if kind != "category" {
		return
	}
	for _, row := range rows {
		fmt.Fprintf(out, "%s: with the thresholds in use %s are found, and %s others are taken for it\n", row.Of, row.Figures[Recall].words(), row.Figures[FalsePositives].words())
	}
}

// words is a share as a count: "7 of 61".
func (i Interval) words() string {
	if i.Value == nil {
		return "0 of 0"
	}
	return fmt.Sprintf("%.0f of %d", math.Round(*i.Value*float64(i.N)), i.N)
}

// piiTable prints how well PII is found, which has no intervals.
func piiTable(out io.Writer, parts ...Part) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nPII: relaxed, found where half of the characters are; leak is the share of its characters that stay visible. n: texts that have it\n")
	fmt.Fprint(t, "set\tkind\tn\tprecision\trecall\tleak\n")
	for _, p := range parts {
		rows := map[string]bool{}
		for name := range p.Figures {
			rows[name[:max(strings.LastIndex(name, "/"), 0)]] = true
		}
		for _, row := range slices.Sorted(maps.Keys(rows)) {
			set, kind, _ := strings.Cut(row, "/")
			fmt.Fprintf(t, "%s\t%s\t%d", set, kind, p.Figures[row+"/precision"].N)
			for _, m := range []string{"precision", "recall", "leak"} {
				fmt.Fprintf(t, "\t%s", decimal(p.Figures[row+"/"+m].Value))
			}
			fmt.Fprintln(t)
		}
	}
	_ = t.Flush() // into memory
}
