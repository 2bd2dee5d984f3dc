package memory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

type figureKey struct {
	company string
	month   impact.Month
}

// figureRow is a month as last counted.
type figureRow struct {
	impact.Figures
	people map[string][]string // person ids by kind
	asOf   int64               // transaction that counted: it saw every change of its own number and below
	stale  bool                // a correction took something out of the month since
}

type metrics struct{ *tx }

func (m metrics) Zone(context.Context) (*time.Location, error) { return m.ledger.zone(m.scope.Company) }

func (l *Ledger) zone(company string) (*time.Location, error) {
	known, found := l.companies[company]
	if !found {
		return nil, fault.New(fault.Missing, "no such company")
	}
	return time.LoadLocation(known.TimeZone)
}

// outdate marks the month of from as to be counted again, unless to lies in the same one: whoever changed to tells it.
func (t *tx) outdate(company string, from, to time.Time) {
	zone, err := t.ledger.zone(company)
	if err != nil {
		zone = time.UTC
	}
	key := figureKey{company, impact.MonthOf(from, zone)}
	row, counted := t.ledger.figures[key]
	if counted && (to.IsZero() || impact.MonthOf(to, zone) != key.month) {
		row.stale = true
		put(t, t.ledger.figures, key, row)
	}
}

func (m metrics) Stale(context.Context) ([]impact.Month, error) {
	var months []impact.Month
	for key, row := range m.ledger.figures {
		if key.company == m.scope.Company && row.stale {
			months = append(months, key.month)
		}
	}
	slices.SortFunc(months, inOrder)
	return months, nil
}

func inOrder(a, b impact.Month) int {
	if a.Before(b) {
		return -1
	}
	if b.Before(a) {
		return 1
	}
	return 0
}

func (m metrics) Lock(_ context.Context, month impact.Month, zone *time.Location, subject string) (impact.Sums, bool, error) {
	owner, ok := m.own()
	if !ok {
		return impact.Sums{}, false, m.failed
	}
	key := figureKey{owner, month}
	m.locked[key] = true
	row, known := m.ledger.figures[key]
	changed := max(m.ledger.sessions[subject].changed, m.ledger.scored[subject].changed)
	if known && !row.stale && changed > 0 && changed <= row.asOf {
		return impact.Sums{}, true, nil
	}
	return m.sum(owner, month, zone), false, nil
}

// sum adds up what happened in a month.
func (m metrics) sum(owner string, month impact.Month, zone *time.Location) impact.Sums {
	sums := impact.Sums{Outcomes: map[outcome.Dimension]impact.Sum{}, People: map[string][]string{}}
	add := func(kind, person string) bool {
		if person == "" || slices.Contains(sums.People[kind], person) {
			return false
		}
		sums.People[kind] = append(sums.People[kind], person)
		return true
	}
	for _, held := range m.ledger.sessions {
		if held.Company != owner || !held.held() || impact.MonthOf(held.CompletedAt, zone) != month {
			continue
		}
		sums.Sessions++
		sums.Minutes += held.Minutes
		add(impact.KindParticipant, held.Participant)
		add(impact.KindVolunteer, held.Volunteer)
	}
	for id, reading := range m.ledger.scored {
		if reading.company != owner || impact.MonthOf(reading.at, zone) != month {
			continue
		}
		text, _ := m.ledger.text(id)
		if text.FromRole != feedback.FromParticipant || text.Person == "" { // an author not known yet counts once the session came
			continue
		}
		sums.Texts++
		for _, score := range reading.Scores {
			sum := sums.Outcomes[score.Dimension]
			sum.Add(score.Value)
			if add(impact.ScoredKind(score.Dimension), text.Person) {
				sum.People++
			}
			sums.Outcomes[score.Dimension] = sum
		}
	}
	for _, ids := range sums.People {
		slices.Sort(ids)
	}
	sums.Participants, sums.Volunteers = len(sums.People[impact.KindParticipant]), len(sums.People[impact.KindVolunteer])
	return sums
}

func (m metrics) Keep(figures impact.Figures, sums impact.Sums) {
	key := figureKey{m.scope.Company, figures.Month}
	if !m.locked[key] {
		m.fail(fault.Invalid, "a month's figures are kept only by who has locked them")
		return
	}
	put(m.tx, m.ledger.figures, key, figureRow{Figures: figures, people: sums.People, asOf: m.number})
}

