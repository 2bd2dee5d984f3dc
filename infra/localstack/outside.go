package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/platform/standalone/devissuer"
	"github.com/teei/csr-platform/shared/platform/standalone/localpg"
)

// outside is what a deployment brings along: a Postgres, whose URLs are kept in Secrets Manager, and an issuer of tokens.
type outside struct {
	owner        string // URL of the superuser, for looking past row-level security
	ownerSecret  string // ARN
	serviceURL   string // ARN
	issuer       *devissuer.Issuer
	databasePort int
}

// startOutside starts a fresh Postgres on a free port and the issuer on another.
func startOutside(ctx context.Context, p workplace, e emulator, undo *undoing) (outside, error) {
	step("starting Postgres and an issuer of tokens")
	var o outside
	sweep(p)
	dir, err := os.MkdirTemp(p.dir, "db-")
	if err != nil {
		return o, err
	}
	// Removed after Postgres has stopped; its real folder may lie elsewhere, behind a link.
	undo.add(func() error { return os.RemoveAll(dir) })
	o.databasePort, err = freePort()
	if err != nil {
		return o, err
	}
	ownerPassword, servicePassword := rand.Text(), rand.Text()
	server, err := localpg.Start(ctx, localpg.Options{
		Dir: filepath.Join(dir, "postgres"), Binaries: filepath.Join(p.root, ".local", "postgres-binaries"), Port: o.databasePort, Password: ownerPassword, Bound: true,
		Settings: map[string]string{"fsync": "off", "max_connections": "100", "shared_buffers": "64MB"},
		Progress: func(what string) { pass("%s", what) },
	})
	if err != nil {
		return o, err
	}
	undo.add(func() error { return os.RemoveAll(server.Dir) })
	undo.add(server.Stop)
	o.owner = server.TCP("postgres", ownerPassword, stack)
	conn, err := pgx.Connect(ctx, server.TCP("postgres", ownerPassword, "postgres"))
	if err != nil {
		return o, err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+stack)
	if err != nil {
		return o, err
	}
	err = conn.Close(ctx)
	if err != nil {
		return o, err
	}
	o.ownerSecret, err = e.secret(ctx, "owner", o.owner, undo)
	if err != nil {
		return o, err
	}
	o.serviceURL, err = e.secret(ctx, "service", server.TCP("csr_service", servicePassword, stack), undo)
	if err != nil {
		return o, err
	}
	pass("Postgres on port %d, its URLs in Secrets Manager", o.databasePort)
	return o, o.serveIssuer(ctx, dir, undo)
}

// sweep removes the databases of runs that were killed; their servers ended with them.
func sweep(p workplace) {
	folders, _ := filepath.Glob(filepath.Join(p.dir, "db-*"))
	for _, folder := range folders {
		if real, err := filepath.EvalSymlinks(filepath.Join(folder, "postgres")); err == nil {
			_ = os.RemoveAll(real)
		}
		_ = os.RemoveAll(folder)
	}
}

func (o *outside) serveIssuer(ctx context.Context, dir string, undo *undoing) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := "http://" + listener.Addr().String()
	o.issuer, err = devissuer.Open(dir, address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: o.issuer.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	undo.add(server.Close)
	pass("issuer at %s", address)
	return nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// secret keeps value in the emulator's Secrets Manager and gives its ARN.
func (e emulator) secret(ctx context.Context, name, value string, undo *undoing) (string, error) {
	client := secretsmanager.NewFromConfig(e.config)
	made, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String(stack + "/" + name + "/" + rand.Text()[:8]), SecretString: &value})
	if err != nil {
		return "", fmt.Errorf("keep the secret %s: %w", name, err)
	}
	undo.add(func() error {
		_, err := client.DeleteSecret(context.WithoutCancel(ctx), &secretsmanager.DeleteSecretInput{SecretId: made.ARN, ForceDeleteWithoutRecovery: aws.Bool(true)})
		var gone *types.ResourceNotFoundException
		if errors.As(err, &gone) { // a call whose answer was lost is tried again, and finds nothing left
			return nil
		}
		return err
	})
	return aws.ToString(made.ARN), nil
}

// deploy is sam deploy of the template as it stands; more are parameters of this deployment.
func deploy(ctx context.Context, p workplace, e emulator, o outside, more ...string) error {
	parameters := append([]string{"DatabaseUrl=" + o.serviceURL, "DatabaseOwnerUrl=" + o.ownerSecret, "OidcIssuer=" + o.issuer.Name(), "OidcAudience=" + devissuer.Audience}, more...)
	if e.ministack {
		for _, u := range unsupported {
			parameters = append(parameters, u.parameter)
		}
	}
	began := time.Now()
	err := p.sam(e, append([]string{"deploy", "--stack-name", stack, "--region", region, "--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"}, parameters...)...)
	if err != nil {
		return err
	}
	answer, err := cloudformation.NewFromConfig(e.config).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	if err != nil {
		return fmt.Errorf("describe the stack: %w", err)
	}
	pass("%s in %.0f s", answer.Stacks[0].StackStatus, time.Since(began).Seconds())
	return nil
}

// remove deletes the stack and is an error unless it is gone.
func remove(p workplace, e emulator) error {
	step("sam delete")
	err := p.sam(e, "delete", "--stack-name", stack, "--region", region, "--no-prompts")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if e.hasStack(ctx) {
		return fmt.Errorf("the stack is still there after sam delete")
	}
	pass("the stack is gone")
	return nil
}

// hasStack says whether the stack is there, for an earlier run that was killed leaves it in an emulator that goes on.
func (e emulator) hasStack(ctx context.Context) bool {
	answer, err := cloudformation.NewFromConfig(e.config).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	return err == nil && len(answer.Stacks) > 0
}
