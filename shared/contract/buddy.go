package contract

import (
	"strconv"
	"time"
)

// BuddyMatchCreated says that a participant was matched with a buddy.
type BuddyMatchCreated struct {
	MatchID            string                 `json:"matchId" jsonschema:"format=uuid"`
	ParticipantID      string                 `json:"participantId" jsonschema:"format=uuid"`
	BuddyID            string                 `json:"buddyId" jsonschema:"format=uuid"`
	MatchedAt          time.Time              `json:"matchedAt"`
	MatchingCriteria   *BuddyMatchingCriteria `json:"matchingCriteria,omitempty"`
	ProgramID          string                 `json:"programId,omitempty" jsonschema:"format=uuid"`
	CampaignID         string                 `json:"campaignId,omitempty" jsonschema:"format=uuid"`
	BeneficiaryGroupID string                 `json:"beneficiaryGroupId,omitempty" jsonschema:"format=uuid"`
}

// BuddyMatchingCriteria is what the two had in common.
type BuddyMatchingCriteria struct {
	Language  string   `json:"language,omitempty"`
	Interests []string `json:"interests,omitempty"`
	Location  string   `json:"location,omitempty"` // stays empty: events carry no addresses
}

// EventType is buddy.match.created.
func (BuddyMatchCreated) EventType() string { return "buddy.match.created" }

// Subject is the match.
func (b BuddyMatchCreated) Subject() string { return b.MatchID }

// BuddyMatchEnded says that a match is over and why.
type BuddyMatchEnded struct {
	MatchID           string              `json:"matchId" jsonschema:"format=uuid"`
	ParticipantID     string              `json:"participantId" jsonschema:"format=uuid"`
	BuddyID           string              `json:"buddyId" jsonschema:"format=uuid"`
	EndedAt           time.Time           `json:"endedAt"`
	Duration          int                 `json:"duration" jsonschema:"exclusiveMinimum=0"` // days, begun ones counted
	Reason            string              `json:"reason" jsonschema:"enum=completed,enum=participant_request,enum=buddy_request,enum=mutual_agreement,enum=inactivity,enum=violation,enum=program_ended,enum=other"`
	ReasonDetails     string              `json:"reasonDetails,omitempty" jsonschema:"maxLength=500"` // stays empty: events carry no texts
	SessionsCompleted *int                `json:"sessionsCompleted,omitempty" jsonschema:"minimum=0"`
	EventsAttended    *int                `json:"eventsAttended,omitempty" jsonschema:"minimum=0"`
	Feedback          *BuddyMatchFeedback `json:"feedback,omitempty"`
}

// BuddyMatchFeedback is how satisfied both sides were, 0…1.
type BuddyMatchFeedback struct {
	ParticipantSatisfaction *float64 `json:"participantSatisfaction,omitempty" jsonschema:"minimum=0,maximum=1"`
	BuddySatisfaction       *float64 `json:"buddySatisfaction,omitempty" jsonschema:"minimum=0,maximum=1"`
}

// EventType is buddy.match.ended.
func (BuddyMatchEnded) EventType() string { return "buddy.match.ended" }

// Subject is the match.
func (b BuddyMatchEnded) Subject() string { return b.MatchID }

// BuddyEventLogged says that the two of a match did something together.
type BuddyEventLogged struct {
	EventID     string    `json:"eventId" jsonschema:"format=uuid"`
	MatchID     string    `json:"matchId" jsonschema:"format=uuid"`
	Kind        string    `json:"eventType" jsonschema:"minLength=1"` // free: hangout, museum visit, …
	EventDate   time.Time `json:"eventDate"`
	Description string    `json:"description,omitempty"` // stays empty: events carry no texts
	Location    string    `json:"location,omitempty"`    // stays empty: events carry no addresses
	Attendees   []string  `json:"attendees,omitempty" jsonschema:"format=uuid"`
}

// EventType is buddy.event.logged.
func (BuddyEventLogged) EventType() string { return "buddy.event.logged" }

// Subject is what they did.
func (b BuddyEventLogged) Subject() string { return b.EventID }

