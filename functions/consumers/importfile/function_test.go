package importfile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

const (
	legacyHeader     = "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating,feedback_text,language_level\n"
	mentorshipHeader = "session_id,participant_email,mentor_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,focus_area,goals_discussed\n"
	languageHeader   = "session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level\n"
)

// house is where imports happen.
type house struct {
	t       *testing.T
	ledger  *memory.Ledger
	files   *disk.Files
	company string
	now     time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC), company: identity.NewID()}
	h.ledger = memory.New(memory.Options{Now: func() time.Time { return h.now }})
	files, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	h.files = files
	h.do(port.Operator("test"), func(tx port.Tx) error {
		return tx.Companies().Create(t.Context(), company.Company{ID: h.company, Slug: "acme", Name: "Acme", Kind: company.Partner, TimeZone: "UTC"})
	})
	return h
}

func (h *house) do(scope port.Scope, f func(port.Tx) error) {
	h.t.Helper()
	err := h.ledger.Do(h.t.Context(), scope, f)
	if err != nil {
		h.t.Fatal(err)
	}
}

// upload stores a file and says that it was received.
func (h *house) upload(kind intake.Kind, text string) contract.Of[contract.ImportReceived] {
	h.t.Helper()
	in := intake.Import{
		ID: identity.NewID(), Company: h.company, Kind: kind, Status: intake.Received, Size: int64(len(text)), CreatedBy: "test", CreatedAt: h.now,
	}
	in.Key = h.company + "/imports/" + in.ID
	err := h.files.Put(h.t.Context(), in.Key, strings.NewReader(text), in.Size)
	if err != nil {
		h.t.Fatal(err)
	}
	h.do(port.In(h.company, "test"), func(tx port.Tx) error {
		tx.Imports().Create(in)
		return nil
	})
	return h.event(contract.Cause{ID: identity.NewID(), Company: h.company, At: h.now}.Then(contract.ImportReceived{ImportID: in.ID}))
}

func (h *house) event(e contract.Event) contract.Of[contract.ImportReceived] {
	h.t.Helper()
	in, err := contract.Decode[contract.ImportReceived](e)
	if err != nil {
		h.t.Fatal(err)
	}
	return in
}

func (h *house) found(id string) (in intake.Import, refused []intake.Refused) {
	h.t.Helper()
	h.do(port.In(h.company, "test"), func(tx port.Tx) (err error) {
		in, err = tx.Imports().Find(h.t.Context(), id)
		if err == nil {
			refused, err = tx.Imports().Refused(h.t.Context(), id, 0, 1_000_000)
		}
		return err
	})
	return in, refused
}

// told counts what was told, by type.
func (h *house) told() map[string]int {
	counts := map[string]int{}
	for _, e := range h.ledger.Told(h.company) {
		counts[e.Type]++
	}
	return counts
}

func (h *house) read(in contract.Of[contract.ImportReceived]) intake.Import {
	h.t.Helper()
	err := importfile.New(h.ledger, h.files).Received(h.t.Context(), in)
	if err != nil {
		h.t.Fatal(err)
	}
	job, _ := h.found(in.Body.ImportID)
	return job
}

// legacy is a file of n good rows.
func legacy(n int) string {
	var b strings.Builder
	b.WriteString(legacyHeader)
	for i := range n {
		fmt.Fprintf(&b, "KS-%d,Language Connect,p%d@sample.test,v%d@sample.test,2025-06-02T16:30:00Z,45,%d,\"Talked about renting, no %d\",A2\n", i, i%97, i%31, i%5+1, i)
	}
	return b.String()
}

func TestGoodRowsAreTakenAndTheOthersKeptForFixing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	received := h.upload(intake.KintellMentorship, "\ufeff"+strings.ReplaceAll(mentorshipHeader, ",", ";")+
		"MS-1;mira@sample.test;lea@sample.test;2025-06-03T09:00:00Z;2025-06-03T10:00:00Z;60;5;\"Clear next steps;\nreally\";career;CV,interview\r\n"+
		"MS-2;mira@sample.test;lea@sample.test;2027-01-03T09:00:00Z;;;;;;\r\n"+
		";;;;;;;;;\r\n"+
		"MS-3;nobody;;yesterday;;;7;;;\r\n"+
		"MS-4;\"open;lea@sample.test;2025-06-03\r\n"+
		"MS-5;olga@sample.test;lea@sample.test;2025-06-03;2025-06-03;;1;;;\r\n")
	job := h.read(received)
	want := intake.Progress{Offset: job.Size, Row: 5, Taken: 3, Refused: 2}
	if diff := cmp.Diff(want, job.Progress); diff != "" || job.Status != intake.Completed || job.FinishedAt.IsZero() {
		t.Errorf("%s %s %s", job.Status, job.Reason, diff)
	}
	if diff := cmp.Diff(map[string]int{"kintell.session.completed": 2, "kintell.session.scheduled": 1, "kintell.rating.created": 2}, h.told()); diff != "" {
		t.Error(diff)
	}
	_, refused := h.found(job.ID)
	var codes []string
	for _, row := range refused {
		codes = append(codes, fmt.Sprint(row.Row))
		for _, p := range row.Problems {
			codes = append(codes, p.Code+" "+p.Column)
		}
	}
	if diff := cmp.Diff([]string{"3", "E001 participant_email", "E002 mentor_email", "E003 scheduled_at", "E006 rating", "4", "E009 "}, codes); diff != "" {
		t.Error(diff)
	}
	ratings := h.ledger.Ratings(h.company)
	if len(ratings) != 2 || *ratings[0].Score+*ratings[1].Score != 1 { // of five a 5 is 1 and a 1 is 0
		t.Errorf("ratings %+v", ratings)
	}
	var layout intake.Layout
	err := json.Unmarshal(job.Layout, &layout)
	if err != nil || layout.Scale != intake.Five || layout.Delimiter != ";" {
		t.Errorf("layout %+v, %v", layout, err)
	}
}

func TestTheSameFileTwiceAddsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.read(h.upload(intake.KintellSessions, legacy(700)))
	before := h.told()
	h.now = h.now.Add(24 * time.Hour)
	job := h.read(h.upload(intake.KintellSessions, legacy(700)))
	if diff := cmp.Diff(intake.Progress{Offset: job.Size, Row: 700, Same: 700}, job.Progress); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, h.told()); diff != "" {
		t.Error(diff)
	}
	if before["kintell.session.completed"] != 700 || before["kintell.rating.created"] != 700 {
		t.Errorf("the first told %v", before)
	}
}

func TestARepeatOfAFinishedImportDoesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	received := h.upload(intake.KintellSessions, legacy(10))
	first := h.read(received)
	if diff := cmp.Diff(first, h.read(received)); diff != "" {
		t.Error(diff)
	}
}

// mortal is a ledger of a process that dies: the transaction number dies fails before or after its commit, and all later ones.
type mortal struct {
	*memory.Ledger
	mu     sync.Mutex
	left   int
	commit bool
}

var errDead = errors.New("killed")

func (m *mortal) Do(ctx context.Context, scope port.Scope, f func(port.Tx) error) error {
	m.mu.Lock()
	m.left--
	left := m.left
	m.mu.Unlock()
	if left < 0 || left == 0 && !m.commit {
		return errDead
	}
	err := m.Ledger.Do(ctx, scope, f)
	if left == 0 && err == nil {
		return errDead
	}
	return err
}

func TestAKilledImportResumesWhereItStopped(t *testing.T) {
	t.Parallel()
	text := legacy(1_700) + "KS-x,yoga,,,,,,,\n"
	for _, commit := range []bool{false, true} {
		for dies := 1; dies <= 5; dies++ {
			t.Run(fmt.Sprintf("transaction %d, committed %v", dies, commit), func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				received := h.upload(intake.KintellSessions, text)
				err := importfile.New(&mortal{Ledger: h.ledger, left: dies, commit: commit}, h.files).Received(t.Context(), received)
				if !errors.Is(err, errDead) {
					t.Fatalf("got %v", err)
				}
				job := h.read(received)
				want := intake.Progress{Offset: job.Size, Row: 1_701, Taken: 1_700, Refused: 1}
				if diff := cmp.Diff(want, job.Progress); diff != "" || job.Status != intake.Completed {
					t.Errorf("%s %s", job.Status, diff)
				}
				if got := h.told()["kintell.session.completed"]; got != 1_700 {
					t.Errorf("told %d sessions", got)
				}
			})
		}
	}
}

