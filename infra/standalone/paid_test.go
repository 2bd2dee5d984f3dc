package main_test

import (
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
)

// paid are the settings of a process that asks a Bedrock at base.
func paid(base, budget string) map[string]string {
	return map[string]string{
		"MODEL": "bedrock", "MODEL_ID": "eu.anthropic.claude-haiku-4-5-20251001-v1:0", "MODEL_BUDGET_USD": budget, "GUARDRAIL_ID": "guard1",
		"AWS_REGION": bedrockfake.Region, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": base,
	}
}

// TestAPaidModelWithoutANameIsNotStarted: every wrong setting is named at once, before anything is scored.
func TestAPaidModelWithoutANameIsNotStarted(t *testing.T) {
	t.Parallel()
	_, err := begin(t, t.TempDir(), pgtest.New(t).Service, &lines{}, map[string]string{"MODEL": "bedrock", "MODEL_BUDGET_USD": "plenty"})
	if err == nil || !strings.Contains(err.Error(), "MODEL_ID") || !strings.Contains(err.Error(), "MODEL_BUDGET_USD") || strings.Contains(err.Error(), "plenty") {
		t.Errorf("it started, or said %v", err)
	}
}

// TestAPaidModelIsAskedWithinItsBudgetAndTheLocalOneStandsIn: one process with a model and a guardrail of Bedrock, which plays along, is
// throttled, and costs more than may be spent.
func TestAPaidModelIsAskedWithinItsBudgetAndTheLocalOneStandsIn(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var throttled atomic.Bool
	bedrock := httptest.NewServer(&bedrockfake.Service{Region: bedrockfake.Region, Converse: func(r bedrockfake.Request) bedrockfake.Answer {
		asked.Add(1)
		if throttled.Load() {
			return bedrockfake.Fails("ThrottlingException")
		}
		return bedrockfake.Honest(r)
	}})
	defer bedrock.Close()
	const said, insult = "I feel confident on the phone now.", "Yesterday somebody wrote: loser. I feel confident all the same."
	at := time.Now().UTC().Add(-48 * time.Hour)
	methods := func(h *house) map[string]int {
		return figure[map[string]int](h, "SELECT jsonb_object_agg(method, n) FROM (SELECT method, count(*) AS n FROM scorings GROUP BY 1) m")
	}
	rate := func(h *house, id, text string) {
		h.told = append(h.told, text)
		h.deliver("acme", "rating-created", "kd-"+id, rating(id, "KS-"+id, "participant", text, 0.8, at))
		h.idle()
	}

	h := newHouse(t, paid(bedrock.URL, "5"))
	h.secrets["acme"] = h.rotated(h.found("acme", "UTC"))
	rate(h, "KR-1", said)
	rate(h, "KR-2", insult)
	if d := diff.Diff(map[string]int{"llm": 2}, methods(h)); d != "" || asked.Load() != 2 {
		t.Errorf("asked %d times: %s", asked.Load(), d)
	}
	if n := figure[int](h, "SELECT count(*)::int FROM safety_flags WHERE categories = '{harassment}'"); n != 1 {
		t.Errorf("%d flags, the guardrail finds one insult", n)
	}
	spent := figure[int](h, "SELECT count(*)::int FROM model_calls WHERE purpose IN ('score', 'screen') AND micro_usd > 0")
	if spent != 4 {
		t.Errorf("%d calls are accounted for, expected two scorings and two screenings", spent)
	}
	throttled.Store(true)
	rate(h, "KR-3", "I am confident at the bank now.")
	if d := diff.Diff(map[string]int{"llm": 2, "fallback": 1}, methods(h)); d != "" {
		t.Errorf("throttled: %s", d)
	}

	poor := newHouse(t, paid(bedrock.URL, "0"))
	poor.secrets["acme"] = poor.rotated(poor.found("acme", "UTC"))
	before := asked.Load()
	rate(poor, "KR-1", said)
	if d := diff.Diff(map[string]int{"fallback": 1}, methods(poor)); d != "" || asked.Load() != before {
		t.Errorf("without a budget, asked %d times: %s", asked.Load()-before, d)
	}
	for _, one := range []*house{h, poor} {
		if n := figure[int](one, "SELECT count(*)::int FROM feedback_texts t LEFT JOIN screenings s ON s.content_id = t.id WHERE s.id IS NULL"); n != 0 {
			t.Errorf("%d texts are not screened", n)
		}
		one.silent("the log", one.log.String())
	}
}
