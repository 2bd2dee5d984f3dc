package access_test

import (
	"maps"
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

// wanted is written apart from the table, so that a slip in one of them shows: who may use a route, and whether only for their own
// company. everybody needs no identity.
var wanted = map[string]struct {
	roles string
	own   bool
}{
	"GET /v1/health/live":                            {"everybody", false},
	"GET /v1/health/ready":                           {"everybody", false},
	"POST /v1/kintell/webhooks/session-completed":    {"everybody", false},
	"POST /v1/kintell/webhooks/rating-created":       {"everybody", false},
	"POST /v1/kintell/webhooks/booking-confirmed":    {"everybody", false},
	"GET /v1/companies/{companyId}/at-a-glance":      {"system_admin programme_staff company_admin company_user api_client", true},
	"GET /v1/companies/{companyId}/outcomes":         {"system_admin programme_staff company_admin company_user api_client", true},
	"GET /v1/companies":                              {"system_admin programme_staff safeguarding company_admin company_user participant volunteer api_client", false},
	"POST /v1/companies":                             {"system_admin", false},
	"PUT /v1/companies/{companyId}/senders/{sender}": {"system_admin company_admin", true},
	"POST /v1/imports/{kind}":                        {"system_admin programme_staff company_admin api_client", false},
	"GET /v1/imports":                                {"system_admin programme_staff company_admin api_client", false},
	"GET /v1/imports/{importId}":                     {"system_admin programme_staff company_admin api_client", false},
	"PUT /v1/imports/{importId}/file":                {"system_admin programme_staff company_admin api_client", false},
	"POST /v1/imports/{importId}/start":              {"system_admin programme_staff company_admin api_client", false},
	"GET /v1/imports/{importId}/errors":              {"system_admin programme_staff company_admin api_client", false},
	"POST /v1/imports/{importId}/rows/{row}":         {"system_admin programme_staff company_admin api_client", false},
	"GET /v1/deliveries":                             {"system_admin programme_staff", false},
	"GET /v1/deliveries/{deliveryId}":                {"system_admin programme_staff", false},
	"POST /v1/deliveries/{deliveryId}/replay":        {"system_admin programme_staff", false},
}

// callerOf is somebody of a role, in our company unless they are the operator's.
func callerOf(role identity.Role) access.Caller {
	caller := access.Caller{Subject: "u", Role: role}
	if !role.OfOperator() {
		caller.Company = ours
	}
	return caller
}

func TestEveryRouteForEveryRoleAndCompany(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(wanted)), slices.Sorted(maps.Keys(access.Table))); diff != "" {
		t.Errorf("routes (-wanted +in the table):\n%s", diff)
	}
	for route, want := range wanted {
		for _, role := range identity.Roles {
			for _, company := range []string{ours, theirs, ""} {
				expected := "ok"
				switch {
				case want.roles == "everybody":
				case !slices.Contains(strings.Fields(want.roles), string(role)):
					expected = "forbidden"
				case want.own && company != ours && !role.OfOperator():
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
	for route, want := range wanted {
		for _, reason := range []string{"", "the token has expired"} {
			err := access.Check(route, access.Caller{Reason: reason}, ours)
			if want.roles == "everybody" {
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
	for route, want := range wanted {
		for _, role := range []identity.Role{"root", "SYSTEM_ADMIN", "system_admin ", "service"} {
			err := access.Check(route, access.Caller{Subject: "u", Role: role, Company: ours}, ours)
			if want.roles != "everybody" && fault.KindOf(err) != fault.Forbidden {
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
