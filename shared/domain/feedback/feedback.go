// Package feedback is what people say about a session: a rating, and often a text.
package feedback

import "time"

// MaxText is the longest feedback text accepted, in characters.
const MaxText = 5000

// FromRole says whose word it is.
type FromRole string

// Who may rate a session.
const (
	FromParticipant FromRole = "participant"
	FromVolunteer   FromRole = "volunteer"
)

// Rating is one person's verdict on one session. Both sides' ratings of a session are kept; one may arrive before its session.
type Rating struct {
	ID         string // identity.ID(company, sender, "rating", ExternalID); also the id of its text
	Sender     string
	ExternalID string
	SessionID  string // our id of the session
	SessionRef string // the sender's id of the session, for the stub when it has not arrived yet
	FromRole   FromRole
	Score      *float64 // 0…1; nil when a file row carries a text without a rating
	Text       string   // at most MaxText characters; empty when nothing was written
	CreatedAt  time.Time
	SentAt     time.Time
}

// TypeKintellRating is the text_type of a text that came with a Kintell rating.
const TypeKintellRating = "kintell_rating"

// Text is something a person wrote, kept apart from what it belongs to so that it can be read, scored and erased by id.
type Text struct {
	ID        string
	Type      string   // TypeKintellRating
	FromRole  FromRole // only a participant's own text counts as a participant's outcome
	Person    string   // who wrote it; empty while its session is unknown
	SessionID string
	Body      string
	CreatedAt time.Time
}
