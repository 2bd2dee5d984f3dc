package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/platform/standalone/localpg"
)

// victim is the platform's real binary in a folder of its own, killed and started again.
type victim struct {
	t       *testing.T
	binary  string
	dir     string
	base    string
	setting []string
	out     *os.File
	cmd     *exec.Cmd
	exited  chan struct{}
	kills   int
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	dir := t.TempDir()
	v := &victim{t: t, binary: filepath.Join(dir, "standalone"), dir: filepath.Join(dir, "data")}
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", v.binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, built)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()
	v.base = "http://127.0.0.1:" + port
	for _, one := range os.Environ() { // what is set on this machine is not meant for this process
		name, _, _ := strings.Cut(one, "=")
		switch name {
		case "DATABASE_URL", "DATABASE_OWNER_URL", "NATS_URL", "OIDC_ISSUER", "HOST":
		default:
			v.setting = append(v.setting, one)
		}
	}
	v.setting = append(v.setting, "PORT="+port, "DATA="+v.dir, "OUT="+filepath.Join(dir, "out"), "SAMPLE=off")
	v.out, err = os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v.kill()
		v.out.Close()
		v.clear()
	})
	return v
}

// clear stops the Postgres that the killed process left, and removes its folder where that lies elsewhere.
func (v *victim) clear() {
	folder, err := filepath.EvalSymlinks(filepath.Join(v.dir, "postgres"))
	if err != nil { // it never came that far
		return
	}
	err = (&localpg.Server{Dir: folder}).Stop()
	if err != nil {
		v.t.Errorf("stop Postgres: %v", err)
	}
	os.RemoveAll(folder)
}

// spawn starts the process and does not wait for it.
func (v *victim) spawn() {
	v.t.Helper()
	v.cmd, v.exited = exec.Command(v.binary), make(chan struct{})
	v.cmd.Env, v.cmd.Stdout, v.cmd.Stderr = v.setting, v.out, v.out
	err := v.cmd.Start()
	if err != nil {
		v.t.Fatal(err)
	}
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(v.cmd, v.exited)
}

// start starts the process and waits until it answers.
func (v *victim) start() {
	v.t.Helper()
	v.spawn()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		response, err := http.Get(v.base + "/v1/health/ready")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-v.exited:
			v.t.Fatalf("the process ended at its start: %s", v.said())
		case <-time.After(2 * time.Millisecond):
		}
	}
	v.t.Fatalf("the process does not answer: %s", v.said())
}

func (v *victim) said() string {
	raw, _ := os.ReadFile(v.out.Name())
	return string(raw)
}

// kill ends the process as kill -9 does.
func (v *victim) kill() {
	if v.cmd == nil {
		return
	}
	_ = v.cmd.Process.Kill()
	<-v.exited
	v.cmd = nil
	v.kills++
}

// stop ends the process, and the Postgres it found or started, in order.
func (v *victim) stop() {
	v.t.Helper()
	err := v.cmd.Process.Signal(syscall.SIGTERM)
	if err != nil {
		v.t.Fatal(err)
	}
	select {
	case <-v.exited:
	case <-time.After(40 * time.Second):
		v.t.Fatalf("the process does not stop: %s", v.said())
	}
	if !v.cmd.ProcessState.Success() {
		v.t.Errorf("the process ended with %v: %s", v.cmd.ProcessState, v.said())
	}
	v.cmd = nil
}

// database is a connection past row-level security, to the Postgres that runs or to one started on its folder.
func (v *victim) database(ctx context.Context) *pgx.Conn {
	v.t.Helper()
	server, err := localpg.Start(ctx, localpg.Options{
		Dir: filepath.Join(v.dir, "postgres"), Binaries: filepath.Join(v.dir, "postgres-binaries"), Bound: true,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, server.URL("postgres", name))
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
