// Package figurestest is a company with a year of figures, for tests of the reports: large and small months, an outcome nobody
// spoke of, and one that few did.
package figurestest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
)

// Company is the id of the company that has figures.
const Company = "0b8fbb1c-6d4a-5f0e-9a53-1d7b9c1e2a10"

// Now is an instant that lies in January where the company is, and still in December in UTC.
var Now = time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC)

// Impact reads the company's figures. Broken is given as the answer to every reading of months.
type Impact struct{ Broken error }

// Zone is port.Impact.
func (Impact) Zone(_ context.Context, company string) (*time.Location, error) {
	if company != Company {
		return nil, fault.New(fault.Missing, "no such company")
	}
	return time.FixedZone("Europe/Oslo", 3600), nil
}

// Months is port.Impact.
func (i Impact) Months(_ context.Context, _ string, p impact.Period) ([]impact.Figures, error) {
	return slices.DeleteFunc(year(), func(f impact.Figures) bool { return f.Month.Before(p.From) || p.To.Before(f.Month) }), i.Broken
}

// People is port.Impact. It counts the people of month n as numbers n to n+size, so that neighbouring months overlap.
func (Impact) People(_ context.Context, _ string, cells []impact.Cell) (map[string]int, error) {
	seen := map[string]map[int]bool{}
	for _, cell := range cells {
		if seen[cell.Kind] == nil {
			seen[cell.Kind] = map[int]bool{}
		}
		for i := range size(cell) {
			seen[cell.Kind][int(cell.Month.Month)+i] = true
		}
	}
	counts := map[string]int{}
	for kind, persons := range seen {
		counts[kind] = len(persons)
	}
	return counts, nil
}

// Labels is port.Impact: reviewers read 12 texts of November, each by another person, and found confidence in all of them; and three of
// January, too few to count.
func (Impact) Labels(_ context.Context, _ string, p impact.Period) ([]impact.Labelled, error) {
	var read []impact.Labelled
	for i := range 15 {
		month := impact.Month{Year: 2025, Month: time.November}
		if i >= 12 {
			month = impact.Month{Year: 2026, Month: time.January}
		}
		if month.Before(p.From) || p.To.Before(month) {
			continue
		}
		label, score := .5+.25*float64(i%2), .6+.01*float64(i)
		read = append(read, impact.Labelled{
			Month: month, Person: strconv.Itoa(i), Pairs: map[outcome.Dimension]outcome.Pair{outcome.Confidence: {A: &label, B: &score}},
		})
	}
	return read, nil
}

// Quotes is port.Impact: two quotes for each cell, the second one with an e-mail address in it.
func (Impact) Quotes(_ context.Context, _ string, cells []impact.Cell, after string, limit int) ([]impact.Quote, error) {
	var found []impact.Quote
	for _, cell := range cells {
		for i, body := range []string{"Karis help: I dare to speak now. It was cold.", "Write to olena@example.org, I am glad of it."} {
			q := impact.Quote{
				Ref: outcome.SnippetHash(cell.Month.String() + cell.Kind + strconv.Itoa(i))[:32], Month: cell.Month,
				Dimension: outcome.Dimension(strings.TrimPrefix(cell.Kind, impact.ScoredKind(""))), Score: 0.75, Direction: outcome.Gain,
				Method: outcome.Local, ModelVersion: "local-1", RubricVersion: "rubric-1", Body: body, Names: []string{"Kari Nordmann"}, Span: outcome.SpanAt(body, 0, strings.LastIndex(body, " ")),
			}
			if q.Ref > after {
				found = append(found, q)
			}
		}
	}
	slices.SortFunc(found, func(a, b impact.Quote) int { return strings.Compare(a.Ref, b.Ref) })
	return found[:min(limit, len(found))], nil
}

// year has 12 participants in November, 3 in December, 8 in January; volunteers are 6, 5 and 4.
func year() []impact.Figures {
	at := time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC)
	month := func(year int, month time.Month, sums impact.Sums) impact.Figures {
		return impact.Compute(impact.Month{Year: year, Month: month}, sums, at.AddDate(0, -int(month%12), 0))
	}
	return []impact.Figures{
		month(2025, time.November, impact.Sums{
			Participants: 12, Volunteers: 6, Sessions: 20, Minutes: 1010,
			Outcomes: map[outcome.Dimension]impact.Sum{
				outcome.Confidence: {N: 10, People: 9, Total: 7.125, Squares: 5.2},
				outcome.Belonging:  {N: 2, People: 2, Total: 1.9},
				outcome.WellBeing:  {N: 6, People: 5, Total: 2.5},
			},
		}),
		month(2025, time.December, impact.Sums{
			Participants: 3, Volunteers: 5, Sessions: 7, Minutes: 400,
			Outcomes: map[outcome.Dimension]impact.Sum{outcome.Confidence: {N: 3, People: 3, Total: 0.3}},
		}),
		month(2026, time.January, impact.Sums{
			Participants: 8, Volunteers: 4, Sessions: 9, Minutes: 450,
			Outcomes: map[outcome.Dimension]impact.Sum{
				outcome.Confidence: {N: 8, People: 6, Total: 6.4},
				outcome.Belonging:  {N: 4, People: 4, Total: 2},
			},
		}),
	}
}

func size(cell impact.Cell) int {
	for _, f := range year() {
		if f.Month != cell.Month {
			continue
		}
		switch cell.Kind {
		case impact.KindParticipant:
			return f.Participants
		case impact.KindVolunteer:
			return f.Volunteers
		}
		for dimension, sum := range f.Outcomes {
			if impact.ScoredKind(dimension) == cell.Kind {
				return sum.People
			}
		}
	}
	return 0
}

// Ask sends GET /?query for company to show and gives the answer.
func Ask(t *testing.T, show func(http.ResponseWriter, *http.Request) error, company, query string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, nil)
	r.SetPathValue("companyId", company)
	w := httptest.NewRecorder()
	web.Handle(show).ServeHTTP(w, r)
	return w
}
