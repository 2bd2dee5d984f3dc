package bedrockfake

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// leastRecords is the fewest records of a batch job.
const leastRecords = 100

// Bucket is the object store that batch jobs read from and write to; addresses are s3:// URIs.
type Bucket interface {
	Get(uri string) ([]byte, error)
	Put(uri string, body []byte) error
}

type job struct {
	arn, name, model, role, input, output string
	asked                                 int // how often its status was asked for
	status, message                       string
	total, failed                         int
}

// create starts a batch job, which is done when its status is asked for the second time.
func (s *Service) create(body []byte) (Answer, error) {
	var in struct {
		ClientRequestToken  string `json:"clientRequestToken"`
		JobName             string `json:"jobName"`
		ModelID             string `json:"modelId"`
		RoleARN             string `json:"roleArn"`
		ModelInvocationType string `json:"modelInvocationType"`
		Timeout             *int   `json:"timeoutDurationInHours"`
		InputDataConfig     struct {
			S3 struct {
				Format string `json:"s3InputFormat"`
				URI    string `json:"s3Uri"`
			} `json:"s3InputDataConfig"`
		} `json:"inputDataConfig"`
		OutputDataConfig struct {
			S3 struct {
				URI string `json:"s3Uri"`
			} `json:"s3OutputDataConfig"`
		} `json:"outputDataConfig"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if err != nil {
		return Answer{}, fmt.Errorf("the body is not a CreateModelInvocationJob request: %w", err)
	}
	input, output := in.InputDataConfig.S3, in.OutputDataConfig.S3
	switch {
	case s.Bucket == nil:
		return Answer{}, fmt.Errorf("there is no bucket")
	case in.JobName == "" || in.ModelID == "" || !strings.HasPrefix(in.RoleARN, "arn:"):
		return Answer{}, fmt.Errorf("jobName, modelId or roleArn is missing")
	case in.ModelInvocationType != "Converse":
		return Answer{}, fmt.Errorf("modelInvocationType is not Converse")
	case !strings.HasPrefix(input.URI, "s3://") || !strings.HasSuffix(input.URI, ".jsonl") || input.Format != "" && input.Format != "JSONL":
		return Answer{}, fmt.Errorf("s3InputDataConfig is not a .jsonl file")
	case !strings.HasPrefix(output.URI, "s3://") || !strings.HasSuffix(output.URI, "/"):
		return Answer{}, fmt.Errorf("s3OutputDataConfig is not a folder")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if j.name == in.JobName {
			return Answer{status: http.StatusBadRequest, kind: "ConflictException", body: map[string]any{"message": "the name of the job is taken"}}, nil
		}
	}
	j := &job{
		arn:  fmt.Sprintf("arn:aws:bedrock:%s:123456789012:model-invocation-job/fake%08d", Region, len(s.jobs)+1),
		name: in.JobName, model: in.ModelID, role: in.RoleARN, input: input.URI, output: output.URI, status: "Submitted",
	}
	s.jobs = append(s.jobs, j)
	return Answer{status: http.StatusOK, body: map[string]any{"jobArn": j.arn}}, nil
}

// job is the state of a job, by its ARN or the end of it.
func (s *Service) job(id string) (Answer, error) {
	s.mu.Lock()
	i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.arn == id || path.Base(j.arn) == id })
	if i < 0 {
		s.mu.Unlock()
		return Answer{status: http.StatusNotFound, kind: "ResourceNotFoundException", body: map[string]any{"message": "no such job"}}, nil
	}
	j := s.jobs[i]
	j.asked++
	run := j.asked == 2 && j.status == "Submitted"
	s.mu.Unlock()
	if run {
		s.run(j)
	}
	return Answer{status: http.StatusOK, body: map[string]any{
		"jobArn": j.arn, "jobName": j.name, "modelId": j.model, "roleArn": j.role, "status": j.status, "message": j.message,
		"inputDataConfig":  map[string]any{"s3InputDataConfig": map[string]any{"s3Uri": j.input}},
		"outputDataConfig": map[string]any{"s3OutputDataConfig": map[string]any{"s3Uri": j.output}},
		"submitTime":       "2026-11-23T12:00:00Z", "modelInvocationType": "Converse",
		"totalRecordCount": j.total, "errorRecordCount": j.failed, "successRecordCount": j.total - j.failed, "processedRecordCount": j.total,
	}}, nil
}

// run answers each record and writes the results in the opposite order.
func (s *Service) run(j *job) {
	body, err := s.Bucket.Get(j.input)
	if err != nil {
		j.status, j.message = "Failed", "the input cannot be read"
		return
	}
	var lines [][]byte
	scanner := bufio.NewScanner(bytes.NewReader(body))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line, failed := s.record(j.model, scanner.Bytes())
		lines = append(lines, line)
		j.total++
		if failed {
			j.failed++
		}
	}
	if j.total < leastRecords {
		j.status, j.message = "Failed", fmt.Sprintf("the input has %d records, at least %d are needed", j.total, leastRecords)
		return
	}
	slices.Reverse(lines)
	folder := j.output + path.Base(j.arn) + "/"
	name, err := url.PathUnescape(path.Base(j.input))
	if err == nil {
		err = s.Bucket.Put(folder+name+".out", append(bytes.Join(lines, []byte("\n")), '\n'))
	}
	if err != nil {
		j.status, j.message = "Failed", "the output cannot be written"
		return
	}
	j.status = "Completed"
}

// record answers one line of a batch.
func (s *Service) record(model string, line []byte) (out []byte, failed bool) {
	var in struct {
		RecordID   string          `json:"recordId"`
		ModelInput json.RawMessage `json:"modelInput"`
	}
	result := map[string]any{}
	err := json.Unmarshal(line, &in)
	if err == nil {
		result["recordId"], result["modelInput"] = in.RecordID, in.ModelInput
		var a Answer
		a, err = s.converse(model, in.ModelInput)
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("%s", a.kind)
		}
		result["modelOutput"] = a.body
	}
	if err != nil {
		delete(result, "modelOutput")
		result["error"] = map[string]any{"errorCode": 400, "errorMessage": err.Error()}
	}
	out, marshalled := json.Marshal(result)
	return out, err != nil || marshalled != nil
}
