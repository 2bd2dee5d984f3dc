package companies_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/api/companies"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const (
	acme   = "0b8fbb1c-6d4a-5f0e-9a53-1d7b9c1e2a10"
	globex = "0b8fbb1c-6d4a-5f0e-9a53-1d7b9c1e2a20"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// ledger keeps companies and senders in memory, and shows a company's scope that company alone.
type ledger struct {
	port.Ledger
	companies []company.Company
	senders   map[string]company.Sender // by slug/name
	audit     []company.Entry
}

func (l *ledger) Do(_ context.Context, scope port.Scope, f func(port.Tx) error) error {
	return f(&tx{ledger: l, scope: scope})
}

func (l *ledger) Sender(_ context.Context, slug, name string) (company.Sender, error) {
	found, known := l.senders[slug+"/"+name]
	if !known {
		return company.Sender{}, fault.New(fault.Missing, "no such company or sender")
	}
	return found, nil
}

type tx struct {
	port.Tx
	ledger *ledger
	scope  port.Scope
}

func (t *tx) Now() time.Time            { return noon }
func (t *tx) Companies() port.Companies { return t }
func (t *tx) Audit(e company.Entry)     { t.ledger.audit = append(t.ledger.audit, e) }
func (t *tx) PutSender(s company.Sender) {
	t.ledger.senders[s.Slug+"/"+s.Name] = s
}

func (t *tx) List(_ context.Context, after string, limit int) ([]company.Company, error) {
	var found []company.Company
	for _, c := range t.ledger.companies {
		if (t.scope.Operator || c.ID == t.scope.Company) && c.Slug > after && len(found) < limit {
			found = append(found, c)
		}
	}
	return found, nil
}

func (t *tx) Find(_ context.Context, idOrSlug string) (company.Company, error) {
	for _, c := range t.ledger.companies {
		if (t.scope.Operator || c.ID == t.scope.Company) && (c.ID == idOrSlug || c.Slug == idOrSlug) {
			return c, nil
		}
	}
	return company.Company{}, fault.New(fault.Missing, "no such company")
}

func (t *tx) Create(_ context.Context, c company.Company) error {
	if !t.scope.Operator {
		return fault.New(fault.Forbidden, "only the operator makes companies")
	}
	if slices.ContainsFunc(t.ledger.companies, func(other company.Company) bool { return other.Slug == c.Slug }) {
		return fault.New(fault.Conflict, "the slug is taken")
	}
	t.ledger.companies = append(t.ledger.companies, c)
	return nil
}

// keys seals by writing the data in front.
type keys struct{}

func (keys) Seal(_ context.Context, plain, data []byte) ([]byte, error) {
	return slices.Concat(data, []byte("|"), plain), nil
}

func (keys) Open(_ context.Context, sealed, data []byte) ([]byte, error) {
	plain, bound := bytes.CutPrefix(sealed, append(data, '|'))
	if !bound {
		return nil, fault.New(fault.Invalid, "sealed under other data")
	}
	return plain, nil
}

func two() *ledger {
	return &ledger{
		companies: []company.Company{
			{ID: acme, Slug: "acme", Name: "Acme", Kind: company.Partner, TimeZone: "Europe/Oslo", CreatedAt: noon},
			{ID: globex, Slug: "globex", Name: "Globex", Kind: company.Partner, TimeZone: "UTC", CreatedAt: noon},
		},
		senders: map[string]company.Sender{},
	}
}

var (
	admin = access.Caller{Subject: "ada", Role: identity.SystemAdmin}
	own   = access.Caller{Subject: "ben", Role: identity.CompanyAdmin, Company: acme}
)

// ask sends a request with its path values set, as both runners do.
func ask(t *testing.T, l *ledger, caller access.Caller, method, target, body string, path ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(access.With(t.Context(), caller), method, target, strings.NewReader(body))
	for i := 0; i < len(path); i += 2 {
		r.SetPathValue(path[i], path[i+1])
	}
	w := httptest.NewRecorder()
	web.Handle(companies.New(l, keys{}).Serve).ServeHTTP(w, r)
	return w
}

