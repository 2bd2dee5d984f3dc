package sample_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/infra/standalone/sample"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// told is what can be read back out of the data, the way a receiver would.
type told struct {
	sessions map[string]held   // by the sender's id
	texts    map[string]string // by rating or row
	months   map[string]map[string]*month
	refused  int
	early    int // ratings that come before their session
	repeats  int
	bookings int
	written  time.Time // of the latest rating
}

type held struct {
	company, participant, volunteer string
	scheduled, completed            time.Time
}

type month struct {
	participants, volunteers map[string]bool
	texts                    int
}

var now = time.Date(2026, time.March, 17, 14, 30, 0, 0, time.UTC)

func TestMakeHoldsExactlyTheAnnouncedTotals(t *testing.T) {
	t.Parallel()
	for name, at := range moments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := read(t, sample.Make(at))
			if len(all.sessions) != sample.Sessions || len(all.texts) != sample.Texts {
				t.Errorf("%d sessions and %d texts, want %d and %d", len(all.sessions), len(all.texts), sample.Sessions, sample.Texts)
			}
			byFile := 0
			for id := range all.sessions {
				if strings.HasPrefix(id, "file ") {
					byFile++
				}
			}
			if byFile != sample.Sessions/2 {
				t.Errorf("%d sessions come in files, want half", byFile)
			}
		})
	}
}

// moments are times at which somebody may first start the platform.
var moments = map[string]time.Time{
	"in the middle of a month":           now,
	"on the first, just after midnight":  time.Date(2026, time.June, 1, 0, 0, 30, 0, time.UTC),
	"when it is already next month east": time.Date(2026, time.May, 31, 22, 10, 0, 0, time.UTC),
	"on the last day of February":        time.Date(2028, time.February, 29, 23, 59, 59, 0, time.UTC),
	"on a night the clocks change":       time.Date(2026, time.March, 29, 1, 30, 0, 0, time.UTC),
}

func TestMakeGivesTheSameBytesForTheSameNow(t *testing.T) {
	t.Parallel()
	first, second := digest(sample.Make(now)), digest(sample.Make(now))
	if first != second {
		t.Error("two runs differ")
	}
	if first == digest(sample.Make(now.AddDate(0, 1, 0))) {
		t.Error("the data does not follow now")
	}
}

func digest(d sample.Data) [32]byte { return sha256.Sum256(fmt.Append(nil, d)) }

func TestNothingIsHeldOrWrittenAfterNow(t *testing.T) {
	t.Parallel()
	for name, at := range moments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := read(t, sample.Make(at))
			if all.written.After(at) {
				t.Errorf("the last text is of %s, now being %s", all.written, at)
			}
			for id, s := range all.sessions {
				if s.completed.After(at) || s.completed.Before(s.scheduled) || s.completed.Before(at.AddDate(-1, 0, -1)) {
					t.Errorf("%s is held from %s to %s, now being %s", id, s.scheduled, s.completed, at)
				}
			}
		})
	}
}

func TestCompaniesAreLargeMiddlingAndSmall(t *testing.T) {
	t.Parallel()
	all := read(t, sample.Make(now))
	large, middling, small := all.months["solvik-energy"], all.months["havnelund-logistics"], all.months["lypa-studio"]
	if len(large) != 12 || len(middling) != 12 || len(small) != 12 {
		t.Fatalf("months with sessions: %d, %d and %d, want 12 each", len(large), len(middling), len(small))
	}
	for at, m := range large {
		if len(m.participants) < 40 || len(m.volunteers) < 18 || m.texts < 40 {
			t.Errorf("large company in %s: %d participants, %d volunteers, %d texts", at, len(m.participants), len(m.volunteers), m.texts)
		}
	}
	for at, m := range middling {
		if len(m.participants) < 8 || len(m.participants) > 26 {
			t.Errorf("middling company in %s: %d participants", at, len(m.participants))
		}
	}
	under := 0
	for _, m := range small {
		if len(m.participants) < 5 {
			under++
		}
	}
	if under < 7 || under > 11 {
		t.Errorf("small company has fewer than five participants in %d months, want most and not all", under)
	}
	people := map[string]map[string]bool{"participant": {}, "volunteer": {}}
	for _, s := range all.sessions {
		if s.company == "solvik-energy" {
			people["participant"][s.participant], people["volunteer"][s.volunteer] = true, true
		}
	}
	if len(people["participant"]) != 80 || len(people["volunteer"]) != 30 {
		t.Errorf("large company has %d participants and %d volunteers, want 80 and 30", len(people["participant"]), len(people["volunteer"]))
	}
}

