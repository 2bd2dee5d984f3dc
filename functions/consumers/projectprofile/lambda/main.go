// Command lambda runs consumers/projectprofile in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/consumers/projectprofile"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(projectprofile.Function) }
