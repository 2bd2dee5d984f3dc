package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

type metrics struct{ *tx }

func date(m impact.Month) time.Time { return m.Start(time.UTC) }

func month(at time.Time) impact.Month { return impact.Month{Year: at.Year(), Month: at.Month()} }

// selectZone reads the name of the time zone of the transaction's company.
const selectZone = "SELECT time_zone FROM companies WHERE id = app_company()"

// zoneOf is the time zone that reading selectZone gave, or what it failed with.
func zoneOf(name string, err error) (*time.Location, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.Missing, "no such company")
	}
	if err != nil {
		return nil, err
	}
	return time.LoadLocation(name)
}

// Zone is port.Metrics.
func (m metrics) Zone(ctx context.Context) (*time.Location, error) {
	var name string
	err := m.ask(ctx, one(&name), selectZone)
	return zoneOf(name, err)
}

// Stale is port.Metrics.
func (m metrics) Stale(ctx context.Context) (months []impact.Month, err error) {
	err = m.ask(ctx, func(rows pgx.Rows) error {
		starts, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
		for _, start := range starts {
			months = append(months, month(start))
		}
		return err
	}, "SELECT period_start FROM metrics_company_period WHERE company_id = app_company() AND stale ORDER BY period_start")
	return months, err
}

// Lock is port.Metrics. The snapshot kept with the figures tells whether they include what changed the subject.
func (m metrics) Lock(ctx context.Context, month impact.Month, zone *time.Location, subject string) (impact.Sums, bool, error) {
	from, to := month.Start(zone), month.Add(1).Start(zone)
	m.queue(`INSERT INTO metrics_company_period (company_id, period_start, period_end, created_at, updated_at)
		VALUES (app_company(), $1, $2, $3, $3) ON CONFLICT DO NOTHING`, date(month), date(month.Add(1)).AddDate(0, 0, -1), m.now)
	counted := false
	m.queue("SELECT FROM metrics_company_period WHERE company_id = app_company() AND period_start = $1 FOR UPDATE", date(month))
	err := m.ask(ctx, one(&counted), `
		SELECT NOT p.stale AND p.snapshot IS NOT NULL
			AND coalesce((SELECT bool_and(pg_visible_in_snapshot(c.changed_by, p.snapshot)) FROM (
				SELECT changed_by FROM kintell_sessions WHERE id = $2
				UNION ALL SELECT changed_by FROM scorings WHERE text_id = $2 AND is_current) c), false)
		FROM metrics_company_period p WHERE p.company_id = app_company() AND p.period_start = $1`, date(month), subject)
	if err != nil || counted {
		return impact.Sums{}, counted, err
	}
	sums := impact.Sums{Outcomes: map[outcome.Dimension]impact.Sum{}, People: map[string][]string{}}
	m.queue("UPDATE metrics_company_period SET snapshot = pg_current_snapshot(), stale = false WHERE company_id = app_company() AND period_start = $1", date(month))
	m.queue(`SELECT count(*), coalesce(sum(duration_minutes), 0), coalesce(array_agg(DISTINCT participant_id::text), '{}'), coalesce(array_agg(DISTINCT volunteer_id::text), '{}')
		FROM kintell_sessions WHERE company_id = app_company() AND completed_at >= $1 AND completed_at < $2`, from, to).
		QueryRow(func(row pgx.Row) error {
			var participants, volunteers []string
			err := row.Scan(&sums.Sessions, &sums.Minutes, &participants, &volunteers)
			sums.Participants, sums.Volunteers = len(participants), len(volunteers)
			sums.People[impact.KindParticipant], sums.People[impact.KindVolunteer] = participants, volunteers
			return err
		})
	m.queue(`SELECT count(*) FROM scorings g JOIN feedback_texts t ON t.id = g.text_id JOIN kintell_sessions s ON s.id = t.session_id
		WHERE g.company_id = app_company() AND g.is_current AND g.written_at >= $1 AND g.written_at < $2
			AND t.from_role = 'participant' AND s.participant_id IS NOT NULL`, from, to).
		QueryRow(func(row pgx.Row) error { return row.Scan(&sums.Texts) })
	// A text whose session has not come yet has no known author; it counts once the session does.
	err = m.ask(ctx, func(rows pgx.Rows) error {
		var dimension outcome.Dimension
		var sum impact.Sum
		var people []string
		var bins []int
		_, err := pgx.ForEachRow(rows, []any{&dimension, &sum.N, &sum.Total, &sum.Squares, &bins, &people}, func() error {
			sum.People, sum.Bins = len(people), [outcome.Bins]int(bins)
			sums.Outcomes[dimension], sums.People[impact.ScoredKind(dimension)] = sum, people
			bins, people = nil, nil
			return nil
		})
		return err
	}, `SELECT o.dimension, count(*), sum(o.score)::float8, sum(o.score * o.score)::float8, `+histogram+`, array_agg(DISTINCT s.participant_id::text)
		FROM outcome_scores o JOIN feedback_texts t ON t.id = o.text_id JOIN kintell_sessions s ON s.id = t.session_id
		WHERE o.company_id = app_company() AND o.created_at >= $1 AND o.created_at < $2 AND t.from_role = 'participant' AND s.participant_id IS NOT NULL
		GROUP BY o.dimension ORDER BY o.dimension`, from, to)
	return sums, false, err
}

