// Command lambda runs api/health in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/api/health"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(health.Function) }
