// Package postgres keeps facts in Postgres: the ledger, its outbox and the reading of figures.
package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Options say how a ledger lives.
type Options struct {
	Settings
	Now func() time.Time
	Log *slog.Logger
	// Bus is asked for when there is something to publish.
	Bus func(context.Context) (port.Bus, error)
	// Frozen is a process that stops between calls (Lambda): it publishes what it told before it answers, and asks for help by a
	// delayed message first. Otherwise Run publishes, woken by each commit.
	Frozen bool
}

// Ledger keeps facts in Postgres. It connects when first used.
type Ledger struct {
	options Options
	pool    *pool
	people  *peopleCache
	wake    chan struct{}
	known   atomic.Bool // whether the last many sessions kept were known: a guess at the next
}

var (
	_ port.Ledger = (*Ledger)(nil)
	_ port.Impact = (*Ledger)(nil)
)

// New makes a ledger. It connects to nothing.
func New(options Options) *Ledger {
	return &Ledger{options: options, pool: &pool{settings: options.Settings}, people: newPeopleCache(options.Now), wake: make(chan struct{}, 1)}
}

// Close ends every connection, once the transactions under way are through.
func (l *Ledger) Close() { l.pool.close() }

// Do is port.Ledger.
func (l *Ledger) Do(ctx context.Context, scope port.Scope, f func(port.Tx) error) error {
	t, err := l.attempt(ctx, scope, nil, "", f)
	if err != nil {
		return err
	}
	return l.announce(ctx, t)
}

// Once is port.Ledger.
func (l *Ledger) Once(ctx context.Context, by string, cause contract.Cause, f func(port.Tx) error) error {
	t, err := l.attempt(ctx, port.In(cause.Company, by), &cause, by, f)
	if finished(err) {
		return l.repeated(ctx, by, cause)
	}
	if err != nil {
		return err
	}
	return l.announce(ctx, t)
}

// repeated answers a cause that by has finished: it compares what a sender delivered, and publishes what was left.
func (l *Ledger) repeated(ctx context.Context, by string, cause contract.Cause) error {
	if cause.Delivery != nil {
		var digest []byte
		err := l.read(ctx, cause.Company, func(ctx context.Context, q queryer) error {
			return q.QueryRow(ctx, "SELECT payload_hash FROM webhook_deliveries WHERE id = $1", cause.ID).Scan(&digest)
		})
		if err != nil {
			return fmt.Errorf("compare a repeated delivery: %w", err)
		}
		if !bytes.Equal(digest, cause.Delivery.Digest) {
			return &fault.Error{
				Kind: fault.Conflict, Sentence: "this delivery was accepted with another body",
				Fields: []fault.Field{{Name: "X-Delivery-Id", Expected: "a new id for a new body"}},
			}
		}
	}
	if !l.options.Frozen {
		l.stir()
		return nil
	}
	return l.publishCauses(ctx, cause.Company, []string{cause.ID})
}

