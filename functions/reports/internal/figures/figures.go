// Package figures is what the reports of a company's months share: how a period is asked for, and how figures are written down.
package figures

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// Read makes the report that r asks for: the company of the path parameter companyId, the months from and to, both included. The
// default is the twelve months that end with the one in which now falls, in the company's time zone; from alone ends there too,
// to alone starts eleven months earlier.
func Read(r *http.Request, reader port.Impact, now time.Time) (impact.Report, error) {
	asked, err := ask(r)
	if err != nil {
		return impact.Report{}, err
	}
	ctx, company := r.Context(), r.PathValue("companyId")
	if !identity.IsID(company) {
		return impact.Report{}, fault.New(fault.Missing, "no such company")
	}
	zone, err := reader.Zone(ctx, company)
	if err != nil {
		return impact.Report{}, err
	}
	period, err := asked.period(impact.MonthOf(now, zone))
	if err != nil {
		return impact.Report{}, err
	}
	return publish(ctx, reader, company, period)
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

// asked are the ends of a period as far as they were given.
type asked struct{ from, to *impact.Month }

func ask(r *http.Request) (asked, error) {
	query, err := web.Query(r, "from", "to")
	if err != nil {
		return asked{}, err
	}
	var checks fault.Checks
	read := func(name string) *impact.Month {
		if !query.Has(name) {
			return nil
		}
		month, err := impact.ParseMonth(query.Get(name))
		checks.That(err == nil, name, "a month written YYYY-MM")
		return &month
	}
	a := asked{read("from"), read("to")}
	return a, checks.Err("the period cannot be read")
}

func (a asked) period(current impact.Month) (impact.Period, error) {
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