func TestTextsVary(t *testing.T) {
	t.Parallel()
	distinct, long, short, languages := map[string]bool{}, 0, 0, map[string]int{}
	for _, text := range read(t, sample.Make(now)).texts {
		distinct[text] = true
		words := len(strings.Fields(text))
		language := languageOf(text)
		languages[language]++
		if words >= 60 && language == "en" {
			long++
		}
		if words <= 3 {
			short++
		}
		if strings.ContainsAny(text, "{}[]|") {
			t.Errorf("a template shows: %s", text)
		}
	}
	if len(distinct)*100 < 96*sample.Texts {
		t.Errorf("%d of %d texts are distinct, want 96 %%", len(distinct), sample.Texts)
	}
	if long < 30 || short < 5 || short > 60 {
		t.Errorf("%d English texts of sixty words and more, %d of three and fewer", long, short)
	}
	for _, language := range []string{"en", "nb", "uk"} {
		if languages[language] < sample.Texts/8 {
			t.Errorf("languages: %v, want an eighth each at least", languages)
		}
	}
}

// TestWhatMustBeHeldIsAndHardlyAnythingElse: a queue that is full of texts nobody need look at teaches nothing.
func TestWhatMustBeHeldIsAndHardlyAnythingElse(t *testing.T) {
	t.Parallel()
	screener, routes, others, alarms := localmodel.NewScreener(), map[string]int{}, 0, 0
	for _, text := range read(t, sample.Make(now)).texts {
		found, err := screener.Screen(t.Context(), safety.Request{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		got, want := string(safety.Usual.Judge(found.Findings).Route), ""
		personal := false
		for _, list := range sample.Trouble {
			for _, one := range list {
				if strings.HasSuffix(text, one.Text) {
					want, personal = one.Route, one.Route == ""
				}
			}
		}
		switch {
		case want != "" && got != want && got != string(safety.Safeguarding): // who looks first for graver things may see others too
			t.Errorf("%q goes to %q, expected %q", text, got, want)
		case want == "" && got != "":
			others++
			if got == string(safety.Safeguarding) {
				alarms++
			}
			t.Logf("held for %s: %q", got, text)
		}
		if personal && !slices.ContainsFunc(found.Findings, func(f safety.Finding) bool { return f.Category == safety.PII }) {
			t.Errorf("%q reaches somebody, and nothing of it would be masked", text)
		}
		routes[want]++
	}
	t.Logf("%d texts are held that need not be, of %d; of them %d call somebody at once", others, sample.Texts, alarms)
	if alarms*40 > sample.Texts {
		t.Errorf("%d texts call somebody at once for nothing, want no more than one in forty", alarms)
	}
	if routes["moderation"] < 10 || routes["safeguarding"] < 3 || others*20 > sample.Texts {
		t.Errorf("of the texts that must be held there are %v, want 10 for moderation and 3 for safeguarding; %d others are held, want no more than one in twenty", routes, others)
	}
}

// languageOf tells the three apart by letters and the commonest words.
func languageOf(text string) string {
	lower := " " + strings.ToLower(text) + " "
	if strings.ContainsAny(lower, "іїєаоуи") {
		return "uk"
	}
	if strings.ContainsAny(lower, "æøå") {
		return "nb"
	}
	for _, word := range []string{" jeg ", " vi ", " er ", " og ", " takk", " bra", " fint", " ikke", " ingen"} {
		if strings.Contains(lower, word) {
			return "nb"
		}
	}
	return "en"
}

func TestDeliveriesComeEarlyTwiceAndBooked(t *testing.T) {
	t.Parallel()
	data := sample.Make(now)
	all := read(t, data)
	if all.early < 10 || all.repeats < 10 || all.bookings < 50 {
		t.Errorf("%d ratings before their session, %d repeats, %d bookings", all.early, all.repeats, all.bookings)
	}
	if all.refused != data.Refused || data.Refused < 8 {
		t.Errorf("%d rows break a rule, the data says %d, want 8 at least", all.refused, data.Refused)
	}
	kinds := map[string]int{}
	for _, f := range data.Files {
		kinds[f.Kind]++
	}
	if diff := cmp.Diff(map[string]int{"kintell-users": 2, "kintell-sessions": 2, "kintell-language": 3, "kintell-mentorship": 2}, kinds); diff != "" {
		t.Error(diff)
	}
}

// read takes everything in as a receiver would: by id, repeats once.
func read(t *testing.T, data sample.Data) told {
	t.Helper()
	zones := map[string]*time.Location{}
	all := told{sessions: map[string]held{}, texts: map[string]string{}, months: map[string]map[string]*month{}}
	for _, c := range data.Companies {
		c.ID = "11111111-1111-5111-8111-111111111111"
		err := c.Check()
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(c.TimeZone)
		if err != nil {
			t.Fatal(err)
		}
		zones[c.Slug] = zone
		all.months[c.Slug] = map[string]*month{}
	}
	for _, f := range data.Files {
		all.file(t, f)
	}
	all.calls(t, data.Deliveries, zones)
	for _, s := range all.sessions {
		at := s.completed.In(zones[s.company]).Format("2006-01")
		all.month(s.company, at).participants[s.participant] = true
		all.month(s.company, at).volunteers[s.volunteer] = true
	}
	return all
}

func (a *told) month(company, at string) *month {
	if a.months[company][at] == nil {
		a.months[company][at] = &month{participants: map[string]bool{}, volunteers: map[string]bool{}}
	}
	return a.months[company][at]
}

func (a *told) file(t *testing.T, f sample.File) {
	t.Helper()
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(f.Content, []byte("\ufeff"))))
	if f.Kind == "kintell-language" {
		reader.Comma = ';'
		if !bytes.HasPrefix(f.Content, []byte("\ufeff")) {
			t.Errorf("%s has no byte order mark", f.Name)
		}
	}
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows)-1 != f.Rows {
		t.Errorf("%s has %d rows, says %d", f.Name, len(rows)-1, f.Rows)
	}
	refused := 0
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, column := range rows[0] {
			record[strings.Replace(column, "mentor_email", "volunteer_email", 1)] = row[i]
		}
		if strings.Contains(record["session_id"], "-R") || record["session_id"] == "" && record["Name"] == "" || record["Name"] != "" && !strings.Contains(record["Email"], "@") {
			refused++
			continue
		}
		if f.Kind == "kintell-users" {
			continue
		}
		s := held{company: f.Company, participant: record["participant_email"], volunteer: record["volunteer_email"]}
		s.scheduled, s.completed = instant(t, record["scheduled_at"]+record["date"]), instant(t, record["completed_at"]+record["date"])
		checkPeople(t, s)
		a.sessions["file "+record["session_id"]] = s
		if record["feedback_text"] != "" {
			a.texts["file "+record["session_id"]] = record["feedback_text"]
			zone, _ := time.LoadLocation("Europe/Oslo")
			a.month(f.Company, s.completed.In(zone).Format("2006-01")).texts++
		}
	}
	if refused != f.Refused {
		t.Errorf("%s breaks %d rules, says %d", f.Name, refused, f.Refused)
	}
	a.refused += refused
}

