package postgres

import (
	"cmp"
	"hash/fnv"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/port"
)

type sessions struct{ *tx }

// Sessions of the same two people at the same minute are looked for by the index of open bookings, or of the participant. The other conditions are
// written so that no other index suits them: on tables that are still empty Postgres cannot tell which is the good one.

// pairing serialises whoever keeps sessions of the same two people at the same minute, so that a booking and its completion that
// arrive at once still meet. The keys are few, so that a chunk of a file takes few locks.
const pairing = 4096

func pairKey(company string, kind session.Type, participant, volunteer string, at time.Time) int64 {
	h := fnv.New64a()
	for _, part := range []string{company, string(kind), participant, volunteer, at.UTC().Format("200601021504")} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return int64(h.Sum64() % pairing)
}

// complete keeps sessions that were held. What a correction does not mention stays as it was. A booking of the same people, programme and minute under another external id is absorbed:
// its row goes, its id and its ratings stay with the session. Reading gone makes the booking go before its id, which is unique, is given away.
const complete = `
WITH given AS (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::int[], $9::text[], $10::text[],
    $11::text[], $12::timestamptz[], $13::uuid[], $14::text[])
    AS g(id, external_id, session_type, participant_id, volunteer_id, scheduled_at, completed_at, minutes, level, topics, metadata, sent_at, cause_id, envelope)
), old AS MATERIALIZED (
  SELECT * FROM kintell_sessions WHERE id = ANY($1) ORDER BY id FOR UPDATE
), need AS (
  SELECT g.*, row_number() OVER (PARTITION BY g.session_type, g.participant_id, g.volunteer_id, date_trunc('minute', g.scheduled_at)
    ORDER BY g.scheduled_at, g.id) AS place
  FROM given g LEFT JOIN old o USING (id) WHERE o.external_booking_id IS NULL AND o.completed_at IS NULL
), pair AS MATERIALIZED (
  SELECT n.id, b.id AS booking, b.place AS row_place, b.external_booking_id
  FROM need n CROSS JOIN LATERAL (
    SELECT f.id, f.ctid AS place, f.external_booking_id FROM kintell_sessions f
    WHERE f.external_session_id IS NULL AND coalesce(f.completed_at, 'infinity') = 'infinity'
      AND f.participant_id = n.participant_id AND f.volunteer_id IS NOT DISTINCT FROM n.volunteer_id AND f.session_type = n.session_type AND f.sender = $15
      AND f.scheduled_at >= date_trunc('minute', n.scheduled_at) AND f.scheduled_at < date_trunc('minute', n.scheduled_at) + interval '1 minute'
      AND f.id <> ALL($1)
    ORDER BY f.scheduled_at, f.created_at, f.id OFFSET n.place - 1 LIMIT 1) b
), gone AS (
  DELETE FROM kintell_sessions s WHERE s.ctid = ANY (ARRAY(SELECT row_place FROM pair)) RETURNING s.id
), kept AS (
  INSERT INTO kintell_sessions AS s (id, company_id, sender, external_session_id, external_booking_id, session_type, participant_id, volunteer_id,
    scheduled_at, completed_at, duration_minutes, language_level, topics, metadata, sent_at, created_at, updated_at)
  SELECT g.id, app_company(), $15, g.external_id, p.external_booking_id, g.session_type, g.participant_id, g.volunteer_id, g.scheduled_at, g.completed_at,
    nullif(g.minutes, 0), nullif(g.level, ''), string_to_array(nullif(g.topics, ''), E'\x1f'), nullif(g.metadata, '')::jsonb, g.sent_at, $16, $16
  FROM given g LEFT JOIN (SELECT pair.* FROM pair JOIN gone ON gone.id = pair.booking) p ON p.id = g.id ORDER BY g.id
  ON CONFLICT (id) DO UPDATE SET external_session_id = excluded.external_session_id,
    external_booking_id = coalesce(s.external_booking_id, excluded.external_booking_id), session_type = excluded.session_type,
    participant_id = excluded.participant_id, volunteer_id = excluded.volunteer_id, scheduled_at = excluded.scheduled_at,
    completed_at = excluded.completed_at, duration_minutes = coalesce(excluded.duration_minutes, s.duration_minutes),
    language_level = coalesce(excluded.language_level, s.language_level), topics = coalesce(excluded.topics, s.topics),
    metadata = coalesce(excluded.metadata, s.metadata), sent_at = excluded.sent_at, updated_at = excluded.updated_at,
    changed_by = pg_current_xact_id()
  WHERE s.completed_at IS NULL OR (excluded.sent_at > s.sent_at AND
    (s.session_type, s.participant_id, s.volunteer_id, s.scheduled_at, s.completed_at, s.duration_minutes, s.language_level, s.topics, s.metadata)
    IS DISTINCT FROM (excluded.session_type, excluded.participant_id, excluded.volunteer_id, excluded.scheduled_at, excluded.completed_at,
    coalesce(excluded.duration_minutes, s.duration_minutes), coalesce(excluded.language_level, s.language_level),
    coalesce(excluded.topics, s.topics), coalesce(excluded.metadata, s.metadata)))
  RETURNING s.id
), moved AS (
  SELECT o.completed_at AS at FROM kept JOIN old o USING (id) WHERE o.completed_at IS NOT NULL
  UNION ALL SELECT s.written_at FROM kept JOIN old o USING (id) JOIN given g USING (id)
    JOIN feedback_texts t ON t.session_id = o.id JOIN scorings s ON s.text_id = t.id AND s.is_current WHERE o.participant_id IS DISTINCT FROM g.participant_id
), rated AS (
  UPDATE ratings r SET session_id = p.id FROM pair p WHERE r.session_id = p.booking AND r.session_id = ANY (ARRAY(SELECT booking FROM pair))
), written AS (
  UPDATE feedback_texts t SET session_id = p.id FROM pair p WHERE t.session_id = p.booking AND t.session_id = ANY (ARRAY(SELECT booking FROM pair))
), outdated AS (
  UPDATE metrics_company_period m SET stale = true FROM moved JOIN companies c ON c.id = app_company()
  WHERE m.company_id = c.id AND m.period_start = date_trunc('month', moved.at AT TIME ZONE c.time_zone)::date
), audited AS (
  INSERT INTO audit_logs (company_id, actor_id, action, resource_type, resource_id, before_state, after_state, timestamp)
  SELECT app_company(), $17, CASE WHEN o.completed_at IS NULL THEN 'CREATE' ELSE 'UPDATE' END, 'session', g.id::text,
    CASE WHEN o.completed_at IS NOT NULL THEN jsonb_build_object('sessionType', o.session_type, 'participantId', o.participant_id, 'volunteerId', o.volunteer_id,
      'scheduledAt', o.scheduled_at, 'completedAt', o.completed_at, 'durationMinutes', o.duration_minutes, 'languageLevel', o.language_level) END,
    CASE WHEN o.completed_at IS NOT NULL THEN jsonb_build_object('sessionType', g.session_type, 'participantId', g.participant_id, 'volunteerId', g.volunteer_id,
      'scheduledAt', g.scheduled_at, 'completedAt', g.completed_at, 'durationMinutes', coalesce(nullif(g.minutes, 0), o.duration_minutes), 'languageLevel', coalesce(nullif(g.level, ''), o.language_level)) END, $16
  FROM given g JOIN kept USING (id) LEFT JOIN old o USING (id)
), told AS (
  INSERT INTO outbox (company_id, cause_id, envelope) SELECT app_company(), g.cause_id, g.envelope FROM given g JOIN kept USING (id)
)
SELECT count(*) FROM kept`

