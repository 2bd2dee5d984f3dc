package ataglance_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/reports/ataglance"
	"github.com/teei/csr-platform/functions/reports/internal/figurestest"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/testkit/golden"
)

func now() time.Time { return figurestest.Now }

func TestShowAnswersThePeriod(t *testing.T) {
	t.Parallel()
	h := ataglance.New(figurestest.Impact{}, now)
	for name, query := range map[string]string{
		"last-twelve": "",
		"one-month":   "from=2025-11&to=2025-11",
		"small-month": "from=2025-12&to=2025-12",
		"empty":       "from=2024-01&to=2024-03",
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

func TestShowRefusesWhatItCannotAnswer(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		company, query string
		status         int
		fields         []string
	}{
		"no month":              {figurestest.Company, "from=2025-13", 400, []string{"from"}},
		"neither is a month":    {figurestest.Company, "from=x&to=2025", 400, []string{"from", "to"}},
		"empty month":           {figurestest.Company, "to=", 400, []string{"to"}},
		"ends before it starts": {figurestest.Company, "from=2025-05&to=2025-04", 400, []string{"to"}},
		"starts in the future":  {figurestest.Company, "from=2026-05", 400, []string{"from"}},
		"too long":              {figurestest.Company, "from=2010-01&to=2025-04", 400, []string{"from"}},
		"unknown parameter":     {figurestest.Company, "month=2025-04", 400, []string{"month"}},
		"unknown company":       {"0b8fbb1c-6d4a-5f0e-9a53-1d7b9c1e2a11", "", 404, nil},
		"company that is no id": {"acme", "", 404, nil},
	}
	h := ataglance.New(figurestest.Impact{}, now)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := figurestest.Ask(t, h.Show, c.company, c.query)
			var details web.Details
			err := json.Unmarshal(w.Body.Bytes(), &details)
			if err != nil {
				t.Fatal(err)
			}
			var fields []string
			for _, wrong := range details.Errors {
				fields = append(fields, wrong.Field)
			}
			if diff := cmp.Diff(c.fields, fields); diff != "" || w.Code != c.status {
				t.Fatalf("status %d, expected %d; fields %s: %s", w.Code, c.status, diff, w.Body)
			}
		})
	}
}

func TestShowTellsStrangersNothingOfItsOwnTrouble(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"broken": {errors.New("column x of 10.0.0.1 gone"), 500},
		"busy":   {fault.New(fault.Busy, "the database is waking up"), 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := figurestest.Ask(t, ataglance.New(figurestest.Impact{Broken: c.err}, now).Show, figurestest.Company, "")
			if w.Code != c.status || c.status == 500 && w.Body.Len() > 200 {
				t.Fatalf("status %d, expected %d: %s", w.Code, c.status, w.Body)
			}
		})
	}
}
