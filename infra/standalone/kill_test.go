package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/teei/csr-platform/infra/standalone/sample"
	"github.com/teei/csr-platform/shared/domain/company"
)

const killCompany = "killed"

// killSeed decides when the process is killed; the load is the same for every seed but for its order.
const killSeed = 20261123

// TestKillLosesNothingAndDoublesNothing sends 2,000 deliveries and a file of 3,000 rows while the process is killed at moments drawn at
// random: while it answers, relays, scores, screens, reads the file, starts. A sender repeats what was not accepted; nobody else helps.
func TestKillLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	r := rand.New(rand.NewPCG(killSeed, 1))
	l := makeLoad(killSeed, time.Now().UTC())
	if len(l.deliveries) != allDeliveries {
		t.Fatalf("the load has %d deliveries, want %d", len(l.deliveries), allDeliveries)
	}
	if urgent := len(l.harmful) - l.moderated(); l.moderated() < 20 || urgent < 20 {
		t.Fatalf("%d harmful texts for moderation and %d for safeguarding, want 20 of each", l.moderated(), urgent)
	}
	v := newVictim(t)
	v.start()
	c := &client{base: v.base, http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: senders}}}
	must(t, c.signIn(ctx))
	secret, err := c.found(ctx, company.Company{Slug: killCompany, Name: "Killed", TimeZone: "Europe/Oslo"})
	must(t, err)
	db := v.database(ctx)
	l.contact(t, ctx, db)

	var made struct{ ID string }
	must(t, c.call(ctx, http.MethodPost, "/v1/imports/kintell-language?company="+killCompany, "text/csv", l.file, &made))
	read := func() (row int, status string) {
		must(t, db.QueryRow(ctx, "SELECT row_count, status FROM imports WHERE id = $1", made.ID).Scan(&row, &status))
		return row, status
	}
	resumed := 0 // how often something of the file was left to be read when its reader was killed
	killInImport := func() {
		t.Helper()
		before, _ := read()
		wait(t, ctx, "the file is read on", func() bool { row, status := read(); return row > before || status == "completed" })
		v.kill()
		if _, status := read(); status == "running" {
			resumed++
		}
	}
	killInImport()

	var accepted atomic.Int64
	v.start()
	sending, sendCtx := errgroup.WithContext(ctx)
	sending.Go(func() error { return sendAll(sendCtx, c, l, secret, &accepted) })
	for _, threshold := range thresholds(r, 24) {
		wait(t, sendCtx, "deliveries are accepted", func() bool { return accepted.Load() >= threshold })
		v.killAfter(r, 20*time.Millisecond)
		if threshold%4 == 0 { // and once more before it is up
			v.spawn()
			v.killAfter(r, 120*time.Millisecond)
		}
		v.start()
	}
	must(t, sending.Wait())
	if during := v.kills; during < 12 {
		t.Errorf("the process was killed %d times under load, want at least 12", during)
	}

	killInImport() // the second reading, begun when the bus missed the answer of the first; on a slow machine the load has seen its end
	if resumed == 0 {
		t.Error("the file was read to its end each time before the process was killed")
	}
	for _, ms := range []int{5, 20, 45, 80, 120, 170, 230, 300, 400} {
		v.start()
		<-time.After(time.Duration(ms) * time.Millisecond)
		v.kill()
	}
	v.start()
	begun := time.Now()
	l.settled(t, ctx, db)
	t.Logf("%d kills; everything worked %v after the last", v.kills, time.Since(begun).Round(time.Millisecond))
	l.checkReports(t, ctx, c)
	must(t, db.Close(ctx))
	v.stop()

	l.checkFacts(t, ctx, v.database(ctx), made.ID)
	l.checkStream(t, ctx, v)
}

