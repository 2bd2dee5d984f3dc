package functions_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/teei/csr-platform/shared/platform/template"
)

// wide are the permissions that name more than one thing, each with the reason.
var wide = map[string]string{
	"DeployMigrate rds-db:connect arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:${DatabaseResourceId}/*": "the owner's role is called as each database calls it",
	"ModelAccess bedrock:InvokeModel arn:${AWS::Partition}:bedrock:*::foundation-model/*":                                       "an inference profile picks model and region by itself",
}

type permission struct {
	owner, effect      string
	actions, resources []*yaml.Node
}

// TestRolesMayDoWhatTheyMust reads every permission that a role of ours has: no emulator enforces them.
func TestRolesMayDoWhatTheyMust(t *testing.T) {
	t.Parallel()
	deployed := read(t)
	managed := map[string]bool{}
	var statements []permission
	for _, resource := range deployed.Resources {
		switch resource.Type {
		case "AWS::IAM::ManagedPolicy":
			managed[resource.ID] = true
			statements = append(statements, statementsOf(resource.ID, resource.Properties)...)
		case "AWS::IAM::Role":
			for _, policy := range mapping(resource.Properties)["Policies"].Content {
				statements = append(statements, statementsOf(resource.ID, policy)...)
			}
		}
	}
	for _, function := range deployed.Functions {
		for _, policy := range function.Policies {
			if policy.Kind == yaml.ScalarNode {
				if policy.Tag != "!Ref" || !managed[policy.Value] {
					t.Errorf("%s: policy %s is not written in the template", function.ID, policy.Value)
				}
				continue
			}
			statements = append(statements, statementsOf(function.ID, policy)...)
		}
	}
	if len(statements) < 8 {
		t.Fatalf("found %d statements, which cannot be all", len(statements))
	}
	unused := maps.Clone(wide)
	for _, s := range statements {
		if s.effect != "Allow" || len(s.actions) == 0 || len(s.resources) == 0 {
			t.Errorf("%s: a statement without Allow, Action or Resource", s.owner)
		}
		for _, action := range s.actions {
			if strings.Contains(action.Value, "*") {
				t.Errorf("%s: action %s: expected single actions", s.owner, action.Value)
			}
			for _, resource := range s.resources {
				key := s.owner + " " + action.Value + " " + resource.Value
				if narrow(resource) {
					continue
				}
				if wide[key] == "" {
					t.Errorf("%q is wide: name one thing, or give the reason here", key)
				}
				delete(unused, key)
			}
		}
	}
	if len(unused) > 0 {
		t.Errorf("no longer needed in this list: %v", slices.Collect(maps.Keys(unused)))
	}
}

// narrow says that a resource is one thing: an ARN without a star, or the objects of one bucket.
func narrow(resource *yaml.Node) bool {
	value := resource.Value
	if resource.Tag == "!Sub" {
		value = strings.TrimSuffix(value, ".Arn}/*")
	}
	return value != "" && !strings.Contains(value, "*")
}

// statementsOf finds the statements below a policy, on both sides of an !If.
func statementsOf(owner string, policy *yaml.Node) []permission {
	var found []permission
	fields := mapping(policy)
	if fields["Effect"] != nil {
		return []permission{{owner, fields["Effect"].Value, each(fields["Action"]), each(fields["Resource"])}}
	}
	for _, child := range policy.Content {
		found = append(found, statementsOf(owner, child)...)
	}
	return found
}

func mapping(node *yaml.Node) map[string]*yaml.Node {
	fields := map[string]*yaml.Node{}
	if node != nil && node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = node.Content[i+1]
		}
	}
	return fields
}

func each(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind == yaml.ScalarNode {
		return []*yaml.Node{node}
	}
	return node.Content
}

// TestFunctionsMayDoWhatTheirSettingsName ties the two together: who is told of a bus, a key, a database, a model or a guardrail has the
// permission.
func TestFunctionsMayDoWhatTheirSettingsName(t *testing.T) {
	t.Parallel()
	for _, function := range read(t).Functions {
		given := map[string]bool{}
		for _, setting := range function.Settings {
			given[setting.Name] = true
		}
		for setting, policy := range map[string]string{"DATABASE_URL": "DatabaseAccess", "BUS_NAME": "TellAccess", "KMS_KEY_ID": "SealAccess", "MODEL": "ModelAccess"} {
			if has := refersTo(function.Policies, policy); has != given[setting] {
				t.Errorf("%s: %s is %t and %s is %t", function.ID, setting, given[setting], policy, has)
			}
		}
		if may := allows(function, "bedrock:ApplyGuardrail"); may != given["GUARDRAIL_ID"] {
			t.Errorf("%s: GUARDRAIL_ID is %t and bedrock:ApplyGuardrail is %t", function.ID, given["GUARDRAIL_ID"], may)
		}
	}
}

// refersTo says whether a policy is among nodes, or on a side of an !If among them.
func refersTo(nodes []*yaml.Node, policy string) bool {
	return slices.ContainsFunc(nodes, func(node *yaml.Node) bool {
		return node.Tag == "!Ref" && node.Value == policy || node.Tag == "!If" && refersTo(node.Content, policy)
	})
}

// allows says whether a function's own statements allow an action.
func allows(function template.Function, action string) bool {
	for _, policy := range function.Policies {
		for _, s := range statementsOf(function.ID, policy) {
			if slices.ContainsFunc(s.actions, func(node *yaml.Node) bool { return node.Value == action }) {
				return true
			}
		}
	}
	return false
}
