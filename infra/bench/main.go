// Command bench measures the platform beside a bare floor, in one run on one machine, and prints the ratios: signed webhook ingest at 16
// and 64 at once, lag from webhook to report at a sustained rate, CSV import of 10,000 rows and its memory, what starting a function
// costs beside an empty one, and the size of each zip. Figures of one machine mean little elsewhere; ratios travel better.
//
//	go run ./infra/bench [-only ingest|lag|csv|init|zip] [-repeat 5]
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/platform/standalone/localpg"
)

func main() {
	only := flag.String("only", "", "measure one thing: ingest, lag, csv, init or zip")
	repeat := flag.Int("repeat", 5, "how often each pair is measured")
	child := flag.String("child", "", "used by the command itself: measure the memory of one import")
	flag.Parse()
	if *child == "" {
		debug.SetGCPercent(400) // as infra/standalone has it; floor and platform share this process
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, *only, *repeat, *child)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, repeat int, child string) error {
	if child != "" {
		return importOnce(ctx, child)
	}
	dir, err := os.MkdirTemp("/var/tmp", "csr-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	err = os.Chmod(dir, 0o755)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s/%s, %d cores, %s\n\n", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor())
	fmt.Printf("| what | floor | ours | ratio | goal |\n|---|---|---|---|---|\n")
	place := &bench{dir: dir, repeat: repeat, log: os.Stderr}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"ingest", place.ingest}, {"lag", place.lag}, {"csv", place.csv}, {"init", place.init}, {"zip", place.zip}} {
		if only != "" && only != part.name {
			continue
		}
		err = part.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return place.stop()
}

// bench is what the measurements share.
type bench struct {
	dir    string
	repeat int
	log    io.Writer // progress
	server *localpg.Server
	made   int
}

func (b *bench) progress(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

// row prints a line of the table.
func row(what, floor, ours, ratio, goal string) {
	fmt.Printf("| %s | %s | %s | %s | %s |\n", what, floor, ours, ratio, goal)
}

// postgres starts a server with the settings a small production server has, durable.
func (b *bench) postgres(ctx context.Context) error {
	if b.server != nil {
		return nil
	}
	server, err := localpg.Start(ctx, localpg.Options{
		Dir: filepath.Join(b.dir, "postgres"), Binaries: filepath.Join(".local", "postgres-binaries"), Bound: true,
		Settings: map[string]string{"max_connections": "200", "shared_buffers": "256MB", "max_wal_size": "4GB"},
	})
	b.server = server
	return err
}

func (b *bench) stop() error {
	if b.server == nil {
		return nil
	}
	return b.server.Stop()
}

// database makes a fresh one with both the platform's schema and the floor's, and says how to reach it as owner and as service.
func (b *bench) database(ctx context.Context) (owner, service string, err error) {
	err = b.postgres(ctx)
	if err != nil {
		return "", "", err
	}
	b.made++
	name := fmt.Sprintf("bench%d", b.made)
	conn, err := pgx.Connect(ctx, b.server.URL("postgres", "postgres"))
	if err != nil {
		return "", "", err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	if err != nil {
		return "", "", err
	}
	owner = b.server.URL("postgres", name)
	_, err = postgres.Migrate(ctx, owner, "")
	return owner, b.server.URL("csr_service", name), err
}

// poolSize is how many connections either side has (DATABASE_POOL_MAX).
const poolSize = 10

func floorPool(ctx context.Context, owner string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(owner)
	if err != nil {
		return nil, err
	}
	config.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return pool, floorPeople(ctx, pool, emails())
}

// middle is the median with the least and the greatest.
func middle(values []float64) (median, least, most float64) {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1]
}

func spread(values []float64, format string) string {
	median, least, most := middle(values)
	return fmt.Sprintf(format+" ("+format+"–"+format+")", median, least, most)
}

func processor() string {
	raw, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return cmp.Or(os.Getenv("PROCESSOR"), "unknown processor")
}
