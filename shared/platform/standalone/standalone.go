// Package standalone runs every function in one process: routed from the template, on NATS JetStream and Postgres. It knows no function
// by name and branches inside none.
package standalone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/robfig/cron/v3"

	"github.com/teei/csr-platform/shared/adapter/natsbus"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/config"
	"github.com/teei/csr-platform/shared/platform/event"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/template"
	"github.com/teei/csr-platform/shared/platform/web"
	"github.com/teei/csr-platform/shared/port"
)

// Options say what runs and where.
type Options struct {
	Template    template.Template
	Functions   []fn.Function
	Dir         string // files, keys and streams are kept here
	DatabaseURL string // as csr_service
	NATSURL     string // empty: a server inside this process
	Listen      string // 127.0.0.1:3000
	Log         *slog.Logger
	Lookup      config.Lookup // settings beyond the template's
	Welcome     string        // what GET / answers to who opens the address in a browser; empty: nothing
	// WithoutConsumers leaves events in the stream and the outbox in the database: to measure what ingest alone costs.
	WithoutConsumers bool
}

// Process is a running platform.
type Process struct {
	options  Options
	env      *env
	bus      *natsbus.Bus
	nats     *natsbus.Server // nil when the server is another process
	conn     *nats.Conn
	server   *http.Server
	listener net.Listener
	address  string
	opened   chan struct{} // closed once env is there
	stops    []func()
	cancel   context.CancelFunc
	relay    sync.WaitGroup
}

