package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// Zone is port.Impact.
func (l *Ledger) Zone(ctx context.Context, company string) (*time.Location, error) {
	var name string
	err := l.read(ctx, company, func(ctx context.Context, q queryer) error {
		return q.QueryRow(ctx, selectZone).Scan(&name)
	})
	return zoneOf(name, err)
}

// Months is port.Impact.
func (l *Ledger) Months(ctx context.Context, company string, p impact.Period) ([]impact.Figures, error) {
	var months []impact.Figures
	place := map[impact.Month]int{}
	err := l.read(ctx, company, func(ctx context.Context, q queryer) error {
		rows, err := q.Query(ctx, `SELECT period_start, participants_count, volunteers_count, sessions_count, minutes_total,
				avg_language_level::float8, avg_job_readiness::float8, updated_at
			FROM metrics_company_period WHERE company_id = app_company() AND period_start BETWEEN $1 AND $2 AND snapshot IS NOT NULL ORDER BY period_start`,
			date(p.From), date(p.To))
		if err != nil {
			return err
		}
		var start time.Time
		var f impact.Figures
		_, err = pgx.ForEachRow(rows, []any{&start, &f.Participants, &f.Volunteers, &f.Sessions, &f.Minutes, &f.AvgLanguageLevel, &f.AvgJobReadiness, &f.AsOf}, func() error {
			f.Month, f.AsOf, f.Outcomes = month(start), f.AsOf.UTC(), map[outcome.Dimension]impact.Sum{}
			place[f.Month] = len(months)
			months = append(months, f)
			f = impact.Figures{}
			return nil
		})
		if err != nil {
			return err
		}
		rows, err = q.Query(ctx, `SELECT period_start, dimension, n, people, total::float8 FROM outcome_month
			WHERE company_id = app_company() AND period_start BETWEEN $1 AND $2`, date(p.From), date(p.To))
		if err != nil {
			return err
		}
		var dimension outcome.Dimension
		var sum impact.Sum
		_, err = pgx.ForEachRow(rows, []any{&start, &dimension, &sum.N, &sum.People, &sum.Total}, func() error {
			if i, ok := place[month(start)]; ok {
				months[i].Outcomes[dimension] = sum
			}
			return nil
		})
		return err
	})
	return months, err
}

// People is port.Impact.
func (l *Ledger) People(ctx context.Context, company string, cells []impact.Cell) (map[string]int, error) {
	kinds, starts := make([]string, len(cells)), make([]time.Time, len(cells))
	for i, cell := range cells {
		kinds[i], starts[i] = cell.Kind, date(cell.Month)
	}
	counts := map[string]int{}
	err := l.read(ctx, company, func(ctx context.Context, q queryer) error {
		rows, err := q.Query(ctx, `SELECT p.kind, count(DISTINCT p.person_id)
			FROM participation_month p JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::date[])) AS g(kind, start) ON p.kind = g.kind AND p.period_start = g.start
			WHERE p.company_id = app_company() GROUP BY p.kind`, kinds, starts)
		if err != nil {
			return err
		}
		var kind string
		var n int
		_, err = pgx.ForEachRow(rows, []any{&kind, &n}, func() error { counts[kind] = n; return nil })
		return err
	})
	return counts, err
}