// contact makes the one person who is told of what cannot wait.
func (l *load) contact(t *testing.T, ctx context.Context, db *pgx.Conn) {
	t.Helper()
	const email = "guard@load.test"
	_, err := db.Exec(ctx, `WITH known AS (INSERT INTO users (id, email, status) VALUES (gen_random_uuid(), $1, 'active') RETURNING id)
		INSERT INTO company_users (company_id, user_id, role) SELECT c.id, k.id, 'safeguarding' FROM known k, companies c WHERE c.kind = 'operator'`, email)
	must(t, err)
	l.people[email] = true
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wait waits until done, or fails the test when ctx ends before.
func wait(t *testing.T, ctx context.Context, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting until %s: %v", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// killAfter kills the process at a moment drawn from the time given.
func (v *victim) killAfter(r *rand.Rand, within time.Duration) {
	<-time.After(time.Duration(r.Int64N(int64(within))))
	v.kill()
}

// thresholds are n numbers of accepted deliveries at which to kill, in order.
func thresholds(r *rand.Rand, n int) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = r.Int64N(allDeliveries - 20)
	}
	slices.Sort(list)
	return list
}

// sendAll delivers as a sender does: each delivery again and again until it is accepted, and one in twenty once more after that.
func sendAll(ctx context.Context, c *client, l *load, secret string, accepted *atomic.Int64) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(senders)
	for i, d := range l.deliveries {
		group.Go(func() error {
			err := insist(ctx, c, d, secret)
			accepted.Add(1)
			if err == nil && i%20 == 0 {
				err = insist(ctx, c, d, secret)
			}
			return err
		})
	}
	return group.Wait()
}

// insist repeats a delivery until it is accepted. A process that is not there, or not ready, is asked again; any other answer is wrong.
func insist(ctx context.Context, c *client, d sample.Delivery, secret string) error {
	for {
		err := c.webhook(ctx, d, secret)
		var no *refusal
		if err == nil || errors.As(err, &no) && no.status != http.StatusServiceUnavailable || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// settled waits until every consumer has finished what it must and nothing is left to publish.
func (l *load) settled(t *testing.T, ctx context.Context, db *pgx.Conn) {
	t.Helper()
	want := map[string]int{
		"consumers/projectprofile": l.held, "consumers/scorefeedback": l.texts, "consumers/screencontent": len(l.ratings),
		"consumers/rollupmetrics": l.held + l.texts, "outbox": 0,
	}
	deadline := time.Now().Add(90 * time.Second)
	for {
		got := map[string]int{}
		rows, err := db.Query(ctx, "SELECT by, count(*) FROM inbox GROUP BY by UNION ALL SELECT 'outbox', count(*) FROM outbox")
		must(t, err)
		var by string
		var n int
		_, err = pgx.ForEachRow(rows, []any{&by, &n}, func() error { got[by] = n; return nil })
		must(t, err)
		diff := cmp.Diff(want, got)
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("what the consumers have finished (-want +got):\n%s", diff)
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("what the consumers have finished (-want +got):\n%s", diff)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// checkReports compares what a company reads with what was sent.
func (l *load) checkReports(t *testing.T, ctx context.Context, c *client) {
	t.Helper()
	ids, err := c.companies(ctx)
	must(t, err)
	var raw []byte
	must(t, c.call(ctx, http.MethodGet, "/v1/companies/"+ids[killCompany]+"/at-a-glance", asJSON, nil, &raw))
	var got report
	must(t, json.Unmarshal(raw, &got))
	want := map[string]string{"sessions": fmt.Sprint(l.held), "hours": fmt.Sprintf("%.6g", float64(l.minutes)/60)}
	if diff := cmp.Diff(want, map[string]string{"sessions": got.Sessions.String(), "hours": got.Hours.String()}); diff != "" {
		t.Errorf("at a glance (-want +got):\n%s\n%s", diff, raw)
	}
	n := 0
	for _, o := range got.Outcomes {
		if o.N != nil {
			n += *o.N
		}
	}
	if n == 0 {
		t.Errorf("no text made an outcome: %s", raw)
	}
}
