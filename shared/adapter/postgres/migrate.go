package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the advisory lock that lets one migration run at a time.
const migrationLock = 0x7465656963737202

// bootstrap makes what belongs to the cluster and not to a schema: the roles, and the right of the owner to make tables.
const bootstrap = `
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['csr_owner NOLOGIN', 'csr_operator NOLOGIN', 'csr_door NOLOGIN', 'csr_service LOGIN NOINHERIT'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = split_part(r, ' ', 1)) THEN
      BEGIN
        EXECUTE 'CREATE ROLE ' || r;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
  END LOOP;
  EXECUTE format('GRANT csr_owner TO %I', current_user);
  GRANT csr_door TO csr_owner;
  GRANT csr_operator TO csr_service;
  ALTER ROLE csr_service SET idle_session_timeout = '60s';
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, csr_door;
GRANT USAGE, CREATE ON SCHEMA public TO csr_owner;
GRANT USAGE ON SCHEMA public TO csr_service, csr_operator, csr_door;
CREATE TABLE IF NOT EXISTS public.schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL);
GRANT SELECT ON public.schema_migrations TO csr_service, csr_owner;
`

// Migrate brings the database at url up to date, as a role that may create roles, and says which migrations it applied. It is safe to
// run again and from several places at once: an advisory lock lets one work while the others wait. servicePassword, where not
// empty, becomes the password of csr_service.
func Migrate(ctx context.Context, url, servicePassword string) ([]string, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, translate("connect for migration", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock)
	if err != nil {
		return nil, fmt.Errorf("wait for other migrations: %w", err)
	}
	_, err = retryConcurrent(ctx, func() (pgconn.CommandTag, error) { return conn.Exec(ctx, bootstrap) })
	if err != nil {
		return nil, fmt.Errorf("make roles: %w", err)
	}
	if servicePassword != "" {
		_, err = retryConcurrent(ctx, func() (pgconn.CommandTag, error) {
			return conn.Exec(ctx, "DO $$ BEGIN END $$; ALTER ROLE csr_service PASSWORD "+quoteLiteral(servicePassword))
		})
		if err != nil {
			return nil, errors.New("set the password of csr_service: refused") // the cause would show the statement
		}
	}
	names, err := migrationNames()
	if err != nil {
		return nil, err
	}
	var applied []string
	for _, name := range names {
		done, err := apply(ctx, conn, name)
		if err != nil {
			return applied, fmt.Errorf("migration %s: %w", name, err)
		}
		if done {
			applied = append(applied, name)
		}
	}
	return applied, nil
}

// opening stands before every migration. csr_door may make things as long as it lasts, since only then can a function be given to it.
// pg_temp comes last in the path, which functions keep: it would come first unnamed, and a door would read tables of its caller's.
const opening = `
SET LOCAL lock_timeout = '5s';
GRANT CREATE ON SCHEMA public TO csr_door;
SET LOCAL ROLE csr_owner;
SET LOCAL search_path = public, pg_temp`

func apply(ctx context.Context, conn *pgx.Conn, name string) (bool, error) {
	sql, err := migrations.ReadFile("migrations/" + name)
	if err != nil {
		return false, err
	}
	done := false
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "INSERT INTO public.schema_migrations (name, applied_at) VALUES ($1, now()) ON CONFLICT DO NOTHING", name)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		done = true
		_, err = tx.Exec(ctx, opening)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, string(sql))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "RESET ROLE; REVOKE CREATE ON SCHEMA public FROM csr_door")
		return err
	})
	return done, err
}

// retryConcurrent repeats a change of cluster-wide rows that another database's migration is changing at the same moment.
func retryConcurrent(ctx context.Context, change func() (pgconn.CommandTag, error)) (pgconn.CommandTag, error) {
	for attempt := 0; ; attempt++ {
		tag, err := change()
		var failure *pgconn.PgError
		if err == nil || attempt == 20 || !errors.As(err, &failure) || failure.Code != "XX000" {
			return tag, err
		}
		select {
		case <-ctx.Done():
			return tag, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func migrationNames() ([]string, error) {
	entries, err := fs.ReadDir(migrations, "migrations") // sorted by name
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, nil
}

func quoteLiteral(value string) string {
	quoted := "'"
	for _, r := range value {
		if r == '\'' || r == '\\' {
			quoted += string(r)
		}
		quoted += string(r)
	}
	return " E" + quoted + "'"
}
