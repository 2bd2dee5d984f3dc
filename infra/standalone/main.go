// Command standalone is the whole platform in one process, on this machine: a local Postgres, JetStream in process, every function.
// At its first start it fills itself with the sample year, through the real webhooks and file imports.
//
// Settings, all optional: PORT (3000), HOST (127.0.0.1), DATA (.local), OUT (out), DATABASE_URL and DATABASE_OWNER_URL (a Postgres of
// one's own), NATS_URL (a NATS server of one's own), SAMPLE=off, OIDC_ISSUER (turns the development issuer off), MODEL=bedrock with
// MODEL_ID and MODEL_BUDGET_USD, GUARDRAIL_ID and GUARDRAIL_VERSION (paid models, reached by the usual AWS_ variables).
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	csr "github.com/teei/csr-platform"
	"github.com/teei/csr-platform/functions"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/standalone"
	"github.com/teei/csr-platform/shared/platform/standalone/localpg"
	"github.com/teei/csr-platform/shared/platform/template"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // a long-lived process of some 50 MB: memory for speed
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	interrupted := ctx.Err() != nil
	stop()
	if interrupted && err != nil {
		say("stopped before it was ready; the next start goes on from here")
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "standalone: "+err.Error())
		os.Exit(1)
	}
}

// say prints a line of progress.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func setting(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

func run(ctx context.Context) (err error) {
	dir, address := setting("DATA", ".local"), setting("HOST", "127.0.0.1")+":"+setting("PORT", "3000")
	err = free(address)
	if err != nil {
		return err
	}
	release, err := claim(dir)
	if err != nil {
		return err
	}
	defer release()
	logFile, err := os.OpenFile(filepath.Join(dir, "platform.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	database, stopDatabase, err := database(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopDatabase()) }()
	begun := time.Now()
	written, err := template.Read(csr.Template)
	if err != nil {
		return err
	}
	process, err := standalone.Start(ctx, standalone.Options{
		Template: written, Functions: functions.All, Dir: dir, DatabaseURL: database, NATSURL: os.Getenv("NATS_URL"),
		Listen: address, Log: log.New(logFile, log.Level(os.Getenv("LOG_LEVEL"))), Lookup: os.LookupEnv,
		Welcome: "The CSR platform is an API and runs. GET /v1/health/ready says whether all it depends on can be used.\n" +
			"The reports of the sample companies are pages in the folder " + setting("OUT", "out") + " where it was started. `make` lists what to try.\n",
	})
	if err != nil {
		return err
	}
	defer process.Stop(context.WithoutCancel(ctx))
	say("ready on http://%s after %s; log lines go to %s", process.Address(), time.Since(begun).Round(time.Millisecond), logFile.Name())
	if setting("SAMPLE", "on") == "on" {
		err = fill(ctx, process, dir, setting("OUT", "out"))
		if err != nil {
			return err
		}
	} else {
		say("no sample data is filled in (SAMPLE). Next, in another terminal:\n  make company NAME=\"Acme\" SLUG=acme PORT=%s", process.Port())
	}
	<-ctx.Done()
	say("stopping: finishing what is under way")
	return nil
}

// free says, before anything is started, whether the address can be listened on.
func free(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; set PORT to a free port", address, err)
	}
	return listener.Close()
}

// claim takes the folder for this process: two platforms must not share their streams and files. A killed process holds nothing.
func claim(dir string) (release func(), err error) {
	err = os.MkdirAll(dir, 0o755)
	if err != nil {
		return nil, hinted(err, dir)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, hinted(err, dir)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("another platform is running on %s: stop it, or set DATA and PORT to others", dir)
	}
	return func() { lock.Close() }, nil
}

// hinted says whose folder dir is where err comes of not being them, and what to do.
func hinted(err error, dir string) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("%w; the folder %s belongs to %s: run as that user, or set DATA to a folder of your own", err, dir, owner(dir))
}

// owner is the name of the user whose folder dir is, as far as that can be found out.
func owner(dir string) string {
	info, err := os.Stat(dir)
	if err != nil {
		return "another user"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "another user"
	}
	id := strconv.FormatUint(uint64(stat.Uid), 10)
	named, err := user.LookupId(id)
	if err != nil {
		return "user " + id
	}
	return named.Username
}

// database finds the Postgres to use, migrated: the one of DATABASE_URL, else one of this machine that is started here.
func database(ctx context.Context, dir string) (url string, stop func() error, err error) {
	nothing := func() error { return nil }
	if url := os.Getenv("DATABASE_URL"); url != "" {
		if owner := os.Getenv("DATABASE_OWNER_URL"); owner != "" {
			_, err = postgres.Migrate(ctx, owner, "")
		}
		return url, nothing, err
	}
	server, err := localpg.Start(ctx, localpg.Options{
		Dir: filepath.Join(dir, "postgres"), Binaries: filepath.Join(dir, "postgres-binaries"),
		Progress: func(what string) { say("%s", what) },
	})
	if err != nil {
		return "", nil, err
	}
	if server.Adopted {
		say("found the Postgres of an earlier run still running, and use it")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, server.Stop())
		}
	}()
	err = create(ctx, server.URL("postgres", "postgres"))
	if err != nil {
		return "", nil, err
	}
	applied, err := postgres.Migrate(ctx, server.URL("postgres", name), "")
	if err != nil {
		return "", nil, err
	}
	if applied != nil {
		say("migrated the database: %s", strings.Join(applied, ", "))
	}
	return server.URL("csr_service", name), server.Stop, nil
}

// name of the database.
const name = "csr"

func create(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return err
}
