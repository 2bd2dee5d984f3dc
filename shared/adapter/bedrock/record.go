package bedrock

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// longestRecord is the most bytes of one line of a batch job's results: what was asked and what was answered.
const longestRecord = 4 << 20

// record is a line of a batch job's input, and with an output or an error of its results.
type record struct {
	RecordID    string          `json:"recordId"`
	ModelInput  json.RawMessage `json:"modelInput,omitempty"`
	ModelOutput json.RawMessage `json:"modelOutput,omitempty"`
	Error       *struct {
		Code    json.RawMessage `json:"errorCode"` // a number, or a word
		Message string          `json:"errorMessage"`
	} `json:"error,omitempty"`
}

// Record is the line of a batch job's input that asks about text, a Converse body with the text masked, ending with a line feed. Nothing
// for a text that would not be sent. Fails as Score does for a text that cannot be read.
func (m *Model) Record(ctx context.Context, id, text string) ([]byte, error) {
	err := readable(text)
	if err != nil || !sayable(text) {
		return nil, err
	}
	body, err := m.body(ctx, m.question(mask(text, m.mask...).text))
	if err != nil {
		return nil, fmt.Errorf("write record %s: %w", id, err)
	}
	line, err := json.Marshal(record{RecordID: id, ModelInput: body})
	if err != nil {
		return nil, fmt.Errorf("write record %s: %w", id, err)
	}
	return append(line, '\n'), nil
}

// Result is what came of one record.
type Result struct {
	ID      string // empty where the line cannot be read
	Scoring outcome.Scoring
	Err     error // of this record alone; Scoring still says what it cost
}

// Results reads the results of a batch job, in whatever order they stand, and hands each to each. text gives the text of a record id.
// A batch costs half. Records that failed, whose answer is unusable or whose line is broken are handed over with their error. An error
// of reading, or of each, ends it.
func (m *Model) Results(ctx context.Context, results io.Reader, text func(ctx context.Context, id string) (string, error), each func(Result) error) error {
	lines := bufio.NewScanner(results)
	lines.Buffer(make([]byte, 0, 64<<10), longestRecord)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		r := m.result(ctx, lines.Bytes(), text)
		if r.Err != nil {
			r.Err = fmt.Errorf("line %d: %w", n, r.Err)
		}
		err := each(r)
		if err != nil {
			return err
		}
	}
	err := lines.Err()
	if err != nil {
		return fmt.Errorf("read the results of a batch: %w", err)
	}
	return nil
}

// result reads one line.
func (m *Model) result(ctx context.Context, line []byte, text func(context.Context, string) (string, error)) Result {
	var rec record
	err := json.Unmarshal(line, &rec)
	if err != nil || rec.RecordID == "" {
		return Result{Err: fault.Fields("the record cannot be read", fault.Field{Name: "recordId", Expected: "a line of JSON with a recordId"})}
	}
	r := Result{ID: rec.RecordID}
	switch {
	case rec.Error != nil:
		r.Err = fault.New(fault.Invalid, fmt.Sprintf("the model failed for this record with code %.40s", rec.Error.Code))
	case rec.ModelOutput == nil:
		r.Err = fault.Fields("the record has no result", fault.Field{Name: "modelOutput", Expected: "a Converse answer, or an error"})
	default:
		var original string
		original, r.Err = text(ctx, rec.RecordID)
		if r.Err == nil {
			r.Scoring, r.Err = m.reading(ctx, original, rec.ModelOutput)
		}
	}
	return r
}

// reading scores a text by an answer that was given in a batch.
func (m *Model) reading(ctx context.Context, text string, output []byte) (outcome.Scoring, error) {
	err := readable(text)
	if err != nil {
		return outcome.Scoring{}, err
	}
	out, err := m.output(ctx, output)
	if err != nil {
		return outcome.Scoring{}, err
	}
	b := newBudget(m.limits, m.id)
	b.usage.Calls = 1
	m.bill(b, out)
	used := b.usage
	used.MicroUSD = (used.MicroUSD + 1) / 2
	got, problem, err := m.read(out)
	if problem != "" {
		err = fault.New(fault.Invalid, "the model gave no usable answer: "+problem)
	}
	if err != nil {
		return outcome.Scoring{Usage: &used}, err
	}
	scoring := m.blank()
	scoring.Usage = &used
	err = judge(&scoring, mask(text, m.mask...), got)
	if err != nil {
		return outcome.Scoring{Usage: &used}, err
	}
	return scoring, nil
}

// pigeonhole is an HTTP client that goes nowhere: it keeps what the SDK would send and gives it what it is told, so that a request and an
// answer of a batch are written and read by the SDK, as those of a call are.
type pigeonhole struct{ sent, answer []byte }

// Do is aws.HTTPClient.
func (p *pigeonhole) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		p.sent = sent
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(p.answer)), ContentLength: int64(len(p.answer)), Request: r,
	}, nil
}

func (p *pigeonhole) client() *bedrockruntime.Client {
	return bedrockruntime.New(bedrockruntime.Options{
		Region: "none", BaseEndpoint: aws.String("https://batch.invalid"), HTTPClient: p, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("batch", "batch", ""),
	})
}

// body is a request as the SDK writes it.
func (m *Model) body(ctx context.Context, in *bedrockruntime.ConverseInput) ([]byte, error) {
	p := pigeonhole{answer: []byte("{}")}
	_, err := p.client().Converse(ctx, in)
	if err != nil {
		return nil, err
	}
	return p.sent, nil
}

// output is an answer as the SDK reads it.
func (m *Model) output(ctx context.Context, answer []byte) (*bedrockruntime.ConverseOutput, error) {
	p := pigeonhole{answer: answer}
	out, err := p.client().Converse(ctx, &bedrockruntime.ConverseInput{ModelId: aws.String(m.id)})
	if err != nil {
		return nil, fault.Fields("the result cannot be read", fault.Field{Name: "modelOutput", Expected: "a Converse answer"})
	}
	if out.StopReason == "" {
		return nil, errors.New("modelOutput has no stopReason: was the job started with the type Converse?")
	}
	return out, nil
}
