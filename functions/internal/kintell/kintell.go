// Package kintell is what Kintell says, by webhook or by file, and how it is kept. Both ways in, and the replay of what was refused,
// make the same facts and tell the same events.
package kintell

import (
	"context"
	"strings"
	"time"

	"github.com/teei/csr-platform/functions/internal/delivery"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/port"
)

// Sender is Kintell's name among the senders.
const Sender = "kintell"

// Given is one thing Kintell said: exactly one of Session, Booking and Rating is set, save that a row of a file may hold a session and
// its rating together.
type Given struct {
	Cause   contract.Cause // what said it; its company is the company it is kept for
	SentAt  time.Time      // when Kintell said so: of two statements about one thing the later counts
	Session *Session
	Booking *Booking
	Rating  *Rating
}

// Session is a session that was held. E-mails are as identity.ParseEmail gives them.
type Session struct {
	ExternalID       string
	Type             session.Type
	ParticipantEmail string
	VolunteerEmail   string
	ScheduledAt      time.Time
	CompletedAt      time.Time
	Minutes          int // 0 when not said
	LanguageLevel    string
	Topics           []string
	Metadata         string // JSON object or empty
}

// Booking is a session agreed on.
type Booking struct {
	BookingID        string
	Type             session.Type
	ParticipantEmail string
	VolunteerEmail   string
	ScheduledAt      time.Time
}

// Rating is one side's verdict on a session.
type Rating struct {
	ExternalID string
	SessionRef string // Kintell's id of the session
	FromRole   feedback.FromRole
	Score      *float64 // 0…1
	Text       string
	CreatedAt  time.Time
}

// SessionID is our id of the session that Kintell names ref.
func SessionID(company, ref string) string { return identity.ID(company, Sender, "session", ref) }

// RatingID is our id of the rating that Kintell names external, and of its text.
func RatingID(company, external string) string {
	return identity.ID(company, Sender, "rating", external)
}

// Webhook is how one delivery of Kintell's is read and kept, by its webhook and by a replay.
var Webhook = delivery.Sender[Given]{Name: Sender, Read: Read, Keep: func(ctx context.Context, tx port.Tx, given Given) error {
	return Keep(ctx, tx, given)
}}

// Keep finds the people, keeps the facts and tells what is news. All of given belong to the company of tx.
func Keep(ctx context.Context, tx port.Tx, given ...Given) error {
	persons, err := tx.People().Persons(ctx, contacts(given))
	if err != nil {
		return err
	}
	company := tx.Company()
	var completions []port.News[session.Completion]
	var bookings []port.News[session.Booking]
	var ratings []port.News[feedback.Rating]
	for _, g := range given {
		if s := g.Session; s != nil {
			completions = append(completions, completed(company, g, *s, persons[0], persons[1]))
			persons = persons[2:]
		}
		if b := g.Booking; b != nil {
			bookings = append(bookings, booked(company, g, *b, persons[0], persons[1]))
			persons = persons[2:]
		}
		if r := g.Rating; r != nil {
			ratings = append(ratings, rated(company, g, *r))
		}
	}
	tx.Sessions().Book(bookings)
	tx.Sessions().Complete(completions)
	tx.Feedback().Rate(ratings)
	return nil
}

// contacts lists participant and volunteer of each session and booking, in order.
func contacts(given []Given) []identity.Contact {
	var list []identity.Contact
	add := func(participant, volunteer string) {
		list = append(list, identity.Contact{Email: participant, Role: identity.Participant}, identity.Contact{Email: volunteer, Role: identity.Volunteer})
	}
	for _, g := range given {
		if g.Session != nil {
			add(g.Session.ParticipantEmail, g.Session.VolunteerEmail)
		}
		if g.Booking != nil {
			add(g.Booking.ParticipantEmail, g.Booking.VolunteerEmail)
		}
	}
	return list
}

func completed(company string, g Given, s Session, participant, volunteer string) port.News[session.Completion] {
	fact := session.Completion{
		ID: SessionID(company, s.ExternalID), Sender: Sender, ExternalID: s.ExternalID, Type: s.Type,
		Participant: participant, Volunteer: volunteer, ScheduledAt: s.ScheduledAt, CompletedAt: s.CompletedAt, Minutes: s.Minutes,
		LanguageLevel: s.LanguageLevel, Topics: s.Topics, Metadata: s.Metadata, SentAt: g.SentAt,
	}
	return port.News[session.Completion]{Fact: fact, Event: g.Cause.Then(contract.KintellSessionCompleted{
		SessionID: fact.ID, ExternalSessionID: fact.ExternalID, SessionType: string(fact.Type), ParticipantID: participant, VolunteerID: volunteer,
		ScheduledAt: fact.ScheduledAt, CompletedAt: fact.CompletedAt, DurationMinutes: fact.Minutes, Topics: fact.Topics, LanguageLevel: fact.LanguageLevel,
	})}
}

func booked(company string, g Given, b Booking, participant, volunteer string) port.News[session.Booking] {
	fact := session.Booking{
		ID: SessionID(company, b.BookingID), Sender: Sender, BookingID: b.BookingID, Type: b.Type,
		Participant: participant, Volunteer: volunteer, ScheduledAt: b.ScheduledAt, SentAt: g.SentAt,
	}
	return port.News[session.Booking]{Fact: fact, Event: g.Cause.Then(contract.KintellSessionScheduled{
		SessionID: fact.ID, ExternalSessionID: b.BookingID, SessionType: string(b.Type), ParticipantID: participant, VolunteerID: volunteer,
		ScheduledAt: b.ScheduledAt,
	})}
}

func rated(company string, g Given, r Rating) port.News[feedback.Rating] {
	fact := feedback.Rating{
		ID: RatingID(company, r.ExternalID), Sender: Sender, ExternalID: r.ExternalID, SessionID: SessionID(company, r.SessionRef),
		SessionRef: r.SessionRef, FromRole: r.FromRole, Score: r.Score, Text: strings.TrimSpace(r.Text), CreatedAt: r.CreatedAt, SentAt: g.SentAt,
	}
	return port.News[feedback.Rating]{Fact: fact, Event: g.Cause.Then(contract.KintellRatingCreated{
		RatingID: fact.ID, SessionID: fact.SessionID, FromRole: string(fact.FromRole), Rating: fact.Score, CreatedAt: fact.CreatedAt,
	})}
}