// completeNew is what nearly every webhook needs: a session nobody has heard of, and no booking to absorb. Where that is not so it fails,
// by the session's key or by a division by zero, and the ledger runs the transaction again the long way.
const completeNew = `
WITH audited AS (
  INSERT INTO audit_logs (company_id, actor_id, action, resource_type, resource_id, timestamp) VALUES (app_company(), $15, 'CREATE', 'session', $1::text, $14)
), told AS (
  INSERT INTO outbox (company_id, cause_id, envelope) VALUES (app_company(), $16, $17)
)
INSERT INTO kintell_sessions (id, company_id, sender, external_session_id, session_type, participant_id, volunteer_id,
  scheduled_at, completed_at, duration_minutes, language_level, topics, metadata, sent_at, created_at, updated_at)
SELECT $1::text::uuid, app_company(), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14
WHERE 1 / CASE WHEN EXISTS (SELECT FROM kintell_sessions f
    WHERE f.external_session_id IS NULL AND coalesce(f.completed_at, 'infinity') = 'infinity' AND f.participant_id = $5 AND f.volunteer_id IS NOT DISTINCT FROM $6
      AND f.scheduled_at >= date_trunc('minute', $7::timestamptz) AND f.scheduled_at < date_trunc('minute', $7::timestamptz) + interval '1 minute')
  THEN 0 ELSE 1 END = 1`

