package postgres_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// wire is a Postgres that counts what its clients wait for: every Sync, Flush and simple Query, each of which the server answers before
// a client that needs the answer goes on. A connection that nobody used for a second is asked whether it lives before it is used again;
// that question depends on how busy the machine is and is not counted.
type wire struct {
	url    string
	server string // path of the real socket
	mu     sync.Mutex
	trips  int
}

func newWire(t *testing.T, db pgtest.Database) *wire {
	t.Helper()
	config, err := pgx.ParseConfig(db.Service)
	if err != nil {
		t.Fatal(err)
	}
	network, server := pgconn.NetworkAddress(config.Host, config.Port)
	dir, err := os.MkdirTemp("", "wire") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{url: "postgresql://" + config.User + "@/" + config.Database + "?host=" + dir + "&port=5432", server: server}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { w.pass(client, network) })
		}
	})
	t.Cleanup(func() { listener.Close(); open.Wait() })
	return w
}

// pass carries one connection until either side ends it.
func (w *wire) pass(client net.Conn, network string) {
	defer client.Close()
	server, err := net.Dial(network, w.server)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.Copy(client, server); client.Close() }()
	_ = w.count(bufio.NewReader(client), server)
	server.Close()
	<-done
}

// ping is the simple Query by which pgx asks whether a connection lives.
const ping = "-- ping\x00"

// count carries messages of the frontend protocol (Postgres documentation §55.7), each a type byte and a length that includes itself;
// the startup message has no type.
func (w *wire) count(from *bufio.Reader, to io.Writer) error {
	head := make([]byte, 4)
	for {
		_, err := io.ReadFull(from, head)
		if err != nil {
			return err
		}
		length := int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
		if len(head) == 5 && strings.ContainsRune("SHQ", rune(head[0])) { // before it is answered
			body, err := from.Peek(min(length, len(ping)))
			if err != nil {
				return err
			}
			if head[0] != 'Q' || string(body) != ping {
				w.mu.Lock()
				w.trips++
				w.mu.Unlock()
			}
		}
		_, err = to.Write(head)
		if err != nil {
			return err
		}
		_, err = io.CopyN(to, from, int64(length))
		if err != nil {
			return err
		}
		head = make([]byte, 5)
	}
}

// during is how often the client waited while f ran.
func (w *wire) during(f func()) int {
	w.mu.Lock()
	before := w.trips
	w.mu.Unlock()
	f()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trips - before
}

// counts are the numbers of rows of every table that has any.
func counts(t testing.TB, url string) map[string]int {
	t.Helper()
	found := map[string]int{}
	type count struct {
		Table string
		Rows  int
	}
	for _, c := range rows[count](t, url, `SELECT relname::text, (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM public.' || quote_ident(relname), false, true, '')))[1]::text::int
		FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`) {
		if c.Rows > 0 {
			found[c.Table] = c.Rows
		}
	}
	return found
}

// added is by how many rows each table grew while f ran.
func added(t testing.TB, url string, f func()) map[string]int {
	t.Helper()
	before := counts(t, url)
	f()
	after := counts(t, url)
	for table, n := range before {
		after[table] -= n
	}
	maps.DeleteFunc(after, func(_ string, n int) bool { return n == 0 })
	return after
}

// office is a ledger with one connection, over a wire.
type office struct {
	*postgres.Ledger
	*wire
	t       *testing.T
	company string
}

func newOffice(t *testing.T, db pgtest.Database, frozen bool) office {
	t.Helper()
	o := office{t: t}.another(db, frozen)
	o.company = found(t, o.Ledger, "acme")
	return o
}

// another is a process that works for the same company.
func (o office) another(db pgtest.Database, frozen bool) office {
	o.t.Helper()
	w := newWire(o.t, db)
	b := &bus{}
	l := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL:      func(context.Context) (string, error) { return w.url, nil },
			MaxConns: 1, Connect: 10 * time.Second,
			Idle: time.Hour, // however busy the machine is: a new connection prepares every statement anew
		},
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Bus: func(context.Context) (port.Bus, error) { return b, nil }, Frozen: frozen,
	})
	o.t.Cleanup(l.Close)
	return office{l, w, o.t, o.company}
}

