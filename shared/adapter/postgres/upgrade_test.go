package postgres_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// as0001 makes the schema of db what it was after the first migration.
func as0001(t *testing.T, db pgtest.Database, root *pgx.Conn) {
	t.Helper()
	entries, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	must := func(sql string, args ...any) {
		t.Helper()
		if _, err := root.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	must("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE public.schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL)")
	for _, later := range entries[1:] {
		must("INSERT INTO schema_migrations VALUES ($1, now())", later.Name())
	}
	_, err = postgres.Migrate(t.Context(), db.Owner, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, later := range entries[1:] {
		must("DELETE FROM schema_migrations WHERE name = $1", later.Name())
	}
}

// before0002 is what the code of the first migration wrote of one scored text: $1 is the company, $2 tells texts apart, $3 is the text,
// $4 the quote and $5 the byte at which it begins.
var before0002 = []string{
	`INSERT INTO kintell_sessions (id, company_id, sender, sent_at, created_at, updated_at) VALUES (md5($2 || 's')::uuid, $1::uuid, 'kintell', now(), now(), now())`,
	`INSERT INTO feedback_texts (id, company_id, text_type, session_id, from_role, body, created_at)
		VALUES (md5($2)::uuid, $1::uuid, 'kintell_rating', md5($2 || 's')::uuid, 'participant', $3, '2026-03-04 12:00Z')`,
	`INSERT INTO scorings (id, company_id, text_id, model_version, language, scores, is_current, scored_at)
		VALUES (md5($2 || 'g')::uuid, $1::uuid, md5($2)::uuid, 'local-lexicon-1', 'uk', '{"confidence": {"score": 0.8, "confidence": 0.5}, "belonging": null}', true, now())`,
	`INSERT INTO outcome_scores (id, company_id, scoring_id, text_id, text_type, dimension, score, confidence, model_version, created_at)
		VALUES (md5($2 || 'o')::uuid, $1::uuid, md5($2 || 'g')::uuid, md5($2)::uuid, 'kintell_rating', 'confidence', 0.8, 0.5, 'local-lexicon-1', '2026-03-04 12:00Z')`,
	`INSERT INTO evidence_snippets (id, company_id, outcome_score_id, snippet_text, snippet_hash, starts_at_byte, ends_at_byte, created_at)
		VALUES (md5($2 || 'e')::uuid, $1::uuid, md5($2 || 'o')::uuid, $4, 'h', $5::int, $5::int + octet_length($4), now())`,
}

// write runs before0002 as the service did.
func write(t *testing.T, service *pgx.Conn, tag, text, quote string, at int) {
	t.Helper()
	tx, err := service.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err = tx.Exec(t.Context(), inOurs); err != nil {
		t.Fatal(err)
	}
	for _, sql := range before0002 {
		_, err = tx.Exec(t.Context(), "WITH given AS (SELECT $1::text, $2::text, $3::text, $4::text, $5::int) "+sql, pgx.QueryExecModeExec, ours, tag, text, quote, at)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err = tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasScoredBeforeSurvivesTheSecondMigration(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	root, err := pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close(context.Background())
	as0001(t, db, root)
	if _, err = root.Exec(t.Context(), row("companies", ours, "first")); err != nil {
		t.Fatal(err)
	}
	_, err = root.Exec(t.Context(), `INSERT INTO metrics_company_period (company_id, period_start, period_end, created_at, updated_at) VALUES
			($1, '2026-03-01', '2026-03-31', now(), now()), ($1, '2026-02-01', '2026-02-28', now(), now())`, ours)
	if err != nil {
		t.Fatal(err)
	}
	_, err = root.Exec(t.Context(), "INSERT INTO outcome_month (company_id, period_start, dimension, n, people, total) VALUES ($1, '2026-03-01', 'confidence', 1, 1, 0.8)", ours)
	if err != nil {
		t.Fatal(err)
	}
	service, err := pgx.Connect(t.Context(), db.Service)
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close(context.Background())
	const text = "🎉 Я тепер смілива. Я тепер смілива!"
	cases := map[string]struct {
		text, quote string
		at          int
		start       int // in characters; -1 where it is not known
	}{
		"the first of two":      {text, "Я тепер смілива", len("🎉 "), 2},
		"the second of two":     {text, "Я тепер смілива", len("🎉 Я тепер смілива. "), 19},
		"at the beginning":      {text, "🎉 Я", 0, 0},
		"corrected since":       {"ab " + text, "Я тепер смілива", len("🎉 "), 5},
		"place inside a letter": {"яя" + text, "🎉 Я", 1, 2},
		"place past the end":    {"🎉 Я", "🎉", 900, 0},
		"said no more":          {"Nothing.", "Я тепер смілива", 5, -1},
	}
	for name, c := range cases {
		write(t, service, "before: "+name, c.text, c.quote, c.at)
	}
	applied, err := postgres.Migrate(t.Context(), db.Owner, "")
	if err != nil || len(applied) == 0 || applied[0] != "0002_outcomes.sql" {
		t.Fatalf("applied %v, %v", applied, err)
	}
	for name, c := range cases { // the code before goes on for a while
		write(t, service, "after: "+name, c.text, c.quote, c.at)
	}
	type kept struct {
		Start, End             *int
		Method, Scores, Reason string
		Direction, Rubric      *string
		Written                bool
	}
	scores := map[string]string{
		"before: ": `{"belonging": null, "confidence": {"value": 0.8, "direction": null, "confidence": 0.5, "calibration": null}}`,
		"after: ":  `{"belonging": null, "confidence": {"score": 0.8, "confidence": 0.5}}`,
	}
	for when, json := range scores {
		for name, c := range cases {
			got := rows[kept](t, db.Owner, `SELECT e.starts_at, e.ends_at, g.method, g.scores::text, g.reason, o.direction, g.rubric_version, g.written_at = '2026-03-04 12:00Z'
				FROM evidence_snippets e JOIN outcome_scores o ON o.id = e.outcome_score_id JOIN scorings g ON g.id = o.scoring_id WHERE e.id = md5($1 || 'e')::uuid`, when+name)
			want := kept{Method: "local", Scores: json, Written: true}
			if c.start >= 0 {
				end := c.start + len([]rune(c.quote))
				want.Start, want.End = &c.start, &end
			}
			if diff := cmp.Diff([]kept{want}, got); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", when, name, diff)
			}
		}
	}
	stale := rows[struct{ Month string }](t, db.Owner, "SELECT period_start::text FROM metrics_company_period WHERE stale")
	if diff := cmp.Diff([]struct{ Month string }{{"2026-03-01"}}, stale); diff != "" {
		t.Errorf("months to be counted anew: %s", diff)
	}
	if open := gather(t, root, unprotected, unowned); open != nil {
		t.Errorf("tables without forced row security: %v", open)
	}
}
