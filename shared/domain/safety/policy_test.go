package safety_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
)

func TestThePolicyRoutesWhatWasFound(t *testing.T) {
	t.Parallel()
	says := func(c safety.Category, confidence float64) safety.Finding {
		return safety.Finding{Category: c, Confidence: confidence}
	}
	told := func(c safety.Category, confidence float64) safety.Finding {
		return safety.Finding{Category: c, Confidence: confidence, Reported: true}
	}
	for name, c := range map[string]struct {
		found  []safety.Finding
		want   safety.Verdict
		reason string
	}{
		"nothing": {nil, safety.Verdict{}, "other"},
		"self-harm, unsure": {
			[]safety.Finding{says(safety.SelfHarm, 0.3)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.SelfHarm}, Confidence: 0.3, NeedsHelp: true},
			"other",
		},
		"self-harm, and being shouted at": {
			[]safety.Finding{says(safety.SelfHarm, 0.9), told(safety.Hate, 0.7)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.SelfHarm, safety.Hate}, Confidence: 0.9, NeedsHelp: true},
			"hate_speech",
		},
		"self-harm, and a threat": {
			[]safety.Finding{says(safety.SelfHarm, 0.9), says(safety.Violence, 0.7)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.SelfHarm, safety.Violence}, Confidence: 0.9},
			"other",
		},
		"a child": {
			[]safety.Finding{says(safety.ChildSafety, 0.9)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.ChildSafety}, Confidence: 0.9},
			"other",
		},
		"what nobody could read": {
			[]safety.Finding{says(safety.Unread, 1)},
			safety.Verdict{Route: safety.Moderation, Categories: []safety.Category{safety.Unread}, Confidence: 1},
			"other",
		},
		"what nobody could read, with self-harm": {
			[]safety.Finding{says(safety.Unread, 1), says(safety.SelfHarm, 0.4)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.SelfHarm, safety.Unread}, Confidence: 0.4},
			"other",
		},
		"self-harm, hardly": {[]safety.Finding{says(safety.SelfHarm, 0.29)}, safety.Verdict{}, "other"},
		"self-harm of somebody else": {
			[]safety.Finding{told(safety.SelfHarm, 0.6)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.SelfHarm}, Confidence: 0.6, NeedsHelp: true},
			"other",
		},
		"a child, told of": {
			[]safety.Finding{told(safety.ChildSafety, 0.9)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.ChildSafety}, Confidence: 0.9, NeedsHelp: true},
			"other",
		},
		"shouted at": {
			[]safety.Finding{told(safety.Hate, 0.7)},
			safety.Verdict{Route: safety.Moderation, Categories: []safety.Category{safety.Hate}, Confidence: 0.7, NeedsHelp: true},
			"hate_speech",
		},
		"shouted at, and shouting back": {
			[]safety.Finding{told(safety.Hate, 0.9), says(safety.Harassment, 0.6)},
			safety.Verdict{Route: safety.Moderation, Categories: []safety.Category{safety.Harassment, safety.Hate}, Confidence: 0.9},
			"hate_speech",
		},
		"a phone number": {[]safety.Finding{says(safety.PII, 1)}, safety.Verdict{Categories: []safety.Category{safety.PII}}, "pii_leakage"},
		"a phone number in a threat": {
			[]safety.Finding{says(safety.PII, 1), says(safety.Violence, 0.5)},
			safety.Verdict{Route: safety.Moderation, Categories: []safety.Category{safety.Violence, safety.PII}, Confidence: 0.5},
			"other",
		},
		"a swear word": {[]safety.Finding{says(safety.Profanity, 0.79)}, safety.Verdict{}, "other"},
		"many swear words": {
			[]safety.Finding{says(safety.Profanity, 0.8)},
			safety.Verdict{Route: safety.Moderation, Categories: []safety.Category{safety.Profanity}, Confidence: 0.8},
			"profanity",
		},
		"a swear word in an attack": {
			[]safety.Finding{says(safety.Profanity, 0.6), says(safety.Harassment, 0.55)},
			safety.Verdict{Route: safety.Moderation, Categories: []safety.Category{safety.Harassment, safety.Profanity}, Confidence: 0.55},
			"other",
		},
		"a quoted swear word":    {[]safety.Finding{told(safety.Profanity, 1)}, safety.Verdict{}, "other"},
		"a quoted advertisement": {[]safety.Finding{told(safety.Spam, 1)}, safety.Verdict{}, "other"},
		"an advertisement":       {[]safety.Finding{says(safety.Spam, 0.5)}, safety.Verdict{Route: safety.Moderation, Categories: []safety.Category{safety.Spam}, Confidence: 0.5}, "other"},
		"hate, unsure":           {[]safety.Finding{says(safety.Hate, 0.49)}, safety.Verdict{}, "other"},
		"the gravest decides, not it": {
			[]safety.Finding{says(safety.Sexual, 0.99), says(safety.SelfHarm, 0.4), says(safety.Sexual, 0.98)},
			safety.Verdict{Route: safety.Safeguarding, Categories: []safety.Category{safety.SelfHarm, safety.Sexual}, Confidence: 0.4},
			"other",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := safety.Usual.Judge(c.found)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
			if got.Reason() != c.reason {
				t.Errorf("reason %s, expected %s", got.Reason(), c.reason)
			}
		})
	}
}

func TestTheOrderOfFindingsDecidesNothing(t *testing.T) {
	t.Parallel()
	some := []safety.Finding{
		{Category: safety.PII, Confidence: 1},
		{Category: safety.Profanity, Confidence: 0.6},
		{Category: safety.Hate, Confidence: 0.7, Reported: true},
		{Category: safety.SelfHarm, Confidence: 0.4},
		{Category: safety.Spam, Confidence: 0.6},
	}
	want := safety.Usual.Judge(some)
	for range len(some) {
		some = append(some[1:], some[0])
		if diff := cmp.Diff(want, safety.Usual.Judge(some)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestAScreeningMustFitItsText(t *testing.T) {
	t.Parallel()
	const text = "не можу 💛" // nine characters
	fits := func(s ...safety.Span) safety.Screening {
		return safety.Screening{Version: "v", Findings: []safety.Finding{{Category: safety.PII, Confidence: 1, Spans: s}}}
	}
	for name, c := range map[string]struct {
		screening safety.Screening
		field     string
	}{
		"fits":                  {fits(safety.Span{Start: 0, End: 9}), ""},
		"ends behind the text":  {fits(safety.Span{Start: 8, End: 10}), "findings[0].spans"},
		"ends before it starts": {fits(safety.Span{Start: 3, End: 3}), "findings[0].spans"},
		"starts before it":      {fits(safety.Span{Start: -1, End: 3}), "findings[0].spans"},
		"no version":            {safety.Screening{}, "version"},
		"not read":              {safety.Screening{Version: "v", Findings: []safety.Finding{{Category: safety.Unread, Confidence: 1}}}, ""},
		"unknown category":      {safety.Screening{Version: "v", Findings: []safety.Finding{{Category: "rude"}}}, "findings[0].category"},
		"too sure":              {safety.Screening{Version: "v", Findings: []safety.Finding{{Category: safety.Hate, Confidence: 1.01}}}, "findings[0].confidence"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.screening.Check(text)
			if c.field == "" && err != nil || c.field != "" && (fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.field)) {
				t.Fatalf("%v, expected %q named", err, c.field)
			}
		})
	}
}
