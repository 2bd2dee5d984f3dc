// Package ledgertest proves that a ledger keeps what port.Ledger and port.Impact promise. Every adapter passes the same suite, so that
// a function tested against one of them works with the others.
package ledgertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Harness is an empty ledger, and how to look at what it keeps where no port does.
type Harness struct {
	Ledger port.Ledger
	Impact port.Impact
	Bus    *Bus // the one that Ledger publishes to

	Sessions    func(t testing.TB, company string) []Session
	Ratings     func(t testing.TB, company string) []Rating
	Person      func(t testing.TB, id string) Person
	Enrollments func(t testing.TB, company string) []journey.Enrollment
	Audit       func(t testing.TB, company string) []company.Entry // of the operator's scope: under the operator's company
	Scorings    func(t testing.TB, text string) []Scoring          // every reading of a text, the current one last
	Calls       func(t testing.TB, company string) []Call          // of models

	Differs Differs
}

// Differs is what an adapter admits to do differently.
type Differs struct {
	// Later says that events go out behind the commit, by a relay of the harness's own, not before Do and Once return.
	Later bool
	// ForgetsRestatements says that a later statement of what is known already does not count as the latest one: a differing statement
	// sent in between, and arriving last, is then taken for a correction.
	ForgetsRestatements bool
}

// Scoring is a row of scorings.
type Scoring struct {
	ID, Method, ModelVersion, RubricVersion, Language, Reason string
	Current                                                   bool
}

// Call is a row of model_calls that was settled.
type Call struct {
	Purpose, Model string
	MicroUSD       int64
}

// Session is a row of any state: stub, booking, or held.
type Session struct {
	ID, ExternalID, BookingID string
	Type                      session.Type
	Participant, Volunteer    string
	ScheduledAt, CompletedAt  time.Time // zero where unknown
	Minutes                   int
}

// Rating is a row of ratings.
type Rating struct {
	ID, SessionID string
	FromRole      feedback.FromRole
	Score         *float64
}

// Person is a row of users.
type Person struct {
	Email, FirstName, LastName string
}

// Run proves the ledger that open makes. open is called once for what can share a ledger, and once more for each test that breaks its
// bus.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	shared := open(t)
	for _, group := range [][]test{transactions, repeats, announcements, persons, conversations, figures, outcomes, files, tenants, moderation, samples} {
		for _, one := range group {
			t.Run(one.outcome, func(t *testing.T) {
				t.Parallel()
				h := shared
				if one.alone {
					h = open(t)
				}
				one.run(enter(t, h))
			})
		}
	}
}

type test struct {
	outcome string
	alone   bool // needs a ledger of its own
	run     func(*room)
}

// room is two fresh companies and short ways to say what happens in them.
type room struct {
	*testing.T
	Harness
	ctx  context.Context
	a, b company.Company
}

// day is when things happen unless a test says otherwise.
var day = time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC)

const actor = "ledgertest"

func enter(t *testing.T, h Harness) *room {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	r := &room{T: t, Harness: h, ctx: ctx}
	unique := strings.ReplaceAll(identity.NewID(), "-", "")
	r.a = company.Company{ID: identity.NewID(), Slug: unique + "-a", Name: "A", Kind: company.Partner, TimeZone: "Europe/Oslo", CreatedAt: day}
	r.b = company.Company{ID: identity.NewID(), Slug: unique + "-b", Name: "B", Kind: company.Partner, TimeZone: "UTC", CreatedAt: day}
	r.operator(func(tx port.Tx) error {
		return errors.Join(tx.Companies().Create(ctx, r.a), tx.Companies().Create(ctx, r.b))
	})
	return r
}

// do runs f in the scope of one company and fails the test if the ledger does.
func (r *room) do(company string, f func(tx port.Tx) error) {
	r.Helper()
	err := r.Ledger.Do(r.ctx, port.In(company, actor), f)
	if err != nil {
		r.Fatalf("do: %v", err)
	}
}

func (r *room) operator(f func(tx port.Tx) error) {
	r.Helper()
	err := r.Ledger.Do(r.ctx, port.Operator(actor), f)
	if err != nil {
		r.Fatalf("do as operator: %v", err)
	}
}

func (r *room) once(by string, cause contract.Cause, f func(tx port.Tx) error) {
	r.Helper()
	err := r.Ledger.Once(r.ctx, by, cause, f)
	if err != nil {
		r.Fatalf("once: %v", err)
	}
}

// fails checks the kind of a failure.
func (r *room) fails(err error, kind fault.Kind) {
	r.Helper()
	if err == nil || fault.KindOf(err) != kind {
		r.Errorf("error is %v, expected one of kind %s", err, kind)
	}
}

// equal compares, with times by instant, numbers as databases round them, and nothing like an empty list.
func (r *room) equal(what string, got, want any) {
	r.Helper()
	near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 })
	if diff := cmp.Diff(want, got, near, cmpopts.EquateEmpty()); diff != "" {
		r.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (r *room) cause(company string) contract.Cause {
	return contract.Cause{ID: identity.NewID(), Company: company, At: day}
}

// told checks that company told exactly these types of event, in any order. Events go out again where the bus did not confirm them.
func (r *room) told(company string, want ...string) {
	r.Helper()
	slices.Sort(want)
	var got []string
	r.await(func() bool {
		got = nil
		for _, e := range r.Bus.Told(company) {
			got = append(got, e.Type)
		}
		slices.Sort(got)
		return len(got) >= len(want)
	})
	r.equal("events told", got, want)
}

// await relays and looks until done, or until a few seconds have passed.
func (r *room) await(done func() bool) {
	r.Helper()
	_, err := r.Ledger.Relay(r.ctx)
	if err != nil {
		r.Fatalf("relay: %v", err)
	}
	r.poll(done)
}

// poll looks until done, or until a few seconds have passed.
func (r *room) poll(done func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			return
		}
	}
}

// Bus records what is published to it, and refuses when told to.
type Bus struct {
	mu      sync.Mutex
	events  []contract.Event
	stalled []contract.Event
	taking  int // events a failing call still takes; negative while the bus is well
}

// NewBus is a bus that is well.
func NewBus() *Bus { return &Bus{taking: -1} }

// Fail makes each call of Publish take that many events and then fail.
func (b *Bus) Fail(taking int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taking = taking
}

// Heal makes the bus well again.
func (b *Bus) Heal() { b.Fail(-1) }

// Publish is port.Bus.
func (b *Bus) Publish(_ context.Context, events []contract.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taking >= 0 {
		b.events = append(b.events, events[:min(b.taking, len(events))]...)
		return fault.New(fault.Busy, "the bus is away")
	}
	b.events = append(b.events, events...)
	return nil
}

// Replay is port.Bus. No ledger replays.
func (b *Bus) Replay(context.Context, string, contract.Event) error {
	return errors.New("a ledger does not replay")
}

// Stalled is port.Bus. It works also while Publish fails: it is another queue.
func (b *Bus) Stalled(_ context.Context, e contract.Event, _ time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = append(b.stalled, e)
	return nil
}

// Told gives the events of one company in the order in which each first went out.
func (b *Bus) Told(company string) []contract.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var told []contract.Event
	seen := map[string]bool{}
	for _, e := range b.events {
		if e.Metadata.Metadata.CompanyID == company && !seen[e.Metadata.ID] {
			seen[e.Metadata.ID] = true
			told = append(told, e)
		}
	}
	return told
}

// Asked says how often relayoutbox was asked for help for company.
func (b *Bus) Asked(company string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, e := range b.stalled {
		if e.Metadata.Metadata.CompanyID == company {
			n++
		}
	}
	return n
}
