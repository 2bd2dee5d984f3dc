package access_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
)

const (
	ours   = "7c0f0d5e-8a37-5b0a-9a53-0c7a3b7f9d10"
	theirs = "11111111-2222-5333-8444-555555555555"
)

// outside are the public routes that are no webhook. A webhook's path is open to everybody, since its function checks a signature.
var outside = []string{"GET /v1/health/live", "GET /v1/health/ready"}

var webhook = regexp.MustCompile(`^POST /v1/[a-z][a-z0-9]*/webhooks/[a-z0-9]+(-[a-z0-9]+)*$`)

// closed are routes that must never be open to anybody else: written apart from the table, so that a slip there shows. Other routes need
// no line here.
var closed = map[string]string{
	"POST /v1/companies":                             "system_admin",
	"PUT /v1/companies/{companyId}/senders/{sender}": "system_admin",
	"GET /v1/deliveries":                             "system_admin programme_staff",
	"GET /v1/deliveries/{deliveryId}":                "system_admin programme_staff",
	"POST /v1/deliveries/{deliveryId}/replay":        "system_admin programme_staff",
	"POST /v1/imports/{kind}":                        "system_admin programme_staff",
	"GET /v1/imports":                                "system_admin programme_staff",
	"GET /v1/imports/{importId}":                     "system_admin programme_staff",
	"PUT /v1/imports/{importId}/file":                "system_admin programme_staff",
	"POST /v1/imports/{importId}/start":              "system_admin programme_staff",
	"GET /v1/imports/{importId}/errors":              "system_admin programme_staff",
	"POST /v1/imports/{importId}/rows/{row}":         "system_admin programme_staff",
}

// mistakes are what no rule may be, whatever the route is for.
func mistakes(route string, rule access.Rule) []string {
	var found []string
	wrong := func(is bool, what string) {
		if is {
			found = append(found, what)
		}
	}
	open := webhook.MatchString(route) || slices.Contains(outside, route)
	wrong(rule.Roles == nil && !open, "public, and neither health nor POST /v1/<sender>/webhooks/<type>")
	wrong(rule.Roles != nil && open, "needs a role, where a sender or a probe has none")
	wrong(rule.Roles != nil && len(rule.Roles) == 0, "open to no role")
	for i, role := range rule.Roles {
		wrong(!slices.Contains(identity.Roles, role), "an unknown role: "+string(role))
		wrong(slices.Contains(rule.Roles[:i], role), "a role twice: "+string(role))
	}
	wrong(rule.Of != access.Anyone && rule.Of != access.Company, "about nobody we know")
	wrong((rule.Of == access.Company) != strings.Contains(route, "/{companyId}"), "about a company if, and only if, the path names companyId")
	if only, pinned := closed[route]; pinned {
		for _, role := range rule.Roles {
			wrong(!slices.Contains(strings.Fields(only), string(role)), "open to "+string(role)+", and must never be")
		}
	}
	return found
}

// callerOf is somebody of a role, in our company unless they are the operator's.
func callerOf(role identity.Role) access.Caller {
	caller := access.Caller{Subject: "u", Role: role}
	if !role.OfOperator() {
		caller.Company = ours
	}
	return caller
}

func TestNoRuleIsAMistake(t *testing.T) {
	t.Parallel()
	for route, rule := range access.Table {
		for _, mistake := range mistakes(route, rule) {
			t.Errorf("%s: %s", route, mistake)
		}
	}
	for _, route := range slices.Concat(outside, slices.Collect(maps.Keys(closed))) {
		if _, known := access.Table[route]; !known {
			t.Errorf("%s is watched here and no longer in the table", route)
		}
	}
}

func TestAMistakeInARuleShows(t *testing.T) {
	t.Parallel()
	admin := []identity.Role{identity.SystemAdmin}
	for name, c := range map[string]struct {
		route string
		rule  access.Rule
		want  string
	}{
		"a public route that is no webhook":  {"GET /v1/profiles", access.Rule{}, "public"},
		"a public reading beside a webhook":  {"GET /v1/benevity/webhooks/received", access.Rule{}, "public"},
		"a webhook deeper down":              {"POST /v1/companies/{companyId}/webhooks/x", access.Rule{Of: access.Company}, "public"},
		"a webhook with roles":               {"POST /v1/benevity/webhooks/received", access.Rule{Roles: admin}, "needs a role"},
		"nobody":                             {"GET /v1/profiles", access.Rule{Roles: []identity.Role{}}, "open to no role"},
		"an unknown role":                    {"GET /v1/profiles", access.Rule{Roles: []identity.Role{"root"}}, "unknown role: root"},
		"a role twice":                       {"GET /v1/profiles", access.Rule{Roles: append(admin, admin...)}, "a role twice"},
		"a company's that all companies see": {"GET /v1/companies/{companyId}/sroi", access.Rule{Roles: admin}, "about a company"},
		"a company's that names none":        {"GET /v1/sroi", access.Rule{Roles: admin, Of: access.Company}, "about a company"},
		"an unknown owner":                   {"GET /v1/profiles", access.Rule{Roles: admin, Of: 7}, "about nobody"},
		"a closed route that opened":         {"POST /v1/companies", access.Rule{Roles: []identity.Role{identity.SystemAdmin, identity.CompanyAdmin}}, "open to company_admin"},
		"a closed route that is public":      {"GET /v1/deliveries", access.Rule{}, "public"},
	} {
		if found := strings.Join(mistakes(c.route, c.rule), "; "); !strings.Contains(found, c.want) {
			t.Errorf("%s: found %q, want %q", name, found, c.want)
		}
	}
	for route, rule := range map[string]access.Rule{
		"POST /v1/benevity/webhooks/volunteering-logged": {},
		"GET /v1/companies/{companyId}/sroi":             {Roles: admin, Of: access.Company},
		"GET /v1/profiles":                               {Roles: admin},
	} {
		if found := mistakes(route, rule); found != nil {
			t.Errorf("%s is fine, found %v", route, found)
		}
	}
}

