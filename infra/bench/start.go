package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	csr "github.com/teei/csr-platform"
	"github.com/teei/csr-platform/shared/platform/template"
	"github.com/teei/csr-platform/shared/testkit/runtimeapi"
)

// helloSource is the empty function that the others are measured beside.
const helloSource = `package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context, map[string]any) (string, error) { return "hello", nil })
}
`

// starts is how often each function is started in a round.
const starts = 15

// build compiles package into out as a Lambda is built.
func build(ctx context.Context, out, pkg string, env ...string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), append([]string{"CGO_ENABLED=0"}, env...)...)
	printed, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, printed)
	}
	return nil
}

// hello builds the empty function. Its source needs this module's dependencies, so it lies inside it, in an ignored folder.
func (b *bench) hello(ctx context.Context) (string, error) {
	dir := filepath.Join("build", "hello")
	err := os.MkdirAll(dir, 0o755)
	if err != nil {
		return "", err
	}
	err = os.WriteFile(filepath.Join(dir, "main.go"), []byte(helloSource), 0o644)
	if err != nil {
		return "", err
	}
	out := filepath.Join(b.dir, "hello")
	return out, build(ctx, out, "./"+dir)
}

// init measures process start to the first question for work, of each function in turn with the empty one.
func (b *bench) init(ctx context.Context) error {
	written, err := template.Read(csr.Template)
	if err != nil {
		return err
	}
	hello, err := b.hello(ctx)
	if err != nil {
		return err
	}
	for _, f := range written.Functions {
		binary := filepath.Join(b.dir, strings.ReplaceAll(f.Name, "/", "-"))
		err = build(ctx, binary, "./functions/"+f.Name+"/lambda")
		if err != nil {
			return err
		}
		settings := settingsOf(f)
		var floors, ours, ratios []float64
		for range max(b.repeat, 3) {
			floor, err := started(ctx, hello, nil)
			if err != nil {
				return err
			}
			own, err := started(ctx, binary, settings)
			if err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
			floors, ours, ratios = append(floors, floor), append(ours, own), append(ratios, own/floor)
		}
		b.progress("init of %s: %s", f.Name, spread(ratios, "%.2f"))
		row("init of "+f.Name+", ms", spread(floors, "%.1f"), spread(ours, "%.1f"), spread(ratios, "%.2f"), "≤ 2")
	}
	return nil
}

// settingsOf gives the function what a deployment would: what is not known before one gets a value of the right shape.
func settingsOf(f template.Function) []string {
	var settings []string
	for _, s := range f.Settings {
		settings = append(settings, s.Name+"="+cmp.Or(s.Value, "https://example.test/"+strings.ToLower(s.Name)))
	}
	return settings
}

// started is the median of some starts, in milliseconds.
func started(ctx context.Context, binary string, settings []string) (float64, error) {
	var took []float64
	for range starts {
		var printed bytes.Buffer
		process, err := runtimeapi.Start(binary, &printed, settings...)
		if err != nil {
			return 0, err
		}
		waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
		init, err := process.Init(waiting)
		cancel()
		process.Stop()
		if err != nil {
			return 0, fmt.Errorf("%w: %s", err, printed.String())
		}
		took = append(took, float64(init.Microseconds())/1000)
	}
	median, _, _ := middle(took)
	return median, nil
}

// zip measures what would be uploaded: the arm64 binary, compressed.
func (b *bench) zip(ctx context.Context) error {
	written, err := template.Read(csr.Template)
	if err != nil {
		return err
	}
	type sized struct {
		name string
		mb   float64
	}
	var all []sized
	for _, f := range written.Functions {
		binary := filepath.Join(b.dir, "bootstrap")
		err = build(ctx, binary, "./functions/"+f.Name+"/lambda", "GOOS=linux", "GOARCH=arm64")
		if err != nil {
			return err
		}
		size, err := zipped(binary)
		if err != nil {
			return err
		}
		all = append(all, sized{f.Name, float64(size) / 1e6})
	}
	slices.SortFunc(all, func(a, b sized) int { return cmp.Compare(b.mb, a.mb) })
	for _, s := range all {
		goal := "≤ 7"
		if slices.Contains(readers, s.name) {
			goal = "≤ 20"
		}
		row("zip of "+s.name+", MB", "", fmt.Sprintf("%.1f", s.mb), "", goal)
	}
	return nil
}

// readers hold the model that reads texts.
var readers = []string{"api/classify", "consumers/scorefeedback", "consumers/screencontent"}

func zipped(path string) (int, error) {
	raw, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer raw.Close()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	entry, err := archive.Create("bootstrap")
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(entry, raw)
	if err != nil {
		return 0, err
	}
	err = archive.Close()
	return out.Len(), err
}
