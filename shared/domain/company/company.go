// Package company is who pays and sends volunteers: the tenants, the operator among them.
package company

import (
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/fault"
)

// Kinds of company.
const (
	Operator = "operator" // the nonprofit that runs this deployment
	Partner  = "partner"
)

// OperatorID is the id of the operator's own company, which every ledger has from the start: the first migration makes it.
const OperatorID = "00000000-0000-7000-8000-000000000001"

// Company is a tenant.
type Company struct {
	ID        string // UUID
	Slug      string // in URLs: lower case letters, digits and hyphens, 2 to 40
	Name      string
	Kind      string
	TimeZone  string // IANA name; months are counted in it
	CreatedAt time.Time
}

// IsSlug says whether text is 2 to 40 lower case letters, digits and hyphens, with no hyphen at either end.
func IsSlug(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(text) >= 2 && len(text) <= 40 && text[0] != '-' && text[len(text)-1] != '-'
}

// Check refuses a company that could not be addressed or counted for, naming each field.
func (c Company) Check() error {
	var checks fault.Checks
	checks.That(IsSlug(c.Slug), "slug", "2 to 40 lower case letters, digits or hyphens, not starting or ending with a hyphen")
	checks.That(strings.TrimSpace(c.Name) != "" && len(c.Name) <= 200, "name", "1 to 200 characters")
	_, err := time.LoadLocation(c.TimeZone)
	checks.That(err == nil && c.TimeZone != "Local", "timeZone", "an IANA time zone such as Europe/Oslo")
	return checks.Err("the company is not complete")
}

// Sender is an outside system that may tell us things about one company, with the secrets it signs with. Both are accepted while a
// secret is being rotated.
type Sender struct {
	Company    string // company id
	Slug       string
	Name       string // kintell
	SecretNow  []byte // sealed: opened with port.Keys and SecretData(Company, Name)
	SecretNext []byte // sealed; nil outside a rotation
}

// SecretData is the associated data under which a sender's secrets are sealed.
func SecretData(company, sender string) []byte {
	return []byte("sender\x00" + company + "\x00" + sender)
}

// Parked is something that could not be worked and waits for a person: an event a consumer gave up on, or a signed delivery whose
// body was refused.
type Parked struct {
	ID       string // UUIDv5 of (function, cause id)
	Company  string
	By       string // the function that could not: consumers/scorefeedback
	Kind     string // KindEvent or KindDelivery
	Type     string // event type, or the delivery's
	CauseID  string // event id, or the sender's delivery id
	Reason   string // shown to staff; names fields, never values
	Body     []byte // the envelope as JSON; of a delivery the raw body, sealed
	At       time.Time
	Status   string // StatusParked or StatusReplayed
	Attempts int    // how often it was parked again
}

// What may be parked, and what becomes of it.
const (
	KindEvent      = "event"
	KindDelivery   = "delivery"
	StatusParked   = "parked"
	StatusReplayed = "replayed"
)

// Delivered is one line of the list of deliveries: accepted, or parked with its reason.
type Delivered struct {
	ID      string // as in Parked; of an accepted delivery the UUID of its cause
	Company string
	By      string
	Kind    string
	Type    string
	CauseID string
	Status  string // accepted, parked, replayed
	Reason  string
	Size    int
	At      time.Time
}

// Entry is one line of the audit log.
type Entry struct {
	Actor        string // subject of the caller, or the function's name
	Role         string
	Action       string // CREATE, UPDATE, READ, IMPORT, EXPORT, ADMIN
	ResourceType string
	ResourceID   string
	Before       map[string]any // ids, numbers and times; never texts, names or addresses
	After        map[string]any
}
