package bedrock_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
)

func TestUsageAndPriceOfACall(t *testing.T) {
	t.Parallel()
	server := bedrockfake.New(t, bedrockfake.Says("no JSON").Uses(1000, 10, 0, 2000), bedrockfake.Says(good).Uses(100, 200, 2000, 0))
	got, err := model(server, haiku).Score(t.Context(), about(text))
	if err != nil {
		t.Fatal(err)
	}
	used := *got.Usage
	if used.Latency <= 0 {
		t.Errorf("latency %v", used.Latency)
	}
	used.Latency = 0
	want := outcome.Usage{
		Model: haiku, Calls: 2, InputTokens: 1100, OutputTokens: 210, CacheRead: 2000, CacheWrite: 2000, Stop: "end_turn",
		// 1.10 and 5.50 dollars a million in the EU; cache read 0.11, write 1.375; each call rounded up
		MicroUSD: (1100 + 55 + 2750) + (110 + 1100 + 220),
	}
	if used != want {
		t.Errorf("used %+v, want %+v", used, want)
	}
	if got.Method != outcome.LLM || got.RubricVersion == "" {
		t.Errorf("method %q, rubric %q", got.Method, got.RubricVersion)
	}
}

func TestFailureSaysWhatItCost(t *testing.T) {
	t.Parallel()
	server := bedrockfake.New(t, bedrockfake.Stops("content_filtered", ""))
	got, err := model(server, haiku).Score(t.Context(), about(text))
	if fault.KindOf(err) != fault.Invalid || got.Usage == nil || got.Usage.MicroUSD == 0 || got.Usage.Stop != "content_filtered" {
		t.Errorf("%v, used %+v", err, got.Usage)
	}
}

func TestTornAnswerCountsAsPaidAndIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	server := bedrockfake.New(t, bedrockfake.Breaks(), bedrockfake.Breaks())
	m := model(server, haiku)
	got, err := m.Score(t.Context(), about(text))
	if fault.KindOf(err) != fault.Busy || got.Usage.Calls != 2 {
		t.Fatalf("%v, used %+v", err, got.Usage)
	}
	if got.Usage.MicroUSD == 0 || got.Usage.MicroUSD > m.Estimate(text) {
		t.Errorf("counted %d, estimated %d at the most", got.Usage.MicroUSD, m.Estimate(text))
	}
}

func TestSlowAnswerIsGivenUpAndAskedOnceMore(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := bedrockfake.New(t, bedrockfake.Says(good).Then(func() { <-release }), bedrockfake.Says(good))
	t.Cleanup(func() { close(release) })
	limits := quick
	limits.Patience = 200 * time.Millisecond
	got, err := bedrock.With(bedrock.Client(server.Config()), bedrock.Settings{ID: haiku, Limits: limits}).Score(t.Context(), about(text))
	if err != nil || got.Usage.Calls != 2 || len(got.Scores) != 2 {
		t.Fatalf("%v, %+v", err, got)
	}
}

func TestNobodyWaitsBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	server := bedrockfake.New(t, bedrockfake.Fails("ThrottlingException"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	limits := bedrock.Limits{Wait: 1000 * time.Hour, MaxWait: 1000 * time.Hour}
	begun := time.Now()
	_, err := bedrock.With(bedrock.Client(server.Config()), bedrock.Settings{ID: haiku, Limits: limits}).Score(ctx, about(text))
	if fault.KindOf(err) != fault.Busy || time.Since(begun) > 1500*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

func TestAttemptsAreCountedOverRetriesAndRepair(t *testing.T) {
	t.Parallel()
	throttled := bedrockfake.Fails("ThrottlingException")
	server := bedrockfake.New(t, throttled, bedrockfake.Says("no JSON"), throttled)
	limits := quick
	limits.Attempts = 3
	got, err := bedrock.With(bedrock.Client(server.Config()), bedrock.Settings{ID: haiku, Limits: limits}).Score(t.Context(), about(text))
	if fault.KindOf(err) != fault.Busy || got.Usage.Calls != 3 || server.Asked() != 3 {
		t.Errorf("%v, used %+v, asked %d times", err, got.Usage, server.Asked())
	}
}

func TestEstimateCoversTheDearestCourse(t *testing.T) {
	t.Parallel()
	for _, id := range []string{haiku, sonnet, nova, other} {
		long := strings.Repeat("Я вже не боюся говорити. ", 150)
		c := bedrock.Of(id)
		// every byte a token, all of the instructions written to the cache anew, both answers as long as they may be
		dearest := (2*int64(len(long))*c.Price.Input + 5500*c.Price.Output + 2*3000*c.Price.CacheWrite) / 1_000_000
		m := bedrock.With(nil, bedrock.Settings{ID: id})
		if got := m.Estimate(long); got < dearest || got > 5*dearest {
			t.Errorf("%s: estimated %d, the dearest course is %d", id, got, dearest)
		}
		if m.Estimate("🎉") != 0 || m.Estimate(strings.Repeat("a", 6000)) != 0 {
			t.Errorf("%s: what is not sent costs something", id)
		}
	}
}

func TestInstructionsAreCachedWhereTheModelKeepsThem(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"eu.anthropic.claude-sonnet-4-5-20250929-v1:0": true, nova: true, "anthropic.claude-3-5-haiku-20241022-v1:0": true, haiku: false, other: false, "anthropic.claude-3-haiku-20240307-v1:0": false,
	} {
		server := bedrockfake.Plays(t, bedrockfake.Honest)
		for n := range 2 {
			got, err := model(server, id).Score(t.Context(), about("I have many friends here. Call "+strings.Repeat("x", n)))
			if err != nil {
				t.Fatal(err)
			}
			wrote, read := got.Usage.CacheWrite > 0, got.Usage.CacheRead > 0
			if wrote != (want && n == 0) || read != (want && n == 1) {
				t.Errorf("%s, text %d: wrote %d, read %d tokens", id, n, got.Usage.CacheWrite, got.Usage.CacheRead)
			}
		}
	}
}

func TestModelThatThinksGetsRoomAndLittleEffort(t *testing.T) {
	t.Parallel()
	server := bedrockfake.New(t, bedrockfake.Thinks("no JSON"), bedrockfake.Thinks(good))
	got, err := model(server, sonnet).Score(t.Context(), about(text))
	if err != nil || len(got.Scores) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	body := server.Requests()[0].Body
	if body.OutputConfig.Effort != "low" || *body.InferenceConfig.MaxTokens < 5000 {
		t.Errorf("effort %q, %d tokens", body.OutputConfig.Effort, *body.InferenceConfig.MaxTokens)
	}
}
