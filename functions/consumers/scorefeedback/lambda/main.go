// Command lambda runs consumers/scorefeedback in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/consumers/scorefeedback"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(scorefeedback.Function) }
