package impact

import (
	"math"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Least is the smallest group of people that a published figure may describe (architecture §10).
const Least = 5

// Number is a count over a period. Where it is suppressed, something happened and every month of it is withheld; Value is then 0
// and must not be shown.
type Number struct {
	Value      int
	Suppressed bool
	Withheld   []Month // months that are not in Value because their group is too small
}

// Level is what one outcome comes to over a period: the mean over the participants' texts of its shown months that speak of it
// (outcome.Mean). Mean is nil where the outcome was never mentioned or is suppressed; where it is suppressed, N and People are 0 and must
// not be shown.
type Level struct {
	Dimension  outcome.Dimension
	Mean       *float64      // 0…1, three decimals
	Low, High  *float64      // 95 % interval of the mean, three decimals; nil where Basis is outcome.ByModel
	Basis      outcome.Basis // empty where Mean is nil
	Labelled   int           // texts in which a reviewer found the outcome, of months with at least Least such people
	N          int           // scores
	People     int           // distinct people scored
	Suppressed bool
	Withheld   []Month
}

// MonthLevels are the outcomes of one month.
type MonthLevels struct {
	Month  Month
	Levels []Level // all five, in the order of outcome.Dimensions
}

// Report is what a company may see of a period.
type Report struct {
	Period       Period
	Participants Number // distinct over the period
	Volunteers   Number // distinct over the period
	Sessions     Number
	Minutes      Number
	Levels       []Level       // all five, in the order of outcome.Dimensions
	Series       []MonthLevels // every month of the period, in order
	Withheld     []Month       // months of which at least one figure is withheld
	AsOf         time.Time     // when the latest of the figures was computed; zero where there are none
}

// Open lists the cells of months whose people may be counted together: those large enough to be shown by themselves. Publish
// expects the distinct people of exactly these.
//
// What is withheld of a month enters no total. If it did, asking for January to March and for January to February would give
// March by subtraction; so the smallest thing that any set of questions can isolate is a month that is shown anyway.
func Open(months []Figures) []Cell {
	var cells []Cell
	for _, m := range months {
		for _, group := range groups(m) {
			if group.verdict() == shown {
				cells = append(cells, Cell{group.kind, m.Month})
			}
		}
	}
	return cells
}

// Quoted are the outcomes whose proof may be shown: all but lang_level_proxy. Its proof is the whole text, which has the words that prove
// other outcomes too, also where these are withheld, and shows which quotes are of one person.
var Quoted = slices.DeleteFunc(slices.Clone(outcome.Dimensions), func(d outcome.Dimension) bool { return d == outcome.LangLevelProxy })

// Quotable lists the cells of those who spoke of dimension, or of any where it is empty, in months large enough to be shown and over before
// running began, the first month that still runs: from these alone words may be quoted. Of a dimension that is not Quoted there are none.
//
// The quotes of a month that runs would grow with each text, so that whoever knows who met on a day, and looks before and after it, knows
// whose words they are.
func Quotable(months []Figures, dimension outcome.Dimension, running Month) []Cell {
	var cells []Cell
	for _, cell := range Open(months) {
		if !cell.Month.Before(running) {
			continue
		}
		for _, d := range Quoted {
			if cell.Kind == ScoredKind(d) && (dimension == "" || dimension == d) {
				cells = append(cells, cell)
			}
		}
	}
	return cells
}

// Publish makes the report of p out of the figures of its months, in any order, a month without figures being one in which
// nothing happened. people counts, by kind, the distinct people of all cells that Open lists for the same months. labels, in any order,
// are what reviewers found in p; a month's labels of an outcome count where they are of at least Least people and the month is shown, so
// that they too are part of totals only where they could be shown by themselves.
func Publish(p Period, months []Figures, people map[string]int, labels []Labelled) Report {
	byMonth := map[Month]Figures{}
	for _, m := range months {
		byMonth[m.Month] = m
	}
	report := Report{Period: p}
	var participants, volunteers, sessions, minutes tally
	levels := make([]tally, len(outcome.Dimensions))
	totals := make([]sample, len(outcome.Dimensions))
	read := byMonthOf(labels)
	for _, month := range p.Months() {
		m := byMonth[month]
		participants.add(month, crowd(m.Participants, m.Participants), m.Participants)
		volunteers.add(month, crowd(m.Volunteers, m.Volunteers), m.Volunteers)
		sessions.add(month, meetings(m), m.Sessions)
		minutes.add(month, meetings(m), m.Minutes)
		line := MonthLevels{Month: month}
		for i, dimension := range outcome.Dimensions {
			sum := m.Outcomes[dimension]
			verdict := crowd(sum.People, sum.N)
			levels[i].add(month, verdict, sum.N)
			var alone sample
			if verdict == shown {
				alone.add(sum, stratum(dimension, m, read[month]))
				totals[i].add(sum, alone.strata[0])
			}
			alone.people = sum.People
			line.Levels = append(line.Levels, levelOf(dimension, alone, verdict))
		}
		report.Series = append(report.Series, line)
		if m.AsOf.After(report.AsOf) {
			report.AsOf = m.AsOf
		}
	}
	report.Participants = participants.distinct(people[KindParticipant])
	report.Volunteers = volunteers.distinct(people[KindVolunteer])
	report.Sessions = sessions.number()
	report.Minutes = minutes.number()
	for i, dimension := range outcome.Dimensions {
		count := levels[i].distinct(people[ScoredKind(dimension)])
		verdict := shown
		if count.Suppressed {
			verdict = withheld
		}
		totals[i].people = count.Value
		level := levelOf(dimension, totals[i], verdict)
		level.Withheld = count.Withheld
		report.Levels = append(report.Levels, level)
	}
	report.Withheld = union(p, participants, volunteers, sessions, levels)
	return report
}

// verdict says what becomes of one figure of one month.
type verdict int

const (
	nothing  verdict = iota // nothing happened: shown as zero
	shown                   // at least Least people
	withheld                // fewer
)

// crowd judges a figure that describes people and adds up to amount. An amount without known people is withheld.
func crowd(people, amount int) verdict {
	switch {
	case people >= Least:
		return shown
	case people == 0 && amount == 0:
		return nothing
	}
	return withheld
}

// meetings judges what describes participants and volunteers at once: the hours of four volunteers stay theirs however many
// participants they met.
func meetings(m Figures) verdict {
	if m.Sessions == 0 && m.Minutes == 0 {
		return nothing
	}
	return crowd(min(m.Participants, m.Volunteers), m.Sessions)
}

// group is a kind of person in a month, with what its figures add up to.
type group struct {
	kind           string
	people, amount int
}

func (g group) verdict() verdict { return crowd(g.people, g.amount) }

func groups(m Figures) []group {
	all := []group{
		{KindParticipant, m.Participants, m.Participants},
		{KindVolunteer, m.Volunteers, m.Volunteers},
	}
	for _, dimension := range outcome.Dimensions {
		sum := m.Outcomes[dimension]
		all = append(all, group{ScoredKind(dimension), sum.People, sum.N})
	}
	return all
}

// tally adds up one figure over months.
type tally struct {
	sum      int
	any      bool // at least one month is shown
	withheld []Month
}

func (t *tally) add(month Month, v verdict, amount int) {
	switch v {
	case shown:
		t.sum += amount
		t.any = true
	case withheld:
		t.withheld = append(t.withheld, month)
	}
}

// number is the sum over the months shown. Months in which nothing happened do not make a zero out of withheld ones.
func (t *tally) number() Number {
	if !t.any {
		return Number{Suppressed: t.withheld != nil, Withheld: t.withheld}
	}
	return Number{Value: t.sum, Withheld: t.withheld}
}

// distinct is number with people in place of the sum. Figures and people may be read a moment apart; a count that has become too
// small in between is suppressed.
func (t *tally) distinct(people int) Number {
	number := t.number()
	if !t.any {
		return number
	}
	number.Value = people
	if people < Least {
		number.Value, number.Suppressed = 0, true
	}
	return number
}

// sample is what there is of one outcome: the scores of shown months, and what reviewers found.
type sample struct {
	n, people int
	strata    []outcome.Stratum
}

func (s *sample) add(sum Sum, of outcome.Stratum) {
	s.n += sum.N
	s.strata = append(s.strata, of)
}

func byMonthOf(labels []Labelled) map[Month][]Labelled {
	read := map[Month][]Labelled{}
	for _, l := range labels {
		read[l.Month] = append(read[l.Month], l)
	}
	return read
}

// stratum is one month of one outcome. Its labels are left out where fewer than Least people speak of the outcome in them.
func stratum(dimension outcome.Dimension, m Figures, read []Labelled) outcome.Stratum {
	sum := m.Outcomes[dimension]
	found := outcome.Stratum{Texts: max(m.Texts, sum.N), Scored: outcome.Moments{N: sum.N, Total: sum.Total, Squares: sum.Squares}}
	speaking := map[string]bool{}
	for _, l := range read {
		pair, judged := l.Pairs[dimension]
		if !judged {
			continue
		}
		found.Labels = append(found.Labels, pair)
		if pair.A != nil {
			speaking[l.Person] = true
		}
	}
	if len(speaking) < Least {
		found.Labels = nil
	}
	return found
}

func levelOf(dimension outcome.Dimension, of sample, v verdict) Level {
	if v == withheld {
		return Level{Dimension: dimension, Suppressed: true}
	}
	level := Level{Dimension: dimension, N: of.n, People: of.people}
	estimate, some := outcome.Mean(of.strata)
	if some {
		level.Mean, level.Low, level.High = rounded(&estimate.Mean), rounded(estimate.Low), rounded(estimate.High)
		level.Basis, level.Labelled = estimate.Basis, estimate.Labelled
	}
	return level
}

// rounded to three decimals, half a thousandth up, in whole thousandths of a sum that is one.
func rounded(x *float64) *float64 {
	if x == nil {
		return nil
	}
	value := math.Floor(*x*1000+0.5+1e-9) / 1000
	return &value
}

func union(p Period, participants, volunteers, sessions tally, levels []tally) []Month {
	var months []Month
	for _, month := range p.Months() {
		some := slices.ContainsFunc(append([]tally{participants, volunteers, sessions}, levels...), func(t tally) bool {
			return slices.Contains(t.withheld, month)
		})
		if some {
			months = append(months, month)
		}
	}
	return months
}
