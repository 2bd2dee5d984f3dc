package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

type texts struct{ *tx }

// rate keeps ratings and their texts: with the session itself where a sender names its booking, and making the stub of a session that has not arrived yet.
const rate = `
WITH given AS (
  SELECT g.id, g.external_id, coalesce(b.id, g.session_id) AS session_id, g.session_ref, g.from_role, g.rating, g.body, g.created_at, g.sent_at, g.cause_id, g.envelope
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::uuid[], $11::text[])
    AS g(id, external_id, session_id, session_ref, from_role, rating, body, created_at, sent_at, cause_id, envelope)
  LEFT JOIN LATERAL (SELECT s.id FROM kintell_sessions s
    WHERE s.external_booking_id = g.session_ref AND s.company_id = app_company() AND s.sender = $12 OFFSET 0 LIMIT 1) b ON true
), stub AS (
  INSERT INTO kintell_sessions (id, company_id, sender, external_session_id, sent_at, created_at, updated_at)
  SELECT DISTINCT ON (g.session_id) g.session_id, app_company(), $12, g.session_ref, g.sent_at, $13, $13 FROM given g ORDER BY g.session_id
  ON CONFLICT (id) DO NOTHING
), old AS MATERIALIZED (
  SELECT r.*, t.body FROM ratings r LEFT JOIN feedback_texts t ON t.id = r.id WHERE r.id = ANY($1) ORDER BY r.id FOR UPDATE OF r
), news AS (
  SELECT g.*, o.id IS NOT NULL AS known, o.rating AS old_rating, coalesce(o.body, '') <> g.body AS rewritten
  FROM given g LEFT JOIN old o USING (id)
  WHERE o.id IS NULL OR (g.sent_at > o.sent_at AND
    (o.session_id, o.from_role, o.rating, o.created_at, coalesce(o.body, '')) IS DISTINCT FROM (g.session_id, g.from_role, g.rating::numeric(4,3), g.created_at, g.body))
), kept AS (
  INSERT INTO ratings AS r (id, company_id, sender, external_rating_id, session_id, from_role, rating, created_at, sent_at, received_at)
  SELECT n.id, app_company(), $12, n.external_id, n.session_id, n.from_role, n.rating, n.created_at, n.sent_at, $13 FROM news n ORDER BY n.id
  ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id, from_role = excluded.from_role, rating = excluded.rating,
    created_at = excluded.created_at, sent_at = excluded.sent_at
  WHERE excluded.sent_at > r.sent_at
  RETURNING r.id
), written AS (
  INSERT INTO feedback_texts AS t (id, company_id, text_type, session_id, from_role, body, created_at)
  SELECT n.id, app_company(), $14, n.session_id, n.from_role, n.body, n.created_at FROM news n JOIN kept USING (id) WHERE n.body <> ''
  ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id, from_role = excluded.from_role, body = excluded.body, created_at = excluded.created_at
), emptied AS (
  DELETE FROM feedback_texts t USING news n JOIN kept USING (id) WHERE t.id = n.id AND n.body = '' AND n.known
), outdated AS (
  UPDATE metrics_company_period m SET stale = true FROM news n JOIN kept USING (id) JOIN scorings s ON s.text_id = n.id AND s.is_current JOIN companies c ON c.id = s.company_id
  WHERE n.known AND m.company_id = c.id AND m.period_start = date_trunc('month', s.written_at AT TIME ZONE c.time_zone)::date
), audited AS (
  INSERT INTO audit_logs (company_id, actor_id, action, resource_type, resource_id, before_state, after_state, timestamp)
  SELECT app_company(), $15, CASE WHEN n.known THEN 'UPDATE' ELSE 'CREATE' END, 'rating', n.id::text,
    CASE WHEN n.known THEN jsonb_build_object('rating', n.old_rating) END,
    CASE WHEN n.known THEN jsonb_build_object('rating', n.rating, 'textChanged', n.rewritten) END, $13
  FROM news n JOIN kept USING (id)
), told AS (
  INSERT INTO outbox (company_id, cause_id, envelope) SELECT app_company(), n.cause_id, n.envelope FROM news n JOIN kept USING (id)
)
SELECT count(*) FROM kept`

// Rate is port.Feedback.
func (f texts) Rate(ratings []port.News[feedback.Rating]) {
	ratings = latest(ratings, func(r feedback.Rating) (string, time.Time) { return r.ID, r.SentAt })
	if len(ratings) == 0 {
		return
	}
	n := len(ratings)
	ids, externals, sessions, refs, roles := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	scores, bodies, created, sent := make([]*float64, n), make([]string, n), make([]time.Time, n), make([]time.Time, n)
	causes, envelopes := make([]string, n), make([]string, n)
	for i, news := range ratings {
		r, e := news.Fact, f.envelope(news.Event)
		ids[i], externals[i], sessions[i], refs[i], roles[i] = r.ID, r.ExternalID, r.SessionID, r.SessionRef, string(r.FromRole)
		scores[i], bodies[i], created[i], sent[i], causes[i], envelopes[i] = r.Score, r.Text, r.CreatedAt, r.SentAt, e.cause, e.text
	}
	f.counted(f.queue(rate, ids, externals, sessions, refs, roles, scores, bodies, created, sent, causes, envelopes,
		ratings[0].Fact.Sender, f.now, feedback.TypeKintellRating, f.scope.Actor))
}

const selectText = `
SELECT t.text_type, t.from_role, coalesce(CASE t.from_role WHEN 'participant' THEN s.participant_id ELSE s.volunteer_id END::text, ''),
	t.session_id::text, t.body, t.created_at
FROM feedback_texts t JOIN kintell_sessions s ON s.id = t.session_id
WHERE t.id = $1 AND t.company_id = app_company()`

// Text is port.Feedback.
func (f texts) Text(ctx context.Context, id string) (feedback.Text, error) {
	return f.text(ctx, id)
}

// Hold is port.Feedback. It locks the rating, without which no text comes back, and then the text, as Rate does, by statements of their
// own: what is read is what stood there once the lock was given.
func (f texts) Hold(ctx context.Context, id string) (feedback.Text, error) {
	f.queue("SELECT FROM ratings WHERE id = $1 AND company_id = app_company() FOR NO KEY UPDATE", id)
	f.queue("SELECT FROM feedback_texts WHERE id = $1 AND company_id = app_company() FOR NO KEY UPDATE", id)
	return f.text(ctx, id)
}

func (f texts) text(ctx context.Context, id string) (feedback.Text, error) {
	text := feedback.Text{ID: id}
	err := f.ask(ctx, one(&text.Type, &text.FromRole, &text.Person, &text.SessionID, &text.Body, &text.CreatedAt), selectText, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return feedback.Text{}, fault.New(fault.Missing, "no such text")
	}
	text.CreatedAt = text.CreatedAt.UTC()
	return text, err
}

// Written is port.Feedback.
func (f texts) Written(ctx context.Context, session string) (written []time.Time, err error) {
	err = f.ask(ctx, func(rows pgx.Rows) (err error) {
		written, err = pgx.CollectRows(rows, pgx.RowTo[time.Time])
		return err
	}, "SELECT created_at FROM feedback_texts WHERE session_id = $1 ORDER BY created_at", session)
	for i := range written {
		written[i] = written[i].UTC()
	}
	return written, err
}
