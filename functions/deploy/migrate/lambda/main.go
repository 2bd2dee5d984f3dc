// Command lambda runs deploy/migrate in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/deploy/migrate"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(migrate.Function) }
