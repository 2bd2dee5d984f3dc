// Package functions is what the platform does: one folder a function, by kind. All lists them for a process that runs them together.
package functions

import (
	"github.com/teei/csr-platform/functions/api/classify"
	"github.com/teei/csr-platform/functions/api/companies"
	"github.com/teei/csr-platform/functions/api/deliveries"
	"github.com/teei/csr-platform/functions/api/health"
	"github.com/teei/csr-platform/functions/api/imports"
	"github.com/teei/csr-platform/functions/api/moderation"
	"github.com/teei/csr-platform/functions/auth/authorizer"
	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/functions/consumers/projectprofile"
	"github.com/teei/csr-platform/functions/consumers/relayoutbox"
	"github.com/teei/csr-platform/functions/consumers/rollupmetrics"
	"github.com/teei/csr-platform/functions/consumers/scorefeedback"
	"github.com/teei/csr-platform/functions/consumers/screencontent"
	"github.com/teei/csr-platform/functions/deploy/migrate"
	"github.com/teei/csr-platform/functions/reports/ataglance"
	"github.com/teei/csr-platform/functions/reports/evidence"
	"github.com/teei/csr-platform/functions/reports/outcomes"
	"github.com/teei/csr-platform/functions/webhooks/kintell"
	"github.com/teei/csr-platform/shared/platform/fn"
)

// All is every function, by name.
var All = []fn.Function{
	classify.Function,
	companies.Function,
	deliveries.Function,
	health.Function,
	imports.Function,
	moderation.Function,
	authorizer.Function,
	importfile.Function,
	projectprofile.Function,
	relayoutbox.Function,
	rollupmetrics.Function,
	scorefeedback.Function,
	screencontent.Function,
	migrate.Function,
	ataglance.Function,
	evidence.Function,
	outcomes.Function,
	kintell.Function,
}
