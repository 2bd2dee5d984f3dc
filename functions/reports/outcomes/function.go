// Package outcomes answers how the five outcomes of a company's participants developed, month by month.
//
// Asks:    GET /v1/companies/{companyId}/outcomes?from=YYYY-MM&to=YYYY-MM
// Answers: each outcome's mean with its interval and what it rests on (ppi, human, model), n and people over the period, and a series of the same by month
// Repeats: safe; nothing is changed
// Fails:   a malformed month or unknown parameter is 400; another's company is 404
package outcomes

import (
	"context"
	"net/http"
	"time"

	"github.com/teei/csr-platform/functions/reports/internal/figures"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "reports/outcomes"

// Function is reports/outcomes.
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

// answer is the report as it is sent. An outcome of fewer than five people is null with suppressed true.
type answer struct {
	Company  figures.Company   `json:"company"`
	Period   figures.Period    `json:"period"`
	Outcomes []figures.Outcome `json:"outcomes"`
	Series   []point           `json:"series"`
	AsOf     *time.Time        `json:"asOf"`
}

// point is one month of the series.
type point struct {
	Month    string            `json:"month"`
	Outcomes []figures.Outcome `json:"outcomes"`
}

// Show answers the report of the company in the path.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	report, err := figures.Read(r, h.impact, h.now())
	if err != nil {
		return err
	}
	sent := answer{
		Company:  figures.Company{ID: r.PathValue("companyId")},
		Period:   figures.PeriodOf(report.Period),
		Outcomes: figures.OutcomesOf(report.Levels),
		AsOf:     figures.AsOf(report.AsOf),
	}
	for _, month := range report.Series {
		sent.Series = append(sent.Series, point{month.Month.String(), figures.OutcomesOf(month.Levels)})
	}
	return web.JSON(w, http.StatusOK, sent)
}
