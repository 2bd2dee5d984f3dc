package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
)

const (
	relayBatch = 500              // events a transaction of the relay
	helpDelay  = 60 * time.Second // after which relayoutbox looks whether a function died before it published
	lateCommit = 5 * time.Second  // after which Run looks once more: what a killed process had sent may commit after the next one has begun
)

// announce sees to it that what t told goes out: now in a frozen process, by Run in a long-lived one.
func (l *Ledger) announce(ctx context.Context, t *tx) error {
	if t.tells == 0 {
		return nil
	}
	if !l.options.Frozen {
		l.stir()
		return nil
	}
	err := l.publishCauses(ctx, t.scope.Company, t.told)
	if err == nil || t.stalled {
		return nil // the delayed message is on its way already
	}
	return l.askForHelp(ctx, t)
}

// stir wakes Run; it never waits.
func (l *Ledger) stir() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run publishes what transactions of this process tell, until ctx ends. It starts with what an earlier process left. A failed
// publish is tried again after a growing pause; nothing polls the database while there is nothing to say.
func (l *Ledger) Run(ctx context.Context) {
	pause := time.Duration(0)
	l.stir()
	late := time.AfterFunc(lateCommit, l.stir)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		for {
			_, err := l.Relay(ctx)
			if err == nil || ctx.Err() != nil {
				pause = 0
				break
			}
			pause = min(max(2*pause, 100*time.Millisecond), 10*time.Second)
			l.options.Log.WarnContext(ctx, "outbox waits", "error", err.Error(), "pause_ms", pause.Milliseconds())
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	}
}

// Relay is port.Ledger.
func (l *Ledger) Relay(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := l.publish(ctx, "", "SELECT seq, envelope FROM outbox_take($1)", relayBatch)
		total += n
		if err != nil || n < relayBatch {
			return total, err
		}
	}
}

// publishCauses publishes what the causes of one company told.
func (l *Ledger) publishCauses(ctx context.Context, company string, causes []string) error {
	_, err := l.publish(ctx, company, "DELETE FROM outbox WHERE cause_id = ANY($1::uuid[]) RETURNING seq, envelope", causes)
	return err
}

// publish takes rows away, publishes them and commits, in that order: a crash in between publishes them again, never not at all.
func (l *Ledger) publish(ctx context.Context, company, take string, args ...any) (int, error) {
	conn, err := l.pool.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { release(conn) }()
	type row struct {
		Seq      int64
		Envelope string
	}
	var events []contract.Event
	err = pgx.BeginFunc(ctx, conn, func(t pgx.Tx) error {
		var rows []row
		batch := &pgx.Batch{}
		batch.Queue("SELECT set_config('app.company', $1, true)", company)
		batch.Queue(take, args...).Query(func(found pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[row])
			return err
		})
		err := t.SendBatch(ctx, batch).Close()
		if err != nil || len(rows) == 0 {
			return err
		}
		slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.Seq, b.Seq) })
		events = make([]contract.Event, len(rows))
		for i, r := range rows {
			err = json.Unmarshal([]byte(r.Envelope), &events[i])
			if err != nil {
				return fmt.Errorf("outbox row %d: %w", r.Seq, err)
			}
		}
		bus, err := l.options.Bus(ctx)
		if err != nil {
			return err
		}
		return bus.Publish(ctx, events)
	})
	if err != nil {
		return 0, translate("publish the outbox", err)
	}
	return len(events), nil
}

// askForHelp asks relayoutbox to publish, after a while, what t tells: for the case that this process does not live to do it.
func (l *Ledger) askForHelp(ctx context.Context, t *tx) error {
	bus, err := l.options.Bus(ctx)
	if err != nil {
		return err
	}
	owner := t.scope.Company
	if owner == "" {
		owner = company.OperatorID
	}
	cause := contract.Cause{ID: t.told[0], Company: owner, At: t.now}
	err = bus.Stalled(ctx, cause.Then(contract.OutboxStalled{CauseID: t.told[0]}), helpDelay)
	t.stalled = err == nil
	return err
}
