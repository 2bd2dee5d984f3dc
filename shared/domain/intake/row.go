package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/session"
)

// Limits of single values, in characters.
const (
	MaxExternalID = 255
	MaxTopics     = 1000
	MaxMetadata   = 2000
	MaxName       = 200
	MaxURL        = 500
)

// Early is how far ahead of the upload a session may claim to have been held: a date alone, written east of us.
const Early = 24 * time.Hour

// SessionRow is one row of a sessions file.
type SessionRow struct {
	ExternalID       string
	Type             session.Type
	ParticipantEmail string // as identity.ParseEmail gives it
	VolunteerEmail   string
	ScheduledAt      time.Time
	CompletedAt      time.Time // zero: booked, not held
	Minutes          int       // 0 where the file does not say
	Rating           *float64  // 0 to 1; nil where there is none
	FromRole         feedback.FromRole
	Text             string
	Level            string
	Topics           []string
	Metadata         string // a JSON object, or empty
}

// Rated says whether the row has a rating or a text.
func (r SessionRow) Rated() bool { return r.Rating != nil || r.Text != "" }

// row reads the values of one record and collects what is wrong with them.
type row struct {
	Layout
	record   []string
	now      time.Time
	problems []Problem
}

func (r *row) wrong(code, name, expected string) {
	r.problems = append(r.problems, Problem{code, r.written(name), expected})
}

func (r *row) text(name string) string { return r.value(r.record, name) }

// limited is a value of at most limit characters.
func (r *row) limited(name string, limit int) string {
	value := r.text(name)
	if utf8.RuneCountInString(value) > limit {
		r.wrong(BadValue, name, fmt.Sprintf("at most %d characters", limit))
		return ""
	}
	return value
}

// required is a value that must be there, of at most limit characters.
func (r *row) required(name string, limit int) string {
	if r.text(name) == "" {
		r.wrong(Absent, name, "a value")
		return ""
	}
	return r.limited(name, limit)
}

func (r *row) email(name string) string {
	raw := r.text(name)
	if raw == "" {
		r.wrong(Absent, name, "an e-mail address")
		return ""
	}
	email, err := identity.ParseEmail(raw)
	if err != nil {
		r.wrong(BadEmail, name, "an e-mail address such as name@example.org")
	}
	return email
}

// Session reads a row of a sessions file, or gives everything that is wrong with it. now is when the file was sent.
func (l Layout) Session(record []string, now time.Time) (SessionRow, []Problem) {
	problems := l.fits(record)
	if problems != nil {
		return SessionRow{}, problems
	}
	r := &row{Layout: l, record: record, now: now}
	s := SessionRow{
		ExternalID:       r.required("session_id", MaxExternalID),
		Type:             r.sessionType(),
		ParticipantEmail: r.email("participant_email"),
		VolunteerEmail:   r.email("volunteer_email"),
		Minutes:          r.minutes(),
		Level:            r.level(),
		Text:             r.limited("feedback_text", feedback.MaxText),
		FromRole:         r.fromRole(),
	}
	if s.ParticipantEmail != "" && s.ParticipantEmail == s.VolunteerEmail {
		r.wrong(BadValue, "volunteer_email", "somebody else than the participant")
	}
	s.ScheduledAt, s.CompletedAt = r.times(s.Minutes)
	if raw := r.text("rating"); raw != "" {
		value, expected := l.score(raw)
		if expected != "" {
			r.wrong(BadRating, "rating", expected)
		}
		s.Rating = &value
	}
	s.Topics = append(list(r.limited("topics", MaxTopics)), list(r.limited("goals_discussed", MaxTopics))...)
	s.Metadata = r.metadata()
	if r.problems != nil {
		return SessionRow{}, r.problems
	}
	return s, nil
}

func (r *row) sessionType() session.Type {
	switch r.Kind {
	case KintellLanguage:
		return session.Language
	case KintellMentorship:
		return session.Mentorship
	}
	raw := r.text("session_type")
	if raw == "" {
		r.wrong(Absent, "session_type", "language or mentorship")
		return ""
	}
	kind, err := session.ParseType(raw)
	if err != nil {
		r.wrong(UnknownType, "session_type", "language or mentorship")
	}
	return kind
}

func (r *row) minutes() int {
	raw := r.text("duration_minutes")
	if raw == "" {
		return 0
	}
	minutes, err := strconv.Atoi(raw)
	if err != nil || minutes < 1 || minutes > session.MaxMinutes {
		r.wrong(BadDuration, "duration_minutes", fmt.Sprintf("whole minutes from 1 to %d", session.MaxMinutes))
	}
	return minutes
}

