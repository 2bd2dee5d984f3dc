package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// unowned are the tables without a company or a person in them.
var unowned = []string{"schema_migrations", "calibrations"}

// examples holds, for every table, how a row of one company is made: {company} is its id, {tag} tells two rows of a table apart, and
// {name} stands for an id that only this company's row of that name has. They are in an order in which references are kept.
var examples = []struct{ table, insert string }{
	{"companies", "(id, slug, name, kind, created_at) VALUES ('{company}', 'c-' || md5('{company}{tag}'), 'Someone', 'partner', now())"},
	{"users", "(id, email) VALUES ({user}, md5('{company}{tag}') || '@sample.test')"},
	{"company_users", "(company_id, user_id, role) VALUES ('{company}', {user}, 'participant')"},
	{"external_id_mappings", "(company_id, user_id, external_system, external_id) VALUES ('{company}', {user}, 'kintell', '{company}{tag}')"},
	{"program_enrollments", "(company_id, user_id, program_type, status, enrolled_at) VALUES ('{company}', {user}, 'language', 'active', now())"},
	{"kintell_sessions", `(id, company_id, sender, sent_at, created_at, updated_at) VALUES ({session}, '{company}', 'kintell', now(), now(), now())`},
	{"ratings", `(id, company_id, sender, external_rating_id, session_id, from_role, created_at, sent_at, received_at)
		VALUES ({rating}, '{company}', 'kintell', '{tag}', {session}, 'participant', now(), now(), now())`},
	{"feedback_texts", "(id, company_id, text_type, session_id, from_role, body, created_at) VALUES ({rating}, '{company}', 'rating', {session}, 'participant', 'a text', now())"},
	{"scorings", "(id, company_id, text_id, model_version, scores, is_current, scored_at) VALUES ({scoring}, '{company}', {rating}, 'm', '[]', true, now())"},
	{"outcome_scores", `(id, company_id, scoring_id, text_id, text_type, dimension, score, confidence, model_version, created_at)
		VALUES ({score}, '{company}', {scoring}, {rating}, 'rating', 'confidence', 0.5, 0.5, 'm', now())`},
	{"evidence_snippets", `(id, company_id, outcome_score_id, snippet_text, snippet_hash, starts_at, ends_at, created_at)
		VALUES ({snippet}, '{company}', {score}, 'a', 'h', 0, 1, now())`},
	{"screenings", `(content_id, company_id, id, content_type, text_version, screener_version, language, findings, route, screened_at)
		VALUES ({rating}, '{company}', {screening}, 'feedback_text', 'v', 'v', 'en', '[]', '', now())`},
	{"safety_flags", `(id, company_id, content_id, content_type, text_version, categories, gravity, route, confidence, needs_help, alerted, raised_at, status, revision)
		VALUES ({flag}, '{company}', {rating}, 'feedback_text', 'v', '{hate}', 4, 'moderation', 0.5, false, 0, now(), 'open', 1)`},
	{"safety_reviews", `(id, company_id, flag_id, kind, decision, reviewer, reviewer_role, reason, flag_revision, reviewed_at)
		VALUES ({review}, '{company}', {flag}, 'decision', 'approved', 'a', 'programme_staff', 'r', 1, now())`},
	{"metrics_company_period", "(company_id, period_start, period_end, created_at, updated_at) VALUES ('{company}', {day}, {day}, now(), now())"},
	{"outcome_month", "(company_id, period_start, dimension, n, people, total) VALUES ('{company}', {day}, 'confidence', 1, 1, 0.5)"},
	{"outcome_drift", "(company_id, period_start, dimension, model_version, level, psi, n, told_at) VALUES ('{company}', {day}, 'confidence', 'm', 1, 0.21, 100, now())"},
	{"model_budgets", "(company_id, month) VALUES ('{company}', {day})"},
	{"model_calls", "(id, company_id, month, expected, reserved_at, expires_at) VALUES ({call}, '{company}', {day}, 1, now(), now())"},
	{"audit_samples", "(company_id, quarter, seed, size, cut, drawn_at) VALUES ('{company}', {day}, '{tag}', 1, 'c', now())"},
	{"audit_items", "(id, company_id, quarter, seed, text_id, place, drawn_at) VALUES ({item}, '{company}', {day}, '{tag}', {rating}, 'c', now())"},
	{"audit_answers", `(item_id, reviewer, company_id, scoring_id, text_version, labels, answered_at)
		VALUES ({item}, 'r', '{company}', {scoring}, 'v', '{}', now())`},
	{"minute_limits", "(company_id, what, minute, taken) VALUES ('{company}', '{tag}', now(), 1)"},
	{"participation_month", "(company_id, period_start, kind, person_id) VALUES ('{company}', {day}, 'participant', {user})"},
	{"audit_logs", "(company_id, actor_id, action, resource_type, timestamp) VALUES ('{company}', 'a', 'CREATE', 'session', now())"},
	{"senders", `(company_id, sender, secret_now, rotated_at) VALUES ('{company}', '{tag}', '\x00', now())`},
	{"webhook_deliveries", `(id, company_id, by, delivery_id, event_type, payload_hash, payload_size, received_at)
		VALUES ({delivery}, '{company}', 'webhooks/kintell', '{tag}', 'session-completed', '\x00', 1, now())`},
	{"inbox", "(cause_id, by, company_id, finished_at) VALUES ({cause}, 'consumers/x', '{company}', now())"},
	{"outbox", "(company_id, cause_id, envelope) VALUES ('{company}', {cause}, '{}')"},
	{"parked_events", `(id, company_id, by, kind, event_type, cause_id, reason, body, parked_at, status)
		VALUES ({parked}, '{company}', 'consumers/x', 'event', 'x', 'x', 'x', '\x00', now(), 'parked')`},
	{"imports", "(id, company_id, kind, file_name, scale, status, file_key, created_by, created_at) VALUES ({import}, '{company}', 'kintell-users', 'f', '', 'waiting', 'k', 'a', now())"},
	{"import_rows", "(import_id, company_id, row_number, record, problems, status) VALUES ({import}, '{company}', 1, '{}', '[]', 'refused')"},
}

