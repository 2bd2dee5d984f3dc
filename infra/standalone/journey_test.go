package main_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// The journey's people are p0, p1, … and v0, v1, …; said is what participants write.
var said = []string{
	"I was afraid to call the landlord before. Now I feel more confident when I speak on the phone.",
	"I feel more confident when I speak with my neighbours, and I feel welcome here.",
	"Jeg føler meg tryggere når jeg snakker norsk i butikken, og jeg føler meg velkommen her.",
	"I feel more confident at work now. My colleagues invite me to lunch and I belong there.",
	"I feel more confident speaking English now, and my CV is ready.",
	"I feel more confident on the phone and I sleep well again.",
	"We talked about renting a flat.",
}

func address(who string) string { return who + "@sample.test" }

// held is a session that took place, as the reports must count it.
type held struct {
	participant, volunteer string
	minutes                int
}

// written is a participant's text, as the reports must count it.
type written struct{ participant, text string }

// journey is one company's way from nothing to a report.
type journey struct {
	*house
	acme   string    // company id
	month  time.Time // in which all happens but one session
	before time.Time // the month of that one
	held   []held
	texts  []written
}

// on is an instant in the journey's month.
func (j *journey) on(day, hour int) time.Time {
	return j.month.AddDate(0, 0, day-1).Add(time.Duration(hour) * time.Hour)
}

func stamp(at time.Time) string { return at.Format(time.RFC3339) }

func TestTheJourneyFromNothingToAReport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	now := time.Now().UTC()
	j := &journey{house: h, month: time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC), before: time.Date(now.Year(), now.Month()-3, 10, 0, 0, 0, 0, time.UTC)}
	for i := range 10 {
		h.told = append(h.told, address(fmt.Sprint("p", i)), address(fmt.Sprint("v", i)))
	}
	h.told = append(append(h.told, said...), "Great progress today", "Mira Testesen", "Testesen", "online-1")
	j.acme = h.found("acme", "Europe/Oslo")
	other := h.found("other", "UTC")
	j.rotation()
	j.webhooks()
	j.repeats()
	j.files()
	j.mended()
	j.parked()
	h.idle()
	j.reports()
	j.evidence()
	j.strangers(other)
	j.kept()
}

// rotation: both secrets are good while one replaces the other, and the one before them is not.
func (j *journey) rotation() {
	first := j.rotated(j.acme)
	j.secrets["acme"] = j.rotated(j.acme)
	third := j.found("third", "UTC")
	one, two, three := j.rotated(third), j.rotated(third), j.rotated(third)
	body := encode(j.session("KS-T", "p0", "v0", j.on(3, 9)))
	for i, c := range []struct {
		slug, secret string
		status       int
	}{{"third", one, 401}, {"third", two, 202}, {"third", three, 202}, {"third", first, 401}} {
		j.must(c.status, j.delivery(c.slug, "session-completed", fmt.Sprint("rotation-", i), c.secret, body), nil)
	}
	body = encode(j.session("KS-0", "p0", "v0", j.on(2, 10)))
	forged := j.delivery("acme", "session-completed", "kd-session-0", first+"x", body)
	j.must(401, forged, nil)
	booking := map[string]any{
		"booking_id": "KS-0", "session_type": "language", "participant_email": "P0@Sample.Test", "volunteer_email": address("v0"), "scheduled_at": stamp(j.on(2, 10)),
	}
	j.must(202, j.delivery("acme", "booking-confirmed", "kd-booking-0", first, encode(booking)), nil)
}

func (j *journey) session(id, participant, volunteer string, at time.Time) map[string]any {
	return map[string]any{
		"session_id": id, "session_type": "language", "participant_email": address(participant), "volunteer_email": address(volunteer),
		"scheduled_at": stamp(at), "completed_at": stamp(at.Add(45 * time.Minute)), "duration_minutes": 45, "topics": []string{"small talk"}, "language_level": "B1",
	}
}

func rating(id, session, from, text string, score float64, at time.Time) map[string]any {
	body := map[string]any{"rating_id": id, "session_id": session, "from_role": from, "rating": score, "created_at": stamp(at)}
	if text != "" {
		body["feedback_text"] = text
	}
	return body
}

