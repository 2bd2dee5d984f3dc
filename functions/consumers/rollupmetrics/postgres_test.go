package rollupmetrics_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/consumers/internal/kintelltest"
	"github.com/teei/csr-platform/functions/consumers/rollupmetrics"
	"github.com/teei/csr-platform/functions/consumers/scorefeedback"
	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// line is a bus on which events wait until somebody takes one.
type line struct {
	port.Bus
	mu      sync.Mutex
	waiting []contract.Event
}

func (l *line) Publish(_ context.Context, events []contract.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, events...)
	return nil
}

func (l *line) Stalled(context.Context, contract.Event, time.Duration) error { return nil }

// take gives one of the waiting events, picked by pick, and says whether there was one.
func (l *line) take(pick func(n int) int) (contract.Event, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return contract.Event{}, false
	}
	i := pick(len(l.waiting))
	e := l.waiting[i]
	l.waiting = append(l.waiting[:i:i], l.waiting[i+1:]...)
	return e, true
}

// reader scores a text by its length, and finds nothing in a short one.
type reader struct{}

func (reader) Calibrations() []outcome.Calibration { return nil }

func (reader) Score(_ context.Context, in outcome.Request) (outcome.Scoring, error) {
	text := in.Text
	scoring := outcome.Scoring{Method: outcome.Local, ModelVersion: "test", RubricVersion: "rubric-test"}
	for i, dimension := range outcome.Dimensions {
		if len(text) > 10+10*i {
			scoring.Scores = append(scoring.Scores, outcome.Score{
				Dimension: dimension, Value: outcome.Round(float64(len(text)%97) / 97), Confidence: 1, Direction: outcome.State,
				Evidence: []outcome.Span{outcome.Whole(text)},
			})
		}
	}
	return scoring, nil
}

// platform is a ledger with the consumers that make figures of what it is told.
type platform struct {
	port.Ledger
	port.Impact
	bus   *line
	hears map[string][]fn.Hears
}

func on(ledger port.Ledger, figures port.Impact, bus *line) platform {
	rollup, scorer := rollupmetrics.New(ledger), scorefeedback.New(ledger, reader{})
	p := platform{ledger, figures, bus, map[string][]fn.Hears{}}
	for _, h := range []fn.Hears{fn.Hear(rollup.Completed), fn.Hear(rollup.Scored), fn.Hear(scorer.Rated)} {
		p.hears[h.Type] = append(p.hears[h.Type], h)
	}
	return p
}

// work hears up to n of the waiting events, each picked by pick.
func (p platform) work(t *testing.T, n int, pick func(int) int) {
	t.Helper()
	for range n {
		e, some := p.bus.take(pick)
		if !some {
			return
		}
		for _, h := range p.hears[e.Type] {
			err := h.Handle(t.Context(), e)
			if err != nil {
				t.Fatalf("%s: %v", e.Type, err)
			}
		}
	}
}

// random is something Kintell may say: of few sessions, so that it often contradicts what it said before, over three months.
func random(r *rand.Rand, companyID string, i int) kintell.Given {
	given := kintell.Given{
		Cause:  contract.Cause{ID: identity.ID(companyID, "test", "cause", fmt.Sprint(i)), Company: companyID, At: kintelltest.Now},
		SentAt: kintelltest.Now.Add(time.Duration(i+r.IntN(5)) * time.Second),
	}
	ref := fmt.Sprintf("s%d", r.IntN(25))
	at := time.Date(2026, time.Month(1+r.IntN(3)), 1+r.IntN(28), r.IntN(24), 30, 0, 0, time.UTC)
	if r.IntN(2) == 0 {
		given.Session = &kintell.Session{
			ExternalID: ref, Type: session.Language, ParticipantEmail: fmt.Sprintf("p%d@example.org", r.IntN(8)),
			VolunteerEmail: fmt.Sprintf("v%d@example.com", r.IntN(6)), ScheduledAt: at.Add(-time.Hour), CompletedAt: at, Minutes: 30 + r.IntN(60),
		}
		return given
	}
	score := 0.5
	given.Rating = &kintell.Rating{
		ExternalID: "r-" + ref, SessionRef: ref, FromRole: feedback.FromParticipant, Score: &score,
		Text: fmt.Sprintf("%0*d", 1+r.IntN(60), i), CreatedAt: at,
	}
	return given
}

// Whatever Kintell says, in whatever order it is heard, the figures kept on Postgres are those kept in memory, and those one would get
// by counting everything at the end.
func TestFiguresDoNotDependOnTheOrderOfEventsNorOnTheLedger(t *testing.T) {
	t.Parallel()
	tenant := company.Company{ID: identity.NewID(), Slug: "acme", Name: "Acme", Kind: company.Partner, TimeZone: "Europe/Oslo", CreatedAt: kintelltest.Now}
	now := func() time.Time { return kintelltest.Now }
	inMemory, onDisk := &line{}, &line{}
	mem := memory.New(memory.Options{Now: now, Bus: inMemory})
	mem.Seed(tenant)
	db := pgtest.New(t)
	pg := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 2, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: now, Log: slog.New(slog.DiscardHandler), Bus: func(context.Context) (port.Bus, error) { return onDisk, nil }, Frozen: true,
	})
	t.Cleanup(pg.Close)
	err := pg.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error { return tx.Companies().Create(t.Context(), tenant) })
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	platforms := []platform{on(mem, mem, inMemory), on(pg, pg, onDisk)}
	for i := range 150 {
		given := random(r, tenant.ID, i)
		for _, p := range platforms {
			err := p.Once(t.Context(), "webhooks/kintell", given.Cause, func(tx port.Tx) error { return kintell.Keep(t.Context(), tx, given) })
			if err != nil {
				t.Fatal(err)
			}
			p.work(t, r.IntN(4), r.IntN)
		}
	}
	var kept [][]impact.Figures
	for _, p := range platforms {
		p.work(t, 10_000, r.IntN)
		months, err := p.Months(t.Context(), tenant.ID, quarter)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, months)
	}
	for i, p := range platforms {
		if diff := cmp.Diff(counted(t, p, tenant.ID), kept[i]); diff != "" {
			t.Errorf("ledger %T, beside a count at the end (-count +kept):\n%s", p.Ledger, diff)
		}
	}
	if diff := cmp.Diff(kept[0], kept[1]); diff != "" {
		t.Errorf("in memory and on Postgres (-memory +postgres):\n%s", diff)
	}
	cells := impact.Open(kept[0])
	if len(cells) == 0 {
		t.Fatal("no month is large enough: the test shows nothing of distinct people")
	}
	var people []map[string]int
	for _, p := range platforms {
		counts, err := p.People(t.Context(), tenant.ID, cells)
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, counts)
	}
	if diff := cmp.Diff(people[0], people[1]); diff != "" {
		t.Error(diff)
	}
}

// counted is every month of the quarter, counted now.
func counted(t *testing.T, ledger port.Ledger, companyID string) []impact.Figures {
	t.Helper()
	var all []impact.Figures
	err := ledger.Do(t.Context(), port.In(companyID, "test"), func(tx port.Tx) error {
		all = nil
		zone, err := tx.Metrics().Zone(t.Context())
		if err != nil {
			return err
		}
		for _, month := range quarter.Months() {
			sums, _, err := tx.Metrics().Lock(t.Context(), month, zone, contract.EventID("no", "such", "subject"))
			if err != nil {
				return err
			}
			all = append(all, impact.Compute(month, sums, tx.Now()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
