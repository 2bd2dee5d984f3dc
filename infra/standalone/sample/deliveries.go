package sample

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// call is a delivery and when it came.
type call struct {
	Delivery
	at time.Time
}

// The bodies that Kintell sends.
type (
	bookingConfirmed struct {
		BookingID        string    `json:"booking_id"`
		SessionType      string    `json:"session_type"`
		ParticipantEmail string    `json:"participant_email"`
		VolunteerEmail   string    `json:"volunteer_email"`
		ScheduledAt      time.Time `json:"scheduled_at"`
	}
	sessionCompleted struct {
		SessionID        string    `json:"session_id"`
		SessionType      string    `json:"session_type"`
		ParticipantEmail string    `json:"participant_email"`
		VolunteerEmail   string    `json:"volunteer_email"`
		ScheduledAt      time.Time `json:"scheduled_at"`
		CompletedAt      time.Time `json:"completed_at"`
		DurationMinutes  int       `json:"duration_minutes"`
		Topics           []string  `json:"topics,omitempty"`
		LanguageLevel    string    `json:"language_level,omitempty"`
	}
	ratingCreated struct {
		RatingID     string    `json:"rating_id"`
		SessionID    string    `json:"session_id"`
		FromRole     string    `json:"from_role"`
		Rating       float64   `json:"rating"`
		FeedbackText string    `json:"feedback_text,omitempty"`
		CreatedAt    time.Time `json:"created_at"`
	}
)

// Paths of the three webhooks.
const (
	bookingPath = "/v1/kintell/webhooks/booking-confirmed"
	sessionPath = "/v1/kintell/webhooks/session-completed"
	ratingPath  = "/v1/kintell/webhooks/rating-created"
)

// deliveries are the webhook calls of a company: every third session was booked first, under its own id or another; one rating in
// nine comes before its session; one call in forty comes twice.
func deliveries(p plan, held []*meeting, r *rand.Rand) []call {
	var calls []call
	tell := func(id, path string, at time.Time, body any) {
		raw, err := json.Marshal(body)
		if err != nil { // plain structs
			panic(err)
		}
		calls = append(calls, call{Delivery{Company: p.company.Slug, Path: path, DeliveryID: "sample-" + id, Body: raw}, at})
		if r.IntN(40) == 0 {
			calls = append(calls, call{calls[len(calls)-1].Delivery, at.Add(20 * time.Minute)})
		}
	}
	for _, m := range held {
		if m.byFile() {
			continue
		}
		if r.IntN(3) == 0 {
			booking := m.id
			if r.IntN(2) == 0 {
				booking = "BK-" + m.id[len("LS-"):]
			}
			tell("booking-"+m.id, bookingPath, m.scheduled.Add(-time.Duration(1+r.IntN(120))*time.Hour), bookingConfirmed{
				booking, string(m.kind), m.participant.email, m.volunteer.email, m.scheduled,
			})
		}
		told := m.completed.Add(time.Second)
		if m.verdict != nil && r.IntN(9) == 0 {
			told = m.verdict.at.Add(time.Minute)
		}
		tell("session-"+m.id, sessionPath, told, sessionCompleted{
			m.id, string(m.kind), m.participant.email, m.volunteer.email, m.scheduled, m.completed, m.minutes, m.topics, m.level,
		})
		rate := func(role string, said *opinion) {
			if said != nil {
				id := fmt.Sprintf("RT-%s-%s", m.id, strings.ToUpper(role[:1]))
				tell("rating-"+id, ratingPath, said.at.Add(2*time.Second), ratingCreated{id, m.id, role, said.rating, said.text, said.at})
			}
		}
		rate("participant", m.verdict)
		rate("volunteer", m.answer)
	}
	return calls
}
