package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/template"
)

// journey is one company's way from nothing to a report, over HTTP, and what must go wrong on the way.
type journey struct {
	client
	emulator emulator
	outside  outside
	template template.Template
	month    time.Time // the month in which everything happens: the one before now
	admin    string    // tokens
	manager  string
	slug     string
	company  string // id
	secret   string // that Kintell signs with
	sessions int    // held so far
	texts    int    // written by participants so far that speak of confidence
}

func newJourney(ctx context.Context, e emulator, o outside, deployed template.Template) (*journey, error) {
	resources, err := e.resources(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	j := &journey{emulator: e, outside: o, template: deployed, month: time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)}
	j.client = client{e.endpoint, e.host(resources["Api"]), o.issuer}
	j.slug = "emulated-" + strings.ToLower(rand.Text()[:6])
	j.admin, err = j.token(identity.SystemAdmin, "")
	return j, err
}

// host is the name by which the emulator knows an API.
func (e emulator) host(api string) string {
	domain := ".execute-api.localhost.localstack.cloud"
	if e.ministack {
		domain = ".execute-api.localhost"
	}
	return api + domain + e.endpoint[strings.LastIndex(e.endpoint, ":"):]
}

// all walks the whole way.
func (j *journey) all(ctx context.Context) error {
	for _, part := range []struct {
		title string
		walk  func(context.Context) error
	}{
		{"it answers, and knows who is asking", j.answers},
		{"a company and its sender", j.begin},
		{"signed webhooks", j.webhooks},
		{"what a forger, a late sender and a careless sender get", j.forgeries},
		{"a file, with rows that are refused", j.file},
		{"a file by upload", j.upload},
		{"the report", j.report},
		{"the words behind it", j.evidence},
		{"harmful texts", j.harmful},
		{"one bad record among good ones", j.records},
		{"what a process that died had told and not published", j.relay},
	} {
		step("%s", part.title)
		err := part.walk(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", part.title, err)
		}
	}
	return nil
}

// expect asks and is an error unless the answer has the status.
func (j *journey) expect(ctx context.Context, status int, method, path, token string, body []byte, header ...string) (answer, error) {
	got, err := j.ask(ctx, method, path, token, body, header...)
	if err != nil {
		return got, err
	}
	what := method + " " + path
	err = got.is(what, status)
	if err == nil {
		pass("%d %s", status, what)
	}
	return got, err
}

func (j *journey) answers(ctx context.Context) error {
	_, err := j.expect(ctx, http.StatusOK, http.MethodGet, "/v1/health/live", "", nil)
	if err != nil {
		return err
	}
	_, err = j.expect(ctx, http.StatusOK, http.MethodGet, "/v1/health/ready", "", nil)
	if err != nil {
		return err
	}
	got, err := j.expect(ctx, http.StatusUnauthorized, http.MethodGet, "/v1/companies", "", nil)
	if err != nil {
		return err
	}
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		return fmt.Errorf("a 401 is %s, expected application/problem+json: it must come from our runner, not the gateway", kind)
	}
	_, err = j.expect(ctx, http.StatusUnauthorized, http.MethodGet, "/v1/companies", j.admin+"x", nil)
	return err
}

func (j *journey) begin(ctx context.Context) error {
	made, err := j.json(ctx, http.MethodPost, "/v1/companies", j.admin, map[string]string{"slug": j.slug, "name": "Emulated Works"})
	if err != nil {
		return err
	}
	err = made.is("make a company", http.StatusCreated)
	if err != nil {
		return err
	}
	j.company = made.text("id")
	pass("company %s", j.slug)
	j.manager, err = j.token(identity.CompanyAdmin, j.company)
	if err != nil {
		return err
	}
	sender, err := j.json(ctx, http.MethodPut, "/v1/companies/"+j.company+"/senders/kintell", j.admin, map[string]string{})
	if err != nil {
		return err
	}
	err = sender.is("make a sender", http.StatusOK, http.StatusCreated)
	if err != nil {
		return err
	}
	j.secret = sender.text("secret")
	if j.secret == "" {
		return fmt.Errorf("the answer about the sender has no secret")
	}
	pass("sender kintell and its secret")
	_, err = j.expect(ctx, http.StatusForbidden, http.MethodGet, "/v1/deliveries", j.manager, nil)
	if err != nil {
		return err
	}
	_, err = j.expect(ctx, http.StatusNotFound, http.MethodGet, "/v1/companies/0190b0a0-0000-7000-8000-000000000000/at-a-glance", j.manager, nil)
	return err
}

