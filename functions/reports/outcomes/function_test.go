package outcomes_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/teei/csr-platform/functions/reports/internal/figurestest"
	"github.com/teei/csr-platform/functions/reports/outcomes"
	"github.com/teei/csr-platform/shared/testkit/golden"
)

func TestShowAnswersTheSeriesWithTheSameWithheldAsTheTotals(t *testing.T) {
	t.Parallel()
	h := outcomes.New(figurestest.Impact{}, func() time.Time { return figurestest.Now })
	for name, query := range map[string]string{
		"quarter": "from=2025-11&to=2026-01",
		"empty":   "from=2024-01&to=2024-01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := figurestest.Ask(t, h.Show, figurestest.Company, query)
			if w.Code != http.StatusOK {
				t.Fatalf("status %d, expected 200: %s", w.Code, w.Body)
			}
			golden.JSON(t, name, w.Body.Bytes())
		})
	}
}

func TestShowDefaultsToTheLastTwelveMonthsOfTheCompanysZone(t *testing.T) {
	t.Parallel()
	h := outcomes.New(figurestest.Impact{}, func() time.Time { return figurestest.Now })
	w := figurestest.Ask(t, h.Show, figurestest.Company, "")
	golden.JSON(t, "last-twelve", w.Body.Bytes())
}

func TestShowRefusesAMonthItCannotRead(t *testing.T) {
	t.Parallel()
	h := outcomes.New(figurestest.Impact{}, func() time.Time { return figurestest.Now })
	w := figurestest.Ask(t, h.Show, figurestest.Company, "from=January")
	if w.Code != http.StatusBadRequest {
		t.Fatalf("status %d, expected 400: %s", w.Code, w.Body)
	}
}
