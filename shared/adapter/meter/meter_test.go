package meter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/bedrock"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/adapter/meter"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
)

// book is accounts in memory, one transaction at a time.
type book struct {
	mu       sync.Mutex
	reserved map[string]map[string]int64 // company, reservation
	spent    map[string]int64
	most     int64 // the most that was ever spent and reserved together
	settled  []string
	broken   error // what each transaction fails with
}

func (b *book) accounts(ctx context.Context, company string, f func(port.Spending) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	err := ctx.Err()
	if err != nil {
		return err
	}
	return f(account{nil, b, company})
}

type account struct {
	port.Spending // what the meter does not use
	*book
	company string
}

func (a account) Reserve(_ context.Context, expected, standard int64) (string, error) {
	sum := a.spent[a.company] + expected
	for _, r := range a.reserved[a.company] {
		sum += r
	}
	if sum > standard {
		return "", nil
	}
	a.most = max(a.most, sum)
	if a.reserved == nil {
		a.book.reserved, a.book.spent = map[string]map[string]int64{}, map[string]int64{}
	}
	if a.reserved[a.company] == nil {
		a.reserved[a.company] = map[string]int64{}
	}
	id := fmt.Sprint(len(a.settled), len(a.reserved[a.company]), sum)
	a.reserved[a.company][id] = expected
	return id, nil
}

func (a account) Settle(reservation, purpose string, used outcome.Usage) {
	if _, ok := a.reserved[a.company][reservation]; !ok {
		panic("settled what is not reserved")
	}
	delete(a.reserved[a.company], reservation)
	a.spent[a.company] += used.MicroUSD
	a.book.settled = append(a.settled, fmt.Sprintf("%s %s %d", a.company, purpose, used.MicroUSD))
}

// paid is a model that costs what it is told.
type paid struct {
	estimate, cost int64
	fails          error
	asked          chan struct{} // told of each call, may be nil
	release        chan struct{} // what each call waits for, may be nil
}

func (p paid) Estimate(string) int64               { return p.estimate }
func (p paid) Calibrations() []outcome.Calibration { return []outcome.Calibration{{ID: "paid"}} }
func (p paid) Score(ctx context.Context, _ outcome.Request) (outcome.Scoring, error) {
	if p.asked != nil {
		p.asked <- struct{}{}
	}
	if p.release != nil {
		select {
		case <-p.release:
		case <-ctx.Done():
			return outcome.Scoring{Usage: &outcome.Usage{Calls: 1, MicroUSD: p.cost, Stop: "timeout"}}, fault.Wrap(fault.Busy, "too slow", ctx.Err())
		}
	}
	used := &outcome.Usage{Calls: 1, MicroUSD: p.cost}
	if p.fails != nil {
		return outcome.Scoring{Usage: used}, p.fails
	}
	return outcome.Scoring{Method: outcome.LLM, ModelVersion: "paid-1", Usage: used}, nil
}

// free is the local model.
type free struct{ fails error }

func (f free) Calibrations() []outcome.Calibration { return []outcome.Calibration{{ID: "free"}} }
func (f free) Score(ctx context.Context, _ outcome.Request) (outcome.Scoring, error) {
	if f.fails != nil || ctx.Err() != nil {
		return outcome.Scoring{}, errors.Join(f.fails, ctx.Err())
	}
	return outcome.Scoring{Method: outcome.Local, ModelVersion: "free-1"}, nil
}

var ask = outcome.Request{Company: "c1", Text: "I feel welcome here."}

func TestTheMonthsBudgetReallyStops(t *testing.T) {
	t.Parallel()
	var b book
	m := meter.New(paid{estimate: 100, cost: 30}, b.accounts, 300)
	scored := 0
	for range 20 {
		got, err := m.Score(t.Context(), ask)
		if err == nil {
			scored++
			continue
		}
		if !errors.Is(err, meter.ErrSpent) || fault.KindOf(err) != fault.Busy || got.Usage != nil {
			t.Fatalf("%v, %+v", err, got)
		}
	}
	if scored != 7 || b.spent["c1"] != 210 { // an eighth call could cost 100 of the 90 that are left
		t.Errorf("%d calls for %d, want 7 for 210", scored, b.spent["c1"])
	}
	_, err := m.Score(t.Context(), outcome.Request{Company: "c2", Text: "I feel welcome here."})
	if err != nil {
		t.Errorf("another company's budget: %v", err)
	}
}

