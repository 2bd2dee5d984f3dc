package contract

import "time"

// UpskillingCourseCompleted says that a person finished a course.
type UpskillingCourseCompleted struct {
	ProgressID         string    `json:"progressId" jsonschema:"format=uuid"`
	UserID             string    `json:"userId" jsonschema:"format=uuid"`
	Provider           string    `json:"provider" jsonschema:"minLength=1"` // ecornell, itslearning, …
	CourseID           string    `json:"courseId" jsonschema:"minLength=1"` // the provider's id
	CourseName         string    `json:"courseName" jsonschema:"minLength=1"`
	CompletedAt        time.Time `json:"completedAt"`
	FinalScore         *float64  `json:"finalScore,omitempty" jsonschema:"minimum=0,maximum=100"`
	CredentialRef      string    `json:"credentialRef,omitempty"`
	ProgramID          string    `json:"programId,omitempty" jsonschema:"format=uuid"`
	CampaignID         string    `json:"campaignId,omitempty" jsonschema:"format=uuid"`
	BeneficiaryGroupID string    `json:"beneficiaryGroupId,omitempty" jsonschema:"format=uuid"`
}

// EventType is upskilling.course.completed.
func (UpskillingCourseCompleted) EventType() string { return "upskilling.course.completed" }

// Subject is the person's progress in the course.
func (b UpskillingCourseCompleted) Subject() string { return b.ProgressID }

// UpskillingCredentialIssued says that a person was given a credential.
type UpskillingCredentialIssued struct {
	CredentialID     string     `json:"credentialId" jsonschema:"format=uuid"`
	UserID           string     `json:"userId" jsonschema:"format=uuid"`
	Provider         string     `json:"provider" jsonschema:"minLength=1"`
	CourseID         string     `json:"courseId" jsonschema:"minLength=1"` // the provider's id
	CourseName       string     `json:"courseName" jsonschema:"minLength=1"`
	CredentialType   string     `json:"credentialType" jsonschema:"enum=certificate,enum=badge,enum=diploma,enum=transcript"`
	IssuedAt         time.Time  `json:"issuedAt"`
	ExpiresAt        *time.Time `json:"expiresAt,omitempty"`
	CredentialURL    string     `json:"credentialUrl,omitempty" jsonschema:"format=uri"`
	VerificationCode string     `json:"verificationCode,omitempty"`
}

// EventType is upskilling.credential.issued.
func (UpskillingCredentialIssued) EventType() string { return "upskilling.credential.issued" }

// Subject is the credential.
func (b UpskillingCredentialIssued) Subject() string { return b.CredentialID }

// UpskillingProgressUpdated says how far a person is in a course.
type UpskillingProgressUpdated struct {
	ProgressID      string    `json:"progressId" jsonschema:"format=uuid"`
	UserID          string    `json:"userId" jsonschema:"format=uuid"`
	Provider        string    `json:"provider" jsonschema:"minLength=1"`
	CourseID        string    `json:"courseId" jsonschema:"minLength=1"` // the provider's id
	CourseName      string    `json:"courseName" jsonschema:"minLength=1"`
	ProgressPercent int       `json:"progressPercent" jsonschema:"minimum=0,maximum=100"`
	Status          string    `json:"status" jsonschema:"enum=enrolled,enum=in_progress,enum=completed,enum=dropped"`
	UpdatedAt       time.Time `json:"updatedAt"`
}

// EventType is upskilling.progress.updated.
func (UpskillingProgressUpdated) EventType() string { return "upskilling.progress.updated" }

// Subject is the person's progress in the course.
func (b UpskillingProgressUpdated) Subject() string { return b.ProgressID }
