package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	csr "github.com/teei/csr-platform"
	"github.com/teei/csr-platform/shared/platform/template"
)

// workplace is a folder that looks like the repository to sam: template.yaml, samconfig.toml and build/. It is not the repository, so that
// binaries for this machine are never deployed to AWS by mistake.
type workplace struct {
	root string // of the repository
	dir  string
}

// build compiles every function for this machine, since the emulator runs them here, and copies the template to the byte.
func (p workplace) build(ctx context.Context, deployed template.Template) error {
	err := os.RemoveAll(filepath.Join(p.dir, "build"))
	if err != nil {
		return err
	}
	err = os.MkdirAll(p.dir, 0o755)
	if err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(p.dir, "template.yaml"), csr.Template, 0o644)
	if err != nil {
		return err
	}
	config, err := os.ReadFile(filepath.Join(p.root, "samconfig.toml"))
	if err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(p.dir, "samconfig.toml"), config, 0o644)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for _, function := range deployed.Functions {
		group.Go(func() error { return p.compile(ctx, function.Name, function.CodeURI, "-s -w") })
	}
	return group.Wait()
}

func (p workplace) compile(ctx context.Context, name, codeURI, flags string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", flags, "-o", filepath.Join(p.dir, codeURI, "bootstrap"), "./functions/"+name+"/lambda")
	cmd.Dir = p.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// change builds two functions anew with another build id, so that the next deployment has something to update: the migrations, which must
// then run again, and a web function.
func (p workplace) change(ctx context.Context) error {
	for _, name := range []string{"deploy/migrate", "api/health"} {
		err := p.compile(ctx, name, "build/"+name, "-s -w -buildid=second")
		if err != nil {
			return err
		}
	}
	return nil
}

// sam runs the SAM command line in the workplace. Its output is shown only when it fails.
func (p workplace) sam(e emulator, args ...string) error {
	cmd := exec.Command(filepath.Join(p.venv(), "bin", "sam"), args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_ENDPOINT_URL="+e.endpoint, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_EC2_METADATA_DISABLED=true")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("sam %s: %w\n%s", args[0], err, tail(string(out), 60))
	}
	return nil
}

// tail is the last lines of text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
