package screencontent_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/teei/csr-platform/functions/consumers/internal/kintelltest"
	"github.com/teei/csr-platform/functions/consumers/screencontent"
	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/ledgertest"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// TestManyWorkersAndCorrectionsAtOnceOnPostgres: texts are corrected while workers screen them, every event comes several times and in any
// order, and attempts that meet each other are tried again. In the end each text is held or shown by what it says last.
func TestManyWorkersAndCorrectionsAtOnceOnPostgres(t *testing.T) {
	t.Parallel()
	db, bus := pgtest.New(t), ledgertest.NewBus()
	ledger := postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL: func(context.Context) (string, error) { return db.Service, nil }, MaxConns: 8, Idle: 20 * time.Second, Connect: 10 * time.Second,
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Frozen: true,
		Bus: func(context.Context) (port.Bus, error) { return bus, nil },
	})
	t.Cleanup(ledger.Close)
	acme := identity.NewID()
	err := ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
		return tx.Companies().Create(t.Context(), company.Company{ID: acme, Slug: "acme", Name: "acme", Kind: company.Partner, TimeZone: "UTC", CreatedAt: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	const texts, versions, workers = 12, 6, 6
	said := []string{"It was a good day", "hate", "self_harm", "", "told of violence", "sexual"}
	last := map[string]string{} // what each text says in the end, by id
	var group sync.WaitGroup
	for i := range texts {
		ref := fmt.Sprint("s", i)
		last[identity.ID(acme, kintell.Sender, "rating", ref)] = said[(i+versions-1)%len(said)]
		group.Go(func() {
			for v := range versions {
				write(t, ledger, acme, ref, said[(i+v)%len(said)], v)
				hear(t, ledger, bus, acme, rand.New(rand.NewPCG(uint64(i), uint64(v))), 4)
			}
		})
	}
	group.Wait()
	for n := range workers {
		group.Go(func() { hear(t, ledger, bus, acme, rand.New(rand.NewPCG(uint64(n), 99)), 200) })
	}
	group.Wait()
	for id, text := range last {
		check(t, ledger, acme, id, text)
	}
}

// write keeps what somebody says about a session; a later version is a correction.
func write(t *testing.T, ledger port.Ledger, acme, ref, text string, version int) {
	score := 0.5
	for _, given := range []kintell.Given{
		{Session: &kintell.Session{
			ExternalID: ref, Type: session.Language, ParticipantEmail: "olena@example.org", VolunteerEmail: "kari@example.com",
			ScheduledAt: written.Add(-time.Hour), CompletedAt: written, Minutes: 50,
		}},
		{Rating: &kintell.Rating{ExternalID: ref, SessionRef: ref, FromRole: feedback.FromParticipant, Score: &score, Text: text, CreatedAt: written}},
	} {
		given.Cause = contract.Cause{ID: uuid.NewString(), Company: acme, At: written}
		given.SentAt = written.Add(time.Duration(version) * time.Minute)
		err := ledger.Once(t.Context(), "webhooks/kintell", given.Cause, func(tx port.Tx) error { return kintell.Keep(t.Context(), tx, given) })
		if err != nil {
			t.Errorf("write %s: %v", ref, err)
		}
	}
}

// hear works up to n of the ratings told so far, picked at random, so that most come more than once; what may pass is tried again.
func hear(t *testing.T, ledger port.Ledger, bus *ledgertest.Bus, acme string, r *rand.Rand, n int) {
	var heard []contract.Of[contract.KintellRatingCreated]
	for _, e := range bus.Told(acme) {
		if e.Type != (contract.KintellRatingCreated{}).EventType() {
			continue
		}
		in, err := contract.Decode[contract.KintellRatingCreated](e)
		if err != nil {
			t.Error(err)
			return
		}
		heard = append(heard, in)
	}
	r.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
	for _, in := range heard[:min(n, len(heard))] {
		for attempt := 0; ; attempt++ {
			err := screencontent.New(ledger, &screener{}, safety.Usual).Rated(t.Context(), in)
			if err == nil {
				break
			}
			if !fault.Curable(err) || attempt == 20 {
				t.Errorf("rating %s: %v", in.Body.RatingID, err)
				return
			}
		}
	}
}

// check reads how a text stands.
func check(t *testing.T, ledger port.Ledger, acme, id, text string) {
	t.Helper()
	err := ledger.Do(t.Context(), port.In(acme, "test"), func(tx port.Tx) error {
		shown, err := tx.Safety().Showable(t.Context(), []string{id})
		if err != nil {
			return err
		}
		flags, err := tx.Safety().Flags(t.Context(), id)
		if err != nil {
			return err
		}
		clear := text == "It was a good day"
		if shown[id] != clear {
			t.Errorf("a text that says %q is showable: %t", text, shown[id])
		}
		waiting := 0
		for _, f := range flags {
			if !f.Waits() {
				continue
			}
			waiting++
			if f.TextVersion != safety.TextVersion(id, text) {
				t.Errorf("a flag of what a text said before still waits (now %q)", text)
			}
		}
		if held := text != "" && !clear; held != (waiting == 1) || waiting > 1 {
			t.Errorf("%d flags wait of a text that says %q", waiting, text)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// withdrawing is a transaction in which something happens when it is about to take back the flags of a text.
type withdrawing struct {
	port.Tx
	before func()
}

func (w withdrawing) Safety() port.Safety { return flagging{w.Tx.Safety(), w.before} }

type flagging struct {
	port.Safety
	before func()
}

func (f flagging) Flags(ctx context.Context, text string) ([]safety.Flag, error) {
	f.before()
	return f.Safety.Flags(ctx, text)
}

// TestATextThatComesBackWhileItsFlagsAreTakenBackStaysHeldOnPostgres: a text was emptied; when its absence has been seen and its flags are
// about to be withdrawn, it is there again, says something grave, and is screened. Its flag must wait for a person in the end.
func TestATextThatComesBackWhileItsFlagsAreTakenBackStaysHeldOnPostgres(t *testing.T) {
	t.Parallel()
	c := kintelltest.NewOnPostgres(t)
	c.Held(t, "s1", written, "olena", "kari", 1)
	c.Rated(t, "s1", feedback.FromParticipant, "a good day", written, 1)
	c.Rated(t, "s1", feedback.FromParticipant, "", written, 2)
	heard := kintelltest.Heard[contract.KintellRatingCreated](t, c)
	ledger, wait := c.Meanwhile(t, func(tx port.Tx, beside func()) port.Tx { return withdrawing{tx, beside} }, func() {
		c.Rated(t, "s1", feedback.FromParticipant, "self_harm", written, 3)
		heard := kintelltest.Heard[contract.KintellRatingCreated](t, c)
		err := screencontent.New(c, &screener{}, safety.Usual).Rated(t.Context(), heard[len(heard)-1])
		if err != nil {
			t.Error(err)
		}
	})
	err := screencontent.New(ledger, &screener{}, safety.Usual).Rated(t.Context(), heard[len(heard)-1])
	if err != nil {
		t.Fatal(err)
	}
	wait()
	if n := c.Count(t, "SELECT count(*) FROM safety_flags WHERE content_id = $1 AND status = 'open'", heard[0].Body.RatingID); n != 1 {
		t.Errorf("%d flags wait for a person, expected the one of what the text says", n)
	}
}
