package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/standalone/devissuer"
)

// refusal is something that must not be taken: what it is, the answer, the fields that answer names, and the tables in which it may
// leave a row all the same.
type refusal struct {
	what   string
	ask    request
	status int
	fields []string
	leaves []string
}

const unknownID = "0190b0a0-0000-7000-8000-000000000000"

// within is the same house as a part of the test sees it.
func (h *house) within(t *testing.T) *house {
	part := *h
	part.t = t
	return &part
}

// refuse asks for each in turn and sees that nothing was written.
func (h *house) refuse(list []refusal) {
	t := h.t
	t.Helper()
	before := h.rows()
	for _, c := range list {
		got := h.ask(c.ask)
		var problem struct {
			Title, Detail, Instance string
			Status                  int
			Errors                  []struct{ Field, Expected string }
		}
		if got.status != c.status {
			t.Errorf("%s: %d %.300s, expected %d", c.what, got.status, got.raw, c.status)
		}
		if c.status != http.StatusRequestHeaderFieldsTooLarge && c.ask.method != http.MethodHead { // the one net/http answers, the other has no body
			err := json.Unmarshal(got.raw, &problem)
			if err != nil || got.header.Get("Content-Type") != "application/problem+json" || problem.Title == "" || problem.Detail == "" || problem.Status != got.status {
				t.Errorf("%s: %s %.300s (%v) is no problem of status %d with title and detail", c.what, got.header.Get("Content-Type"), got.raw, err, got.status)
			}
			if got.status != http.StatusNotFound && problem.Instance != got.header.Get("X-Request-Id") {
				t.Errorf("%s: instance %q, request id %q", c.what, problem.Instance, got.header.Get("X-Request-Id"))
			}
		}
		var fields []string
		for _, wrong := range problem.Errors {
			fields = append(fields, wrong.Field)
			if wrong.Expected == "" {
				t.Errorf("%s: %s without what was expected", c.what, wrong.Field)
			}
		}
		if d := diff.Diff(c.fields, fields); d != "" {
			t.Errorf("%s: fields: %s in %.300s", c.what, d, got.raw)
		}
		for _, private := range []string{"@sample.test", "SQLSTATE", "goroutine", "/work/", "csr_"} {
			if bytes.Contains(got.raw, []byte(private)) {
				t.Errorf("%s: the answer shows %q: %.300s", c.what, private, got.raw)
			}
		}
		after := h.rows()
		seen := maps.Clone(after)
		for _, table := range c.leaves {
			if after[table] > before[table]+1 {
				t.Errorf("%s: %d rows more in %s, expected at most one", c.what, after[table]-before[table], table)
			}
			seen[table] = before[table]
		}
		if d := diff.Diff(before, seen); d != "" {
			t.Errorf("%s: left: %s", c.what, d)
		}
		before = after
	}
}

// The platform is one for all that is refused: after every single case it must still stand.
func TestBadInputIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.secrets["acme"] = h.rotated(h.found("acme", "UTC"))
	h.found("other", "UTC")
	for name, list := range map[string]func(*testing.T) []refusal{
		"webhooks": h.badDeliveries, "wire": h.badWire, "reports": h.badReports, "companies": h.badCompanies, "files": h.badFiles,
		"imports": h.badImports, "tokens": h.badTokens, "deliveries": h.badLists, "evidence": h.badEvidence, "moderation": h.badModeration,
		"classify": h.badClassify, "audits": h.badAudits,
	} {
		t.Run(name, func(t *testing.T) { h.within(t).refuse(list(t)) })
	}
	t.Run("rows", h.badRows)
	t.Run("uploads", h.badUploads)
	t.Run("still standing", func(t *testing.T) {
		h := h.within(t)
		day := time.Now().UTC().AddDate(0, 0, -3)
		h.deliver("acme", "session-completed", "kd-last", map[string]any{
			"session_id": "KS-LAST", "session_type": "language", "participant_email": "p0@sample.test", "volunteer_email": "v0@sample.test",
			"scheduled_at": stamp(day), "completed_at": stamp(day), "duration_minutes": 45,
		})
		h.must(200, request{method: "GET", path: "/v1/health/ready"}, nil)
		text := h.log.String()
		for _, bad := range []string{"panic", `"status":500`, `"level":"ERROR"`} {
			if at := strings.Index(text, bad); at >= 0 {
				t.Errorf("in the log: %s", text[max(0, at-300):min(len(text), at+600)])
			}
		}
		h.silent("the log", text)
	})
}

// hook is a signed delivery to acme.
func (h *house) hook(kind, id, body string) request {
	return h.delivery("acme", kind, id, h.secrets["acme"], []byte(body))
}

