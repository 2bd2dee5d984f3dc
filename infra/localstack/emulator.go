package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const region = "eu-north-1"

// emulator is an AWS on this machine.
type emulator struct {
	endpoint  string // http://127.0.0.1:4566
	ministack bool   // else a LocalStack
	config    aws.Config
}

// start finds the emulator that already listens, or installs and starts MiniStack.
func start(ctx context.Context, p workplace, undo *undoing) (emulator, error) {
	e := emulator{endpoint: or(os.Getenv("AWS_ENDPOINT_URL"), "http://127.0.0.1:4566"), ministack: os.Getenv("EMULATOR") != "localstack"}
	e.config = aws.Config{Region: region, BaseEndpoint: aws.String(e.endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	at, err := url.Parse(e.endpoint)
	if err != nil || at.Port() == "" {
		return e, fmt.Errorf("AWS_ENDPOINT_URL: expected an address such as http://127.0.0.1:4566")
	}
	err = p.install(ctx)
	if err != nil {
		return e, err
	}
	conn, err := net.DialTimeout("tcp", at.Host, time.Second)
	if err == nil {
		conn.Close()
		step("using the emulator that listens at %s", e.endpoint)
		p.adopt(undo)
		return e, nil
	}
	if !e.ministack {
		return e, fmt.Errorf("EMULATOR=localstack: nothing listens at %s", e.endpoint)
	}
	return e, e.launch(ctx, p, at, undo)
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (p workplace) venv() string { return filepath.Join(p.root, ".tools", "venv") }

// install makes the virtual environment with sam and MiniStack, unless it has been made from the same list already.
func (p workplace) install(ctx context.Context) error {
	list := filepath.Join(p.root, "infra", "localstack", "requirements.txt")
	wanted, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	mark := filepath.Join(p.venv(), "requirements.txt")
	have, _ := os.ReadFile(mark)
	if bytes.Equal(have, wanted) {
		return nil
	}
	step("installing sam, cfn-lint and MiniStack into .tools/venv (a minute or two, once)")
	for _, command := range [][]string{{"python3", "-m", "venv", p.venv()}, {filepath.Join(p.venv(), "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", list}} {
		out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", command[0], err, tail(string(out), 20))
		}
	}
	return os.WriteFile(mark, wanted, 0o644)
}

// launch starts MiniStack and waits until it answers. Its own environment holds AWS_ENDPOINT_URL, else functions would look for AWS.
func (e emulator) launch(ctx context.Context, p workplace, at *url.URL, undo *undoing) error {
	step("starting MiniStack at %s, its log is .local/emulator/ministack.log", e.endpoint)
	log, err := os.Create(filepath.Join(p.dir, "ministack.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(p.venv(), "bin", "ministack"))
	cmd.Dir = p.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us to pass on, and its functions end with it
	cmd.Env = append(os.Environ(), "BIND_HOST=127.0.0.1", "GATEWAY_PORT="+at.Port(), "IOT_MTLS_ENABLED=0", "MINISTACK_REGION="+region, "AWS_ENDPOINT_URL="+e.endpoint)
	err = cmd.Start()
	if err != nil {
		return fmt.Errorf("start MiniStack: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	undo.add(func() error { return p.end(cmd.Process.Pid, ended) })
	err = os.WriteFile(p.pidFile(), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
	if err != nil {
		return err
	}
	return await(ctx, 60*time.Second, "MiniStack to answer", func() error {
		select {
		case err := <-ended:
			ended <- err
			return hopeless{fmt.Errorf("MiniStack ended: %w; see .local/emulator/ministack.log", err)}
		default:
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.endpoint+"/_ministack/health", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	})
}

func (p workplace) pidFile() string { return filepath.Join(p.dir, "ministack.pid") }

// adopt makes a MiniStack that an earlier run of ours started, and was killed before it stopped, end with this run.
func (p workplace) adopt(undo *undoing) {
	raw, err := os.ReadFile(p.pidFile())
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(string(raw))
	if err != nil {
		return
	}
	command, err := exec.Command("ps", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	if err == nil && bytes.Contains(command, []byte(p.venv())) {
		pass("an earlier run of ours started it; it ends with this one")
		undo.add(func() error { return p.end(pid, nil) })
	}
}

// end stops MiniStack and the functions it runs.
func (p workplace) end(pid int, ended chan error) error {
	_ = syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL) // what did not end by itself
	return os.Remove(p.pidFile())
}

// hopeless is an error that waiting does not cure.
type hopeless struct{ error }

// await tries until try succeeds, at most limit, and says what was awaited.
func await(ctx context.Context, limit time.Duration, what string, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		var final hopeless
		if errors.As(err, &final) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v for %s: %w", limit, what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
