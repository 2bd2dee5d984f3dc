// Command web is a small function for tests: it answers with what it was asked.
package main

import (
	"context"
	"net/http"

	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/onlambda"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

func main() {
	onlambda.Start(fn.Web("api/echo", func(_ context.Context, env port.Env) (http.Handler, error) {
		greeting := env.Config().String("GREETING")
		env.Config().Int("SIZE", 1)
		return web.Handle(func(w http.ResponseWriter, r *http.Request) error {
			body, err := web.Body(w, r, 1000)
			if err != nil {
				return err
			}
			if string(body) == "panic" {
				panic("as asked")
			}
			return web.JSON(w, http.StatusOK, map[string]string{"greeting": greeting, "body": string(body), "company": r.PathValue("companyId")})
		}), nil
	}))
}