// webhooks: ten sessions of six participants and five volunteers, one of them booked before; ratings of both sides, half of them
// before their session; one session at the edge of the month, which in Oslo is within it; one in another month, too few to be shown.
func (j *journey) webhooks() {
	for i := range 10 {
		at, id := j.on(2+i, 10), fmt.Sprint("KS-", i)
		if i == 9 {
			at = j.month.Add(-100 * time.Minute) // ends at 23:05 UTC of the last day of the month before, 00:05 or later in Oslo
		}
		participant, volunteer := fmt.Sprint("p", i%6), fmt.Sprint("v", i%5)
		steps := []func(){
			func() {
				j.deliver("acme", "session-completed", fmt.Sprint("kd-session-", i), j.session(id, participant, volunteer, at))
			},
			func() {
				if i < 6 {
					j.deliver("acme", "rating-created", fmt.Sprintf("kd-rating-%d-p", i), rating(fmt.Sprintf("KR-%d-P", i), id, "participant", said[i], 0.8, at.Add(time.Hour)))
					j.texts = append(j.texts, written{participant, said[i]})
				}
				if i < 3 {
					j.deliver("acme", "rating-created", fmt.Sprintf("kd-rating-%d-v", i), rating(fmt.Sprintf("KR-%d-V", i), id, "volunteer", "Great progress today, he is confident.", 1, at.Add(time.Hour)))
				}
			},
		}
		if i%2 == 1 {
			slices.Reverse(steps)
		}
		for _, step := range steps {
			step()
		}
		j.held = append(j.held, held{participant, volunteer, 45})
	}
	j.deliver("acme", "session-completed", "kd-session-early", j.session("KS-E", "p0", "v0", j.before))
	j.deliver("acme", "rating-created", "kd-rating-early", rating("KR-E", "KS-E", "participant", said[0], 0.8, j.before.Add(time.Hour)))
}

// repeats: what was accepted is accepted again and adds nothing; with another body it is a conflict.
func (j *journey) repeats() {
	j.idle()
	before := j.rows()
	j.deliver("acme", "session-completed", "kd-session-0", j.session("KS-0", "p0", "v0", j.on(2, 10)))
	changed := j.session("KS-0", "p0", "v0", j.on(2, 10))
	changed["duration_minutes"] = 46
	j.must(409, j.delivery("acme", "session-completed", "kd-session-0", j.secrets["acme"], encode(changed)), nil)
	j.idle()
	if d := diff.Diff(before, j.rows()); d != "" {
		j.t.Errorf("a repeat and a contradiction left: %s", d)
	}
}

