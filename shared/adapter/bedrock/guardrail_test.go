package bedrock_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
)

func guardrail(server *bedrockfake.Server, detectors ...bedrock.Detector) *bedrock.Guardrail {
	if detectors == nil {
		detectors = []bedrock.Detector{bedrock.Leftovers}
	}
	client, _ := bedrock.Client(server.Config()).(bedrock.Guarder)
	return bedrock.GuardrailWith(client, "abc123", "7", detectors, quick)
}

func filter(kind, confidence string) bedrockfake.Filter {
	return bedrockfake.Filter{Type: kind, Confidence: confidence}
}

func entity(kind, match string) bedrockfake.Entity {
	return bedrockfake.Entity{Type: kind, Match: match}
}

func screen(t *testing.T, g *bedrock.Guardrail, text string) safety.Screening {
	t.Helper()
	got, err := g.Screen(t.Context(), safety.Request{Company: "c1", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestGuardrailFindings(t *testing.T) {
	t.Parallel()
	const text = "Дякую 🎉 Oksana, you damn fool. Oksana lives at Storgata 5."
	cases := map[string]struct {
		found bedrockfake.Assessment
		want  []safety.Finding
		route safety.Route
	}{
		"nothing": {bedrockfake.Assessment{}, nil, safety.Clear},
		"filters": {
			bedrockfake.Assessment{Filters: []bedrockfake.Filter{filter("INSULTS", "HIGH"), filter("MISCONDUCT", "LOW"), filter("HATE", "NONE"), filter("VIOLENCE", "MEDIUM")}},
			[]safety.Finding{{Category: safety.Violence, Confidence: 0.7}, {Category: safety.Harassment, Confidence: 0.95}},
			safety.Moderation,
		},
		"a low confidence holds nothing": {
			bedrockfake.Assessment{Filters: []bedrockfake.Filter{filter("SEXUAL", "LOW")}},
			[]safety.Finding{{Category: safety.Sexual, Confidence: 0.4}},
			safety.Clear,
		},
		"personal data": {
			bedrockfake.Assessment{Entities: []bedrockfake.Entity{entity("NAME", "Oksana"), entity("ADDRESS", "Storgata 5"), entity("AGE", "5"), entity("EMAIL", "not in the text")}},
			[]safety.Finding{{Category: safety.PII, Confidence: 1, Spans: []safety.Span{
				{Start: 8, End: 14, Kind: "name"}, {Start: 31, End: 37, Kind: "name"}, {Start: 47, End: 57, Kind: "address"},
			}}},
			safety.Clear,
		},
		"personal data inside other personal data": {
			bedrockfake.Assessment{Entities: []bedrockfake.Entity{entity("NAME", "Storgata"), entity("ADDRESS", "at Storgata 5")}},
			[]safety.Finding{{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: 44, End: 57, Kind: "address"}}}},
			safety.Clear,
		},
		"words": {
			bedrockfake.Assessment{Swearing: []string{"damn"}, Words: []string{"fool"}},
			[]safety.Finding{{Category: safety.Profanity, Confidence: 0.9, Spans: []safety.Span{{Start: 20, End: 24}, {Start: 25, End: 29}}}},
			safety.Moderation,
		},
		"a topic named like a category": {
			bedrockfake.Assessment{Topics: []string{"Self-Harm"}}, []safety.Finding{{Category: safety.SelfHarm, Confidence: 0.7}}, safety.Safeguarding,
		},
		"another topic": {
			bedrockfake.Assessment{Topics: []string{"politics"}}, []safety.Finding{{Category: safety.Spam, Confidence: 0.7}}, safety.Moderation,
		},
		"intervened for what we have no word for": {
			bedrockfake.Assessment{Filters: []bedrockfake.Filter{filter("ASTROLOGY", "HIGH")}}, []safety.Finding{{Category: safety.Spam, Confidence: 0.5}}, safety.Moderation,
		},
		"watching only": {
			bedrockfake.Assessment{Filters: []bedrockfake.Filter{filter("HATE", "HIGH")}, Detected: true},
			[]safety.Finding{{Category: safety.Hate, Confidence: 0.95}},
			safety.Moderation,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bedrockfake.New(t, bedrockfake.Guards(text, c.found))
			got := screen(t, guardrail(server), text)
			want := safety.Screening{Version: "guardrail/abc123/7", Findings: c.want, Route: c.route}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("screening (-want +got):\n%s", diff)
			}
			if r := server.Screened()[0]; r.Guardrail != "abc123" || r.Version != "7" || r.Source != "INPUT" {
				t.Errorf("asked %+v", r)
			}
		})
	}
}

