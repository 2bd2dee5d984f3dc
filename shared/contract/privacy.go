package contract

import "time"

// PrivacyRequestOpened says that a person uses one of their rights under the GDPR.
type PrivacyRequestOpened struct {
	RequestID string    `json:"requestId" jsonschema:"format=uuid"`
	UserID    string    `json:"userId" jsonschema:"format=uuid"`
	Kind      string    `json:"kind" jsonschema:"enum=export,enum=delete,enum=rectify,enum=restrict"`
	OpenedAt  time.Time `json:"openedAt"`
	DueAt     time.Time `json:"dueAt"` // when it is carried out, unless it is cancelled before
}

// EventType is privacy.request.opened.
func (PrivacyRequestOpened) EventType() string { return "privacy.request.opened" }

// Subject is the request.
func (b PrivacyRequestOpened) Subject() string { return b.RequestID }

// PrivacyRequestCompleted says how a request ended.
type PrivacyRequestCompleted struct {
	RequestID   string    `json:"requestId" jsonschema:"format=uuid"`
	Kind        string    `json:"kind" jsonschema:"enum=export,enum=delete,enum=rectify,enum=restrict"`
	Status      string    `json:"status" jsonschema:"enum=completed,enum=cancelled,enum=rejected"`
	CompletedAt time.Time `json:"completedAt"`
}

// EventType is privacy.request.completed.
func (PrivacyRequestCompleted) EventType() string { return "privacy.request.completed" }

// Subject is the request.
func (b PrivacyRequestCompleted) Subject() string { return b.RequestID }

// PrivacyPersonErased says that nothing kept names this person any more. Whoever holds a copy removes theirs.
type PrivacyPersonErased struct {
	UserID    string    `json:"userId" jsonschema:"format=uuid"`
	RequestID string    `json:"requestId" jsonschema:"format=uuid"`
	ErasedAt  time.Time `json:"erasedAt"`
}

// EventType is privacy.person.erased.
func (PrivacyPersonErased) EventType() string { return "privacy.person.erased" }

// Subject is the person.
func (b PrivacyPersonErased) Subject() string { return b.UserID }
