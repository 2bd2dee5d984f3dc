package classify_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/ledgertest"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// onPostgres is a house on a real database, and a connection of its owner.
func onPostgres(t *testing.T) (*house, *pgx.Conn) {
	t.Helper()
	db, bus := pgtest.New(t), ledgertest.NewBus()
	h := &house{t: t, clock: &atomic.Int64{}, acme: identity.NewID(), bolt: identity.NewID()}
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 8, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: func() time.Time { return noon.Add(time.Duration(h.clock.Load()) * time.Second) }, Log: slog.New(slog.DiscardHandler), Frozen: true,
		Bus: func(context.Context) (port.Bus, error) { return bus, nil },
	})
	t.Cleanup(ledger.Close)
	h.over(ledger, reader{&h.asked})
	err := ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
		for slug, id := range map[string]string{"acme": h.acme, "bolt": h.bolt} {
			err := tx.Companies().Create(t.Context(), company.Company{ID: id, Slug: slug, Name: slug, Kind: company.Partner, TimeZone: "UTC", CreatedAt: tx.Now()})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return h, conn
}

// rows counts the rows of every table.
func rows(t *testing.T, conn *pgx.Conn) map[string]int {
	t.Helper()
	found, err := conn.Query(t.Context(), "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, table := range tables {
		var n int
		err = conn.QueryRow(t.Context(), "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}

func TestNothingOfWhatIsSentIsStored(t *testing.T) {
	t.Parallel()
	h, conn := onPostgres(t)
	client := h.of(identity.APIClient)
	before := rows(t, conn)
	for _, text := range []string{"I am brave, secretword", "secretword overloaded", "secretword saudade"} {
		h.ask(client, "POST", "/v1/classify", body(map[string]any{"text": text}))
		h.ask(client, "POST", "/v1/classify", body(map[string]any{"texts": []string{text, text}}))
	}
	h.must(200, siri, "POST", "/v1/classify", `{"text":"secretword"}`)
	after := rows(t, conn)
	before["minute_limits"] += 2 // how many texts, of acme and of the operator
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	var kept string
	err := conn.QueryRow(t.Context(), "SELECT string_agg(m::text, ' ') FROM minute_limits m").Scan(&kept)
	if err != nil || strings.Contains(kept, "secret") || !strings.Contains(kept, "9)") {
		t.Errorf("kept %s, %v", kept, err)
	}
	if strings.Contains(h.log.String(), "secretword") {
		t.Errorf("the log: %s", h.log.String())
	}
}

func TestManyAtOnceTakeNoMoreTextsThanAllowed(t *testing.T) {
	t.Parallel()
	h, _ := onPostgres(t)
	var taken atomic.Int64
	var group sync.WaitGroup
	fifty := body(map[string]any{"texts": strings.Fields(strings.Repeat("a ", 50))})
	for range 12 {
		group.Go(func() {
			switch w := h.ask(h.of(identity.APIClient), "POST", "/v1/classify", fifty); w.Code {
			case http.StatusOK:
				taken.Add(50)
			case http.StatusTooManyRequests:
			default:
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
	group.Wait()
	if taken.Load() != allowed {
		t.Errorf("%d texts were taken, expected %d", taken.Load(), allowed)
	}
}

func TestOneReviewerInManyWindowsAnswersOnce(t *testing.T) {
	t.Parallel()
	h, conn := onPostgres(t)
	for i := range 5 {
		h.tells(h.acme, fmt.Sprint(i), fmt.Sprint("I am brave, ", i))
	}
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	for range 5 {
		item := h.next(siri, h.acme).Item
		var accepted atomic.Int64
		var group sync.WaitGroup
		for n := range 6 {
			group.Go(func() {
				status, _ := h.answers(siri, h.acme, item, strings.Replace(labels, "0.75", fmt.Sprint(n%2), 1))
				if status == 201 {
					accepted.Add(1)
				} else if status != 409 {
					t.Errorf("status %d", status)
				}
			})
		}
		for n := range 3 { // others answer the same text meanwhile
			group.Go(func() {
				status, _ := h.answers(access.Caller{Subject: fmt.Sprint("reviewer ", n), Role: identity.ProgrammeStaff}, h.acme, item, labels)
				if status != 201 {
					t.Errorf("another reviewer: status %d", status)
				}
			})
		}
		group.Wait()
		if accepted.Load() != 1 {
			t.Errorf("%d answers of one reviewer were accepted", accepted.Load())
		}
	}
	if got := rows(t, conn)["audit_answers"]; got != 20 {
		t.Errorf("%d answers are kept, expected 20", got)
	}
	list := decode[page](t, h.must(200, siri, "GET", "/v1/classify/audits", ""))
	if len(list.Audits) != 1 || list.Audits[0].Answered != 5 || list.Audits[0].Twice != 5 || list.Audits[0].Agreement[0].WithModel.N != 20 {
		t.Errorf("%+v", list)
	}
}

func TestManyWhoDrawAtOnceDrawTheLargest(t *testing.T) {
	t.Parallel()
	h, _ := onPostgres(t)
	for i := range 12 {
		h.tells(h.acme, fmt.Sprint(i), fmt.Sprint("I am brave, ", i))
	}
	var group sync.WaitGroup
	var created atomic.Int64
	for n := 1; n <= 10; n++ {
		group.Go(func() {
			w := h.ask(siri, "POST", "/v1/classify/audits", draws(h.acme, n))
			if w.Code == 201 {
				created.Add(1)
			} else if w.Code != 200 {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
	group.Wait()
	got := decode[page](t, h.must(200, siri, "GET", "/v1/classify/audits", "")).Audits
	if len(got) != 1 || got[0].Size != 10 || got[0].Items != 10 || created.Load() != 1 {
		t.Errorf("%+v, created %d times", got, created.Load())
	}
}

// slow is a ledger in which something happens between the check of an answer and its keeping.
type slow struct {
	port.Ledger
	meanwhile func()
}

func (s slow) Do(ctx context.Context, scope port.Scope, f func(port.Tx) error) error {
	return s.Ledger.Do(ctx, scope, func(tx port.Tx) error { return f(slowTx{tx, s.meanwhile}) })
}

type slowTx struct {
	port.Tx
	meanwhile func()
}

func (s slowTx) Audits() port.Audits { return slowAudits{s.Tx.Audits(), s.meanwhile} }

type slowAudits struct {
	port.Audits
	meanwhile func()
}

func (s slowAudits) Answer(ctx context.Context, item, reviewer string, labels outcome.Labels) (outcome.Scoring, error) {
	s.meanwhile()
	return s.Audits.Answer(ctx, item, reviewer, labels)
}

// TestATextThatIsCorrectedWhileItIsAnsweredHasNoLabels: the correction waits, so the labels are of the words that were read.
func TestATextThatIsCorrectedWhileItIsAnsweredHasNoLabels(t *testing.T) {
	t.Parallel()
	h, conn := onPostgres(t)
	h.tells(h.acme, "a", "I am brave.")
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	read := h.next(siri, h.acme).Item
	corrected := make(chan struct{})
	ledger := h.Ledger
	h.over(slow{ledger, func() {
		go func() { defer close(corrected); h.corrects(ledger, "a", "I take that back.") }()
		select {
		case <-corrected:
			t.Error("the text was corrected while its answer was kept")
		case <-time.After(200 * time.Millisecond): // a correction that does not wait is long done
		}
	}}, reader{&h.asked})
	if status, _ := h.answers(siri, h.acme, read, labels); status != 201 {
		t.Errorf("status %d", status)
	}
	<-corrected
	var current bool
	err := conn.QueryRow(t.Context(), "SELECT a.text_version = text_version(t.id, t.body) FROM audit_answers a JOIN audit_items i ON i.id = a.item_id JOIN feedback_texts t ON t.id = i.text_id").Scan(&current)
	if err != nil || current {
		t.Errorf("%v: the labels are those of words that nobody read", err)
	}
}

// TestTheWholeAuditOnPostgres: who reads what, on the database as functions see it.
func TestTheWholeAuditOnPostgres(t *testing.T) {
	t.Parallel()
	h, _ := onPostgres(t)
	h.tells(h.acme, "a", "Я сміливіша 🎉. olena@example.org")
	h.wrote(h.acme, "unscreened", "I am brave", 1)
	h.must(201, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	h.must(200, siri, "POST", "/v1/classify/audits", draws(h.acme, 5))
	h.must(404, siri, "GET", "/v1/classify/audits/"+h.bolt+"-2026-Q1/next", "")
	got := h.next(siri, h.acme)
	if got.Item == nil || got.Item.Text != "Я сміливіша 🎉. [e-mail]" || got.Left != 1 || got.PassedOver != 1 {
		t.Fatalf("%+v", got)
	}
	h.must(404, siri, "POST", "/v1/classify/audits/"+h.bolt+"-2026-Q1/items/"+got.Item.ID, labels)
	status, model := h.answers(siri, h.acme, got.Item, labels)
	if status != 201 || model.Scores[0].Evidence[0].Quote != "сміливіша" || model.Scores[0].Evidence[0].Start != 2 || *model.Scores[0].Calibration != "test-1/confidence/en" {
		t.Errorf("status %d: %+v", status, model)
	}
	if status, _ := h.answers(siri, h.acme, got.Item, labels); status != 409 {
		t.Errorf("again: status %d", status)
	}
	if got := h.next(siri, h.acme); got.Item != nil || got.PassedOver != 1 {
		t.Errorf("%+v", got)
	}
}
