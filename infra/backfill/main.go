// Command backfill scores many texts by batch inference, at half the price of single calls: write makes the file that a job reads, start
// starts the job, state says where it stands, read turns its results into scorings. README.md is the runbook.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/adapter/bedrock/batch"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/awsconfig"
)

// text is a line of the file of texts.
type text struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// longestLine is the most bytes of a line of the file of texts.
const longestLine = 1 << 20

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "backfill:", err)
		os.Exit(1)
	}
}

// run does one command. What is asked for goes to out, what is left out or failed to log.
func run(ctx context.Context, args []string, out, log io.Writer, env func(string) string) error {
	if len(args) == 0 {
		return errors.New("expected one of write, start, state, read")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(log)
	var (
		model   = flags.String("model", env("MODEL_ID"), "model or inference profile id")
		texts   = flags.String("texts", "", `file of texts, a line each: {"id": …, "text": …}`)
		results = flags.String("results", "", "file of results, as the job wrote it")
		name    = flags.String("name", "", "name of the job, never used before")
		role    = flags.String("role", "", "ARN of the role by which Bedrock reads and writes the bucket")
		input   = flags.String("input", "", "s3://bucket/key.jsonl, what write made")
		output  = flags.String("output", "", "s3://bucket/folder/")
		job     = flags.String("job", "", "ARN of the job")
	)
	err := flags.Parse(args[1:])
	if err != nil {
		return err
	}
	switch args[0] {
	case "write":
		return write(ctx, bedrock.New(aws.Config{}, *model), *texts, out, log)
	case "start":
		arn, err := batch.New(config(env)).Start(ctx, batch.Job{Name: *name, Model: *model, Role: *role, Input: *input, Output: *output})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, arn)
		return err
	case "state":
		state, err := batch.New(config(env)).State(ctx, *job)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s %s\n%d of %d answered, %d failed\nresults: %s\n", state.Status, state.Message, state.Succeeded, state.Total, state.Errors, state.Results)
		return err
	case "read":
		return read(ctx, bedrock.New(aws.Config{}, *model), *texts, *results, out, log)
	}
	return fmt.Errorf("no command %q: expected one of write, start, state, read", args[0])
}

// config is the account and region that the usual variables name.
func config(env func(string) string) aws.Config {
	return awsconfig.From(func(name string) (string, bool) { return env(name), true }, "")
}

// each calls f with every text of a file.
func each(file string, f func(text) error) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), longestLine)
	for n := 1; lines.Scan(); n++ {
		var t text
		err = json.Unmarshal(lines.Bytes(), &t)
		if err != nil || t.ID == "" {
			return fmt.Errorf(`%s, line %d: expected {"id": …, "text": …}`, file, n)
		}
		err = f(t)
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", file, n, err)
		}
	}
	return lines.Err()
}

// write makes the input of a job. Texts that cannot be asked about are named in log, by id, and left out.
func write(ctx context.Context, m *bedrock.Model, texts string, out, log io.Writer) error {
	n, most := 0, int64(0)
	err := each(texts, func(t text) error {
		line, err := m.Record(ctx, t.ID, t.Text)
		if err != nil || line == nil {
			fmt.Fprintln(log, t.ID, "is left out:", problem(err))
			return nil
		}
		n++
		most += m.Estimate(t.Text)
		_, err = out.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	if n < batch.LeastRecords {
		return fmt.Errorf("%d texts: a job has at least %d; score fewer one by one", n, batch.LeastRecords)
	}
	fmt.Fprintf(log, "%d texts; the job costs at most %.2f USD, usually a twentieth of that\n", n, float64(most)/2/1_000_000)
	return nil
}

func problem(err error) string {
	if err == nil {
		return "there is no word in it"
	}
	if known := fault.Of(err); known != nil {
		return known.Public()
	}
	return err.Error()
}

// line is a scoring as it is printed.
type line struct {
	ID, ModelVersion, RubricVersion, Language string
	Scores                                    []outcome.Score
	MicroUSD                                  int64
}

// read turns results into scorings, a line of JSON each. Records that failed are named in log, by id, and make it fail at the end.
func read(ctx context.Context, m *bedrock.Model, texts, results string, out, log io.Writer) error {
	known := map[string]string{}
	err := each(texts, func(t text) error {
		known[t.ID] = t.Text
		return nil
	})
	if err != nil {
		return err
	}
	in, err := os.Open(results)
	if err != nil {
		return err
	}
	defer in.Close()
	find := func(_ context.Context, id string) (string, error) {
		body, ok := known[id]
		if !ok {
			return "", fault.New(fault.Missing, "its text is not in the file of texts")
		}
		return body, nil
	}
	failed, spent, encoder := 0, int64(0), json.NewEncoder(out)
	err = m.Results(ctx, in, find, func(r bedrock.Result) error {
		cost := int64(0)
		if r.Scoring.Usage != nil {
			cost = r.Scoring.Usage.MicroUSD
		}
		spent += cost
		if r.Err != nil {
			failed++
			fmt.Fprintln(log, r.ID, "failed:", r.Err)
			return nil
		}
		s := r.Scoring
		return encoder.Encode(line{r.ID, s.ModelVersion, s.RubricVersion, s.Language, s.Scores, cost})
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "%.2f USD\n", float64(spent)/1_000_000)
	if failed > 0 {
		return fmt.Errorf("%d records failed; score their texts one by one", failed)
	}
	return nil
}
