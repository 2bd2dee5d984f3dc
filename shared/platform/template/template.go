// Package template reads template.yaml: which functions there are, what calls them and with which settings. Nothing else in the
// code repeats a path, a schedule or an event pattern.
package template

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Template is what the SAM file says, in the order in which it says it.
type Template struct {
	Functions  []Function
	Queues     []Queue
	Rules      []Rule
	Schedules  []Schedule
	Alarms     []Alarm
	Parameters map[string]Parameter
	Resources  []Resource // all of them, as written
}

// Function is one AWS::Serverless::Function.
type Function struct {
	ID        string // logical id: ConsumersScorefeedback
	Name      string // the last two parts of CodeUri: consumers/scorefeedback
	CodeURI   string // build/consumers/scorefeedback
	Timeout   time.Duration
	Memory    int // MiB
	Settings  []Setting
	Routes    []Route
	Mappings  []Mapping
	Schedules []Schedule // ScheduleV2 events of the function itself
	Policies  []*yaml.Node
	DependsOn []string
}

// Route is a path of the HTTP API.
type Route struct {
	Method string
	Path   string // exact; parameters in braces, as net/http writes them too
	Public bool   // Auth: NONE, the function itself proves who is sending
}

// String is the route as the permission table has it: method, space, path.
func (r Route) String() string { return r.Method + " " + r.Path }

// Mapping is a queue that feeds a function.
type Mapping struct {
	Queue              string // logical id
	BatchSize          int
	ReportsItems       bool // FunctionResponseTypes has ReportBatchItemFailures
	MaximumConcurrency int  // 0 where none is set
}

// Queue is one AWS::SQS::Queue.
type Queue struct {
	ID              string
	Name            string // without the stack's name: scorefeedback
	Visibility      time.Duration
	Dead            string // logical id of its dead-letter queue, empty where there is none
	MaxReceiveCount int
}

// Rule is one AWS::Events::Rule.
type Rule struct {
	ID      string
	Types   []string // detail-type: the event types it takes
	Targets []Target
}

// Target is where a rule sends.
type Target struct {
	Queue string // logical id
	Dead  string // logical id of the queue for what could not be sent
}

// Schedule is what the clock calls: a function, or a queue that gets Input.
type Schedule struct {
	ID         string
	Expression string // cron(…) or rate(…), as EventBridge Scheduler writes them, in UTC
	Queue      string // logical id; empty for a function's own schedule
	Dead       string // logical id of the queue for what could not be sent
	Input      string
}

// Alarm is one AWS::CloudWatch::Alarm.
type Alarm struct {
	ID     string
	Name   string   // without the stack's name
	Queues []string // logical ids of the queues it watches
}

// Parameter is what a deployment is asked for.
type Parameter struct {
	Default  string
	Required bool // has no default
	Allowed  []string
}

// Setting is one environment variable of a function.
type Setting struct {
	Name      string
	Value     string // as far as it is known before a deployment: a literal, or the default of Parameter
	Parameter string // the parameter it is taken from, empty where it is none
	Known     bool   // false where only a deployment knows it, such as a queue's address
}

// Resource is one resource as written.
type Resource struct {
	ID         string
	Type       string
	DependsOn  []string
	Properties *yaml.Node // nil where it has none
}

// Function finds a function by its name, kind/name.
func (t Template) Function(name string) (Function, bool) {
	for _, function := range t.Functions {
		if function.Name == name {
			return function, true
		}
	}
	return Function{}, false
}

// Queue finds a queue by its logical id.
func (t Template) Queue(id string) (Queue, bool) {
	for _, queue := range t.Queues {
		if queue.ID == id {
			return queue, true
		}
	}
	return Queue{}, false
}

