// Command lambda runs reports/ataglance in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/reports/ataglance"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(ataglance.Function) }
