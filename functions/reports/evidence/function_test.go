package evidence_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/reports/evidence"
	"github.com/teei/csr-platform/functions/reports/internal/figurestest"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/golden"
)

// later is when all months are over that have figures.
func later() time.Time { return time.Date(2026, 2, 10, 12, 0, 0, 0, time.UTC) }

func handler() *evidence.Handler { return evidence.New(figurestest.Impact{}, later) }

// page is an answer, as far as the tests look.
type page struct {
	Evidence []struct {
		Ref, Quote, Dimension, Month string
		Cut                          bool
	}
	Next string
}

func ask(t *testing.T, show func(http.ResponseWriter, *http.Request) error, query string) page {
	t.Helper()
	w := figurestest.Ask(t, show, figurestest.Company, query)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d, expected 200: %s", w.Code, w.Body)
	}
	var got page
	err := json.Unmarshal(w.Body.Bytes(), &got)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestShowQuotesWithWhatTheyProveAndMasksWhoCanBeReached(t *testing.T) {
	t.Parallel()
	w := figurestest.Ask(t, handler().Show, figurestest.Company, "dimension=well_being")
	golden.JSON(t, "well-being", w.Body.Bytes())
	if strings.Contains(w.Body.String(), "olena") {
		t.Errorf("an address is shown: %s", w.Body)
	}
}

func TestQuotesComeFromPublishableMonthsAndOutcomesAlone(t *testing.T) {
	t.Parallel()
	cells := map[string]bool{}
	for _, q := range ask(t, handler().Show, "").Evidence {
		cells[q.Month+" "+q.Dimension] = true
	}
	want := map[string]bool{"2025-11 confidence": true, "2025-11 well_being": true, "2026-01 confidence": true} // belonging and December: fewer than five people
	if diff := cmp.Diff(want, cells); diff != "" {
		t.Error(diff)
	}
	if got := ask(t, handler().Show, "dimension=belonging").Evidence; len(got) != 0 {
		t.Errorf("%d quotes of four people", len(got))
	}
	if got := ask(t, handler().Show, "from=2025-12&to=2025-12").Evidence; len(got) != 0 {
		t.Errorf("%d quotes of a small month", len(got))
	}
}

// TestAMonthIsQuotedOnceItIsOver in UTC and where the company is, an hour ahead in the first case and behind in the second.
func TestAMonthIsQuotedOnceItIsOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		impact port.Impact
		now    time.Time
		months string
		closed string
	}{
		"January where the company is, December in UTC": {figurestest.Impact{}, figurestest.Now, "2025-11", "2025-11"},
		"January everywhere":                            {figurestest.Impact{}, figurestest.Now.Add(time.Hour), "2025-11", "2025-12"},
		"the last second of January in UTC":             {figurestest.Impact{}, time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC), "2025-11", "2025-12"},
		"February everywhere":                           {figurestest.Impact{}, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), "2025-11 2026-01", "2026-01"},
		"February in UTC, January where the company is": {western{}, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), "2025-11", "2025-12"},
	} {
		w := figurestest.Ask(t, evidence.New(c.impact, func() time.Time { return c.now }).Show, figurestest.Company, "dimension=confidence&from=2025-11&to=2026-03")
		var got struct {
			ClosedThrough string
			Evidence      []struct{ Month string }
		}
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if err != nil {
			t.Fatal(err)
		}
		months := map[string]bool{}
		for _, q := range got.Evidence {
			months[q.Month] = true
		}
		if said := strings.Join(slices.Sorted(maps.Keys(months)), " "); said != c.months || got.ClosedThrough != c.closed {
			t.Errorf("%s: quotes of %q, closed through %s; expected %q and %s", name, said, got.ClosedThrough, c.months, c.closed)
		}
	}
}

// western is a company whose months end an hour after those of UTC.
type western struct{ figurestest.Impact }

func (western) Zone(context.Context, string) (*time.Location, error) {
	return time.FixedZone("Atlantic/Azores", -3600), nil
}

func TestPagesFollowEachOther(t *testing.T) {
	t.Parallel()
	var refs, all []string
	for _, q := range ask(t, handler().Show, "").Evidence {
		all = append(all, q.Ref)
	}
	after := ""
	for range len(all) {
		got := ask(t, handler().Show, "limit=1"+after)
		refs = append(refs, got.Evidence[0].Ref)
		after = "&after=" + got.Next
		if got.Next == "" {
			break
		}
	}
	if diff := cmp.Diff(all, refs); diff != "" || len(all) != 6 {
		t.Errorf("%d quotes, page by page (-all +pages):\n%s", len(all), diff)
	}
}