func TestConcurrentCallsDoNotOverspend(t *testing.T) {
	t.Parallel()
	var b book
	p := paid{estimate: 100, cost: 100, asked: make(chan struct{}, 100), release: make(chan struct{})}
	m := meter.New(p, b.accounts, 250)
	results := make(chan error)
	for range 10 {
		go func() {
			_, err := m.Score(t.Context(), ask)
			results <- err
		}()
	}
	refused := 0
	for range 8 { // eight are told no while two are still asking
		if err := <-results; errors.Is(err, meter.ErrSpent) {
			refused++
		}
	}
	close(p.release)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if refused != 8 || len(p.asked) != 2 || b.spent["c1"] != 200 || b.most > 250 {
		t.Errorf("%d refused, %d asked, %d spent, at most %d", refused, len(p.asked), b.spent["c1"], b.most)
	}
}

func TestFailedCallsAreSettledToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		model   paid
		want    string
		patient bool
	}{
		"refused":   {paid{estimate: 100, cost: 20, fails: fault.New(fault.Invalid, "refused")}, "c1 score 20", true},
		"throttled": {paid{estimate: 100, fails: fault.New(fault.Busy, "throttled")}, "c1 score 0", true},
		"timed out": {paid{estimate: 100, cost: 90, release: make(chan struct{})}, "c1 score 90", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b book
			ctx := t.Context()
			if !c.patient {
				limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
				ctx = limited
			}
			_, err := meter.New(c.model, b.accounts, 1000).Score(ctx, ask)
			if err == nil || len(b.reserved["c1"]) != 0 {
				t.Errorf("%v, %d reservations left", err, len(b.reserved["c1"]))
			}
			if diff := cmp.Diff([]string{c.want}, b.settled); diff != "" {
				t.Errorf("settled (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutAccountsNothingIsAsked(t *testing.T) {
	t.Parallel()
	b := book{broken: errors.New("database away")}
	p := paid{estimate: 100, asked: make(chan struct{}, 1)}
	_, err := meter.New(p, b.accounts, 1000).Score(t.Context(), ask)
	if !errors.Is(err, b.broken) || len(p.asked) != 0 {
		t.Errorf("%v, asked %d times", err, len(p.asked))
	}
	_, err = meter.New(p, new(book).accounts, 1000).Score(t.Context(), outcome.Request{Text: "x"})
	if err == nil || len(p.asked) != 0 {
		t.Errorf("nobody pays, yet asked %d times: %v", len(p.asked), err)
	}
}

func TestLedgerKeepsTheAccounts(t *testing.T) {
	t.Parallel()
	ledger := memory.New(memory.Options{})
	p := paid{estimate: 100, cost: 30}
	m := meter.New(p, meter.In(ledger, "consumers/scorefeedback"), 150)
	mine := outcome.Request{Company: company.OperatorID, Text: ask.Text}
	for n := range 3 {
		_, err := m.Score(t.Context(), mine)
		if (err == nil) != (n < 2) || err != nil && !errors.Is(err, meter.ErrSpent) {
			t.Fatalf("call %d: %v", n, err)
		}
	}
	calls := ledger.Calls(company.OperatorID)
	if len(calls) != 2 || !calls[0].Settled || calls[0].MicroUSD != 30 || calls[0].Purpose != "score" {
		t.Errorf("%+v", calls)
	}
}

func TestASettlementIsTriedAgain(t *testing.T) {
	t.Parallel()
	var b book
	failures := 2
	flaky := func(ctx context.Context, company string, f func(port.Spending) error) error {
		if len(b.reserved["c1"]) > 0 && failures > 0 {
			failures--
			return errors.New("database away")
		}
		return b.accounts(ctx, company, f)
	}
	_, err := meter.New(paid{estimate: 100, cost: 30}, flaky, 1000).Score(t.Context(), ask)
	if err != nil || len(b.settled) != 1 {
		t.Errorf("%v, settled %v", err, b.settled)
	}
}

func TestTextThatIsNotSentNeedsNoBudget(t *testing.T) {
	t.Parallel()
	b := book{broken: errors.New("must not be opened")}
	_, err := meter.New(paid{}, b.accounts, 0).Score(t.Context(), ask)
	if err != nil {
		t.Error(err)
	}
}

func TestFallback(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fails  error
		method outcome.Method // empty: the error comes through
	}{
		"answered":      {nil, outcome.LLM},
		"refused":       {fault.New(fault.Invalid, "a guardrail refused"), outcome.Fallback},
		"throttled":     {fault.New(fault.Busy, "throttled"), outcome.Fallback},
		"spent":         {fault.Wrap(fault.Busy, "spent", meter.ErrSpent), outcome.Fallback},
		"too long":      {fault.New(fault.TooLarge, "too long"), outcome.Fallback},
		"access denied": {errors.New("access denied"), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := meter.NewFallback(paid{cost: 7, fails: c.fails}, free{}, time.Second).Score(t.Context(), ask)
			if c.method == "" {
				if !errors.Is(err, c.fails) {
					t.Errorf("%v, %+v", err, got)
				}
				return
			}
			if err != nil || got.Method != c.method || got.Usage == nil || got.Usage.MicroUSD != 7 {
				t.Errorf("%v, %+v", err, got)
			}
			if want := map[outcome.Method]string{outcome.LLM: "paid-1", outcome.Fallback: "free-1"}[c.method]; got.ModelVersion != want {
				t.Errorf("version %q, want %q", got.ModelVersion, want)
			}
		})
	}
}

func TestFallbackFitsInTheDeadline(t *testing.T) {
	t.Parallel()
	slow := paid{cost: 7, release: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := meter.NewFallback(slow, free{}, 10*time.Second-50*time.Millisecond).Score(ctx, ask)
	if err != nil || got.Method != outcome.Fallback || got.Usage.Stop != "timeout" {
		t.Errorf("%v, %+v", err, got)
	}
	slow.asked = make(chan struct{}, 1)
	got, err = meter.NewFallback(slow, free{}, time.Hour).Score(ctx, ask)
	if err != nil || got.Method != outcome.Fallback || got.Usage != nil || len(slow.asked) != 0 {
		t.Errorf("no time at all: %v, %+v, asked %d times", err, got, len(slow.asked))
	}
}

func TestNobodyFallsBackForACallerWhoHasGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := meter.NewFallback(paid{release: make(chan struct{})}, free{}, 0).Score(ctx, ask)
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("%v, want busy", err)
	}
}

