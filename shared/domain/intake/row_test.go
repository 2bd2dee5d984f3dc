package intake_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
)

var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

const (
	languageHeader   = "session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level,topics,metadata"
	mentorshipHeader = "session_id,participant_email,mentor_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,focus_area,goals_discussed"
	legacyHeader     = "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating,feedback_text,language_level"
	usersHeader      = "Email,Name,Linkedin_URL,Verification_status,Role when joined,grant_access,Joined_kg_at"
)

func layout(t *testing.T, kind intake.Kind, header string) intake.Layout {
	t.Helper()
	d, err := intake.Sniff([]byte(header))
	if err != nil {
		t.Fatal(err)
	}
	l, err := intake.NewLayout(kind, strings.Split(header[d.Start:], d.Delimiter), d)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func split(t *testing.T, line string) []string {
	t.Helper()
	record, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestHeadersAreReadWhateverTheirOrderAndCase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    intake.Kind
		header  string
		version string
		ignored []string
	}{
		"language 1.1":       {intake.KintellLanguage, languageHeader, "1.1", nil},
		"language 1.0":       {intake.KintellLanguage, strings.TrimSuffix(languageHeader, ",metadata"), "1.0", nil},
		"required ones":      {intake.KintellLanguage, "scheduled_at,session_id,volunteer_email,participant_email", "1.0", nil},
		"capitals, blanks":   {intake.KintellLanguage, " Session ID ;PARTICIPANT-EMAIL;Volunteer_Email;Scheduled  At", "1.0", nil},
		"mentor as alias":    {intake.KintellLanguage, "session_id,participant_email,mentor_email,scheduled_at", "1.0", nil},
		"mentorship":         {intake.KintellMentorship, mentorshipHeader, "1.0", nil},
		"volunteer as alias": {intake.KintellMentorship, "session_id,participant_email,volunteer_email,scheduled_at", "1.0", nil},
		"legacy":             {intake.KintellSessions, legacyHeader, "legacy", nil},
		"users":              {intake.KintellUsers, usersHeader, "1.0", nil},
		"columns unknown":    {intake.KintellUsers, "email,Shoe size,,name", "1.0", []string{"Shoe size", ""}},
		"our error columns":  {intake.KintellUsers, "email,_error_row,_error_message", "1.0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := layout(t, c.kind, c.header)
			if l.Version != c.version {
				t.Errorf("version %s, want %s", l.Version, c.version)
			}
			if diff := cmp.Diff(c.ignored, l.Ignored); diff != "" {
				t.Error(diff)
			}
			raw, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			var back intake.Layout
			err = json.Unmarshal(raw, &back)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(l, back); diff != "" {
				t.Errorf("kept and read back: %s", diff)
			}
		})
	}
}

func TestAHeaderThatDoesNotFitNamesEveryColumn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   intake.Kind
		header string
		fields string
		says   string
	}{
		"two missing":        {intake.KintellLanguage, "session_id,participant_email,x", "volunteer_email scheduled_at", ""},
		"no header but data": {intake.KintellSessions, "KS-77,Language Connect,mira.t@sample.test,paul.r@sample.test,2025-06-02", "session_id session_type participant_email volunteer_email date", ""},
		"another kind":       {intake.KintellLanguage, legacyHeader, "scheduled_at", "kintell-sessions"},
		"users chosen wrong": {intake.KintellUsers, legacyHeader, "email", "kintell-sessions"},
		"twice":              {intake.KintellUsers, "email,name,Email", "email", ""},
		"name and alias":     {intake.KintellMentorship, mentorshipHeader + ",volunteer_email", "volunteer_email", ""},
		"too many":           {intake.KintellUsers, "email" + strings.Repeat(",x", intake.MaxColumns), "header", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.NewLayout(c.kind, strings.Split(c.header, ","), intake.Dialect{Delimiter: ","})
			found := fault.Of(err)
			if found == nil || found.Kind != fault.Invalid {
				t.Fatalf("got %v, want Invalid", err)
			}
			var names []string
			for _, field := range found.Fields {
				names = append(names, field.Name)
			}
			if diff := cmp.Diff(c.fields, strings.Join(names, " ")); diff != "" || !strings.Contains(found.Sentence, c.says) {
				t.Errorf("%s%v does not say %q", diff, err, c.says)
			}
		})
	}
}

