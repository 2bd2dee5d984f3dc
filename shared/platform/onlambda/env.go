package onlambda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/adapter/eventbridge"
	"github.com/teei/csr-platform/shared/adapter/kms"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/adapter/meter"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/adapter/s3"
	"github.com/teei/csr-platform/shared/adapter/secretsmanager"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/platform/awsconfig"
	"github.com/teei/csr-platform/shared/platform/config"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/port"
)

// How long a function waits for a connection to Postgres, which may have to wake up: an HTTP API gives up after 30 s.
const (
	webPatience   = 25 * time.Second
	queuePatience = 60 * time.Second
)

// Env is port.Env in Lambda. Each method makes its answer when first called, from the settings it reads then, and connects to nothing.
// The linker drops the adapters behind methods that a function never calls; therefore an adapter is made in the method that gives it,
// and nowhere that all functions pass.
type Env struct {
	name     string
	lookup   config.Lookup
	log      *slog.Logger
	settings *config.Reader
	aws      func() aws.Config
	database lazy[database]
	bus      lazy[port.Bus]

	// tell is how the ledger finds the bus, once the function has asked for a ledger; a report only reads, and links no bus.
	tell func(context.Context) (port.Bus, error)
}

var (
	_ port.Env      = (*Env)(nil)
	_ port.Migrator = (*Env)(nil)
)

// database is what Postgres gives. It is an interface, as the bus is, since the linker keeps every method of a concrete type that it sees here.
type database interface {
	port.Ledger
	port.Impact
}

// lazy is something made when first asked for, and kept.
type lazy[T any] struct {
	once  sync.Once
	value T
}

func (l *lazy[T]) get(make func() T) T {
	l.once.Do(func() { l.value = make() })
	return l.value
}

// NewEnv is the environment of the function called name, as lookup describes it: the template's settings and what Lambda itself puts
// into a function's environment.
func NewEnv(name string, lookup config.Lookup) *Env {
	level, _ := lookup("AWS_LAMBDA_LOG_LEVEL")
	e := &Env{name: name, lookup: lookup, log: log.New(os.Stdout, log.Level(level))}
	e.aws = sync.OnceValue(func() aws.Config { return awsconfig.From(lookup, "") })
	secrets := sync.OnceValue(func() *secretsmanager.Secrets { return secretsmanager.New(e.aws(), time.Now) })
	e.settings = config.New(lookup, func(ctx context.Context, arn string) (string, error) { return secrets().Resolve(ctx, arn) })
	return e
}

// Migrations is port.Migrator: DATABASE_OWNER_URL is a role that may create roles, DATABASE_URL that of the functions, whose password it
// gets. With DATABASE_AUTH=iam neither has one: the owner connects with an RDS token, and lets the functions do so too.
func (e *Env) Migrations(context.Context) (func(context.Context) ([]string, error), error) {
	owner, service := e.settings.Secret("DATABASE_OWNER_URL"), e.settings.Secret("DATABASE_URL")
	iam := e.settings.OneOf("DATABASE_AUTH", "secret", "iam") == "iam"
	return func(ctx context.Context) ([]string, error) {
		ownerURL, err := owner(ctx)
		if err != nil {
			return nil, err
		}
		serviceURL, err := service(ctx)
		if err != nil {
			return nil, err
		}
		address, password := ownerURL.Reveal(), ""
		if iam {
			address, err = e.withToken(ctx, address)
		} else {
			password, err = passwordIn(serviceURL.Reveal())
		}
		if err != nil {
			return nil, err
		}
		applied, err := postgres.Migrate(ctx, address, password)
		if err == nil && iam {
			err = postgres.TakeTokens(ctx, address)
		}
		return applied, err
	}, nil
}

// withToken is a URL without a password with a token for one.
func (e *Env) withToken(ctx context.Context, owner string) (string, error) {
	address, err := url.Parse(owner)
	if err != nil || address.Host == "" || address.User == nil {
		return "", errors.New("setting DATABASE_OWNER_URL: expected a URL such as postgres://user@host:5432/name") // the cause may show a password
	}
	token, err := e.token(ctx, address.Hostname(), cmp.Or(address.Port(), "5432"), address.User.Username())
	if err != nil {
		return "", err
	}
	address.User = url.UserPassword(address.User.Username(), token)
	return address.String(), nil
}

// passwordIn is the password in a URL, empty where there is none.
func passwordIn(service string) (string, error) {
	address, err := url.Parse(service)
	if err != nil {
		return "", errors.New("setting DATABASE_URL: expected a URL such as postgres://user:password@host:5432/name") // the cause may show the password
	}
	password, _ := address.User.Password()
	return password, nil
}

// token is a password that RDS takes for 15 minutes.
func (e *Env) token(ctx context.Context, host, port, user string) (string, error) {
	return auth.BuildAuthToken(ctx, net.JoinHostPort(host, port), e.aws().Region, user, e.aws().Credentials)
}

