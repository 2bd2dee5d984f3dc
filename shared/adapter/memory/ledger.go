// Package memory keeps facts and carries events inside one process. It passes the same suites as the adapters that outlive a process,
// so it is the fake that tests of functions use.
package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Options of a Ledger. The zero value works.
type Options struct {
	Now func() time.Time // nil: time.Now
	Bus port.Bus         // nil: what is told counts as published
}

// Ledger is port.Ledger and port.Impact in memory. One transaction runs at a time; f must not start another one, which would wait
// for itself until its context ends.
type Ledger struct {
	now    func() time.Time
	bus    port.Bus
	turn   chan struct{} // holds one token while nobody is in
	serial int64         // number of the last committed transaction

	companies   map[string]company.Company
	senders     map[senderKey]company.Sender
	people      map[string]Person
	addresses   map[string]string // e-mail to person id
	members     map[member]bool
	externals   map[external]string // to person id
	sessions    map[string]Session
	bookings    map[booking]string   // to session id
	meetings    map[meeting][]string // session ids that were at this minute with these people
	ratings     map[string]rating    // by rating id, which is the text's id too
	ratingsOf   map[string][]string  // rating ids by session id
	scored      map[string]scored    // current scoring by text id
	scorings    map[string][]outcome.Scoring
	calibrated  map[string]outcome.Calibration
	calls       map[string]Call
	limits      map[string]int64 // of companies that have their own
	minutes     map[minuteKey]minuteTaken
	audited     audited
	drifts      map[driftKey]int // gravest level told
	enrollments map[enrollment]journey.Enrollment
	figures     map[figureKey]figureRow
	imports     map[string]intake.Import
	refused     map[refusedKey]intake.Refused
	inbox       map[inboxKey]inboxRow
	parked      map[string]company.Parked
	moderated   moderated

	outbox []announcement
	told   []contract.Event
	audit  []Line
}

type inboxKey struct{ by, cause string }

type inboxRow struct {
	company  string
	at       time.Time
	delivery *contract.Delivery
}

// Line is one line of the audit log.
type Line struct {
	Company string // of the scope; the operator's own in the operator's scope
	At      time.Time
	company.Entry
}

var (
	_ port.Ledger = (*Ledger)(nil)
	_ port.Impact = (*Ledger)(nil)
)

// New makes a ledger in which there is nothing but the operator's company.
func New(options Options) *Ledger {
	l := &Ledger{
		now: options.Now, bus: options.Bus, turn: make(chan struct{}, 1),
		companies: map[string]company.Company{}, senders: map[senderKey]company.Sender{}, people: map[string]Person{},
		addresses: map[string]string{}, members: map[member]bool{}, externals: map[external]string{}, sessions: map[string]Session{},
		bookings: map[booking]string{}, meetings: map[meeting][]string{}, ratings: map[string]rating{}, ratingsOf: map[string][]string{},
		scored: map[string]scored{}, scorings: map[string][]outcome.Scoring{}, enrollments: map[enrollment]journey.Enrollment{},
		figures: map[figureKey]figureRow{}, imports: map[string]intake.Import{}, refused: map[refusedKey]intake.Refused{},
		inbox: map[inboxKey]inboxRow{}, parked: map[string]company.Parked{},
		calibrated: map[string]outcome.Calibration{}, calls: map[string]Call{}, limits: map[string]int64{}, minutes: map[minuteKey]minuteTaken{}, audited: newAudited(), drifts: map[driftKey]int{},
		moderated: newModerated(),
	}
	if l.now == nil {
		l.now = time.Now
	}
	l.companies[company.OperatorID] = company.Company{ID: company.OperatorID, Slug: "operator", Name: "Operator", Kind: company.Operator, TimeZone: "UTC", CreatedAt: l.now().UTC()}
	l.turn <- struct{}{}
	return l
}

