package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/port"
)

// tx is one transaction. Writes queue up and travel with the next read or at the end; one that only writes is a plain batch without
// BEGIN and COMMIT, which Postgres makes one implicit transaction, so that a webhook crosses the wire once.
type tx struct {
	ledger  *Ledger
	scope   port.Scope
	cause   *contract.Cause
	by      string
	now     time.Time
	conn    *pgxpool.Conn
	begun   bool // the opening statements went out, after a BEGIN
	batch   pgx.Batch
	changes int
	told    []string // cause ids of what was told
	tells   int
	cached  bool      // a person came from the cache
	met     []meeting // people found or made, remembered once the transaction has committed
	stalled bool
	locks   []int64 // advisory locks to take before anything is read or written
	done    func()  // called once the transaction has committed; may be nil
	careful bool    // the short way failed: keep everything the long way
}

var _ port.Tx = (*tx)(nil)

func (t *tx) Now() time.Time              { return t.now }
func (t *tx) Company() string             { return t.scope.Company }
func (t *tx) People() port.People         { return people{t} }
func (t *tx) Sessions() port.Sessions     { return sessions{t} }
func (t *tx) Feedback() port.Feedback     { return texts{t} }
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

// run runs f and commits, or leaves nothing.
func (t *tx) run(ctx context.Context, f func(port.Tx) error) (err error) {
	defer func() {
		if t.conn == nil {
			return
		}
		if sqlState(err) == "0A000" { // a migration changed what a prepared statement answers: prepare anew, on a new connection
			_ = t.conn.Conn().PgConn().Close(context.WithoutCancel(ctx))
		}
		if t.begun && t.conn.Conn().PgConn().TxStatus() != 'I' {
			_, _ = t.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		}
		release(t.conn)
		t.conn = nil
	}()
	err = f(t)
	if err != nil {
		return err
	}
	if t.tells > 0 && t.cause == nil && t.ledger.options.Frozen {
		err = t.ledger.askForHelp(ctx, t)
		if err != nil {
			return err
		}
	}
	err = t.finish(ctx)
	if err == nil && t.done != nil {
		t.done()
	}
	if err == nil && t.met != nil {
		t.ledger.people.keep(t.Company(), t.met)
	}
	return err
}

// open queues what every transaction starts with, before anything else in its first batch.
func (t *tx) open(batch *pgx.Batch) {
	if t.scope.Operator {
		batch.Queue("SELECT set_config('role', 'csr_operator', true)")
		batch.Queue(`INSERT INTO audit_logs (company_id, actor_id, action, resource_type, timestamp) VALUES ($1, $2, 'ADMIN', 'operator scope', $3)`,
			company.OperatorID, t.scope.Actor, t.now)
		return
	}
	var lock *int64 // a null key takes no lock
	if len(t.locks) == 1 {
		lock = &t.locks[0]
	}
	switch {
	case t.cause == nil:
		batch.Queue("SELECT set_config('app.company', $1, true), pg_advisory_xact_lock($2)", t.scope.Company, lock)
	case t.cause.Delivery == nil:
		batch.Queue(openCause, t.scope.Company, lock, t.cause.ID, t.by, t.now)
	default:
		d := t.cause.Delivery
		batch.Queue(openDelivery, t.scope.Company, lock, t.cause.ID, t.by, d.ID, d.Type, d.Digest, d.Size, t.now)
	}
	if len(t.locks) > 1 {
		batch.Queue(lockAll, sorted(t.locks))
	}
}

// openCause and openDelivery set the company, take the lock and say in the inbox that the cause is being worked, in one statement. The
// row inserted is made from the scope, so the company is set before the row is checked against it.
const (
	openCause = `
WITH scope AS (SELECT set_config('app.company', $1, true)::uuid AS company, pg_advisory_xact_lock($2))
INSERT INTO inbox (cause_id, by, company_id, finished_at) SELECT $3, $4, company, $5 FROM scope`

	openDelivery = `
WITH scope AS (SELECT set_config('app.company', $1, true)::uuid AS company, pg_advisory_xact_lock($2))
INSERT INTO webhook_deliveries (id, company_id, by, delivery_id, event_type, payload_hash, payload_size, received_at)
SELECT $3, company, $4, $5, $6, $7, $8, $9 FROM scope`

	lockAll = "SELECT count(pg_advisory_xact_lock(k)) FROM unnest($1::bigint[]) AS k"
)

// lock takes advisory locks: with the opening of the transaction, or where it is open already by a statement of its own.
func (t *tx) lock(keys ...int64) {
	if t.begun {
		t.queue(lockAll, sorted(keys))
		return
	}
	t.locks = append(t.locks, keys...)
}