func checkPeople(t *testing.T, s held) {
	t.Helper()
	for _, address := range []string{s.participant, s.volunteer} {
		_, err := mail.ParseAddress(address)
		if err != nil || !strings.HasSuffix(address, "@sample.test") && !strings.HasSuffix(address, "@example.org") || strings.ToLower(address) != address {
			t.Errorf("address %s", address)
		}
	}
}

func (a *told) calls(t *testing.T, calls []sample.Delivery, zones map[string]*time.Location) {
	t.Helper()
	bodies := map[string][]byte{}
	for _, d := range calls {
		if before, known := bodies[d.Company+d.DeliveryID]; known {
			a.repeats++
			if !bytes.Equal(before, d.Body) {
				t.Errorf("%s is repeated with another body", d.DeliveryID)
			}
			continue
		}
		bodies[d.Company+d.DeliveryID] = d.Body
		var body struct {
			SessionID   string    `json:"session_id"`
			Participant string    `json:"participant_email"`
			Volunteer   string    `json:"volunteer_email"`
			Scheduled   time.Time `json:"scheduled_at"`
			Completed   time.Time `json:"completed_at"`
			RatingID    string    `json:"rating_id"`
			FromRole    string    `json:"from_role"`
			Text        string    `json:"feedback_text"`
			Created     time.Time `json:"created_at"`
		}
		err := json.Unmarshal(d.Body, &body)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasSuffix(d.Path, "/booking-confirmed"):
			a.bookings++
		case strings.HasSuffix(d.Path, "/session-completed"):
			s := held{d.Company, body.Participant, body.Volunteer, body.Scheduled, body.Completed}
			checkPeople(t, s)
			a.sessions[body.SessionID] = s
		case strings.HasSuffix(d.Path, "/rating-created"):
			if _, known := a.sessions[body.SessionID]; !known {
				a.early++
			}
			if body.Created.After(a.written) {
				a.written = body.Created
			}
			if body.Text != "" {
				a.texts[body.RatingID] = body.Text
			}
			if body.Text != "" && body.FromRole == "participant" {
				a.month(d.Company, body.Created.In(zones[d.Company]).Format("2006-01")).texts++
			}
		default:
			t.Errorf("path %s", d.Path)
		}
	}
}

func instant(t *testing.T, raw string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, raw)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
