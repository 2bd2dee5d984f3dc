// Package runtimeapi runs a function's real binary as Lambda does: it serves the Runtime API (2018-06-01) on loopback, starts the
// process, hands it payloads and takes its answers.
package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// prefix of every path of the API.
const prefix = "/2018-06-01/runtime/invocation/"

// Process is a running function.
type Process struct {
	cmd    *exec.Cmd
	server *http.Server
	begun  time.Time
	ready  chan struct{} // closed when the function asks for work for the first time
	init   time.Duration
	exited chan struct{}
	exit   error
	work   chan *invocation
	once   sync.Once

	mu      sync.Mutex
	waiting map[string]*invocation
	count   int
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	answer   chan answer
}

type answer struct {
	body   []byte
	failed bool
}

// Start starts binary with settings, NAME=value each, and nothing else in its environment but what Lambda puts there. What it prints
// goes to out. Stop must be called.
func Start(binary string, out io.Writer, settings ...string) (*Process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Process{
		ready: make(chan struct{}), exited: make(chan struct{}), work: make(chan *invocation), waiting: map[string]*invocation{},
	}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: time.Minute}
	go p.server.Serve(listener) //nolint:errcheck // ends with Stop
	p.cmd = exec.Command(binary)
	p.cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=function", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "AWS_REGION=eu-north-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "_HANDLER=bootstrap",
	}, settings...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.mu.Lock()
	p.begun = time.Now()
	p.mu.Unlock()
	err = p.cmd.Start()
	if err != nil {
		p.server.Close()
		return nil, err
	}
	go func() {
		p.exit = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// serve is the Runtime API.
func (p *Process) serve(w http.ResponseWriter, r *http.Request) {
	id, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, prefix), "/")
	if id == "next" {
		p.once.Do(p.asked)
		p.next(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	in := p.waiting[id]
	delete(p.waiting, id)
	p.mu.Unlock()
	if in == nil || err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	in.answer <- answer{body, what == "error"}
}

// asked notes when the function asked for work for the first time.
func (p *Process) asked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.init = time.Since(p.begun)
	close(p.ready)
}

func (p *Process) next(w http.ResponseWriter, r *http.Request) {
	select {
	case in := <-p.work:
		header := w.Header()
		header.Set("Lambda-Runtime-Aws-Request-Id", in.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-north-1:000000000000:function:function")
		p.mu.Lock()
		p.waiting[in.id] = in
		p.mu.Unlock()
		_, _ = w.Write(in.payload)
	case <-r.Context().Done():
	}
}

// Init waits until the function asks for work, and says how long after its start that was.
func (p *Process) Init(ctx context.Context) (time.Duration, error) {
	select {
	case <-p.ready:
		return p.init, nil
	case <-p.exited:
		return 0, fmt.Errorf("the function ended before it asked for work: %w", p.exit)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// ErrFunction is an invocation that the function answered with an error; the answer has its text.
var ErrFunction = errors.New("the function answered with an error")

// Invoke hands over payload, to be answered within timeout, and gives the answer.
func (p *Process) Invoke(ctx context.Context, payload []byte, timeout time.Duration) ([]byte, error) {
	p.mu.Lock()
	p.count++
	in := &invocation{id: fmt.Sprintf("request-%d", p.count), payload: payload, deadline: time.Now().Add(timeout), answer: make(chan answer, 1)}
	p.mu.Unlock()
	ctx, cancel := context.WithDeadline(ctx, in.deadline)
	defer cancel()
	select {
	case p.work <- in:
	case <-p.exited:
		return nil, fmt.Errorf("the function has ended: %w", p.exit)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case got := <-in.answer:
		if got.failed {
			return got.body, ErrFunction
		}
		return got.body, nil
	case <-p.exited:
		return nil, fmt.Errorf("the function ended while it worked: %w", p.exit)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Kill ends the process at once, as kill -9 does, and waits for it.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// Stop ends the process and the API.
func (p *Process) Stop() {
	p.Kill()
	_ = p.server.Close()
}
