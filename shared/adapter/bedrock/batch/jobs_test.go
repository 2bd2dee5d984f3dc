package batch_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/adapter/bedrock/batch"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
)

// bucket is an object store in memory.
type bucket struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (b *bucket) Get(uri string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body, ok := b.files[uri]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return body, nil
}

func (b *bucket) Put(uri string, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files[uri] = body
	return nil
}

const (
	haiku = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
	nova  = "eu.amazon.nova-lite-v1:0"
)

func job(name, model string) batch.Job {
	return batch.Job{Name: name, Model: model, Role: "arn:aws:iam::123456789012:role/batch", Input: "s3://texts/in.jsonl", Output: "s3://texts/out/"}
}

// texts are many, by id.
func texts(n int) map[string]string {
	all := map[string]string{}
	for i := range n {
		all[fmt.Sprintf("t%03d", i)] = fmt.Sprintf("Text %d: I have many friends here 🎉, write to a%d@example.com. I am not afraid.", i, i)
	}
	return all
}

func TestBackfillByBatch(t *testing.T) {
	t.Parallel()
	for _, id := range []string{haiku, nova} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			all := texts(120)
			store := &bucket{files: map[string][]byte{}}
			server := bedrockfake.Plays(t, func(r bedrockfake.Request) bedrockfake.Answer {
				text := bedrockfake.Text(r)
				switch {
				case strings.Contains(text, "@example"):
					t.Errorf("an address left: %q", text)
				case strings.HasPrefix(text, "Text 7:"):
					return bedrockfake.Fails("ModelErrorException")
				case strings.HasPrefix(text, "Text 8:"):
					return bedrockfake.Stops("max_tokens", "{")
				}
				return bedrockfake.Honest(r)
			})
			server.Bucket = store
			m := bedrock.New(server.Config(), id)
			var input bytes.Buffer
			for key, text := range all {
				line, err := m.Record(t.Context(), key, text)
				if err != nil {
					t.Fatal(err)
				}
				input.Write(line)
			}
			store.files["s3://texts/in.jsonl"] = input.Bytes()
			state := run(t, batch.New(server.Config()), job("backfill-1", id))
			if !state.Done || state.Failed || state.Total != 120 || state.Errors != 1 {
				t.Fatalf("%+v", state)
			}
			results, err := store.Get(state.Results)
			if err != nil {
				t.Fatalf("%s: %v", state.Results, err)
			}
			compare(t, m, append(results, "not JSON\n{\"recordId\":\"gone\",\"modelOutput\":{}}\n"...), all)
		})
	}
}

// run starts a job and looks until it is done.
func run(t *testing.T, jobs *batch.Jobs, j batch.Job) batch.State {
	t.Helper()
	arn, err := jobs.Start(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		state, err := jobs.State(t.Context(), arn)
		if err != nil {
			t.Fatal(err)
		}
		if state.Done {
			return state
		}
	}
	t.Fatal("the job never ends")
	return batch.State{}
}

func compare(t *testing.T, m *bedrock.Model, results []byte, all map[string]string) {
	t.Helper()
	find := func(_ context.Context, id string) (string, error) {
		text, ok := all[id]
		if !ok {
			return "", fault.New(fault.Missing, "no such text")
		}
		return text, nil
	}
	scored, failed := map[string]bool{}, map[string]fault.Kind{}
	err := m.Results(t.Context(), bytes.NewReader(results), find, func(r bedrock.Result) error {
		if r.Err != nil {
			failed[r.ID] = fault.KindOf(r.Err)
			return nil
		}
		scored[r.ID] = true
		if len(r.Scoring.Scores) != 2 || r.Scoring.Method != outcome.LLM || r.Scoring.Usage.MicroUSD == 0 {
			t.Errorf("%s: %+v", r.ID, r.Scoring)
		}
		return outcome.Verify(all[r.ID], r.Scoring)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(scored) != 118 || len(failed) != 4 || failed["t007"] != fault.Invalid || failed["t008"] != fault.Invalid || failed["gone"] != fault.Missing || failed[""] != fault.Invalid {
		t.Errorf("%d scored, failed: %v", len(scored), failed)
	}
}

func TestABatchCostsHalf(t *testing.T) {
	t.Parallel()
	m := bedrock.New(aws.Config{}, "global.anthropic.claude-haiku-4-5-20251001-v1:0")
	const line = `{"recordId":"a","modelOutput":{"output":{"message":{"role":"assistant","content":[{"text":"{\"language\":\"en\",\"scores\":[]}"}]}},` +
		`"stopReason":"end_turn","usage":{"inputTokens":1000,"outputTokens":100,"totalTokens":1100},"metrics":{"latencyMs":1}}}`
	err := m.Results(t.Context(), strings.NewReader(line), func(context.Context, string) (string, error) { return "I sleep.", nil }, func(r bedrock.Result) error {
		if r.Err != nil || r.Scoring.Usage.MicroUSD != 750 {
			t.Errorf("%+v", r)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestJobsThatCannotStart(t *testing.T) {
	t.Parallel()
	server := bedrockfake.Plays(t, bedrockfake.Honest)
	server.Bucket = &bucket{files: map[string][]byte{"s3://texts/in.jsonl": []byte("{}\n")}}
	jobs := batch.New(server.Config())
	for field, spoil := range map[string]func(*batch.Job){
		"name": func(j *batch.Job) { j.Name = "a b" }, "model": func(j *batch.Job) { j.Model = "" }, "role": func(j *batch.Job) { j.Role = "batch" },
		"input": func(j *batch.Job) { j.Input = "s3://texts/in.csv" }, "output": func(j *batch.Job) { j.Output = "s3://texts/out" }, "hours": func(j *batch.Job) { j.Hours = 1 },
	} {
		j := job("x", haiku)
		spoil(&j)
		_, err := jobs.Start(t.Context(), j)
		if fault.KindOf(err) != fault.Invalid || fault.Of(err).Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	state := run(t, jobs, job("small", haiku))
	if !state.Failed || !strings.Contains(state.Message, "100") {
		t.Errorf("one record: %+v", state)
	}
	_, err := jobs.Start(t.Context(), job("small", haiku))
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("%v, want conflict", err)
	}
	_, err = jobs.State(t.Context(), "arn:aws:bedrock:eu-north-1:123456789012:model-invocation-job/none")
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("%v, want missing", err)
	}
}

func FuzzResults(f *testing.F) {
	f.Add([]byte(`{"recordId":"a","modelOutput":{"output":{"message":{"role":"assistant","content":[{"text":"{}"}]}},"stopReason":"end_turn"}}`))
	f.Add([]byte(`{"recordId":"a","error":{"errorCode":400,"errorMessage":"bad"}}`))
	f.Add([]byte("{\"recordId\":\"a\",\"modelOutput\":{\"stopReason\":\"tool_use\",\"output\":null}}\n\n[]"))
	m := bedrock.New(aws.Config{}, nova)
	const text = "I have many friends here."
	f.Fuzz(func(t *testing.T, results []byte) {
		_ = m.Results(t.Context(), bytes.NewReader(results), func(context.Context, string) (string, error) { return text, nil }, func(r bedrock.Result) error {
			if r.Err == nil && outcome.Verify(text, r.Scoring) != nil {
				t.Errorf("scored what does not verify: %+v", r.Scoring)
			}
			return nil
		})
	})
}
