package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// rds_iam is made by RDS alone. The test makes it on its own server, where it means nothing.
func TestTheFunctionsMayConnectWithTokens(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "DO $$ BEGIN CREATE ROLE rds_iam; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = postgres.TakeTokens(t.Context(), db.Owner)
		if err != nil {
			t.Fatal(err)
		}
	}
	var member bool
	err = conn.QueryRow(t.Context(), "SELECT pg_has_role('csr_service', 'rds_iam', 'MEMBER')").Scan(&member)
	if err != nil || !member {
		t.Errorf("csr_service may use tokens: %t, %v", member, err)
	}
}