// row is the statement that makes one company's example of a table.
func row(table, company, tag string) string {
	for _, e := range examples {
		if e.table != table {
			continue
		}
		pairs := []string{"{company}", company, "{tag}", tag, "{day}", "date '2026-01-01' + " + fmt.Sprint(len(tag))}
		for _, id := range []string{"user", "session", "rating", "scoring", "score", "snippet", "delivery", "cause", "parked", "import", "call", "item", "screening", "flag", "review"} {
			pairs = append(pairs, "{"+id+"}", "md5('"+company+tag+id+"')::uuid")
		}
		return "INSERT INTO " + table + " " + strings.NewReplacer(pairs...).Replace(e.insert)
	}
	return ""
}

const (
	ours   = "00000000-0000-7000-8000-00000000000a"
	theirs = "00000000-0000-7000-8000-00000000000b"
)

// mine is the condition by which a row of table belongs to company, for somebody who sees all.
func mine(table, company string) string {
	switch table {
	case "companies":
		return "id = '" + company + "'"
	case "users":
		return "id IN (SELECT user_id FROM company_users WHERE company_id = '" + company + "')"
	}
	return "company_id = '" + company + "'"
}

// house is a database with one row of each table for each of two companies.
type house struct {
	pgtest.Database
	t      *testing.T
	tables []string // every table with a company or a person in it, from the catalogue
	root   *pgx.Conn
}

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{Database: pgtest.New(t), t: t}
	h.root = h.connect(h.Owner)
	h.tables = slices.DeleteFunc(h.list("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'f') ORDER BY relname"),
		func(table string) bool { return slices.Contains(unowned, table) })
	for _, e := range examples {
		for _, company := range []string{ours, theirs} {
			if _, err := h.root.Exec(t.Context(), row(e.table, company, "first")); err != nil {
				t.Fatalf("example of %s: %v", e.table, err)
			}
		}
	}
	return h
}

func (h house) connect(url string) *pgx.Conn {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), url)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func (h house) list(sql string, args ...any) []string {
	h.t.Helper()
	return gather(h.t, h.root, sql, args...)
}

