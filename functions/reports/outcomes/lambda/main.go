// Command lambda runs reports/outcomes in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/reports/outcomes"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(outcomes.Function) }