// files: each kind, with rows that are refused.
func (j *journey) files() {
	day := func(d int) string { return stamp(j.on(d, 9)) }
	legacy := "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating,feedback_text,language_level\n" +
		"KS-20,Language Connect,P6@sample.test,v0@sample.test," + day(3) + ",30,4," + said[6] + ",A2\n" +
		"KS-21,Mentors for Ukraine,p7@sample.test,v1@sample.test," + day(4) + ",60,5,\"" + said[4] + "\",\n" +
		"KS-22,Language Connect,p0@sample.test,v2@sample.test," + day(5) + ",30,9," + said[6] + ",A2\n"
	language := "\ufeffParticipant_Email;session_id;volunteer_email;scheduled_at;completed_at;duration_minutes;rating;feedback_text;language_level;topics;metadata\r\n" +
		"p1@sample.test;KS-30;v3@sample.test;" + day(6) + ";" + day(6) + ";40;0.75;;b1;rent, bank;\"{\"\"room\"\":\"\"online-1\"\"}\"\r\n" +
		"p1 at sample.test;KS-31;v3@sample.test;" + day(7) + ";" + day(7) + ";40;0.75;;B1;;\r\n" +
		"p1@sample.test;KS-32;v3@sample.test;" + day(7) + ";" + day(7) + ";40;0.75;;Z9;;\r\n"
	mentorship := "session_id,participant_email,mentor_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,focus_area,goals_discussed\n" +
		"MS-40,p2@sample.test,v4@sample.test," + day(8) + "," + day(8) + ",60,5,,career,\"CV,interview\"\n" +
		"MS-41,p3@sample.test,v4@sample.test,31/02/2026," + day(9) + ",60,5,,=HYPERLINK(1),\n" +
		"MS-42,p3@sample.test,v4@sample.test," + day(9) + ",,60,,,,\n"
	users := "Email,Name,Linkedin_URL,Verification_status,Role when joined,grant_access,Joined_kg_at\n" +
		"p0@sample.test,Mira Testesen,linkedin.com/in/x,verified,learner,true,\"Mar 03, 2025\"\n" +
		"v0@sample.test,,,,tutor,,\n" +
		"nobody,Nobody Testesen,,,learner,,\n"
	j.held = append(j.held, held{"p6", "v0", 30}, held{"p7", "v1", 60}, held{"p1", "v3", 40}, held{"p2", "v4", 60})
	j.texts = append(j.texts, written{"p6", said[6]}, written{"p7", said[4]})
	for _, f := range []struct {
		kind, name, content  string
		rows, taken, refused int
		codes                []string
	}{
		{"kintell-sessions", "old.csv", legacy, 3, 2, 1, []string{"E006 rating"}},
		{"kintell-language", "language.csv", language, 3, 1, 2, []string{"E001 Participant_Email", "E005 language_level"}},
		{"kintell-mentorship", "mentors.csv", mentorship, 3, 2, 1, []string{"E003 scheduled_at"}},
		{"kintell-users", "people.csv", users, 3, 2, 1, []string{"E001 Email"}},
	} {
		done := j.imported("acme", f.kind, f.name, f.content)
		if p := done.Progress; p.Row != f.rows || p.Taken != f.taken || p.Same != 0 || p.Refused != f.refused {
			j.t.Errorf("%s: %+v, expected %d rows, %d taken, %d refused", f.name, p, f.rows, f.taken, f.refused)
		}
		if d := diff.Diff(f.codes, j.problems(done)); d != "" {
			j.t.Errorf("%s: problems: %s", f.name, d)
		}
		before := j.rows()
		again := j.imported("acme", f.kind, f.name, f.content)
		if p := again.Progress; p.Taken != 0 || p.Same != f.taken || p.Refused != f.refused {
			j.t.Errorf("%s again: %+v, expected nothing new", f.name, p)
		}
		after := j.rows()
		for _, own := range []string{"imports", "import_rows", "audit_logs", "inbox"} { // what the second import itself is
			delete(before, own)
			delete(after, own)
		}
		if d := diff.Diff(before, after); d != "" {
			j.t.Errorf("%s again left: %s", f.name, d)
		}
		switch f.kind {
		case "kintell-sessions":
			j.fixRow(done)
		case "kintell-mentorship":
			j.fixFile(done)
		}
	}
}

// problems are the codes and columns of what an import refused, in order.
func (j *journey) problems(f file) []string {
	var page struct {
		Errors []struct {
			Problems []struct{ Code, Column string }
		}
	}
	j.must(200, request{method: "GET", path: f.ErrorsURL, token: j.staff}, &page)
	var all []string
	for _, row := range page.Errors {
		for _, p := range row.Problems {
			all = append(all, p.Code+" "+p.Column)
		}
	}
	return all
}

// fixRow: a refused row is mended by itself, once.
func (j *journey) fixRow(f file) {
	at := request{method: "POST", path: f.URL + "/rows/3", token: j.staff, kind: "application/json", body: encode(map[string]any{"rating": 8})}
	j.must(400, at, nil)
	at.body = encode(map[string]any{"rating": 3})
	var fixed struct{ Taken bool }
	j.must(200, at, &fixed)
	if !fixed.Taken {
		j.t.Error("the mended row was not taken")
	}
	j.must(409, at, nil)
	at.path = f.URL + "/rows/1"
	j.must(404, at, nil)
	j.held = append(j.held, held{"p0", "v2", 30})
	j.texts = append(j.texts, written{"p0", said[6]})
	if p := j.read(f.URL).Progress; p.Taken != 3 || p.Refused != 0 {
		j.t.Errorf("after a row was mended: %+v", p)
	}
}

