package main

import (
	"github.com/teei/csr-platform/functions/webhooks/kintell"
	"github.com/teei/csr-platform/shared/platform/onlambda"
)

func main() { onlambda.Start(kintell.Function) }
