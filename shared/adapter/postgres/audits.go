package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

type audits struct{ *tx }

// Draw is port.Audits. Places are those of outcome.Place.
func (a audits) Draw(ctx context.Context, sample impact.Sample) (int, error) {
	zone, err := metrics(a).Zone(ctx)
	if err != nil {
		return 0, err
	}
	period := sample.Quarter.Period()
	var texts, places []string
	err = a.ask(ctx, func(rows pgx.Rows) error {
		var text, place string
		_, err := pgx.ForEachRow(rows, []any{&text, &place}, func() error {
			texts, places = append(texts, text), append(places, place)
			return nil
		})
		return err
	}, `
		SELECT t.id::text, encode(sha256(convert_to($1 || E'\n' || t.id::text, 'UTF8')), 'hex') COLLATE "C" AS place
		FROM scorings g JOIN feedback_texts t ON t.id = g.text_id JOIN kintell_sessions s ON s.id = t.session_id
		WHERE g.company_id = app_company() AND g.is_current AND g.written_at >= $2 AND g.written_at < $3
			AND t.from_role = 'participant' AND s.participant_id IS NOT NULL
		ORDER BY place LIMIT $4`, sample.Seed, period.From.Start(zone), period.To.Add(1).Start(zone), sample.Size)
	if err != nil {
		return 0, err
	}
	ids, cut := make([]string, len(texts)), ""
	for i, text := range texts {
		ids[i], cut = identity.ID(a.Company(), "audit", sample.Quarter.String()+"/"+sample.Seed, text), places[i]
	}
	a.queue(`INSERT INTO audit_samples (company_id, quarter, seed, size, cut, drawn_at) VALUES (app_company(), $1, $2, $3, $4, $5)
		ON CONFLICT (company_id, quarter, seed) DO UPDATE SET size = excluded.size, cut = excluded.cut, drawn_at = excluded.drawn_at`,
		date(period.From), sample.Seed, sample.Size, cut, a.now)
	a.queue(`INSERT INTO audit_items (id, company_id, quarter, seed, text_id, place, drawn_at)
		SELECT g.id, app_company(), $4, $5, g.text_id, g.place, $6 FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS g(id, text_id, place)
		ON CONFLICT DO NOTHING`, ids, texts, places, date(period.From), sample.Seed, a.now)
	return len(texts), nil
}

// Next is port.Audits.
func (a audits) Next(ctx context.Context, quarter impact.Quarter, reviewer string, limit int) (items []outcome.Item, err error) {
	err = a.ask(ctx, func(rows pgx.Rows) (err error) {
		items, err = pgx.CollectRows(rows, pgx.RowToStructByPos[outcome.Item])
		return err
	}, `
		SELECT i.id::text, i.text_id::text FROM audit_samples m
		JOIN audit_items i ON i.company_id = m.company_id AND i.quarter = m.quarter AND i.seed = m.seed AND i.place <= m.cut
		WHERE m.company_id = app_company() AND m.quarter = $1 AND NOT EXISTS (SELECT FROM audit_answers a WHERE a.item_id = i.id AND a.reviewer = $2)
		ORDER BY EXISTS (SELECT FROM audit_answers a WHERE a.item_id = i.id), i.place, i.id LIMIT $3`, date(quarter.First()), reviewer, limit)
	return items, err
}

// Answer is port.Audits.
func (a audits) Answer(ctx context.Context, item, reviewer string, labels outcome.Labels) (outcome.Scoring, error) {
	raw, err := json.Marshal(labels)
	if err != nil { // numbers alone
		panic("encode labels: " + err.Error())
	}
	scoring, err := a.compared(ctx, item)
	if err != nil {
		return outcome.Scoring{}, err
	}
	var kept []string
	err = a.ask(ctx, func(rows pgx.Rows) (err error) {
		kept, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, `
		INSERT INTO audit_answers (item_id, reviewer, company_id, scoring_id, text_version, labels, answered_at)
		SELECT i.id, $2, app_company(), $3, text_version(t.id, t.body), $4, $5 FROM audit_items i JOIN feedback_texts t ON t.id = i.text_id
		WHERE i.id = $1 ON CONFLICT ON CONSTRAINT audit_answers_once DO NOTHING RETURNING item_id::text`, item, reviewer, scoring.ID, raw, a.now)
	if err == nil && len(kept) == 0 {
		err = fault.New(fault.Conflict, "you have answered this already")
	}
	if err != nil {
		return outcome.Scoring{}, err
	}
	return scoring, nil
}

// compared is the current scoring of an item's text, with its evidence.
func (a audits) compared(ctx context.Context, item string) (s outcome.Scoring, err error) {
	err = a.ask(ctx, one(&s.ID, &s.TextID, &s.Method, &s.ModelVersion, &s.RubricVersion, &s.Language, &s.Reason, &s.At), `
		SELECT g.id::text, g.text_id::text, g.method, g.model_version, coalesce(g.rubric_version, ''), coalesce(g.language, ''), g.reason, g.scored_at
		FROM audit_items i JOIN scorings g ON g.text_id = i.text_id AND g.is_current WHERE i.id = $1 AND i.company_id = app_company()`, item)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fault.New(fault.Missing, "no such item")
	}
	if err != nil {
		return s, err
	}
	s.At = s.At.UTC()
	found := map[outcome.Dimension]*outcome.Score{}
	err = a.ask(ctx, func(rows pgx.Rows) error {
		var score outcome.Score
		var start, end *int
		var quote *string
		_, err := pgx.ForEachRow(rows, []any{&score.Dimension, &score.Value, &score.Confidence, &score.Direction, &score.Calibration, &start, &end, &quote}, func() error {
			if found[score.Dimension] == nil {
				first := score
				first.Evidence = nil
				found[score.Dimension] = &first
			}
			if start != nil && end != nil {
				of := found[score.Dimension]
				of.Evidence = append(of.Evidence, outcome.Span{Start: *start, End: *end, Text: *quote})
			}
			return nil
		})
		return err
	}, `
		SELECT o.dimension, o.score::float8, o.confidence::float8, coalesce(o.direction, ''), coalesce(o.calibration_id, ''), e.starts_at, e.ends_at, e.snippet_text
		FROM outcome_scores o LEFT JOIN evidence_snippets e ON e.outcome_score_id = o.id WHERE o.scoring_id = $1 ORDER BY e.starts_at, e.id`, s.ID)
	for _, d := range outcome.Dimensions {
		if found[d] != nil {
			s.Scores = append(s.Scores, *found[d])
		}
	}
	return s, err
}