// Do runs f in one transaction, as port.Ledger says. Once it has committed, a bus that refuses what was told is no failure: the events
// stay for Relay, and consumers/relayoutbox is asked to call it.
func (l *Ledger) Do(ctx context.Context, scope port.Scope, f func(port.Tx) error) error {
	told, err := l.run(ctx, scope, "", f)
	if err != nil {
		return err
	}
	mine := map[int64]bool{}
	for _, a := range told {
		mine[a.seq] = true
	}
	return l.publish(ctx, func(a announcement) bool { return mine[a.seq] })
}

// Once runs f unless by has finished cause, as port.Ledger says.
func (l *Ledger) Once(ctx context.Context, by string, cause contract.Cause, f func(port.Tx) error) error {
	_, err := l.run(ctx, port.In(cause.Company, by), cause.ID, func(t port.Tx) error {
		key := inboxKey{by, cause.ID}
		row, finished := l.inbox[key]
		if finished {
			return contradiction(row.delivery, cause.Delivery)
		}
		put(t.(*tx), l.inbox, key, inboxRow{cause.Company, t.Now(), cause.Delivery})
		return f(t)
	})
	if err != nil {
		return err
	}
	return l.publish(ctx, func(a announcement) bool { return a.cause == cause.ID })
}

func contradiction(accepted, given *contract.Delivery) error {
	if accepted == nil || given == nil || bytes.Equal(accepted.Digest, given.Digest) {
		return nil
	}
	return fault.New(fault.Conflict, "this delivery was accepted with another body: a new body needs a new X-Delivery-Id")
}

// Finished says whether by has finished cause.
func (l *Ledger) Finished(ctx context.Context, by string, cause contract.Cause) (bool, error) {
	var finished bool
	_, err := l.run(ctx, port.In(cause.Company, by), "", func(port.Tx) error {
		_, finished = l.inbox[inboxKey{by, cause.ID}]
		return nil
	})
	return finished, err
}

// Ready never fails: memory is always there.
func (l *Ledger) Ready(context.Context) error { return nil }

