// Command lambda runs consumers/relayoutbox in AWS.
package main

import (
	"github.com/teei/csr-platform/functions/consumers/relayoutbox"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(relayoutbox.Function) }
