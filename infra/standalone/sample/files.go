package sample

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/domain/session"
)

// table is a file before it is written.
type table struct {
	header []string
	rows   [][]string
	wrong  [][]string // rows that break a rule, spread among the others
}

// write is the file's bytes. Rows that break a rule come after every seventh good one.
func (t table) write(separator rune, mark string) []byte {
	var b bytes.Buffer
	b.WriteString(mark)
	w := csv.NewWriter(&b)
	w.Comma = separator
	rows := [][]string{t.header}
	wrong := t.wrong
	for i, row := range t.rows {
		rows = append(rows, row)
		if i%7 == 6 && len(wrong) > 0 {
			rows, wrong = append(rows, wrong[0]), wrong[1:]
		}
	}
	err := w.WriteAll(append(rows, wrong...))
	if err != nil { // into memory
		panic(err)
	}
	return b.Bytes()
}

// file is t under a name.
func (t table) file(p plan, kind intake.Kind, name string, separator rune, mark string) File {
	return File{
		Company: p.company.Slug, Kind: string(kind), Name: name, Content: t.write(separator, mark),
		Rows: len(t.rows) + len(t.wrong), Refused: len(t.wrong),
	}
}

const byteOrderMark = "\ufeff"

// files are what a company's first six months came in: the roster, two months in the oldest layout, then one file a programme.
func files(p plan, c cast, held []*meeting) []File {
	var list []File
	legacy := table{header: strings.Split("session_id,session_type,participant_email,volunteer_email,date,duration_min,rating,feedback_text,language_level", ",")}
	language := table{header: strings.Split("session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level,topics,metadata", ",")}
	mentorship := table{header: strings.Split("session_id,participant_email,mentor_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,focus_area,goals_discussed", ",")}
	for _, m := range held {
		switch {
		case !m.byFile():
		case p.legacy && m.month < legacyShare:
			legacy.rows = append(legacy.rows, legacyRow(m))
		case m.kind == session.Language:
			language.rows = append(language.rows, languageRow(m))
		default:
			mentorship.rows = append(mentorship.rows, mentorshipRow(m))
		}
	}
	if p.users {
		list = append(list, roster(c, held).file(p, intake.KintellUsers, "kintell-users.csv", ',', ""))
	}
	if len(legacy.rows) > 0 {
		legacy.wrong = spoil(legacy.rows, change{0, ""}, change{6, "7"})
		list = append(list, legacy.file(p, intake.KintellSessions, "kintell-sessions.csv", ',', ""))
	}
	last := held[0].completed.AddDate(0, fileMonths-1, 0).Format("2006-01")
	if len(language.rows) > 0 {
		language.wrong = spoil(language.rows, change{1, "no address"}, change{8, "B7"}, change{4, "2001-01-01T00:00:00Z"})
		list = append(list, language.file(p, intake.KintellLanguage, "language-for-ukraine-"+last+".csv", ';', byteOrderMark))
	}
	if len(mentorship.rows) > 0 {
		mentorship.wrong = spoil(mentorship.rows, change{5, "900"}, change{3, "31/02/2025"})
		list = append(list, mentorship.file(p, intake.KintellMentorship, "mentors-for-ukraine-"+last+".csv", ',', ""))
	}
	return list
}

// change is a value put in a column's place.
type change struct {
	column int
	value  string
}

// spoil gives copies of rows that break a rule each. They are sessions of their own, without a text.
func spoil(rows [][]string, changes ...change) [][]string {
	var wrong [][]string
	for i, c := range changes {
		row := append([]string(nil), rows[i%len(rows)]...)
		row[0] = fmt.Sprintf("%s-R%d", row[0], i+1)
		row[7] = ""
		row[c.column] = c.value
		wrong = append(wrong, row)
	}
	return wrong
}

func legacyRow(m *meeting) []string {
	title := map[session.Type]string{session.Language: "Language Connect", session.Mentorship: "Mentors for Ukraine"}[m.kind]
	rating, text := m.spoken(func(r float64) string { return strconv.Itoa(int(1 + 4*r)) })
	return []string{
		m.id, title, m.participant.email, m.volunteer.email, m.scheduled.Format(time.RFC3339), strconv.Itoa(m.minutes), rating, text, m.level,
	}
}

// languageRow rates from 0 to 1 and carries a JSON column, which makes it version 1.1.
func languageRow(m *meeting) []string {
	rating, text := m.spoken(func(r float64) string { return strconv.FormatFloat(r, 'f', -1, 64) })
	return []string{
		m.id, m.participant.email, m.volunteer.email, m.scheduled.Format(time.RFC3339), m.completed.Format(time.RFC3339), strconv.Itoa(m.minutes),
		rating, text, m.level, strings.Join(m.topics, ","), fmt.Sprintf(`{"room":"online-%d"}`, 1+m.minutes%7),
	}
}

// mentorshipRow rates from 1 to 5; a 1 would be ambiguous there, so the worst is a 2.
func mentorshipRow(m *meeting) []string {
	rating, text := m.spoken(func(r float64) string { return strconv.Itoa(max(2, int(1+4*r))) })
	return []string{
		m.id, m.participant.email, m.volunteer.email, m.scheduled.Format(time.RFC3339), m.completed.Format(time.RFC3339), strconv.Itoa(m.minutes),
		rating, text, m.focus, strings.Join(m.topics, ","),
	}
}

func (m *meeting) spoken(scale func(float64) string) (rating, text string) {
	if m.verdict == nil {
		return "", ""
	}
	return scale(m.verdict.rating), m.verdict.text
}

// roster is the company's people as Kintell lists them, one of them with an address that is none.
func roster(c cast, held []*meeting) table {
	t := table{header: []string{"Email", "Name", "Linkedin_URL", "Verification_status", "Role when joined", "grant_access", "Joined_kg_at"}}
	helping := map[*person]bool{}
	for _, v := range c.volunteers {
		helping[v] = true
	}
	joined := held[0].scheduled.AddDate(0, -1, 0)
	for i, p := range c.all() {
		role := "learner"
		if helping[p] {
			role = []string{"tutor", "mentor", "advisor"}[i%3]
		}
		t.rows = append(t.rows, []string{
			p.email, p.first + " " + p.last, "", []string{"verified", "verified", "pending"}[i%3], role, "true",
			joined.AddDate(0, 0, -i%40).Format("Jan 02, 2006"),
		})
	}
	t.wrong = [][]string{{"someone at sample.test", "Someone Unreachable", "", "pending", "learner", "false", joined.Format("Jan 02, 2006")}}
	return t
}