// deliver keeps what a webhook of Kintell's brings.
func (o office) deliver(delivery string, keep func(tx port.Tx, cause contract.Cause) error) {
	o.t.Helper()
	cause := contract.Cause{
		ID: identity.ID(o.company, "kintell", "delivery", delivery), Company: o.company, At: noon,
		Delivery: &contract.Delivery{ID: delivery, Type: "session-completed", Digest: []byte(delivery), Size: 1},
	}
	err := o.Once(o.t.Context(), "webhooks/kintell", cause, func(tx port.Tx) error { return keep(tx, cause) })
	if err != nil {
		o.t.Fatal(err)
	}
}

// session is one session held by two people.
func (o office) session(external, participant, volunteer string) func(port.Tx, contract.Cause) error {
	return func(tx port.Tx, cause contract.Cause) error {
		ids, err := tx.People().Persons(o.t.Context(), []identity.Contact{
			{Email: participant + "@sample.test", Role: identity.Participant}, {Email: volunteer + "@sample.test", Role: identity.Volunteer},
		})
		if err != nil {
			return err
		}
		fact := session.Completion{
			ID: identity.ID(o.company, "kintell", "session", external), Sender: "kintell", ExternalID: external, Type: session.Language,
			Participant: ids[0], Volunteer: ids[1], ScheduledAt: noon.Add(-time.Hour), CompletedAt: noon, Minutes: 45, SentAt: noon,
		}
		tx.Sessions().Complete([]port.News[session.Completion]{{Fact: fact, Event: cause.Then(contract.KintellSessionCompleted{SessionID: fact.ID})}})
		return nil
	}
}

// booking is a session agreed on by two people, at the hour of session.
func (o office) booking(external, participant, volunteer string) func(port.Tx, contract.Cause) error {
	return func(tx port.Tx, cause contract.Cause) error {
		ids, err := tx.People().Persons(o.t.Context(), []identity.Contact{
			{Email: participant + "@sample.test", Role: identity.Participant}, {Email: volunteer + "@sample.test", Role: identity.Volunteer},
		})
		if err != nil {
			return err
		}
		fact := session.Booking{
			ID: identity.ID(o.company, "kintell", "session", external), Sender: "kintell", BookingID: external, Type: session.Language,
			Participant: ids[0], Volunteer: ids[1], ScheduledAt: noon.Add(-time.Hour), SentAt: noon.Add(-time.Hour),
		}
		tx.Sessions().Book([]port.News[session.Booking]{{Fact: fact, Event: cause.Then(contract.KintellSessionScheduled{SessionID: fact.ID})}})
		return nil
	}
}

// rating is a participant's rating with a text.
func (o office) rating(external, ofSession string) func(port.Tx, contract.Cause) error {
	return func(tx port.Tx, cause contract.Cause) error {
		score := 0.8
		fact := feedback.Rating{
			ID: identity.ID(o.company, "kintell", "rating", external), Sender: "kintell", ExternalID: external, SessionRef: ofSession,
			SessionID: identity.ID(o.company, "kintell", "session", ofSession), FromRole: feedback.FromParticipant, Score: &score,
			Text: "I called him myself.", CreatedAt: noon, SentAt: noon,
		}
		tx.Feedback().Rate([]port.News[feedback.Rating]{{Fact: fact, Event: cause.Then(contract.KintellRatingCreated{RatingID: fact.ID})}})
		return nil
	}
}