// options read how the database is reached: DATABASE_URL, a URL or the ARN of the secret that holds it; with DATABASE_AUTH=iam each
// connection takes a fresh RDS token as its password.
func (e *Env) options() postgres.Options {
	url := e.settings.Secret("DATABASE_URL")
	patience := webPatience
	if strings.HasPrefix(e.name, "consumers/") || strings.HasPrefix(e.name, "jobs/") {
		patience = queuePatience
	}
	options := postgres.Options{
		Settings: postgres.Settings{
			URL: func(ctx context.Context) (string, error) {
				secret, err := url(ctx)
				return secret.Reveal(), err
			},
			MaxConns: 1, // an instance works on one thing at a time
			Idle:     20 * time.Second,
			Connect:  patience,
		},
		Now: time.Now, Log: e.log, Frozen: true,
		Bus: func(ctx context.Context) (port.Bus, error) {
			if e.tell == nil {
				return nil, fmt.Errorf("%s asked for figures alone and cannot tell anything", e.name)
			}
			return e.tell(ctx)
		},
	}
	if e.settings.OneOf("DATABASE_AUTH", "secret", "iam") == "iam" {
		options.Password = func(ctx context.Context, host string, port uint16, user string) (string, error) {
			return e.token(ctx, host, strconv.Itoa(int(port)), user)
		}
	}
	return options
}

// Log is port.Env: JSON lines on standard output, which Lambda collects.
func (e *Env) Log() *slog.Logger { return e.log }

// Now is port.Env.
func (*Env) Now() time.Time { return time.Now() }

// Config is port.Env.
func (e *Env) Config() *config.Reader { return e.settings }

// Ledger is port.Env: Postgres, telling through EventBridge.
func (e *Env) Ledger(context.Context) (port.Ledger, error) {
	bus := e.eventbridge() // reads its settings now, so that all that is wrong is told at once
	e.tell = func(context.Context) (port.Bus, error) { return bus, nil }
	return e.postgres(), nil
}

// Impact is port.Env: the figures that Postgres keeps.
func (e *Env) Impact(context.Context) (port.Impact, error) { return e.postgres(), nil }

// Bus is port.Env: EventBridge BUS_NAME, and the SQS queues whose URLs start with QUEUE_PREFIX.
func (e *Env) Bus(context.Context) (port.Bus, error) { return e.eventbridge(), nil }

func (e *Env) eventbridge() port.Bus {
	return e.bus.get(func() port.Bus {
		return eventbridge.New(e.aws(), e.settings.String("BUS_NAME"), e.settings.String("QUEUE_PREFIX"))
	})
}

func (e *Env) postgres() database {
	return e.database.get(func() database { return postgres.New(e.options()) })
}

// How long the local model is left when a paid one takes too long, settling the bill included.
const margin = 10 * time.Second

// Model is port.Env: MODEL=local is the model inside the binary; MODEL=bedrock the one named by MODEL_ID, within the company's monthly
// budget (MODEL_BUDGET_USD where the company has none of its own), and the local one where that will not or may not answer.
func (e *Env) Model(ctx context.Context) (outcome.Model, error) {
	local := localmodel.New()
	if e.settings.OneOf("MODEL", "local", "bedrock") == "local" {
		return local, nil
	}
	ledger, err := e.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	paid := meter.New(bedrock.New(e.bedrock(), e.settings.String("MODEL_ID")), meter.In(ledger, e.name), e.budget())
	return meter.NewFallback(paid, local, margin), nil
}

// Screener is port.Env: the screener inside the binary and, where GUARDRAIL_ID names one, a guardrail of Bedrock beside it.
func (e *Env) Screener(ctx context.Context) (safety.Screener, error) {
	local := localmodel.NewScreener()
	id := e.settings.StringOr("GUARDRAIL_ID", "")
	if id == "" {
		return local, nil
	}
	ledger, err := e.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	guardrail := bedrock.NewGuardrail(e.bedrock(), id, e.settings.StringOr("GUARDRAIL_VERSION", "DRAFT"))
	return meter.NewScreener(guardrail, local, meter.In(ledger, e.name), e.budget(), margin, e.log), nil
}

// bedrock leads to the model, which may be elsewhere than the rest.
func (e *Env) bedrock() aws.Config { return awsconfig.From(e.lookup, bedrock.Endpoint) }

// budget is what a company without a limit of its own may spend a month, in millionths of a US dollar.
func (e *Env) budget() int64 { return int64(e.settings.Int("MODEL_BUDGET_USD", 20)) * 1_000_000 }

// Files is port.Env: the S3 bucket FILES_BUCKET.
func (e *Env) Files(context.Context) (port.Files, error) {
	return s3.New(e.aws(), e.settings.String("FILES_BUCKET")), nil
}

// Keys is port.Env: the KMS key KMS_KEY_ID.
func (e *Env) Keys(context.Context) (port.Keys, error) {
	return kms.New(e.aws(), e.settings.String("KMS_KEY_ID"), time.Now), nil
}