// completeAllNew is the same for many, which is what most chunks of a file are.
const completeAllNew = `
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::int[], $9::text[], $10::text[],
    $11::text[], $12::timestamptz[], $13::uuid[], $14::text[])
    AS g(id, external_id, session_type, participant_id, volunteer_id, scheduled_at, completed_at, minutes, level, topics, metadata, sent_at, cause_id, envelope)
), audited AS (
  INSERT INTO audit_logs (company_id, actor_id, action, resource_type, resource_id, timestamp)
  SELECT app_company(), $17, 'CREATE', 'session', g.id::text, $16 FROM given g
), told AS (
  INSERT INTO outbox (company_id, cause_id, envelope) SELECT app_company(), g.cause_id, g.envelope FROM given g
)
INSERT INTO kintell_sessions (id, company_id, sender, external_session_id, session_type, participant_id, volunteer_id,
  scheduled_at, completed_at, duration_minutes, language_level, topics, metadata, sent_at, created_at, updated_at)
SELECT g.id, app_company(), $15, g.external_id, g.session_type, g.participant_id, g.volunteer_id, g.scheduled_at, g.completed_at,
  nullif(g.minutes, 0), nullif(g.level, ''), string_to_array(nullif(g.topics, ''), E'\x1f'), nullif(g.metadata, '')::jsonb, g.sent_at, $16, $16
FROM given g
WHERE 1 / CASE WHEN EXISTS (SELECT FROM kintell_sessions f
    WHERE f.external_session_id IS NULL AND coalesce(f.completed_at, 'infinity') = 'infinity'
      AND f.participant_id = g.participant_id AND f.volunteer_id IS NOT DISTINCT FROM g.volunteer_id
      AND f.scheduled_at >= date_trunc('minute', g.scheduled_at) AND f.scheduled_at < date_trunc('minute', g.scheduled_at) + interval '1 minute')
  THEN 0 ELSE 1 END = 1`

func (s sessions) completeNew(news port.News[session.Completion]) {
	c, e := news.Fact, s.envelope(news.Event)
	orNull := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	topics := c.Topics
	if len(topics) == 0 {
		topics = nil
	}
	var minutes *int32
	if c.Minutes > 0 {
		n := int32(c.Minutes)
		minutes = &n
	}
	s.lock(pairKey(s.Company(), c.Type, c.Participant, c.Volunteer, c.ScheduledAt))
	s.changes++ // or the whole transaction fails
	s.queue(completeNew, c.ID, c.Sender, c.ExternalID, string(c.Type), c.Participant, c.Volunteer, c.ScheduledAt, c.CompletedAt, minutes,
		orNull(c.LanguageLevel), topics, orNull(c.Metadata), c.SentAt, s.now, s.scope.Actor, e.cause, e.text)
}