// sorted locks cannot deadlock.
func sorted(keys []int64) []int64 {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// queue adds a write.
func (t *tx) queue(sql string, args ...any) *pgx.QueuedQuery { return t.batch.Queue(sql, args...) }

// send sends what is queued, opening the transaction first. last is a statement behind it all, empty where none is needed.
func (t *tx) send(ctx context.Context, explicit bool, last string) error {
	batch := &pgx.Batch{}
	if !t.begun {
		if explicit {
			batch.Queue("BEGIN")
		}
		t.open(batch)
		t.begun = explicit
	}
	batch.QueuedQueries = append(batch.QueuedQueries, t.batch.QueuedQueries...)
	t.batch = pgx.Batch{}
	if last != "" {
		batch.Queue(last)
	}
	if t.conn == nil {
		conn, err := t.ledger.pool.acquire(ctx)
		if err != nil {
			return err
		}
		t.conn = conn
	}
	// Statements are prepared for the life of the connection. Left to its own cache, the driver would forget every one of a batch that
	// fails, and a batch that meets something known fails on purpose.
	prepared := t.conn.Conn().PgConn().CustomData()
	for _, q := range batch.QueuedQueries {
		if prepared[q.SQL] != nil {
			continue
		}
		statement, err := t.conn.Conn().Prepare(ctx, q.SQL, q.SQL)
		if err != nil {
			return err
		}
		prepared[q.SQL] = statement
	}
	return t.conn.SendBatch(ctx, batch).Close()
}

// ask sends a read together with everything queued before it.
func (t *tx) ask(ctx context.Context, scan func(pgx.Rows) error, sql string, args ...any) error {
	t.batch.Queue(sql, args...).Query(scan)
	return t.send(ctx, true, "")
}

// finish commits. A transaction that only wrote has sent nothing yet: it goes as one plain batch.
func (t *tx) finish(ctx context.Context) error {
	if t.begun {
		return t.send(ctx, true, "COMMIT")
	}
	return t.send(ctx, false, "")
}

// Tell is port.Tx.
func (t *tx) Tell(e contract.Event) {
	row := t.envelope(e)
	t.queue("INSERT INTO outbox (company_id, cause_id, envelope) VALUES ($1, $2, $3)", e.Metadata.Metadata.CompanyID, row.cause, row.text)
}

type envelope struct{ cause, text string }

// envelope is an event as the outbox keeps it; it counts as told, since it may be.
func (t *tx) envelope(e contract.Event) envelope {
	text, err := e.Text()
	if err != nil { // an envelope of plain strings and JSON made by Cause.Then
		panic("encode envelope: " + err.Error())
	}
	// What belongs to a cause is published when the cause is repeated, whatever else the event names as its own.
	cause := e.Metadata.CausationID
	if t.cause != nil {
		cause = t.cause.ID
	}
	t.tells++
	if n := len(t.told); n == 0 || t.told[n-1] != cause {
		t.told = append(t.told, cause)
	}
	return envelope{cause, text}
}

// Audit is port.Tx.
func (t *tx) Audit(e company.Entry) {
	owner := t.scope.Company
	if t.scope.Operator {
		owner = company.OperatorID
	}
	actor := e.Actor
	if actor == "" {
		actor = t.scope.Actor
	}
	t.queue(`INSERT INTO audit_logs (company_id, actor_id, actor_role, action, resource_type, resource_id, before_state, after_state, timestamp)
		VALUES ($1, $2, nullif($3, ''), $4, $5, nullif($6, ''), $7, $8, $9)`,
		owner, actor, e.Role, e.Action, e.ResourceType, e.ResourceID, e.Before, e.After, t.now)
}

// Changes is port.Tx.
func (t *tx) Changes(ctx context.Context) (int, error) {
	if len(t.batch.QueuedQueries) > 0 {
		err := t.send(ctx, true, "")
		if err != nil {
			return 0, err
		}
	}
	return t.changes, nil
}

// counted adds the single number that a statement about News answers to the changes of the transaction.
func (t *tx) counted(q *pgx.QueuedQuery) {
	q.QueryRow(func(row pgx.Row) error {
		var n int
		err := row.Scan(&n)
		t.changes += n
		return err
	})
}

// one scans exactly one row, or says that there is none.
func one(into ...any) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return errors.Join(rows.Err(), pgx.ErrNoRows)
		}
		err := rows.Scan(into...)
		rows.Close()
		return errors.Join(err, rows.Err())
	}
}
