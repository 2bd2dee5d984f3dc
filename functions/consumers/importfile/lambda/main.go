// Command lambda runs consumers/importfile in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/consumers/importfile"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(importfile.Function) }
