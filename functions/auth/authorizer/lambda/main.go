// Command lambda runs auth/authorizer in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/auth/authorizer"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(authorizer.Function) }
