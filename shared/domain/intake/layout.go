package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/fault"
)

// Layout is what the header of a file said: which column holds what. It is kept with the import, so that a resumed import and a
// corrected row are read as the file was begun.
type Layout struct {
	Kind    Kind   `json:"kind"`
	Version string `json:"version"`
	Dialect
	Header  []string       `json:"header"`  // as the file writes it
	Columns map[string]int `json:"columns"` // our name of a column → its place
	Ignored []string       `json:"ignored,omitempty"`
	Scale   Scale          `json:"scale,omitempty"` // empty where there are no ratings
	Mixed   bool           `json:"mixed,omitempty"` // both scales were found, so a rating of 1 has no meaning
	// Escaped says that the file is one that we wrote for fixing: see ErrorFile.
	Escaped bool `json:"escaped,omitempty"`
}

// The columns that ErrorFile adds; a file that has them is read without them.
const (
	ErrorRow     = "_error_row"
	ErrorMessage = "_error_message"
)

type column struct {
	name     string
	required bool
	aliases  []string
}

var (
	sessionID      = column{"session_id", true, []string{"external_session_id"}}
	participant    = column{"participant_email", true, []string{"learner_email", "mentee_email", "student_email"}}
	volunteer      = column{"volunteer_email", true, []string{"mentor_email", "tutor_email"}}
	scheduledAt    = column{"scheduled_at", true, nil}
	completedAt    = column{"completed_at", false, nil}
	duration       = column{"duration_minutes", false, []string{"duration_min", "duration"}}
	rating         = column{"rating", false, nil}
	fromRole       = column{"from_role", false, nil}
	feedbackText   = column{"feedback_text", false, []string{"feedback"}}
	languageLevel  = column{"language_level", false, []string{"cefr_level"}}
	sessionColumns = []column{sessionID, participant, volunteer, scheduledAt, completedAt, duration, rating, fromRole, feedbackText}
)

// schemas are the columns of each kind (facts: Kintell CSV formats).
var schemas = map[Kind][]column{
	KintellLanguage:   append(slices.Clone(sessionColumns), languageLevel, column{name: "topics"}, column{name: "metadata"}),
	KintellMentorship: append(slices.Clone(sessionColumns), column{name: "focus_area"}, column{name: "goals_discussed"}),
	KintellSessions: {
		sessionID, {"session_type", true, nil}, participant, volunteer, {"date", true, nil}, duration, rating, fromRole, feedbackText, languageLevel,
	},
	KintellUsers: {
		{"email", true, []string{"e_mail", "email_address"}},
		{"name", false, []string{"full_name"}},
		{"first_name", false, nil},
		{"last_name", false, nil},
		{"linkedin_url", false, []string{"linkedin"}},
		{"verification_status", false, nil},
		{"role_when_joined", false, []string{"role"}},
		{"grant_access", false, nil},
		{"joined_kg_at", false, []string{"joined_at"}},
		{"kintell_id", false, []string{"user_id", "external_id"}},
	},
}

