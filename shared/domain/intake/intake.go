// Package intake is how a programme's files are read: which layout, which rules for each column, what becomes of a row that breaks one.
package intake

import "time"

// Kind is what a file holds.
type Kind string

// The kinds of file (facts: Kintell CSV formats).
const (
	KintellLanguage   Kind = "kintell-language"   // Language for Ukraine v1.0 and v1.1
	KintellMentorship Kind = "kintell-mentorship" // Mentors for Ukraine v1.0
	KintellSessions   Kind = "kintell-sessions"   // the legacy nine columns
	KintellUsers      Kind = "kintell-users"      // the people
)

// Kinds are all of them.
var Kinds = []Kind{KintellLanguage, KintellMentorship, KintellSessions, KintellUsers}

// Status of an import. It moves forward only, save that a failed one may be started again.
type Status string

// The statuses.
const (
	Waiting   Status = "waiting"   // made; its file has not come yet
	Received  Status = "received"  // the file is stored and will be read
	Running   Status = "running"   // some rows are in
	Completed Status = "completed" // every row was taken or refused
	Failed    Status = "failed"    // the file as a whole cannot be read; Reason says why
)

// Import is one file on its way in.
type Import struct {
	ID         string // UUIDv7
	Company    string
	Kind       Kind
	FileName   string
	Scale      string // unit, five, or empty: found from the file
	Status     Status
	Reason     string
	Size       int64  // bytes; 0 while waiting
	Key        string // where port.Files keeps it
	Progress   Progress
	Layout     []byte // JSON of Layout once the header was read
	CreatedBy  string
	CreatedAt  time.Time
	FinishedAt time.Time
}

// Progress is how far the reading got. Offset is where the next record starts, so a killed import resumes there.
type Progress struct {
	Offset  int64 // bytes read, at a record boundary
	Row     int   // data rows read, refused ones included
	Taken   int   // rows kept that said something new
	Same    int   // rows that said what was known
	Refused int
}

// The codes of problems (facts: Kintell CSV formats, E001 to E007; the others are ours).
const (
	BadEmail    = "E001"
	Absent      = "E002" // a value that must be there
	BadDate     = "E003"
	BadDuration = "E004"
	BadLevel    = "E005"
	BadRating   = "E006"
	BadOrder    = "E007" // completed before it was scheduled
	BadValue    = "E008" // too long, or not one of the values
	Malformed   = "E009" // the record is no CSV, or has another number of columns than the header
	UnknownType = "E010" // a session type that names no programme
)

// Problem is what is wrong with one value of a row.
type Problem struct {
	Code     string `json:"code"` // E001…E010
	Column   string `json:"column"`
	Expected string `json:"expected"`
}

// Refused is a row that was not taken, kept so that it can be fixed and sent again.
type Refused struct {
	Row      int // data rows count from 1
	Record   []string
	Problems []Problem
	Status   string // refused, replayed
}
