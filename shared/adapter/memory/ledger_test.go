package memory_test

import (
	"testing"

	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/testkit/ledgertest"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(*testing.T) ledgertest.Harness {
		bus := ledgertest.NewBus()
		l := memory.New(memory.Options{Bus: bus})
		return ledgertest.Harness{
			Ledger: l, Impact: l, Bus: bus,
			Sessions: func(_ testing.TB, of string) (rows []ledgertest.Session) {
				for _, s := range l.Sessions(of) {
					rows = append(rows, ledgertest.Session{
						ID: s.ID, ExternalID: s.ExternalID, BookingID: s.BookingID, Type: s.Type, Participant: s.Participant, Volunteer: s.Volunteer,
						ScheduledAt: s.ScheduledAt, CompletedAt: s.CompletedAt, Minutes: s.Minutes,
					})
				}
				return rows
			},
			Ratings: func(_ testing.TB, of string) (rows []ledgertest.Rating) {
				for _, r := range l.Ratings(of) {
					rows = append(rows, ledgertest.Rating{ID: r.ID, SessionID: r.SessionID, FromRole: r.FromRole, Score: r.Score})
				}
				return rows
			},
			Person: func(_ testing.TB, id string) ledgertest.Person {
				p := l.Person(id)
				return ledgertest.Person{Email: p.Email, FirstName: p.FirstName, LastName: p.LastName}
			},
			Scorings: func(_ testing.TB, text string) (rows []ledgertest.Scoring) {
				kept := l.Scorings(text)
				for i, s := range kept {
					rows = append(rows, ledgertest.Scoring{
						ID: s.ID, Method: string(s.Method), ModelVersion: s.ModelVersion, RubricVersion: s.RubricVersion, Language: s.Language,
						Reason: string(s.Reason), Current: i == len(kept)-1,
					})
				}
				return rows
			},
			Calls: func(_ testing.TB, of string) (rows []ledgertest.Call) {
				for _, c := range l.Calls(of) {
					if c.Settled {
						rows = append(rows, ledgertest.Call{Purpose: c.Purpose, Model: c.Model, MicroUSD: c.MicroUSD})
					}
				}
				return rows
			},
			Enrollments: func(_ testing.TB, of string) []journey.Enrollment { return l.Enrollments(of) },
			Audit: func(_ testing.TB, of string) (entries []company.Entry) {
				for _, line := range l.AuditLog(of) {
					entries = append(entries, line.Entry)
				}
				return entries
			},
		}
	})
}