// BuddyEventAttended says that a person attended an event of the programme.
type BuddyEventAttended struct {
	EventID         string    `json:"eventId" jsonschema:"format=uuid"`
	UserID          string    `json:"userId" jsonschema:"format=uuid"`
	MatchID         string    `json:"matchId,omitempty" jsonschema:"format=uuid"`
	EventTitle      string    `json:"eventTitle" jsonschema:"minLength=1,maxLength=200"`
	Kind            string    `json:"eventType" jsonschema:"enum=cultural,enum=educational,enum=professional,enum=social,enum=support,enum=recreational,enum=language,enum=other"`
	EventFormat     string    `json:"eventFormat" jsonschema:"enum=in-person,enum=online,enum=hybrid"`
	AttendedAt      time.Time `json:"attendedAt"`
	Location        string    `json:"location,omitempty" jsonschema:"maxLength=200"` // stays empty: events carry no addresses
	DurationMinutes int       `json:"durationMinutes,omitempty" jsonschema:"exclusiveMinimum=0"`
	AttendeeCount   int       `json:"attendeeCount,omitempty" jsonschema:"exclusiveMinimum=0"`
	Organizer       string    `json:"organizer,omitempty" jsonschema:"maxLength=100"` // stays empty: events carry no names
	Categories      []string  `json:"categories,omitempty"`
	SDGGoals        []int     `json:"sdgGoals,omitempty" jsonschema:"minimum=1,maximum=17"`
}

// EventType is buddy.event.attended.
func (BuddyEventAttended) EventType() string { return "buddy.event.attended" }

// Subject is the event and who attended it.
func (b BuddyEventAttended) Subject() string { return b.EventID + ":" + b.UserID }

// BuddySkillShareCompleted says that one person taught another a skill.
type BuddySkillShareCompleted struct {
	SessionID        string              `json:"sessionId" jsonschema:"format=uuid"`
	SkillID          int                 `json:"skillId" jsonschema:"exclusiveMinimum=0"`
	SkillName        string              `json:"skillName" jsonschema:"minLength=1,maxLength=100"`
	SkillCategory    string              `json:"skillCategory,omitempty" jsonschema:"maxLength=50"`
	TeacherID        string              `json:"teacherId" jsonschema:"format=uuid"`
	LearnerID        string              `json:"learnerId" jsonschema:"format=uuid"`
	MatchID          string              `json:"matchId,omitempty" jsonschema:"format=uuid"`
	CompletedAt      time.Time           `json:"completedAt"`
	ScheduledAt      *time.Time          `json:"scheduledAt,omitempty"`
	DurationMinutes  int                 `json:"durationMinutes,omitempty" jsonschema:"exclusiveMinimum=0"`
	Format           string              `json:"format,omitempty" jsonschema:"enum=in-person,enum=online,enum=hybrid"`
	ProficiencyLevel string              `json:"proficiencyLevel,omitempty" jsonschema:"enum=beginner,enum=intermediate,enum=advanced"`
	Feedback         *SkillShareFeedback `json:"feedback,omitempty"`
	SDGGoals         []int               `json:"sdgGoals,omitempty" jsonschema:"minimum=1,maximum=17"`
	ValuationPoints  float64             `json:"valuationPoints,omitempty" jsonschema:"exclusiveMinimum=0"`
}

// SkillShareFeedback is what both sides said of a skill share; ratings are 0…1.
type SkillShareFeedback struct {
	TeacherRating   *float64 `json:"teacherRating,omitempty" jsonschema:"minimum=0,maximum=1"`
	LearnerRating   *float64 `json:"learnerRating,omitempty" jsonschema:"minimum=0,maximum=1"`
	TeacherComment  string   `json:"teacherComment,omitempty" jsonschema:"maxLength=500"` // stays empty: events carry no texts
	LearnerComment  string   `json:"learnerComment,omitempty" jsonschema:"maxLength=500"` // stays empty: events carry no texts
	LearnerProgress string   `json:"learnerProgress,omitempty" jsonschema:"enum=no-progress,enum=some-progress,enum=good-progress,enum=excellent-progress"`
}

// EventType is buddy.skill_share.completed.
func (BuddySkillShareCompleted) EventType() string { return "buddy.skill_share.completed" }

// Subject is the session in which it happened.
func (b BuddySkillShareCompleted) Subject() string { return b.SessionID }

// BuddyCheckinCompleted says that a match answered its check-in. Its notes are read by CheckinID.
type BuddyCheckinCompleted struct {
	CheckinID         string         `json:"checkinId" jsonschema:"format=uuid"`
	MatchID           string         `json:"matchId" jsonschema:"format=uuid"`
	CheckinDate       time.Time      `json:"checkinDate"`
	Mood              string         `json:"mood,omitempty" jsonschema:"enum=great,enum=good,enum=okay,enum=struggling,enum=difficult"`
	Notes             string         `json:"notes,omitempty"`             // stays empty: events carry no texts
	QuestionResponses map[string]any `json:"questionResponses,omitempty"` // choices and numbers, never texts
}

