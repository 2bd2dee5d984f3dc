// Package session is a conversation between a participant and a volunteer: booked, then held.
package session

import (
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/fault"
)

// Type is the programme a session belongs to.
type Type string

// The programmes that hold sessions.
const (
	Language   Type = "language"
	Mentorship Type = "mentorship"
)

// ParseType reads a programme's name as senders write it: the word itself, or a title that contains it ("Language Connect").
func ParseType(raw string) (Type, error) {
	lower := strings.ToLower(raw)
	switch {
	case strings.Contains(lower, "language"):
		return Language, nil
	case strings.Contains(lower, "mentor"):
		return Mentorship, nil
	}
	return "", fault.New(fault.Invalid, "expected language or mentorship")
}

// MaxMinutes is the longest session, MaxAge how far back a session may lie, MaxAhead how far ahead it may be booked.
const (
	MaxMinutes = 480
	MaxAge     = 10 * 365 * 24 * time.Hour
	MaxAhead   = 2 * 365 * 24 * time.Hour
)

// Levels are the CEFR levels, lowest first.
var Levels = []string{"A1", "A2", "B1", "B2", "C1", "C2"}

// Booking is a session agreed on and not yet held.
type Booking struct {
	ID          string // identity.ID(company, sender, "session", BookingID)
	Sender      string // which outside system names it: kintell
	BookingID   string // its name for the booking
	Type        Type
	Participant string // person ids
	Volunteer   string
	ScheduledAt time.Time
	SentAt      time.Time // when the sender said so; a later statement wins
}

// Completion is a session that was held. It meets its booking by the same external id, else by company, type, both people and
// the minute it was scheduled for, the earliest unmatched booking first.
type Completion struct {
	ID            string // identity.ID(company, sender, "session", ExternalID)
	Sender        string
	ExternalID    string // the sender's name for the session
	Type          Type
	Participant   string
	Volunteer     string
	ScheduledAt   time.Time
	CompletedAt   time.Time
	Minutes       int      // 1…MaxMinutes; 0 when the sender does not say
	LanguageLevel string   // CEFR or empty
	Topics        []string // what was talked about, or nil
	Metadata      string   // a JSON object, or empty
	SentAt        time.Time
}