func (h *house) badDeliveries(*testing.T) []refusal {
	day := stamp(time.Now().UTC().AddDate(0, 0, -3))
	whole := `{"session_id":"KS-1","session_type":"language","participant_email":"p0@sample.test","volunteer_email":"v0@sample.test","scheduled_at":"` +
		day + `","completed_at":"` + day + `","duration_minutes":45}`
	score := `{"rating_id":"KR-1","session_id":"KS-1","from_role":"participant","rating":0.8,"created_at":"` + day + `"}`
	var list []refusal
	bad := func(what, kind, body, from, to string, fields ...string) {
		changed := body
		if from != "" {
			changed = strings.Replace(body, from, to, 1)
			if changed == body {
				h.t.Fatalf("%s changes nothing", what)
			}
		}
		list = append(list, refusal{what, h.hook(kind, fmt.Sprint("kd-bad-", len(list)), changed), 400, fields, []string{"parked_events"}})
	}
	const sessions, ratings = "session-completed", "rating-created"
	bad("no body", sessions, "", "", "")
	bad("no JSON", sessions, "session_id=KS-1", "", "")
	bad("JSON cut short", sessions, whole[:len(whole)-1], "", "")
	bad("JSON twice", sessions, whole+whole, "", "")
	bad("a byte order mark", sessions, "\xef\xbb\xbf"+whole, "", "")
	bad("not UTF-8", sessions, whole, "KS-1", "KS-\xff")
	bad("UTF-16", sessions, "\xff\xfe{\x00}\x00", "", "")
	bad("an array", sessions, "[]", "", "", "body")
	bad("null", sessions, "null", "", "", "session_id", "session_type", "participant_email", "volunteer_email", "scheduled_at", "completed_at", "duration_minutes")
	bad("a key twice", sessions, whole, "}", `,"session_id":"KS-2"}`, "session_id")
	bad("an unknown key", sessions, whole, "}", `,"company_id":"x"}`, "company_id")
	bad("a key of a prototype", sessions, whole, "}", `,"__proto__":{"admin":true}}`, "__proto__")
	bad("a number for a text", sessions, whole, `"KS-1"`, "1", "session_id")
	bad("an object for a text", sessions, whole, `"KS-1"`, `{"$ne":""}`, "session_id")
	bad("nested 5,000 deep", sessions, whole, `"KS-1"`, strings.Repeat("[", 5000)+strings.Repeat("]", 5000), "body")
	bad("nested 20,000 deep", sessions, whole, `"KS-1"`, strings.Repeat("[", 20000)+strings.Repeat("]", 20000))
	bad("a zero character", sessions, whole, "KS-1", `KS-1\u0000`, "session_id")
	bad("a raw zero", sessions, whole, "KS-1", "KS-1\x00")
	bad("a line break in an address", sessions, whole, "p0@sample.test", `p0@sample.test\r\nBcc: all@sample.test`, "participant_email")
	bad("two addresses", sessions, whole, "p0@sample.test", `p0@sample.test,p1@sample.test`, "participant_email")
	bad("an address with a comment", sessions, whole, "p0@sample.test", `p0(x)@sample.test`, "participant_email")
	bad("an address in brackets", sessions, whole, "p0@sample.test", `<p0@sample.test>`, "participant_email")
	bad("an address of 300 characters", sessions, whole, "p0@", strings.Repeat("p", 300)+"@", "participant_email")
	bad("one person twice", sessions, whole, "p0@sample.test", "V0@Sample.Test", "volunteer_email")
	bad("a date of the year 1", sessions, whole, day, "0001-01-01T00:00:00Z", "scheduled_at")
	bad("a date of the year 9999", sessions, whole, day, "9999-12-31T23:59:59Z", "scheduled_at", "completed_at")
	bad("no day of the calendar", sessions, whole, day, "2026-02-30T00:00:00Z", "scheduled_at")
	bad("a second that is none", sessions, whole, day, "2026-02-03T00:00:61Z", "scheduled_at")
	bad("seconds since 1970", sessions, whole, `"`+day+`"`, "1770000000", "scheduled_at")
	bad("a negative duration", sessions, whole, `minutes":45`, `minutes":-45`, "duration_minutes")
	bad("a duration of 1e3", sessions, whole, `minutes":45`, `minutes":1e3`, "duration_minutes")
	bad("a duration beyond an integer", sessions, whole, `minutes":45`, `minutes":99999999999999999999`, "duration_minutes")
	bad("NaN", ratings, score, "0.8", "NaN")
	bad("Infinity", ratings, score, "0.8", "1e999", "rating")
	bad("a rating of 5", ratings, score, "0.8", "5", "rating")
	bad("a rating of -0.01", ratings, score, "0.8", "-0.01", "rating")
	bad("a rating in words", ratings, score, "0.8", `"0.8"`, "rating")
	bad("a text of 5,001 characters", ratings, score, "}", `,"feedback_text":"`+strings.Repeat("x", 5001)+`"}`, "feedback_text")
	ask := func(what string, status int, change func(*request), fields ...string) {
		r := h.hook(sessions, "kd-whole", whole)
		change(&r)
		list = append(list, refusal{what: what, ask: r, status: status, fields: fields})
	}
	ask("a body of 300 KB", 413, func(r *request) { *r = h.hook(sessions, "kd-whole", whole+strings.Repeat(" ", 300<<10)) })
	ask("no delivery id", 400, func(r *request) { r.header.Del("X-Delivery-Id") }, "X-Delivery-Id")
	ask("a delivery id of 256 characters", 400, func(r *request) { r.header.Set("X-Delivery-Id", strings.Repeat("x", 256)) }, "X-Delivery-Id")
	ask("a delivery id that is no text", 400, func(r *request) { r.header.Set("X-Delivery-Id", "\xff") }, "X-Delivery-Id")
	ask("no signature", 401, func(r *request) { r.header.Del("X-Kintell-Signature") })
	ask("the signature of another body", 401, func(r *request) { r.body = append(r.body, ' ') })
	for _, slug := range []string{"", "other", "nobody", "ACME", "acme ", "' OR '1'='1", "../acme", "%", "acme\n", strings.Repeat("a", 3000), "аcme", "operator"} {
		ask(fmt.Sprintf("the company %.20q", slug), 401, func(r *request) { r.path = r.path[:strings.Index(r.path, "=")+1] + url.QueryEscape(slug) })
	}
	ask("a company with a zero", 400, func(r *request) { r.path += "%00" }, "company")
	ask("two companies", 400, func(r *request) { r.path += "&company=other" }, "company")
	ask("another parameter", 400, func(r *request) { r.path += "&debug=true" }, "debug")
	ask("a query that cannot be read", 400, func(r *request) { r.path += "&x=%zz" })
	ask("an unknown kind of delivery", 404, func(r *request) { r.path = strings.Replace(r.path, sessions, "session-cancelled", 1) })
	return list
}

