// Command lambda runs api/deliveries in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/api/deliveries"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(deliveries.Function) }
