package imports_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/api/imports"
	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const (
	header = "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating,feedback_text,language_level\n"
	good   = "KS-77,Language Connect,mira.t@sample.test,paul.r@sample.test,2025-06-02T16:30:00Z,45,4,Talked about renting a flat,A2\n"
	bad    = "KS-78,Language Connect,mira.t,paul.r@sample.test,2025-06-02T16:30:00Z,45,9,=Talked,A2\n"
)

// house is a platform with two companies and those who may send files.
type house struct {
	t       *testing.T
	ledger  *memory.Ledger
	files   port.Files
	mux     *http.ServeMux
	acme    string
	staff   access.Caller
	admin   access.Caller // of acme
	another access.Caller // of the other company
	heard   int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, mux: http.NewServeMux(), acme: identity.NewID()}
	h.ledger = memory.New(memory.Options{Now: func() time.Time { return time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC) }})
	folder, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	h.files = folder
	other := identity.NewID()
	err = h.ledger.Do(t.Context(), port.Operator("test"), func(tx port.Tx) error {
		return errors.Join(
			tx.Companies().Create(t.Context(), company.Company{ID: h.acme, Slug: "acme", Name: "Acme", Kind: company.Partner, TimeZone: "UTC"}),
			tx.Companies().Create(t.Context(), company.Company{ID: other, Slug: "other", Name: "Other", Kind: company.Partner, TimeZone: "UTC"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.staff = access.Caller{Subject: "s", Role: identity.ProgrammeStaff}
	h.admin = access.Caller{Subject: "a", Role: identity.CompanyAdmin, Company: h.acme}
	h.another = access.Caller{Subject: "o", Role: identity.CompanyAdmin, Company: other}
	handler := web.Handle(imports.New(h.ledger, folder).Serve)
	for route := range access.Table {
		if strings.Contains(route, " /v1/imports") {
			h.mux.Handle(route, handler)
		}
	}
	return h
}

// ask sends a request and gives the status and the body of the answer.
func (h *house) ask(caller access.Caller, method, path, contentType, body string) (int, string) {
	h.t.Helper()
	r := httptest.NewRequestWithContext(access.With(h.t.Context(), caller), method, path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// answer is what tests read of answers.
type answer struct {
	ID, Company, Kind, FileName, Reason, UploadURL, StartURL, URL, ErrorsURL string
	Status                                                                   any // of problem details a number
	Progress                                                                 struct {
		Row, Taken, Same, Refused int
		Bytes, Size               int64
		Percent                   float64
	}
	Layout  map[string]any
	Imports []struct{ ID string }
	Next    string
	Detail  string
	Errors  []struct {
		Field, Expected string
		Row             int
		Status          string
		Problems        []struct{ Code, Column, Expected string }
		Record          map[string]string
		Values          []string
	}
	Taken bool
}

func (h *house) must(caller access.Caller, status int, method, path, contentType, body string) answer {
	h.t.Helper()
	got, text := h.ask(caller, method, path, contentType, body)
	if got != status {
		h.t.Fatalf("%s %s: %d %s, want %d", method, path, got, text, status)
	}
	var a answer
	err := json.Unmarshal([]byte(text), &a)
	if err != nil {
		h.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return a
}

// work hands what was told since the last time to the function that reads files.
func (h *house) work() {
	h.t.Helper()
	for ; h.heard < len(h.ledger.Told(h.acme)); h.heard++ {
		e := h.ledger.Told(h.acme)[h.heard]
		if e.Type != "import.received" {
			continue
		}
		in, err := contract.Decode[contract.ImportReceived](e)
		if err != nil {
			h.t.Fatal(err)
		}
		err = importfile.New(h.ledger, h.files).Received(h.t.Context(), in)
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestAFileInTheRequestIsReadAndItsProgressShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions?fileName=..%2Fjune.csv", "text/csv", header+good+bad)
	if made.Status != "received" || made.Company != h.acme || made.FileName != "june.csv" || made.UploadURL != "" {
		t.Errorf("made %+v", made)
	}
	h.work()
	done := h.must(h.admin, 200, "GET", made.URL, "", "")
	if p := done.Progress; done.Status != "completed" || p.Row != 2 || p.Taken != 1 || p.Refused != 1 || p.Percent != 100 || p.Bytes != p.Size {
		t.Errorf("done %+v", done)
	}
	if done.Layout["scale"] != "five" || done.Layout["version"] != "legacy" {
		t.Errorf("layout %v", done.Layout)
	}
	if list := h.must(h.admin, 200, "GET", "/v1/imports", "", ""); len(list.Imports) != 1 || list.Imports[0].ID != made.ID {
		t.Errorf("list %+v", list.Imports)
	}
}

func TestAFileMayComeInAForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	err := writer.WriteField("comment", "hello")
	if err != nil {
		t.Fatal(err)
	}
	file, err := writer.CreateFormFile("file", "june.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(file, header+good)
	err = errors.Join(err, writer.Close())
	if err != nil {
		t.Fatal(err)
	}
	made := h.must(h.staff, 202, "POST", "/v1/imports/kintell-sessions?company=acme", writer.FormDataContentType(), form.String())
	h.work()
	if done := h.must(h.staff, 200, "GET", made.URL, "", ""); done.Progress.Taken != 1 || done.FileName != "june.csv" || done.Company != h.acme {
		t.Errorf("done %+v", done)
	}
}

func TestALargeFileIsUploadedApartAndThenStarted(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string][3]string{
		"asked by name":    {"?company=acme", "application/json", `{"fileName":"june.csv","size":5000000}`},
		"asked by address": {"?company=acme&upload=url&fileName=june.csv", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			made := h.must(h.staff, 202, "POST", "/v1/imports/kintell-sessions"+ask[0], ask[1], ask[2])
			if made.Status != "waiting" || made.FileName != "june.csv" || made.UploadURL == "" || made.StartURL == "" {
				t.Fatalf("made %+v", made)
			}
			early := h.must(h.staff, 400, "POST", made.StartURL, "", "")
			if len(early.Errors) != 1 || early.Errors[0].Field != "file" {
				t.Errorf("started without a file: %+v", early)
			}
			h.must(h.staff, 200, "PUT", made.UploadURL, "text/csv", "PK\x03\x04 not this one")
			h.must(h.staff, 400, "POST", made.StartURL, "", "")
			h.must(h.staff, 200, "PUT", made.UploadURL, "text/csv", header+good)
			if len(h.ledger.Told(h.acme)) != 0 {
				t.Error("told before the start")
			}
			h.must(h.staff, 202, "POST", made.StartURL, "", "")
			h.must(h.staff, 409, "POST", made.StartURL, "", "")
			h.must(h.staff, 409, "PUT", made.UploadURL, "text/csv", header)
			h.work()
			if done := h.must(h.staff, 200, "GET", made.URL, "", ""); done.Status != "completed" || done.Progress.Taken != 1 {
				t.Errorf("done %+v", done)
			}
		})
	}
}

func TestAnUploadThatBreaksOffIsNotKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions?upload=url", "", "")
	body := io.MultiReader(strings.NewReader(header), iotest.ErrReader(io.ErrUnexpectedEOF))
	r := httptest.NewRequestWithContext(access.With(t.Context(), h.admin), http.MethodPut, made.UploadURL, body)
	r.ContentLength = 10_000
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	if w.Code != 400 {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	h.must(h.admin, 400, "POST", made.StartURL, "", "")
}

func TestWhatIsWrongWithARequestIsNamedAndNothingIsKept(t *testing.T) {
	t.Parallel()
	const sessions = "/v1/imports/kintell-sessions"
	for name, c := range map[string]struct {
		method, path, contentType, body string
		status                          int
		field                           string
	}{
		"unknown kind":                 {"POST", "/v1/imports/payroll?company=acme", "text/csv", header, 400, "kind"},
		"unknown scale":                {"POST", sessions + "?company=acme&scale=ten", "text/csv", header, 400, "scale"},
		"staff name no company":        {"POST", sessions, "text/csv", header + good, 400, "company"},
		"unknown company":              {"POST", sessions + "?company=nobody", "text/csv", header + good, 404, "company"},
		"misspelt parameter":           {"POST", sessions + "?company=acme&scales=unit", "text/csv", header, 400, "scales"},
		"unknown upload":               {"POST", sessions + "?company=acme&upload=ftp", "text/csv", header, 400, "upload"},
		"no body":                      {"POST", sessions + "?company=acme", "text/csv", "", 400, "body"},
		"malformed content type":       {"POST", sessions + "?company=acme", "text/", header, 400, "Content-Type"},
		"no header":                    {"POST", sessions + "?company=acme", "text/csv", good, 400, "session_id"},
		"another layout":               {"POST", "/v1/imports/kintell-users?company=acme", "text/csv", header, 400, "email"},
		"not UTF-8":                    {"POST", sessions + "?company=acme", "text/csv", header + "S\xf8ren\n", 400, ""},
		"a workbook":                   {"POST", sessions + "?company=acme", "application/vnd.ms-excel", "PK\x03\x04", 400, ""},
		"a form without a file":        {"POST", sessions + "?company=acme", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n", 400, "file"},
		"a form that is none":          {"POST", sessions + "?company=acme", "multipart/form-data; boundary=x", "abc", 400, ""},
		"a form without a boundary":    {"POST", sessions + "?company=acme", "multipart/form-data", "abc", 400, ""},
		"too long for a request":       {"POST", sessions + "?company=acme", "text/csv", header + strings.Repeat(good, 40_000), 413, ""},
		"JSON that is none":            {"POST", sessions + "?company=acme", "application/json", "{", 400, ""},
		"JSON with an unknown field":   {"POST", sessions + "?company=acme", "application/json", `{"name":"x"}`, 400, "name"},
		"announced beyond the limit":   {"POST", sessions + "?company=acme", "application/json", `{"size":3000000000}`, 413, ""},
		"announced less than nothing":  {"POST", sessions + "?company=acme", "application/json", `{"size":-1}`, 400, "size"},
		"import that is no id":         {"GET", "/v1/imports/17", "", "", 404, ""},
		"unknown import":               {"GET", "/v1/imports/0198c0de-0000-7000-8000-000000000001", "", "", 404, ""},
		"errors of an unknown import":  {"GET", "/v1/imports/0198c0de-0000-7000-8000-000000000001/errors", "", "", 404, ""},
		"start of an unknown import":   {"POST", "/v1/imports/0198c0de-0000-7000-8000-000000000001/start", "", "", 404, ""},
		"file of an unknown import":    {"PUT", "/v1/imports/0198c0de-0000-7000-8000-000000000001/file", "text/csv", header, 404, ""},
		"row of an unknown import":     {"POST", "/v1/imports/0198c0de-0000-7000-8000-000000000001/rows/1", "", "", 404, ""},
		"list from nowhere":            {"GET", "/v1/imports?after=x", "", "", 400, "after"},
		"a list of too many":           {"GET", "/v1/imports?limit=1000", "", "", 400, "limit"},
		"a list of an unknown company": {"GET", "/v1/imports?company=nobody", "", "", 404, "company"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			got := h.must(h.staff, c.status, c.method, c.path, c.contentType, c.body)
			if c.field != "" && (len(got.Errors) == 0 || got.Errors[0].Field != c.field || got.Errors[0].Expected == "") || got.Detail == "" {
				t.Errorf("says %q %+v, want it to name %q", got.Detail, got.Errors, c.field)
			}
			if list := h.must(h.staff, 200, "GET", "/v1/imports", "", ""); len(list.Imports) != 0 || len(h.ledger.Told(h.acme)) != 0 {
				t.Errorf("kept %+v", list.Imports)
			}
		})
	}
}

func TestAnotherCompanysImportDoesNotExist(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions?company=acme&upload=url", "", "")
	for _, c := range [][2]string{
		{"GET", made.URL},
		{"PUT", made.URL + "/file"},
		{"POST", made.StartURL},
		{"GET", made.ErrorsURL},
		{"POST", made.URL + "/rows/1"},
		{"GET", made.URL + "?company=acme"},
		{"POST", "/v1/imports/kintell-sessions?company=acme&upload=url"},
	} {
		h.must(h.another, 404, c[0], c[1], "", "")
	}
	if list := h.must(h.another, 200, "GET", "/v1/imports", "", ""); len(list.Imports) != 0 {
		t.Errorf("list %+v", list.Imports)
	}
	if list := h.must(h.staff, 200, "GET", "/v1/imports?company=other", "", ""); len(list.Imports) != 0 {
		t.Errorf("list of the other %+v", list.Imports)
	}
	h.must(h.staff, 404, "GET", made.URL+"?company=other", "", "")
	h.must(h.staff, 200, "GET", made.URL+"?company="+h.acme, "", "")
}

// TestACompanysPeopleSeeTheirOwnImportsAlone: a refused row holds its file's words unscreened, which who did not send the file must not read.
func TestACompanysPeopleSeeTheirOwnImportsAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	client := access.Caller{Subject: "c", Role: identity.APIClient, Company: h.acme}
	guard := access.Caller{Subject: "g", Role: identity.SystemAdmin}
	colleague := access.Caller{Subject: "b", Role: identity.CompanyAdmin, Company: h.acme}
	for _, owner := range []access.Caller{h.staff, h.admin, client} {
		made := h.must(owner, 202, "POST", "/v1/imports/kintell-sessions?company=acme", "text/csv", header+good+bad)
		waits := h.must(owner, 202, "POST", "/v1/imports/kintell-sessions?company=acme&upload=url", "", "")
		h.work()
		for _, caller := range []access.Caller{h.staff, guard, h.admin, client, colleague} {
			status := http.StatusNotFound
			if caller.Role.OfOperator() || caller.Subject == owner.Subject {
				status = http.StatusOK
			}
			for _, query := range []string{"", "?company=acme"} {
				h.must(caller, status, "GET", made.URL+query, "", "")
				h.must(caller, status, "GET", made.ErrorsURL+query, "", "")
			}
			if status == http.StatusOK {
				continue
			}
			refused := h.must(caller, status, "GET", made.ErrorsURL+"?format=csv", "", "")
			if refused.ID != "" || refused.Errors != nil {
				t.Errorf("%s is told %+v", caller.Subject, refused)
			}
			h.must(caller, status, "POST", made.URL+"/rows/2", "application/json", `{"rating":"ten"}`) // whose refusal would name what is in the row
			h.must(caller, status, "PUT", waits.URL+"/file", "text/csv", header+good)
			h.must(caller, status, "POST", waits.URL+"/start", "", "")
		}
	}
	for caller, want := range map[*access.Caller]int{&h.staff: 6, &guard: 6, &h.admin: 2, &client: 2, &colleague: 0, &h.another: 0} {
		if list := h.must(*caller, 200, "GET", "/v1/imports", "", ""); len(list.Imports) != want {
			t.Errorf("%s is shown %d imports, expected %d", caller.Subject, len(list.Imports), want)
		}
	}
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 5 {
		h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions?upload=url", "", "")
	}
	var ids []string
	next := ""
	for range 3 {
		page := h.must(h.admin, 200, "GET", "/v1/imports?limit=2"+next, "", "")
		for _, in := range page.Imports {
			ids = append(ids, in.ID)
		}
		next = "&after=" + page.Next
		if page.Next == "" {
			break
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	if len(ids) != 5 || len(seen) != 5 {
		t.Errorf("pages hold %v", ids)
	}
}

func TestRefusedRowsAreShownAndTheirFileComesBackFixed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions", "text/csv", header+good+bad+"KS-79,\"yoga,x\n"+strings.ReplaceAll(bad, "KS-78", "KS-80"))
	if got := h.must(h.admin, 200, "GET", made.ErrorsURL, "", ""); len(got.Errors) != 0 {
		t.Errorf("before it was read: %+v", got.Errors)
	}
	h.must(h.admin, 409, "GET", made.ErrorsURL+"?format=csv", "", "")
	h.work()
	page := h.must(h.admin, 200, "GET", made.ErrorsURL+"?limit=2", "", "")
	if len(page.Errors) != 2 || page.Next != "3" || page.Errors[0].Row != 2 || page.Errors[0].Record["rating"] != "9" || len(page.Errors[0].Problems) != 2 ||
		page.Errors[1].Values[0] != `KS-79,"yoga,x` || page.Errors[1].Problems[0].Code != "E009" {
		t.Errorf("first page %+v", page)
	}
	if page = h.must(h.admin, 200, "GET", made.ErrorsURL+"?limit=2&after=3", "", ""); len(page.Errors) != 1 || page.Next != "" {
		t.Errorf("second page %+v", page)
	}
	status, text := h.ask(h.admin, "GET", made.ErrorsURL+"?format=csv", "", "")
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if status != 200 || err != nil || len(lines) != 4 || lines[0][9] != "_error_row" || lines[1][7] != "'=Talked" || lines[1][9] != "2" {
		t.Fatalf("%d %v\n%s", status, err, text)
	}
	mended := strings.NewReplacer("mira.t,", "mira.t@sample.test,", ",9,", ",5,").Replace(text)
	again := h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions", "text/csv", mended)
	h.work()
	done := h.must(h.admin, 200, "GET", again.URL, "", "")
	if p := done.Progress; p.Row != 3 || p.Taken != 2 || p.Refused != 1 {
		t.Errorf("mended %+v", p)
	}
	for _, r := range h.ledger.Ratings(h.acme) {
		if strings.HasPrefix(r.Text, "'") {
			t.Errorf("text came back as %q", r.Text)
		}
	}
}

func TestALongErrorFileIsWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	text := header
	for i := range 1_234 {
		text += strings.ReplaceAll(bad, "KS-78", fmt.Sprintf("KS-%d", i))
	}
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions", "text/csv", text)
	h.work()
	for path, want := range map[string]int{"?format=csv": 1_234, "?format=csv&after=1000": 234, "?format=csv&limit=7": 7, "?format=csv&status=replayed": 0, "?format=csv&status=all": 1_234} {
		_, text := h.ask(h.admin, "GET", made.ErrorsURL+path, "", "")
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(lines)-1 != want {
			t.Errorf("%s: %d rows, %v; want %d", path, len(lines)-1, err, want)
		}
	}
}

func TestARefusedRowIsFixedOnItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-sessions", "text/csv", header+good+bad)
	row := made.URL + "/rows/2"
	h.must(h.admin, 409, "POST", row, "application/json", "")
	h.work()
	still := h.must(h.admin, 400, "POST", row, "application/json", `{"participant_email":"mira.t@sample.test"}`)
	if len(still.Errors) != 1 || still.Errors[0].Field != "rating" || !strings.Contains(still.Errors[0].Expected, "E006") {
		t.Errorf("still %+v", still.Errors)
	}
	h.must(h.admin, 400, "POST", row, "application/json", "")
	h.must(h.admin, 400, "POST", row, "application/json", `{"shoe":"42"}`)
	h.must(h.admin, 400, "POST", row, "application/json", `{"rating":{"value":4}}`)
	h.must(h.admin, 400, "POST", row, "application/json", `[1]`)
	h.must(h.admin, 400, "POST", row+"?scale=ten", "application/json", "")
	h.must(h.admin, 404, "POST", made.URL+"/rows/1", "application/json", "{}")
	h.must(h.admin, 404, "POST", made.URL+"/rows/0", "application/json", "{}")
	h.must(h.admin, 404, "POST", made.URL+"/rows/x", "application/json", "{}")

	fixed := h.must(h.admin, 200, "POST", row, "application/json", `{"Participant_Email":"mira.t@sample.test","rating":2,"feedback_text":"Fine"}`)
	if fixed.Status != "replayed" || !fixed.Taken {
		t.Errorf("fixed %+v", fixed)
	}
	h.must(h.admin, 409, "POST", row, "application/json", `{"rating":2}`)
	done := h.must(h.admin, 200, "GET", made.URL, "", "")
	if p := done.Progress; p.Taken != 2 || p.Refused != 0 {
		t.Errorf("progress %+v", p)
	}
	if got := h.must(h.admin, 200, "GET", made.ErrorsURL, "", ""); len(got.Errors) != 0 {
		t.Errorf("still refused: %+v", got.Errors)
	}
	if got := h.must(h.admin, 200, "GET", made.ErrorsURL+"?status=replayed", "", ""); len(got.Errors) != 1 || got.Errors[0].Status != "replayed" {
		t.Errorf("replayed: %+v", got.Errors)
	}
	told := map[string]int{}
	for _, e := range h.ledger.Told(h.acme) {
		told[e.Type]++
	}
	if diff := cmp.Diff(map[string]int{"import.received": 1, "kintell.session.completed": 2, "kintell.rating.created": 2}, told); diff != "" {
		t.Error(diff)
	}
}

func TestARowOfAMixedFileIsTakenOnTheScaleNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const language = "session_id,participant_email,volunteer_email,scheduled_at,completed_at,rating\n"
	row := func(id, rating string) string {
		return id + ",a@sample.test,b@sample.test,2025-06-02T10:00:00Z,2025-06-02T11:00:00Z," + rating + "\n"
	}
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-language", "text/csv", language+row("1", "0.5")+row("2", "1")+row("3", "5"))
	h.work()
	h.must(h.admin, 400, "POST", made.URL+"/rows/2", "", "")
	h.must(h.admin, 200, "POST", made.URL+"/rows/2?scale=unit", "", "")
	sum := 0.0
	for _, r := range h.ledger.Ratings(h.acme) {
		sum += *r.Score
	}
	if sum != 2.5 {
		t.Errorf("sum %v, want 0.5 + 1 + 1", sum)
	}
}

// aside is a store to which strangers upload.
type aside struct{ port.Files }

func (aside) UploadURL(_ context.Context, key string, _ time.Duration) (string, error) {
	return "https://files.example.org/" + key, nil
}

func TestWhereTheStoreTakesFilesItselfItsAddressIsGiven(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mux := http.NewServeMux()
	mux.Handle("POST /v1/imports/{kind}", web.Handle(imports.New(h.ledger, aside{h.files}).Serve))
	h.mux = mux
	made := h.must(h.admin, 202, "POST", "/v1/imports/kintell-users", "application/json", "{}")
	if want := "https://files.example.org/" + h.acme + "/imports/" + made.ID; made.UploadURL != want {
		t.Errorf("upload to %s, want %s", made.UploadURL, want)
	}
}
