package bedrock

import (
	"regexp"
	"strings"
)

// Structured is how a model is held to the shape of an answer.
type Structured string

// The ways, from the strictest.
const (
	JSONSchema Structured = "json_schema" // outputConfig.textFormat
	ForcedTool Structured = "forced_tool" // toolChoice.tool
	Prompt     Structured = "prompt"      // words alone; every model takes it
)

// Capability is what a model accepts in a request.
type Capability struct {
	Structured         Structured
	AcceptsTemperature bool
}

// table is read from the top; the first row whose name occurs in the model id holds. Sources: AWS SDK change log of 2026-02-04
// (structured output), Anthropic's and third parties' notes on Opus 4.7 and later (no temperature) and on Sonnet and Opus 5.5 (no
// forced tool).
var table = []struct {
	name       string // regular expression, compiled when a model is asked for and not at a cold start
	capability Capability
}{
	{`^anthropic\.claude-(haiku|sonnet|opus)-4-[56]\b`, Capability{JSONSchema, true}},
	{`^anthropic\.claude-opus-4-[789]\b`, Capability{JSONSchema, false}},
	{`^anthropic\.claude-(haiku|sonnet|opus)-[5-9]\b`, Capability{JSONSchema, false}},
	{`^anthropic\.claude-(3|haiku-3|sonnet-3|opus-3|sonnet-4|opus-4)\b`, Capability{ForcedTool, true}},
	{`^amazon\.nova`, Capability{ForcedTool, true}},
}

// Of is what the model behind id is known to accept. id is a model id, an inference profile id such as
// eu.anthropic.claude-haiku-4-5-20251001-v1:0, or the ARN of either. An unknown model gets the least.
func Of(id string) Capability {
	name := id[strings.LastIndexByte(id, '/')+1:]
	if region, rest, ok := strings.Cut(name, "."); ok && regions[region] {
		name = rest
	}
	for _, row := range table {
		if regexp.MustCompile(row.name).MatchString(name) {
			return row.capability
		}
	}
	return Capability{Structured: Prompt}
}

// regions are the prefixes of inference profiles.
var regions = map[string]bool{"us": true, "eu": true, "apac": true, "global": true, "jp": true, "au": true, "ca": true, "us-gov": true}
