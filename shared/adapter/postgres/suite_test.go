package postgres_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/testkit/ledgertest"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

func TestTheLedgerInAFrozenProcess(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t *testing.T) ledgertest.Harness { return harness(t, true) })
}

func TestTheLedgerInALongLivedProcess(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t *testing.T) ledgertest.Harness { return harness(t, false) })
}

func harness(t *testing.T, frozen bool) ledgertest.Harness {
	db, b := pgtest.New(t), ledgertest.NewBus()
	l := open(t, db, b, frozen)
	if !frozen {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); l.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}
	return ledgertest.Harness{
		Ledger: l, Impact: l, Bus: b,
		Sessions: func(t testing.TB, company string) []ledgertest.Session {
			return rows[ledgertest.Session](t, db.Owner, `SELECT id::text, coalesce(external_session_id, ''), coalesce(external_booking_id, ''), coalesce(session_type, ''),
				coalesce(participant_id::text, ''), coalesce(volunteer_id::text, ''), coalesce(scheduled_at, '0001-01-01Z'), coalesce(completed_at, '0001-01-01Z'), coalesce(duration_minutes, 0)
				FROM kintell_sessions WHERE company_id = $1 ORDER BY created_at, id`, company)
		},
		Ratings: func(t testing.TB, company string) []ledgertest.Rating {
			return rows[ledgertest.Rating](t, db.Owner, "SELECT id::text, session_id::text, from_role, rating::float8 FROM ratings WHERE company_id = $1 ORDER BY received_at, id", company)
		},
		Person: func(t testing.TB, id string) ledgertest.Person {
			return rows[ledgertest.Person](t, db.Owner, "SELECT email, coalesce(first_name, ''), coalesce(last_name, '') FROM users WHERE id = $1", id)[0]
		},
		Scorings: func(t testing.TB, text string) []ledgertest.Scoring {
			return rows[ledgertest.Scoring](t, db.Owner, `SELECT id::text, method, model_version, coalesce(rubric_version, ''), coalesce(language, ''), reason, is_current
				FROM scorings WHERE text_id = $1 ORDER BY is_current, scored_at`, text)
		},
		Calls: func(t testing.TB, company string) []ledgertest.Call {
			return rows[ledgertest.Call](t, db.Owner, "SELECT purpose, model, micro_usd FROM model_calls WHERE company_id = $1 AND settled_at IS NOT NULL ORDER BY id", company)
		},
		Enrollments: func(t testing.TB, company string) []journey.Enrollment {
			return rows[journey.Enrollment](t, db.Owner, "SELECT user_id::text, program_type, status, enrolled_at FROM program_enrollments WHERE company_id = $1", company)
		},
		Audit:   func(t testing.TB, owner string) []company.Entry { return audit(t, db.Owner, owner) },
		Differs: ledgertest.Differs{Later: !frozen, ForgetsRestatements: true},
	}
}

func rows[T any](t testing.TB, url, sql string, args ...any) []T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), "SET timezone = 'UTC'")
	if err != nil {
		t.Fatal(err)
	}
	found, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(found, pgx.RowToStructByPos[T])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func audit(t testing.TB, url, owner string) []company.Entry {
	t.Helper()
	type line struct {
		Actor, Role, Action, ResourceType, ResourceID string
		Before, After                                 *string
	}
	var entries []company.Entry
	for _, l := range rows[line](t, url, `SELECT actor_id, coalesce(actor_role, ''), action, resource_type, coalesce(resource_id, ''), before_state::text, after_state::text
		FROM audit_logs WHERE company_id = $1 ORDER BY id`, owner) {
		e := company.Entry{Actor: l.Actor, Role: l.Role, Action: l.Action, ResourceType: l.ResourceType, ResourceID: l.ResourceID}
		for state, into := range map[*string]*map[string]any{l.Before: &e.Before, l.After: &e.After} {
			if state == nil {
				continue
			}
			if err := json.Unmarshal([]byte(*state), into); err != nil {
				t.Fatal(err)
			}
		}
		entries = append(entries, e)
	}
	return entries
}
