// Command lambda runs api/imports in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/api/imports"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(imports.Function) }
