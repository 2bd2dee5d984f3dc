package standalone

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/adapter/keyring"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/adapter/meter"
	"github.com/teei/csr-platform/shared/adapter/natsbus"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/platform/awsconfig"
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
	cloud := func() aws.Config { return awsconfig.From(o.Lookup, bedrock.Endpoint) }
	e.model = sync.OnceValue(func() outcome.Model { return e.models(cloud) })
	e.screener = sync.OnceValue(func() safety.Screener { return e.screeners(cloud) })
	e.files = sync.OnceValues(func() (port.Files, error) { return disk.New(filepath.Join(o.Dir, "files")) })
	e.keys = sync.OnceValues(func() (port.Keys, error) { return keyring.Open(filepath.Join(o.Dir, "keyring.json")) })
	return e
}

// margin is how long the local model is left when a paid one takes too long, settling the bill included.
const margin = 10 * time.Second

// models gives what MODEL names: local, or bedrock within the companies' monthly budgets with the local one behind it.
func (e *env) models(cloud func() aws.Config) outcome.Model {
	local := localmodel.New()
	if e.settings.OneOf("MODEL", "local", "bedrock") == "local" {
		return local
	}
	paid := meter.New(bedrock.New(cloud(), e.settings.String("MODEL_ID")), meter.In(e.ledger, "model"), e.budget())
	return meter.NewFallback(paid, local, margin)
}

// screeners gives the local screener and, where GUARDRAIL_ID names one, a guardrail of Bedrock beside it.
func (e *env) screeners(cloud func() aws.Config) safety.Screener {
	local := localmodel.NewScreener()
	id := e.settings.StringOr("GUARDRAIL_ID", "")
	if id == "" {
		return local
	}
	guardrail := bedrock.NewGuardrail(cloud(), id, e.settings.StringOr("GUARDRAIL_VERSION", "DRAFT"))
	return meter.NewScreener(guardrail, local, meter.In(e.ledger, "guardrail"), e.budget(), margin, e.log)
}

// budget is what a company without a limit of its own may spend a month, in millionths of a US dollar.
func (e *env) budget() int64 { return int64(e.settings.Int("MODEL_BUDGET_USD", 20)) * 1_000_000 }

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
