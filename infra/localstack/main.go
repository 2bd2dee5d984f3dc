// Command localstack runs the platform as the Lambdas that would be deployed, on an emulator of AWS: it builds every function, deploys
// template.yaml unchanged with `sam deploy`, repairs in the open what the emulator cannot do, and takes one real stream from signed
// webhooks and files to a company's report, with a real Postgres behind it. Then it deploys again as an update, and deletes the stack.
//
//	go run ./infra/localstack           the whole journey; everything that was started is stopped
//	go run ./infra/localstack -keep     leaves it all running after the journey, until Ctrl-C
//
// The emulator is MiniStack, installed from PyPI and started when nothing listens on AWS_ENDPOINT_URL (http://127.0.0.1:4566). With
// EMULATOR=localstack it is a LocalStack that already listens there, started with LAMBDA_IGNORE_ARCHITECTURE=1 and
// LAMBDA_DOCKER_FLAGS=--network=host, so that its functions run binaries of this machine and reach the Postgres and the issuer on it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	csr "github.com/teei/csr-platform"
	"github.com/teei/csr-platform/shared/platform/template"
)

// stack is the name of the CloudFormation stack.
const stack = "csr"

func main() {
	keep := flag.Bool("keep", false, "leave everything running after the journey, until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	err := run(ctx, *keep)
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nFAILED after %.0f s: %v\n", time.Since(began).Seconds(), err)
		os.Exit(1)
	}
	fmt.Printf("\nall of it passed, in %.0f s\n", time.Since(began).Seconds())
}

// run is the whole of it: what was started last is stopped first, whatever happens in between.
func run(ctx context.Context, keep bool) (err error) {
	deployed, err := template.Read(csr.Template)
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	var undo undoing
	defer func() { err = errors.Join(err, undo.all()) }()
	place := workplace{root: root, dir: filepath.Join(root, ".local", "emulator")}
	step("building %d functions", len(deployed.Functions))
	err = place.build(ctx, deployed)
	if err != nil {
		return err
	}
	emulator, err := start(ctx, place, &undo)
	if err != nil {
		return err
	}
	if emulator.hasStack(ctx) {
		step("a stack %s is left over from an earlier run", stack)
		err = remove(place, emulator)
		if err != nil {
			return err
		}
	}
	outside, err := startOutside(ctx, place, emulator, &undo)
	if err != nil {
		return err
	}
	err = emulator.stillUnsupported(ctx)
	if err != nil {
		return err
	}
	step("sam deploy")
	undo.add(func() error { return remove(place, emulator) })
	err = deploy(ctx, place, emulator, outside)
	if err != nil {
		return err
	}
	err = repair(ctx, emulator, deployed)
	if err != nil {
		return err
	}
	journey, err := newJourney(ctx, emulator, outside, deployed)
	if err != nil {
		return err
	}
	err = journey.all(ctx)
	if err != nil {
		return err
	}
	step("sam deploy again, as an update with other functions and other settings")
	err = place.change(ctx)
	if err != nil {
		return err
	}
	err = deploy(ctx, place, emulator, outside, append(onBedrock, "LogDays=7")...)
	if err != nil {
		return err
	}
	err = journey.afterUpdate(ctx)
	if err != nil || !keep {
		return err
	}
	step("the platform answers at %s with Host: %s; Ctrl-C ends it", emulator.endpoint, journey.host)
	<-ctx.Done()
	return nil
}

// undoing is what must be stopped or removed, in the order in which it came.
type undoing struct{ steps []func() error }

func (u *undoing) add(step func() error) { u.steps = append(u.steps, step) }

func (u *undoing) all() error {
	var errs []error
	for i := len(u.steps) - 1; i >= 0; i-- {
		errs = append(errs, u.steps[i]())
	}
	return errors.Join(errs...)
}

func step(format string, args ...any) { fmt.Printf("\n── "+format+"\n", args...) }

func pass(format string, args ...any) { fmt.Printf("   ok    "+format+"\n", args...) }

func gap(format string, args ...any) { fmt.Printf("   gap   "+format+"\n", args...) }