// on is an instant in the journey's month.
func (j *journey) on(day, hour int) time.Time {
	return j.month.AddDate(0, 0, day-1).Add(time.Duration(hour) * time.Hour)
}

// people and helpers are how many take part by webhook, enough for a report to show them.
const (
	people  = 6
	helpers = 5
)

func session(number int, at time.Time) map[string]any {
	return map[string]any{
		"session_id": fmt.Sprintf("EW-%d", number), "session_type": "language",
		"participant_email": fmt.Sprintf("participant.%d@sample.test", number%people), "volunteer_email": fmt.Sprintf("volunteer.%d@sample.test", number%helpers),
		"scheduled_at": at.Format(time.RFC3339), "completed_at": at.Add(time.Hour).Format(time.RFC3339), "duration_minutes": 60, "language_level": "B1",
	}
}

// accepted delivers and is an error unless it is accepted.
func (j *journey) accepted(ctx context.Context, kind, delivery string, body any) error {
	got, err := j.deliver(ctx, j.slug, kind, delivery, j.secret, time.Now(), body)
	if err != nil {
		return err
	}
	return got.is(kind+" "+delivery, http.StatusAccepted)
}

func (j *journey) webhooks(ctx context.Context) error {
	booking := session(0, j.on(2, 10))
	booking["booking_id"] = "EW-0"
	for _, later := range []string{"session_id", "completed_at", "duration_minutes", "language_level"} {
		delete(booking, later)
	}
	err := j.accepted(ctx, "booking-confirmed", "booking-0", booking)
	if err != nil {
		return err
	}
	for number := range people {
		// The rating of an odd session comes before the session.
		steps := []func() error{
			func() error {
				return j.accepted(ctx, "session-completed", fmt.Sprintf("session-%d", number), session(number, j.on(2+number, 10)))
			},
			func() error {
				text := ordinary
				if number == people-1 {
					text = reachable
				}
				return j.rated(ctx, number, fmt.Sprint(number), "participant", text)
			},
		}
		if number%2 == 1 {
			slices.Reverse(steps)
		}
		for _, deliver := range steps {
			err := deliver()
			if err != nil {
				return err
			}
		}
	}
	j.sessions, j.texts = j.sessions+people, j.texts+people
	pass("a booking, %d sessions and %d ratings, half of the ratings before their session", people, people)
	err = j.accepted(ctx, "session-completed", "session-0", session(0, j.on(2, 10)))
	if err != nil {
		return err
	}
	pass("a repeat is accepted again")
	return nil
}

func (j *journey) forgeries(ctx context.Context) error {
	now, body := time.Now(), session(90, j.on(20, 10))
	wrong := session(91, j.on(20, 10))
	wrong["participant_email"] = "not an address"
	wrong["completed_at"] = j.on(19, 10).Format(time.RFC3339)
	for _, try := range []struct {
		what, company, delivery, secret string
		at                              time.Time
		body                            any
		status                          int
	}{
		{"a forged signature", j.slug, "session-90", "another secret", now, body, http.StatusUnauthorized},
		{"a signature of ten minutes ago", j.slug, "session-90", j.secret, now.Add(-10 * time.Minute), body, http.StatusUnauthorized},
		{"an unknown company", "nobody", "session-90", j.secret, now, body, http.StatusUnauthorized},
		{"an accepted delivery with another body", j.slug, "session-0", j.secret, now, body, http.StatusConflict},
		{"two wrong fields", j.slug, "session-91", j.secret, now, wrong, http.StatusBadRequest},
	} {
		got, err := j.deliver(ctx, try.company, "session-completed", try.delivery, try.secret, try.at, try.body)
		if err != nil {
			return err
		}
		err = got.is(try.what, try.status)
		if err != nil {
			return err
		}
		pass("%d %s", try.status, try.what)
		if try.status == http.StatusBadRequest {
			var problem struct{ Errors []struct{ Field string } }
			err = json.Unmarshal(got.body, &problem)
			if err != nil || len(problem.Errors) != 2 {
				return fmt.Errorf("%s: the answer names %d fields, expected 2: %s", try.what, len(problem.Errors), got.body)
			}
		}
	}
	return nil
}

// rowsOfFile and badRows are what the file holds.
const (
	rowsOfFile = 8
	badRows    = 2
)

