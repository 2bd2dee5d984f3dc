package localpg

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/postgres"
)

func ask(t *testing.T, s *Server) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL("postgres", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var version string
	err = conn.QueryRow(t.Context(), "SHOW server_version").Scan(&version)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// folder is one that any user may reach: t.TempDir is not, for root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "csr-localpg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAServerIsStartedAdoptedAndStopped(t *testing.T) {
	t.Parallel()
	o := Options{Dir: filepath.Join(folder(t), "pg"), Binaries: filepath.Join(os.TempDir(), "csr-pg-binaries")}
	first, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if first.Adopted || ask(t, first) == "" {
		t.Fatal("a new folder has a server already")
	}
	if url, err := Running(o.Dir, "postgres", "postgres"); err != nil || url != first.URL("postgres", "postgres") {
		t.Errorf("the running server is at %q (%v)", url, err)
	}
	second, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !second.Adopted {
		t.Error("the running server was not adopted")
	}
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	if first.answers(t.Context()) == nil {
		t.Error("the server still answers after Stop")
	}
	third, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if third.Adopted {
		t.Error("a stopped server was adopted")
	}
	if err := third.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderThatThePostgresUserCannotReachIsLinkedElsewhere(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Log("not root: the server runs as this user, who can reach its own folders")
	}
	closed := filepath.Join(folder(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Options{Dir: filepath.Join(closed, "pg"), Binaries: filepath.Join(os.TempDir(), "csr-pg-binaries")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.Dir) })
	if ask(t, s) == "" {
		t.Error("no answer")
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAMachineWithoutPostgresFetchesOne(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	o := Options{Dir: filepath.Join(dir, "pg"), Binaries: filepath.Join(dir, "binaries"), Progress: func(string) {}}
	bin, err := download(o)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{options: o, done: make(chan struct{}), bin: bin}
	if err := s.settle(); err != nil {
		t.Fatal(err)
	}
	if err := s.initialise(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("fetched Postgres %s", ask(t, s))
	migratesAndHides(t, s)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// migratesAndHides says that the fetched Postgres, newer than those of distributions, takes our migrations, and that the role of the
// functions does not inherit what the operator's may see.
func migratesAndHides(t *testing.T, s *Server) {
	t.Helper()
	if _, err := postgres.Migrate(t.Context(), s.URL("postgres", "postgres"), ""); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.URL("csr_service", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, as := range []struct {
		role string
		sees int // companies: the operator's own, or none
	}{{"csr_service", 0}, {"csr_operator", 1}} {
		if _, err := conn.Exec(t.Context(), "SET ROLE "+as.role); err != nil {
			t.Fatal(err)
		}
		var sees int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM companies").Scan(&sees); err != nil || sees != as.sees {
			t.Errorf("%s sees %d companies (%v), want %d", as.role, sees, err, as.sees)
		}
	}
}
