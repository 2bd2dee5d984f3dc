// Command queue is a small consumer for tests: it does with an event what its id says.
package main

import (
	"context"
	"errors"
	"strings"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/onlambda"
	"github.com/teei/csr-platform/shared/port"
)

func main() {
	onlambda.Start(fn.OnEvent("consumers/echo", func(context.Context, port.Env) ([]fn.Hears, error) {
		return []fn.Hears{{Type: "ops.outbox.stalled", Handle: func(_ context.Context, e contract.Event) error {
			switch {
			case strings.HasPrefix(e.Metadata.ID, "1"):
				panic("as asked")
			case strings.HasPrefix(e.Metadata.ID, "2"):
				return errors.New("not now")
			}
			return nil
		}}}, nil
	}))
}