// long answers one quote of many words.
type long struct{ figurestest.Impact }

func (long) Quotes(_ context.Context, _ string, cells []impact.Cell, _ string, _ int) ([]impact.Quote, error) {
	body := strings.Repeat("слово ", 400)
	return []impact.Quote{{Ref: strings.Repeat("a", 32), Month: cells[0].Month, Dimension: outcome.Confidence, Span: outcome.Whole(body), Body: body}}, nil
}

func TestALongQuoteIsCut(t *testing.T) {
	t.Parallel()
	got := ask(t, evidence.New(long{}, later).Show, "").Evidence[0]
	if !got.Cut || got.Quote != strings.TrimSpace(strings.Repeat("слово ", 50)) {
		t.Errorf("cut %v: %q, expected the first fifty words", got.Cut, got.Quote)
	}
}

// aunt answers one quote of a text in whose screening was found what our own rules do not find, and in which those who met are named as
// their languages decline them.
type aunt struct{ figurestest.Impact }

func (aunt) Quotes(_ context.Context, _ string, cells []impact.Cell, _ string, _ int) ([]impact.Quote, error) {
	body := "🎉 Дякую Олені й тітці з Позняків, і лист від Kowalskiego!"
	return []impact.Quote{{
		Ref: strings.Repeat("a", 32), Month: cells[0].Month, Dimension: outcome.Confidence, Span: outcome.SpanAt(body, strings.Index(body, "Дякую"), len(body)),
		Body: body, Personal: []safety.Span{{Start: 24, End: 32, Kind: safety.Address}}, Names: []string{"Olena", "Jan Kowalski"},
	}}, nil
}

func TestWhatAScreeningFoundIsMaskedAndNamesInEveryForm(t *testing.T) {
	t.Parallel()
	const want = "Дякую [name] й тітці з [address], і лист від [name]!"
	if got := ask(t, evidence.New(aunt{}, later).Show, "").Evidence[0].Quote; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

// levels has a month in which enough people's language was scored, and too few spoke of belonging.
type levels struct{ figurestest.Impact }

func (levels) Months(context.Context, string, impact.Period) ([]impact.Figures, error) {
	return []impact.Figures{impact.Compute(impact.Month{Year: 2025, Month: time.November}, impact.Sums{
		Participants: 12, Volunteers: 6, Sessions: 20, Minutes: 1010,
		Outcomes: map[outcome.Dimension]impact.Sum{
			outcome.Confidence:     {N: 10, People: 9, Total: 7.125, Squares: 5.2},
			outcome.Belonging:      {N: 2, People: 2, Total: 1.9},
			outcome.LangLevelProxy: {N: 10, People: 9, Total: 4, Squares: 2},
		},
	}, figurestest.Now)}, nil
}

// TestAWholeTextIsNotShown: the proof of a language level is the whole text, in which the words of belonging are that are withheld.
func TestAWholeTextIsNotShown(t *testing.T) {
	t.Parallel()
	h := evidence.New(levels{}, later)
	got := ask(t, h.Show, "").Evidence
	for _, q := range got {
		if q.Dimension != string(outcome.Confidence) {
			t.Errorf("a quote of %s: %q", q.Dimension, q.Quote)
		}
	}
	if len(got) != 2 {
		t.Errorf("%d quotes, expected the two of confidence", len(got))
	}
	w := figurestest.Ask(t, h.Show, figurestest.Company, "dimension=lang_level_proxy")
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "whole text") || !strings.Contains(w.Body.String(), "confidence, belonging, job_readiness, well_being") {
		t.Errorf("status %d: %s, expected 400 that says why and what can be asked for", w.Code, w.Body)
	}
}

func TestShowNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for query, field := range map[string]string{
		"dimension=hope": "dimension", "dimension=": "dimension", "limit=0": "limit", "limit=201": "limit", "limit=many": "limit",
		"after=1": "after", "after=" + strings.Repeat("G", 32): "after", "from=January": "from", "person=1": "person",
	} {
		w := figurestest.Ask(t, handler().Show, figurestest.Company, query)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), fmt.Sprintf("%q", field)) {
			t.Errorf("%s: status %d: %s, expected 400 that names %s", query, w.Code, w.Body, field)
		}
	}
	if w := figurestest.Ask(t, handler().Show, "nobody", ""); w.Code != http.StatusNotFound {
		t.Errorf("status %d of no company, expected 404", w.Code)
	}
}