// Hears lists, sorted, the event types that rules bring to the queues of function.
func (t Template) Hears(function Function) []string {
	var types []string
	for _, mapping := range function.Mappings {
		for _, rule := range t.Rules {
			for _, target := range rule.Targets {
				if target.Queue == mapping.Queue {
					types = append(types, rule.Types...)
				}
			}
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Read reads a SAM template. An error names the resource and what was expected of it.
func Read(raw []byte) (Template, error) {
	var document yaml.Node
	err := yaml.Unmarshal(raw, &document)
	if err != nil {
		return Template{}, fmt.Errorf("template: %w", err)
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return Template{}, fmt.Errorf("template: expected a mapping with Resources")
	}
	root := document.Content[0]
	t := Template{Parameters: parameters(at(root, "Parameters"))}
	defaults := at(root, "Globals", "Function")
	each(at(root, "Resources"), func(id string, node *yaml.Node) {
		t.Resources = append(t.Resources, Resource{ID: id, Type: text(at(node, "Type")), DependsOn: list(at(node, "DependsOn")), Properties: at(node, "Properties")})
	})
	if len(t.Resources) == 0 {
		return Template{}, fmt.Errorf("template: Resources: expected at least one")
	}
	for _, resource := range t.Resources {
		err := t.add(resource, defaults)
		if err != nil {
			return Template{}, fmt.Errorf("template: %s: %w", resource.ID, err)
		}
	}
	return t, nil
}

func (t *Template) add(r Resource, defaults *yaml.Node) error {
	switch r.Type {
	case "":
		return fmt.Errorf("expected a Type")
	case "AWS::Serverless::Function":
		function, err := t.function(r, defaults)
		t.Functions = append(t.Functions, function)
		return err
	case "AWS::SQS::Queue":
		queue, err := queueOf(r)
		t.Queues = append(t.Queues, queue)
		return err
	case "AWS::Events::Rule":
		rule := Rule{ID: r.ID, Types: list(at(r.Properties, "EventPattern", "detail-type"))}
		for _, target := range items(at(r.Properties, "Targets")) {
			rule.Targets = append(rule.Targets, Target{Queue: refers(at(target, "Arn")), Dead: refers(at(target, "DeadLetterConfig", "Arn"))})
		}
		t.Rules = append(t.Rules, rule)
	case "AWS::Scheduler::Schedule":
		target := at(r.Properties, "Target")
		t.Schedules = append(t.Schedules, Schedule{
			ID: r.ID, Expression: text(at(r.Properties, "ScheduleExpression")), Queue: refers(at(target, "Arn")),
			Dead: refers(at(target, "DeadLetterConfig", "Arn")), Input: text(at(target, "Input")),
		})
	case "AWS::CloudWatch::Alarm":
		t.Alarms = append(t.Alarms, alarmOf(r))
	}
	return nil
}

func (t *Template) function(r Resource, defaults *yaml.Node) (Function, error) {
	f := Function{ID: r.ID, CodeURI: text(at(r.Properties, "CodeUri")), Policies: items(at(r.Properties, "Policies")), DependsOn: r.DependsOn}
	parts := strings.Split(strings.TrimSuffix(f.CodeURI, "/"), "/")
	if len(parts) < 2 {
		return f, fmt.Errorf("property CodeUri: expected build/<kind>/<name>")
	}
	f.Name = strings.Join(parts[len(parts)-2:], "/")
	seconds, err := number(first(at(r.Properties, "Timeout"), at(defaults, "Timeout")), 3)
	if err != nil {
		return f, fmt.Errorf("property Timeout: %w", err)
	}
	f.Timeout = time.Duration(seconds) * time.Second
	f.Memory, err = number(first(at(r.Properties, "MemorySize"), at(defaults, "MemorySize")), 128)
	if err != nil {
		return f, fmt.Errorf("property MemorySize: %w", err)
	}
	for _, variables := range []*yaml.Node{at(defaults, "Environment", "Variables"), at(r.Properties, "Environment", "Variables")} {
		each(variables, func(name string, value *yaml.Node) { f.Settings = append(f.Settings, t.setting(name, value)) })
	}
	each(at(r.Properties, "Events"), func(id string, event *yaml.Node) {
		if err == nil {
			err = f.calledBy(id, text(at(event, "Type")), at(event, "Properties"))
		}
	})
	return f, err
}

func (f *Function) calledBy(id, kind string, p *yaml.Node) error {
	switch kind {
	case "HttpApi":
		route := Route{Method: strings.ToUpper(text(at(p, "Method"))), Path: text(at(p, "Path")), Public: text(at(p, "Auth", "Authorizer")) == "NONE"}
		if route.Method == "" || !strings.HasPrefix(route.Path, "/") {
			return fmt.Errorf("event %s: expected a Method and a Path that starts with /", id)
		}
		f.Routes = append(f.Routes, route)
	case "SQS":
		mapping := Mapping{Queue: refers(at(p, "Queue")), ReportsItems: slices.Contains(list(at(p, "FunctionResponseTypes")), "ReportBatchItemFailures")}
		var err error
		mapping.BatchSize, err = number(at(p, "BatchSize"), 10)
		if err != nil {
			return fmt.Errorf("event %s: BatchSize: %w", id, err)
		}
		mapping.MaximumConcurrency, err = number(at(p, "ScalingConfig", "MaximumConcurrency"), 0)
		if err != nil {
			return fmt.Errorf("event %s: MaximumConcurrency: %w", id, err)
		}
		f.Mappings = append(f.Mappings, mapping)
	case "ScheduleV2":
		f.Schedules = append(f.Schedules, Schedule{ID: id, Expression: text(at(p, "ScheduleExpression")), Dead: refers(at(p, "DeadLetterConfig", "Arn")), Input: text(at(p, "Input"))})
	default:
		return fmt.Errorf("event %s: type %q: expected HttpApi, SQS or ScheduleV2", id, kind)
	}
	return nil
}

// setting decodes one environment variable: what a parameter's default or a literal says, or that only a deployment knows it.
func (t *Template) setting(name string, value *yaml.Node) Setting {
	if value.Tag == "!Ref" {
		parameter, known := t.Parameters[value.Value]
		if known {
			return Setting{Name: name, Value: parameter.Default, Parameter: value.Value, Known: !parameter.Required}
		}
		return Setting{Name: name}
	}
	if value.Kind != yaml.ScalarNode || intrinsic(value) {
		return Setting{Name: name}
	}
	return Setting{Name: name, Value: value.Value, Known: true}
}

func queueOf(r Resource) (Queue, error) {
	queue := Queue{ID: r.ID, Name: unprefixed(at(r.Properties, "QueueName")), Dead: refers(at(r.Properties, "RedrivePolicy", "deadLetterTargetArn"))}
	seconds, err := number(at(r.Properties, "VisibilityTimeout"), 30)
	if err != nil {
		return queue, fmt.Errorf("property VisibilityTimeout: %w", err)
	}
	queue.Visibility = time.Duration(seconds) * time.Second
	queue.MaxReceiveCount, err = number(at(r.Properties, "RedrivePolicy", "maxReceiveCount"), 0)
	if err != nil {
		return queue, fmt.Errorf("property maxReceiveCount: %w", err)
	}
	return queue, nil
}

func alarmOf(r Resource) Alarm {
	alarm := Alarm{ID: r.ID, Name: unprefixed(at(r.Properties, "AlarmName"))}
	for _, metric := range items(at(r.Properties, "Metrics")) {
		for _, dimension := range items(at(metric, "MetricStat", "Metric", "Dimensions")) {
			if text(at(dimension, "Name")) == "QueueName" {
				alarm.Queues = append(alarm.Queues, refers(at(dimension, "Value")))
			}
		}
	}
	return alarm
}

func parameters(node *yaml.Node) map[string]Parameter {
	found := map[string]Parameter{}
	each(node, func(name string, p *yaml.Node) {
		standard := at(p, "Default")
		found[name] = Parameter{Default: text(standard), Required: standard == nil, Allowed: list(at(p, "AllowedValues"))}
	})
	return found
}
