// Package figures is what the reports of a company's months share: how a period is asked for, and how figures are written down.
package figures

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// Read makes the report that r asks for, as Ask reads it.
func Read(r *http.Request, reader port.Impact, now time.Time) (impact.Report, error) {
	asked, err := Ask(r, reader, now)
	if err != nil {
		return impact.Report{}, err
	}
	return publish(r.Context(), reader, asked.Company, asked.Period)
}

// Asked is what a request asks for.
type Asked struct {
	Company string
	Period  impact.Period
	Current impact.Month // in which now falls, in the company's time zone
	Query   url.Values   // its other parameters
}

// Ask reads a request: the company of the path parameter companyId, the months from and to, both included, and such other parameters
// as are named. The default is the twelve months that end with the one in which now falls, in the company's time zone; from alone ends
// there too, to alone starts eleven months earlier.
func Ask(r *http.Request, reader port.Impact, now time.Time, others ...string) (Asked, error) {
	query, err := web.Query(r, append([]string{"from", "to"}, others...)...)
	if err != nil {
		return Asked{}, err
	}
	given, err := endsOf(query)
	if err != nil {
		return Asked{}, err
	}
	company := r.PathValue("companyId")
	if !identity.IsID(company) {
		return Asked{}, fault.New(fault.Missing, "no such company")
	}
	zone, err := reader.Zone(r.Context(), company)
	if err != nil {
		return Asked{}, err
	}
	current := impact.MonthOf(now, zone)
	period, err := given.period(current)
	return Asked{company, period, current, query}, err
}

func publish(ctx context.Context, reader port.Impact, company string, period impact.Period) (impact.Report, error) {
	months, err := reader.Months(ctx, company, period)
	if err != nil {
		return impact.Report{}, err
	}
	people := map[string]int{}
	cells := impact.Open(months)
	if cells != nil {
		people, err = reader.People(ctx, company, cells)
		if err != nil {
			return impact.Report{}, err
		}
	}
	labels, err := reader.Labels(ctx, company, period)
	if err != nil {
		return impact.Report{}, err
	}
	return impact.Publish(period, months, people, labels), nil
}

// ends are those of a period as far as they were given.
type ends struct{ from, to *impact.Month }

func endsOf(query url.Values) (ends, error) {
	var checks fault.Checks
	read := func(name string) *impact.Month {
		if !query.Has(name) {
			return nil
		}
		month, err := impact.ParseMonth(query.Get(name))
		checks.That(err == nil, name, "a month written YYYY-MM")
		return &month
	}
	given := ends{read("from"), read("to")}
	return given, checks.Err("the period cannot be read")
}

func (a ends) period(current impact.Month) (impact.Period, error) {
	to := current
	if a.to != nil {
		to = *a.to
	}
	from := to.Add(-11)
	if a.from != nil {
		from = *a.from
	}
	period, err := impact.NewPeriod(from, to)
	var wrong *fault.Error
	if a.to == nil && errors.As(err, &wrong) { // to was not asked for, so it is from that has to change
		return period, fault.Fields(wrong.Sentence, fault.Field{Name: "from", Expected: "a month not after " + to.String() + ", nor more than ten years before it"})
	}
	return period, err
}

// Company is whose report it is.
type Company struct {
	ID string `json:"id"`
}

// Period is what a report covers, both months included.
type Period struct {
	From string `json:"from"` // YYYY-MM
	To   string `json:"to"`
}

// PeriodOf writes p down.
func PeriodOf(p impact.Period) Period { return Period{p.From.String(), p.To.String()} }

// Number is a figure with one value. Value is null where it is suppressed.
type Number struct {
	Value          *float64 `json:"value"`
	Suppressed     bool     `json:"suppressed,omitempty"`
	WithheldMonths []string `json:"withheldMonths,omitempty"` // not in value: fewer than five people
}

// NumberOf writes n down.
func NumberOf(n impact.Number) Number {
	return number(n, float64(n.Value))
}

// HoursOf writes n, in minutes, down in hours.
func HoursOf(n impact.Number) Number {
	return number(n, impact.Hours(n.Value))
}

func number(n impact.Number, value float64) Number {
	written := Number{Suppressed: n.Suppressed, WithheldMonths: Months(n.Withheld)}
	if !n.Suppressed {
		written.Value = &value
	}
	return written
}

// Outcome is one of the five outcomes: the mean over the participants' texts that speak of it. Mean is null where nobody spoke of it
// (n is 0) or where it is suppressed (n is null). Basis says what the mean rests on: ppi, the model's scores corrected by what reviewers
// found in a random sample; human, the reviewers' labels alone; model, the model's scores alone, and then there is no interval, since
// how far they are off is not known.
type Outcome struct {
	Dimension      string        `json:"dimension"`
	Mean           *float64      `json:"mean"`            // 0…1, three decimals
	Interval       *Interval     `json:"interval"`        // of the mean, 95 %
	Basis          outcome.Basis `json:"basis,omitempty"` // ppi, human or model; absent where mean is null
	Labelled       *int          `json:"labelled"`        // texts in which a reviewer found it
	N              *int          `json:"n"`               // texts in which the model found it
	People         *int          `json:"people"`          // distinct people who wrote these
	Suppressed     bool          `json:"suppressed,omitempty"`
	WithheldMonths []string      `json:"withheldMonths,omitempty"` // not in mean, n and people: fewer than five people
}

// Interval holds the mean of all such texts 95 times in a hundred.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// OutcomesOf writes levels down, in their order.
func OutcomesOf(levels []impact.Level) []Outcome {
	var outcomes []Outcome
	for _, level := range levels {
		written := Outcome{
			Dimension:      string(level.Dimension),
			Mean:           level.Mean,
			Basis:          level.Basis,
			Suppressed:     level.Suppressed,
			WithheldMonths: Months(level.Withheld),
		}
		if !level.Suppressed {
			written.N, written.People, written.Labelled = &level.N, &level.People, &level.Labelled
		}
		if level.Low != nil && level.High != nil {
			written.Interval = &Interval{*level.Low, *level.High}
		}
		outcomes = append(outcomes, written)
	}
	return outcomes
}

// Months writes months down as YYYY-MM.
func Months(months []impact.Month) []string {
	var written []string
	for _, month := range months {
		written = append(written, month.String())
	}
	return written
}

// AsOf is when a report's latest figure was computed, null where there are no figures.
func AsOf(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
