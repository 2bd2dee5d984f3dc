package postgres_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// bus records what is published and refuses while told to.
type bus struct {
	mu     sync.Mutex
	events []contract.Event
	helped []contract.Event
	refuse error
}

func (b *bus) Publish(_ context.Context, events []contract.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return b.refuse
	}
	b.events = append(b.events, events...)
	return nil
}

func (b *bus) Replay(context.Context, string, contract.Event) error { return nil }

func (b *bus) Stalled(_ context.Context, e contract.Event, _ time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.helped = append(b.helped, e)
	return nil
}

func open(t testing.TB, db pgtest.Database, b port.Bus, frozen bool) *postgres.Ledger {
	t.Helper()
	l := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL:      func(context.Context) (string, error) { return db.Service, nil },
			MaxConns: 4, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Bus: func(context.Context) (port.Bus, error) { return b, nil }, Frozen: frozen,
	})
	t.Cleanup(l.Close)
	return l
}

// found makes a company.
func found(t testing.TB, l *postgres.Ledger, slug string) string {
	t.Helper()
	c := company.Company{ID: identity.NewID(), Slug: slug, Name: slug, Kind: company.Partner, TimeZone: "Europe/Oslo", CreatedAt: noon}
	err := l.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error { return tx.Companies().Create(t.Context(), c) })
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func scalar[T any](t testing.TB, url, sql string, args ...any) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	err = conn.QueryRow(t.Context(), sql, args...).Scan(&value)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// hold keeps one session, as a webhook does, and says what the ledger answered.
func hold(t testing.TB, l *postgres.Ledger, companyID, delivery, external string) error {
	t.Helper()
	cause := contract.Cause{
		ID: identity.ID(companyID, "kintell", "delivery", delivery), Company: companyID, At: noon,
		Delivery: &contract.Delivery{ID: delivery, Type: "session-completed", Digest: []byte(external), Size: 1},
	}
	return l.Once(t.Context(), "webhooks/kintell", cause, func(tx port.Tx) error {
		ids, err := tx.People().Persons(t.Context(), []identity.Contact{
			{Email: "mira@sample.test", Role: identity.Participant}, {Email: "paul@sample.test", Role: identity.Volunteer},
		})
		if err != nil {
			return err
		}
		fact := session.Completion{
			ID: identity.ID(companyID, "kintell", "session", external), Sender: "kintell", ExternalID: external,
			Type: session.Language, Participant: ids[0], Volunteer: ids[1], ScheduledAt: noon.Add(-time.Hour), CompletedAt: noon, Minutes: 45, SentAt: noon,
		}
		body := contract.KintellSessionCompleted{
			SessionID: fact.ID, SessionType: "language", ParticipantID: ids[0], VolunteerID: ids[1],
			ScheduledAt: fact.ScheduledAt, CompletedAt: fact.CompletedAt, DurationMinutes: 45,
		}
		tx.Sessions().Complete([]port.News[session.Completion]{{Fact: fact, Event: cause.Then(body)}})
		return nil
	})
}

func TestADeliveryIsKeptOnceAndToldOnce(t *testing.T) {
	t.Parallel()
	db, b := pgtest.New(t), &bus{}
	l := open(t, db, b, false)
	id := found(t, l, "acme")
	for range 3 {
		if err := hold(t, l, id, "d-1", "KS-1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := hold(t, l, id, "d-2", "KS-1"); err != nil { // the same session by another delivery is no news
		t.Fatal(err)
	}
	n, err := l.Relay(t.Context())
	if err != nil || n != 1 || len(b.events) != 1 {
		t.Fatalf("relayed %d events (%v), published %d, want 1", n, err, len(b.events))
	}
	if got := scalar[int](t, db.Owner, "SELECT count(*) FROM kintell_sessions"); got != 1 {
		t.Errorf("%d sessions, want 1", got)
	}
	if got := scalar[int](t, db.Owner, "SELECT count(*) FROM audit_logs WHERE action = 'CREATE' AND resource_type = 'session'"); got != 1 {
		t.Errorf("%d audit lines, want 1", got)
	}
}

func TestWhatAKilledProcessCommitsLateIsTold(t *testing.T) {
	t.Parallel()
	db, b := pgtest.New(t), &bus{}
	killed, next := open(t, db, &bus{}, false), open(t, db, b, false)
	id := found(t, killed, "acme")
	published := func(n int) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		for {
			b.mu.Lock()
			got := len(b.events)
			b.mu.Unlock()
			if got == n {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d events published, want %d", got, n)
			}
			<-time.After(5 * time.Millisecond)
		}
	}
	if err := hold(t, killed, id, "d-1", "KS-1"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { next.Run(ctx) })
	defer running.Wait()
	defer stop()
	published(1)                                               // what lay there when it began
	if err := hold(t, killed, id, "d-2", "KS-2"); err != nil { // nobody wakes next
		t.Fatal(err)
	}
	published(2)
}

