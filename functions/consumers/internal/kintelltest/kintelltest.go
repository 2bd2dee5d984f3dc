// Package kintelltest is a company that Kintell tells of, for tests of what hears it.
package kintelltest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/port"
)

// Now is the instant at which everything is worked.
var Now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

// Company keeps what Kintell told in memory.
type Company struct {
	*memory.Ledger
	sender
}

// sender is Kintell, telling the company of this ID.
type sender struct {
	ledger port.Ledger
	ID     string
}

// New is a company that counts its months in Oslo's time.
func New() Company {
	ledger := memory.New(memory.Options{Now: func() time.Time { return Now }})
	return Company{ledger, sender{ledger, ledger.Seed(company.Company{Slug: "acme", TimeZone: "Europe/Oslo"}).ID}}
}

// Held tells of a session of fifty minutes that ended at at. version orders the statements about one session.
func (s sender) Held(t *testing.T, ref string, at time.Time, participant, volunteer string, version int) {
	t.Helper()
	s.tell(t, version, kintell.Given{Session: &kintell.Session{
		ExternalID: ref, Type: session.Language, ParticipantEmail: participant + "@example.org", VolunteerEmail: volunteer + "@example.com",
		ScheduledAt: at.Add(-time.Hour), CompletedAt: at, Minutes: 50,
	}})
}

// Rated tells of a rating with text of the session ref. version orders the statements about one rating.
func (s sender) Rated(t *testing.T, ref string, from feedback.FromRole, text string, at time.Time, version int) {
	t.Helper()
	score := 0.8
	s.tell(t, version, kintell.Given{Rating: &kintell.Rating{
		ExternalID: "of-" + ref + "-by-" + string(from), SessionRef: ref, FromRole: from, Score: &score, Text: text, CreatedAt: at,
	}})
}

func (s sender) tell(t *testing.T, version int, given kintell.Given) {
	t.Helper()
	given.Cause = contract.Cause{ID: uuid.NewString(), Company: s.ID, At: Now}
	given.SentAt = Now.Add(time.Duration(version) * time.Minute)
	err := s.ledger.Once(t.Context(), "webhooks/kintell", given.Cause, func(tx port.Tx) error { return kintell.Keep(t.Context(), tx, given) })
	if err != nil {
		t.Fatal(err)
	}
}

func (c Company) events() []contract.Event { return c.Told(c.ID) }

// Heard are the events of B that were told so far in c, a Company or one OnPostgres, in order.
func Heard[B contract.Body](t *testing.T, c interface{ events() []contract.Event }) []contract.Of[B] {
	t.Helper()
	var body B
	var heard []contract.Of[B]
	for _, e := range c.events() {
		if e.Type != body.EventType() {
			continue
		}
		in, err := contract.Decode[B](e)
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, in)
	}
	return heard
}