func (m metrics) Spread(_ context.Context, month impact.Month, zone *time.Location) ([]impact.Portion, error) {
	portions := map[string]impact.Portion{}
	for id, reading := range m.ledger.scored {
		if reading.company != m.scope.Company || impact.MonthOf(reading.at, zone) != month || !m.ledger.byParticipant(id) {
			continue
		}
		for _, score := range reading.Scores {
			calibration, known := m.ledger.calibrated[score.Calibration]
			if !known {
				continue
			}
			p := portions[calibration.ID]
			p.Dimension, p.ModelVersion, p.Reference = score.Dimension, calibration.ModelVersion, calibration.Reference
			p.Bins[outcome.BinOf(score.Value)]++
			portions[calibration.ID] = p
		}
	}
	var found []impact.Portion
	for _, id := range sortedKeys(portions) {
		found = append(found, portions[id])
	}
	return found, nil
}

type driftKey struct {
	company   string
	month     impact.Month
	dimension outcome.Dimension
	version   string
}

func (m metrics) Drifted(drifts []port.News[impact.Drift]) {
	for _, news := range drifts {
		d := news.Fact
		key := driftKey{m.scope.Company, d.Month, d.Dimension, d.ModelVersion}
		if level := d.Level.Gravity(); level > m.ledger.drifts[key] {
			put(m.tx, m.ledger.drifts, key, level)
			m.isNews(news.Event)
		}
	}
}

// Zone is the time zone in which company's months are counted.
func (l *Ledger) Zone(_ context.Context, company string) (*time.Location, error) {
	type answer struct {
		zone *time.Location
		err  error
	}
	found := look(l, func() answer { zone, err := l.zone(company); return answer{zone, err} })
	return found.zone, found.err
}

// Months gives the figures of the counted months of p.
func (l *Ledger) Months(_ context.Context, company string, p impact.Period) ([]impact.Figures, error) {
	return look(l, func() []impact.Figures {
		var found []impact.Figures
		for _, month := range p.Months() {
			row, counted := l.figures[figureKey{company, month}]
			if counted {
				found = append(found, row.Figures)
			}
		}
		return found
	}), nil
}

// People counts the distinct people of each kind.
func (l *Ledger) People(_ context.Context, company string, cells []impact.Cell) (map[string]int, error) {
	return look(l, func() map[string]int {
		seen, counts := map[[2]string]bool{}, map[string]int{}
		for _, cell := range cells {
			for _, person := range l.figures[figureKey{company, cell.Month}].people[cell.Kind] {
				if key := [2]string{cell.Kind, person}; !seen[key] {
					seen[key] = true
					counts[cell.Kind]++
				}
			}
		}
		return counts
	}), nil
}

// Quotes gives quotes of texts that may be shown, by their reference.
func (l *Ledger) Quotes(_ context.Context, company string, cells []impact.Cell, after string, limit int) ([]impact.Quote, error) {
	return look(l, func() []impact.Quote {
		zone, err := l.zone(company)
		if err != nil {
			return nil
		}
		may := screened{&tx{ledger: l, scope: port.In(company, "")}}
		var found []impact.Quote
		for id, reading := range l.scored {
			if reading.company != company || !l.byParticipant(id) || !may.showable(id) {
				continue
			}
			text, _ := l.text(id)
			month := impact.MonthOf(reading.at, zone)
			var names []string
			for _, person := range []string{l.sessions[text.SessionID].Participant, l.sessions[text.SessionID].Volunteer} {
				names = append(names, strings.TrimSpace(l.people[person].FirstName+" "+l.people[person].LastName))
			}
			for _, s := range reading.Scores {
				if !slices.Contains(cells, impact.Cell{Kind: impact.ScoredKind(s.Dimension), Month: month}) {
					continue
				}
				for _, span := range s.Evidence {
					if !stands(text.Body, span) {
						continue // the text was corrected and is not scored anew yet
					}
					found = append(found, impact.Quote{
						Ref: outcome.SnippetHash(reading.ID + string(s.Dimension) + strconv.Itoa(span.Start))[:32], Month: month, Dimension: s.Dimension,
						Score: s.Value, Direction: s.Direction, Method: reading.Method, ModelVersion: reading.ModelVersion,
						RubricVersion: reading.RubricVersion, Span: span, Body: text.Body, Names: names,
						Personal: l.moderated.screenings[id].Personal(), // of these very words, since they may be shown
					})
				}
			}
		}
		slices.SortFunc(found, func(a, b impact.Quote) int { return strings.Compare(a.Ref, b.Ref) })
		found = slices.DeleteFunc(found, func(q impact.Quote) bool { return q.Ref <= after })
		return found[:min(len(found), limit)]
	}), nil
}

// stands says whether a text says what span quotes where it says.
func stands(text string, span outcome.Span) bool {
	characters := []rune(text)
	return span.Start >= 0 && span.Start <= span.End && span.End <= len(characters) && string(characters[span.Start:span.End]) == span.Text
}