func TestAWebhookCrossesTheWireOnceOrTwice(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	o := newOffice(t, db, false)
	// Every statement is prepared once a connection: by new people, known ones, a rating, a session that is known already.
	o.deliver("warm-a", o.session("KS-warm-a", "warm", "up"))
	o.deliver("warm-b", o.session("KS-warm-b", "warm", "up"))
	o.deliver("warm-c", o.session("KS-warm-b", "warm", "up"))
	o.deliver("warm-r", o.rating("KR-warm", "KS-warm-a"))
	o.deliver("warm-d", o.booking("KS-warm-d", "warm", "up"))
	facts := map[string]int{"webhook_deliveries": 1, "kintell_sessions": 1, "audit_logs": 1, "outbox": 1}
	strangers := maps.Clone(facts)
	strangers["users"], strangers["company_users"] = 2, 2
	rated := map[string]int{"webhook_deliveries": 1, "ratings": 1, "feedback_texts": 1, "audit_logs": 1, "outbox": 1}
	stub := maps.Clone(rated)
	stub["kintell_sessions"] = 1
	for _, c := range []struct {
		what string
		keep func(port.Tx, contract.Cause) error
		most int // round trips
		adds map[string]int
	}{
		{"a session of people nobody knows", o.session("KS-1", "mira", "paul"), 2, strangers},
		{"a session of people this process has met", o.session("KS-2", "mira", "paul"), 1, facts},
		{"a session that is known already", o.session("KS-2", "mira", "paul"), 2, map[string]int{"webhook_deliveries": 1}},
		{"a booking of people nobody knows", o.booking("KS-5", "nina", "otto"), 2, strangers},
		{"a session that was booked", o.session("KS-5", "nina", "otto"), 2, map[string]int{"webhook_deliveries": 1, "audit_logs": 1, "outbox": 1}},
		{"a rating with a text", o.rating("KR-1", "KS-1"), 1, rated},
		{"a rating before its session", o.rating("KR-9", "KS-9"), 1, stub},
	} {
		var trips int
		adds := added(t, db.Owner, func() { trips = o.during(func() { o.deliver(c.what, c.keep) }) })
		if trips > c.most {
			t.Errorf("%s: %d round trips, expected at most %d", c.what, trips, c.most)
		}
		if diff := cmp.Diff(c.adds, adds); diff != "" {
			t.Errorf("%s: rows added: %s", c.what, diff)
		}
	}
	other := o.another(db, false)
	other.deliver("warm-other", other.session("KS-warm-c", "warm", "up"))
	if trips := other.during(func() { other.deliver("new-process", other.session("KS-3", "mira", "paul")) }); trips != 2 {
		t.Errorf("a session of people that another process has met: %d round trips, expected 2", trips)
	}
}

func TestAConsumerThatOnlyWritesCrossesTheWireOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	o := newOffice(t, db, false)
	work := func(id string) error {
		cause := contract.Cause{ID: identity.ID(o.company, "kintell", "event", id), Company: o.company, At: noon}
		return o.Once(t.Context(), "consumers/example", cause, func(tx port.Tx) error {
			tx.Tell(cause.Then(contract.ImportReceived{ImportID: identity.ID(o.company, "", "import", id)}))
			return nil
		})
	}
	if err := work("warm"); err != nil {
		t.Fatal(err)
	}
	var err error
	var trips int
	adds := added(t, db.Owner, func() { trips = o.during(func() { err = work("one") }) })
	if diff := cmp.Diff(map[string]int{"inbox": 1, "outbox": 1}, adds); trips != 1 || err != nil || diff != "" {
		t.Errorf("%d round trips (%v), expected 1; rows added: %s", trips, err, diff)
	}
	adds = added(t, db.Owner, func() { trips = o.during(func() { err = work("one") }) })
	if trips != 1 || err != nil || len(adds) > 0 {
		t.Errorf("the same event again: %d round trips (%v), expected 1; rows added: %v", trips, err, adds)
	}
	failed := errors.New("no")
	trips = o.during(func() {
		err = o.Once(t.Context(), "consumers/example", contract.Cause{ID: identity.NewID(), Company: o.company, At: noon}, func(port.Tx) error { return failed })
	})
	if trips != 0 || !errors.Is(err, failed) {
		t.Errorf("a function that fails before it reads: %d round trips (%v), expected none", trips, err)
	}
}

func TestAFrozenProcessPublishesInThreeMoreTrips(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	o := newOffice(t, db, true)
	o.deliver("warm-a", o.session("KS-warm-a", "mira", "paul"))
	o.deliver("warm-b", o.session("KS-warm-b", "mira", "paul"))
	var trips int
	adds := added(t, db.Owner, func() { trips = o.during(func() { o.deliver("one", o.session("KS-1", "mira", "paul")) }) })
	want := map[string]int{"webhook_deliveries": 1, "kintell_sessions": 1, "audit_logs": 1} // the outbox is empty again
	if diff := cmp.Diff(want, adds); trips != 4 || diff != "" {
		t.Errorf("%d round trips, expected 4 (the facts; then BEGIN, take, COMMIT); rows added: %s", trips, diff)
	}
}
