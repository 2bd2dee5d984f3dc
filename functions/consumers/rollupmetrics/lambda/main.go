// Command lambda runs consumers/rollupmetrics in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/consumers/rollupmetrics"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(rollupmetrics.Function) }