func TestFallbackKeepsWhatTheAttemptCostThoughBothFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("lexicon missing")
	got, err := meter.NewFallback(paid{cost: 7, fails: fault.New(fault.Busy, "throttled")}, free{broken}, 0).Score(t.Context(), ask)
	if !errors.Is(err, broken) || got.Usage == nil || got.Usage.MicroUSD != 7 {
		t.Errorf("%v, %+v", err, got)
	}
	if n := len(meter.NewFallback(paid{}, free{}, 0).Calibrations()); n != 2 {
		t.Errorf("%d calibrations, want both models'", n)
	}
}

func TestTheWholeRowOverHTTP(t *testing.T) {
	t.Parallel()
	var b book
	server := bedrockfake.New(t, bedrockfake.Fails("ThrottlingException"), bedrockfake.Says(`{"language":"en","scores":[]}`), bedrockfake.Stops("content_filtered", ""))
	limits := bedrock.Limits{Wait: time.Microsecond}
	large := bedrock.With(bedrock.Client(server.Config()), bedrock.Settings{ID: "eu.anthropic.claude-haiku-4-5-20251001-v1:0", Limits: limits})
	budget := large.Estimate(ask.Text) + 2000 // two calls of 1650, and no third
	m := meter.NewFallback(meter.New(large, b.accounts, budget), free{}, time.Second)
	var methods []outcome.Method
	for range 3 {
		got, err := m.Score(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		methods = append(methods, got.Method)
		if got.Usage != nil && got.Usage.MicroUSD == 0 {
			t.Errorf("a call cost nothing: %+v", got.Usage)
		}
		if got.Usage == nil && len(methods) < 3 {
			t.Error("a call was not counted")
		}
	}
	if diff := cmp.Diff([]outcome.Method{outcome.LLM, outcome.Fallback, outcome.Fallback}, methods); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	if b.most > budget || len(b.settled) != 2 {
		t.Errorf("%d of %d, settled %v", b.most, budget, b.settled)
	}
}

var quiet = slog.New(slog.DiscardHandler)

// words is a local screener with fixed findings.
type words []safety.Finding

func (w words) Screen(context.Context, safety.Request) (safety.Screening, error) {
	return safety.Screening{Version: "words-1", Language: "en", Findings: w, Route: safety.Usual.Judge(w).Route}, nil
}

func TestBothScreenersFindTogether(t *testing.T) {
	t.Parallel()
	const text = "They said they would kill him. I do not want to live."
	var b book
	local := words{
		{Category: safety.SelfHarm, Confidence: 0.9, Spans: []safety.Span{{Start: 31, End: 53}}},
		{Category: safety.Violence, Confidence: 0.6, Reported: true},
	}
	server := bedrockfake.New(t, bedrockfake.Guards(text, bedrockfake.Assessment{Filters: []bedrockfake.Filter{{Type: "VIOLENCE", Confidence: "HIGH"}, {Type: "HATE", Confidence: "LOW"}}}))
	s := meter.NewScreener(bedrock.NewGuardrail(server.Config(), "abc123", "1"), local, b.accounts, 5000, time.Second, quiet)
	got, err := s.Screen(t.Context(), safety.Request{Company: "c1", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	want := safety.Screening{Version: "words-1+guardrail/abc123/1", Language: "en", Route: safety.Safeguarding, Findings: []safety.Finding{
		local[0], {Category: safety.Violence, Confidence: 0.95, Reported: true}, {Category: safety.Hate, Confidence: 0.4},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("screening (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"c1 screen 400"}, b.settled); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

// TestAFailingGuardrailKeepsNobodyFromSafeguarding: a life waits for no mending of our access; the rest waits, and the fault is seen either way.
func TestAFailingGuardrailKeepsNobodyFromSafeguarding(t *testing.T) {
	t.Parallel()
	const text = "a text that no log has"
	for name, c := range map[string]struct {
		found words
		alone bool
	}{
		"self-harm, as unsure as the policy bears": {words{{Category: safety.SelfHarm, Confidence: safety.Usual.Safeguarding}}, true},
		"child safety, reported, beside hate":      {words{{Category: safety.ChildSafety, Confidence: 0.9, Reported: true}, {Category: safety.Hate, Confidence: 1}}, true},
		"self-harm, too unsure":                    {words{{Category: safety.SelfHarm, Confidence: safety.Usual.Safeguarding - 0.01}}, false},
		"hate":                                     {words{{Category: safety.Hate, Confidence: 1}}, false},
		"nothing":                                  {nil, false},
	} {
		for _, failure := range []string{"AccessDeniedException", "ValidationException", "ResourceNotFoundException"} {
			t.Run(name+" "+failure, func(t *testing.T) {
				t.Parallel()
				var b book
				var logged bytes.Buffer
				guardrail := bedrock.NewGuardrail(bedrockfake.New(t, bedrockfake.Fails(failure)).Config(), "abc123", "1")
				s := meter.NewScreener(guardrail, c.found, b.accounts, 5000, time.Second, slog.New(slog.NewJSONHandler(&logged, nil)))
				got, err := s.Screen(t.Context(), safety.Request{Company: "c1", Text: text})
				if !c.alone {
					if err == nil || got.Findings != nil || logged.Len() > 0 {
						t.Errorf("%+v, %v, log %s: expected the failure and nothing else", got, err, &logged)
					}
					return
				}
				want := safety.Screening{Version: "words-1", Language: "en", Findings: c.found, Route: safety.Safeguarding}
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%v, screening (-want +got):\n%s", err, diff)
				}
				if line := logged.String(); !strings.Contains(line, `"level":"ERROR"`) || !strings.Contains(line, failure) || strings.Contains(line, text) {
					t.Errorf("log %q, expected the failure and no text", line)
				}
			})
		}
	}
}

// TestWhatEitherScreenerFindsPersonalIsMaskedWhole: the guardrail's place is longer than the local one in it, and reaches beyond another.
func TestWhatEitherScreenerFindsPersonalIsMaskedWhole(t *testing.T) {
	t.Parallel()
	const text = "I am at Storgata 5, Oslo, with Kari."
	var b book
	local := words{{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: 8, End: 16, Kind: safety.Name}, {Start: 20, End: 26, Kind: safety.Address}}}}
	server := bedrockfake.New(t, bedrockfake.Guards(text, bedrockfake.Assessment{Entities: []bedrockfake.Entity{{Type: "ADDRESS", Match: "Storgata 5, Oslo"}}}))
	client, _ := bedrock.Client(server.Config()).(bedrock.Guarder)
	guardrail := bedrock.GuardrailWith(client, "abc123", "1", []bedrock.Detector{bedrock.Leftovers}, bedrock.Limits{})
	got, err := meter.NewScreener(guardrail, local, b.accounts, 5000, time.Second, quiet).Screen(t.Context(), safety.Request{Company: "c1", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	want := []safety.Span{{Start: 8, End: 26, Kind: safety.Name}}
	if diff := cmp.Diff(want, got.Personal()); diff != "" {
		t.Errorf("personal (-want +got):\n%s", diff)
	}
}

func TestLocalScreenerAloneWhereThePaidOneMayNotAnswer(t *testing.T) {
	t.Parallel()
	var b book
	local := words{{Category: safety.SelfHarm, Confidence: 0.9}}
	server := bedrockfake.New(t) // not asked
	got, err := meter.NewScreener(bedrock.NewGuardrail(server.Config(), "abc123", "1"), local, b.accounts, 10, time.Second, quiet).
		Screen(t.Context(), safety.Request{Company: "c1", Text: "hello"})
	if err != nil || got.Version != "words-1" || got.Route != safety.Safeguarding {
		t.Errorf("%v, %+v", err, got)
	}
}
