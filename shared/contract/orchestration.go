package contract

import "time"

// JourneyMilestoneReached says that a person reached a milestone of the journey through all programmes.
type JourneyMilestoneReached struct {
	UserID            string    `json:"userId" jsonschema:"format=uuid"`
	Milestone         string    `json:"milestone" jsonschema:"enum=buddy_matched,enum=first_language_session,enum=language_level_up,enum=first_mentorship_session,enum=course_enrolled,enum=course_completed,enum=credential_earned,enum=job_ready"`
	ReachedAt         time.Time `json:"reachedAt"`
	PreviousMilestone string    `json:"previousMilestone,omitempty" jsonschema:"enum=buddy_matched,enum=first_language_session,enum=language_level_up,enum=first_mentorship_session,enum=course_enrolled,enum=course_completed,enum=credential_earned,enum=job_ready"`
}

// EventType is orchestration.journey.milestone.reached.
func (JourneyMilestoneReached) EventType() string { return "orchestration.journey.milestone.reached" }

// Subject is the person and the milestone, which is reached once.
func (b JourneyMilestoneReached) Subject() string { return b.UserID + ":" + b.Milestone }

// ProfileUpdated says which fields of a person's profile changed, never to what.
type ProfileUpdated struct {
	UserID        string    `json:"userId" jsonschema:"format=uuid"`
	UpdatedFields []string  `json:"updatedFields" jsonschema:"minItems=1"`
	UpdatedAt     time.Time `json:"updatedAt"`
	Trigger       string    `json:"trigger,omitempty"` // what changed it: an event type or a function
}

// EventType is orchestration.profile.updated.
func (ProfileUpdated) EventType() string { return "orchestration.profile.updated" }

// Subject is the person.
func (b ProfileUpdated) Subject() string { return b.UserID }