func (h *house) badWire(*testing.T) []refusal {
	var list []refusal
	bad := func(status int, method, path string, header http.Header) {
		list = append(list, refusal{what: method + " " + path, ask: request{method: method, path: path, token: h.staff, header: header}, status: status})
	}
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND"} {
		bad(404, method, "/v1/kintell/webhooks/session-completed?company=acme", nil)
	}
	bad(404, "HEAD", "/v1/companies", nil)
	bad(404, "DELETE", "/v1/companies", nil)
	for _, path := range []string{
		"/", "//", "/v1", "/v1/companies/", "//v1/companies", "/v1//companies", "/v1/./companies", "/v1/../v1/companies", "/v1%2fcompanies", "/V1/companies",
		"/v1/companies%00", "/v1/companies/;", "/.env", "/dev/token", "/v1/health", "/v1/kintell/webhooks/", "/%2e%2e/etc/passwd",
	} {
		bad(404, "GET", path, nil)
	}
	large := http.Header{"X-Large": {strings.Repeat("x", 11<<10)}}
	list = append(list, refusal{what: "headers of 11 KB", ask: request{method: "GET", path: "/v1/companies", token: h.staff, header: large}, status: 413})
	large = http.Header{"X-Large": {strings.Repeat("x", 64<<10)}}
	return append(list,
		refusal{what: "headers of 64 KB", ask: request{method: "GET", path: "/v1/companies", token: h.staff, header: large}, status: 431},
		refusal{what: "a query of 11 KB", ask: request{method: "GET", path: "/v1/companies?after=" + strings.Repeat("x", 11<<10), token: h.staff}, status: 413})
}

func (h *house) badReports(t *testing.T) []refusal {
	acme := figure[string](h, "SELECT id::text FROM companies WHERE slug = 'acme'")
	var list []refusal
	for _, report := range []string{"at-a-glance", "outcomes", "evidence"} {
		bad := func(status int, company, query string, fields ...string) {
			path := "/v1/companies/" + company + "/" + report + query
			list = append(list, refusal{what: path, ask: request{method: "GET", path: path, token: h.staff}, status: status, fields: fields})
		}
		for _, month := range []string{"2026-13", "2026-00", "2026-1", "26-01", "2026", "2026-01-01", "0000-01", "9999-12", "-2026-01", "", "now", "2026-01%00", "%D9%A2%D9%A0%D9%A2%D9%A6-01"} {
			bad(400, acme, "?from="+month, "from")
		}
		bad(400, acme, "?from=2026-02&to=2026-01", "to")
		bad(400, acme, "?from=2010-01&to=2026-01", "from")
		bad(400, acme, "?from=x&to=y", "from", "to")
		bad(400, acme, "?from=2026-01&from=2026-02", "from")
		bad(400, acme, "?month=2026-01", "month")
		bad(400, acme, "?From=2026-01", "From")
		bad(400, acme, "?from=2026-01;to=2026-02")
		bad(404, unknownID, "")
		bad(404, "acme", "")
		bad(404, "'%20OR%201=1", "")
		bad(404, "..%2f"+acme, "")
		bad(404, strings.ReplaceAll(acme, "-", ""), "")
		bad(404, "%7B"+acme+"%7D", "")
		bad(404, "urn:uuid:"+acme, "")
	}
	return list
}

func (h *house) badCompanies(*testing.T) []refusal {
	var list []refusal
	bad := func(what string, status int, body string, fields ...string) {
		list = append(list, refusal{what: what, ask: request{method: "POST", path: "/v1/companies", token: h.staff, kind: "application/json", body: []byte(body)}, status: status, fields: fields})
	}
	for _, slug := range []string{"", "a", "A-Corp", "a_b", "-a", "a-", "a.b", "../etc", "a b", "' OR '1'='1", "слово", strings.Repeat("a", 41), "acme\\n"} {
		bad("the slug "+slug, 400, `{"slug":"`+slug+`","name":"Someone"}`, "slug")
	}
	bad("a slug that is taken", 409, `{"slug":"acme","name":"Someone"}`, "slug")
	bad("the operator's slug", 409, `{"slug":"operator","name":"Someone"}`, "slug")
	bad("a slug with a zero", 400, `{"slug":"ac\u0000me","name":"Someone"}`, "slug")
	bad("no name", 400, `{"slug":"fine","name":"  "}`, "name")
	bad("a name of 300 characters", 400, `{"slug":"fine","name":"`+strings.Repeat("x", 300)+`"}`, "name")
	for _, zone := range []string{"Local", "Mars/Base", "../../etc/passwd", "/etc/localtime", "UTC\\n", "+02:00"} {
		bad("the zone "+zone, 400, `{"slug":"fine","name":"Someone","timeZone":"`+zone+`"}`, "timeZone")
	}
	bad("a kind of one's own", 400, `{"slug":"fine","name":"Someone","kind":"operator"}`, "kind")
	bad("an id of one's own", 400, `{"slug":"fine","name":"Someone","id":"`+unknownID+`"}`, "id")
	bad("all of it wrong", 400, `{}`, "slug", "name")
	bad("17 KB", 413, `{"slug":"fine","name":"Someone"}`+strings.Repeat(" ", 17<<10))
	ask := func(status int, method, path string, fields ...string) {
		list = append(list, refusal{what: method + " " + path, ask: request{method: method, path: path, token: h.staff}, status: status, fields: fields})
	}
	ask(400, "GET", "/v1/companies?limit=0", "limit")
	ask(400, "GET", "/v1/companies?limit=-1", "limit")
	ask(400, "GET", "/v1/companies?limit=1e2", "limit")
	ask(400, "GET", "/v1/companies?limit=99999999999999999999", "limit")
	ask(400, "GET", "/v1/companies?page=2", "page")
	ask(400, "PUT", "/v1/companies/"+unknownID+"/senders/slack", "sender")
	ask(404, "PUT", "/v1/companies/"+unknownID+"/senders/..%2f..%2fx")
	ask(404, "PUT", "/v1/companies/"+unknownID+"/senders/kintell")
	ask(404, "PUT", "/v1/companies/acme/senders/kintell")
	return list
}