// Finished is port.Ledger.
func (l *Ledger) Finished(ctx context.Context, by string, cause contract.Cause) (bool, error) {
	done := false
	err := l.read(ctx, cause.Company, func(ctx context.Context, q queryer) error {
		return q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM inbox WHERE cause_id = $1 AND by = $2)
			OR EXISTS (SELECT FROM webhook_deliveries WHERE id = $1 AND by = $2)`, cause.ID, by).Scan(&done)
	})
	return done, err
}

// Park is port.Ledger.
func (l *Ledger) Park(ctx context.Context, p company.Parked) error {
	return l.Do(ctx, port.In(p.Company, p.By), func(t port.Tx) error {
		t.(*tx).queue(`INSERT INTO parked_events AS p (id, company_id, by, kind, event_type, cause_id, reason, body, parked_at, status)
			VALUES ($1, app_company(), $2, $3, $4, $5, $6, $7, $8, 'parked')
			ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, body = excluded.body, parked_at = excluded.parked_at,
				status = 'parked', attempts = p.attempts + 1`,
			p.ID, p.By, p.Kind, p.Type, p.CauseID, p.Reason, p.Body, t.Now())
		return nil
	})
}

// Sender is port.Ledger.
func (l *Ledger) Sender(ctx context.Context, slug, sender string) (company.Sender, error) {
	conn, err := l.pool.acquire(ctx)
	if err != nil {
		return company.Sender{}, err
	}
	defer conn.Release()
	found := company.Sender{Slug: slug, Name: sender}
	err = conn.QueryRow(ctx, "SELECT company_id, secret_now, secret_next FROM sender_for($1, $2)", slug, sender).
		Scan(&found.Company, &found.SecretNow, &found.SecretNext)
	if errors.Is(err, pgx.ErrNoRows) {
		return company.Sender{}, fault.New(fault.Missing, "no such company or sender")
	}
	return found, translate("find a sender", err)
}

// Ready is port.Ledger.
func (l *Ledger) Ready(ctx context.Context) error {
	names, err := migrationNames()
	if err != nil {
		return err
	}
	conn, err := l.pool.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var applied int
	err = conn.QueryRow(ctx, "SELECT count(*) FROM schema_migrations WHERE name = ANY($1)", names).Scan(&applied)
	if err != nil {
		return fault.Wrap(fault.Busy, "migrations have not been applied: run make migrate", translate("read migrations", err))
	}
	if applied < len(names) {
		return fault.New(fault.Busy, fmt.Sprintf("%d migrations have not been applied: run make migrate", len(names)-applied))
	}
	return nil
}

// attempts is how often a transaction is tried when it met another one or a stale cache.
const attempts = 4

func (l *Ledger) attempt(ctx context.Context, scope port.Scope, cause *contract.Cause, by string, f func(port.Tx) error) (*tx, error) {
	careful := false
	for try := 1; ; try++ {
		t := &tx{careful: careful, ledger: l, scope: scope, cause: cause, by: by, now: l.options.Now().UTC().Truncate(time.Microsecond)}
		err := t.run(ctx, f)
		careful = careful || notNew(err)
		if err == nil || finished(err) || try == attempts || !l.again(err, t) {
			if err != nil && !finished(err) {
				err = translate("transaction", err)
			}
			return t, err
		}
	}
}

// notNew says that the short way of keeping something new met something known: its key, or a division by zero.
func notNew(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && (failure.Code == "22012" || failure.ConstraintName == "kintell_sessions_pkey")
}

// again says whether the same transaction may succeed if it is simply run once more.
func (l *Ledger) again(err error, t *tx) bool {
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		return false
	}
	if failure.Code == "40P01" || failure.Code == "40001" || failure.Code == "0A000" || notNew(err) {
		return true
	}
	person := []string{"kintell_sessions_participant", "kintell_sessions_volunteer"}
	if t.cached && slices.Contains(person, failure.ConstraintName) {
		l.people.clear()
		return true
	}
	return false
}

// finished says that the inbox refused, by the name of its constraint: the work was done before.
func finished(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && failure.Code == "23505" &&
		(failure.ConstraintName == "inbox_once" || failure.ConstraintName == "webhook_deliveries_once")
}

// queryer is the reading half of a transaction.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// read runs f in a read-only transaction that sees one company.
func (l *Ledger) read(ctx context.Context, companyID string, f func(context.Context, queryer) error) error {
	conn, err := l.pool.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(t pgx.Tx) error {
		_, err := t.Exec(ctx, "SELECT set_config('app.company', $1, true)", companyID)
		if err != nil {
			return err
		}
		return f(ctx, t)
	})
	return translate("read", err)
}

// release gives conn back, or throws it away when a transaction is still open on it.
func release(conn *pgxpool.Conn) {
	if conn == nil {
		return
	}
	if conn.Conn().PgConn().TxStatus() != 'I' {
		conn.Conn().PgConn().Close(context.Background()) //nolint — the pool drops a closed connection
	}
	conn.Release()
}
