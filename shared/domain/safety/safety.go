// Package safety is what keeps people from harm in what they write and read: categories of harm, what to do about each, and who decides.
// The rule is to hold a text for a human and never to delete it.
package safety

import (
	"context"
	"time"
)

// Category is a kind of harm.
type Category string

// The categories.
const (
	SelfHarm    Category = "self_harm"    // the writer may hurt or kill themselves, or wishes not to live
	ChildSafety Category = "child_safety" // a child is or may be abused, neglected or sexualised
	Violence    Category = "violence"     // a threat, incitement or wish to hurt others
	Harassment  Category = "harassment"   // an attack on a person that is meant to hurt
	Hate        Category = "hate"         // an attack on people for what they are
	Sexual      Category = "sexual"       // sexual content or advances
	Profanity   Category = "profanity"    // swearing, at nobody
	PII         Category = "pii"          // a way to reach or identify somebody
	Spam        Category = "spam"         // advertising, flooding, nonsense
)

// Unread is no harm: nobody could say whether there is any, since the screener knows neither the language nor the script. It is not among
// Categories, which are what a text is judged for; a text that is in doubt so is held like another.
const Unread Category = "unread"

// Categories are the kinds of harm, the gravest first.
var Categories = []Category{SelfHarm, ChildSafety, Violence, Harassment, Hate, Sexual, Profanity, PII, Spam}

// Route is who must look at a text.
type Route string

// The routes. Clear texts need nobody.
const (
	Clear        Route = ""
	Moderation   Route = "moderation"   // programme staff
	Safeguarding Route = "safeguarding" // the trained contact alone, at once
)

// Span is the characters (Unicode code points) Start to End, End excluded, of the screened text.
type Span struct {
	Start, End int
	Kind       string // for PII what it is: email, phone, iban, card, national_id, address, url; else empty
}

// Finding says that a text holds one category of harm, as far as the screener can tell.
type Finding struct {
	Category   Category
	Confidence float64 // 0…1, three decimals
	Reported   bool    // told of by somebody it happened to, quoted or spoken against: the writer may need help and has done no wrong
	Spans      []Span  // where; may be empty for what the whole text says
}

// Request asks for one text to be screened.
type Request struct {
	Company string
	Text    string
}

// Screening is one screening of one text by one screener.
type Screening struct {
	ID          string // UUID, made from the event that asked for it; a screener leaves it empty
	ContentID   string
	ContentType string // feedback_text, checkin_note, message, other
	Version     string // of the screener
	Language    string // ISO 639-1 of the text, empty when undetermined
	Findings    []Finding
	Route       Route
	At          time.Time
}

// Screener reads a text and says what harm it finds. It may fail with a Busy fault, which is tried again.
type Screener interface {
	Screen(ctx context.Context, in Request) (Screening, error)
}
