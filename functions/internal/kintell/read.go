package kintell

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
)

// The kinds of delivery, as the last part of the webhook's path names them.
const (
	SessionCompleted = "session-completed"
	RatingCreated    = "rating-created"
	BookingConfirmed = "booking-confirmed"
)

// Deliveries are all of them.
var Deliveries = []string{SessionCompleted, RatingCreated, BookingConfirmed}

// Limits of what a delivery may hold (facts: Kintell webhooks and CSV formats).
const (
	maxID     = 255
	maxTopics = 50
	maxTopic  = 255
)

type sessionBody struct {
	SessionID        string    `json:"session_id"`
	SessionType      string    `json:"session_type"`
	ParticipantEmail string    `json:"participant_email"`
	VolunteerEmail   string    `json:"volunteer_email"`
	ScheduledAt      time.Time `json:"scheduled_at"`
	CompletedAt      time.Time `json:"completed_at"`
	DurationMinutes  int       `json:"duration_minutes"`
	Topics           []string  `json:"topics"`
	LanguageLevel    string    `json:"language_level"`
}

type ratingBody struct {
	RatingID     string    `json:"rating_id"`
	SessionID    string    `json:"session_id"`
	FromRole     string    `json:"from_role"`
	Rating       *float64  `json:"rating"`
	FeedbackText string    `json:"feedback_text"`
	CreatedAt    time.Time `json:"created_at"`
}

type bookingBody struct {
	BookingID        string    `json:"booking_id"`
	SessionType      string    `json:"session_type"`
	ParticipantEmail string    `json:"participant_email"`
	VolunteerEmail   string    `json:"volunteer_email"`
	ScheduledAt      time.Time `json:"scheduled_at"`
}

// Read reads the body of a delivery of the given kind. What is wrong is Invalid and names every field.
func Read(kind string, body []byte, cause contract.Cause, sentAt time.Time) (Given, error) {
	given := Given{Cause: cause, SentAt: sentAt}
	var err error
	switch kind {
	case SessionCompleted:
		given.Session, err = readSession(body, cause.At)
	case RatingCreated:
		given.Rating, err = readRating(body, cause.At)
	case BookingConfirmed:
		given.Booking, err = readBooking(body, cause.At)
	default:
		err = fault.New(fault.Missing, "no such delivery: expected one of "+strings.Join(Deliveries, ", "))
	}
	return given, err
}

const incomplete = "the body is not what this webhook takes"

func readSession(raw []byte, now time.Time) (*Session, error) {
	body, err := web.Decode[sessionBody](raw)
	if err != nil {
		return nil, err
	}
	var c fault.Checks
	s := Session{
		ExternalID: body.SessionID, ScheduledAt: body.ScheduledAt.UTC(), CompletedAt: body.CompletedAt.UTC(),
		Minutes: body.DurationMinutes, Topics: body.Topics, LanguageLevel: strings.ToUpper(body.LanguageLevel),
	}
	checkID(&c, "session_id", body.SessionID)
	s.Type, s.ParticipantEmail, s.VolunteerEmail = checkParties(&c, body.SessionType, body.ParticipantEmail, body.VolunteerEmail)
	checkTime(&c, "scheduled_at", body.ScheduledAt, now)
	if checkTime(&c, "completed_at", body.CompletedAt, now) {
		c.That(!body.CompletedAt.Before(body.ScheduledAt), "completed_at", "an instant not before scheduled_at")
		c.That(!body.CompletedAt.After(now.Add(24*time.Hour)), "completed_at", "an instant that is not in the future")
	}
	c.That(body.DurationMinutes >= 1 && body.DurationMinutes <= session.MaxMinutes, "duration_minutes", "a whole number from 1 to 480")
	c.That(s.LanguageLevel == "" || slices.Contains(session.Levels, s.LanguageLevel), "language_level", "one of "+strings.Join(session.Levels, ", "))
	fits := len(body.Topics) <= maxTopics
	for _, topic := range body.Topics {
		fits = fits && clean(topic) && utf8.RuneCountInString(topic) <= maxTopic
	}
	c.That(fits, "topics", "at most 50 topics of at most 255 characters")
	return &s, c.Err(incomplete)
}

func readRating(raw []byte, now time.Time) (*Rating, error) {
	body, err := web.Decode[ratingBody](raw)
	if err != nil {
		return nil, err
	}
	var c fault.Checks
	checkID(&c, "rating_id", body.RatingID)
	checkID(&c, "session_id", body.SessionID)
	c.That(body.FromRole == string(feedback.FromParticipant) || body.FromRole == string(feedback.FromVolunteer), "from_role", "participant or volunteer")
	c.That(body.Rating != nil && *body.Rating >= 0 && *body.Rating <= 1, "rating", "a number from 0 to 1")
	c.That(clean(body.FeedbackText) && utf8.RuneCountInString(body.FeedbackText) <= feedback.MaxText, "feedback_text", "at most 5000 characters of text")
	checkTime(&c, "created_at", body.CreatedAt, now)
	return &Rating{
		ExternalID: body.RatingID, SessionRef: body.SessionID, FromRole: feedback.FromRole(body.FromRole), Score: body.Rating,
		Text: body.FeedbackText, CreatedAt: body.CreatedAt.UTC(),
	}, c.Err(incomplete)
}

func readBooking(raw []byte, now time.Time) (*Booking, error) {
	body, err := web.Decode[bookingBody](raw)
	if err != nil {
		return nil, err
	}
	var c fault.Checks
	b := Booking{BookingID: body.BookingID, ScheduledAt: body.ScheduledAt.UTC()}
	checkID(&c, "booking_id", body.BookingID)
	b.Type, b.ParticipantEmail, b.VolunteerEmail = checkParties(&c, body.SessionType, body.ParticipantEmail, body.VolunteerEmail)
	checkTime(&c, "scheduled_at", body.ScheduledAt, now)
	return &b, c.Err(incomplete)
}

func checkID(c *fault.Checks, field, value string) {
	c.That(value != "" && utf8.RuneCountInString(value) <= maxID && clean(value), field, "1 to 255 characters")
}

// clean says that a database can keep the text and a person can read it: valid UTF-8 without NUL or the unit separator.
func clean(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsAny(text, "\x00\x1f")
}

func checkParties(c *fault.Checks, kind, participant, volunteer string) (session.Type, string, string) {
	parsed, err := session.ParseType(kind)
	c.That(err == nil, "session_type", "language or mentorship")
	p, err := identity.ParseEmail(participant)
	c.That(err == nil, "participant_email", "an e-mail address such as name@example.org")
	v, err := identity.ParseEmail(volunteer)
	c.That(err == nil, "volunteer_email", "an e-mail address such as name@example.org")
	c.That(p == "" || p != v, "volunteer_email", "another address than participant_email")
	return parsed, p, v
}

func checkTime(c *fault.Checks, field string, at, now time.Time) bool {
	ok := c.That(!at.IsZero(), field, "an instant such as 2026-03-04T16:30:00Z")
	return ok && c.That(at.After(now.Add(-session.MaxAge)) && at.Before(now.Add(session.MaxAhead)), field, "an instant of the last ten years or the next two")
}