func TestRowsAreReadAsTheirLayoutSays(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 6, 2, 16, 30, 0, 0, time.UTC)
	half, three := 0.5, 0.75
	base := intake.SessionRow{
		ExternalID: "LS-1", Type: session.Language, ParticipantEmail: "mira@sample.test", VolunteerEmail: "paul@sample.test",
		ScheduledAt: at, FromRole: feedback.FromParticipant,
	}
	with := func(change func(*intake.SessionRow)) intake.SessionRow {
		r := base
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		kind         intake.Kind
		header, line string
		want         intake.SessionRow
	}{
		"everything": {
			intake.KintellLanguage, languageHeader,
			`LS-1, Mira@Sample.test ,paul@sample.test,2025-06-02T16:30:00Z,2025-06-02T17:15:00Z,45,0.5," We talked ",b1,"rent, work,rent","{ ""a"": 1 }"`,
			with(func(r *intake.SessionRow) {
				r.CompletedAt, r.Minutes, r.Rating, r.Text, r.Level = at.Add(45*time.Minute), 45, &half, "We talked", "B1"
				r.Topics, r.Metadata = []string{"rent", "work"}, `{"a":1}`
			}),
		},
		"a booking":   {intake.KintellLanguage, languageHeader, "LS-1,mira@sample.test,paul@sample.test,2025-06-02T16:30:00Z,,,,,,,", base},
		"with offset": {intake.KintellLanguage, languageHeader, "LS-1,mira@sample.test,paul@sample.test,2025-06-02T18:30+02:00,,,,,,,", base},
		"no seconds":  {intake.KintellLanguage, languageHeader, "LS-1,mira@sample.test,paul@sample.test,2025-06-02 16:30,,,,,,,", base},
		"held the day it was due": {
			intake.KintellLanguage, languageHeader, "LS-1,mira@sample.test,paul@sample.test,2025-06-02T16:30:00Z,2025-06-02,30,,,,,",
			with(func(r *intake.SessionRow) { r.CompletedAt, r.Minutes = at.Add(30*time.Minute), 30 }),
		},
		"mentorship": {
			intake.KintellMentorship, mentorshipHeader, `LS-1,mira@sample.test,paul@sample.test,2025-06-02T16:30:00Z,2025-06-02T16:30:00Z,60,,,career,"CV,interview"`,
			with(func(r *intake.SessionRow) {
				r.Type, r.CompletedAt, r.Minutes, r.Topics, r.Metadata = session.Mentorship, at, 60, []string{"CV", "interview"}, `{"focusArea":"career"}`
			}),
		},
		"legacy, one date for both, 1 to 5": {
			intake.KintellSessions, legacyHeader, "LS-1,Language Connect,mira@sample.test,paul@sample.test,2025-06-02T16:30:00Z,45,4,Talked about renting a flat,a2",
			with(func(r *intake.SessionRow) {
				r.CompletedAt, r.Minutes, r.Rating, r.Text, r.Level = at, 45, &three, "Talked about renting a flat", "A2"
			}),
		},
		"rated by the volunteer": {
			intake.KintellSessions, legacyHeader + ",from_role", "LS-1,mentoring,mira@sample.test,paul@sample.test,2025-06-02T16:30:00Z,,,A text,,Mentor",
			with(func(r *intake.SessionRow) {
				r.Type, r.CompletedAt, r.Text, r.FromRole = session.Mentorship, at, "A text", feedback.FromVolunteer
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := layout(t, c.kind, c.header).Scaled("", intake.Ratings{})
			got, problems := l.Session(split(t, c.line), now)
			if problems != nil {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARowIsRefusedWithEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"session_id": "LS-1", "participant_email": "mira@sample.test", "volunteer_email": "paul@sample.test", "scheduled_at": "2025-06-02T16:30:00Z",
		"completed_at": "2025-06-02T17:15:00Z", "duration_minutes": "45", "rating": "0.5", "feedback_text": "fine", "language_level": "B1",
	}
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"address without at":             {map[string]string{"participant_email": "mira.sample.test"}, "E001 participant_email"},
		"address with a name":            {map[string]string{"volunteer_email": "Paul <paul@sample.test>"}, "E001 volunteer_email"},
		"address without a dot":          {map[string]string{"volunteer_email": "paul@localhost"}, "E001 volunteer_email"},
		"address too long":               {map[string]string{"volunteer_email": strings.Repeat("p", 250) + "@sample.test"}, "E001 volunteer_email"},
		"no participant":                 {map[string]string{"participant_email": " "}, "E002 participant_email"},
		"no volunteer":                   {map[string]string{"volunteer_email": ""}, "E002 volunteer_email"},
		"no session id":                  {map[string]string{"session_id": ""}, "E002 session_id"},
		"no schedule":                    {map[string]string{"scheduled_at": ""}, "E002 scheduled_at"},
		"American date":                  {map[string]string{"scheduled_at": "06/02/2025"}, "E003 scheduled_at"},
		"short date":                     {map[string]string{"scheduled_at": "2025-6-2"}, "E003 scheduled_at"},
		"a day that is none":             {map[string]string{"scheduled_at": "2025-02-30"}, "E003 scheduled_at"},
		"a spreadsheet's serial day":     {map[string]string{"scheduled_at": "45810"}, "E003 scheduled_at"},
		"more than ten years ago":        {map[string]string{"scheduled_at": "2015-06-02"}, "E003 scheduled_at"},
		"far ahead":                      {map[string]string{"scheduled_at": "2029-06-02", "completed_at": ""}, "E003 scheduled_at"},
		"held in the future":             {map[string]string{"completed_at": "2026-04-01"}, "E003 completed_at"},
		"completion is no date":          {map[string]string{"completed_at": "yes"}, "E003 completed_at"},
		"no minutes":                     {map[string]string{"duration_minutes": "0"}, "E004 duration_minutes"},
		"more than a working day":        {map[string]string{"duration_minutes": "481"}, "E004 duration_minutes"},
		"negative minutes":               {map[string]string{"duration_minutes": "-5"}, "E004 duration_minutes"},
		"part of a minute":               {map[string]string{"duration_minutes": "45.5"}, "E004 duration_minutes"},
		"minutes in words":               {map[string]string{"duration_minutes": "an hour"}, "E004 duration_minutes"},
		"minutes beyond any integer":     {map[string]string{"duration_minutes": "99999999999999999999"}, "E004 duration_minutes"},
		"a level that is none":           {map[string]string{"language_level": "D1"}, "E005 language_level"},
		"a level in words":               {map[string]string{"language_level": "beginner"}, "E005 language_level"},
		"rating above the scale":         {map[string]string{"rating": "1.5"}, "E006 rating"},
		"negative rating":                {map[string]string{"rating": "-0.5"}, "E006 rating"},
		"rating in words":                {map[string]string{"rating": "good"}, "E006 rating"},
		"rating that is no number":       {map[string]string{"rating": "NaN"}, "E006 rating"},
		"rating without end":             {map[string]string{"rating": "Inf"}, "E006 rating"},
		"rating in hexadecimal":          {map[string]string{"rating": "0x1p-1"}, "E006 rating"},
		"held before it was due":         {map[string]string{"completed_at": "2025-06-02T16:29:59Z"}, "E007 completed_at"},
		"held the day before":            {map[string]string{"completed_at": "2025-06-01"}, "E007 completed_at"},
		"session id too long":            {map[string]string{"session_id": strings.Repeat("x", 256)}, "E008 session_id"},
		"text too long":                  {map[string]string{"feedback_text": strings.Repeat("й", 5001)}, "E008 feedback_text"},
		"topics too long":                {map[string]string{"topics": strings.Repeat("x", 1001)}, "E008 topics"},
		"metadata too long":              {map[string]string{"metadata": `{"a":"` + strings.Repeat("x", 2000) + `"}`}, "E008 metadata"},
		"metadata that is a list":        {map[string]string{"metadata": "[1]"}, "E008 metadata"},
		"metadata that is no JSON":       {map[string]string{"metadata": "{a:1}"}, "E008 metadata"},
		"metadata with a zero character": {map[string]string{"metadata": `{"a":"\u0000"}`}, "E008 metadata"},
		"metadata with more behind":      {map[string]string{"metadata": "{} }"}, "E008 metadata"},
		"metadata beyond any number":     {map[string]string{"metadata": `{"a":[1e999]}`}, "E008 metadata"},
		"author of no known side":        {map[string]string{"from_role": "parrot"}, "E008 from_role"},
		"with themself":                  {map[string]string{"volunteer_email": "MIRA@sample.test"}, "E008 volunteer_email"},
		"all at once": {
			map[string]string{"session_id": "", "participant_email": "x", "volunteer_email": "", "scheduled_at": "x", "duration_minutes": "x", "rating": "x", "language_level": "x"},
			"E002 session_id, E001 participant_email, E002 volunteer_email, E004 duration_minutes, E005 language_level, E003 scheduled_at, E006 rating",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := layout(t, intake.KintellLanguage, languageHeader+",from_role").Scaled(intake.Unit, intake.Ratings{})
			record := make([]string, len(l.Header))
			for i, column := range l.Header {
				record[i] = good[column]
				if value, changed := c.change[column]; changed {
					record[i] = value
				}
			}
			row, problems := l.Session(record, now)
			if diff := cmp.Diff(c.want, codes(problems)); diff != "" {
				t.Errorf("%s%+v", diff, problems)
			}
			if diff := cmp.Diff(intake.SessionRow{}, row); diff != "" {
				t.Errorf("a refused row gave values: %s", diff)
			}
		})
	}
}

func codes(problems []intake.Problem) string {
	var parts []string
	for _, p := range problems {
		parts = append(parts, strings.TrimSpace(p.Code+" "+p.Column))
	}
	return strings.Join(parts, ", ")
}

func TestLegacyRowsNameAProgramme(t *testing.T) {
	t.Parallel()
	l := layout(t, intake.KintellSessions, legacyHeader).Scaled("", intake.Ratings{})
	for sessionType, want := range map[string]string{
		"Language Connect": "", "Mentors for Ukraine": "", "": "E002 session_type", "yoga": "E010 session_type",
	} {
		_, problems := l.Session([]string{"1", sessionType, "a@sample.test", "b@sample.test", "2025-06-02", "30", "", "", ""}, now)
		if got := codes(problems); got != want {
			t.Errorf("type %q: %q, want %q", sessionType, got, want)
		}
	}
	_, problems := l.Session([]string{"1", "language"}, now)
	if got := codes(problems); got != "E009" {
		t.Errorf("two values: %q, want E009", got)
	}
}

func TestTheScaleOfRatingsIsFoundFromTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    intake.Kind
		ratings string
		chosen  intake.Scale
		want    string // each rating as kept, E where it is refused
	}{
		"unit":                     {intake.KintellLanguage, "0 0.25 1 0,5", "", "0 0.25 1 0.5"},
		"five":                     {intake.KintellLanguage, "1 2 5", "", "0 0.25 1"},
		"ones alone":               {intake.KintellLanguage, "1 1", "", "1 1"},
		"both, so a 1 says naught": {intake.KintellLanguage, "0.5 1 5 1.0", "", "0.5 E 1 E"},
		"beyond either":            {intake.KintellLanguage, "4 6", "", "0.75 E"},
		"five chosen":              {intake.KintellLanguage, "1 0.5", intake.Five, "0 E"},
		"unit chosen":              {intake.KintellLanguage, "1 4", intake.Unit, "1 E"},
		"legacy is five":           {intake.KintellSessions, "1 0.5 3", "", "0 E 0.5"},
		"legacy, unit chosen":      {intake.KintellSessions, "1 0.5", intake.Unit, "1 0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header, record := languageHeader, "LS-1,a@sample.test,b@sample.test,2025-06-02,,,R,,,,"
			if c.kind == intake.KintellSessions {
				header, record = legacyHeader, "LS-1,language,a@sample.test,b@sample.test,2025-06-02,,R,,"
			}
			l := layout(t, c.kind, header)
			rows := func(rating string) []string {
				fields := strings.Split(record, ",")
				for i := range fields {
					if fields[i] == "R" {
						fields[i] = rating
					}
				}
				return fields
			}
			var seen intake.Ratings
			for rating := range strings.FieldsSeq(c.ratings) {
				seen.See(l, rows(rating))
			}
			l = l.Scaled(c.chosen, seen)
			var got []string
			for rating := range strings.FieldsSeq(c.ratings) {
				row, problems := l.Session(rows(rating), now)
				if problems != nil {
					got = append(got, "E")
					continue
				}
				raw, err := json.Marshal(row.Rating)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(raw))
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUsersBecomeProfiles(t *testing.T) {
	t.Parallel()
	l := layout(t, intake.KintellUsers, usersHeader)
	got, problems := l.User(split(t, `Lea.B@Sample.test,Lea Marie Berg,www.linkedin.com/in/lea,verified,Mentor / Advisor,yes,"Mar 03, 2025"`), now)
	if problems != nil {
		t.Fatal(problems)
	}
	want := identity.Profile{
		Contact: identity.Contact{Email: "lea.b@sample.test", Role: identity.Volunteer}, FirstName: "Lea Marie", LastName: "Berg", ExternalSystem: "kintell",
		Flags: map[string]any{
			"is_kintell_user": true, "kintell_source": "csv", "verification_status": "verified", "role_when_joined": "Mentor / Advisor",
			"linkedin_url": "https://www.linkedin.com/in/lea", "grant_access": true, "joined_kg_at": "2025-03-03",
		},
		SentAt: now,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for line, want := range map[string]string{
		`,x,,,,,`: "E002 Email",
		`nobody,x,javascript:alert(1),,,maybe,soon`:           "E001 Email, E008 Linkedin_URL, E003 Joined_kg_at, E008 grant_access",
		`a@sample.test,` + strings.Repeat("x", 201) + `,,,,,`: "E008 Name",
		`a@sample.test,x`: "E009",
	} {
		_, problems := l.User(split(t, line), now)
		if diff := cmp.Diff(want, codes(problems)); diff != "" {
			t.Errorf("%.40s: %s", line, diff)
		}
	}
}

func TestAnErrorFileComesBackAsWhatItWas(t *testing.T) {
	t.Parallel()
	l := layout(t, intake.KintellLanguage, "\ufeffsession_id;participant_email;volunteer_email;scheduled_at;feedback_text")
	rows := []intake.Refused{
		{Row: 2, Record: []string{"=1+1", "+47", "@x", "-", "- good; \"very\"\nso"}, Problems: []intake.Problem{{Code: "E001", Column: "participant_email", Expected: "an address"}}},
		{Row: 7, Record: []string{"'=x", "'x", "''-", "\tx", "x'"}, Problems: []intake.Problem{{Code: "E002", Column: "x", Expected: "a"}, {Code: "E003", Column: "y", Expected: "b"}}},
		{Row: 9, Record: []string{"a broken line"}, Problems: []intake.Problem{{Code: "E009", Expected: "quotes"}}},
	}
	var first bytes.Buffer
	write(t, &first, l, rows)
	if !strings.Contains(first.String(), "'=1+1;'+47;'@x;'-;") || !strings.Contains(first.String(), "E002 x: expected a; E003 y: expected b") {
		t.Errorf("unexpected error file:\n%s", first.String())
	}

	d, err := intake.Sniff(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	all := records(t, first.String(), d, 0, d.Start)
	again, err := intake.NewLayout(intake.KintellLanguage, all[0].Fields, d)
	if err != nil {
		t.Fatal(err)
	}
	var second bytes.Buffer // refused again without a change, the file stays as it is
	for i, record := range all[1:] {
		rows[i].Record = record.Fields
	}
	write(t, &second, again, rows)
	if diff := cmp.Diff(first.String(), second.String()); diff != "" {
		t.Error(diff)
	}
	row, problems := again.Session([]string{"'=LS", "a@sample.test", "b@sample.test", "2025-06-02", "'- good", "2", "E001"}, now)
	if problems != nil || row.ExternalID != "=LS" || row.Text != "- good" {
		t.Errorf("got %+v %v, want the values as they were first sent", row, problems)
	}
}

func write(t *testing.T, w *bytes.Buffer, l intake.Layout, rows []intake.Refused) {
	t.Helper()
	f, err := intake.NewErrorFile(w, l)
	if err != nil {
		t.Fatal(err)
	}
	err = f.Write(rows)
	if err != nil {
		t.Fatal(err)
	}
}

func TestARowIsCorrectedColumnByColumn(t *testing.T) {
	t.Parallel()
	l := layout(t, intake.KintellMentorship, "Session ID,participant_email,mentor_email,scheduled_at,extra")
	record := []string{"1", "x", "b@sample.test", "2025-06-02", "kept"}
	got, err := l.Corrected(record, map[string]string{"PARTICIPANT_EMAIL": "a@sample.test", "volunteer_email": "c@sample.test"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1", "a@sample.test", "c@sample.test", "2025-06-02", "kept"}, got); diff != "" {
		t.Error(diff)
	}
	if record[1] != "x" {
		t.Error("the refused record itself was changed")
	}
	_, err = l.Corrected(record, map[string]string{"shoe": "1"})
	if fault.KindOf(err) != fault.Invalid || fault.Of(err).Fields[0].Name != "shoe" {
		t.Errorf("got %v, want Invalid naming shoe", err)
	}
	got, err = l.Corrected([]string{"a broken line"}, map[string]string{"session_id": "1"})
	if err != nil || got[0] != "1" || len(got) != 5 {
		t.Errorf("got %v %v", got, err)
	}
}