// Complete is port.Sessions.
func (s sessions) Complete(completions []port.News[session.Completion]) {
	completions = latest(completions, func(c session.Completion) (string, time.Time) { return c.ID, c.SentAt })
	if len(completions) == 0 {
		return
	}
	if len(completions) == 1 && !s.careful && !s.begun {
		s.completeNew(completions[0])
		return
	}
	n := len(completions)
	ids, externals, kinds, participants, volunteers := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	scheduled, completed, minutes, sent := make([]time.Time, n), make([]time.Time, n), make([]int32, n), make([]time.Time, n)
	levels, topics, metadata, causes, envelopes := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	keys := make([]int64, n)
	for i, news := range completions {
		c, e := news.Fact, s.envelope(news.Event)
		ids[i], externals[i], kinds[i], participants[i], volunteers[i] = c.ID, c.ExternalID, string(c.Type), c.Participant, c.Volunteer
		scheduled[i], completed[i], minutes[i], sent[i] = c.ScheduledAt, c.CompletedAt, int32(c.Minutes), c.SentAt
		levels[i], topics[i], metadata[i], causes[i], envelopes[i] = c.LanguageLevel, joinTopics(c.Topics), c.Metadata, e.cause, e.text
		keys[i] = pairKey(s.Company(), c.Type, c.Participant, c.Volunteer, c.ScheduledAt)
	}
	s.lock(keys...)
	if !s.careful && !s.begun && !s.ledger.known.Load() {
		s.ledger.known.Store(true) // unless it succeeds: a file sent again is known chunk after chunk
		s.done = func() { s.ledger.known.Store(false) }
		s.changes += n // or the whole transaction fails
		s.queue(completeAllNew, ids, externals, kinds, participants, volunteers, scheduled, completed, minutes, levels, topics, metadata, sent,
			causes, envelopes, completions[0].Fact.Sender, s.now, s.scope.Actor)
		return
	}
	before := s.changes
	s.done = func() { s.ledger.known.Store(s.changes-before < n) }
	s.counted(s.queue(complete, ids, externals, kinds, participants, volunteers, scheduled, completed, minutes, levels, topics, metadata, sent,
		causes, envelopes, completions[0].Fact.Sender, s.now, s.scope.Actor))
}

// book keeps bookings. One whose session was held already only lends it its id; a stub that a rating made is filled.
const book = `
WITH given AS (
  SELECT *, row_number() OVER (PARTITION BY session_type, participant_id, volunteer_id, date_trunc('minute', scheduled_at) ORDER BY scheduled_at, id) AS place
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::text[])
    AS g(id, booking_id, session_type, participant_id, volunteer_id, scheduled_at, sent_at, cause_id, envelope)
  WHERE NOT EXISTS (SELECT FROM kintell_sessions s WHERE s.sender = $10 AND s.external_booking_id = g.booking_id AND s.company_id = app_company() AND s.id <> g.id)
), old AS MATERIALIZED (
  SELECT * FROM kintell_sessions WHERE id = ANY($1) ORDER BY id FOR UPDATE
), held AS (
  UPDATE kintell_sessions s SET external_booking_id = p.booking_id, updated_at = $11
  FROM (SELECT g.booking_id, h.id FROM given g LEFT JOIN old o ON o.id = g.id CROSS JOIN LATERAL (
      SELECT c.id FROM kintell_sessions c
      WHERE c.participant_id = g.participant_id AND c.volunteer_id IS NOT DISTINCT FROM g.volunteer_id AND c.session_type = g.session_type
        AND c.completed_at IS NOT NULL AND c.external_booking_id IS NULL AND c.sender = $10 AND c.id <> ALL($1)
        AND c.scheduled_at >= date_trunc('minute', g.scheduled_at) AND c.scheduled_at < date_trunc('minute', g.scheduled_at) + interval '1 minute'
      ORDER BY c.scheduled_at, c.created_at, c.id OFFSET g.place - 1 LIMIT 1) h
    WHERE o.id IS NULL) p
  WHERE s.id = p.id RETURNING s.external_booking_id
), kept AS (
  INSERT INTO kintell_sessions AS s (id, company_id, sender, external_booking_id, session_type, participant_id, volunteer_id, scheduled_at, sent_at, created_at, updated_at)
  SELECT g.id, app_company(), $10, g.booking_id, g.session_type, g.participant_id, g.volunteer_id, g.scheduled_at, g.sent_at, $11, $11
  FROM given g WHERE g.booking_id NOT IN (SELECT external_booking_id FROM held) ORDER BY g.id
  ON CONFLICT (id) DO UPDATE SET external_booking_id = excluded.external_booking_id, updated_at = excluded.updated_at,
    session_type = CASE WHEN s.completed_at IS NULL THEN excluded.session_type ELSE s.session_type END,
    participant_id = CASE WHEN s.completed_at IS NULL THEN excluded.participant_id ELSE s.participant_id END,
    volunteer_id = CASE WHEN s.completed_at IS NULL THEN excluded.volunteer_id ELSE s.volunteer_id END,
    scheduled_at = CASE WHEN s.completed_at IS NULL THEN excluded.scheduled_at ELSE s.scheduled_at END,
    sent_at = CASE WHEN s.completed_at IS NULL THEN excluded.sent_at ELSE s.sent_at END
  WHERE s.external_booking_id IS NULL OR (s.completed_at IS NULL AND excluded.sent_at > s.sent_at AND
    (s.session_type, s.participant_id, s.volunteer_id, s.scheduled_at) IS DISTINCT FROM
    (excluded.session_type, excluded.participant_id, excluded.volunteer_id, excluded.scheduled_at))
  RETURNING s.id, s.completed_at
), audited AS (
  INSERT INTO audit_logs (company_id, actor_id, action, resource_type, resource_id, before_state, timestamp)
  SELECT app_company(), $12, CASE WHEN o.external_booking_id IS NULL THEN 'CREATE' ELSE 'UPDATE' END, 'booking', k.id::text,
    CASE WHEN o.external_booking_id IS NOT NULL THEN jsonb_build_object('sessionType', o.session_type, 'participantId', o.participant_id,
      'volunteerId', o.volunteer_id, 'scheduledAt', o.scheduled_at) END, $11
  FROM kept k LEFT JOIN old o USING (id)
), told AS (
  INSERT INTO outbox (company_id, cause_id, envelope) SELECT app_company(), g.cause_id, g.envelope FROM given g JOIN kept k USING (id) WHERE k.completed_at IS NULL
)
SELECT count(*) FROM kept WHERE completed_at IS NULL`

