package main

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/teei/csr-platform/shared/adapter/natsbus"
	"github.com/teei/csr-platform/shared/contract"
)

// checkFacts compares everything that was kept with what was sent, row by row.
func (l *load) checkFacts(t *testing.T, ctx context.Context, db *pgx.Conn, importID string) {
	t.Helper()
	texts := func(sql string, args ...any) []string {
		t.Helper()
		rows, err := db.Query(ctx, sql, args...)
		must(t, err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		slices.Sort(list)
		return list
	}
	same := func(what string, want, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	same("sessions", l.sessions, texts(`SELECT coalesce(external_session_id, '') || '|' || coalesce(external_booking_id, '') || '|' ||
		CASE WHEN completed_at IS NULL THEN 0 ELSE duration_minutes END FROM kintell_sessions`))
	same("ratings and their texts", l.ratings, texts(`SELECT r.external_rating_id || '|' || s.external_session_id || '|' || r.from_role || '|' || r.rating || '|' || coalesce(t.body, '')
		FROM ratings r JOIN kintell_sessions s ON s.id = r.session_id LEFT JOIN feedback_texts t ON t.id = r.id AND t.session_id = s.id`))
	same("people", keys(l.people), texts("SELECT email FROM users"))
	same("enrollments", keys(l.enrolled), texts("SELECT u.email || '|' || e.program_type FROM program_enrollments e JOIN users u ON u.id = e.user_id"))
	var delivered []string
	for _, d := range l.deliveries {
		delivered = append(delivered, d.DeliveryID)
	}
	slices.Sort(delivered)
	same("deliveries", delivered, texts("SELECT delivery_id FROM webhook_deliveries"))
	same("the import", []string{"completed|3000|2940|0|60"},
		texts("SELECT status || '|' || row_count || '|' || taken || '|' || same || '|' || refused FROM imports WHERE id = $1", importID))
	same("scorings that are not the one and current of a participant's text", nil, texts(`
		SELECT t.id::text FROM feedback_texts t LEFT JOIN scorings s ON s.text_id = t.id GROUP BY t.id
		HAVING count(*) FILTER (WHERE s.is_current) <> (t.from_role = 'participant')::int OR count(s.id) <> (t.from_role = 'participant')::int`))
	same("scores that are not those of the scoring", nil, texts(`
		SELECT s.text_id || ' ' || d.key FROM scorings s, jsonb_each(s.scores) d LEFT JOIN LATERAL (SELECT) none ON true
		WHERE (d.value <> 'null') <> EXISTS (SELECT FROM outcome_scores o WHERE o.scoring_id = s.id AND o.dimension = d.key AND o.score = (d.value->>'value')::numeric(4,3))`))
	same("texts whose screening is not of what they say", nil, texts(`
		SELECT t.id::text FROM feedback_texts t LEFT JOIN screenings s ON s.content_id = t.id AND s.company_id = t.company_id
		WHERE s.text_version IS DISTINCT FROM encode(sha256(convert_to(t.id::text || chr(10) || t.body, 'UTF8')), 'hex')`))
	same("flags", l.harmful, texts(`SELECT r.external_rating_id || '|' || f.route || '|' || t.body FROM safety_flags f
		JOIN feedback_texts t ON t.id = f.content_id AND t.company_id = f.company_id JOIN ratings r ON r.id = t.id WHERE f.status = 'open' ORDER BY 1`))
	same("texts that are shown though they are held, or held though they are not harmful", nil, texts(`
		SELECT t.id::text FROM feedback_texts t WHERE showable(t.id) = EXISTS (SELECT FROM safety_flags f WHERE f.content_id = t.id)`))
	for table, want := range map[string]int{"screenings": l.written, "safety_flags": len(l.harmful), "feedback_texts WHERE from_role = 'participant'": l.texts, "import_rows": fileRows / wrongEvery, "parked_events": 0, "outbox": 0} {
		var got int
		must(t, db.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&got))
		if got != want {
			t.Errorf("%d rows in %s, want %d", got, table, want)
		}
	}
	for what, recomputed := range figures {
		same(what+" that are not what the facts add up to", nil, texts("WITH kept AS ("+recomputed.kept+"), facts AS ("+recomputed.facts+`)
			(SELECT 'kept ' || k::text FROM (SELECT * FROM kept EXCEPT ALL SELECT * FROM facts) k)
			UNION ALL (SELECT 'facts ' || f::text FROM (SELECT * FROM facts EXCEPT ALL SELECT * FROM kept) f)`))
	}
}

// moderated is how many of the harmful texts nobody is told of at once.
func (l *load) moderated() (n int) {
	for _, one := range l.harmful {
		if strings.Contains(one, "|moderation|") {
			n++
		}
	}
	return n
}

func keys(set map[string]bool) []string {
	var list []string
	for one := range set {
		list = append(list, one)
	}
	slices.Sort(list)
	return list
}

// figures are the tables of monthly figures, and the same computed from the facts in another way than the platform does.
var figures = map[string]struct{ kept, facts string }{
	"months": {
		`SELECT company_id, period_start, sessions_count::bigint, minutes_total::bigint, participants_count::bigint, volunteers_count::bigint, stale FROM metrics_company_period
			WHERE sessions_count > 0`,
		`SELECT s.company_id, date_trunc('month', completed_at AT TIME ZONE c.time_zone)::date, count(*), sum(duration_minutes), count(DISTINCT participant_id),
			count(DISTINCT volunteer_id), false FROM kintell_sessions s JOIN companies c ON c.id = s.company_id WHERE completed_at IS NOT NULL GROUP BY 1, 2`,
	},
	"outcomes of months": {
		`SELECT company_id, period_start, dimension, n::bigint, people::bigint, total, squares, (SELECT sum(b) FROM unnest(bins) b) FROM outcome_month`,
		`SELECT o.company_id, date_trunc('month', t.created_at AT TIME ZONE c.time_zone)::date, o.dimension, count(*), count(DISTINCT s.participant_id), sum(o.score)::numeric(12,3),
				sum(o.score ^ 2)::numeric(14,6), count(*) FROM outcome_scores o JOIN companies c ON c.id = o.company_id JOIN feedback_texts t ON t.id = o.text_id JOIN kintell_sessions s ON s.id = t.session_id GROUP BY 1, 2, 3`,
	},
	"texts of months": {
		`SELECT company_id, period_start, texts_count::bigint FROM metrics_company_period WHERE texts_count > 0`,
		`SELECT g.company_id, date_trunc('month', t.created_at AT TIME ZONE c.time_zone)::date, count(*)
			FROM scorings g JOIN companies c ON c.id = g.company_id JOIN feedback_texts t ON t.id = g.text_id WHERE g.is_current GROUP BY 1, 2`,
	},
	"people of months": {
		`SELECT company_id, period_start, kind, person_id FROM participation_month`,
		`SELECT DISTINCT s.company_id, date_trunc('month', completed_at AT TIME ZONE c.time_zone)::date, k.kind, CASE k.kind WHEN 'participant' THEN participant_id ELSE volunteer_id END
			FROM kintell_sessions s JOIN companies c ON c.id = s.company_id, (VALUES ('participant'), ('volunteer')) k(kind) WHERE completed_at IS NOT NULL
		UNION SELECT DISTINCT o.company_id, date_trunc('month', t.created_at AT TIME ZONE c.time_zone)::date, 'scored:' || o.dimension, s.participant_id
			FROM outcome_scores o JOIN companies c ON c.id = o.company_id JOIN feedback_texts t ON t.id = o.text_id JOIN kintell_sessions s ON s.id = t.session_id`,
	},
}

// checkStream compares the events on the bus with the facts: each fact was told, each event worked by whoever hears it, none given up.
func (l *load) checkStream(t *testing.T, ctx context.Context, v *victim) {
	t.Helper()
	server, err := natsbus.Embedded(filepath.Join(v.dir, "nats"))
	must(t, err)
	defer server.Close()
	conn, err := server.Connect()
	must(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	must(t, err)
	bus, err := natsbus.Open(ctx, conn, natsbus.Options{Report: func(err error) { t.Error(err) }})
	must(t, err)
	defer bus.Close()
	dead, err := bus.DeadLetters(ctx)
	must(t, err)
	for _, letter := range dead {
		t.Errorf("%s was given up by %s", letter.Event.Type, letter.Consumer)
	}
	told := readStream(t, ctx, js)
	want := map[string]int{
		"kintell.session.completed": l.held, "kintell.rating.created": len(l.ratings), "q2q.outcome.scored": l.texts, "import.received": 1,
		"safety.flag.raised": len(l.harmful), "notification.requested": len(l.harmful) - l.moderated(),
	}
	got := map[string]int{}
	for _, e := range told {
		if _, counted := want[e.Type]; counted {
			got[e.Type]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events told, each counted once (-want +got):\n%s", diff)
	}
	db := v.database(ctx)
	unheard := 0
	for id, e := range told {
		for _, by := range hearers[e.Type] {
			var done bool
			must(t, db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM inbox WHERE cause_id = $1 AND by = $2) OR ($2 = 'consumers/scorefeedback'
				AND NOT EXISTS (SELECT FROM feedback_texts WHERE id = $3::text::uuid AND from_role = 'participant'))`, id, by, subject(t, e)).Scan(&done))
			if !done {
				unheard++
			}
		}
	}
	if unheard > 0 {
		t.Errorf("%d events were not worked by a consumer that hears them", unheard)
	}
}

// hearers keep in the inbox what they have finished. An import's progress is kept with the import.
var hearers = map[string][]string{
	"kintell.session.completed": {"consumers/projectprofile", "consumers/rollupmetrics"},
	"q2q.outcome.scored":        {"consumers/rollupmetrics"},
	"kintell.rating.created":    {"consumers/scorefeedback", "consumers/screencontent"},
}

// subject is the rating's id, or the event's own where it is about something else.
func subject(t *testing.T, e contract.Event) string {
	t.Helper()
	if e.Type != "kintell.rating.created" {
		return e.Metadata.ID
	}
	var body contract.KintellRatingCreated
	must(t, json.Unmarshal(e.Data, &body))
	return body.RatingID
}

// readStream gives every event of the stream by its id.
func readStream(t *testing.T, ctx context.Context, js jetstream.JetStream) map[string]contract.Event {
	t.Helper()
	stream, err := js.Stream(ctx, "CSR")
	must(t, err)
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	must(t, err)
	told, messages := map[string]contract.Event{}, 0
	for {
		batch, err := consumer.Fetch(1000, jetstream.FetchMaxWait(500*time.Millisecond))
		must(t, err)
		n := 0
		for m := range batch.Messages() {
			e, err := contract.Parse(m.Data())
			must(t, err)
			told[e.Metadata.ID] = e
			n++
		}
		if err := batch.Error(); err != nil && !errors.Is(err, jetstream.ErrNoMessages) {
			t.Fatal(err)
		}
		messages += n
		if n == 0 {
			break
		}
	}
	if want := int(stream.CachedInfo().State.Msgs); messages != want {
		t.Fatalf("read %d of %d messages of the stream", messages, want)
	}
	t.Logf("%d messages on the stream, %d events", messages, len(told))
	return told
}