var gaps = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[\s_-]+`) }) // not at a cold start

// canonical is a column's name as it is compared: no case, blanks and hyphens as underscores.
func canonical(name string) string {
	name = strings.TrimSpace(name)
	inner := strings.TrimLeft(name, "_")
	return name[:len(name)-len(inner)] + gaps().ReplaceAllString(strings.ToLower(inner), "_")
}

// NewLayout reads a header. A header that lacks a required column, or has one twice, is Invalid and names every such column.
func NewLayout(kind Kind, header []string, d Dialect) (Layout, error) {
	l := Layout{Kind: kind, Dialect: d, Header: header, Columns: map[string]int{}}
	if len(header) > MaxColumns {
		return l, fault.Fields("the header does not fit "+string(kind),
			fault.Field{Name: "header", Expected: fmt.Sprintf("at most %d columns; found %d", MaxColumns, len(header))})
	}
	known := map[string]string{}
	for _, c := range schemas[kind] {
		known[c.name] = c.name
		for _, alias := range c.aliases {
			known[alias] = c.name
		}
	}
	var checks fault.Checks
	for i, written := range header {
		name := canonical(written)
		ours, isKnown := known[name]
		switch {
		case name == ErrorRow || name == ErrorMessage:
			l.Escaped = true
		case !isKnown:
			l.Ignored = append(l.Ignored, strings.TrimSpace(written))
		default:
			first, twice := l.Columns[ours]
			if checks.That(!twice, ours, fmt.Sprintf("one such column; found columns %d and %d", first+1, i+1)) {
				l.Columns[ours] = i
			}
		}
	}
	for _, c := range schemas[kind] {
		_, found := l.Columns[c.name]
		checks.That(found || !c.required, c.name, expectedColumn(c))
	}
	l.Version = l.version()
	return l, checks.Err("the header does not fit " + string(kind) + fitting(kind, header, d))
}

func expectedColumn(c column) string {
	if c.aliases == nil {
		return "a column of this name in the header"
	}
	return "a column of this name in the header (or " + strings.Join(c.aliases, ", ") + ")"
}

// fitting names the kind that header does fit, for somebody who chose the wrong one.
func fitting(not Kind, header []string, d Dialect) string {
	for _, kind := range Kinds {
		if kind == not {
			continue
		}
		missing := slices.ContainsFunc(schemas[kind], func(c column) bool {
			return c.required && !slices.ContainsFunc(header, func(name string) bool {
				return canonical(name) == c.name || slices.Contains(c.aliases, canonical(name))
			})
		})
		if !missing {
			return " (it would fit " + string(kind) + ")"
		}
	}
	return ""
}

func (l Layout) version() string {
	_, metadata := l.Columns["metadata"]
	switch {
	case l.Kind == KintellSessions:
		return "legacy"
	case l.Kind == KintellLanguage && metadata:
		return "1.1"
	}
	return "1.0"
}

// Begin reads the head of a file of this kind: its layout, still without a scale, and a Reader that stands at the first row. A file
// that cannot be read at all is Invalid and says why.
func Begin(kind Kind, file io.Reader) (Layout, *Reader, error) {
	buffered := bufio.NewReaderSize(file, HeadSize)
	head, err := buffered.Peek(HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return Layout{}, nil, fmt.Errorf("read the head of the file: %w", err)
	}
	d, err := Sniff(head)
	if err != nil {
		return Layout{}, nil, err
	}
	_, err = buffered.Discard(int(d.Start))
	if err != nil {
		return Layout{}, nil, unreadable("it has no header")
	}
	r := NewReader(buffered, d, 0, d.Start)
	header, err := r.Next()
	if errors.Is(err, io.EOF) {
		return Layout{}, nil, unreadable("it has no header")
	}
	if err != nil {
		return Layout{}, nil, err
	}
	if header.Problem != nil {
		return Layout{}, nil, fault.Fields("the file cannot be read as CSV", fault.Field{Name: "header", Expected: header.Problem.Expected})
	}
	r.columns = len(header.Fields)
	l, err := NewLayout(kind, header.Fields, d)
	return l, r, err
}

// written is the file's own name of a column of ours, ours where the file has none.
func (l Layout) written(name string) string {
	i, found := l.Columns[name]
	if !found {
		return name
	}
	return strings.TrimSpace(l.Header[i])
}

// value is one value of a record, trimmed; empty where the file has no such column.
func (l Layout) value(record []string, name string) string {
	i, found := l.Columns[name]
	if !found || i >= len(record) {
		return ""
	}
	if l.Escaped {
		return strings.TrimSpace(unescape(record[i]))
	}
	return strings.TrimSpace(record[i])
}

// fits refuses a record with another number of values than the header has columns, or with what no column can keep.
func (l Layout) fits(record []string) []Problem {
	if len(record) == len(l.Header) {
		var problems []Problem
		for i, value := range record {
			if strings.Contains(value, "\x00") || !utf8.ValidString(value) {
				problems = append(problems, Problem{Malformed, l.Header[i], "text in UTF-8 without zero characters"})
			}
		}
		return problems
	}
	return []Problem{*malformed(fmt.Sprintf("%d columns; found %d", len(l.Header), len(record)))}
}

// Corrected is record with values, by column name, in place of what it had. Of a record that could not be split into columns
// nothing is left over, so values must hold all that the row needs. A column that the file does not have is Invalid.
func (l Layout) Corrected(record []string, values map[string]string) ([]string, error) {
	corrected := make([]string, len(l.Header))
	if len(record) == len(l.Header) {
		copy(corrected, record)
	}
	var checks fault.Checks
	for name, value := range values {
		at := slices.IndexFunc(l.Header, func(written string) bool { return canonical(written) == canonical(name) })
		if ours, found := l.Columns[canonical(name)]; found && at < 0 {
			at = ours
		}
		if !checks.That(at >= 0, name, "one of the file's columns: "+strings.Join(l.Header, ", ")) {
			continue
		}
		if l.Escaped {
			value = escape(value)
		}
		corrected[at] = value
	}
	slices.SortFunc(checks.Wrong, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return corrected, checks.Err("the corrected row does not fit its file")
}