// EventType is buddy.checkin.completed.
func (BuddyCheckinCompleted) EventType() string { return "buddy.checkin.completed" }

// Subject is the check-in.
func (b BuddyCheckinCompleted) Subject() string { return b.CheckinID }

// BuddyFeedbackSubmitted says that one side of a match rated it. What was written is read by FeedbackID.
type BuddyFeedbackSubmitted struct {
	FeedbackID   string                   `json:"feedbackId" jsonschema:"format=uuid"`
	MatchID      string                   `json:"matchId" jsonschema:"format=uuid"`
	FromRole     string                   `json:"fromRole" jsonschema:"enum=participant,enum=buddy"`
	Rating       float64                  `json:"rating" jsonschema:"minimum=0,maximum=1"`
	FeedbackText string                   `json:"feedbackText,omitempty"` // stays empty: events carry no texts
	SubmittedAt  time.Time                `json:"submittedAt"`
	Categories   *BuddyFeedbackCategories `json:"categories,omitempty"`
}

// BuddyFeedbackCategories are a rating's parts, 0…1.
type BuddyFeedbackCategories struct {
	Communication *float64 `json:"communication,omitempty" jsonschema:"minimum=0,maximum=1"`
	Helpfulness   *float64 `json:"helpfulness,omitempty" jsonschema:"minimum=0,maximum=1"`
	Engagement    *float64 `json:"engagement,omitempty" jsonschema:"minimum=0,maximum=1"`
}

// EventType is buddy.feedback.submitted.
func (BuddyFeedbackSubmitted) EventType() string { return "buddy.feedback.submitted" }

// Subject is the feedback.
func (b BuddyFeedbackSubmitted) Subject() string { return b.FeedbackID }

// BuddyMilestoneReached says that a person reached a milestone of the buddy programme.
type BuddyMilestoneReached struct {
	MilestoneID       int                     `json:"milestoneId" jsonschema:"exclusiveMinimum=0"`
	UserID            string                  `json:"userId" jsonschema:"format=uuid"`
	MilestoneTitle    string                  `json:"milestoneTitle" jsonschema:"minLength=1,maxLength=100"`
	MilestoneCategory string                  `json:"milestoneCategory" jsonschema:"enum=onboarding,enum=cultural,enum=language,enum=community,enum=professional,enum=skills,enum=events,enum=buddy-connection,enum=impact,enum=completion,enum=other"`
	ReachedAt         time.Time               `json:"reachedAt"`
	Points            float64                 `json:"points" jsonschema:"minimum=0"`
	BadgeIcon         string                  `json:"badgeIcon,omitempty" jsonschema:"maxLength=50"`
	TargetRole        string                  `json:"targetRole,omitempty" jsonschema:"enum=participant,enum=buddy,enum=all"`
	Progress          *BuddyMilestoneProgress `json:"progress,omitempty"`
	Metadata          *BuddyMilestoneMetadata `json:"metadata,omitempty"`
}

// BuddyMilestoneProgress is how far the way to a milestone was gone.
type BuddyMilestoneProgress struct {
	CurrentStep    int   `json:"currentStep" jsonschema:"minimum=0"`
	TotalSteps     int   `json:"totalSteps" jsonschema:"minimum=0"`
	CompletedSteps []any `json:"completedSteps"` // the steps' numbers or keys
}

// BuddyMilestoneMetadata is what else is known about a milestone.
type BuddyMilestoneMetadata struct {
	IsFirstTime     *bool           `json:"isFirstTime,omitempty"`
	StreakCount     *int            `json:"streakCount,omitempty" jsonschema:"minimum=0"`
	RelatedEntities []RelatedEntity `json:"relatedEntities,omitempty"`
}

// RelatedEntity names a thing by its type and id.
type RelatedEntity struct {
	Type string `json:"type" jsonschema:"minLength=1"`
	ID   string `json:"id" jsonschema:"minLength=1"`
}

// EventType is buddy.milestone.reached.
func (BuddyMilestoneReached) EventType() string { return "buddy.milestone.reached" }

// Subject is the milestone and who reached it.
func (b BuddyMilestoneReached) Subject() string { return strconv.Itoa(b.MilestoneID) + ":" + b.UserID }