func (j *journey) mentorship() []byte {
	var file strings.Builder
	file.WriteString("session_id,participant_email,mentor_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,focus_area,goals_discussed\n")
	for row := range rowsOfFile {
		at := j.on(10+row, 9)
		fmt.Fprintf(&file, "EM-%d,mentee.%d@sample.test,mentor.%d@sample.test,%s,%s,60,0.9,\"I feel confident in interviews now\",career,\"CV,interview\"\n",
			row, row%people, row%helpers, at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339))
	}
	fmt.Fprintf(&file, "EM-90,not an address,mentor.1@sample.test,%s,,60,,,,\n", j.on(3, 9).Format(time.RFC3339))
	fmt.Fprintf(&file, "EM-91,mentee.1@sample.test,mentor.1@sample.test,some day,,60,,,,\n")
	return []byte(file.String())
}

func (j *journey) file(ctx context.Context) error {
	file := j.mentorship()
	_, err := j.expect(ctx, http.StatusForbidden, http.MethodPost, "/v1/imports/kintell-mentorship", j.manager, file, "Content-Type", "text/csv")
	if err != nil {
		return err
	}
	id, err := j.imported(ctx, "/v1/imports/kintell-mentorship", file)
	if err != nil {
		return err
	}
	got, err := j.finished(ctx, id)
	if err != nil {
		return err
	}
	err = got.counts(rowsOfFile, 0, badRows)
	if err != nil {
		return err
	}
	j.sessions, j.texts = j.sessions+rowsOfFile, j.texts+rowsOfFile
	pass("%d rows taken, %d refused", rowsOfFile, badRows)
	refused, err := j.expect(ctx, http.StatusOK, http.MethodGet, "/v1/imports/"+id+"/errors?format=csv", j.admin, nil)
	if err != nil {
		return err
	}
	for _, named := range []string{"E001", "E003", "EM-90", "EM-91"} {
		if !strings.Contains(string(refused.body), named) {
			return fmt.Errorf("the refused rows do not name %s: %s", named, refused.body)
		}
	}
	id, err = j.imported(ctx, "/v1/imports/kintell-mentorship", file)
	if err != nil {
		return err
	}
	got, err = j.finished(ctx, id)
	if err != nil {
		return err
	}
	err = got.counts(0, rowsOfFile, badRows)
	if err == nil {
		pass("the same file again adds nothing")
	}
	return err
}

func (j *journey) imported(ctx context.Context, path string, file []byte) (string, error) {
	got, err := j.expect(ctx, http.StatusAccepted, http.MethodPost, path+"?company="+j.company, j.admin, file, "Content-Type", "text/csv")
	return got.text("id"), err
}

// progress is what an import says of itself.
type progress struct {
	Status   string
	Reason   string
	Progress struct{ Taken, Same, Refused int }
}

func (p progress) counts(taken, same, refused int) error {
	if p.Progress.Taken != taken || p.Progress.Same != same || p.Progress.Refused != refused {
		return fmt.Errorf("taken, same, refused are %+v, expected %d, %d, %d", p.Progress, taken, same, refused)
	}
	return nil
}

// finished waits until an import is through.
func (j *journey) finished(ctx context.Context, id string) (progress, error) {
	var p progress
	err := await(ctx, 60*time.Second, "the import "+id, func() error {
		got, err := j.ask(ctx, http.MethodGet, "/v1/imports/"+id, j.admin, nil)
		if err != nil {
			return err
		}
		err = json.Unmarshal(got.body, &p)
		if err != nil || got.status != http.StatusOK {
			return fmt.Errorf("answered %d: %s", got.status, got.body)
		}
		switch p.Status {
		case "completed":
			return nil
		case "failed":
			return hopeless{fmt.Errorf("the import failed: %s", p.Reason)}
		}
		return fmt.Errorf("its status is %q", p.Status)
	})
	return p, err
}

// rowsOfUpload is how many rows go by presigned URL.
const rowsOfUpload = 700