// Compared is port.Audits.
func (a audits) Compared(ctx context.Context, quarter impact.Quarter) (all []outcome.Comparison, err error) {
	collect := func(rows pgx.Rows) error {
		var c outcome.Comparison
		_, err := pgx.ForEachRow(rows, []any{&c.Dimension, &c.Language, &c.ModelVersion, &c.A, &c.B}, func() error {
			all = append(all, c)
			c = outcome.Comparison{}
			return nil
		})
		return err
	}
	a.queue(`
		SELECT l.key, coalesce(g.language, ''), g.model_version, (l.value #>> '{}')::float8, coalesce(g.scores -> l.key -> 'value', g.scores -> l.key -> 'score')::float8
		FROM audit_items i JOIN audit_answers a ON a.item_id = i.id JOIN scorings g ON g.id = a.scoring_id, jsonb_each(a.labels) l
		WHERE i.company_id = app_company() AND i.quarter = $1 ORDER BY i.place, i.id, a.answered_at, a.reviewer, l.key`, date(quarter.First())).Query(collect)
	err = a.ask(ctx, collect, `
		WITH numbered AS (
			SELECT a.*, row_number() OVER (PARTITION BY a.item_id ORDER BY a.answered_at, a.reviewer) AS nth
			FROM audit_items i JOIN audit_answers a ON a.item_id = i.id WHERE i.company_id = app_company() AND i.quarter = $1
		)
		SELECT l.key, coalesce(g.language, ''), '', (l.value #>> '{}')::float8, (b.labels ->> l.key)::float8
		FROM numbered a JOIN numbered b ON b.item_id = a.item_id AND b.nth = 2 AND b.text_version = a.text_version JOIN scorings g ON g.id = a.scoring_id,
			jsonb_each(a.labels) l WHERE a.nth = 1 AND b.labels ? l.key ORDER BY a.item_id, l.key`, date(quarter.First()))
	return all, err
}

// Labels is port.Impact. Of several answers the first counts, and of a text in several samples one item.
func (l *Ledger) Labels(ctx context.Context, company string, p impact.Period) ([]impact.Labelled, error) {
	zone, err := l.Zone(ctx, company)
	if err != nil {
		return nil, err
	}
	var found []impact.Labelled
	err = l.read(ctx, company, func(ctx context.Context, q queryer) error {
		rows, err := q.Query(ctx, `
			WITH read AS (
				SELECT DISTINCT ON (i.text_id) i.text_id, a.labels FROM audit_samples m
				JOIN audit_items i ON i.company_id = m.company_id AND i.quarter = m.quarter AND i.seed = m.seed AND i.place <= m.cut
				JOIN audit_answers a ON a.item_id = i.id JOIN feedback_texts t ON t.id = i.text_id
				WHERE m.company_id = app_company() AND m.quarter BETWEEN $1 AND $2 AND a.text_version = text_version(t.id, t.body)
				ORDER BY i.text_id, i.id, a.answered_at, a.reviewer
			)
			SELECT g.written_at, s.participant_id::text, r.labels, g.scores
			FROM read r JOIN scorings g ON g.text_id = r.text_id AND g.is_current JOIN feedback_texts t ON t.id = r.text_id JOIN kintell_sessions s ON s.id = t.session_id
			WHERE t.from_role = 'participant' AND s.participant_id IS NOT NULL AND g.written_at >= $3 AND g.written_at < $4 ORDER BY r.text_id`,
			date(impact.QuarterOf(p.From).First().Add(-3)), date(p.To), p.From.Start(zone), p.To.Add(1).Start(zone))
		if err != nil {
			return err
		}
		var at time.Time
		var person string
		var labels outcome.Labels
		var scores map[outcome.Dimension]*struct{ Value, Score *float64 } // score is how the code before 0002 called it
		_, err = pgx.ForEachRow(rows, []any{&at, &person, &labels, &scores}, func() error {
			of := impact.Labelled{Month: impact.MonthOf(at, zone), Person: person, Pairs: map[outcome.Dimension]outcome.Pair{}}
			for d, label := range labels {
				pair := outcome.Pair{A: label}
				if s := scores[d]; s != nil {
					pair.B = cmp.Or(s.Value, s.Score)
				}
				of.Pairs[d] = pair
			}
			found = append(found, of)
			labels, scores = nil, nil
			return nil
		})
		return err
	})
	return found, err
}
