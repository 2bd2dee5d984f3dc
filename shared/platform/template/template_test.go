package template_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/teei/csr-platform/shared/platform/template"
)

const small = `
Parameters:
  Model: {Type: String, Default: local, AllowedValues: [local, bedrock]}
  Issuer: {Type: String}
Globals:
  Function: {Timeout: 29, MemorySize: 256}
Resources:
  ReportsSroi:
    Type: AWS::Serverless::Function
    DependsOn: Migrations
    Properties:
      CodeUri: build/reports/sroi
      Policies: [!Ref DatabaseAccess]
      Environment:
        Variables: {MODEL: !Ref Model, ISSUER: !Ref Issuer, BUS: !GetAtt Bus.Name, PLAIN: "7", ADDRESS: !Sub "x-${Bus}"}
      Events:
        Report:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: get, Path: "/v1/companies/{companyId}/sroi"}
        Live:
          Type: HttpApi
          Properties: {Method: GET, Path: /live, Auth: {Authorizer: NONE}}
  ConsumersThank:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: build/consumers/thank/
      Timeout: 90
      Events:
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt ThankQueue.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures], ScalingConfig: {MaximumConcurrency: 2}}
        Nightly:
          Type: ScheduleV2
          Properties: {ScheduleExpression: rate(1 day)}
  ThankQueue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${AWS::StackName}-thank
      VisibilityTimeout: 540
      RedrivePolicy: {deadLetterTargetArn: !GetAtt ThankDead.Arn, maxReceiveCount: 5}
  ThankRule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {detail-type: [a.b, c.d]}
      Targets: [{Id: queue, Arn: !GetAtt ThankQueue.Arn, DeadLetterConfig: {Arn: !GetAtt ThankDead.Arn}}]
  Daily:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: cron(17 3 * * ? *)
      Target: {Arn: !GetAtt ThankQueue.Arn, Input: '{"type": "x"}'}
  Dead:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub ${AWS::StackName}-dead-letters
      Metrics:
        - {Id: all, Expression: SUM(METRICS())}
        - {Id: a, MetricStat: {Metric: {Dimensions: [{Name: QueueName, Value: !GetAtt ThankDead.QueueName}]}}}
`

func TestReadGivesWhatTheTemplateSays(t *testing.T) {
	t.Parallel()
	got, err := template.Read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := template.Template{
		Functions: []template.Function{
			{
				ID: "ReportsSroi", Name: "reports/sroi", CodeURI: "build/reports/sroi", Timeout: 29 * time.Second, Memory: 256, DependsOn: []string{"Migrations"},
				Settings: []template.Setting{
					{Name: "MODEL", Value: "local", Parameter: "Model", Known: true},
					{Name: "ISSUER", Parameter: "Issuer"},
					{Name: "BUS"},
					{Name: "PLAIN", Value: "7", Known: true},
					{Name: "ADDRESS"},
				},
				Routes: []template.Route{{Method: "GET", Path: "/v1/companies/{companyId}/sroi"}, {Method: "GET", Path: "/live", Public: true}},
			},
			{
				ID: "ConsumersThank", Name: "consumers/thank", CodeURI: "build/consumers/thank/", Timeout: 90 * time.Second, Memory: 256,
				Mappings:  []template.Mapping{{Queue: "ThankQueue", BatchSize: 5, ReportsItems: true, MaximumConcurrency: 2}},
				Schedules: []template.Schedule{{ID: "Nightly", Expression: "rate(1 day)"}},
			},
		},
		Queues:     []template.Queue{{ID: "ThankQueue", Name: "thank", Visibility: 540 * time.Second, Dead: "ThankDead", MaxReceiveCount: 5}},
		Rules:      []template.Rule{{ID: "ThankRule", Types: []string{"a.b", "c.d"}, Targets: []template.Target{{Queue: "ThankQueue", Dead: "ThankDead"}}}},
		Schedules:  []template.Schedule{{ID: "Daily", Expression: "cron(17 3 * * ? *)", Queue: "ThankQueue", Input: `{"type": "x"}`}},
		Alarms:     []template.Alarm{{ID: "Dead", Name: "dead-letters", Queues: []string{"ThankDead"}}},
		Parameters: map[string]template.Parameter{"Model": {Default: "local", Allowed: []string{"local", "bedrock"}}, "Issuer": {Required: true}},
	}
	diff := cmp.Diff(want, got, cmpopts.IgnoreFields(template.Template{}, "Resources"), cmpopts.IgnoreFields(template.Function{}, "Policies"))
	if diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if len(got.Resources) != 6 || len(got.Functions[0].Policies) != 1 {
		t.Errorf("%d resources and %d policies, want 6 and 1", len(got.Resources), len(got.Functions[0].Policies))
	}
	consumer, found := got.Function("consumers/thank")
	if diff := cmp.Diff([]string{"a.b", "c.d"}, got.Hears(consumer)); !found || diff != "" {
		t.Errorf("consumers/thank hears (-want +got):\n%s", diff)
	}
}

func TestReadRefusesAndNamesTheResource(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ template, names string }{
		"not yaml":           {"a: [", "template"},
		"a list":             {"- a", "mapping"},
		"nothing":            {"", "mapping"},
		"no resources":       {"Parameters: {}", "Resources"},
		"no type":            {"Resources: {A: {Properties: {}}}", "A: expected a Type"},
		"code without kind":  {"Resources: {A: {Type: AWS::Serverless::Function, Properties: {CodeUri: sroi}}}", "A: property CodeUri"},
		"timeout in words":   {"Resources: {A: {Type: AWS::Serverless::Function, Properties: {CodeUri: build/a/b, Timeout: long}}}", "A: property Timeout"},
		"unknown event":      {"Resources: {A: {Type: AWS::Serverless::Function, Properties: {CodeUri: build/a/b, Events: {E: {Type: Api}}}}}", "A: event E"},
		"path without slash": {"Resources: {A: {Type: AWS::Serverless::Function, Properties: {CodeUri: build/a/b, Events: {E: {Type: HttpApi, Properties: {Method: GET, Path: x}}}}}}", "A: event E"},
		"visibility":         {"Resources: {Q: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Some}}}", "Q: property VisibilityTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := template.Read([]byte(test.template))
			if err == nil || !strings.Contains(err.Error(), test.names) {
				t.Errorf("error is %v, want one that names %q", err, test.names)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	whole, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := template.Read(raw)
		if err == nil && len(read.Resources) == 0 {
			t.Error("accepted a template without resources")
		}
	})
}