func gather(t *testing.T, q interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, sql string, args ...any,
) []string {
	t.Helper()
	found, err := q.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// within runs f in a transaction that is rolled back, after what opens it.
func within(t *testing.T, conn *pgx.Conn, opening string, f func(pgx.Tx)) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err = tx.Exec(t.Context(), opening); err != nil {
		t.Fatalf("%s: %v", opening, err)
	}
	f(tx)
}

// try runs one statement by itself and gives the rows it touched and the SQLSTATE it failed with.
func try(t *testing.T, tx pgx.Tx, sql string) (int64, string) {
	t.Helper()
	inner, err := tx.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = inner.Rollback(context.Background()) }()
	tag, err := inner.Exec(t.Context(), sql)
	return tag.RowsAffected(), state(err)
}

// state is the SQLSTATE of err, empty for none.
func state(err error) string {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

const (
	forbidden = "42501" // insufficient_privilege: also what a policy answers
	inOurs    = "SELECT set_config('app.company', '" + ours + "', true)"
	nothing   = "SELECT 1"
)

func TestEveryTableHasAnExampleInTheTenancyTests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var known []string
	for _, e := range examples {
		known = append(known, e.table)
	}
	slices.Sort(known)
	if diff := cmp.Diff(h.tables, known); diff != "" {
		t.Errorf("tables in the catalogue (-) and examples in this test (+): %s", diff)
	}
}

// unprotected lists what can show one company's rows to another: tables without forced row security or without the policies of each
// role, and views, which read as their owner does.
const unprotected = `
SELECT c.relname::text FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relname <> ALL($1) AND NOT (
  c.relkind IN ('r', 'p') AND c.relrowsecurity AND c.relforcerowsecurity
  AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = ARRAY['csr_owner'::regrole::oid])
  AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = ARRAY['csr_operator'::regrole::oid])
  AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = ARRAY['csr_service'::regrole::oid]
    AND pg_get_expr(p.polqual, p.polrelid) LIKE '%app_company()%')
  AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND 0 = ANY(p.polroles)))
ORDER BY 1`

func TestRowSecurityIsForcedOnEveryTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if open := h.list(unprotected, unowned); open != nil {
		t.Errorf("without forced row security for owner, operator and company: %v", open)
	}
	within(t, h.root, "SET LOCAL ROLE csr_owner; CREATE TABLE public.newcomer (company_id uuid); CREATE VIEW public.window_on_all AS SELECT * FROM senders", func(tx pgx.Tx) {
		if diff := cmp.Diff([]string{"newcomer", "window_on_all"}, gather(t, tx, unprotected, unowned)); diff != "" {
			t.Errorf("a table without policies and a view were not noticed: %s", diff)
		}
	})
}

func TestWhatEachRoleSees(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rows := func(q interface {
		Query(context.Context, string, ...any) (pgx.Rows, error)
	}, table, where string,
	) []string {
		return gather(t, q, "SELECT ctid::text FROM "+table+" WHERE "+where+" ORDER BY ctid")
	}
	service := h.connect(h.Service)
	for _, table := range h.tables {
		all, own := rows(h.root, table, "true"), rows(h.root, table, mine(table, ours))
		if len(own) != 1 || len(all) < 2 {
			t.Fatalf("%s has %d rows of ours and %d in all", table, len(own), len(all))
		}
		for name, c := range map[string]struct {
			conn    *pgx.Conn
			opening string
			sees    []string
		}{
			"csr_service without a company":            {service, nothing, nil},
			"csr_service with an empty company":        {service, "SELECT set_config('app.company', '', true)", nil},
			"csr_service with a company that is none":  {service, "SELECT set_config('app.company', '00000000-0000-7000-8000-0000000000ff', true)", nil},
			"csr_service with our company":             {service, inOurs, own},
			"csr_operator":                             {service, "SET LOCAL ROLE csr_operator", all},
			"csr_operator after a company was chosen":  {service, inOurs + "; SET LOCAL ROLE csr_operator", all},
			"csr_owner, who is told by its own policy": {h.root, "SET LOCAL ROLE csr_owner", all},
		} {
			within(t, c.conn, c.opening, func(tx pgx.Tx) {
				if diff := cmp.Diff(c.sees, rows(tx, table, "true")); diff != "" {
					t.Errorf("%s sees of %s: %s", name, table, diff)
				}
			})
		}
	}
}

func TestACompanyIsForgottenWithItsTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	service := h.connect(h.Service)
	within(t, service, inOurs, func(pgx.Tx) {})
	if seen := gather(t, service, "SELECT id::text FROM companies"); seen != nil {
		t.Errorf("after the transaction the connection still sees %v", seen)
	}
}

func TestNothingIsWrittenIntoAnotherCompany(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	service := h.connect(h.Service)
	for _, table := range h.tables {
		column := map[string]string{"companies": "id", "users": "status"}[table]
		if column == "" {
			column = "company_id"
		}
		their := mine(table, theirs)
		if table == "users" { // from inside our company its memberships cannot be asked
			their = "id = md5('" + theirs + "firstuser')::uuid"
		}
		within(t, service, inOurs, func(tx pgx.Tx) {
			if _, code := try(t, tx, row(table, theirs, "second")); code != forbidden {
				t.Errorf("INSERT INTO %s for another company: %q, expected %s", table, code, forbidden)
			}
			for _, sql := range []string{"UPDATE " + table + " SET " + column + " = " + column + " WHERE " + their, "DELETE FROM " + table + " WHERE " + their} {
				if n, code := try(t, tx, sql); n != 0 || code != "" && code != forbidden {
					t.Errorf("%s: %d rows, %q", sql, n, code)
				}
			}
			if column != "status" {
				sql := "UPDATE " + table + " SET " + column + " = '" + theirs + "'"
				if _, code := try(t, tx, sql); code != forbidden {
					t.Errorf("%s: %q, expected %s", sql, code, forbidden)
				}
			}
		})
		within(t, service, nothing, func(tx pgx.Tx) { // nor without a company
			if _, code := try(t, tx, row(table, ours, "second")); code != forbidden {
				t.Errorf("INSERT INTO %s outside a company: %q, expected %s", table, code, forbidden)
			}
		})
	}
}

// privileges are the rights that anybody but the owner has on a table, as "role: right right".
func (h house) privileges(role string) map[string][]string {
	rights := map[string][]string{}
	for _, line := range h.list(`SELECT c.relname || ' ' || a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
		WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = (SELECT oid FROM pg_roles WHERE rolname = $1) ORDER BY 1`, role) {
		table, right, _ := strings.Cut(line, " ")
		rights[table] = append(rights[table], right)
	}
	return rights
}

func TestNobodyChangesTheAuditLogButItsOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	service := h.connect(h.Service)
	for name, c := range map[string]struct {
		conn    *pgx.Conn
		opening string
		code    string
	}{
		"csr_service":  {service, inOurs, forbidden},
		"csr_operator": {service, "SET LOCAL ROLE csr_operator", forbidden},
		"csr_door":     {h.root, "SET LOCAL ROLE csr_door", forbidden},
		"csr_owner":    {h.root, "SET LOCAL ROLE csr_owner", ""},
	} {
		for _, sql := range []string{"UPDATE audit_logs SET actor_id = 'nobody'", "DELETE FROM audit_logs", "TRUNCATE audit_logs"} {
			within(t, c.conn, c.opening, func(tx pgx.Tx) {
				if _, code := try(t, tx, sql); code != c.code {
					t.Errorf("%s as %s: %q, expected %q", sql, name, code, c.code)
				}
			})
		}
	}
}

func TestNobodyTakesBackAReviewButItsOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, role := range []string{"csr_service", "csr_operator"} {
		if diff := cmp.Diff([]string{"INSERT", "SELECT"}, h.privileges(role)["safety_reviews"]); diff != "" {
			t.Errorf("%s on safety_reviews: %s", role, diff)
		}
	}
}

func TestTheServiceCannotRaiseItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if strong := h.list("SELECT rolname FROM pg_roles WHERE rolname LIKE 'csr%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)"); strong != nil {
		t.Errorf("roles that may more than their grants: %v", strong)
	}
	if login := h.list("SELECT rolname FROM pg_roles WHERE rolname LIKE 'csr%' AND rolcanlogin"); !slices.Equal(login, []string{"csr_service"}) {
		t.Errorf("roles that may log in: %v", login)
	}
	service := h.connect(h.Service)
	for sql, want := range map[string]string{
		"SET LOCAL ROLE csr_operator":                                         "",
		"SET LOCAL ROLE csr_owner":                                            forbidden,
		"SET LOCAL ROLE csr_door":                                             forbidden,
		"SET LOCAL ROLE postgres":                                             forbidden,
		"SET SESSION AUTHORIZATION csr_owner":                                 forbidden,
		"CREATE TABLE public.own ()":                                          forbidden,
		"CREATE FUNCTION public.own() RETURNS int LANGUAGE sql AS 'SELECT 1'": forbidden,
		"CREATE SCHEMA own":                                                   forbidden,
		"CREATE ROLE own":                                                     forbidden,
		"GRANT csr_owner TO csr_service":                                      forbidden,
		"ALTER TABLE senders DISABLE ROW LEVEL SECURITY":                      forbidden,
		"ALTER TABLE senders NO FORCE ROW LEVEL SECURITY":                     forbidden,
		"CREATE POLICY own ON senders USING (true)":                           forbidden,
		"DROP POLICY company ON senders":                                      forbidden,
		"TRUNCATE senders":                                                    forbidden,
		"CREATE OR REPLACE FUNCTION app_company() RETURNS uuid LANGUAGE sql AS 'SELECT null::uuid'": forbidden,
		"COPY senders TO PROGRAM 'true'":    forbidden,
		"SELECT pg_read_file('PG_VERSION')": forbidden,
	} {
		within(t, service, inOurs, func(tx pgx.Tx) {
			if _, code := try(t, tx, sql); code != want {
				t.Errorf("%s as csr_service: %q, expected %q", sql, code, want)
			}
		})
	}
	within(t, service, "SET LOCAL ROLE csr_operator", func(tx pgx.Tx) {
		if _, code := try(t, tx, "CREATE TABLE public.own ()"); code != forbidden {
			t.Errorf("CREATE TABLE as csr_operator: %q, expected %s", code, forbidden)
		}
	})
	within(t, service, "SET LOCAL row_security = off; "+inOurs, func(tx pgx.Tx) { // asks to be told, never to be let through
		if _, code := try(t, tx, "SELECT FROM senders"); code != forbidden {
			t.Errorf("row_security = off: %q, expected %s", code, forbidden)
		}
	})
}

func TestRolesHaveNoRightsBeyondTheirWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	door := map[string][]string{
		"companies": {"SELECT"}, "senders": {"SELECT"}, "users": {"INSERT", "SELECT"}, "company_users": {"INSERT", "SELECT"},
		"outbox": {"DELETE", "SELECT", "UPDATE"},
	}
	if diff := cmp.Diff(door, h.privileges("csr_door")); diff != "" {
		t.Errorf("rights of csr_door: %s", diff)
	}
	for _, role := range []string{"csr_service", "csr_operator"} {
		rights := h.privileges(role)
		for table, have := range rights {
			for _, right := range have {
				if !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, right) {
					t.Errorf("%s has %s on %s", role, right, table)
				}
			}
		}
		if missing := slices.DeleteFunc(slices.Clone(h.tables), func(table string) bool { return rights[table] != nil }); len(missing) > 0 {
			t.Errorf("%s has no right on %v", role, missing)
		}
	}
	if public := h.list(`SELECT c.relname::text FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 0`); public != nil {
		t.Errorf("anybody has rights on %v", public)
	}
	makers := h.list("SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'csr%' AND has_schema_privilege(rolname, 'public', 'CREATE') ORDER BY 1")
	if !slices.Equal(makers, []string{"csr_owner"}) {
		t.Errorf("who may make things: %v, expected csr_owner alone", makers)
	}
	doors := map[string]string{}
	for _, line := range h.list(`SELECT p.proname || ' ' || p.proowner::regrole || ' ' || coalesce(string_agg(CASE a.grantee WHEN 0 THEN 'anybody' ELSE a.grantee::regrole::text END, ' '), '')
		FROM pg_proc p LEFT JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a ON a.grantee <> p.proowner
		WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace GROUP BY p.oid, p.proname, p.proowner`) {
		name, rest, _ := strings.Cut(line, " ")
		doors[name] = rest
	}
	want := "csr_door csr_service"
	if diff := cmp.Diff(map[string]string{"person_for": want, "sender_for": want, "outbox_take": want, "safeguarding_contacts": want + " csr_operator"}, doors); diff != "" {
		t.Errorf("functions that run as their owner, with owner and who may call them: %s", diff)
	}
}

func TestADoorOpensForWhoComesRightAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	service := h.connect(h.Service)
	const ask = "SELECT person_for('new@sample.test', 'participant')::text"
	within(t, service, nothing, func(tx pgx.Tx) {
		if _, code := try(t, tx, ask); code != "P0001" {
			t.Errorf("person_for outside a company: %q, expected an exception", code)
		}
	})
	within(t, service, "SET LOCAL ROLE csr_operator", func(tx pgx.Tx) {
		if _, code := try(t, tx, ask); code != forbidden {
			t.Errorf("person_for as csr_operator: %q, expected %s", code, forbidden)
		}
	})
	within(t, service, inOurs, func(tx pgx.Tx) {
		person := gather(t, tx, ask)
		if diff := cmp.Diff(person, gather(t, tx, "SELECT user_id::text FROM company_users WHERE user_id = $1 AND company_id = $2", person[0], ours)); diff != "" {
			t.Errorf("the person who was let in is no member of the company: %s", diff)
		}
		known := gather(t, tx, "SELECT person_for(md5($1 || 'first') || '@sample.test', 'participant')::text", theirs)
		if diff := cmp.Diff(h.list("SELECT id::text FROM users WHERE "+mine("users", theirs)), known); diff != "" {
			t.Errorf("a person of another company is somebody else here: %s", diff)
		}
	})
	found := map[string][]string{}
	for _, ask := range [][2]string{{"c-of-nobody", "first"}, {"", ""}, {"%", "first"}, {"' OR true --", "first"}} {
		found[ask[0]+"/"+ask[1]] = gather(t, service, "SELECT company_id::text FROM sender_for($1, $2)", ask[0], ask[1])
	}
	found["ours, other sender"] = gather(t, service, "SELECT company_id::text FROM sender_for('c-' || md5($1 || 'first'), 'nobody')", ours)
	maps.DeleteFunc(found, func(_ string, companies []string) bool { return companies == nil })
	if len(found) > 0 {
		t.Errorf("sender_for gave %v to whoever named what does not exist", found)
	}
	if diff := cmp.Diff([]string{ours}, gather(t, service, "SELECT company_id::text FROM sender_for('c-' || md5($1 || 'first'), 'first')", ours)); diff != "" {
		t.Error(diff)
	}
}

func TestADoorDoesNotReadWhatItsCallerPutInItsWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	service := h.connect(h.Service)
	shadow := `CREATE TEMP TABLE users (id uuid, email text); GRANT ALL ON users TO PUBLIC; INSERT INTO users VALUES ('` + theirs + `', 'new@sample.test');
		CREATE TEMP TABLE senders (company_id uuid, sender text, secret_now bytea, secret_next bytea); GRANT ALL ON senders TO PUBLIC;
		CREATE TEMP TABLE companies (id uuid, slug text); GRANT ALL ON companies TO PUBLIC;
		INSERT INTO companies VALUES ('` + theirs + `', 'mine'); INSERT INTO senders VALUES ('` + theirs + `', 'kintell', 'known', NULL); ` + inOurs
	within(t, service, shadow, func(tx pgx.Tx) {
		if person := gather(t, tx, "SELECT person_for('new@sample.test', 'participant')::text"); slices.Contains(person, theirs) {
			t.Error("person_for read a table of its caller's")
		}
		if companies := gather(t, tx, "SELECT company_id::text FROM sender_for('mine', 'kintell')"); companies != nil {
			t.Errorf("sender_for read a table of its caller's: %v", companies)
		}
	})
}
