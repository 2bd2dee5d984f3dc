// Package batch starts and watches batch inference jobs of Amazon Bedrock: many texts at half the price, within a day. What such a job
// reads is written by bedrock.Model.Record and what it writes is read by bedrock.Model.Results.
package batch

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"
	"github.com/aws/aws-sdk-go-v2/service/bedrock/types"

	"github.com/teei/csr-platform/shared/fault"
)

// LeastRecords is the fewest records that Bedrock takes in a job. The quota differs by model; this is the usual one.
const LeastRecords = 100

// Job is what to work through.
type Job struct {
	Name   string // unique in the account; letters, digits, + - . inside; at most 63
	Model  string // model or inference profile id
	Role   string // ARN of the role by which Bedrock reads and writes the bucket
	Input  string // s3://bucket/key.jsonl
	Output string // s3://bucket/folder/
	Hours  int32  // 24 to 168, 0 for 24
}

// State is where a job stands.
type State struct {
	Status                   string // as Bedrock names it
	Message                  string // why it failed
	Done, Failed             bool   // no longer running; and with nothing to read
	Total, Succeeded, Errors int64
	Results                  string // where the results will stand
}

// Jobs are the batch jobs of one account and region.
type Jobs struct{ client *bedrock.Client }

// New makes Jobs over cfg's account and region.
func New(cfg aws.Config) *Jobs { return &Jobs{bedrock.NewFromConfig(cfg)} }

// named is what Bedrock takes as the name of a job.
const named = `^[a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9+.-]){0,63}$`

// Start starts a job and gives its ARN. Starting the same name again is a Conflict; a repeat of a start whose answer was lost is not.
func (j *Jobs) Start(ctx context.Context, job Job) (string, error) {
	err := check(job)
	if err != nil {
		return "", err
	}
	in := &bedrock.CreateModelInvocationJobInput{
		JobName: &job.Name, ModelId: &job.Model, RoleArn: &job.Role,
		ModelInvocationType: types.ModelInvocationTypeConverse,
		InputDataConfig: &types.ModelInvocationJobInputDataConfigMemberS3InputDataConfig{Value: types.ModelInvocationJobS3InputDataConfig{
			S3Uri: &job.Input, S3InputFormat: types.S3InputFormatJsonl,
		}},
		OutputDataConfig: &types.ModelInvocationJobOutputDataConfigMemberS3OutputDataConfig{Value: types.ModelInvocationJobS3OutputDataConfig{S3Uri: &job.Output}},
	}
	if job.Hours > 0 {
		in.TimeoutDurationInHours = &job.Hours
	}
	out, err := j.client.CreateModelInvocationJob(ctx, in)
	if err != nil {
		return "", translate("start batch job "+job.Name, err)
	}
	return aws.ToString(out.JobArn), nil
}

func check(job Job) error {
	var c fault.Checks
	c.That(len(job.Name) <= 63 && regexp.MustCompile(named).MatchString(job.Name), "name", "1 to 63 letters, digits, + - .")
	c.That(job.Model != "", "model", "a model or inference profile id")
	c.That(strings.HasPrefix(job.Role, "arn:"), "role", "the ARN of a role")
	c.That(strings.HasPrefix(job.Input, "s3://") && strings.HasSuffix(job.Input, ".jsonl"), "input", "s3://bucket/key.jsonl")
	c.That(strings.HasPrefix(job.Output, "s3://") && strings.HasSuffix(job.Output, "/"), "output", "s3://bucket/folder/")
	c.That(job.Hours == 0 || job.Hours >= 24 && job.Hours <= 168, "hours", "24 to 168, or 0")
	return c.Err("the batch job cannot be started")
}

// State says where the job stands. An unknown ARN is Missing.
func (j *Jobs) State(ctx context.Context, arn string) (State, error) {
	out, err := j.client.GetModelInvocationJob(ctx, &bedrock.GetModelInvocationJobInput{JobIdentifier: &arn})
	if err != nil {
		return State{}, translate("look at batch job "+arn, err)
	}
	s := State{
		Status: string(out.Status), Message: aws.ToString(out.Message),
		Total: aws.ToInt64(out.TotalRecordCount), Succeeded: aws.ToInt64(out.SuccessRecordCount), Errors: aws.ToInt64(out.ErrorRecordCount),
	}
	switch out.Status {
	case types.ModelInvocationJobStatusCompleted, types.ModelInvocationJobStatusPartiallyCompleted:
		s.Done = true
	case types.ModelInvocationJobStatusFailed, types.ModelInvocationJobStatusStopped, types.ModelInvocationJobStatusExpired:
		s.Done, s.Failed = true, true
	}
	input, isFile := out.InputDataConfig.(*types.ModelInvocationJobInputDataConfigMemberS3InputDataConfig)
	output, isFolder := out.OutputDataConfig.(*types.ModelInvocationJobOutputDataConfigMemberS3OutputDataConfig)
	if isFile && isFolder {
		s.Results = aws.ToString(output.Value.S3Uri) + path.Base(arn) + "/" + path.Base(aws.ToString(input.Value.S3Uri)) + ".out"
	}
	return s, nil
}

// translate gives an error of the SDK its kind.
func translate(doing string, err error) error {
	var (
		taken     *types.ConflictException
		unknown   *types.ResourceNotFoundException
		throttled *types.ThrottlingException
		broken    *types.InternalServerException
	)
	switch {
	case errors.As(err, &taken):
		return fault.Wrap(fault.Conflict, doing+": the name is taken", err)
	case errors.As(err, &unknown):
		return fault.Wrap(fault.Missing, doing+": there is none", err)
	case errors.As(err, &throttled), errors.As(err, &broken):
		return fault.Wrap(fault.Busy, doing+": try again later", err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
