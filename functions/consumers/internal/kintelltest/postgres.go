package kintelltest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/ledgertest"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// OnPostgres is a Company whose facts are in a database, where transactions run beside each other.
type OnPostgres struct {
	port.Ledger
	sender
	bus   *ledgertest.Bus
	owner *pgx.Conn // looks past row-level security
}

// NewOnPostgres is a company that counts its months in Oslo's time.
func NewOnPostgres(t *testing.T) OnPostgres {
	t.Helper()
	db, bus := pgtest.New(t), ledgertest.NewBus()
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 8, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: func() time.Time { return Now }, Log: slog.New(slog.DiscardHandler), Frozen: true,
		Bus: func(context.Context) (port.Bus, error) { return bus, nil },
	})
	t.Cleanup(ledger.Close)
	owner, err := pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Close(context.WithoutCancel(t.Context())) })
	acme := identity.NewID()
	err = ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
		return tx.Companies().Create(t.Context(), company.Company{ID: acme, Slug: "acme", Name: "acme", Kind: company.Partner, TimeZone: "Europe/Oslo", CreatedAt: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return OnPostgres{ledger, sender{ledger, acme}, bus, owner}
}

func (c OnPostgres) events() []contract.Event { return c.bus.Told(c.ID) }

// Count is the number that sql answers, asked past row-level security.
func (c OnPostgres) Count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	err := c.owner.QueryRow(t.Context(), sql, args...).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Meanwhile is a ledger that lets f run once beside a transaction of a cause, where stop calls the function it is given: stop puts its own
// hands around that transaction. The transaction goes on once f is done, or waits for a lock; wait is for the end of f.
func (c OnPostgres) Meanwhile(t *testing.T, stop func(port.Tx, func()) port.Tx, f func()) (ledger port.Ledger, wait func()) {
	done, once := make(chan struct{}), sync.Once{}
	beside := func() {
		once.Do(func() {
			go func() { defer close(done); f() }()
			c.awaitLock(t, done)
		})
	}
	return interrupted{c.Ledger, func(tx port.Tx) port.Tx { return stop(tx, beside) }}, func() { <-done }
}

// awaitLock returns when done is closed, or when somebody in this database waits for a lock.
func (c OnPostgres) awaitLock(t *testing.T, done <-chan struct{}) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.Context().Done():
			return
		case <-tick.C:
		}
		if c.Count(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0 {
			return
		}
	}
}

// interrupted hands each transaction of a cause to wrap.
type interrupted struct {
	port.Ledger
	wrap func(port.Tx) port.Tx
}

func (i interrupted) Once(ctx context.Context, by string, cause contract.Cause, f func(port.Tx) error) error {
	return i.Ledger.Once(ctx, by, cause, func(tx port.Tx) error { return f(i.wrap(tx)) })
}