func TestEveryRouteForEveryRoleAndCompany(t *testing.T) {
	t.Parallel()
	for route, rule := range access.Table {
		for _, role := range identity.Roles {
			for _, company := range []string{ours, theirs, ""} {
				expected := "ok"
				switch {
				case rule.Roles == nil:
				case !slices.Contains(rule.Roles, role):
					expected = "forbidden"
				case strings.Contains(route, "/{companyId}") && company != ours && !role.OfOperator():
					expected = "missing"
				}
				err := access.Check(route, callerOf(role), company)
				got := "ok"
				if err != nil {
					got = fault.KindOf(err).String()
				}
				if got != expected {
					t.Errorf("%s, %s, company %q: %s, want %s", route, role, company, got, expected)
				}
			}
		}
	}
}

func TestWhoeverIsNobodyIsToldWhy(t *testing.T) {
	t.Parallel()
	for route, rule := range access.Table {
		for _, reason := range []string{"", "the token has expired"} {
			err := access.Check(route, access.Caller{Reason: reason}, ours)
			if rule.Roles == nil {
				if err != nil {
					t.Errorf("%s: %v", route, err)
				}
				continue
			}
			if fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), reason) || err.Error() == "" {
				t.Errorf("%s: %v, want refused because %q", route, err, reason)
			}
		}
	}
}

func TestWhatIsNotInTheTableIsRefused(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"", "GET /v1/nowhere", "get /v1/health/live", "HEAD /v1/health/live", "GET /v1/health/live/", "POST /v1/health/live", "$default"} {
		err := access.Check(route, callerOf(identity.SystemAdmin), "")
		if fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%q: %v", route, err)
		}
	}
}

func TestARoleNobodyKnowsMayNothing(t *testing.T) {
	t.Parallel()
	for route, rule := range access.Table {
		for _, role := range []identity.Role{"root", "SYSTEM_ADMIN", "system_admin ", "service"} {
			err := access.Check(route, access.Caller{Subject: "u", Role: role, Company: ours}, ours)
			if rule.Roles != nil && fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s as %q: %v", route, role, err)
			}
		}
	}
}

func TestACompanyRoleWithoutACompanyOwnsNothing(t *testing.T) {
	t.Parallel()
	for _, company := range []string{"", ours} {
		err := access.Check("GET /v1/companies/{companyId}/outcomes", access.Caller{Subject: "u", Role: identity.CompanyAdmin}, company)
		if fault.KindOf(err) != fault.Missing {
			t.Errorf("company %q: %v", company, err)
		}
	}
}

// TestNobodyOfACompanyTellsOfPeople: the rule of five counts people, so a company that could add some by a file, or by signing as a sender,
// would have five wherever it has one.
func TestNobodyOfACompanyTellsOfPeople(t *testing.T) {
	t.Parallel()
	for route := range access.Table {
		if !strings.Contains(route, " /v1/imports") && !strings.Contains(route, "/senders/") && !strings.Contains(route, " /v1/deliveries") {
			continue
		}
		for _, role := range identity.Roles {
			err := access.Check(route, callerOf(role), ours)
			if !role.OfOperator() && fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s by %s: %v, want forbidden", route, role, err)
			}
		}
	}
}

func TestTheCallerTravelsWithTheRequest(t *testing.T) {
	t.Parallel()
	want := access.Caller{Subject: "u", Role: identity.Volunteer, Company: ours, Scopes: []string{"a"}}
	if diff := cmp.Diff(want, access.From(access.With(t.Context(), want))); diff != "" {
		t.Errorf("caller (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(access.Caller{}, access.From(t.Context())); diff != "" {
		t.Errorf("nobody (-want +got):\n%s", diff)
	}
}
