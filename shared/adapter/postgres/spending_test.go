package postgres_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

func TestAReservationThatNobodySettlesExpiresAndWhatItCostAfterAllCounts(t *testing.T) {
	t.Parallel()
	db, now := pgtest.New(t), noon
	l := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL:      func(context.Context) (string, error) { return db.Service, nil },
			MaxConns: 2, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Bus: func(context.Context) (port.Bus, error) { return &bus{}, nil },
	})
	t.Cleanup(l.Close)
	id := found(t, l, "acme")
	reserve := func(expected int64) (reservation string) {
		t.Helper()
		err := l.Do(t.Context(), port.In(id, "test"), func(tx port.Tx) (err error) {
			reservation, err = tx.Spending().Reserve(t.Context(), expected, 1000)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return reservation
	}
	lost := reserve(1000)
	now = noon.Add(port.ReservationLasts - time.Second)
	if lost == "" || reserve(1) != "" {
		t.Fatalf("reservation %q, expected it to hold for %v", lost, port.ReservationLasts)
	}
	now = noon.Add(port.ReservationLasts)
	if reserve(400) == "" {
		t.Fatal("expected the reservation to have expired")
	}
	err := l.Do(t.Context(), port.In(id, "test"), func(tx port.Tx) error { // whoever was thought dead was slow
		tx.Spending().Settle(lost, "screen", outcome.Usage{Model: "m", MicroUSD: 500, Latency: 1500 * time.Millisecond})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if reserve(101) != "" || reserve(100) == "" {
		t.Error("expected 100 to be left of 1000 after 500 spent and 400 reserved")
	}
	now = noon.AddDate(0, 1, 0)
	if reserve(1000) == "" {
		t.Error("expected a new month to have a new budget")
	}
	type call struct {
		Month, Purpose string
		Latency        int64
	}
	if got := rows[call](t, db.Owner, "SELECT month::text, purpose, latency_ms FROM model_calls WHERE settled_at IS NOT NULL"); len(got) != 1 || got[0] != (call{"2026-03-01", "screen", 1500}) {
		t.Errorf("settled calls %+v", got)
	}
}