const legacyHeader = "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating,feedback_text,language_level\n"

func (h *house) badFiles(*testing.T) []refusal {
	fine := legacyHeader + "KS-1,Language Connect,p0@sample.test,v0@sample.test,2026-01-02,45,4,,A2\n"
	required := []string{"session_id", "session_type", "participant_email", "volunteer_email", "date"}
	utf16 := func(text string, big bool) string {
		var b strings.Builder
		for _, c := range "\ufeff" + text {
			if big {
				b.WriteByte(byte(c >> 8))
			}
			b.WriteByte(byte(c))
			if !big {
				b.WriteByte(byte(c >> 8))
			}
		}
		return b.String()
	}
	var list []refusal
	bad := func(what string, status int, kind, body string, fields ...string) {
		list = append(list, refusal{what: what, status: status, fields: fields, ask: request{
			method: "POST", path: "/v1/imports/kintell-sessions?company=acme", token: h.staff, kind: kind, body: []byte(body),
		}})
	}
	const plain = "text/csv"
	bad("an empty file", 400, plain, "", "body")
	bad("blanks", 400, plain, " \n\t\n ")
	bad("a byte order mark alone", 400, plain, "\ufeff")
	bad("a delimiter that is none", 400, plain, strings.ReplaceAll(fine, ",", "|"), required...)
	bad("one column", 400, plain, "session_id\nKS-1\n", required[1:]...)
	bad("no header", 400, plain, strings.TrimPrefix(fine, legacyHeader), required...)
	bad("another kind's header", 400, plain, "Email,Name\np0@sample.test,x\n", required...)
	bad("a column twice", 400, plain, strings.Replace(fine, "session_id", "session_id,Session ID", 1), "session_id")
	bad("a column under two names", 400, plain, strings.Replace(fine, "participant_email", "participant_email,learner_email", 1), "participant_email")
	bad("101 columns", 400, plain, strings.Repeat("x,", 100)+"x\n", "header")
	bad("a quote that never closes", 400, plain, `"`+fine, "header")
	bad("UTF-16, little end first", 400, plain, utf16(fine, false))
	bad("UTF-16, big end first", 400, plain, utf16(fine, true))
	bad("UTF-16 without its mark", 400, plain, utf16(fine, false)[2:])
	bad("Latin-1", 400, plain, strings.Replace(fine, "session_id", "session_id,\xf8konomi", 1))
	bad("CR alone", 400, plain, strings.ReplaceAll(fine, "\n", "\r"))
	bad("a zero in the header", 400, plain, "\x00"+fine)
	bad("a workbook", 400, plain, "PK\x03\x04"+strings.Repeat("x", 100))
	bad("an old workbook", 400, plain, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	bad("gzip", 400, plain, "\x1f\x8b\x08\x00")
	bad("a PDF", 400, plain, "%PDF-1.7\n")
	bad("a program", 400, plain, "\x7fELF\x02\x01\x01\x00\x00")
	bad("a picture", 400, plain, "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	bad("a web page", 400, plain, "<!doctype html>\n<title>Sign in</title>\n", required...)
	bad("JSON", 400, plain, `[{"session_id":"KS-1"}]`+"\n", "header")
	bad("a header of 100 KB", 400, plain, strings.Repeat("x", 100<<10)+"\n"+fine, "header")
	bad("a line of 10 MB", 413, plain, strings.Repeat("x", 10<<20))
	bad("4 MB and a byte", 413, plain, fine+strings.Repeat("\n", 4<<20+1-len(fine)))
	bad("a kind of body that cannot be read", 400, "text/csv; charset", fine, "Content-Type")
	bad("a form without a boundary", 400, "multipart/form-data", fine)
	bad("a form that is none", 400, "multipart/form-data; boundary=x", fine, "file")
	bad("a form without a file", 400, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n", "file")
	bad("a form cut short", 400, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n"+fine)
	bad("JSON that is none", 400, "application/json", fine)
	bad("JSON with an unknown field", 400, "application/json", `{"fileName":"a.csv","path":"/etc/passwd"}`, "path")
	bad("a size below nothing", 400, "application/json", `{"fileName":"a.csv","size":-1}`, "size")
	bad("a size of 3 GB", 413, "application/json", `{"fileName":"a.csv","size":3221225472}`)
	bad("a name that is a number", 400, "application/json", `{"fileName":1}`, "fileName")
	return list
}

func (h *house) badImports(*testing.T) []refusal {
	theirs := h.token(identity.CompanyAdmin, "other")
	var list []refusal
	bad := func(status int, method, path, token string, fields ...string) {
		list = append(list, refusal{what: method + " " + path, ask: request{method: method, path: path, token: token, kind: "text/csv", body: []byte("Email\np0@sample.test\n")}, status: status, fields: fields})
	}
	for _, kind := range []string{"kintell", "Kintell-Users", "kintell-users\x00", "' OR 1=1"} {
		bad(400, "POST", "/v1/imports/"+url.PathEscape(kind)+"?company=acme", h.staff, "kind")
	}
	bad(404, "POST", "/v1/imports/..%2fusers?company=acme", h.staff)
	bad(400, "POST", "/v1/imports/kintell-users", h.staff, "company")
	bad(404, "POST", "/v1/imports/kintell-users?company=nobody", h.staff, "company")
	bad(404, "POST", "/v1/imports/kintell-users?company=%27%20OR%201=1", h.staff, "company")
	bad(403, "POST", "/v1/imports/kintell-users", theirs)
	bad(400, "POST", "/v1/imports/kintell-users?company=acme&scale=ten", h.staff, "scale")
	bad(400, "POST", "/v1/imports/kintell-users?company=acme&upload=yes", h.staff, "upload")
	bad(400, "POST", "/v1/imports/kintell-users?company=acme&dryRun=true", h.staff, "dryRun")
	for _, id := range []string{
		unknownID, "x", "..%2f..%2fetc%2fpasswd", "%2e%2e", "0", "%00", "urn:uuid:" + unknownID, "%7B" + unknownID + "%7D", strings.ReplaceAll(unknownID, "-", ""), strings.Repeat("a", 3000),
	} {
		bad(404, "GET", "/v1/imports/"+id, h.staff)
		bad(404, "GET", "/v1/imports/"+id+"/errors?format=csv", h.staff)
		bad(404, "PUT", "/v1/imports/"+id+"/file", h.staff)
		bad(404, "POST", "/v1/imports/"+id+"/start", h.staff)
	}
	for _, row := range []string{"0", "-1", "1.5", "one", "99999999999999999999", "%00"} {
		list = append(list, refusal{what: "the row " + row, ask: request{method: "POST", path: "/v1/imports/" + unknownID + "/rows/" + row, token: h.staff}, status: 404})
	}
	bad(400, "GET", "/v1/imports?after=x", h.staff, "after")
	bad(400, "GET", "/v1/imports?limit=501", h.staff, "limit")
	bad(404, "GET", "/v1/imports?company=nobody", h.staff, "company")
	bad(400, "GET", "/v1/imports/"+unknownID+"/errors?format=xml&status=lost&after=-1&limit=0", h.staff, "format", "status", "after", "limit")
	return list
}

func (h *house) badTokens(t *testing.T) []refusal {
	t.Helper()
	name := h.base + "/dev/issuer"
	mint := func(dir, issuer string, role identity.Role, company string, life time.Duration) string {
		made, err := devissuer.Open(dir, issuer)
		if err != nil {
			t.Fatal(err)
		}
		token, err := made.Mint("somebody", role, company, nil, life)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	claims := fmt.Sprintf(`{"iss":%q,"aud":"csr-platform","sub":"x","role":"system_admin","exp":%d}`, name, time.Now().Add(time.Hour).Unix())
	signature := h.staff[strings.LastIndex(h.staff, ".")+1:]
	header := h.staff[:strings.Index(h.staff, ".")]
	var list []refusal
	bad := func(what string, status int, authorization ...string) {
		list = append(list, refusal{what: what, ask: request{method: "GET", path: "/v1/companies", header: http.Header{"Authorization": authorization}}, status: status})
	}
	bad("no token", 401)
	bad("an empty header", 401, "")
	bad("Bearer alone", 401, "Bearer")
	bad("Basic", 401, "Basic "+base64.StdEncoding.EncodeToString([]byte("admin:admin")))
	bad("a word", 401, "Bearer token")
	bad("alg none", 401, "Bearer "+part(`{"alg":"none","typ":"JWT"}`)+"."+part(claims)+".")
	bad("alg none with a signature", 401, "Bearer "+part(`{"alg":"none"}`)+"."+part(claims)+"."+signature)
	bad("alg HS256", 401, "Bearer "+part(`{"alg":"HS256"}`)+"."+part(claims)+"."+signature)
	bad("other claims under the signature", 401, "Bearer "+header+"."+part(claims)+"."+signature)
	bad("a key from the header's own address", 401, "Bearer "+part(`{"alg":"EdDSA","jku":"http://127.0.0.1:1/keys","kid":"x"}`)+"."+part(claims)+"."+signature)
	bad("no signature", 401, "Bearer "+h.staff[:strings.LastIndex(h.staff, ".")+1])
	bad("expired", 401, "Bearer "+mint(h.dir, name, identity.SystemAdmin, "", -time.Hour))
	bad("of another issuer with our key", 401, "Bearer "+mint(h.dir, "http://127.0.0.1:1/dev/issuer", identity.SystemAdmin, "", time.Hour))
	bad("of our issuer with another key", 401, "Bearer "+mint(t.TempDir(), name, identity.SystemAdmin, "", time.Hour))
	bad("a role nobody has", 401, "Bearer "+mint(h.dir, name, "root", "", time.Hour))
	bad("no role", 401, "Bearer "+mint(h.dir, name, "", "", time.Hour))
	bad("a company's role without a company", 401, "Bearer "+mint(h.dir, name, identity.CompanyAdmin, "", time.Hour))
	bad("a company that is none", 401, "Bearer "+mint(h.dir, name, identity.CompanyAdmin, "' OR '1'='1", time.Hour))
	bad("a token of 9 KB", 401, "Bearer "+strings.Repeat("x", 9<<10))
	for _, c := range []struct {
		status int
		what   string
		body   string
		fields []string
	}{
		{400, "a token for a role nobody has", `{"role":"root","company":""}`, []string{"role"}},
		{400, "an operator's token for a company", `{"role":"system_admin","company":"acme"}`, []string{"company"}},
		{400, "a company's token for none", `{"role":"company_admin","company":""}`, []string{"company"}},
		{404, "a token of an unknown company", `{"role":"company_admin","company":"nobody"}`, nil},
	} {
		list = append(list, refusal{what: c.what, ask: request{method: "POST", path: "/dev/token", body: []byte(c.body)}, status: c.status, fields: c.fields})
	}
	return list
}

func (h *house) badLists(*testing.T) []refusal {
	var list []refusal
	bad := func(status int, method, path string, fields ...string) {
		list = append(list, refusal{what: method + " " + path, ask: request{method: method, path: path, token: h.staff}, status: status, fields: fields})
	}
	bad(400, "GET", "/v1/deliveries?status=lost&after=x&limit=201", "status", "after", "limit")
	bad(400, "GET", "/v1/deliveries?company=nobody", "company")
	bad(400, "GET", "/v1/deliveries?state=parked", "state")
	for _, id := range []string{unknownID, "x", "..%2fx", "'%20OR%201=1", "%7B" + unknownID + "%7D", "urn:uuid:" + unknownID} {
		bad(404, "GET", "/v1/deliveries/"+id)
		bad(404, "POST", "/v1/deliveries/"+id+"/replay")
	}
	bad(400, "GET", "/v1/deliveries/"+unknownID+"?verbose=1", "verbose")
	bad(400, "POST", "/v1/deliveries/"+unknownID+"/replay?force=true", "force")
	return list
}

func (h *house) badEvidence(t *testing.T) []refusal {
	acme := figure[string](h, "SELECT id::text FROM companies WHERE slug = 'acme'")
	var list []refusal
	bad := func(query string, fields ...string) {
		path := "/v1/companies/" + acme + "/evidence?" + query
		list = append(list, refusal{what: path, ask: request{method: "GET", path: path, token: h.staff}, status: 400, fields: fields})
	}
	for _, dimension := range []string{"", "courage", "Confidence", "lang_level_proxy", "confidence%00", "confidence,belonging", "%27%20OR%201=1"} {
		bad("dimension="+dimension, "dimension")
	}
	for _, limit := range []string{"", "0", "-1", "201", "1e2", "ten", "99999999999999999999"} {
		bad("limit="+limit, "limit")
	}
	for _, after := range []string{"", "x", unknownID, strings.Repeat("f", 31), strings.Repeat("F", 32), strings.Repeat("g", 32), strings.Repeat("f", 4000)} {
		bad("after="+after, "after")
	}
	bad("dimension=courage&limit=0&after=x", "dimension", "after", "limit")
	bad("dimension=confidence&dimension=belonging", "dimension")
	bad("person=p0", "person")
	return list
}

func (h *house) badModeration(*testing.T) []refusal {
	var list []refusal
	bad := func(status int, method, path, body string, fields ...string) {
		list = append(list, refusal{
			what: method + " " + path + " " + body[:min(len(body), 60)], ask: request{method: method, path: "/v1/moderation/" + path, token: h.staff, body: []byte(body)},
			status: status, fields: fields,
		})
	}
	bad(400, "GET", "queue?route=clear&status=lost&category=rude&after=x&limit=201", "", "route", "status", "category", "after", "limit")
	for _, limit := range []string{"", "0", "-1", "1.5", "99999999999999999999"} {
		bad(400, "GET", "queue?limit="+limit, "", "limit")
	}
	bad(400, "GET", "queue?after=%7B"+unknownID+"%7D", "", "after")
	bad(400, "GET", "queue?company=acme", "", "company")
	bad(400, "GET", "queue?route=moderation&route=safeguarding", "", "route")
	bad(400, "GET", "stats?days=0", "", "days")
	bad(400, "GET", "stats?days=all", "", "days")
	bad(400, "GET", "stats?months=3", "", "months")
	for _, id := range []string{unknownID, "x", "..%2fx", "%00", "'%20OR%201=1", "%7B" + unknownID + "%7D", "urn:uuid:" + unknownID, strings.ReplaceAll(unknownID, "-", "")} {
		bad(404, "GET", "flags/"+id+"?reveal=true", "")
		for _, act := range []string{"claim", "release"} {
			bad(404, "POST", "flags/"+id+"/"+act, "")
		}
		bad(404, "POST", "flags/"+id+"/decision", `{"decision":"approved","reason":"because"}`)
		bad(404, "POST", "flags/"+id+"/appeal", `{"reason":"because"}`)
	}
	bad(400, "GET", "flags/"+unknownID+"?reveal=yes", "", "reveal")
	bad(400, "GET", "flags/"+unknownID+"?show=true", "", "show")
	bad(404, "DELETE", "flags/"+unknownID, "")
	decide := "flags/" + unknownID + "/decision"
	bad(400, "POST", "flags/"+unknownID+"/claim", `{"for":"somebody else"}`, "body")
	bad(400, "POST", decide, "")
	bad(400, "POST", decide, "decision=approved")
	bad(400, "POST", decide, "[]", "body")
	bad(400, "POST", decide, "{}", "reason")
	bad(400, "POST", decide, `{"decision":"approved","reason":" \t\n"}`, "reason")
	bad(400, "POST", decide, `{"decision":"approved","reason":"`+strings.Repeat("ø", 1001)+`"}`, "reason")
	bad(400, "POST", decide, `{"decision":1,"reason":"because"}`, "decision")
	bad(400, "POST", decide, `{"decision":"approved","reason":"because","reviewer":"somebody else"}`, "reviewer")
	bad(400, "POST", decide, `{"decision":"approved","decision":"rejected","reason":"because"}`, "decision")
	bad(400, "POST", decide, "{\"decision\":\"approved\",\"reason\":\"\xff\"}")
	bad(413, "POST", decide, `{"decision":"approved","reason":"because"}`+strings.Repeat(" ", 17<<10))
	bad(400, "POST", "flags/"+unknownID+"/appeal", `{"decision":"approved","reason":"because"}`, "decision")
	return list
}

func (h *house) badClassify(*testing.T) []refusal {
	var list []refusal
	bad := func(what string, status int, body string, fields ...string) {
		list = append(list, refusal{what: what, ask: request{method: "POST", path: "/v1/classify", token: h.staff, body: []byte(body)}, status: status, fields: fields})
	}
	bad("no body", 400, "")
	bad("no JSON", 400, "text=hei")
	bad("JSON cut short", 400, `{"text":"hei"`)
	bad("an array", 400, `["hei"]`, "body")
	bad("neither", 400, "{}", "text")
	bad("both", 400, `{"text":"hei","texts":["hei"]}`, "texts")
	bad("null", 400, `{"text":null}`, "text")
	bad("a number", 400, `{"text":7}`, "text")
	bad("an empty text", 400, `{"text":""}`, "text")
	bad("a text of 5,001 characters", 400, `{"text":"`+strings.Repeat("ї", 5001)+`"}`, "text")
	bad("no texts", 400, `{"texts":[]}`, "texts")
	bad("101 texts", 400, `{"texts":["hei"`+strings.Repeat(`,"hei"`, 100)+`]}`, "texts")
	bad("two texts of three", 400, `{"texts":["","hei","`+strings.Repeat("x", 5001)+`"]}`, "texts[0]", "texts[2]")
	bad("a text among texts that is none", 400, `{"texts":["hei",{}]}`, "texts[1]")
	bad("to be stored", 400, `{"text":"hei","store":true}`, "store")
	bad("a model of one's own", 400, `{"text":"hei","model":"gpt"}`, "model")
	bad("not UTF-8", 400, "{\"text\":\"\xff\"}")
	bad("5 MB", 413, `{"text":"hei"}`+strings.Repeat(" ", 5<<20))
	list = append(list,
		refusal{what: "a parameter", ask: request{method: "POST", path: "/v1/classify?language=en", token: h.staff, body: []byte(`{"text":"hei"}`)}, status: 400, fields: []string{"language"}},
		refusal{what: "a GET", ask: request{method: "GET", path: "/v1/classify?text=hei", token: h.staff}, status: 404},
		refusal{what: "a taxonomy of another version", ask: request{method: "GET", path: "/v1/taxonomy?version=0", token: h.staff}, status: 400, fields: []string{"version"}})
	return list
}

func (h *house) badAudits(*testing.T) []refusal {
	acme := figure[string](h, "SELECT id::text FROM companies WHERE slug = 'acme'")
	var list []refusal
	bad := func(status int, method, path, body string, fields ...string) {
		list = append(list, refusal{
			what: method + " " + path + " " + body[:min(len(body), 80)], ask: request{method: method, path: "/v1/classify/audits" + path, token: h.staff, body: []byte(body)},
			status: status, fields: fields,
		})
	}
	bad(400, "POST", "", "")
	bad(400, "POST", "", "{}", "companyId", "quarter", "size")
	for _, quarter := range []string{"2026", "2026-Q5", "2026-Q0", "2026-1", "26-Q1", "2026-Q1 ", "1999-Q4", "Q1-2026"} {
		bad(400, "POST", "", `{"companyId":"`+acme+`","quarter":"`+quarter+`","size":5}`, "quarter")
	}
	bad(400, "POST", "", `{"companyId":"`+acme+`","quarter":"2199-Q1","size":5}`, "quarter")
	for _, size := range []string{"0", "-1", "501", "1.5", `"5"`} {
		bad(400, "POST", "", `{"companyId":"`+acme+`","quarter":"2026-Q1","size":`+size+`}`, "size")
	}
	bad(400, "POST", "", `{"companyId":"Acme Ltd","quarter":"2026-Q1","size":5}`, "companyId")
	bad(404, "POST", "", `{"companyId":"nobody","quarter":"2026-Q1","size":5}`)
	bad(404, "POST", "", `{"companyId":"`+unknownID+`","quarter":"2026-Q1","size":5}`)
	bad(400, "POST", "", `{"companyId":"`+acme+`","quarter":"2026-Q1","size":5,"seed":"mine"}`, "seed")
	bad(413, "POST", "", `{"companyId":"`+acme+`","quarter":"2026-Q1","size":5}`+strings.Repeat(" ", 5<<10))
	bad(400, "GET", "?after=x&limit=51", "", "after", "limit")
	bad(404, "GET", "?company=nobody", "")
	bad(400, "GET", "?quarter=2026-Q1", "", "quarter")
	const labels = `{"version":"1","labels":{"confidence":0.5,"belonging":null,"job_readiness":null,"well_being":null}}`
	for _, id := range []string{acme + "-2026-Q1", unknownID + "-2026-Q1", acme, "x", "..%2fx", "%00", acme + "-2026-Q9", strings.Repeat("a", 3000)} {
		bad(404, "GET", "/"+id+"/next", "")
		bad(404, "POST", "/"+id+"/items/"+unknownID, labels)
	}
	item := "/" + acme + "-2026-Q1/items/" + unknownID
	bad(400, "POST", item, "{}", "version", "labels.confidence", "labels.belonging", "labels.job_readiness", "labels.well_being")
	bad(400, "POST", item, strings.Replace(labels, "0.5", "1.1", 1), "labels.confidence")
	bad(400, "POST", item, strings.Replace(labels, "0.5", "0.1234", 1), "labels.confidence")
	bad(400, "POST", item, strings.Replace(labels, `"confidence"`, `"courage"`, 1), "labels.courage")
	return list
}

// badRows: a file that is fine but for its rows is taken, and every row is kept with what is wrong, and nothing of it beside.
func (h *house) badRows(t *testing.T) {
	h = h.within(t)
	fine := []string{"KS-R", "Language Connect", "p5@sample.test", "v5@sample.test", "2026-01-02", "45", "4", "a text", "A2"}
	var content strings.Builder
	content.WriteString(legacyHeader)
	var want []string
	bad := func(column int, value string, problems ...string) {
		row := slices.Clone(fine)
		row[column] = value
		content.WriteString(strings.Join(row, ",") + "\n")
		want = append(want, problems...)
	}
	bad(2, "nobody", "E001 participant_email")
	bad(2, "=cmd|' /C calc'!A0", "E001 participant_email")
	bad(2, "\"p5@sample.test\nBcc: x@sample.test\"", "E001 participant_email")
	bad(0, "", "E002 session_id")
	bad(4, "", "E002 date")
	bad(4, "02/01/2026", "E003 date")
	bad(4, "2026-02-30", "E003 date")
	bad(4, "1999-01-01", "E003 date")
	bad(4, "2199-01-01", "E003 date")
	bad(5, "0", "E004 duration_min")
	bad(5, "481", "E004 duration_min")
	bad(5, "45.5", "E004 duration_min")
	bad(5, "-45", "E004 duration_min")
	bad(8, "Z9", "E005 language_level")
	bad(6, "0", "E006 rating")
	bad(6, "6", "E006 rating")
	bad(6, "NaN", "E006 rating")
	bad(6, "1e1", "E006 rating")
	bad(6, "Infinity", "E006 rating")
	bad(1, "Cooking", "E010 session_type")
	bad(7, strings.Repeat("x", 5001), "E008 feedback_text")
	bad(3, "P5@Sample.Test", "E008 volunteer_email")
	for _, line := range []string{
		"KS-R,too,few\n", strings.Join(fine, ",") + ",too many\n",
		`KS-R,"quote"s,` + strings.Join(fine[2:], ",") + "\n", strings.Repeat("x", 70<<10) + "\n",
		"KS-\xff" + strings.Join(fine, ",") + "\n", "KS-\x00" + strings.Join(fine, ",") + "\n", `KS-R,"open,` + strings.Join(fine[2:], ",") + "\n",
	} {
		content.WriteString(line)
		want = append(want, "E009 ")
	}
	before := h.rows()
	done := h.imported("acme", "kintell-sessions", "bad.csv", content.String())
	if p := done.Progress; p.Taken != 0 || p.Refused != len(want) {
		t.Errorf("%+v, expected %d rows refused", p, len(want))
	}
	if d := diff.Diff(want, (&journey{house: h}).problems(done)); d != "" {
		t.Errorf("problems: %s", d)
	}
	after := h.rows()
	for _, table := range []string{"imports", "import_rows", "audit_logs", "inbox"} {
		delete(before, table)
		delete(after, table)
	}
	if d := diff.Diff(before, after); d != "" {
		t.Errorf("refused rows left: %s", d)
	}
	mixed := "session_id,participant_email,volunteer_email,scheduled_at,rating\n"
	for i, rating := range []string{"0.4", "1", "5"} {
		mixed += fmt.Sprintf("KS-M%d,p5@sample.test,v5@sample.test,2026-01-0%d,%s\n", i, i+1, rating)
	}
	done = h.imported("acme", "kintell-language", "mixed.csv", mixed)
	if d := diff.Diff([]string{"E006 rating"}, (&journey{house: h}).problems(done)); d != "" || done.Progress.Taken != 2 {
		t.Errorf("a 1 among ratings of both scales: %+v: %s", done.Progress, d)
	}
	if done = h.imported("acme", "kintell-language", "header.csv", "session_id,participant_email,volunteer_email,scheduled_at"); done.Progress.Row != 0 {
		t.Errorf("a header alone: %+v", done.Progress)
	}
	if done = h.imported("acme", "kintell-users", "../../../etc/passwd", "Email\n"); figure[string](h, "SELECT file_name FROM imports WHERE id = $1::text::uuid", done.ID) != "passwd" {
		t.Error("a file's name kept its folders")
	}
}

// badUploads: a file that is sent apart is looked at before it is read; another may be sent in its place.
func (h *house) badUploads(t *testing.T) {
	h = h.within(t)
	var made file
	h.must(202, request{method: "POST", path: "/v1/imports/kintell-users?company=acme", token: h.staff, kind: "application/json", body: []byte(`{"fileName":"a.csv"}`)}, &made)
	start := request{method: "POST", path: made.StartURL, token: h.staff}
	h.refuse([]refusal{
		{what: "a start without a file", ask: start, status: 400, fields: []string{"file"}},
		{what: "an upload of nothing", ask: request{method: "PUT", path: made.UploadURL, token: h.staff}, status: 400, fields: []string{"body"}},
		{what: "a CSV before the upload was started", ask: request{method: "GET", path: made.ErrorsURL + "?format=csv", token: h.staff}, status: 409},
	})
	for what, content := range map[string]string{
		"one line of 10 MB": strings.Repeat("x", 10<<20), "UTF-16": "\xff\xfeE\x00", "a workbook": "PK\x03\x04", "another kind's columns": legacyHeader,
	} {
		h.must(200, request{method: "PUT", path: made.UploadURL, token: h.staff, kind: "text/csv", body: []byte(content)}, nil)
		before := h.rows()
		if got := h.ask(start); got.status != 400 {
			t.Errorf("%s: %d %.200s, expected 400", what, got.status, got.raw)
		}
		if d := diff.Diff(before, h.rows()); d != "" {
			t.Errorf("%s left: %s", what, d)
		}
	}
	h.must(200, request{method: "PUT", path: made.UploadURL, token: h.staff, kind: "text/csv", body: []byte("Email\n" + strings.Repeat("y", 10<<20) + "\np8@sample.test\n")}, nil)
	h.must(202, start, nil)
	if p := h.read(made.URL).Progress; p.Taken != 1 || p.Refused != 1 {
		t.Errorf("a line of 10 MB among others: %+v, expected it refused and the other taken", p)
	}
	h.refuse([]refusal{
		{what: "a second start", ask: start, status: 409},
		{what: "an upload after the start", ask: request{method: "PUT", path: made.UploadURL, token: h.staff, body: []byte("Email\n")}, status: 409},
	})
}
