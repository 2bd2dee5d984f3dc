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

// Price is what a million tokens cost, in millionths of a US dollar.
type Price struct{ Input, Output, CacheRead, CacheWrite int64 }

// Capability is what a model accepts in a request, and what it costs.
type Capability struct {
	Structured         Structured
	AcceptsTemperature bool
	Thinks             bool // before it answers, on output tokens; asked for little of it
	CacheMinPrefix     int  // tokens before a cache point below which nothing is cached; 0 for a model that caches nothing
	Price              Price
}

// row says what is known of the models whose name, without the prefix of a region, matches.
type row struct {
	name     string // regular expression, compiled when a model is asked for and not at a cold start
	regional bool   // dearer by a tenth unless asked through a global profile (Claude 4.5 and later)
	Capability
}

// claude is a price by dollars' hundredths for a million tokens in and out: writing to the cache costs a quarter more than input,
// reading from it a tenth.
func claude(in, out int64) Price {
	return Price{Input: in * 10_000, Output: out * 10_000, CacheRead: in * 1_000, CacheWrite: in * 12_500}
}

// nova is claude for Amazon's models: writing to the cache costs what input costs, reading a quarter.
func nova(in, out int64) Price {
	return Price{Input: in * 1_000, Output: out * 1_000, CacheRead: in * 250, CacheWrite: in * 1_000}
}

// unknown is the price of a model that is not in the table: twice that of the dearest in it, so that a budget ends too early and not
// too late. Add a row for a model in use.
var unknown = claude(3000, 15000)

// table is read from the top; the first row that matches holds. Sources, read 2026-11-23: structured output, AWS SDK change log of
// 2026-02-04; no temperature, Anthropic's notes on Opus 4.7, Sonnet 5 and later; no forced tool, those on Sonnet and Opus 5.5; prices,
// platform.claude.com model pages and Amazon Bedrock's price list (regional profiles a tenth dearer); least cached prefix, Amazon
// Bedrock user guide "Prompt caching", and 4,096 where it is silent. Claude 5 cannot be kept from thinking on Bedrock.
var table = []row{
	{`^anthropic\.claude-haiku-4-5\b`, true, Capability{JSONSchema, true, false, 4096, claude(100, 500)}},
	{`^anthropic\.claude-sonnet-4-[56]\b`, true, Capability{JSONSchema, true, false, 1024, claude(300, 1500)}},
	{`^anthropic\.claude-opus-4-[56]\b`, true, Capability{JSONSchema, true, false, 4096, claude(500, 2500)}},
	{`^anthropic\.claude-opus-4-[789]\b`, true, Capability{JSONSchema, false, false, 4096, claude(500, 2500)}},
	{`^anthropic\.claude-sonnet-5\b`, true, Capability{JSONSchema, false, true, 4096, claude(200, 1000)}},
	{`^anthropic\.claude-opus-5\b`, true, Capability{JSONSchema, false, true, 4096, claude(500, 2500)}}, // 5.5 is cheaper: 4 and 20
	{`^anthropic\.claude-haiku-5\b`, true, Capability{JSONSchema, false, true, 4096, claude(100, 500)}}, // "from 0.10 and 0.50": tiers unknown, Haiku 4.5's taken
	{`^anthropic\.claude-(haiku|sonnet|opus)-[6-9]\b`, true, Capability{JSONSchema, false, true, 4096, unknown}},
	{`^anthropic\.claude-(opus-4|3-opus)\b`, false, Capability{ForcedTool, true, false, 1024, claude(1500, 7500)}},
	{`^anthropic\.claude-(sonnet-4|3-7-sonnet)\b`, false, Capability{ForcedTool, true, false, 1024, claude(300, 1500)}},
	{`^anthropic\.claude-3-5-haiku\b`, false, Capability{ForcedTool, true, false, 2048, claude(80, 400)}},
	{`^anthropic\.claude-3-haiku\b`, false, Capability{ForcedTool, true, false, 0, claude(25, 125)}},
	{`^anthropic\.claude-3\b`, false, Capability{ForcedTool, true, false, 0, claude(600, 3000)}},
	{`^amazon\.nova-micro-v1\b`, false, Capability{ForcedTool, true, false, 1024, nova(35, 140)}},
	{`^amazon\.nova-lite-v1\b`, false, Capability{ForcedTool, true, false, 1024, nova(60, 240)}},
	{`^amazon\.nova-pro-v1\b`, false, Capability{ForcedTool, true, false, 1024, nova(800, 3200)}},
	{`^amazon\.nova-premier-v1\b`, false, Capability{ForcedTool, true, false, 1024, nova(2500, 12500)}},
	{`^amazon\.nova\b`, false, Capability{ForcedTool, true, false, 0, unknown}},
}

// Of is what the model behind id is known to accept and cost. id is a model id, an inference profile id such as
// eu.anthropic.claude-haiku-4-5-20251001-v1:0, or the ARN of either. An unknown model gets the least and the dearest.
func Of(id string) Capability {
	name := id[strings.LastIndexByte(id, '/')+1:]
	region, rest, ok := strings.Cut(name, ".")
	if ok && regions[region] {
		name = rest
	}
	for _, r := range table {
		if !regexp.MustCompile(r.name).MatchString(name) {
			continue
		}
		c := r.Capability
		if r.regional && region != "global" && c.Price != unknown {
			c.Price = c.Price.dearer(10)
		}
		return c
	}
	return Capability{Structured: Prompt, Price: unknown}
}

// regions are the prefixes of inference profiles.
var regions = map[string]bool{"us": true, "eu": true, "apac": true, "global": true, "jp": true, "au": true, "ca": true, "us-gov": true}

// dearer is p with so many percent on it.
func (p Price) dearer(percent int64) Price {
	on := func(x int64) int64 { return x * (100 + percent) / 100 }
	return Price{on(p.Input), on(p.Output), on(p.CacheRead), on(p.CacheWrite)}
}

// of is what so many tokens cost, in millionths of a US dollar, rounded up.
func (p Price) of(input, output, cacheRead, cacheWrite int) int64 {
	sum := int64(input)*p.Input + int64(output)*p.Output + int64(cacheRead)*p.CacheRead + int64(cacheWrite)*p.CacheWrite
	return (sum + 999_999) / 1_000_000
}