// run is one transaction: all that f wrote stays, or none of it. It gives what f told.
func (l *Ledger) run(ctx context.Context, scope port.Scope, cause string, f func(port.Tx) error) ([]announcement, error) {
	if scope.Operator == (scope.Company != "") {
		return nil, fault.New(fault.Invalid, "a transaction needs the scope of one company or of the operator")
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.turn:
	}
	defer func() { l.turn <- struct{}{} }()
	t := &tx{ledger: l, scope: scope, cause: cause, now: l.now().UTC(), number: l.serial + 1, locked: map[figureKey]bool{}}
	committed := false
	defer func() { // also when f panics
		if !committed {
			t.rollBack()
		}
	}()
	err := f(t)
	if err == nil {
		err = t.failed
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	committed = true
	return t.commit(), nil
}

// tx is one transaction. It writes in place and remembers how to take every write back.
type tx struct {
	ledger *Ledger
	scope  port.Scope
	cause  string
	now    time.Time
	number int64 // of this transaction, higher than that of every one before it
	failed error // the first write that cannot be kept; the transaction then fails as a whole
	undo   []func()
	tells  []contract.Event
	lines  []Line
	news   int
	locked map[figureKey]bool
}

func put[K comparable, V any](t *tx, m map[K]V, k K, v V) {
	old, had := m[k]
	t.undo = append(t.undo, func() {
		if had {
			m[k] = old
		} else {
			delete(m, k)
		}
	})
	m[k] = v
}

func drop[K comparable, V any](t *tx, m map[K]V, k K) {
	old, had := m[k]
	if had {
		t.undo = append(t.undo, func() { m[k] = old })
		delete(m, k)
	}
}

func (t *tx) rollBack() {
	for _, undo := range slices.Backward(t.undo) {
		undo()
	}
}

func (t *tx) commit() []announcement {
	l := t.ledger
	l.serial = t.number
	if t.scope.Operator {
		t.Audit(company.Entry{Role: string(identity.SystemAdmin), Action: "ADMIN", ResourceType: "operator scope"})
	}
	l.audit = append(l.audit, t.lines...)
	told := make([]announcement, len(t.tells))
	for i, e := range t.tells {
		cause := t.cause
		if cause == "" {
			cause = e.Metadata.CausationID
		}
		told[i] = announcement{seq: int64(len(l.told) + 1), cause: cause, event: e}
		l.told = append(l.told, e)
	}
	l.outbox = append(l.outbox, told...)
	return told
}

// fail makes the whole transaction fail, for writes that give no result of their own.
func (t *tx) fail(kind fault.Kind, sentence string) {
	if t.failed == nil {
		t.failed = fault.New(kind, sentence)
	}
}

// own is the scope's company for a write that only one company can make.
func (t *tx) own() (string, bool) {
	if t.scope.Operator {
		t.fail(fault.Invalid, "this can be kept only in the scope of one company")
	}
	return t.scope.Company, !t.scope.Operator
}

// sees says whether the scope may see what belongs to company.
func (t *tx) sees(company string) bool { return t.scope.Operator || t.scope.Company == company }

func (t *tx) Now() time.Time  { return t.now }
func (t *tx) Company() string { return t.scope.Company }

func (t *tx) Tell(e contract.Event) {
	err := e.Check()
	switch {
	case err != nil:
		t.fail(fault.Invalid, err.Error())
	case !t.sees(e.Metadata.Metadata.CompanyID):
		t.fail(fault.Invalid, "an event of another company cannot be told")
	default:
		t.tells = append(t.tells, e)
	}
}

func (t *tx) Audit(entry company.Entry) {
	if entry.Actor == "" {
		entry.Actor = t.scope.Actor
	}
	owner := t.scope.Company
	if t.scope.Operator {
		owner = company.OperatorID
	}
	t.lines = append(t.lines, Line{owner, t.now, entry})
}

func (t *tx) Changes(context.Context) (int, error) { return t.news, t.failed }

// isNews counts a fact that was not known and tells its event, where it has one.
func (t *tx) isNews(e contract.Event) {
	t.news++
	if e.Type != "" {
		t.Tell(e)
	}
}

func (t *tx) People() port.People         { return people{t} }
func (t *tx) Sessions() port.Sessions     { return sessions{t} }
func (t *tx) Feedback() port.Feedback     { return ratings{t} }
func (t *tx) Journeys() port.Journeys     { return journeys{t} }
func (t *tx) Outcomes() port.Outcomes     { return outcomes{t} }
func (t *tx) Audits() port.Audits         { return audits{t} }
func (t *tx) Spending() port.Spending     { return spending{t} }
func (t *tx) Limits() port.Limits         { return limits{t} }
func (t *tx) Safety() port.Safety         { return screened{t} }
func (t *tx) Metrics() port.Metrics       { return metrics{t} }
func (t *tx) Imports() port.Imports       { return imports{t} }
func (t *tx) Deliveries() port.Deliveries { return deliveries{t} }
func (t *tx) Companies() port.Companies   { return companies{t} }

// look reads for a test, outside any scope.
func look[R any](l *Ledger, read func() R) R {
	<-l.turn
	defer func() { l.turn <- struct{}{} }()
	return read()
}

// Told gives every event that company told, in order, published or not.
func (l *Ledger) Told(company string) []contract.Event {
	return look(l, func() []contract.Event {
		var events []contract.Event
		for _, e := range l.told {
			if e.Metadata.Metadata.CompanyID == company {
				events = append(events, e)
			}
		}
		return events
	})
}

// AuditLog gives company's lines of the audit log, in order.
func (l *Ledger) AuditLog(company string) []Line {
	return look(l, func() []Line {
		var lines []Line
		for _, line := range l.audit {
			if line.Company == company {
				lines = append(lines, line)
			}
		}
		return lines
	})
}

// Ratings gives company's ratings, by id.
func (l *Ledger) Ratings(company string) []feedback.Rating {
	return look(l, func() []feedback.Rating {
		var found []feedback.Rating
		for _, id := range sortedKeys(l.ratings) {
			if l.ratings[id].company == company {
				found = append(found, l.ratings[id].Rating)
			}
		}
		return found
	})
}
