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

// outcomes are what was measured, as far as it was recorded.
func (p Part) outcomes() Outcomes {
	scored := map[string]*Scored{model: {Name: model, Version: p.Version}}
	found := map[cell]*Count{}
	for _, figures := range []map[string]Recorded{p.Figures, p.Beside} {
		for name, r := range figures {
			scorer, at, m := parsed(name)
			if scored[scorer] == nil {
				scored[scorer] = &Scored{Name: scorer}
			}
			scored[scorer].Figures = append(scored[scorer].Figures, Figure{at.dimension, at.language, m, r.interval()})
			if scorer != model {
				continue
			}
			if found[at] == nil {
				found[at] = &Count{Dimension: at.dimension, Language: at.language}
			}
			switch m {
			case SpokenAUC, Accuracy:
				found[at].Judged = r.N
			case SpokenRecall:
				found[at].Spoken = r.N
			}
		}
	}
	o := Outcomes{Texts: p.On.Sets[seedTest].Texts, Scorers: []Scored{*scored[model]}}
	delete(scored, model)
	for _, name := range slices.Sorted(maps.Keys(scored)) {
		o.Scorers = append(o.Scorers, *scored[name])
	}
	o.Scorers = append(o.Scorers, Scored{Name: Majority})
	for _, at := range slices.SortedFunc(maps.Keys(found), before) {
		o.Counts = append(o.Counts, *found[at])
	}
	o.Goals = outcomeGoals(o)
	return o
}

// model is the name of the scorer that is judged.
const model = "model"

// parsed reads a figure's name: [<scorer>/]<dimension>/<language>/<metric>.
func parsed(name string) (scorer string, at cell, m Metric) {
	parts := strings.Split(name, "/")
	scorer = model
	if len(parts) == 4 {
		scorer, parts = parts[0], parts[1:]
	}
	parts = append(parts, "", "", "")
	return scorer, cell{outcome.Dimension(parts[0]), parts[1]}, Metric(parts[2])
}

// cardTables are those of a dimension on the model card. Behind the first, a metric of counted is told with the texts it rests on, which
// are those of the metrics behind it too.
var (
	cardTables = [][]Metric{
		{SpokenAUC, NullPrecision, NullRecall, SpokenPrecision, SpokenRecall, Kappa, Accuracy},
		{LevelAUC, MAE, ECE, LevelAccuracy, QWK, Spearman, DirectionAccuracy},
		{EvidencePrecision, EvidenceRecall, AnyQuote},
	}
	counted = []Metric{LevelAUC, MAE, DirectionAccuracy, EvidencePrecision, EvidenceRecall, AnyQuote}
)

// showOutcomes is what the model card shows of the scorecard's outcomes.
func showOutcomes(c Card) string {
	p := c[OutcomesPart]
	o := p.outcomes()
	b := &strings.Builder{}
	p.origin(b)
	fmt.Fprint(b, "In brackets: 95 % interval by bootstrap over texts. – : not defined, or nothing to measure.\n",
		"Of the lexicon, values of levels are left out: it values other and far fewer texts. Its level AUC is over the same texts as the model's.\n")
	for _, d := range outcome.Dimensions {
		for i, columns := range cardTables {
			o.cardTable(b, d, columns, i == 0)
		}
	}
	for _, m := range []Metric{SpokenAUC, LevelAUC} {
		o.otherLanguages(b, m)
	}
	o.reliabilityTable(b)
	printGlossary(b, slices.Concat(cardTables...))
	printGoals(b, o.Goals)
	return b.String()
}

// origin says what was measured, on what and when.
func (p Part) origin(out io.Writer) {
	fmt.Fprintf(out, "%s, weights.bin SHA-256 %s, measured on %s (UTC)\nSHA-256 of texts: each with its labels as JSON, a line each, sorted.\n", p.Version, p.On.Weights, p.On.Day)
	p.sets(out)
}

// sets tells of the texts, and why figures on them fell. How their sum is made says ItemsOf.
func (p Part) sets(out io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(p.On.Sets)) {
		fmt.Fprintf(out, "%s: %d texts, SHA-256 %s\n", name, p.On.Sets[name].Texts, p.On.Sets[name].SHA256)
	}
	if p.On.Fallen != "" {
		fmt.Fprintf(out, "Some figures fell below those recorded before: %s\n", p.On.Fallen)
	}
}

// cardTable prints one dimension: the scorers on all languages, and the model on those that must work as well as English.
func (o Outcomes) cardTable(out io.Writer, d outcome.Dimension, columns []Metric, judged bool) {
	columns = slices.DeleteFunc(slices.Clone(columns), func(m Metric) bool { return o.Scorers[0].find(d, All, m).Value == nil })
	if len(columns) == 0 {
		return
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s\t", d)
	if judged {
		fmt.Fprint(t, "\tn\tspoken")
	}
	for _, m := range columns {
		if slices.Contains(counted, m) {
			fmt.Fprint(t, "\tn")
		}
		fmt.Fprintf(t, "\t%s", m)
	}
	fmt.Fprintln(t)
	for _, c := range o.Counts {
		if c.Dimension != d || !slices.Contains(first, c.Language) {
			continue
		}
		for place, s := range o.Scorers {
			if s.Name == Majority || place > 0 && c.Language != All {
				continue
			}
			lead := c.Language
			if place > 0 {
				lead = ""
			}
			fmt.Fprintf(t, "%s\t%s", lead, s.Name)
			if judged {
				fmt.Fprintf(t, "\t%d\t%d", c.Judged, c.Spoken)
			}
			for _, m := range columns {
				found := s.find(d, c.Language, m)
				if slices.Contains(counted, m) {
					fmt.Fprintf(t, "\t%s", found.size())
				}
				fmt.Fprintf(t, "\t%s", found)
			}
			fmt.Fprintln(t)
		}
	}
	_ = t.Flush() // into memory
}

// size is how many texts a figure rests on, and a dash where there is none.
func (i Interval) size() string {
	if i.Value == nil {
		return "–"
	}
	return fmt.Sprint(i.N)
}

// otherLanguages prints one metric of the model for every other language, a column a dimension, each with the texts it rests on.
func (o Outcomes) otherLanguages(out io.Writer, m Metric) {
	langs := map[string]bool{}
	for _, c := range o.Counts {
		langs[c.Language] = !slices.Contains(first, c.Language)
	}
	maps.DeleteFunc(langs, func(_ string, other bool) bool { return !other })
	if len(langs) == 0 {
		return
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s", m)
	for _, d := range outcome.Dimensions {
		fmt.Fprintf(t, "\tn\t%s", d)
	}
	fmt.Fprintln(t)
	for _, lang := range slices.Sorted(maps.Keys(langs)) {
		fmt.Fprint(t, lang)
		for _, d := range outcome.Dimensions {
			found := o.Scorers[0].find(d, lang, m)
			fmt.Fprintf(t, "\t%s\t%s", found.size(), found)
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // into memory
}
