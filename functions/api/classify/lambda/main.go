// Command lambda runs api/classify in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/api/classify"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(classify.Function) }
