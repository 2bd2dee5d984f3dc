// Command lambda runs api/companies in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/api/companies"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(companies.Function) }
