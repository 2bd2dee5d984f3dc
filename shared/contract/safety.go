package contract

import "time"

// SafetyFlagRaised says that a text needs a look before anyone is shown it. The text is read by ContentID.
type SafetyFlagRaised struct {
	FlagID              string    `json:"flagId" jsonschema:"format=uuid"`
	ContentID           string    `json:"contentId" jsonschema:"format=uuid"`
	ContentType         string    `json:"contentType" jsonschema:"enum=feedback_text,enum=checkin_note,enum=message,enum=other"`
	FlagReason          string    `json:"flagReason" jsonschema:"enum=profanity,enum=pii_leakage,enum=hate_speech,enum=other"`
	Confidence          float64   `json:"confidence" jsonschema:"minimum=0,maximum=1"`
	RequiresHumanReview bool      `json:"requiresHumanReview"`
	RaisedAt            time.Time `json:"raisedAt"`
	Categories          []string  `json:"categories,omitempty" jsonschema:"uniqueItems=true,enum=self_harm,enum=violence,enum=harassment,enum=hate,enum=sexual,enum=child_safety,enum=profanity,enum=pii,enum=spam,enum=unread"` // finer than FlagReason
	Route               string    `json:"route,omitempty" jsonschema:"enum=moderation,enum=safeguarding"`                                                                                                                        // who must look
}

// EventType is safety.flag.raised.
func (SafetyFlagRaised) EventType() string { return "safety.flag.raised" }

// Subject is the flag.
func (b SafetyFlagRaised) Subject() string { return b.FlagID }

// SafetyReviewCompleted says what a reviewer decided about a flag.
type SafetyReviewCompleted struct {
	ReviewID    string    `json:"reviewId" jsonschema:"format=uuid"`
	FlagID      string    `json:"flagId" jsonschema:"format=uuid"`
	ReviewerID  string    `json:"reviewerId" jsonschema:"format=uuid"`
	Decision    string    `json:"decision" jsonschema:"enum=approved,enum=rejected,enum=escalated"`
	Notes       string    `json:"notes,omitempty"` // stays empty: events carry no texts
	CompletedAt time.Time `json:"completedAt"`
	Categories  []string  `json:"categories,omitempty" jsonschema:"uniqueItems=true,enum=self_harm,enum=violence,enum=harassment,enum=hate,enum=sexual,enum=child_safety,enum=profanity,enum=pii,enum=spam,enum=unread"` // what was found, as safety.flag.raised tells it
	Route       string    `json:"route,omitempty" jsonschema:"enum=moderation,enum=safeguarding"`                                                                                                                        // where the flag is after the decision
}

// EventType is safety.review.completed.
func (SafetyReviewCompleted) EventType() string { return "safety.review.completed" }

// Subject is the review.
func (b SafetyReviewCompleted) Subject() string { return b.ReviewID }

// SafeguardingAlert asks that person, a safeguarding contact of the operator, be told by e-mail that flag waits for them. The message carries
// nothing else: what it is about is shown in the review queue, to that role alone. The event belongs to the company whose text it is, the
// person to the operator. The same cause makes the same request.
func SafeguardingAlert(cause, flag, person string, at time.Time) NotificationRequested {
	return NotificationRequested{
		NotificationID: EventID(cause, "safeguarding_alert", flag+"\x00"+person), UserID: person,
		Channel: "email", Template: "safeguarding_alert", RequestedAt: at,
	}
}