// The queries of the source document §11, as they stand there, asked by whoever may see every company.
var documented = map[string]string{
	"outcomes by dimension over time": `
		SELECT
		  dimension,
		  DATE_TRUNC('day', created_at) as day,
		  AVG(score::numeric) as avg_score,
		  STDDEV(score::numeric) as stddev_score,
		  COUNT(*) as count
		FROM outcome_scores
		WHERE created_at >= NOW() - INTERVAL '30 days'
		GROUP BY dimension, DATE_TRUNC('day', created_at)
		ORDER BY day, dimension;`,
	"evidence for high-confidence scores": `
		SELECT
		  os.dimension,
		  os.score,
		  os.confidence,
		  es.snippet_text,
		  os.created_at
		FROM outcome_scores os
		LEFT JOIN evidence_snippets es ON es.outcome_score_id = os.id
		WHERE os.confidence > 0.8
		  AND os.created_at >= NOW() - INTERVAL '7 days'
		ORDER BY os.score DESC;`,
	"metrics by company": `
		SELECT
		  c.id,
		  c.name,
		  COUNT(DISTINCT u.id) as total_participants,
		  AVG(COALESCE(mcp.avg_integration_score, 0)) as avg_integration,
		  AVG(COALESCE(mcp.sroi_ratio, 0)) as avg_sroi
		FROM companies c
		LEFT JOIN company_users cu ON cu.company_id = c.id
		LEFT JOIN users u ON u.id = cu.user_id
		LEFT JOIN metrics_company_period mcp ON mcp.company_id = c.id
		GROUP BY c.id, c.name;`,
}

// scores keeps what the participant of session KS-1, which was held, wrote at, and that it speaks of confidence.
func scores(t testing.TB, l *postgres.Ledger, companyID, external, body string, at time.Time, value, sure float64) {
	t.Helper()
	fact := feedback.Rating{
		ID: identity.ID(companyID, "kintell", "rating", external), Sender: "kintell", ExternalID: external,
		SessionID: identity.ID(companyID, "kintell", "session", "KS-1"), SessionRef: "KS-1", FromRole: feedback.FromParticipant, Text: body, CreatedAt: at, SentAt: at,
	}
	told := contract.Cause{ID: identity.NewID(), Company: companyID, At: at}.Then(contract.KintellRatingCreated{
		RatingID: fact.ID, SessionID: fact.SessionID, FromRole: "participant", CreatedAt: at,
	})
	err := l.Do(t.Context(), port.In(companyID, "test"), func(tx port.Tx) error {
		tx.Feedback().Rate([]port.News[feedback.Rating]{{Fact: fact, Event: told}})
		text, err := tx.Feedback().Text(t.Context(), fact.ID)
		if err != nil {
			return err
		}
		tx.Outcomes().Keep(outcome.Scoring{
			ID: identity.NewID(), TextID: text.ID, Method: outcome.Local, ModelVersion: "test-1", RubricVersion: "rubric-1", Language: "en", At: at,
			Scores: []outcome.Score{{
				Dimension: outcome.Confidence, Value: value, Confidence: sure, Direction: outcome.Gain, Evidence: []outcome.Span{outcome.Whole(body)},
			}},
		}, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shown is a row as JSON, of the columns named; numbers have no more decimals than they need.
func shown(t testing.TB, row map[string]any, columns ...string) string {
	t.Helper()
	var values []any
	for _, column := range columns {
		value := row[column]
		if n, ok := value.(pgtype.Numeric); ok {
			f, err := n.Float64Value()
			if err != nil {
				t.Fatalf("%s: %v", column, err)
			}
			value = f.Float64
		}
		values = append(values, value)
	}
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheDocumentedQueriesRunUnmodified(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := open(t, db, &bus{}, false)
	id := found(t, l, "acme")
	if err := hold(t, l, id, "d-1", "KS-1"); err != nil {
		t.Fatal(err)
	}
	now := time.Now() // the queries ask the database for the time
	scores(t, l, id, "KR-1", "I dare to speak now.", now, 0.75, 0.9)
	scores(t, l, id, "KR-2", "I may dare to ask.", now, 0.25, 0.8)
	scores(t, l, id, "KR-3", "I dared to, long ago.", now.AddDate(0, 0, -40), 1, 0.95)
	conn, err := pgx.Connect(t.Context(), db.Service)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "SET ROLE csr_operator"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		columns []string
		want    string // a row
		rows    int    // how many there are, 0 where the operator's company is among them
	}{
		"outcomes by dimension over time":     {[]string{"dimension", "avg_score", "count"}, `["confidence",0.5,2]`, 1},
		"evidence for high-confidence scores": {[]string{"dimension", "score", "confidence", "snippet_text"}, `["confidence",0.75,0.9,"I dare to speak now."]`, 1},
		"metrics by company":                  {[]string{"name", "total_participants"}, `["acme",2]`, 0},
	} {
		found, err := conn.Query(t.Context(), documented[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		answer, err := pgx.CollectRows(found, pgx.RowToMap)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, row := range answer {
			got = append(got, shown(t, row, c.columns...))
		}
		if !slices.Contains(got, c.want) || c.rows > 0 && len(got) != c.rows {
			t.Errorf("%s: %s, want %s and %d rows", name, got, c.want, c.rows)
		}
	}
}
