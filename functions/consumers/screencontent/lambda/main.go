// Command lambda runs consumers/screencontent in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/consumers/screencontent"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(screencontent.Function) }
