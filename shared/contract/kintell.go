package contract

import "time"

// KintellSessionScheduled says that a session was booked.
type KintellSessionScheduled struct {
	SessionID         string    `json:"sessionId" jsonschema:"format=uuid"`
	ExternalSessionID string    `json:"externalSessionId,omitempty"` // the sender's name for the booking
	SessionType       string    `json:"sessionType" jsonschema:"enum=language,enum=mentorship"`
	ParticipantID     string    `json:"participantId" jsonschema:"format=uuid"`
	VolunteerID       string    `json:"volunteerId" jsonschema:"format=uuid"`
	ScheduledAt       time.Time `json:"scheduledAt"`
}

// EventType is kintell.session.scheduled.
func (KintellSessionScheduled) EventType() string { return "kintell.session.scheduled" }

// Subject is the session.
func (b KintellSessionScheduled) Subject() string { return b.SessionID }

// KintellSessionCompleted says that a session was held.
type KintellSessionCompleted struct {
	SessionID          string    `json:"sessionId" jsonschema:"format=uuid"`
	ExternalSessionID  string    `json:"externalSessionId,omitempty"` // the sender's name for the session
	SessionType        string    `json:"sessionType" jsonschema:"enum=language,enum=mentorship"`
	ParticipantID      string    `json:"participantId" jsonschema:"format=uuid"`
	VolunteerID        string    `json:"volunteerId" jsonschema:"format=uuid"`
	ScheduledAt        time.Time `json:"scheduledAt"`
	CompletedAt        time.Time `json:"completedAt"`
	DurationMinutes    int       `json:"durationMinutes,omitempty" jsonschema:"exclusiveMinimum=0"` // absent when a file row does not say
	Topics             []string  `json:"topics,omitempty"`
	LanguageLevel      string    `json:"languageLevel,omitempty" jsonschema:"enum=A1,enum=A2,enum=B1,enum=B2,enum=C1,enum=C2"` // CEFR
	ProgramID          string    `json:"programId,omitempty" jsonschema:"format=uuid"`
	CampaignID         string    `json:"campaignId,omitempty" jsonschema:"format=uuid"`
	BeneficiaryGroupID string    `json:"beneficiaryGroupId,omitempty" jsonschema:"format=uuid"`
}

// EventType is kintell.session.completed.
func (KintellSessionCompleted) EventType() string { return "kintell.session.completed" }

// Subject is the session.
func (b KintellSessionCompleted) Subject() string { return b.SessionID }

// KintellRatingCreated says that one side of a session rated it. What was written is read by RatingID.
type KintellRatingCreated struct {
	RatingID     string    `json:"ratingId" jsonschema:"format=uuid"`
	SessionID    string    `json:"sessionId" jsonschema:"format=uuid"`
	FromRole     string    `json:"fromRole" jsonschema:"enum=participant,enum=volunteer"`
	Rating       *float64  `json:"rating,omitempty" jsonschema:"minimum=0,maximum=1"` // absent when a file row carries a text alone
	FeedbackText string    `json:"feedbackText,omitempty"`                            // stays empty: events carry no texts
	CreatedAt    time.Time `json:"createdAt"`
}

// EventType is kintell.rating.created.
func (KintellRatingCreated) EventType() string { return "kintell.rating.created" }

// Subject is the rating.
func (b KintellRatingCreated) Subject() string { return b.RatingID }