// fixFile: the refused rows come as a file that can be mended and sent again; what a spreadsheet would run is defused on the way
// and comes back as it was.
func (j *journey) fixFile(f file) {
	var text string
	j.must(200, request{method: "GET", path: f.ErrorsURL + "?format=csv", token: j.staff}, &text)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 2 || !strings.HasPrefix(text, "session_id,") || !strings.Contains(text, "'=HYPERLINK(1)") || !strings.Contains(text, "E003 scheduled_at") {
		j.t.Fatalf("the error file (%v): %s", err, text)
	}
	rows[1][slices.Index(rows[0], "scheduled_at")] = stamp(j.on(9, 8))
	var mended strings.Builder
	if err = csv.NewWriter(&mended).WriteAll(rows); err != nil {
		j.t.Fatal(err)
	}
	if p := j.imported("acme", "kintell-mentorship", "mentors-mended.csv", mended.String()).Progress; p.Taken != 1 || p.Refused != 0 {
		j.t.Errorf("the mended file: %+v", p)
	}
	if focus := figure[string](j.house, "SELECT metadata->>'focusArea' FROM kintell_sessions WHERE external_session_id = 'MS-41'"); focus != "=HYPERLINK(1)" {
		j.t.Errorf("focus area %q, expected it as it was sent", focus)
	}
	j.held = append(j.held, held{"p3", "v4", 60})
}

// delivered is a line of the list of deliveries.
type delivered struct{ ID, By, Kind, Type, CauseID, Status, Reason string }

func (j *journey) deliveries(status string) []delivered {
	var page struct{ Deliveries []delivered }
	j.must(200, request{method: "GET", path: "/v1/deliveries?company=acme&status=" + status, token: j.staff}, &page)
	return page.Deliveries
}

// mended: a refused delivery is listed with its reason, shown with its body, and taken once it is corrected.
func (j *journey) mended() {
	wrong := j.session("KS-50", "p4", "v1", j.on(12, 10))
	wrong["participant_email"] = "p4 at sample.test"
	j.must(400, j.delivery("acme", "session-completed", "kd-session-50", j.secrets["acme"], encode(wrong)), nil)
	list := j.deliveries("parked")
	if len(list) != 1 || list[0].CauseID != "kd-session-50" || !strings.Contains(list[0].Reason, "participant_email") {
		j.t.Fatalf("parked: %+v", list)
	}
	at := "/v1/deliveries/" + list[0].ID
	var shown struct{ Body map[string]any }
	j.must(200, request{method: "GET", path: at, token: j.staff}, &shown)
	if shown.Body["participant_email"] != "p4 at sample.test" {
		j.t.Errorf("shown with the body %v", shown.Body)
	}
	j.must(400, request{method: "POST", path: at + "/replay", token: j.staff}, nil)
	wrong["participant_email"] = address("p4")
	for range 2 {
		j.must(202, request{method: "POST", path: at + "/replay", token: j.staff, body: encode(wrong)}, nil)
	}
	j.held = append(j.held, held{"p4", "v1", 45})
	if list := j.deliveries("parked"); len(list) != 0 {
		j.t.Errorf("still parked: %+v", list)
	}
	if list := j.deliveries("replayed"); len(list) != 1 || list[0].CauseID != "kd-session-50" {
		j.t.Errorf("replayed: %+v", list)
	}
}

// parked: an event that its consumer cannot work is kept with its reason, and works when it is handed over again at a better time.
func (j *journey) parked() {
	var made file
	j.must(202, request{method: "POST", path: "/v1/imports/kintell-users?company=acme&upload=url", token: j.staff}, &made)
	bus, err := j.process.Env().Bus(j.t.Context())
	if err != nil {
		j.t.Fatal(err)
	}
	cause := contract.Cause{ID: identity.NewID(), Company: j.acme, At: time.Now()}
	early := cause.Then(contract.ImportReceived{ImportID: made.ID})
	lost := cause.Then(contract.ImportReceived{ImportID: identity.NewID()})
	odd := cause.Then(contract.OutcomeScored{TextID: identity.NewID()})
	odd.Data = []byte(`{"scoredAt":"yesterday"}`)
	if err = bus.Publish(j.t.Context(), []contract.Event{early, lost, odd}); err != nil {
		j.t.Fatal(err)
	}
	j.idle()
	reasons := map[string]delivered{}
	for _, d := range j.deliveries("parked") {
		reasons[d.CauseID] = d
	}
	if len(reasons) != 3 || !strings.Contains(reasons[early.Metadata.ID].Reason, "waits for its file") || reasons[odd.Metadata.ID].By != "consumers/rollupmetrics" ||
		reasons[lost.Metadata.ID].By != "consumers/importfile" {
		j.t.Fatalf("parked: %+v", reasons)
	}
	j.must(200, request{method: "PUT", path: made.UploadURL, token: j.staff, kind: "text/csv", body: []byte("Email,Name\np9@sample.test,Mira Testesen\n")}, nil)
	j.must(202, request{method: "POST", path: made.StartURL, token: j.staff}, nil)
	if p := j.read(made.URL).Progress; p.Taken != 1 {
		j.t.Errorf("uploaded: %+v", p)
	}
	for _, d := range reasons {
		j.must(202, request{method: "POST", path: "/v1/deliveries/" + d.ID + "/replay", token: j.staff}, nil)
	}
	j.idle()
	var still []string
	for _, d := range j.deliveries("parked") {
		still = append(still, d.CauseID)
	}
	slices.Sort(still)
	want := []string{lost.Metadata.ID, odd.Metadata.ID}
	slices.Sort(want)
	if d := diff.Diff(want, still); d != "" {
		j.t.Errorf("parked after all three were handed over again: %s", d)
	}
	for _, d := range j.deliveries("replayed") {
		if d.CauseID == early.Metadata.ID {
			return
		}
	}
	j.t.Error("the event whose time had come is not marked as replayed")
}

