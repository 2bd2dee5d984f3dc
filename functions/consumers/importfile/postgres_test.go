package importfile_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// maxHeap is what reading a file of any length may hold in memory at once, in bytes.
const maxHeap = 64 << 20

func TestTenThousandRowsOnPostgresTwice(t *testing.T) {
	t.Parallel()
	const n = 10_000
	db := pgtest.New(t)
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 2, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler), // nothing relays: what is told stays in the outbox, to be counted
	})
	t.Cleanup(ledger.Close)
	files, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	tenant := company.Company{ID: identity.NewID(), Slug: "acme", Name: "Acme", Kind: company.Partner, TimeZone: "UTC", CreatedAt: time.Now()}
	err = ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error { return tx.Companies().Create(t.Context(), tenant) })
	if err != nil {
		t.Fatal(err)
	}
	text := legacy(n) + strings.Repeat("KS-x,yoga,nobody,,,,,,\n", 700)
	for time, want := range []intake.Progress{
		{Row: n + 700, Taken: n, Refused: 700},
		{Row: n + 700, Same: n, Refused: 700},
	} {
		t.Run(fmt.Sprintf("time %d", time+1), func(t *testing.T) {
			job := importOnce(t, ledger, files, tenant.ID, text)
			want.Offset = job.Size
			if diff := cmp.Diff(want, job.Progress); diff != "" || job.Status != intake.Completed {
				t.Errorf("%s %s %s", job.Status, job.Reason, diff)
			}
			counted := map[string]int{
				"SELECT count(*) FROM kintell_sessions": n, "SELECT count(*) FROM ratings": n, "SELECT count(*) FROM feedback_texts": n,
				"SELECT count(*) FROM import_rows": 700 * (time + 1), "SELECT count(*) FROM users": 97 + 31, "SELECT count(*) FROM outbox": 2 * n,
			}
			for query, want := range counted {
				if got := count(t, db.Owner, query); got != want {
					t.Errorf("%s: %d, want %d", query, got, want)
				}
			}
		})
	}
}

func importOnce(t *testing.T, ledger port.Ledger, files port.Files, tenant, text string) (job intake.Import) {
	in := intake.Import{
		ID: identity.NewID(), Company: tenant, Kind: intake.KintellSessions, Status: intake.Received, Size: int64(len(text)), CreatedBy: "test", CreatedAt: time.Now(),
	}
	in.Key = tenant + "/imports/" + in.ID
	err := files.Put(t.Context(), in.Key, strings.NewReader(text), in.Size)
	if err != nil {
		t.Fatal(err)
	}
	err = ledger.Do(t.Context(), port.In(tenant, "test"), func(tx port.Tx) error {
		tx.Imports().Create(in)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	received, err := contract.Decode[contract.ImportReceived](contract.Cause{ID: in.ID, Company: tenant, At: time.Now()}.Then(contract.ImportReceived{ImportID: in.ID}))
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	watched := &heap{Ledger: ledger}
	err = importfile.New(watched, files).Received(t.Context(), received)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	t.Logf("%s; at most %d MB more in use", time.Since(begun).Round(time.Millisecond), max(0, int64(watched.most)-int64(before.HeapInuse))>>20)
	if watched.most > before.HeapInuse+maxHeap {
		t.Errorf("%d MB in use beyond what was before", (watched.most-before.HeapInuse)>>20)
	}
	err = ledger.Do(t.Context(), port.In(tenant, "test"), func(tx port.Tx) error {
		job, err = tx.Imports().Find(t.Context(), in.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// heap is a ledger that notes how much memory is in use at each transaction.
type heap struct {
	port.Ledger
	most uint64
}

func (h *heap) Do(ctx context.Context, scope port.Scope, f func(port.Tx) error) error {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	h.most = max(h.most, now.HeapInuse)
	return h.Ledger.Do(ctx, scope, f)
}

func count(t *testing.T, url, query string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	err = conn.QueryRow(t.Context(), query).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
