package adversarial_test

import (
	"context"
	"strings"
	"testing"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// faulty is a model and a screener that go wrong in a way of their own.
type faulty struct {
	score  func(text string) outcome.Scoring
	screen func(text string) safety.Screening
}

func (f faulty) Score(_ context.Context, in outcome.Request) (outcome.Scoring, error) {
	return f.score(in.Text), nil
}

func (f faulty) Calibrations() []outcome.Calibration { return nil }

func (f faulty) Screen(_ context.Context, in safety.Request) (safety.Screening, error) {
	return f.screen(in.Text), nil
}

func high(d outcome.Dimension, evidence ...outcome.Span) outcome.Scoring {
	return outcome.Scoring{Scores: []outcome.Score{{Dimension: d, Value: 1, Confidence: 1, Direction: outcome.Gain, Evidence: evidence}}}
}

func TestReadersThatGoWrongAreCaught(t *testing.T) {
	t.Parallel()
	asked := 0.0
	models := map[string]func(text string) outcome.Scoring{
		"without evidence": func(string) outcome.Scoring { return high(outcome.Confidence) },
		"a made-up quote": func(string) outcome.Scoring {
			return high(outcome.Confidence, outcome.Span{Start: 0, End: 5, Text: "brave"})
		},
		"a panic": func(text string) outcome.Scoring { return high(outcome.Confidence, outcome.Span{Text: text[1000:]}) },
		"another mood each time": func(text string) outcome.Scoring {
			s := high(outcome.Confidence, outcome.Whole(text))
			asked += 0.1
			s.Scores[0].Value = outcome.Round(asked)
			return s
		},
	}
	const text = "We met at five."
	for name, score := range models {
		r := reader{model: faulty{score: score}}
		if scoresWell(t, r, r, text) == nil {
			t.Errorf("%s passes", name)
		}
	}
	screener := reader{screener: faulty{screen: func(string) safety.Screening {
		return safety.Screening{Version: "x", Findings: []safety.Finding{{Category: safety.Hate, Confidence: 1, Spans: []safety.Span{{Start: 3, End: 99}}}}}
	}}}
	if screensWell(t, screener, screener, text) == nil {
		t.Error("a span outside the text passes")
	}
	honest := reader{model: faulty{score: func(text string) outcome.Scoring { return high(outcome.Confidence, outcome.Whole(text)) }}}
	if err := scoresWell(t, honest, honest, text); err != nil {
		t.Errorf("what proves itself does not pass: %v", err)
	}
}

func TestAGullibleModelIsCaught(t *testing.T) {
	t.Parallel()
	gullible := reader{model: faulty{score: func(text string) outcome.Scoring {
		if !strings.Contains(text, "confidence") {
			return outcome.Scoring{}
		}
		return high(outcome.Confidence, outcome.Whole(text))
	}}}
	if len(raised(t, gullible)) == 0 {
		t.Error("a model that does what the text says raises nothing")
	}
	deaf := reader{model: faulty{score: func(string) outcome.Scoring { return outcome.Scoring{} }}}
	if wrong := raised(t, deaf); len(wrong) > 0 {
		t.Errorf("a model that scores nothing raises %v", wrong)
	}
}

func TestExpectationsCanFail(t *testing.T) {
	t.Parallel()
	half := 0.5
	at := func(value float64) *outcome.Score { return &outcome.Score{Value: value, Direction: outcome.State} }
	cases := map[string]struct {
		want expectation
		got  *outcome.Score
		met  bool
	}{
		"none, as wanted":         {expectation{Null: true}, nil, true},
		"one, where none was":     {expectation{Null: true}, at(0.5), false},
		"none, where one was":     {expectation{High: true}, nil, false},
		"none, which is allowed":  {expectation{Max: &half, NullOK: true}, nil, true},
		"too high, null allowed":  {expectation{Max: &half, NullOK: true}, at(0.6), false},
		"the middle is not low":   {expectation{Low: true}, at(0.5), false},
		"the middle is not high":  {expectation{High: true}, at(0.5), false},
		"low":                     {expectation{Low: true}, at(0.499), true},
		"high":                    {expectation{High: true}, at(0.501), true},
		"under its range":         {expectation{Min: &half}, at(0.4), false},
		"in its range":            {expectation{Min: &half, Max: &half}, at(0.5), true},
		"high, another direction": {expectation{High: true, Direction: outcome.Gain}, at(0.9), false},
	}
	for name, c := range cases {
		if met := c.want.unmet(c.got) == ""; met != c.met {
			t.Errorf("%s: met is %v", name, met)
		}
	}
}

func TestGuardsCanFail(t *testing.T) {
	t.Parallel()
	no := false
	insult := safety.Screening{Findings: []safety.Finding{{Category: safety.Harassment, Confidence: 0.9}}}
	told := safety.Screening{Findings: []safety.Finding{{Category: safety.Harassment, Confidence: 0.9, Reported: true}}}
	cases := map[string]struct {
		want guard
		got  safety.Screening
		met  bool
	}{
		"held though clear":         {guard{Route: "clear"}, insult, false},
		"clear though harmful":      {guard{Route: "moderation"}, safety.Screening{}, false},
		"one of two routes":         {guard{Route: "clear|moderation"}, insult, true},
		"another category":          {guard{Route: "moderation", Categories: []safety.Category{safety.Hate}}, insult, false},
		"its category":              {guard{Route: "moderation", Categories: []safety.Category{safety.Harassment}}, insult, true},
		"the teller is blamed":      {guard{Offence: &no}, insult, false},
		"the teller is not blamed":  {guard{Offence: &no}, told, true},
		"nothing expected or found": {guard{}, safety.Screening{}, true},
	}
	for name, c := range cases {
		if met := len(c.want.missed(c.got)) == 0; met != c.met {
			t.Errorf("%s: met is %v", name, met)
		}
	}
}

func TestAShareFallsByLinesAndNotByCounts(t *testing.T) {
	t.Parallel()
	if !(share{Lines: 10, Held: 7}).below(share{Lines: 10, Held: 8}) || !(share{Lines: 20, Held: 10}).below(share{Lines: 10, Held: 8}) || !(share{Lines: 3, Held: 3}).below(share{}) {
		t.Error("a smaller share, or one that was never recorded, is not below")
	}
	if (share{Lines: 10, Held: 8}).below(share{Lines: 10, Held: 8}) || (share{Lines: 5, Held: 4}).below(share{Lines: 10, Held: 8}) {
		t.Error("the same share is below")
	}
}