func slugs(t *testing.T, w *httptest.ResponseRecorder) (found []string, next string) {
	t.Helper()
	var page struct {
		Companies []struct{ Slug string }
		Next      string
	}
	err := json.Unmarshal(w.Body.Bytes(), &page)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Companies {
		found = append(found, c.Slug)
	}
	return found, page.Next
}

func TestListShowsOperatorsAllAndOthersTheirOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		caller access.Caller
		query  string
		want   []string
		next   string
	}{
		"the operator sees all":       {admin, "", []string{"acme", "globex"}, ""},
		"a company sees itself":       {own, "", []string{"acme"}, ""},
		"a page names the next":       {admin, "?limit=1", []string{"acme"}, "acme"},
		"the next page ends":          {admin, "?limit=1&after=acme", []string{"globex"}, ""},
		"a page that fits has no end": {admin, "?limit=2", []string{"acme", "globex"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, next := slugs(t, ask(t, two(), c.caller, http.MethodGet, "/"+c.query, ""))
			if diff := cmp.Diff(c.want, found); diff != "" || next != c.next {
				t.Fatalf("next %q, expected %q; %s", next, c.next, diff)
			}
		})
	}
}

func TestListRefusesAStrangerOfNoCompany(t *testing.T) {
	t.Parallel()
	w := ask(t, two(), access.Caller{Subject: "zoe", Role: identity.Volunteer}, http.MethodGet, "/", "")
	if w.Code != http.StatusForbidden {
		t.Fatalf("status %d, expected 403: %s", w.Code, w.Body)
	}
}

func TestCreateMakesAPartnerAndSaysSoInTheAuditLog(t *testing.T) {
	t.Parallel()
	l := two()
	w := ask(t, l, admin, http.MethodPost, "/", `{"slug":"initech","name":"Initech"}`)
	if w.Code != http.StatusCreated {
		t.Fatalf("status %d, expected 201: %s", w.Code, w.Body)
	}
	made := l.companies[2]
	if made.Slug != "initech" || made.TimeZone != "UTC" || made.Kind != company.Partner || !made.CreatedAt.Equal(noon) {
		t.Fatalf("made %+v", made)
	}
	if w.Header().Get("Location") != "/v1/companies/"+made.ID {
		t.Errorf("location %q, expected the new company's", w.Header().Get("Location"))
	}
	if len(l.audit) != 1 || l.audit[0].Action != "CREATE" || l.audit[0].ResourceID != made.ID || l.audit[0].Actor != "ada" {
		t.Errorf("audit log %+v, expected who made it", l.audit)
	}
}