// Book is port.Sessions.
func (s sessions) Book(bookings []port.News[session.Booking]) {
	bookings = latest(bookings, func(b session.Booking) (string, time.Time) { return b.ID, b.SentAt })
	if len(bookings) == 0 {
		return
	}
	n := len(bookings)
	ids, names, kinds, participants, volunteers := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	scheduled, sent, causes, envelopes, keys := make([]time.Time, n), make([]time.Time, n), make([]string, n), make([]string, n), make([]int64, n)
	for i, news := range bookings {
		b, e := news.Fact, s.envelope(news.Event)
		ids[i], names[i], kinds[i], participants[i], volunteers[i] = b.ID, b.BookingID, string(b.Type), b.Participant, b.Volunteer
		scheduled[i], sent[i], causes[i], envelopes[i] = b.ScheduledAt, b.SentAt, e.cause, e.text
		keys[i] = pairKey(s.Company(), b.Type, b.Participant, b.Volunteer, b.ScheduledAt)
	}
	s.lock(keys...)
	s.counted(s.queue(book, ids, names, kinds, participants, volunteers, scheduled, sent, causes, envelopes, bookings[0].Fact.Sender, s.now, s.scope.Actor))
}

func joinTopics(topics []string) string {
	joined := ""
	for i, topic := range topics {
		if i > 0 {
			joined += "\x1f"
		}
		joined += topic
	}
	return joined
}

// latest keeps one statement about each thing, the later one, in the order of ids: a statement of SQL may touch a row once, and rows
// locked in one order cannot deadlock.
func latest[F any](news []port.News[F], key func(F) (id string, sent time.Time)) []port.News[F] {
	sorted := slices.Clone(news)
	slices.SortStableFunc(sorted, func(a, b port.News[F]) int {
		idA, sentA := key(a.Fact)
		idB, sentB := key(b.Fact)
		return cmp.Or(cmp.Compare(idA, idB), sentB.Compare(sentA))
	})
	return slices.CompactFunc(sorted, func(a, b port.News[F]) bool {
		idA, _ := key(a.Fact)
		idB, _ := key(b.Fact)
		return idA == idB
	})
}
