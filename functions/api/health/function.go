// Package health answers whether the platform lives, and whether what it depends on can be used.
//
// Asks:    GET /v1/health/live; GET /v1/health/ready
// Answers: {"status": "live"}, without touching the database; {"status": "ready" or "unready", "dependencies": [{"name", "status": "up" or "down", "detail"}]}
// Repeats: safe; nothing is changed, but asking whether the platform is ready wakes a paused database
// Fails:   a dependency that is down is 503 with its name
package health

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

const name = "api/health"

// patience is how long a dependency may take to say that it is up.
const patience = 5 * time.Second

// Function is api/health.
var Function = fn.Web(name, open)

func open(ctx context.Context, env port.Env) (http.Handler, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	return web.Handle(New(map[string]Ready{"postgres": ledger.Ready}, patience).Serve), env.Config().Err()
}

// Ready is an error that says why a dependency cannot be used.
type Ready func(context.Context) error

// Handler answers how things are.
type Handler struct {
	dependencies map[string]Ready
	patience     time.Duration
}

// New asks dependencies by name, each for at most patience.
func New(dependencies map[string]Ready, patience time.Duration) *Handler {
	return &Handler{dependencies, patience}
}

type answer struct {
	Status       string       `json:"status"`
	Dependencies []dependency `json:"dependencies,omitempty"`
}

type dependency struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// Serve answers both routes.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	if r.URL.Path != "/v1/health/ready" {
		return web.JSON(w, http.StatusOK, answer{Status: "live"})
	}
	status, said := http.StatusOK, answer{Status: "ready"}
	for _, name := range slices.Sorted(maps.Keys(h.dependencies)) {
		found := h.ask(r.Context(), name)
		if found.Status != "up" {
			status, said.Status = http.StatusServiceUnavailable, "unready"
			w.Header().Set("Retry-After", "5")
		}
		said.Dependencies = append(said.Dependencies, found)
	}
	return web.JSON(w, status, said)
}

// ask says how one dependency is. Only what may be shown to strangers is.
func (h *Handler) ask(ctx context.Context, name string) dependency {
	limited, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	err := h.dependencies[name](limited)
	if err == nil {
		return dependency{Name: name, Status: "up"}
	}
	log.Fail(ctx, fault.Wrap(fault.Busy, name+" cannot be used", err))
	detail := "it cannot be used; the log says why"
	if known := fault.Of(err); known != nil {
		detail = known.Public()
	}
	if limited.Err() != nil {
		detail = "it did not answer within " + h.patience.String()
	}
	return dependency{Name: name, Status: "down", Detail: detail}
}
