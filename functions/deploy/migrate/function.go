// Package migrate brings the database up to date while the platform is deployed, before anything that needs it runs.
//
// Hears:   CloudFormation creating or updating the custom resource Migrations
// Answers: the names of the migrations it applied
// Repeats: safe; what has been applied is left alone, and of two at once one waits
// Fails:   the deployment, which CloudFormation then rolls back
package migrate

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/port"
)

const name = "deploy/migrate"

// Function is deploy/migrate.
var Function = fn.OnLifecycle(name, open)

func open(ctx context.Context, env port.Env) (fn.Lifecycle, error) {
	migrator, ok := env.(port.Migrator)
	if !ok {
		return New(unneeded).Apply, nil
	}
	migrations, err := migrator.Migrations(ctx)
	if err != nil {
		return nil, err
	}
	return New(migrations).Apply, env.Config().Err()
}

// unneeded stands where nobody deploys.
func unneeded(context.Context) ([]string, error) {
	return nil, fault.New(fault.Forbidden, "this process is not deployed; it migrates by make migrate")
}

// Handler applies migrations.
type Handler struct {
	migrate func(context.Context) ([]string, error)
}

// New applies migrations by migrate, which names those it applied.
func New(migrate func(context.Context) ([]string, error)) *Handler { return &Handler{migrate} }

// Apply is fn.Lifecycle. Properties only say that something has changed.
func (h *Handler) Apply(ctx context.Context, _ json.RawMessage) (map[string]any, error) {
	applied, err := h.migrate(ctx)
	log.Add(ctx, "applied", len(applied))
	if err != nil {
		return nil, err
	}
	return map[string]any{"Applied": strings.Join(applied, ",")}, nil
}
