// Package identity says who somebody is: roles, normalised e-mail addresses and the ids of what has a natural key.
package identity

import (
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/teei/csr-platform/shared/fault"
)

// Role is what somebody may be, in one vocabulary everywhere (architecture §4).
type Role string

// The roles.
const (
	SystemAdmin    Role = "system_admin"    // the operator's administrator
	ProgrammeStaff Role = "programme_staff" // the operator's people: imports, fixing, moderation
	Safeguarding   Role = "safeguarding"    // sees what was escalated for harm
	CompanyAdmin   Role = "company_admin"
	CompanyUser    Role = "company_user"
	Participant    Role = "participant"
	Volunteer      Role = "volunteer"
	APIClient      Role = "api_client"
)

// Roles are all of them, in the order above.
var Roles = []Role{SystemAdmin, ProgrammeStaff, Safeguarding, CompanyAdmin, CompanyUser, Participant, Volunteer, APIClient}

// OfOperator says whether a role belongs to the operator's people, who may act for every company.
func (r Role) OfOperator() bool { return r == SystemAdmin || r == ProgrammeStaff || r == Safeguarding }

// MaxEmail is the longest address accepted, in bytes (RFC 5321 §4.5.3.1.3 less the angle brackets).
const MaxEmail = 254

// ParseEmail gives the form in which an address is kept and compared: trimmed, NFC, lower case. Anything that is not one bare
// address, or is longer than MaxEmail, is Invalid.
func ParseEmail(raw string) (string, error) {
	email := strings.ToLower(norm.NFC.String(strings.TrimSpace(raw)))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > MaxEmail || !strings.Contains(email[strings.LastIndex(email, "@"):], ".") {
		return "", fault.New(fault.Invalid, "expected an e-mail address such as name@example.org")
	}
	return email, nil
}

// Contact is somebody as an outside system names them: an address and the role in which they took part.
type Contact struct {
	Email string // as ParseEmail gives it
	Role  Role
}

// Profile is what a roster says of one person. Empty fields say nothing.
type Profile struct {
	Contact
	FirstName, LastName string
	ExternalSystem      string         // kintell
	ExternalID          string         // their id there; empty where the file has none
	Flags               map[string]any // merged into users.journey_flags
	SentAt              time.Time
}

// namespace of the ids made here. Changing it loses every row's identity.
var namespace = uuid.MustParse("b3c1f0aa-0d1e-5c57-8a44-2b9f7d0c9e10")

// ID is the id of a thing that a sender of a company names: the UUIDv5 of (company, sender, kind, external id). A repeat, a
// reordered pair and a re-import meet the same row.
func ID(company, sender, kind, external string) string {
	return uuid.NewSHA1(namespace, []byte(company+"\x00"+sender+"\x00"+kind+"\x00"+external)).String()
}

// NewID is an id for what has no natural key: a UUIDv7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID says whether raw is an id as ids are written here. A UUID in braces, without hyphens or as a URN is none: what else names the
// same thing would be compared as another.
func IsID(raw string) bool { return len(raw) == 36 && uuid.Validate(raw) == nil }