// number and level are figures as reports write them.
type number struct {
	Value          *float64 `json:"value"`
	Suppressed     bool     `json:"suppressed,omitempty"`
	WithheldMonths []string `json:"withheldMonths,omitempty"`
}

type level struct {
	Dimension      string   `json:"dimension"`
	Mean           *float64 `json:"mean"`
	N              *int     `json:"n"`
	People         *int     `json:"people"`
	Suppressed     bool     `json:"suppressed,omitempty"`
	WithheldMonths []string `json:"withheldMonths,omitempty"`
}

// levels are the five outcomes of what participants wrote, as the report of a period must show them: the model's scores, each once a
// text; of fewer than five people nothing.
func levels(t *testing.T, texts []written, small []string) []level {
	t.Helper()
	model := localmodel.New()
	type tally struct {
		n, total int
		people   map[string]bool
	}
	tallies := map[outcome.Dimension]*tally{}
	for _, d := range outcome.Dimensions {
		tallies[d] = &tally{people: map[string]bool{}}
	}
	for _, w := range texts {
		scoring, err := model.Score(t.Context(), outcome.Request{Text: w.text})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scoring.Scores {
			of := tallies[s.Dimension]
			of.n++
			of.total += int(s.Value*1000 + 0.5)
			of.people[w.participant] = true
		}
	}
	var all []level
	for _, d := range outcome.Dimensions {
		of, people := tallies[d], len(tallies[d].people)
		l := level{Dimension: string(d)}
		switch {
		case people > 0 && people < 5:
			l.Suppressed = true
		default:
			l.N, l.People = &of.n, &people
			if of.n > 0 {
				mean := float64((2*of.total+of.n)/(2*of.n)) / 1000
				l.Mean = &mean
			}
		}
		if slices.Contains(small, string(d)) {
			l.WithheldMonths = []string{"before"}
		}
		all = append(all, l)
	}
	return all
}

