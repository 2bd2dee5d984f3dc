// Package ataglance answers what a company's programmes came to in a period: who took part, how much, and what changed for them.
//
// Asks:    GET /v1/companies/{companyId}/at-a-glance?from=YYYY-MM&to=YYYY-MM
// Answers: participants, volunteers, sessions, hours and the five outcomes; sroi and vis are null until they are computed
// Repeats: safe; nothing is changed
// Fails:   a malformed month or unknown parameter is 400; another's company is 404
package ataglance

import (
	"context"
	"net/http"
	"time"

	"github.com/teei/csr-platform/functions/reports/internal/figures"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "reports/ataglance"

// Function is reports/ataglance.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	reader, err := env.Impact(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(New(reader, env.Now).Show), env.Config().Err()
}

// Handler answers reports.
type Handler struct {
	impact port.Impact
	now    func() time.Time
}

// New is a handler that reads figures from impact; now decides which months are the last twelve.
func New(impact port.Impact, now func() time.Time) *Handler { return &Handler{impact, now} }

// answer is the report as it is sent. A figure of fewer than five people is null with suppressed true.
type answer struct {
	Company      figures.Company   `json:"company"`
	Period       figures.Period    `json:"period"`
	Participants figures.Number    `json:"participants"`
	Volunteers   figures.Number    `json:"volunteers"`
	Sessions     figures.Number    `json:"sessions"`
	Hours        figures.Number    `json:"hours"`
	Outcomes     []figures.Outcome `json:"outcomes"`
	SROI         *float64          `json:"sroi"`
	VIS          *float64          `json:"vis"`
	Withheld     []string          `json:"withheldMonths,omitempty"` // months of which at least one figure is withheld
	AsOf         *time.Time        `json:"asOf"`
}

// Show answers the report of the company in the path.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	report, err := figures.Read(r, h.impact, h.now())
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, answer{
		Company:      figures.Company{ID: r.PathValue("companyId")},
		Period:       figures.PeriodOf(report.Period),
		Participants: figures.NumberOf(report.Participants),
		Volunteers:   figures.NumberOf(report.Volunteers),
		Sessions:     figures.NumberOf(report.Sessions),
		Hours:        figures.HoursOf(report.Minutes),
		Outcomes:     figures.OutcomesOf(report.Levels),
		Withheld:     figures.Months(report.Withheld),
		AsOf:         figures.AsOf(report.AsOf),
	})
}
