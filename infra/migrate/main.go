// Command migrate brings a database up to date. DATABASE_OWNER_URL is the connection string of a role that may create roles;
// DATABASE_SERVICE_PASSWORD, where set, becomes the password of csr_service.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/teei/csr-platform/shared/adapter/postgres"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url := os.Getenv("DATABASE_OWNER_URL")
	if url == "" {
		fmt.Fprintln(os.Stderr, "migrate: set DATABASE_OWNER_URL to postgresql://owner:password@host:5432/database, a role that may create roles")
		os.Exit(2)
	}
	applied, err := postgres.Migrate(ctx, url, os.Getenv("DATABASE_SERVICE_PASSWORD"))
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		os.Exit(1)
	}
	if applied == nil {
		fmt.Println("nothing to do: the database is up to date")
	}
}
