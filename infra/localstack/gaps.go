package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// unsupported are choices of a deployment that go round what MiniStack does not know: what it lacks, and a template that shows it.
var unsupported = []struct{ parameter, why, proof string }{
	{
		"ArchiveDays=0", "it does not know AWS::Events::Archive, so the bus keeps no archive",
		`{"Resources": {"A": {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": "arn:aws:events:` + region + `:000000000000:event-bus/default"}}}}`,
	},
	{
		"Alarms=off", "its alarms take no metric math, so none is made",
		`{"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1,
		"Threshold": 0, "Metrics": [{"Id": "all", "Expression": "SUM(METRICS())"}, {"Id": "one", "ReturnData": false, "MetricStat":
		{"Metric": {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}, "Period": 300, "Stat": "Maximum"}}]}}}}`,
	},
}

// stillUnsupported tries each proof as a stack of its own. One that succeeds is an error, so that what goes round it goes away.
func (e emulator) stillUnsupported(ctx context.Context) error {
	if !e.ministack {
		return nil
	}
	step("choices of this deployment that go round what MiniStack does not know")
	client := cloudformation.NewFromConfig(e.config)
	for i, u := range unsupported {
		name := fmt.Sprintf("%s-gap-%d", stack, i)
		works, err := e.tryStack(ctx, client, name, u.proof)
		if err != nil {
			return err
		}
		if works {
			return fmt.Errorf("%s is no longer needed, remove it: it was there because %s", u.parameter, u.why)
		}
		gap("%s: %s", u.parameter, u.why)
	}
	return nil
}

// tryStack says whether a stack of this template comes up. It is gone afterwards.
func (e emulator) tryStack(ctx context.Context, client *cloudformation.Client, name, body string) (bool, error) {
	_, err := client.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &body})
	if err != nil {
		return false, nil // refused as a whole
	}
	var status types.StackStatus
	err = await(ctx, 30*time.Second, "the stack "+name, func() error {
		answer, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
		if err != nil {
			return err
		}
		status = answer.Stacks[0].StackStatus
		switch status {
		case types.StackStatusCreateComplete, types.StackStatusCreateFailed, types.StackStatusRollbackComplete, types.StackStatusRollbackFailed:
			return nil
		}
		return fmt.Errorf("it is %s", status)
	})
	if err != nil {
		return false, err
	}
	_, err = client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String(name)})
	return status == types.StackStatusCreateComplete, err
}
