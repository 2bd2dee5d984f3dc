package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// first is the one column of text that sql gives.
func first(t *testing.T, db pgtest.Database, sql string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestSafeguardingPeopleAreMadeFromTheCommandLine(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	env := map[string]string{"DATABASE_URL": db.Service}
	var out string
	for range 2 {
		var err error
		out, _, err = try(t, env, "safeguarding", "-email", "Kari@Example.org", "-name", "Kari Nordmann")
		if err != nil {
			t.Fatal(err)
		}
	}
	contacts := first(t, db, "SELECT safeguarding_contacts()::text")
	if len(contacts) != 1 || !strings.Contains(out, contacts[0]) || strings.Contains(strings.ToLower(out), "kari") {
		t.Errorf("contacts %v, printed %q", contacts, out)
	}
	if got := first(t, db, "SELECT email || ' ' || first_name || ' ' || last_name || ' ' || status FROM users"); !cmp.Equal(got, []string{"kari@example.org Kari Nordmann active"}) {
		t.Errorf("people %v", got)
	}
	audit := first(t, db, "SELECT actor_id || ' ' || resource_type || ' ' || resource_id || ' ' || after_state::text FROM audit_logs WHERE action = 'ADMIN'")
	line := "infra/csr user " + contacts[0] + ` {"role": "safeguarding"}`
	if !cmp.Equal(audit, []string{line, line}) {
		t.Errorf("audit log %q", audit)
	}
}

func TestABudgetIsSetFromTheCommandLine(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, c := range []struct{ usd, said, kept string }{
		{"12.50", "12.5 USD a month; until now what the deployment sets", "12500000"},
		{"0", "0 USD a month; until now 12.5 USD", "0"},
		{"default", "what the deployment sets a month; until now 0 USD", "none"},
	} {
		out, _, err := try(t, nil, "budget", "-company", "operator", "-usd", c.usd, "-database", db.Service)
		if err != nil || !strings.Contains(out, c.said) {
			t.Errorf("%s: printed %q (%v), expected %q", c.usd, out, err, c.said)
		}
		if got := first(t, db, "SELECT coalesce(model_limit_micro_usd::text, 'none') FROM companies"); !cmp.Equal(got, []string{c.kept}) {
			t.Errorf("%s: kept %v", c.usd, got)
		}
	}
	audit := first(t, db, `SELECT (before_state ->> 'microUsd') IS NULL || ' ' || coalesce(after_state ->> 'microUsd', 'none') FROM audit_logs
		WHERE actor_id = 'infra/csr' AND resource_type = 'model_budget' AND resource_id = (SELECT id::text FROM companies) ORDER BY id`)
	if !cmp.Equal(audit, []string{"true 12500000", "false 0", "false none"}) {
		t.Errorf("audit log %q", audit)
	}
}

func TestWhatTheDatabaseCommandsRefuseLeavesNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for want, args := range map[string][]string{
		"EMAIL=":                        {"safeguarding"},
		"email: expected an e-mail":     {"safeguarding", "-email", "kari"},
		"name: expected at most":        {"safeguarding", "-email", "kari@example.org", "-name", strings.Repeat("x", 201)},
		"USD=<amount|default>":          {"budget", "-company", "operator"},
		"COMPANY=<slug>":                {"budget", "-usd", "5"},
		"usd: expected an amount":       {"budget", "-company", "operator", "-usd", "-5"},
		"company acme: no such company": {"budget", "-company", "acme", "-usd", "5"},
	} {
		out, _, err := try(t, map[string]string{"DATABASE_URL": db.Service}, args...)
		if err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("%v: %v, printed %q, expected an error with %q", args, err, out, want)
		}
	}
	if got := first(t, db, "SELECT 'user ' || id FROM users UNION ALL SELECT 'limit' FROM companies WHERE model_limit_micro_usd IS NOT NULL UNION ALL SELECT action FROM audit_logs"); len(got) > 0 {
		t.Errorf("kept %v", got)
	}
}

func TestTheDatabaseOfARunningProcessIsAskedFor(t *testing.T) {
	t.Parallel()
	_, _, err := try(t, map[string]string{"DATA": filepath.Join(t.TempDir(), "absent")}, "budget", "-company", "operator", "-usd", "5")
	if err == nil || !strings.Contains(err.Error(), "make run") || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("%v, expected to be told how to name a database", err)
	}
}