// Start opens every function, subscribes the consumers, starts the clock and listens. What it returns answers requests.
func Start(ctx context.Context, o Options) (*Process, error) {
	p := &Process{options: o, opened: make(chan struct{})}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	err := p.start(running)
	if err != nil {
		p.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return p, nil
}

func (p *Process) start(ctx context.Context) error {
	listener, err := net.Listen("tcp", p.options.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; set PORT to a free port", p.options.Listen, err)
	}
	p.listener, p.address = listener, listener.Addr().String()
	dev, err := p.develop()
	if err != nil {
		return err
	}
	err = p.openBus(ctx)
	if err != nil {
		return err
	}
	p.options.Lookup = settings(p.options.Template, p.options.Lookup)
	p.env = newEnv(p.options, p.bus)
	close(p.opened)
	opened := map[string]fn.Opened{}
	for _, f := range p.options.Functions {
		o, err := f.Open(ctx, p.env)
		if err != nil {
			return fmt.Errorf("open %s: %w", f.Name, err)
		}
		opened[f.Name] = o
	}
	if err := p.env.settings.Err(); err != nil {
		return err
	}
	if !p.options.WithoutConsumers {
		err = p.subscribe(ctx, opened)
		if err != nil {
			return err
		}
		p.relay.Go(func() { p.env.ledger.Run(ctx) }) // after the consumers: a new one hears what is told from its first subscription on
		err = p.schedule(ctx, opened)
		if err != nil {
			return err
		}
	}
	mux := p.routes(opened)
	if dev != nil {
		dev.env = p.env
		dev.mount(mux)
	}
	if p.options.Welcome != "" {
		mux.HandleFunc("GET /{$}", p.welcome)
	}
	p.serve(exact(mux))
	return nil
}

// settings looks a setting up where the process was told, then in the template.
func settings(t template.Template, told config.Lookup) config.Lookup {
	written := map[string]string{}
	for _, f := range t.Functions {
		for _, s := range f.Settings {
			if s.Known {
				written[s.Name] = s.Value
			}
		}
	}
	return func(name string) (string, bool) {
		value, ok := told(name)
		if !ok {
			value, ok = written[name]
		}
		return value, ok
	}
}

func (p *Process) openBus(ctx context.Context) error {
	var err error
	if p.options.NATSURL != "" {
		p.conn, err = nats.Connect(p.options.NATSURL, nats.MaxReconnects(-1), nats.ReconnectWait(2*time.Second), nats.Name("csr"))
	} else {
		p.nats, err = natsbus.Embedded(filepath.Join(p.options.Dir, "nats"))
		if err == nil {
			p.conn, err = p.nats.Connect()
		}
	}
	if err != nil {
		return fmt.Errorf("open the event bus: %w", err)
	}
	p.bus, err = natsbus.Open(ctx, p.conn, natsbus.Options{
		Report: func(err error) { p.options.Log.Warn("event bus", "error", err.Error()) },
		Dead: func(ctx context.Context, consumer string, e contract.Event) error {
			select {
			case <-p.opened:
				return event.Park(ctx, p.env.ledger, consumer, e, "given up after too many attempts; the log says why")
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
	return err
}

// workers is how many events a consumer works at once.
const workers = 4

// subscribe makes each consumer of the template a durable subscription to what its rules bring it.
func (p *Process) subscribe(ctx context.Context, opened map[string]fn.Opened) error {
	for _, f := range p.options.Template.Functions {
		o, ok := opened[f.Name]
		if !ok || o.Hears == nil {
			continue
		}
		consumer := event.Consumer{Name: f.Name, Hears: o.Hears, Ledger: p.env.Ledger, Log: p.options.Log}
		stop, err := p.bus.Subscribe(ctx, f.Name, p.options.Template.Hears(f), natsbus.Delivery{Workers: workers}, consumer.Work)
		if err != nil {
			return fmt.Errorf("subscribe %s: %w", f.Name, err)
		}
		p.stops = append(p.stops, stop)
	}
	return nil
}

// schedule calls jobs, and sends scheduled messages to their consumers, on the template's clock (UTC).
func (p *Process) schedule(ctx context.Context, opened map[string]fn.Opened) error {
	clock := cron.New(cron.WithLocation(time.UTC))
	add := func(expression string, run func(time.Time) error, name string) error {
		spec, err := cronSpec(expression)
		if err != nil {
			return fmt.Errorf("schedule of %s: %w", name, err)
		}
		_, err = clock.AddFunc(spec, func() {
			lineCtx, line := log.Begin(ctx)
			due := time.Now().UTC().Truncate(time.Minute)
			if err := run(due); err != nil {
				log.Fail(lineCtx, err)
			}
			line.Write(lineCtx, p.options.Log, "schedule", slog.String("function", name), slog.Time("due", due))
		})
		return err
	}
	for _, f := range p.options.Template.Functions {
		o := opened[f.Name]
		for _, s := range f.Schedules {
			if o.Schedule == nil {
				continue
			}
			err := add(s.Expression, func(due time.Time) error { return o.Schedule(ctx, due) }, f.Name)
			if err != nil {
				return err
			}
		}
	}
	for _, s := range p.options.Template.Schedules {
		e, err := contract.Parse([]byte(s.Input))
		if err != nil {
			return fmt.Errorf("schedule %s: input: %w", s.ID, err)
		}
		err = add(s.Expression, func(time.Time) error { return p.bus.Stalled(ctx, e, 0) }, s.ID)
		if err != nil {
			return err
		}
	}
	clock.Start()
	p.stops = append(p.stops, func() { <-clock.Stop().Done() })
	return nil
}

// routes mounts every web function where the template says, as HTTP API does: exact paths, no redirects, HEAD only where written.
func (p *Process) routes(opened map[string]fn.Opened) *http.ServeMux {
	mux := http.NewServeMux()
	authorize := p.authorizer(opened)
	for _, f := range p.options.Template.Functions {
		o, ok := opened[f.Name]
		if !ok || o.Web == nil {
			continue
		}
		for _, route := range f.Routes {
			in := web.Process{Function: f.Name, Log: p.options.Log}
			if !route.Public {
				in.Caller = authorize
			}
			mux.Handle(route.String(), web.Serve(route.String(), o.Web, in))
		}
	}
	mux.Handle("/", nothing)
	return mux
}

// welcome says where things are, to who asks for nothing in particular. HTTP API has no such route.
func (p *Process) welcome(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // HEAD
		nothing.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, p.options.Welcome) // whoever asked has gone
}

var nothing = web.Handle(func(http.ResponseWriter, *http.Request) error { return fault.New(fault.Missing, "no such route") })

// exact keeps ServeMux from mending a path by a redirect: HTTP API does not.
func exact(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := path.Clean(r.URL.Path)
		if clean != r.URL.Path && (clean == "/" || clean+"/" != r.URL.Path) || r.Method == http.MethodConnect {
			nothing.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// authorizer is the authorizer function of the template, asked in process.
func (p *Process) authorizer(opened map[string]fn.Opened) func(*http.Request) (access.Caller, error) {
	for _, o := range opened {
		if o.Authorize != nil {
			return func(r *http.Request) (access.Caller, error) {
				return o.Authorize(r.Context(), r.Header.Get("Authorization"))
			}
		}
	}
	return func(*http.Request) (access.Caller, error) { return access.Caller{}, nil }
}

func (p *Process) serve(handler http.Handler) {
	p.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(p.options.Log.Handler(), slog.LevelWarn),
	}
	go func() {
		err := p.server.Serve(p.listener)
		if !errors.Is(err, http.ErrServerClosed) {
			p.options.Log.Error("the server ended", "error", err.Error())
		}
	}()
}

// Address is where the process listens: host and port.
func (p *Process) Address() string { return p.address }

// Port is the port it listens on.
func (p *Process) Port() string { return p.address[strings.LastIndex(p.address, ":")+1:] }

// Env is what the functions of this process are given.
func (p *Process) Env() port.Env { return p.env }

// Idle waits until every event told so far has been worked.
func (p *Process) Idle(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	quiet := 0
	for quiet < 3 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		left, err := p.env.ledger.Relay(ctx)
		if err != nil {
			return err
		}
		pending, err := p.bus.Pending(ctx)
		if err != nil {
			return err
		}
		quiet++
		if left+pending > 0 {
			quiet = 0
		}
	}
	return nil
}

// Stop ends in order: no new requests, those under way finished, consumers drained, then the bus and the database.
func (p *Process) Stop(ctx context.Context) {
	if p.server == nil && p.listener != nil {
		p.listener.Close()
	}
	if p.server != nil {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_ = p.server.Shutdown(ctx) // whoever did not finish is told by the closed connection
	}
	for _, stop := range p.stops {
		stop()
	}
	p.cancel()
	p.relay.Wait()
	if p.bus != nil {
		p.bus.Close()
	}
	if p.env != nil {
		p.env.ledger.Close()
	}
	if p.conn != nil {
		p.conn.Close()
	}
	if p.nats != nil {
		p.nats.Close()
	}
}
