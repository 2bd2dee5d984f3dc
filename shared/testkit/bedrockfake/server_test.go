package bedrockfake_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
)

const model = "eu.anthropic.claude-sonnet-5-5"

func question() *bedrockruntime.ConverseInput {
	return &bedrockruntime.ConverseInput{
		ModelId: aws.String(model),
		Messages: []types.Message{{
			Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: "hello"}},
		}},
	}
}

func format(schema string) *types.OutputConfig {
	return &types.OutputConfig{TextFormat: &types.OutputFormat{
		Type: types.OutputFormatTypeJsonSchema,
		Structure: &types.OutputFormatStructureMemberJsonSchema{Value: types.JsonSchemaDefinition{
			Name: aws.String("shape"), Schema: aws.String(schema),
		}},
	}}
}

func tools(choice types.ToolChoice) *types.ToolConfiguration {
	return &types.ToolConfiguration{ToolChoice: choice, Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
		Name:        aws.String("emit"),
		InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(map[string]any{"type": "string"})},
	}}}}
}

func cachePoint() types.SystemContentBlock {
	return &types.SystemContentBlockMemberCachePoint{Value: types.CachePointBlock{Type: types.CachePointTypeDefault}}
}

func TestRefusesWhatBedrockRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*bedrockruntime.ConverseInput){
		"a temperature": func(in *bedrockruntime.ConverseInput) {
			in.InferenceConfig = &types.InferenceConfiguration{Temperature: aws.Float32(0)}
		},
		"no tokens": func(in *bedrockruntime.ConverseInput) {
			in.InferenceConfig = &types.InferenceConfiguration{MaxTokens: aws.Int32(0)}
		},
		"a schema that is not JSON":    func(in *bedrockruntime.ConverseInput) { in.OutputConfig = format(`{"type":`) },
		"a schema that is no schema":   func(in *bedrockruntime.ConverseInput) { in.OutputConfig = format(`{"type":"thing"}`) },
		"an open object in the schema": func(in *bedrockruntime.ConverseInput) { in.OutputConfig = format(`{"type":"object"}`) },
		"a bound in the schema":        func(in *bedrockruntime.ConverseInput) { in.OutputConfig = format(`{"type":"number","maximum":1}`) },
		"structured output of an older": func(in *bedrockruntime.ConverseInput) {
			in.ModelId, in.OutputConfig = aws.String("amazon.nova-lite-v1:0"), format(`{"type":"string"}`)
		},
		"a forced tool": func(in *bedrockruntime.ConverseInput) {
			in.ToolConfig = tools(&types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String("emit")}})
		},
		"any tool": func(in *bedrockruntime.ConverseInput) { in.ToolConfig = tools(&types.ToolChoiceMemberAny{}) },
		"a tool that is not there": func(in *bedrockruntime.ConverseInput) {
			in.ModelId = aws.String("amazon.nova-lite-v1:0")
			in.ToolConfig = tools(&types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String("other")}})
		},
		"a cache point first": func(in *bedrockruntime.ConverseInput) { in.System = []types.SystemContentBlock{cachePoint()} },
		"two cache points in a row": func(in *bedrockruntime.ConverseInput) {
			in.System = []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: "x"}, cachePoint(), cachePoint()}
		},
		"five cache points": func(in *bedrockruntime.ConverseInput) {
			for range 5 {
				in.System = append(in.System, &types.SystemContentBlockMemberText{Value: "x"}, cachePoint())
			}
		},
		"a cache point where nothing is cached": func(in *bedrockruntime.ConverseInput) {
			in.ModelId = aws.String("mistral.mistral-large-2407-v1:0")
			in.System = []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: "x"}, cachePoint()}
		},
		"an effort of a model without": func(in *bedrockruntime.ConverseInput) {
			in.ModelId, in.OutputConfig = aws.String("eu.anthropic.claude-haiku-4-5-20251001-v1:0"), format(`{"type":"string"}`)
			in.OutputConfig.Effort = aws.String("low")
		},
		"no messages":         func(in *bedrockruntime.ConverseInput) { in.Messages = nil },
		"the model first":     func(in *bedrockruntime.ConverseInput) { in.Messages[0].Role = types.ConversationRoleAssistant },
		"the same role twice": func(in *bedrockruntime.ConverseInput) { in.Messages = append(in.Messages, in.Messages[0]) },
		"a blank text": func(in *bedrockruntime.ConverseInput) {
			in.Messages[0].Content = []types.ContentBlock{&types.ContentBlockMemberText{Value: " "}}
		},
		"the result of no tool": func(in *bedrockruntime.ConverseInput) {
			in.Messages[0].Content = []types.ContentBlock{&types.ContentBlockMemberToolResult{Value: types.ToolResultBlock{
				ToolUseId: aws.String("x"), Content: []types.ToolResultContentBlock{&types.ToolResultContentBlockMemberText{Value: "y"}},
			}}}
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := question()
			spoil(in)
			_, err := bedrockruntime.NewFromConfig(bedrockfake.New(t).Config()).Converse(t.Context(), in)
			var refused *types.ValidationException
			if !errors.As(err, &refused) {
				t.Errorf("%v, want a validation exception", err)
			}
		})
	}
}