func (r *row) level() string {
	level := strings.ToUpper(r.text("language_level"))
	if level != "" && !slices.Contains(session.Levels, level) {
		r.wrong(BadLevel, "language_level", "one of "+strings.Join(session.Levels, ", "))
	}
	return level
}

func (r *row) fromRole() feedback.FromRole {
	switch strings.ToLower(r.text("from_role")) {
	case "", "participant", "learner", "mentee", "student":
		return feedback.FromParticipant
	case "volunteer", "mentor", "tutor", "advisor":
		return feedback.FromVolunteer
	}
	r.wrong(BadValue, "from_role", "participant or volunteer")
	return ""
}

// times reads when the session was to be and when it was held. In the legacy layout one date is both. A date without a time of day
// says nothing about the order within that day: a session held on the day it was scheduled for was held as scheduled.
func (r *row) times(minutes int) (scheduled, completed time.Time) {
	if r.Kind == KintellSessions {
		at, _ := r.time("date", true, Early)
		return at, at
	}
	scheduled, dayScheduled := r.time("scheduled_at", true, session.MaxAhead)
	completed, dayCompleted := r.time("completed_at", false, Early)
	if scheduled.IsZero() || completed.IsZero() {
		return scheduled, completed
	}
	if dayCompleted && !dayScheduled && sameDay(scheduled, completed) {
		completed = scheduled.Add(time.Duration(minutes) * time.Minute)
	}
	if completed.Before(scheduled) {
		r.wrong(BadOrder, "completed_at", "a time that is not before "+r.written("scheduled_at"))
	}
	return scheduled, completed
}

func sameDay(a, b time.Time) bool { return a.Format(time.DateOnly) == b.Format(time.DateOnly) }

// time reads one instant, which may lie ahead of now by at most ahead. date says that it has no time of day.
func (r *row) time(name string, required bool, ahead time.Duration) (at time.Time, date bool) {
	raw := r.text(name)
	if raw == "" {
		if required {
			r.wrong(Absent, name, "an ISO 8601 date or date and time")
		}
		return time.Time{}, false
	}
	at, date, ok := parseTime(raw)
	switch {
	case !ok:
		r.wrong(BadDate, name, "an ISO 8601 date or date and time, such as 2025-06-02 or 2025-06-02T16:30:00Z")
	case at.Before(r.now.Add(-session.MaxAge)):
		r.wrong(BadDate, name, "a date of the last ten years")
	case at.After(r.now.Add(ahead)):
		r.wrong(BadDate, name, map[bool]string{true: "a date that is not in the future", false: "a date at most two years ahead"}[ahead == Early])
	default:
		return at, date
	}
	return time.Time{}, false
}

// timeForms are the forms of ISO 8601 that are read. Without an offset a time is UTC.
var timeForms = []string{
	time.DateOnly, "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04",
}

func parseTime(raw string) (at time.Time, date, ok bool) {
	if len(raw) < len(time.DateOnly) {
		return time.Time{}, false, false
	}
	normal := strings.ToUpper(raw)
	if normal[len(time.DateOnly):] != "" && normal[len(time.DateOnly)] == ' ' {
		normal = normal[:len(time.DateOnly)] + "T" + normal[len(time.DateOnly)+1:]
	}
	for i, form := range timeForms {
		at, err := time.Parse(form, normal)
		if err == nil {
			return at.UTC().Truncate(time.Microsecond), i == 0, true
		}
	}
	return time.Time{}, false, false
}

