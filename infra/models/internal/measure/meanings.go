package measure

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// meanings are told below the tables. "Both" are the texts of which label and scorer say that they speak of the dimension. A labelled quote
// and one of the scorer are the same when they share half of the shorter one.
var meanings = map[Metric]string{
	SpokenAUC:         "spoken of or not, by how likely the scorer finds it, among all judged texts",
	NullPrecision:     "of the texts that the scorer finds silent, those that are",
	NullRecall:        "of the silent texts, those that the scorer finds silent",
	SpokenPrecision:   "of the texts that the scorer finds to speak of it, those that do",
	SpokenRecall:      "of the texts that speak of it, those that the scorer finds to",
	Kappa:             "Cohen's, of null or not, among all judged texts",
	Accuracy:          "of six classes, null or which of the five levels, among all judged texts",
	LevelAUC:          "label above .5 against below, by the scorer's value or, where it has none, .5, among texts that speak of it",
	MAE:               "mean absolute error of the value, where both say something",
	ECE:               "expected calibration error of the value, where both say something",
	LevelAccuracy:     "of the five levels, where both say something",
	QWK:               "quadratic weighted kappa of the five levels, where both say something",
	DirectionAccuracy: "gain, loss or state, where both say something",
	EvidencePrecision: "of the scorer's quotes, those that a labeller marked, in texts with marked quotes of the dimension",
	EvidenceRecall:    "of the quotes that a labeller marked, those that the scorer quotes",
	AnyQuote:          "as evidence precision, and quotes from texts that say nothing of it count as wrong",
	Spearman:          "rank correlation of value and label, where both say something",

	Right:          "of the texts, those flagged as labelled: a benign one not at all, a reported one for no offence, another for a category it has",
	FalsePositives: "of the texts without the category, those in which it is found, reported or not; of benign texts, those flagged for anything",
	Held:           "of benign texts, those that the usual policy holds for somebody to look at, also what is only reported",
	Recall:         "of the texts with the category, those in which it is found, reported or not",
	Precision:      "of the texts in which it is found, those that have it",
	HarmAUC:        "by how likely the screener finds the category, among texts judged for it",
	RecallAt2:      "the recall where 2 % of the set's texts without the category are let through",
	RecallBenign:   "the recall where 2 % of the benign feedback is let through",
}

// printMeanings tells what the columns of the tables are.
func printMeanings(out io.Writer, columns []Metric) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nColumns\n")
	for _, m := range columns {
		fmt.Fprintf(t, "%s\t%s\n", m, meanings[m])
	}
	_ = t.Flush() // into memory
}

// terms say more than meanings does of what readers of the model card asked about.
var terms = map[string]string{
	"n":                       "texts (or sentences labelled alone) judged for the dimension; in a table without a column spoken, those that the figures behind it rest on",
	"spoken":                  "texts of n whose label says that the writer speaks of the dimension, at whatever level; the others are silent (null)",
	string(Accuracy):          "share of all judged texts put into the right one of six classes: silent, or which of the rubric's five levels. Silence is most of it",
	string(LevelAccuracy):     "share put into the right one of the five levels, among texts of which both label and scorer say that they speak; silence does not count",
	string(DirectionAccuracy): "share told rightly as gain, loss or state, among texts of which both say that they speak and whose label names one",
	string(AnyQuote):          "share of the scorer's quotes that a labeller marked too, where every quote from a text that is silent on the dimension counts as wrong",
}

// printGlossary tells what the columns are, and n and spoken where levels are among them.
func printGlossary(out io.Writer, columns []Metric) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nGlossary\n")
	if slices.Contains(columns, LevelAUC) {
		fmt.Fprintf(t, "n\t%s\nspoken\t%s\n", terms["n"], terms["spoken"])
	}
	for _, m := range columns {
		fmt.Fprintf(t, "%s\t%s\n", m, cmp.Or(terms[string(m)], meanings[m]))
	}
	_ = t.Flush() // into memory
}
