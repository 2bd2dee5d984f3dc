package memory_test

import (
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/port"
)

func TestAReservationThatNobodySettlesExpires(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	l := memory.New(memory.Options{Now: func() time.Time { return now }})
	reserve := func() (reservation string) {
		t.Helper()
		err := l.Do(t.Context(), port.In(company.OperatorID, "test"), func(tx port.Tx) (err error) {
			reservation, err = tx.Spending().Reserve(t.Context(), 1000, 1000)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return reservation
	}
	if reserve() == "" || reserve() != "" {
		t.Fatal("expected the limit to be had once")
	}
	now = now.Add(port.ReservationLasts)
	if reserve() == "" {
		t.Fatal("expected the reservation to have expired")
	}
	now = now.AddDate(0, 1, 0)
	if reserve() == "" {
		t.Fatal("expected a new month to have a new budget")
	}
}
