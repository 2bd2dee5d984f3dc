// Command lambda runs reports/evidence in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/reports/evidence"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(evidence.Function) }