// reports: exactly what came in, and nothing about the month with too few people.
func (j *journey) reports() {
	participants, volunteers, minutes := map[string]bool{}, map[string]bool{}, 0
	for _, h := range j.held {
		participants[h.participant], volunteers[h.volunteer] = true, true
		minutes += h.minutes
	}
	month, before := j.month.Format("2006-01"), j.before.Format("2006-01")
	count := func(n float64) number { return number{Value: &n, WithheldMonths: []string{before}} }
	type glance struct {
		Participants, Volunteers, Sessions, Hours number
		Outcomes                                  []level
		SROI, VIS                                 *float64
		WithheldMonths                            []string
	}
	period := "?from=" + before + "&to=" + month
	ask := func(report, period string, into any) {
		j.must(200, request{method: "GET", path: "/v1/companies/" + j.acme + "/" + report + period, token: j.token(identity.CompanyUser, "acme")}, into)
	}
	early := levels(j.t, []written{{"p0", said[0]}}, nil)
	shown := levels(j.t, j.texts, nil)
	withheld := slices.Clone(shown)
	for i := range withheld { // over both months: what the early one adds is withheld where it spoke at all
		if early[i].Suppressed {
			withheld[i].WithheldMonths = []string{before}
			if withheld[i].N != nil && *withheld[i].N == 0 {
				withheld[i] = level{Dimension: withheld[i].Dimension, Suppressed: true, WithheldMonths: []string{before}}
			}
		}
		if shown[i].Suppressed {
			withheld[i].WithheldMonths = append(withheld[i].WithheldMonths, month)
		}
	}
	want := glance{
		Participants: count(float64(len(participants))), Volunteers: count(float64(len(volunteers))), Sessions: count(float64(len(j.held))),
		Hours: count(float64(int(float64(minutes)*100/60+0.5)) / 100), Outcomes: withheld, WithheldMonths: []string{before},
	}
	if slices.ContainsFunc(shown, func(l level) bool { return l.Suppressed }) {
		want.WithheldMonths = append(want.WithheldMonths, month)
	}
	var got glance
	ask("at-a-glance", period, &got)
	if d := diff.Diff(want, got); d != "" {
		j.t.Errorf("at a glance: %s", d)
	}
	if shown[0].Mean == nil || *shown[0].N < 5 {
		j.t.Errorf("the journey's texts must make at least one outcome that can be shown: %+v", shown[0])
	}
	type series struct {
		Outcomes []level
		Series   []struct {
			Month    string
			Outcomes []level
		}
	}
	var outcomes series
	ask("outcomes", "?from="+month+"&to="+month, &outcomes)
	if len(outcomes.Series) != 1 || outcomes.Series[0].Month != month {
		j.t.Fatalf("series: %+v", outcomes.Series)
	}
	if d := diff.Diff(shown, outcomes.Series[0].Outcomes); d != "" {
		j.t.Errorf("outcomes of %s: %s", month, d)
	}
	outcomes = series{}
	ask("outcomes", period, &outcomes)
	if d := diff.Diff(early, outcomes.Series[0].Outcomes); d != "" {
		j.t.Errorf("outcomes of %s: %s", before, d)
	}
	if d := diff.Diff(withheld, outcomes.Outcomes); d != "" {
		j.t.Errorf("outcomes of both months: %s", d)
	}
}

// evidence: every quote stands in its text, to the byte, and only participants' texts were scored.
func (j *journey) evidence() {
	of := ` FROM evidence_snippets e JOIN outcome_scores s ON s.id = e.outcome_score_id JOIN feedback_texts t ON t.id = s.text_id `
	all := figure[int](j.house, "SELECT count(*)"+of)
	verbatim := figure[int](j.house, "SELECT count(*)"+of+`WHERE substring(t.body FROM e.starts_at + 1 FOR e.ends_at - e.starts_at) = e.snippet_text
		AND e.snippet_text <> '' AND t.from_role = 'participant' AND e.company_id = t.company_id AND t.company_id = $1`, j.acme)
	if all < 6 || verbatim != all {
		j.t.Errorf("%d of %d quotes are verbatim", verbatim, all)
	}
	if n := figure[int](j.house, "SELECT count(*) FROM outcome_scores s WHERE NOT EXISTS (SELECT FROM evidence_snippets e WHERE e.outcome_score_id = s.id)"); n != 0 {
		j.t.Errorf("%d scores without a quote", n)
	}
}

