package standalone

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/keyring"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/adapter/natsbus"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/platform/config"
	"github.com/teei/csr-platform/shared/port"
)

// env is port.Env in one process: every function shares the ledger's pool, the bus and the keys.
type env struct {
	log      *slog.Logger
	settings *config.Reader
	ledger   *postgres.Ledger
	bus      *natsbus.Bus
	model    func() outcome.Model
	screener func() safety.Screener
	files    func() (port.Files, error)
	keys     func() (port.Keys, error)
}

var _ port.Env = (*env)(nil)

func newEnv(o Options, bus *natsbus.Bus) *env {
	e := &env{log: o.Log, bus: bus}
	e.settings = config.New(o.Lookup, nil)
	e.ledger = postgres.New(postgres.Options{
		Settings: postgres.Settings{
			URL:      func(context.Context) (string, error) { return o.DatabaseURL, nil },
			MaxConns: int32(e.settings.Int("DATABASE_POOL_MAX", 10)),
			Idle:     e.settings.Duration("DATABASE_IDLE", 20*time.Second),
			Connect:  e.settings.Duration("DATABASE_CONNECT", 10*time.Second),
		},
		Now: time.Now,
		Log: o.Log,
		Bus: func(context.Context) (port.Bus, error) { return bus, nil },
	})
	e.model = sync.OnceValue(func() outcome.Model { return localmodel.New() })
	e.screener = sync.OnceValue(func() safety.Screener { return localmodel.NewScreener() })
	e.files = sync.OnceValues(func() (port.Files, error) { return disk.New(filepath.Join(o.Dir, "files")) })
	e.keys = sync.OnceValues(func() (port.Keys, error) { return keyring.Open(filepath.Join(o.Dir, "keyring.json")) })
	return e
}

func (e *env) Log() *slog.Logger                                 { return e.log }
func (e *env) Now() time.Time                                    { return time.Now() }
func (e *env) Config() *config.Reader                            { return e.settings }
func (e *env) Ledger(context.Context) (port.Ledger, error)       { return e.ledger, nil }
func (e *env) Impact(context.Context) (port.Impact, error)       { return e.ledger, nil }
func (e *env) Bus(context.Context) (port.Bus, error)             { return e.bus, nil }
func (e *env) Model(context.Context) (outcome.Model, error)      { return e.model(), nil }
func (e *env) Screener(context.Context) (safety.Screener, error) { return e.screener(), nil }
func (e *env) Files(context.Context) (port.Files, error)         { return e.files() }
func (e *env) Keys(context.Context) (port.Keys, error)           { return e.keys() }