func TestGuardrailSeesNoPersonalDataThatWeFind(t *testing.T) {
	t.Parallel()
	const text = "🎉 Write to anna@example.com or Kari, ring +47 912 34 567"
	server := bedrockfake.New(t, bedrockfake.Guards("", bedrockfake.Assessment{Entities: []bedrockfake.Entity{entity("NAME", "Kari"), entity("NAME", "CONTACT")}}))
	got := screen(t, guardrail(server), text)
	if sent := server.Screened()[0].Texts[0]; strings.Contains(sent, "anna") || strings.Contains(sent, "912") {
		t.Errorf("left: %q", sent)
	}
	want := []safety.Span{{Start: 11, End: 27, Kind: "contact"}, {Start: 31, End: 35, Kind: "name"}, {Start: 42, End: 56, Kind: "number"}}
	if len(got.Findings) != 1 || !slices.Equal(got.Findings[0].Spans, want) {
		t.Errorf("%+v, want %+v", got.Findings, want)
	}
}

func TestWhatWeMaskDoesNotExplainThatAGuardrailIntervened(t *testing.T) {
	t.Parallel()
	const text = "Kari, write to anna@example.com about the stars"
	strange := bedrockfake.Filter{Type: "ASTROLOGY", Confidence: "HIGH"}
	for name, c := range map[string]struct {
		found bedrockfake.Assessment
		route safety.Route
	}{
		"what we have no word for":             {bedrockfake.Assessment{Filters: []bedrockfake.Filter{strange}}, safety.Moderation},
		"and a name":                           {bedrockfake.Assessment{Filters: []bedrockfake.Filter{strange}, Entities: []bedrockfake.Entity{entity("NAME", "Kari")}}, safety.Moderation},
		"a name":                               {bedrockfake.Assessment{Entities: []bedrockfake.Entity{entity("NAME", "Kari")}}, safety.Clear},
		"an age, which reaches nobody":         {bedrockfake.Assessment{Entities: []bedrockfake.Entity{entity("AGE", "37")}}, safety.Clear},
		"our own mark":                         {bedrockfake.Assessment{Entities: []bedrockfake.Entity{entity("NAME", "CONTACT")}}, safety.Clear},
		"harm with a low confidence, no doubt": {bedrockfake.Assessment{Filters: []bedrockfake.Filter{filter("SEXUAL", "LOW")}}, safety.Clear},
	} {
		got := screen(t, guardrail(bedrockfake.New(t, bedrockfake.Guards(text, c.found))), text)
		if got.Route != c.route {
			t.Errorf("%s: route %q, expected %q: %+v", name, got.Route, c.route, got.Findings)
		}
	}
}

func TestGuardrailFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		times int
		kind  fault.Kind
	}{"ThrottlingException": {4, fault.Busy}, "InternalServerException": {4, fault.Busy}, "AccessDeniedException": {1, fault.Unknown}, "ResourceNotFoundException": {1, fault.Unknown}} {
		server := bedrockfake.New(t, slices.Repeat([]bedrockfake.Answer{bedrockfake.Fails(name)}, c.times)...)
		_, used, err := guardrail(server).Ask(t.Context(), safety.Request{Text: "hello"})
		if err == nil || fault.KindOf(err) != c.kind || used.Calls != c.times || used.MicroUSD != 0 {
			t.Errorf("%s: %v, used %+v", name, err, used)
		}
	}
	for text, kind := range map[string]fault.Kind{"a\xff": fault.Invalid, strings.Repeat("ї", feedback.MaxText+1): fault.TooLarge} {
		_, err := guardrail(bedrockfake.New(t)).Screen(t.Context(), safety.Request{Text: text})
		if fault.KindOf(err) != kind {
			t.Errorf("%v, want kind %v", err, kind)
		}
	}
}

func TestGuardrailCost(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Jeg er glad. ", 100)
	server := bedrockfake.New(t, bedrockfake.Fails("ThrottlingException"), bedrockfake.Guards(text, bedrockfake.Assessment{}))
	g := guardrail(server)
	_, used, err := g.Ask(t.Context(), safety.Request{Text: text})
	if err != nil || used.Calls != 2 || used.MicroUSD != 2*(150+150+100) || used.MicroUSD > g.Estimate(text) || used.Stop != "NONE" {
		t.Errorf("%v, used %+v of %d", err, used, g.Estimate(text))
	}
	if got, err := g.Screen(t.Context(), safety.Request{Text: " \n"}); err != nil || got.Route != safety.Clear || g.Estimate(" ") != 0 {
		t.Errorf("a blank text: %+v, %v", got, err)
	}
}