// strangers: who is not signed in, may not, or belongs elsewhere.
func (j *journey) strangers(other string) {
	theirs, ours := j.token(identity.CompanyAdmin, "other"), j.token(identity.CompanyAdmin, "acme")
	var imports struct{ Imports []file }
	j.must(200, request{method: "GET", path: "/v1/imports?company=acme", token: j.staff}, &imports)
	for _, c := range []struct {
		status              int
		method, path, token string
	}{
		{401, "GET", "/v1/companies/" + j.acme + "/at-a-glance", ""},
		{401, "GET", "/v1/deliveries", ""},
		{403, "GET", "/v1/deliveries", theirs},
		{403, "POST", "/v1/companies", theirs},
		{403, "GET", "/v1/companies/" + other + "/at-a-glance", j.token(identity.Participant, "other")},
		{403, "POST", "/v1/imports/kintell-users", j.token(identity.Volunteer, "other")},
		{404, "GET", "/v1/companies/" + j.acme + "/at-a-glance", theirs},
		{404, "GET", "/v1/companies/" + j.acme + "/outcomes", theirs},
		{403, "PUT", "/v1/companies/" + j.acme + "/senders/kintell", theirs},
		{403, "GET", imports.Imports[0].URL, theirs},
		{403, "GET", imports.Imports[0].ErrorsURL, theirs},
		{403, "POST", imports.Imports[0].URL + "/rows/1", theirs},
		{403, "GET", imports.Imports[0].URL + "?company=acme", theirs},
		{403, "GET", imports.Imports[0].URL, ours},
		{403, "GET", imports.Imports[0].ErrorsURL, ours},
		{403, "POST", imports.Imports[0].URL + "/rows/1", ours},
		{403, "POST", "/v1/imports/kintell-users?company=acme", theirs},
		{403, "POST", "/v1/imports/kintell-users", ours},
		{403, "PUT", "/v1/companies/" + j.acme + "/senders/kintell", ours},
	} {
		asked := request{method: c.method, path: c.path, token: c.token}
		if strings.Contains(c.path, "kintell-users") {
			asked.kind, asked.body = "text/csv", []byte("Email\np0@sample.test\n")
		}
		got := j.ask(asked)
		if got.status != c.status || got.header.Get("Content-Type") != "application/problem+json" {
			j.t.Errorf("%s %s: %d %s, expected %d", c.method, c.path, got.status, got.raw, c.status)
		}
	}
	var list struct{ Companies []struct{ Slug string } }
	j.must(200, request{method: "GET", path: "/v1/companies", token: theirs}, &list)
	if len(list.Companies) != 1 || list.Companies[0].Slug != "other" {
		j.t.Errorf("the other company sees the companies %+v", list.Companies)
	}
	var none struct {
		Participants, Sessions number
		Outcomes               []level
	}
	j.must(200, request{method: "GET", path: "/v1/companies/" + other + "/at-a-glance", token: theirs}, &none)
	zero := 0.0
	if d := diff.Diff([]number{{Value: &zero}, {Value: &zero}}, []number{none.Participants, none.Sessions}); d != "" {
		j.t.Errorf("the other company has figures: %s", d)
	}
	if d := diff.Diff(levels(j.t, nil, nil), none.Outcomes); d != "" {
		j.t.Errorf("the other company has outcomes: %s", d)
	}
}

// kept: what is kept, and where it may not be. Names, addresses, texts and secrets are not in the log, the audit log, the streams of
// events, nor, in the clear, among the refused bodies.
func (j *journey) kept() {
	if n := figure[int](j.house, "SELECT count(*) FROM outbox"); n != 0 {
		j.t.Errorf("%d events were told and not published", n)
	}
	if n := figure[int](j.house, "SELECT count(*) FROM kintell_sessions WHERE company_id = $1 AND completed_at IS NOT NULL", j.acme); n != len(j.held)+1 {
		j.t.Errorf("%d sessions were held, expected %d", n, len(j.held)+1)
	}
	if n := figure[int](j.house, "SELECT count(*) FROM users WHERE email LIKE 'p%'"); n != 9 {
		j.t.Errorf("%d participants, expected nine: p0 to p7 and p9", n)
	}
	if n := figure[int](j.house, "SELECT count(*) FROM parked_events WHERE position('@sample.test'::bytea IN body) > 0 OR position('p4 at'::bytea IN body) > 0"); n != 0 {
		j.t.Errorf("%d refused bodies can be read by whoever reads the database", n)
	}
	j.silent("the audit log", figure[string](j.house, "SELECT string_agg(to_jsonb(a)::text, '\n') FROM audit_logs a"))
	j.process.Stop(context.Background())
	text := j.log.String()
	j.silent("the log", text)
	if n := strings.Count(text, `"msg":"request"`); n < 80 {
		j.t.Errorf("%d lines of requests in the log, expected one each", n)
	}
	for _, bad := range []string{`"level":"ERROR"`, "panic"} {
		if at := strings.Index(text, bad); at >= 0 {
			j.t.Errorf("in the log: %s", text[max(0, at-100):min(len(text), at+400)])
		}
	}
	seen := 0
	err := filepath.WalkDir(filepath.Join(j.dir, "nats"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		seen += strings.Count(string(raw), "kintell.session.completed")
		j.silent("the stream file "+strconv.Quote(entry.Name()), string(raw))
		return err
	})
	if err != nil || seen < 10 {
		j.t.Errorf("%d sessions in the streams (%v), expected at least ten: are they kept elsewhere?", seen, err)
	}
}