func TestTakesWhatBedrockTakes(t *testing.T) {
	t.Parallel()
	server := bedrockfake.New(t, bedrockfake.Says("hi"), bedrockfake.Says("hi"))
	client := bedrockruntime.NewFromConfig(server.Config())
	in := question()
	in.OutputConfig = format(`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}}}`)
	for _, id := range []string{model, "arn:aws:bedrock:eu-north-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0"} {
		in.ModelId = aws.String(id)
		_, err := client.Converse(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestRefusesRequestsThatAreNotTheSDKs(t *testing.T) {
	t.Parallel()
	address := *bedrockfake.New(t).Config().BaseEndpoint
	const body = `{"messages":[{"role":"user","content":[{"text":"hello"}]}]}`
	signature := "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-north-1/%s/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0", 64)
	for name, c := range map[string]struct{ path, authorization string }{
		"unsigned":             {"/model/m/converse", ""},
		"for another service":  {"/model/m/converse", strings.Replace(signature, "%s", "s3", 1)},
		"unescaped model id":   {"/model/m:0/converse", strings.Replace(signature, "%s", "bedrock", 1)},
		"slashes in the id":    {"/model/arn/m/converse", strings.Replace(signature, "%s", "bedrock", 1)},
		"another's guardrail":  {"/guardrail/a/apply", strings.Replace(signature, "%s", "bedrock", 1)},
		"an operation unknown": {"/model/m/invoke", strings.Replace(signature, "%s", "bedrock", 1)},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+c.path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", c.authorization)
		r.Header.Set("X-Amz-Date", "20261123T120000Z")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", name, answer.StatusCode)
		}
	}
}

func TestGuardrailRefusals(t *testing.T) {
	t.Parallel()
	text := func(s string) []types.GuardrailContentBlock {
		return []types.GuardrailContentBlock{&types.GuardrailContentBlockMemberText{Value: types.GuardrailTextBlock{Text: aws.String(s)}}}
	}
	for name, in := range map[string]bedrockruntime.ApplyGuardrailInput{
		"an id that is none":  {GuardrailIdentifier: aws.String("My guardrail"), GuardrailVersion: aws.String("1"), Source: "INPUT", Content: text("x")},
		"a version in words":  {GuardrailIdentifier: aws.String("abc"), GuardrailVersion: aws.String("latest"), Source: "INPUT", Content: text("x")},
		"a source of its own": {GuardrailIdentifier: aws.String("abc"), GuardrailVersion: aws.String("1"), Source: "BOTH", Content: text("x")},
		"a blank text":        {GuardrailIdentifier: aws.String("abc"), GuardrailVersion: aws.String("DRAFT"), Source: "OUTPUT", Content: text(" ")},
		"no text":             {GuardrailIdentifier: aws.String("abc"), GuardrailVersion: aws.String("1"), Source: "INPUT", Content: []types.GuardrailContentBlock{}},
	} {
		_, err := bedrockruntime.NewFromConfig(bedrockfake.New(t).Config()).ApplyGuardrail(t.Context(), &in)
		var refused *types.ValidationException
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a validation exception", name, err)
		}
	}
}

func TestWatchfulGuardrailMasks(t *testing.T) {
	t.Parallel()
	server := bedrockfake.Plays(t, bedrockfake.Honest)
	out, err := bedrockruntime.NewFromConfig(server.Config()).ApplyGuardrail(t.Context(), &bedrockruntime.ApplyGuardrailInput{
		GuardrailIdentifier: aws.String("arn:aws:bedrock:eu-north-1:123456789012:guardrail/abc"), GuardrailVersion: aws.String("1"), Source: "INPUT",
		Content: []types.GuardrailContentBlock{&types.GuardrailContentBlockMemberText{Value: types.GuardrailTextBlock{Text: aws.String("You idiot, write to a@b.no")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Action != types.GuardrailActionGuardrailIntervened || *out.Outputs[0].Text != "You idiot, write to {EMAIL}" {
		t.Errorf("%s, %q", out.Action, *out.Outputs[0].Text)
	}
	policy := out.Assessments[0]
	if policy.ContentPolicy.Filters[0].Type != types.GuardrailContentFilterTypeInsults || *policy.SensitiveInformationPolicy.PiiEntities[0].Match != "a@b.no" {
		t.Errorf("%+v", policy)
	}
}

// TestServiceStandsAlone is how an emulator uses it: a handler of any region that answers by itself.
func TestServiceStandsAlone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&bedrockfake.Service{})
	t.Cleanup(server.Close)
	cfg := bedrockfake.New(t).Config()
	cfg.Region, cfg.BaseEndpoint = "us-east-1", &server.URL
	in := question()
	in.Messages[0].Content = []types.ContentBlock{&types.ContentBlockMemberText{Value: "M\nI have friends here. I sleep.\nM\n"}}
	out, err := bedrockruntime.NewFromConfig(cfg).Converse(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	said := out.Output.(*types.ConverseOutputMemberMessage).Value.Content[0].(*types.ContentBlockMemberText).Value
	if !strings.Contains(said, `"quotes":["I have friends here."]`) || strings.Contains(said, "sleep") {
		t.Errorf("said %s", said)
	}
}