func TestRequestsThatAreWrongNameTheField(t *testing.T) {
	t.Parallel()
	sender := []string{"companyId", acme, "sender", "kintell"}
	for name, c := range map[string]struct {
		method, target, body string
		path                 []string
		status               int
		field                string
	}{
		"slug in capitals":         {"POST", "/", `{"slug":"ACME","name":"x"}`, nil, 400, "slug"},
		"no name":                  {"POST", "/", `{"slug":"initech"}`, nil, 400, "name"},
		"blank name":               {"POST", "/", `{"slug":"initech","name":"  "}`, nil, 400, "name"},
		"no such zone":             {"POST", "/", `{"slug":"initech","name":"x","timeZone":"Mars/Base"}`, nil, 400, "timeZone"},
		"unknown field":            {"POST", "/", `{"slug":"initech","name":"x","kind":"operator"}`, nil, 400, "kind"},
		"not JSON":                 {"POST", "/", `slug=initech`, nil, 400, ""},
		"slug taken":               {"POST", "/", `{"slug":"acme","name":"x"}`, nil, 409, ""},
		"limit of nothing":         {"GET", "/?limit=0", "", nil, 400, "limit"},
		"limit that is no number":  {"GET", "/?limit=all", "", nil, 400, "limit"},
		"unknown parameter":        {"GET", "/?name=x", "", nil, 400, "name"},
		"unknown sender":           {"PUT", "/", "", []string{"companyId", acme, "sender", "other"}, 400, "sender"},
		"company that is no id":    {"PUT", "/", "", []string{"companyId", "acme", "sender", "kintell"}, 404, ""},
		"unknown company":          {"PUT", "/", "", []string{"companyId", "0b8fbb1c-6d4a-5f0e-9a53-1d7b9c1e2a30", "sender", "kintell"}, 404, ""},
		"a sender has no settings": {"PUT", "/?secret=mine", "", sender, 400, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := two()
			w := ask(t, l, admin, c.method, c.target, c.body, c.path...)
			var details web.Details
			err := json.Unmarshal(w.Body.Bytes(), &details)
			if err != nil {
				t.Fatal(err)
			}
			named := c.field == "" || slices.ContainsFunc(details.Errors, func(e web.Wrong) bool { return e.Field == c.field })
			if w.Code != c.status || !named {
				t.Fatalf("status %d, expected %d naming %q: %s", w.Code, c.status, c.field, w.Body)
			}
			if len(l.companies) != 2 || len(l.senders) != 0 {
				t.Fatal("something was kept of a refused request")
			}
		})
	}
}

// shown is what PUT of a sender answers.
type shown struct {
	Company, Sender, Secret string
	Rotation                struct{ PreviousAccepted bool }
	Webhooks                []string
}

func put(t *testing.T, l *ledger) shown {
	t.Helper()
	w := ask(t, l, own, http.MethodPut, "/", "", "companyId", acme, "sender", "kintell")
	if w.Code != http.StatusOK {
		t.Fatalf("status %d, expected 200: %s", w.Code, w.Body)
	}
	var answer shown
	err := json.Unmarshal(w.Body.Bytes(), &answer)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func open(t *testing.T, sealed []byte) string {
	t.Helper()
	if sealed == nil {
		return ""
	}
	plain, err := keys{}.Open(t.Context(), sealed, company.SecretData(acme, "kintell"))
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestARotationKeepsThePreviousSecretUntilTheNext(t *testing.T) {
	t.Parallel()
	l := two()
	first := put(t, l)
	want := shown{Company: acme, Sender: "kintell", Secret: first.Secret, Webhooks: []string{
		"/v1/kintell/webhooks/booking-confirmed?company=acme",
		"/v1/kintell/webhooks/rating-created?company=acme",
		"/v1/kintell/webhooks/session-completed?company=acme",
	}}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Fatal(diff)
	}
	if len(first.Secret) != 43 {
		t.Errorf("secret of %d characters, expected 32 bytes in base64url", len(first.Secret))
	}
	accepted := func() [2]string {
		kept := l.senders["acme/kintell"]
		return [2]string{open(t, kept.SecretNow), open(t, kept.SecretNext)}
	}
	if got := accepted(); got != [2]string{first.Secret, ""} {
		t.Fatalf("accepted %d secrets, expected the first alone", len(got))
	}
	second := put(t, l)
	if got := accepted(); got != [2]string{first.Secret, second.Secret} || !second.Rotation.PreviousAccepted {
		t.Fatal("expected the first secret to be accepted beside the second")
	}
	third := put(t, l)
	if got := accepted(); got != [2]string{second.Secret, third.Secret} {
		t.Fatal("expected the first secret to end with the second rotation")
	}
	if len(l.audit) != 3 {
		t.Errorf("%d lines in the audit log, expected one a rotation", len(l.audit))
	}
	for _, line := range l.audit {
		raw, err := json.Marshal(line)
		if err != nil || strings.Contains(string(raw), second.Secret) {
			t.Fatalf("audit log %s (%v), expected no secret in it", raw, err)
		}
	}
}