// histogram counts scores in ten equal bins, the last with 1 in it, as outcome.BinOf does.
const (
	tenth     = "least(floor(o.score * 10), 9)"
	histogram = "ARRAY[count(*) FILTER (WHERE " + tenth + " = 0)," +
		"count(*) FILTER (WHERE " + tenth + " = 1)," +
		"count(*) FILTER (WHERE " + tenth + " = 2)," +
		"count(*) FILTER (WHERE " + tenth + " = 3)," +
		"count(*) FILTER (WHERE " + tenth + " = 4)," +
		"count(*) FILTER (WHERE " + tenth + " = 5)," +
		"count(*) FILTER (WHERE " + tenth + " = 6)," +
		"count(*) FILTER (WHERE " + tenth + " = 7)," +
		"count(*) FILTER (WHERE " + tenth + " = 8)," +
		"count(*) FILTER (WHERE " + tenth + " = 9)]::int[]"
)

// Spread is port.Metrics.
func (m metrics) Spread(ctx context.Context, month impact.Month, zone *time.Location) (portions []impact.Portion, err error) {
	err = m.ask(ctx, func(rows pgx.Rows) error {
		var p impact.Portion
		var bins, reference []int
		_, err := pgx.ForEachRow(rows, []any{&p.Dimension, &p.ModelVersion, &bins, &reference}, func() error {
			p.Bins, p.Reference = [outcome.Bins]int(bins), [outcome.Bins]int(reference)
			portions = append(portions, p)
			bins, reference = nil, nil
			return nil
		})
		return err
	}, `SELECT o.dimension, c.model_version, `+histogram+`, c.reference
		FROM outcome_scores o JOIN calibrations c ON c.id = o.calibration_id
		JOIN feedback_texts t ON t.id = o.text_id JOIN kintell_sessions s ON s.id = t.session_id
		WHERE o.company_id = app_company() AND o.created_at >= $1 AND o.created_at < $2 AND t.from_role = 'participant' AND s.participant_id IS NOT NULL
		GROUP BY o.dimension, c.id ORDER BY c.id`, month.Start(zone), month.Add(1).Start(zone))
	return portions, err
}

// Drifted is port.Metrics.
func (m metrics) Drifted(drifts []port.News[impact.Drift]) {
	for _, news := range drifts {
		d, e := news.Fact, m.envelope(news.Event)
		m.counted(m.queue(`
			WITH kept AS (
				INSERT INTO outcome_drift AS d (company_id, period_start, dimension, model_version, level, psi, n, told_at)
				SELECT app_company(), $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT FROM outcome_drift g
					WHERE g.company_id = app_company() AND g.period_start = $1 AND g.dimension = $2 AND g.model_version = $3 AND g.level > $4)
				ON CONFLICT DO NOTHING RETURNING 1
			), told AS (
				INSERT INTO outbox (company_id, cause_id, envelope) SELECT app_company(), $8, $9 FROM kept
			)
			SELECT count(*) FROM kept`,
			date(d.Month), string(d.Dimension), d.ModelVersion, d.Level.Gravity(), d.PSI, d.N, m.now, e.cause, e.text))
	}
}

// Keep is port.Metrics.
func (m metrics) Keep(f impact.Figures, sums impact.Sums) {
	start := date(f.Month)
	m.queue(`UPDATE metrics_company_period SET participants_count = $2, volunteers_count = $3, sessions_count = $4, minutes_total = $5,
			avg_language_level = $6, avg_job_readiness = $7, updated_at = $8, texts_count = $9
		WHERE company_id = app_company() AND period_start = $1`,
		start, f.Participants, f.Volunteers, f.Sessions, f.Minutes, f.AvgLanguageLevel, f.AvgJobReadiness, f.AsOf, f.Texts)
	m.queue("DELETE FROM outcome_month WHERE company_id = app_company() AND period_start = $1", start)
	for _, d := range outcome.Dimensions {
		if s, ok := f.Outcomes[d]; ok && s.N > 0 {
			m.queue("INSERT INTO outcome_month (company_id, period_start, dimension, n, people, total, squares, bins) VALUES (app_company(), $1, $2, $3, $4, $5, $6, $7)",
				start, string(d), s.N, s.People, s.Total, s.Squares, s.Bins[:])
		}
	}
	var kinds, persons []string
	for kind, ids := range sums.People {
		for _, id := range ids {
			kinds, persons = append(kinds, kind), append(persons, id)
		}
	}
	m.queue(`DELETE FROM participation_month WHERE company_id = app_company() AND period_start = $1
		AND (kind, person_id) NOT IN (SELECT * FROM unnest($2::text[], $3::uuid[]))`, start, kinds, persons)
	m.queue(`INSERT INTO participation_month (company_id, period_start, kind, person_id)
		SELECT app_company(), $1, g.kind, g.person FROM unnest($2::text[], $3::uuid[]) AS g(kind, person) ON CONFLICT DO NOTHING`, start, kinds, persons)
}
