package access

import "github.com/teei/csr-platform/shared/domain/identity"

var (
	operators = []identity.Role{identity.SystemAdmin, identity.ProgrammeStaff}
	admins    = []identity.Role{identity.SystemAdmin}
	reporters = []identity.Role{identity.SystemAdmin, identity.ProgrammeStaff, identity.CompanyAdmin, identity.CompanyUser, identity.APIClient}
	scorers   = []identity.Role{identity.SystemAdmin, identity.ProgrammeStaff, identity.CompanyAdmin, identity.APIClient}
	reviewers = []identity.Role{identity.SystemAdmin, identity.ProgrammeStaff, identity.Safeguarding}
	appellers = []identity.Role{identity.SystemAdmin, identity.ProgrammeStaff, identity.Safeguarding, identity.Participant, identity.Volunteer}
	readers   = []identity.Role{identity.SystemAdmin, identity.ProgrammeStaff, identity.Safeguarding, identity.CompanyAdmin, identity.CompanyUser, identity.Participant, identity.Volunteer, identity.APIClient}
)

// Table is every route and who may use it. The key is the route as template.yaml writes it: method, space, path.
var Table = map[string]Rule{
	"GET /v1/health/live":  {},
	"GET /v1/health/ready": {},

	"POST /v1/kintell/webhooks/session-completed": {},
	"POST /v1/kintell/webhooks/rating-created":    {},
	"POST /v1/kintell/webhooks/booking-confirmed": {},

	"GET /v1/companies/{companyId}/at-a-glance": {Roles: reporters, Of: Company},
	"GET /v1/companies/{companyId}/outcomes":    {Roles: reporters, Of: Company},
	"GET /v1/companies/{companyId}/evidence":    {Roles: reporters, Of: Company},

	"GET /v1/companies":                              {Roles: readers},
	"POST /v1/companies":                             {Roles: admins},
	"PUT /v1/companies/{companyId}/senders/{sender}": {Roles: admins, Of: Company}, // who has the secret can tell of people, as with imports below

	// No role of a company tells of people: whoever can make four up unmasks the fifth (decision 0056).
	"POST /v1/imports/{kind}":                {Roles: operators},
	"GET /v1/imports":                        {Roles: operators},
	"GET /v1/imports/{importId}":             {Roles: operators},
	"PUT /v1/imports/{importId}/file":        {Roles: operators},
	"POST /v1/imports/{importId}/start":      {Roles: operators},
	"GET /v1/imports/{importId}/errors":      {Roles: operators},
	"POST /v1/imports/{importId}/rows/{row}": {Roles: operators},

	"GET /v1/taxonomy":                                  {Roles: readers},
	"POST /v1/classify":                                 {Roles: scorers}, // counted and paid for by the caller's company
	"POST /v1/classify/audits":                          {Roles: operators},
	"GET /v1/classify/audits":                           {Roles: reviewers},
	"GET /v1/classify/audits/{auditId}/next":            {Roles: reviewers}, // what is held: to safeguarding alone
	"POST /v1/classify/audits/{auditId}/items/{itemId}": {Roles: reviewers},

	"GET /v1/moderation/queue":                    {Roles: reviewers},
	"GET /v1/moderation/stats":                    {Roles: reviewers},
	"GET /v1/moderation/flags/{flagId}":           {Roles: reviewers}, // what goes to safeguarding: its text to that role alone
	"POST /v1/moderation/flags/{flagId}/claim":    {Roles: reviewers},
	"POST /v1/moderation/flags/{flagId}/release":  {Roles: reviewers},
	"POST /v1/moderation/flags/{flagId}/decision": {Roles: reviewers},
	"POST /v1/moderation/flags/{flagId}/appeal":   {Roles: appellers}, // of authors: their own text alone

	"GET /v1/deliveries":                      {Roles: operators},
	"GET /v1/deliveries/{deliveryId}":         {Roles: operators},
	"POST /v1/deliveries/{deliveryId}/replay": {Roles: operators},
}
