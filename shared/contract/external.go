package contract

import (
	"encoding/json"
	"time"
)

// ExternalVolunteerLogged says that an employee's volunteering was logged on an outside platform.
type ExternalVolunteerLogged struct {
	ExternalID    string            `json:"externalId" jsonschema:"minLength=1"`
	Source        string            `json:"source" jsonschema:"enum=benevity,enum=goodera,enum=workday"`
	UserID        string            `json:"userId" jsonschema:"format=uuid"`
	CompanyID     string            `json:"companyId" jsonschema:"format=uuid"`
	ActivityName  string            `json:"activityName" jsonschema:"minLength=1"`
	ActivityType  string            `json:"activityType" jsonschema:"enum=skills_based,enum=general,enum=mentorship,enum=tutoring,enum=event,enum=other"`
	Hours         float64           `json:"hours" jsonschema:"exclusiveMinimum=0"`
	ActivityDate  time.Time         `json:"activityDate"`
	CauseArea     string            `json:"causeArea,omitempty"`
	NonprofitName string            `json:"nonprofitName,omitempty"`
	NonprofitID   string            `json:"nonprofitId,omitempty"`
	Location      string            `json:"location,omitempty"` // stays empty: events carry no addresses
	TeamBased     bool              `json:"teamBased"`
	TeamSize      int               `json:"teamSize,omitempty" jsonschema:"exclusiveMinimum=0"`
	Metadata      map[string]string `json:"metadata,omitempty"`
}

// EventType is external.volunteer.logged.
func (ExternalVolunteerLogged) EventType() string { return "external.volunteer.logged" }

// Subject is the activity as its platform names it.
func (b ExternalVolunteerLogged) Subject() string { return b.Source + ":" + b.ExternalID }

// ExternalDonationMade says that an employee gave money on an outside platform. Amounts are exact decimals of Currency's unit.
type ExternalDonationMade struct {
	ExternalID          string      `json:"externalId" jsonschema:"minLength=1"`
	Source              string      `json:"source" jsonschema:"enum=benevity,enum=goodera,enum=workday"`
	UserID              string      `json:"userId" jsonschema:"format=uuid"`
	CompanyID           string      `json:"companyId" jsonschema:"format=uuid"`
	Amount              json.Number `json:"amount" jsonschema:"type=number,exclusiveMinimum=0"`
	Currency            string      `json:"currency" jsonschema:"pattern=^[A-Z]{3}$"` // ISO 4217
	DonationDate        time.Time   `json:"donationDate"`
	NonprofitName       string      `json:"nonprofitName" jsonschema:"minLength=1"`
	NonprofitID         string      `json:"nonprofitId,omitempty"`
	NonprofitEIN        string      `json:"nonprofitEin,omitempty"` // US employer identification number
	CauseArea           string      `json:"causeArea,omitempty"`
	MatchEligible       bool        `json:"matchEligible"`
	MatchAmount         json.Number `json:"matchAmount,omitempty" jsonschema:"type=number,minimum=0"`
	DonationType        string      `json:"donationType" jsonschema:"enum=one_time,enum=recurring,enum=payroll"`
	RecurrenceFrequency string      `json:"recurrenceFrequency,omitempty" jsonschema:"enum=weekly,enum=bi_weekly,enum=monthly,enum=quarterly,enum=annual"`
	Campaign            string      `json:"campaign,omitempty"`
}

// EventType is external.donation.made.
func (ExternalDonationMade) EventType() string { return "external.donation.made" }

// Subject is the donation as its platform names it.
func (b ExternalDonationMade) Subject() string { return b.Source + ":" + b.ExternalID }

// ExternalUserSynced says that an employee's record changed in the company's directory.
type ExternalUserSynced struct {
	ExternalID   string                `json:"externalId" jsonschema:"minLength=1"`
	Source       string                `json:"source" jsonschema:"enum=workday,enum=azure_ad,enum=okta"`
	CompanyID    string                `json:"companyId" jsonschema:"format=uuid"`
	Action       string                `json:"action" jsonschema:"enum=created,enum=updated,enum=deactivated"`
	User         ExternalUser          `json:"user"`
	OrgStructure *ExternalOrganisation `json:"orgStructure,omitempty"`
}

// ExternalUser is what a directory says of one person. Address and names stay empty: events carry none, they are read by id.
type ExternalUser struct {
	ExternalUserID   string     `json:"externalUserId" jsonschema:"minLength=1"`
	Email            string     `json:"email,omitempty" jsonschema:"format=email"` // stays empty
	FirstName        string     `json:"firstName,omitempty"`                       // stays empty
	LastName         string     `json:"lastName,omitempty"`                        // stays empty
	DisplayName      string     `json:"displayName,omitempty"`                     // stays empty
	JobTitle         string     `json:"jobTitle,omitempty"`
	Department       string     `json:"department,omitempty"`
	CostCenter       string     `json:"costCenter,omitempty"`
	ManagerID        string     `json:"managerId,omitempty"`
	Location         string     `json:"location,omitempty"` // stays empty
	Country          string     `json:"country,omitempty"`
	Timezone         string     `json:"timezone,omitempty"`
	StartDate        *time.Time `json:"startDate,omitempty"`
	EmploymentStatus string     `json:"employmentStatus,omitempty" jsonschema:"enum=active,enum=inactive,enum=terminated,enum=leave"`
	EmploymentType   string     `json:"employmentType,omitempty" jsonschema:"enum=full_time,enum=part_time,enum=contractor,enum=intern"`
}

// ExternalOrganisation is where in the company somebody works.
type ExternalOrganisation struct {
	OrganizationID   string `json:"organizationId,omitempty"`
	OrganizationName string `json:"organizationName,omitempty"`
	CostCenterID     string `json:"costCenterId,omitempty"`
	CostCenterName   string `json:"costCenterName,omitempty"`
	BusinessUnit     string `json:"businessUnit,omitempty"`
	Division         string `json:"division,omitempty"`
}

// EventType is external.user.synced.
func (ExternalUserSynced) EventType() string { return "external.user.synced" }

// Subject is the record as its directory names it.
func (b ExternalUserSynced) Subject() string { return b.Source + ":" + b.ExternalID }
