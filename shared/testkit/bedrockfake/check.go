package bedrockfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Converse is the body of a request, as far as it is read here. An unknown field is refused.
type Converse struct {
	System          []Block         `json:"system"`
	Messages        []Message       `json:"messages"`
	InferenceConfig Inference       `json:"inferenceConfig"`
	OutputConfig    *OutputConfig   `json:"outputConfig"`
	ToolConfig      *ToolConfig     `json:"toolConfig"`
	RequestMetadata json.RawMessage `json:"requestMetadata"`
}

// Message is one turn.
type Message struct {
	Role    string  `json:"role"`
	Content []Block `json:"content"`
}

// Block is text, the use of a tool or its result, or a point up to which the model may cache.
type Block struct {
	Text             *string         `json:"text"`
	ToolUse          *Use            `json:"toolUse"`
	ToolResult       *Result         `json:"toolResult"`
	CachePoint       *CachePoint     `json:"cachePoint"`
	ReasoningContent json.RawMessage `json:"reasoningContent"`
}

// CachePoint says that what stands before it may be cached.
type CachePoint struct {
	Type string `json:"type"`
	TTL  string `json:"ttl"`
}

// Use is what the model asked of a tool.
type Use struct {
	ToolUseID string          `json:"toolUseId"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
}

// Result is what came of it.
type Result struct {
	ToolUseID string  `json:"toolUseId"`
	Status    string  `json:"status"`
	Content   []Block `json:"content"`
}

// Inference is how the model is to answer.
type Inference struct {
	MaxTokens   *int     `json:"maxTokens"`
	Temperature *float64 `json:"temperature"`
}

// OutputConfig asks for an answer of a shape.
type OutputConfig struct {
	Effort     string `json:"effort"`
	TextFormat struct {
		Type      string `json:"type"`
		Structure struct {
			JSONSchema struct {
				Name   string `json:"name"`
				Schema string `json:"schema"`
			} `json:"jsonSchema"`
		} `json:"structure"`
	} `json:"textFormat"`
}

// ToolConfig offers tools.
type ToolConfig struct {
	Tools []struct {
		ToolSpec struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			InputSchema struct {
				JSON json.RawMessage `json:"json"`
			} `json:"inputSchema"`
		} `json:"toolSpec"`
	} `json:"tools"`
	ToolChoice *struct {
		Auto *struct{} `json:"auto"`
		Any  *struct{} `json:"any"`
		Tool *struct {
			Name string `json:"name"`
		} `json:"tool"`
	} `json:"toolChoice"`
}

// Models that refuse what older ones took. Kept here a second time on purpose: an adapter that gets its own table wrong is refused.
var (
	refusesForcedTool  = regexp.MustCompile(`claude-(sonnet|opus)-5-5`)
	refusesTemperature = regexp.MustCompile(`claude-(opus-4-[789]|(opus|sonnet|haiku)-[5-9])`)
	knowsJSONSchema    = regexp.MustCompile(`claude-((haiku|sonnet|opus)-4-[5-9]|(opus|sonnet|haiku)-[5-9])`)
	knowsEffort        = regexp.MustCompile(`claude-(opus-4-[5-9]|(opus|sonnet|haiku)-[5-9])`)
	caches             = regexp.MustCompile(`claude-((haiku|sonnet|opus)-[4-9]|3-7|3-5-haiku|3-opus)|amazon\.nova-(micro|lite|pro|premier)-v1`)
)

// check reads a body and refuses, in words, what Bedrock or the model would.
func check(model string, body []byte) (Converse, error) {
	var in Converse
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if err != nil {
		return in, fmt.Errorf("the body is not a Converse request: %w", err)
	}
	if in.InferenceConfig.MaxTokens != nil && *in.InferenceConfig.MaxTokens < 1 {
		return in, fmt.Errorf("maxTokens is below 1")
	}
	if in.InferenceConfig.Temperature != nil && refusesTemperature.MatchString(model) {
		return in, fmt.Errorf("temperature is deprecated for this model")
	}
	err = turns(in)
	if err != nil {
		return in, err
	}
	err = cachePoints(model, in)
	if err != nil {
		return in, err
	}
	err = format(model, in.OutputConfig)
	if err != nil {
		return in, err
	}
	return in, tools(model, in)
}

// turns checks that the speakers alternate, say something, and answer each tool that was used.
func turns(in Converse) error {
	if len(in.Messages) == 0 {
		return fmt.Errorf("there are no messages")
	}
	used := map[string]bool{}
	for i, m := range in.Messages {
		if want := []string{"user", "assistant"}[i%2]; m.Role != want {
			return fmt.Errorf("messages.%d: expected role %s", i, want)
		}
		if len(m.Content) == 0 {
			return fmt.Errorf("messages.%d: content is empty", i)
		}
		open := len(used)
		for _, b := range m.Content {
			switch {
			case b.Text != nil && strings.TrimSpace(*b.Text) == "":
				return fmt.Errorf("messages.%d: a text is blank", i)
			case b.ToolUse != nil:
				used[b.ToolUse.ToolUseID] = true
			case b.ToolResult != nil && !used[b.ToolResult.ToolUseID]:
				return fmt.Errorf("messages.%d: the result of a tool that was not used", i)
			case b.ToolResult != nil:
				delete(used, b.ToolResult.ToolUseID)
			}
		}
		if m.Role == "user" && open > 0 && len(used) > 0 {
			return fmt.Errorf("messages.%d: a tool was used and its result is missing", i)
		}
	}
	if len(in.Messages)%2 == 0 {
		return fmt.Errorf("the last message is not the user's")
	}
	return nil
}

// cachePoints checks that the model caches, that each point has something before it, and that there are no more than four.
func cachePoints(model string, in Converse) error {
	points := 0
	lists := [][]Block{in.System}
	for _, m := range in.Messages {
		lists = append(lists, m.Content)
	}
	for _, blocks := range lists {
		for i, b := range blocks {
			if b.CachePoint == nil {
				continue
			}
			points++
			switch {
			case !caches.MatchString(model):
				return fmt.Errorf("this model has no prompt caching")
			case b.CachePoint.Type != "default" || b.CachePoint.TTL != "" && b.CachePoint.TTL != "5m" && b.CachePoint.TTL != "1h":
				return fmt.Errorf("a cachePoint is neither of type default nor of ttl 5m or 1h")
			case i == 0 || blocks[i-1].CachePoint != nil:
				return fmt.Errorf("a cachePoint has nothing before it")
			case points > 4:
				return fmt.Errorf("there are more than four cachePoints")
			}
		}
	}
	return nil
}

// format checks structured output: a known type, a model that has it, and a schema string that is a JSON Schema with closed objects.
func format(model string, out *OutputConfig) error {
	if out == nil {
		return nil
	}
	if out.Effort != "" && (!knowsEffort.MatchString(model) || !slices.Contains([]string{"low", "medium", "high", "xhigh", "max"}, out.Effort)) {
		return fmt.Errorf("this model has no such effort")
	}
	if out.TextFormat.Type != "json_schema" {
		return fmt.Errorf("textFormat.type is not json_schema")
	}
	if !knowsJSONSchema.MatchString(model) {
		return fmt.Errorf("this model has no structured output")
	}
	return schema([]byte(out.TextFormat.Structure.JSONSchema.Schema))
}

func schema(text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("the schema is not JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	err = compiler.AddResource("request.json", value)
	if err != nil {
		return fmt.Errorf("the schema cannot be read: %w", err)
	}
	_, err = compiler.Compile("request.json")
	if err != nil {
		return fmt.Errorf("the schema is not a JSON Schema: %w", err)
	}
	return closed(value)
}

// closed checks what structured output asks beyond JSON Schema: objects closed, no numeric or length bounds.
func closed(value any) error {
	node, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	for _, bound := range []string{"minimum", "maximum", "minLength", "maxLength", "maxItems"} {
		if _, has := node[bound]; has {
			return fmt.Errorf("the schema uses %s, which is not supported", bound)
		}
	}
	if node["type"] == "object" && node["additionalProperties"] != false {
		return fmt.Errorf("the schema has an object without additionalProperties false")
	}
	if properties, has := node["properties"].(map[string]any); has {
		for _, child := range properties {
			err := closed(child)
			if err != nil {
				return err
			}
		}
	}
	return closed(node["items"])
}

// tools checks that each tool has a schema and that a choice names one of them and may be forced.
func tools(model string, in Converse) error {
	if in.ToolConfig == nil {
		return nil
	}
	names := map[string]bool{}
	for _, t := range in.ToolConfig.Tools {
		err := schema(t.ToolSpec.InputSchema.JSON)
		if err != nil {
			return err
		}
		names[t.ToolSpec.Name] = true
	}
	choice := in.ToolConfig.ToolChoice
	switch {
	case choice == nil || choice.Auto != nil:
		return nil
	case refusesForcedTool.MatchString(model):
		return fmt.Errorf("toolChoice any and tool are not supported by this model")
	case choice.Tool != nil && !names[choice.Tool.Name]:
		return fmt.Errorf("toolChoice names a tool that is not offered")
	}
	return nil
}
