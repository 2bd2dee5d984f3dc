// Package pgtest gives each test a database of its own on a real Postgres.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/platform/standalone/localpg"
)

// Database is one migrated database. Owner is a superuser, for what a test must see past row-level security; functions use Service.
type Database struct {
	Owner   string // connection strings
	Service string
}

type server struct {
	url func(role, database string) string
	mu  sync.Mutex // one clone at a time: Postgres copies a template that nobody else uses
}

var (
	started  sync.Once
	shared   *server
	startErr error
	number   atomic.Int64
)

const template = "csr_template"

// New is a fresh, migrated database, dropped when the test ends. The server is the machine's own Postgres, started once a test
// process in a temporary folder; a machine without one fails the test.
func New(t testing.TB) Database {
	t.Helper()
	started.Do(func() { shared, startErr = start() })
	if startErr != nil {
		t.Fatalf("start Postgres: %v", startErr)
	}
	name := fmt.Sprintf("csr_%d_%d", os.Getpid(), number.Add(1))
	shared.run(t, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", name, template))
	t.Cleanup(func() { shared.run(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return Database{shared.url("postgres", name), shared.url("csr_service", name)}
}

func (s *server) run(t testing.TB, sql string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.url("postgres", "postgres"))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func start() (*server, error) {
	sweep()
	ctx := context.Background()
	local, err := localpg.Start(ctx, localpg.Options{
		Dir:      filepath.Join(os.TempDir(), fmt.Sprintf("csr-pgtest-%d", os.Getpid())),
		Binaries: filepath.Join(os.TempDir(), "csr-pg-binaries"),
		Bound:    true,
		Settings: map[string]string{"fsync": "off", "full_page_writes": "off", "max_connections": "300", "shared_buffers": "64MB"},
	})
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, local.URL("postgres", "postgres"))
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+template)
	if err != nil {
		return nil, err
	}
	_, err = postgres.Migrate(ctx, local.URL("postgres", template), "")
	return &server{url: local.URL}, err
}

// sweep removes the folders of test processes that are gone.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), "csr-pgtest-*"))
	for _, folder := range folders {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(folder), "csr-pgtest-"))
		if err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			os.RemoveAll(folder)
		}
	}
}