func TestTwoReadersOfOneImportTakeEachRowOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	received := h.upload(intake.KintellSessions, legacy(2_100))
	var both sync.WaitGroup
	for range 3 {
		both.Go(func() {
			err := importfile.New(h.ledger, h.files).Received(t.Context(), received)
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	job, _ := h.found(received.Body.ImportID)
	if diff := cmp.Diff(intake.Progress{Offset: job.Size, Row: 2_100, Taken: 2_100}, job.Progress); diff != "" || job.Status != intake.Completed {
		t.Errorf("%s %s", job.Status, diff)
	}
}

func TestNearTheDeadlineAContinuationReadsOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	received := h.upload(intake.KintellSessions, legacy(1_300))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // nearer than the margin
	defer cancel()
	runs := 0
	for next := received; ; runs++ {
		err := importfile.New(h.ledger, h.files).Received(ctx, next)
		if err != nil {
			t.Fatal(err)
		}
		job, _ := h.found(received.Body.ImportID)
		if job.Status == intake.Completed {
			if diff := cmp.Diff(intake.Progress{Offset: job.Size, Row: 1_300, Taken: 1_300}, job.Progress); diff != "" {
				t.Error(diff)
			}
			break
		}
		for _, e := range h.ledger.Told(h.company) {
			if e.Type == next.Type {
				next = h.event(e)
			}
		}
		if next.Body.Offset != job.Progress.Offset {
			t.Fatalf("run %d told to go on at %d, the checkpoint is at %d", runs, next.Body.Offset, job.Progress.Offset)
		}
	}
	if runs != 2 {
		t.Errorf("%d continuations, want 2", runs)
	}
}

func TestAFileThatCannotBeReadFailsItsImportWithTheReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind       intake.Kind
		text, says string
	}{
		"empty":           {intake.KintellSessions, "", "empty"},
		"UTF-16":          {intake.KintellSessions, "\xff\xfes\x00", "UTF-16"},
		"Latin-1":         {intake.KintellUsers, "email,name\na@b.no,S\xf8ren\n", "UTF-8"},
		"a workbook":      {intake.KintellUsers, "PK\x03\x04", "workbook"},
		"lacks columns":   {intake.KintellLanguage, "session_id,participant_email\n", "volunteer_email"},
		"another kind":    {intake.KintellLanguage, legacyHeader, "kintell-sessions"},
		"broken header":   {intake.KintellUsers, "em\"ail,name\n", "header"},
		"delimiters only": {intake.KintellUsers, ",,,\n,,\n", "header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			job := h.read(h.upload(c.kind, c.text))
			if job.Status != intake.Failed || !strings.Contains(job.Reason, c.says) {
				t.Errorf("%s %q, want failed saying %q", job.Status, job.Reason, c.says)
			}
			if told := h.told(); len(told) > 0 {
				t.Errorf("told %v", told)
			}
		})
	}
}

func TestAFileThatIsGoneFailsItsImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	received := h.upload(intake.KintellSessions, legacy(1))
	elsewhere, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { elsewhere.Close() })
	err = importfile.New(h.ledger, elsewhere).Received(t.Context(), received)
	if err != nil {
		t.Fatal(err)
	}
	job, _ := h.found(received.Body.ImportID)
	if job.Status != intake.Failed || !strings.Contains(job.Reason, "not there") {
		t.Errorf("%s %q", job.Status, job.Reason)
	}
}

func TestAHeaderAloneIsACompletedImportOfNoRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	job := h.read(h.upload(intake.KintellSessions, legacyHeader))
	if diff := cmp.Diff(intake.Progress{Offset: job.Size}, job.Progress); diff != "" || job.Status != intake.Completed {
		t.Errorf("%s %s", job.Status, diff)
	}
}

func TestAnUnknownImportIsNotWorked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	err := importfile.New(h.ledger, h.files).Received(t.Context(),
		h.event(contract.Cause{ID: identity.NewID(), Company: h.company, At: h.now}.Then(contract.ImportReceived{ImportID: identity.NewID()})))
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("got %v, want Missing", err)
	}
}

func TestRatingsOfOneFileAreReadOnOneScale(t *testing.T) {
	t.Parallel()
	row := func(id int, rating string) string {
		return fmt.Sprintf("LS-%d,p@sample.test,v@sample.test,2025-06-02T10:00:00Z,2025-06-02T11:00:00Z,60,%s,,\n", id, rating)
	}
	for name, c := range map[string]struct {
		ratings string
		sum     float64
		refused int
	}{
		"a five far down makes it five": {strings.Repeat("1 ", 600) + "5", 1, 0},
		"ones alone are unit":           {"1 1", 2, 0},
		"both scales":                   {"0.5 1 5", 1.5, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			text := languageHeader
			for i, rating := range strings.Fields(c.ratings) {
				text += row(i, rating)
			}
			job := h.read(h.upload(intake.KintellLanguage, text))
			sum := 0.0
			for _, r := range h.ledger.Ratings(h.company) {
				sum += *r.Score
			}
			if sum != c.sum || job.Progress.Refused != c.refused {
				t.Errorf("sum %v, refused %d; want %v, %d", sum, job.Progress.Refused, c.sum, c.refused)
			}
		})
	}
}

func TestUsersAreDescribedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	text := "Email,Name,Role when joined\nlea@sample.test,Lea Berg,Mentor\nLEA@sample.test,Lea Berg,Mentor\nnobody,x,\n"
	job := h.read(h.upload(intake.KintellUsers, text))
	if diff := cmp.Diff(intake.Progress{Offset: job.Size, Row: 3, Taken: 1, Same: 1, Refused: 1}, job.Progress); diff != "" {
		t.Error(diff)
	}
	job = h.read(h.upload(intake.KintellUsers, text))
	if diff := cmp.Diff(intake.Progress{Offset: job.Size, Row: 3, Same: 2, Refused: 1}, job.Progress); diff != "" {
		t.Error(diff)
	}
}
