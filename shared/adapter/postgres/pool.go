package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/teei/csr-platform/shared/fault"
)

// Settings say how the database is reached (source document §2.3).
type Settings struct {
	// URL gives the connection string of csr_service; asked for when the first connection is made.
	URL func(context.Context) (string, error)
	// Password, where set, gives a fresh password for each connection: an RDS IAM token lives 15 minutes.
	Password func(ctx context.Context, host string, port uint16, user string) (string, error)
	MaxConns int32         // DATABASE_POOL_MAX: 10; in Lambda 1
	Idle     time.Duration // how long an unused connection is kept: 20 s
	Connect  time.Duration // how long to wait for a connection, for a database that wakes up: 10 s; in Lambda 25 s (web) or 60 s
}

// pool opens on first use, so that opening a function connects to nothing.
type pool struct {
	settings Settings
	mu       sync.Mutex
	opened   *pgxpool.Pool
}

func (p *pool) open(ctx context.Context) (*pgxpool.Pool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opened != nil {
		return p.opened, nil
	}
	url, err := p.settings.URL(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("setting DATABASE_URL: expected a URL such as postgresql://user@host:5432/name") // the cause may show the password
	}
	config.MaxConns = p.settings.MaxConns
	config.MinConns = 0
	config.MaxConnIdleTime = p.settings.Idle
	config.HealthCheckPeriod = max(p.settings.Idle/2, time.Second)
	config.ConnConfig.ConnectTimeout = p.settings.Connect
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	config.ConnConfig.StatementCacheCapacity = 256
	// Every statement is prepared and its plan does not depend on the values, so planning it once is enough.
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	config.ConnConfig.RuntimeParams["application_name"] = "csr"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["jit"] = "off"
	// Plans are made while tables may still be empty, and kept: they must suit the tables they will become.
	config.ConnConfig.RuntimeParams["enable_seqscan"] = "off"
	if p.settings.Password != nil {
		config.BeforeConnect = func(ctx context.Context, c *pgx.ConnConfig) error {
			c.Password, err = p.settings.Password(ctx, c.Host, c.Port, c.User)
			return err
		}
	}
	p.opened, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	return p.opened, err
}

// acquire waits for a connection as long as the settings say, then Busy.
func (p *pool) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	opened, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, p.settings.Connect)
	defer cancel()
	var conn *pgxpool.Conn
	for {
		conn, err = opened.Acquire(waiting)
		if err == nil || !starting(err) || waiting.Err() != nil {
			break
		}
		select { // a database that wakes up refuses connections for a while
		case <-waiting.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return conn, translate("connect to the database", err)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opened != nil {
		p.opened.Close()
		p.opened = nil
	}
}

// starting says that the server is not there yet, rather than that it said no.
func starting(err error) bool {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code == "57P03" // cannot_connect_now
	}
	var network net.Error
	return errors.As(err, &network) && !network.Timeout()
}

// busy are the SQLSTATE classes and codes that pass by themselves.
var busy = []string{"08", "40", "53", "57P", "55P03", "57014"}

// translate turns a driver's error into a fault kind: Busy for what passes by itself. The sentence never shows the driver's text,
// which may carry values.
func translate(doing string, err error) error {
	if err == nil || fault.Of(err) != nil {
		return err
	}
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		for _, code := range busy {
			if strings.HasPrefix(failure.Code, code) {
				return fault.Wrap(fault.Busy, "the database is busy", fmt.Errorf("%s: SQLSTATE %s", doing, failure.Code))
			}
		}
		return fmt.Errorf("%s: SQLSTATE %s %s: %s", doing, failure.Code, failure.ConstraintName, failure.Message)
	}
	var network net.Error
	var refused *pgconn.ConnectError
	if errors.As(err, &network) || errors.As(err, &refused) || pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Busy, "the database does not answer", fmt.Errorf("%s: %w", doing, scrub(err)))
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// scrub keeps the connection string, and with it user and host, out of our own log.
func scrub(err error) error {
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) {
		return errors.New("connection refused or timed out")
	}
	return err
}
