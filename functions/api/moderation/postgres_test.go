package moderation_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/ledgertest"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// onPostgres is a house on a real database, and that database.
func onPostgres(t *testing.T) (house, pgtest.Database, *ledgertest.Bus) {
	t.Helper()
	db, bus := pgtest.New(t), ledgertest.NewBus()
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 8, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Frozen: true,
		Bus: func(context.Context) (port.Bus, error) { return bus, nil },
	})
	t.Cleanup(ledger.Close)
	h := house{Ledger: ledger, acme: identity.NewID(), clock: &atomic.Int64{}}
	h.told = func() []contract.Event { return bus.Told(h.acme) }
	err := ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
		return tx.Companies().Create(t.Context(), company.Company{ID: h.acme, Slug: "acme", Name: "acme", Kind: company.Partner, TimeZone: "UTC", CreatedAt: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, db, bus
}

func count(t *testing.T, db pgtest.Database, sql string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	err = conn.QueryRow(t.Context(), sql, args...).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestManyReviewersAtOnceDecideEachFlagOnce: eight people take what the queue gives, all at once and all in the same order, so that each
// flag is fought over. Whoever is slower is told so; nothing is lost and nothing is decided twice.
func TestManyReviewersAtOnceDecideEachFlagOnce(t *testing.T) {
	t.Parallel()
	h, db, _ := onPostgres(t)
	const flags, people = 100, 8
	asked := 0 // flags whose decision is asked of a second person
	for i := range flags {
		f, _ := h.held(t, fmt.Sprint("hateful words ", i), i%10 == 0, finding(safety.Hate))
		if safety.Doubled(f.ID) {
			asked++
		}
	}
	var decided, slower atomic.Int64
	var group sync.WaitGroup
	for n := range people {
		who := access.Caller{Subject: fmt.Sprint("reviewer ", n), Role: identity.ProgrammeStaff}
		group.Go(func() { work(t, h, who, &decided, &slower) })
	}
	group.Wait()
	if got := int(decided.Load()); got != flags+asked {
		t.Errorf("%d decisions were accepted, expected %d of %d flags and %d second ones", got, flags+asked, flags, asked)
	}
	for what, c := range map[string]struct {
		sql  string
		want int
	}{
		"flags decided once":     {"SELECT count(*) FROM (SELECT flag_id FROM safety_reviews WHERE kind = 'decision' GROUP BY flag_id HAVING count(*) = 1) AS x", flags},
		"decisions":              {"SELECT count(*) FROM safety_reviews WHERE kind = 'decision'", flags},
		"second ones":            {"SELECT count(*) FROM safety_reviews WHERE kind = 'second'", asked},
		"second ones by oneself": {"SELECT count(*) FROM safety_reviews s JOIN safety_reviews d USING (flag_id, reviewer) WHERE s.kind = 'second' AND d.kind = 'decision'", 0},
		"flags that still wait":  {"SELECT count(*) FROM safety_flags WHERE status = 'open' OR second_due OR claimed_by IS NOT NULL", 0},
		"flags":                  {"SELECT count(*) FROM safety_flags WHERE status IN ('approved', 'rejected')", flags},
	} {
		if got := count(t, db, c.sql); got != c.want {
			t.Errorf("%s: %d, expected %d", what, got, c.want)
		}
	}
	if got := len(h.completed(t)); got != flags {
		t.Errorf("%d decisions were told, expected %d", got, flags)
	}
	if slower.Load() == 0 {
		t.Error("nobody was ever slower: the reviewers did not meet, and the test proves nothing")
	}
}

// work takes what the queue gives until it gives nothing, and counts decisions accepted and conflicts met.
func work(t *testing.T, h house, who access.Caller, decided, slower *atomic.Int64) {
	for n := 0; ; n++ {
		w := h.ask(t.Context(), who, http.MethodGet, "/v1/moderation/queue?limit=3", "")
		page := decode[struct{ Flags []flag }](t, w)
		if len(page.Flags) == 0 {
			return
		}
		f := page.Flags[n%len(page.Flags)]
		for _, act := range []struct{ path, body string }{{"claim", ""}, {"decision", says([]string{"approved", "rejected"}[n%2])}} {
			w := h.ask(t.Context(), who, http.MethodPost, "/v1/moderation/flags/"+f.ID+"/"+act.path, act.body)
			if w.Code == http.StatusConflict {
				slower.Add(1)
				break
			}
			if w.Code != http.StatusOK {
				t.Errorf("%s: status %d: %s", act.path, w.Code, w.Body)
				return
			}
			if act.path == "decision" {
				decided.Add(1)
			}
		}
	}
}

func TestTwoWhoHoldTheSameClaimDecideOnce(t *testing.T) {
	t.Parallel()
	h, db, _ := onPostgres(t)
	for i := range 10 { // one person in several windows
		f, _ := h.held(t, fmt.Sprint("hateful words ", i), false, finding(safety.Hate))
		h.post(t, siri, f.ID, "claim", "", 200)
		var accepted atomic.Int64
		var group sync.WaitGroup
		for n := range 6 {
			group.Go(func() {
				w := h.ask(t.Context(), siri, http.MethodPost, "/v1/moderation/flags/"+f.ID+"/decision", says([]string{"approved", "rejected"}[n%2]))
				if w.Code == http.StatusOK {
					accepted.Add(1)
				} else if w.Code != http.StatusConflict {
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
			})
		}
		group.Wait()
		if accepted.Load() != 1 || count(t, db, "SELECT count(*) FROM safety_reviews WHERE flag_id = $1", f.ID) != 1 {
			t.Errorf("%d decisions were accepted, expected one", accepted.Load())
		}
	}
}

func TestWhoAppealsForAnotherDoesNotDecideOnPostgres(t *testing.T) {
	t.Parallel()
	h, _, _ := onPostgres(t)
	appealsForAnother(t, h)
}

// TestTheWayOfAnAppealOnPostgres: from the queue of all companies to the author's own.
func TestTheWayOfAnAppealOnPostgres(t *testing.T) {
	t.Parallel()
	h, db, _ := onPostgres(t)
	f, author := h.held(t, "hateful words", false, finding(safety.Hate), safety.Finding{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: 0, End: 7, Kind: "phone"}}})
	got := h.get(t, siri, f.ID, "?reveal=true", 200)
	if got.Text == nil || !got.Masked {
		t.Errorf("%+v", got)
	}
	h.decides(t, siri, f.ID, "rejected")
	olena := access.Caller{Subject: author, Company: h.acme, Role: identity.Participant}
	stranger := access.Caller{Subject: author, Company: company.OperatorID, Role: identity.Participant}
	h.post(t, stranger, f.ID, "appeal", `{"reason":"x"}`, 404)
	h.post(t, olena, f.ID, "appeal", `{"reason":"it was a quote"}`, 200)
	h.decides(t, omar, f.ID, "approved")
	var shown map[string]bool
	h.do(t, func(tx port.Tx) (err error) {
		shown, err = tx.Safety().Showable(t.Context(), []string{f.ContentID})
		return err
	})
	if !shown[f.ContentID] {
		t.Error("the text is not shown after its appeal was won")
	}
	w := h.ask(t.Context(), siri, http.MethodGet, "/v1/moderation/stats", "")
	stats := decode[struct {
		Appeals struct{ Decided, Overturned int }
	}](t, w)
	if stats.Appeals.Decided != 1 || stats.Appeals.Overturned != 1 {
		t.Errorf("stats %s", w.Body)
	}
	if n := count(t, db, "SELECT count(*) FROM audit_logs WHERE company_id = $1 AND action = 'READ' AND resource_type = 'safety_flag'", h.acme); n != 1 {
		t.Errorf("%d lines of the audit log say that the text was read, expected one", n)
	}
	if n := count(t, db, "SELECT count(*) FROM audit_logs WHERE company_id = $1 AND resource_type = 'operator scope' AND actor_id = 'siri'", company.OperatorID); n == 0 {
		t.Error("nothing says that the operator's scope was taken")
	}
	if n := count(t, db, "SELECT count(*) FROM audit_logs WHERE before_state::text || after_state::text LIKE '%quote%'"); n != 0 {
		t.Error("a reason is in the audit log")
	}
}
