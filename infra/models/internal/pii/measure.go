// Package pii measures how well safety.FindPII finds PII in labelled texts: our own (testdata, half of them traps without any) and the
// synthetic set of presidio-research (MIT).
package pii

import (
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/teei/csr-platform/infra/models/internal/measure"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// Kinds are in the order in which they are printed; all is the sum.
var order = []string{safety.Email, safety.Phone, safety.IBAN, safety.Card, safety.NationalID, safety.Address, safety.URL, safety.IP, safety.Name}

// count is how well one kind was found.
type count struct {
	texts               int // that have some
	labelled, found     int // spans
	exact               int // found with the same borders and kind
	covered             int // labelled spans of which at least half was found, as that kind
	right               int // found spans of which at least half is labelled, as that kind
	characters, visible int // of labelled spans; visible to a reader after masking everything found
}

// counts has one for each kind, and one for all.
func counts() map[string]*count {
	counts := map[string]*count{"all": {}}
	for _, kind := range order {
		counts[kind] = &count{}
	}
	return counts
}

// compare counts texts by kind, and tells each span that was missed and each that is wrong. What was found that need not be is
// neither.
func compare(texts []Text, tell func(what string, t Text, s safety.Span)) map[string]*count {
	counts := counts()
	for _, t := range texts {
		found := safety.FindPII(t.Text)
		n := utf8.RuneCountInString(t.Text)
		hidden := marks(n, found, "")
		counts["all"].texts++
		for kind := range kindsIn(t.Spans) {
			counts[kind].texts++
		}
		for _, s := range t.Spans {
			both := []*count{counts[s.Kind], counts["all"]}
			covered := 2*under(s, marks(n, found, s.Kind)) >= s.End-s.Start
			if !covered {
				tell("missed", t, s)
			}
			for _, c := range both {
				c.labelled++
				c.characters += s.End - s.Start
				c.visible += s.End - s.Start - under(s, hidden)
				if covered {
					c.covered++
				}
				if slices.Contains(found, s) {
					c.exact++
				}
			}
		}
		for _, s := range found {
			labels := marks(n, slices.Concat(t.Spans, t.beside), s.Kind)
			right := 2*under(s, labels) >= s.End-s.Start
			if !right {
				tell("wrong", t, s)
			}
			if right && under(s, marks(n, t.Spans, s.Kind)) == 0 {
				continue // found beside what is measured
			}
			for _, c := range []*count{counts[s.Kind], counts["all"]} {
				c.found++
				if right {
					c.right++
				}
			}
		}
	}
	return counts
}

// marks are the n characters of a text, true where a span of kind is; of any kind when it is empty.
func marks(n int, spans []safety.Span, kind string) []bool {
	in := make([]bool, n)
	for _, s := range spans {
		for i := s.Start; i < s.End && (kind == "" || s.Kind == kind); i++ {
			in[i] = true
		}
	}
	return in
}

func under(s safety.Span, in []bool) int {
	n := 0
	for _, is := range in[s.Start:s.End] {
		if is {
			n++
		}
	}
	return n
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// f2 weighs recall twice as much as precision.
func f2(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 5 * p * r / (4*p + r)
}

// kindsIn are the kinds of spans.
func kindsIn(spans []safety.Span) map[string]bool {
	kinds := map[string]bool{}
	for _, s := range spans {
		kinds[s.Kind] = true
	}
	return kinds
}

// The metrics of the scorecard: relaxed, and the leak rate.
const (
	precision measure.Metric = "precision"
	recall    measure.Metric = "recall"
	leak      measure.Metric = "leak"
)

// Part is what the scorecard records of sets: each kind's precision, recall and leak rate, as <set>/<kind>/<metric>; their number of texts
// is of those that have the kind. A kind that no text has is not recorded.
func Part(version string, sets ...Set) measure.Part {
	part := measure.Part{Version: version, On: measure.On{Sets: map[string]measure.Items{}}, Figures: map[string]measure.Recorded{}}
	for _, set := range sets {
		part.On.Sets[set.Name] = itemsOf(set.Texts)
		for kind, c := range compare(set.Texts, func(string, Text, safety.Span) {}) {
			for metric, value := range map[measure.Metric]float64{
				precision: ratio(c.right, c.found), recall: ratio(c.covered, c.labelled), leak: ratio(c.visible, max(c.characters, 1)),
			} {
				if c.labelled > 0 {
					part.Put(set.Name+"/"+kind+"/"+string(metric), measure.Interval{N: c.texts, Value: &value}, metric == leak)
				}
			}
		}
	}
	return part
}

// itemsOf sums texts up with everything that figures rest on, also what may be found and need not.
func itemsOf(texts []Text) measure.Items {
	type whole struct {
		Text
		Beside []safety.Span
	}
	all := make([]whole, len(texts))
	for i, t := range texts {
		all[i] = whole{t, t.beside}
	}
	return measure.ItemsOf(all)
}

// Report prints one set, and with misses each span that was missed or wrongly found.
func Report(out io.Writer, set Set, misses bool) {
	name, texts := set.Name, set.Texts
	counts := compare(texts, func(what string, t Text, s safety.Span) {
		if misses {
			fmt.Fprintf(out, "%s %s %q in %.160q\n", what, s.Kind, string([]rune(t.Text)[s.Start:s.End]), t.Text)
		}
	})
	traps, fired := 0, 0
	for _, t := range texts {
		if len(t.Spans)+len(t.beside) == 0 {
			traps++
			if len(safety.FindPII(t.Text)) > 0 {
				fired++
			}
		}
	}
	fmt.Fprintf(out, "\n%s: %d texts, %d without PII, of which %d gave some\n", name, len(texts), traps, fired)
	fmt.Fprintf(out, "%-12s %9s %6s | %-22s | %-22s | %s\n", "", "labelled", "found", "strict  P    R    F2", "relaxed P    R    F2", "leak")
	for _, kind := range append(slices.Clone(order), "all") {
		c := counts[kind]
		if c.labelled+c.found == 0 {
			continue
		}
		p, r := ratio(c.exact, c.found), ratio(c.exact, c.labelled)
		rp, rr := ratio(c.right, c.found), ratio(c.covered, c.labelled)
		fmt.Fprintf(out, "%-12s %9d %6d |       %.2f %.2f %.2f   |       %.2f %.2f %.2f   | %.3f\n", kind, c.labelled, c.found, p, r, f2(p, r), rp, rr, f2(rp, rr), ratio(c.visible, max(c.characters, 1)))
	}
}
