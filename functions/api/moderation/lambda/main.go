// Command lambda runs api/moderation in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/api/moderation"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(moderation.Function) }