// list splits "CV, interview" into its items, each once.
func list(raw string) []string {
	var items []string
	for item := range strings.FieldsFuncSeq(raw, func(c rune) bool { return c == ',' || c < ' ' }) {
		item = strings.TrimSpace(item)
		if item != "" && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}

// metadata is the JSON object of a language row; a mentorship row's is made of its focus area.
func (r *row) metadata() string {
	focus := r.limited("focus_area", MaxExternalID)
	if focus != "" {
		made, err := json.Marshal(map[string]string{"focusArea": focus})
		if err == nil {
			return string(made)
		}
	}
	raw := r.limited("metadata", MaxMetadata)
	if raw == "" {
		return ""
	}
	object, ok := jsonObject(raw)
	if !ok {
		r.wrong(BadValue, "metadata", "a JSON object")
	}
	return object
}

// jsonObject is raw in its plainest form: keys sorted, each once, no blanks, no half characters. Numbers stay as written, within
// what a float64 can hold; a zero character is refused, as no column can keep it.
func jsonObject(raw string) (string, bool) {
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber()
	var object map[string]any
	err := decoder.Decode(&object)
	if err != nil || object == nil || !keepable(object) {
		return "", false
	}
	_, err = decoder.Token()
	if !errors.Is(err, io.EOF) { // something stands behind the object
		return "", false
	}
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(object)
	return strings.TrimSpace(plain.String()), err == nil
}

func keepable(value any) bool {
	switch v := value.(type) {
	case string:
		return !strings.Contains(v, "\x00")
	case json.Number:
		_, err := v.Float64()
		return err == nil
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !keepable(item) })
	case map[string]any:
		for key, item := range v {
			if !keepable(key) || !keepable(item) {
				return false
			}
		}
	}
	return true
}

// User reads a row of a users file, or gives everything that is wrong with it. now is when the file was sent.
func (l Layout) User(record []string, now time.Time) (identity.Profile, []Problem) {
	problems := l.fits(record)
	if problems != nil {
		return identity.Profile{}, problems
	}
	r := &row{Layout: l, record: record, now: now}
	p := identity.Profile{
		Contact:        identity.Contact{Email: r.email("email"), Role: joinedAs(r.text("role_when_joined"))},
		FirstName:      r.limited("first_name", MaxName),
		LastName:       r.limited("last_name", MaxName),
		ExternalSystem: "kintell",
		ExternalID:     r.limited("kintell_id", MaxExternalID),
		Flags:          map[string]any{"is_kintell_user": true, "kintell_source": "csv"},
		SentAt:         now,
	}
	name := r.limited("name", MaxName)
	if name != "" && p.FirstName == "" && p.LastName == "" {
		p.FirstName, p.LastName = splitName(name)
	}
	flag := func(name string, value string) {
		if value != "" {
			p.Flags[name] = value
		}
	}
	flag("verification_status", r.limited("verification_status", MaxName))
	flag("role_when_joined", r.limited("role_when_joined", MaxName))
	flag("linkedin_url", r.link("linkedin_url"))
	flag("joined_kg_at", r.joined("joined_kg_at"))
	r.access(p.Flags)
	if r.problems != nil {
		return identity.Profile{}, r.problems
	}
	return p, nil
}

// joinedAs is the role that a roster's word for it means; who is no volunteer takes part.
func joinedAs(raw string) identity.Role {
	lower := strings.ToLower(raw)
	for _, word := range []string{"advisor", "adviser", "mentor", "tutor", "volunteer"} {
		if strings.Contains(lower, word) {
			return identity.Volunteer
		}
	}
	return identity.Participant
}

// splitName takes the last word as the family name.
func splitName(name string) (first, last string) {
	words := strings.Fields(name)
	if len(words) < 2 {
		return name, ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

// link is a web address, with https where none was written.
func (r *row) link(name string) string {
	raw := r.limited(name, MaxURL)
	if raw == "" {
		return ""
	}
	if !strings.Contains(raw, ":") {
		raw = "https://" + raw
	}
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || !strings.Contains(parsed.Hostname(), ".") {
		r.wrong(BadValue, name, "a web address such as https://www.linkedin.com/in/name")
		return ""
	}
	return parsed.String()
}

// joined reads a day as rosters write it ("Mar 03, 2025"), or in ISO 8601, and gives it as YYYY-MM-DD.
func (r *row) joined(name string) string {
	raw := r.text(name)
	if raw == "" {
		return ""
	}
	for _, form := range []string{"Jan 02, 2006", "Jan 2, 2006", "January 2, 2006"} {
		at, err := time.Parse(form, raw)
		if err == nil {
			return at.Format(time.DateOnly)
		}
	}
	at, _, ok := parseTime(raw)
	if !ok {
		r.wrong(BadDate, name, "a date such as Mar 03, 2025 or 2025-03-03")
		return ""
	}
	return at.Format(time.DateOnly)
}

func (r *row) access(flags map[string]any) {
	switch strings.ToLower(r.text("grant_access")) {
	case "":
	case "yes", "true", "1", "y", "granted":
		flags["grant_access"] = true
	case "no", "false", "0", "n", "denied":
		flags["grant_access"] = false
	default:
		r.wrong(BadValue, "grant_access", "yes or no")
	}
}