func (j *journey) upload(ctx context.Context) error {
	var file strings.Builder
	file.WriteString("\ufeffSession_ID;Participant_Email;Volunteer_Email;Scheduled_At;Completed_At;Duration_Minutes;Language_Level\r\n")
	for row := range rowsOfUpload {
		at := j.on(1+row%25, 8+row%9)
		fmt.Fprintf(&file, "EL-%d;learner.%d@sample.test;tutor.%d@sample.test;%s;%s;45;A2\r\n", row, row%90, row%30, at.Format(time.RFC3339), at.Add(45*time.Minute).Format(time.RFC3339))
	}
	made, err := j.json(ctx, http.MethodPost, "/v1/imports/kintell-language?company="+j.company, j.admin, map[string]any{"fileName": "language.csv", "size": file.Len()})
	if err != nil {
		return err
	}
	err = made.is("announce an upload", http.StatusAccepted, http.StatusCreated)
	if err != nil {
		return err
	}
	id, address := made.text("id"), made.text("uploadUrl")
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, strings.NewReader(file.String()))
	if err != nil {
		return err
	}
	put, err := send(request)
	if err != nil {
		return err
	}
	err = put.is("PUT to the presigned URL", http.StatusOK)
	if err != nil {
		return err
	}
	pass("%d kB went straight to the bucket", file.Len()/1000)
	_, err = j.expect(ctx, http.StatusAccepted, http.MethodPost, "/v1/imports/"+id+"/start", j.admin, nil)
	if err != nil {
		return err
	}
	got, err := j.finished(ctx, id)
	if err != nil {
		return err
	}
	j.sessions += rowsOfUpload
	err = got.counts(rowsOfUpload, 0, 0)
	if err == nil {
		pass("%d rows taken", rowsOfUpload)
	}
	return err
}

// report waits until everything told has reached the figures.
func (j *journey) report(ctx context.Context) error {
	month := j.month.Format("2006-01")
	path := "/v1/companies/" + j.company + "/%s?from=" + month + "&to=" + month
	err := await(ctx, 120*time.Second, fmt.Sprintf("the report to show %d sessions", j.sessions), func() error {
		got, err := j.ask(ctx, http.MethodGet, fmt.Sprintf(path, "at-a-glance"), j.manager, nil)
		if err != nil {
			return err
		}
		var report struct{ Sessions, Participants, Volunteers struct{ Value *int } }
		err = json.Unmarshal(got.body, &report)
		if err != nil || report.Sessions.Value == nil || report.Participants.Value == nil {
			return fmt.Errorf("answered %d: %s", got.status, got.body)
		}
		if *report.Sessions.Value > j.sessions {
			return hopeless{fmt.Errorf("it shows %d sessions, something was counted twice", *report.Sessions.Value)}
		}
		if want := people + people + 90; *report.Sessions.Value != j.sessions || *report.Participants.Value != want {
			return fmt.Errorf("it shows %d sessions of %d participants, expected %d of %d", *report.Sessions.Value, *report.Participants.Value, j.sessions, want)
		}
		return nil
	})
	if err != nil {
		return err
	}
	pass("at a glance: %d sessions, each counted once", j.sessions)
	return await(ctx, 60*time.Second, "the scores of every rating", func() error {
		got, err := j.ask(ctx, http.MethodGet, fmt.Sprintf(path, "outcomes"), j.manager, nil)
		if err != nil {
			return err
		}
		var report struct {
			Outcomes []struct {
				Dimension string
				Mean      *float64
				N         *int
			}
		}
		err = json.Unmarshal(got.body, &report)
		if err != nil {
			return fmt.Errorf("answered %d: %s", got.status, got.body)
		}
		for _, outcome := range report.Outcomes {
			if outcome.Dimension == "confidence" && outcome.Mean != nil && outcome.N != nil && *outcome.N == j.texts {
				pass("outcomes: confidence %.3f from %d texts", *outcome.Mean, *outcome.N)
				return nil
			}
		}
		return fmt.Errorf("confidence is not there yet: %s", got.body)
	})
}

// afterUpdate shows that an update deployed over the running platform lost nothing and runs.
func (j *journey) afterUpdate(ctx context.Context) error {
	resources, err := j.emulator.resources(ctx)
	if err != nil {
		return err
	}
	if host := j.emulator.host(resources["Api"]); host != j.host {
		return fmt.Errorf("the update made another API: %s instead of %s", host, j.host)
	}
	for _, path := range []string{"/v1/health/ready", "/v1/health/live"} {
		_, err = j.expect(ctx, http.StatusOK, http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
	}
	err = j.accepted(ctx, "session-completed", "session-after", session(people, j.on(21, 10)))
	if err != nil {
		return err
	}
	j.sessions++
	pass("a delivery after the update is accepted")
	err = j.migratedAgain(ctx)
	if err != nil {
		return err
	}
	err = j.paid(ctx)
	if err != nil {
		return err
	}
	return j.report(ctx)
}

// migratedAgain is an error unless the deployment's update called the migrations again: their version is the second.
func (j *journey) migratedAgain(ctx context.Context) error {
	events, err := j.emulator.history(ctx, "Migrations")
	if err != nil {
		return err
	}
	if !slices.Contains(events, "UPDATE_COMPLETE") {
		return fmt.Errorf("the migrations did not run with the update: %v", events)
	}
	pass("migrations ran again with the update")
	return nil
}
