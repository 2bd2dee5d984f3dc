package bedrock

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
)

// tool is the name of the tool whose input is the answer, for models that are held to their shape so.
const tool = "emit_scores"

// question is the first request about text, in the form that the model accepts.
func (m *Model) question(text string) *bedrockruntime.ConverseInput {
	in := &bedrockruntime.ConverseInput{
		ModelId:         aws.String(m.id),
		System:          m.system(),
		Messages:        []types.Message{say(types.ConversationRoleUser, &types.ContentBlockMemberText{Value: enclose(text)})},
		InferenceConfig: &types.InferenceConfiguration{MaxTokens: aws.Int32(m.room(answerTokens))},
	}
	if m.capability.AcceptsTemperature {
		in.InferenceConfig.Temperature = aws.Float32(0)
	}
	switch m.capability.Structured {
	case JSONSchema:
		in.OutputConfig = &types.OutputConfig{TextFormat: &types.OutputFormat{
			Type: types.OutputFormatTypeJsonSchema,
			Structure: &types.OutputFormatStructureMemberJsonSchema{Value: types.JsonSchemaDefinition{
				Name: aws.String("outcome_scores"), Schema: aws.String(schema),
			}},
		}}
		if m.capability.Thinks {
			in.OutputConfig.Effort = aws.String("low")
		}
	case ForcedTool:
		in.ToolConfig = &types.ToolConfiguration{
			Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
				Name:        aws.String(tool),
				Description: aws.String("Takes the scores of the text."),
				InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(shape())},
			}}},
			ToolChoice: &types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String(tool)}},
		}
	case Prompt:
	}
	return in
}

// system is the instructions, which are the same for every text, with a cache point behind them where they are long enough for the
// model to keep them. A token is taken for four characters; a model that counts a little fewer ignores the point and nothing else happens.
func (m *Model) system() []types.SystemContentBlock {
	blocks := []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: m.instructions}}
	least := m.capability.CacheMinPrefix
	if least > 0 && len(m.instructions)/4 >= least {
		blocks = append(blocks, &types.SystemContentBlockMemberCachePoint{Value: types.CachePointBlock{Type: types.CachePointTypeDefault}})
	}
	return blocks
}

// room is how many tokens an answer may take.
func (m *Model) room(tokens int32) int32 {
	if m.capability.Thinks {
		return tokens + thoughtTokens
	}
	return tokens
}

// shape is schema as a value. It cannot fail: the schema is a constant and a test reads it.
func shape() map[string]any {
	var v map[string]any
	_ = json.Unmarshal([]byte(schema), &v)
	return v
}

func say(role types.ConversationRole, blocks ...types.ContentBlock) types.Message {
	return types.Message{Role: role, Content: blocks}
}

// repair adds the answer that could not be used and says what was wrong with it.
func (m *Model) repair(in *bedrockruntime.ConverseInput, said *types.Message, wrong string) {
	if said == nil {
		return // an empty turn may not be sent back; the same question is asked again
	}
	answer := types.ContentBlock(&types.ContentBlockMemberText{Value: mend(wrong)})
	if use := call(said); use != nil {
		answer = &types.ContentBlockMemberToolResult{Value: types.ToolResultBlock{
			ToolUseId: use.ToolUseId,
			Status:    types.ToolResultStatusError,
			Content:   []types.ToolResultContentBlock{&types.ToolResultContentBlockMemberText{Value: mend(wrong)}},
		}}
	} else if strings.TrimSpace(text(said)) == "" {
		return
	}
	in.Messages = append(in.Messages, *said, say(types.ConversationRoleUser, answer))
}

// call is the first use of a tool in a message, nil when there is none.
func call(said *types.Message) *types.ToolUseBlock {
	for _, block := range said.Content {
		if use, ok := block.(*types.ContentBlockMemberToolUse); ok {
			return &use.Value
		}
	}
	return nil
}

// text is all text of a message.
func text(said *types.Message) string {
	var b strings.Builder
	for _, block := range said.Content {
		if t, ok := block.(*types.ContentBlockMemberText); ok {
			b.WriteString(t.Value)
		}
	}
	return b.String()
}
