package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
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
		rows, err := q.Query(ctx, `SELECT period_start, participants_count, volunteers_count, sessions_count, minutes_total, texts_count,
				avg_language_level::float8, avg_job_readiness::float8, updated_at
			FROM metrics_company_period WHERE company_id = app_company() AND period_start BETWEEN $1 AND $2 AND snapshot IS NOT NULL ORDER BY period_start`,
			date(p.From), date(p.To))
		if err != nil {
			return err
		}
		var start time.Time
		var f impact.Figures
		_, err = pgx.ForEachRow(rows, []any{&start, &f.Participants, &f.Volunteers, &f.Sessions, &f.Minutes, &f.Texts, &f.AvgLanguageLevel, &f.AvgJobReadiness, &f.AsOf}, func() error {
			f.Month, f.AsOf, f.Outcomes = month(start), f.AsOf.UTC(), map[outcome.Dimension]impact.Sum{}
			place[f.Month] = len(months)
			months = append(months, f)
			f = impact.Figures{}
			return nil
		})
		if err != nil {
			return err
		}
		rows, err = q.Query(ctx, `SELECT period_start, dimension, n, people, total::float8, squares::float8, bins FROM outcome_month
			WHERE company_id = app_company() AND period_start BETWEEN $1 AND $2`, date(p.From), date(p.To))
		if err != nil {
			return err
		}
		var dimension outcome.Dimension
		var sum impact.Sum
		var bins []int
		_, err = pgx.ForEachRow(rows, []any{&start, &dimension, &sum.N, &sum.People, &sum.Total, &sum.Squares, &bins}, func() error {
			sum.Bins = [outcome.Bins]int(bins)
			bins = nil
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

// Quotes is port.Impact. The order, and what a quote is called, is made of an id by a hash: it tells neither when a text was written nor
// which quotes are of one person.
func (l *Ledger) Quotes(ctx context.Context, company string, cells []impact.Cell, after string, limit int) ([]impact.Quote, error) {
	zone, err := l.Zone(ctx, company)
	if err != nil {
		return nil, err
	}
	var dimensions []string
	var from, to []time.Time
	for _, cell := range cells {
		for _, d := range outcome.Dimensions {
			if cell.Kind == impact.ScoredKind(d) {
				dimensions = append(dimensions, string(d))
				from, to = append(from, cell.Month.Start(zone)), append(to, cell.Month.Add(1).Start(zone))
			}
		}
	}
	var found []impact.Quote
	err = l.read(ctx, company, func(ctx context.Context, q queryer) error {
		rows, err := q.Query(ctx, `
			SELECT ref, o.created_at, o.dimension, o.score::float8, coalesce(o.direction, ''), o.method, o.model_version, coalesce(n.rubric_version, ''),
				e.starts_at, e.ends_at, e.snippet_text, t.body, c.findings,
				ARRAY(SELECT concat_ws(' ', u.first_name, u.last_name) FROM users u WHERE u.id IN (s.participant_id, s.volunteer_id) ORDER BY u.id)
			FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS g(dimension, start, finish)
			JOIN outcome_scores o ON o.company_id = app_company() AND o.dimension = g.dimension AND o.created_at >= g.start AND o.created_at < g.finish
			JOIN scorings n ON n.id = o.scoring_id JOIN evidence_snippets e ON e.outcome_score_id = o.id
			JOIN feedback_texts t ON t.id = o.text_id JOIN kintell_sessions s ON s.id = t.session_id
			JOIN screenings c ON c.content_id = t.id AND c.text_version = text_version(t.id, t.body)
			CROSS JOIN LATERAL (SELECT left(encode(sha256(convert_to(e.id::text, 'UTF8')), 'hex'), 32) COLLATE "C") AS r(ref)
			WHERE t.from_role = 'participant' AND s.participant_id IS NOT NULL AND ref > $4 AND showable(t.id)
				AND substring(t.body FROM e.starts_at + 1 FOR e.ends_at - e.starts_at) = e.snippet_text
			ORDER BY ref LIMIT $5`, dimensions, from, to, after, limit)
		if err != nil {
			return err
		}
		var one impact.Quote
		var at time.Time
		var kept []finding
		_, err = pgx.ForEachRow(rows, []any{
			&one.Ref, &at, &one.Dimension, &one.Score, &one.Direction, &one.Method, &one.ModelVersion, &one.RubricVersion,
			&one.Span.Start, &one.Span.End, &one.Span.Text, &one.Body, &kept, &one.Names,
		}, func() error {
			one.Month, one.Personal = impact.MonthOf(at, zone), safety.Screening{Findings: foundOf(kept)}.Personal()
			found = append(found, one)
			one.Names, kept = nil, nil
			return nil
		})
		return err
	})
	return found, err
}
