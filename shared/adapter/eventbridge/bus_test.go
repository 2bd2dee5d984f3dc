package eventbridge_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/eventbridge"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/testkit/bustest"
)

// cloud plays EventBridge and SQS over HTTP and checks everything that the real ones check.
type cloud struct {
	t      *testing.T
	refuse func(id string, attempt int) (code string) // empty takes the entry
	down   bool                                       // every call fails

	mu       sync.Mutex
	attempts map[string]int     // by event id
	calls    [][]string         // event ids of each PutEvents call
	taken    map[string][]entry // by event id
	sent     []message
}

type entry struct {
	Source, DetailType, Detail, EventBusName string
}

type message struct {
	QueueURL     string `json:"QueueUrl"`
	MessageBody  string
	DelaySeconds int
}

const prefix = "https://sqs.eu-central-1.amazonaws.com/123456789012/csr-"

// start runs the cloud and gives a bus whose real SDK clients talk to it.
func start(t *testing.T, c *cloud) *eventbridge.Bus {
	t.Helper()
	c.t, c.attempts, c.taken = t, map[string]int{}, map[string][]entry{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return eventbridge.New(aws.Config{
		Region:           "eu-central-1",
		Credentials:      credentials.NewStaticCredentialsProvider("key", "secret", ""),
		BaseEndpoint:     aws.String(server.URL),
		RetryMaxAttempts: 1,
	}, "csr-events", prefix)
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method != http.MethodPost || r.URL.Path != "/" || !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/") {
		c.t.Errorf("request %s %s with authorization %q", r.Method, r.URL.Path, r.Header.Get("Authorization"))
	}
	if c.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var answer any
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "AWSEvents.PutEvents":
		answer = c.put(r)
	case "AmazonSQS.SendMessage":
		var status int
		answer, status = c.send(r)
		if status != http.StatusOK {
			w.Header().Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
			w.WriteHeader(status)
		}
	default:
		c.t.Errorf("target %q", target)
	}
	err := json.NewEncoder(w).Encode(answer)
	if err != nil {
		c.t.Error(err)
	}
}

func (c *cloud) put(r *http.Request) any {
	if got := r.Header.Get("Content-Type"); got != "application/x-amz-json-1.1" {
		c.t.Errorf("PutEvents content type %q", got)
	}
	var in struct{ Entries []entry }
	err := json.NewDecoder(r.Body).Decode(&in)
	if err != nil {
		c.t.Error(err)
	}
	size := 0
	var call []string
	results, failed := []map[string]string{}, 0
	for _, e := range in.Entries {
		size += len(e.Source) + len(e.DetailType) + len(e.Detail)
		told, err := contract.Parse([]byte(e.Detail))
		if err != nil {
			c.t.Errorf("detail: %v", err)
		}
		id := told.Metadata.ID
		call = append(call, id)
		c.attempts[id]++
		if c.refuse != nil && c.refuse(id, c.attempts[id]) != "" {
			failed++
			results = append(results, map[string]string{"ErrorCode": c.refuse(id, c.attempts[id]), "ErrorMessage": "refused by the test"})
			continue
		}
		c.taken[id] = append(c.taken[id], e)
		results = append(results, map[string]string{"EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860"})
	}
	if len(in.Entries) < 1 || len(in.Entries) > 10 || size > 256<<10 {
		c.t.Errorf("PutEvents of %d entries and %d bytes", len(in.Entries), size)
	}
	c.calls = append(c.calls, call)
	return map[string]any{"FailedEntryCount": failed, "Entries": results}
}

func (c *cloud) send(r *http.Request) (answer any, status int) {
	if got := r.Header.Get("Content-Type"); got != "application/x-amz-json-1.0" {
		c.t.Errorf("SendMessage content type %q", got)
	}
	var in message
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if err != nil {
		c.t.Error(err)
	}
	if in.DelaySeconds < 0 || in.DelaySeconds > 900 {
		c.t.Errorf("delay of %d s", in.DelaySeconds)
	}
	if strings.HasSuffix(in.QueueURL, "-nobody") {
		return map[string]string{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}, http.StatusBadRequest
	}
	c.sent = append(c.sent, in)
	sum := md5.Sum([]byte(in.MessageBody))
	return map[string]string{"MD5OfMessageBody": hex.EncodeToString(sum[:]), "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274"}, http.StatusOK
}

// some gives n events.
func some(n int) (events []contract.Event, ids []string) {
	for range n {
		e := bustest.Held()
		events = append(events, e)
		ids = append(ids, e.Metadata.ID)
	}
	slices.Sort(ids)
	return events, ids
}

func throttled(times int) func(string, int) string {
	return func(_ string, attempt int) string {
		if attempt <= times {
			return "ThrottlingException"
		}
		return ""
	}
}

func TestPublishSendsEachEnvelopeOnceInFewCalls(t *testing.T) {
	t.Parallel()
	c := &cloud{}
	events, ids := some(23)
	err := start(t, c).Publish(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.calls) != 3 {
		t.Errorf("%d calls, want 3", len(c.calls))
	}
	if diff := cmp.Diff(ids, slices.Sorted(maps.Keys(c.taken))); diff != "" {
		t.Errorf("(-told +taken):\n%s", diff)
	}
	for _, e := range events {
		detail, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		want := []entry{{Source: "csr.kintell", DetailType: "kintell.session.completed", Detail: string(detail), EventBusName: "csr-events"}}
		if diff := cmp.Diff(want, c.taken[e.Metadata.ID]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestPublishKeepsEveryCallWithinTheSizeLimit(t *testing.T) {
	t.Parallel()
	c := &cloud{}
	events, ids := some(7)
	for i := range events {
		events[i].Data = json.RawMessage(`{"topics":["` + strings.Repeat("ø", 40_000) + `"]}`) // 80 kB: three in a call
	}
	err := start(t, c).Publish(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.calls) != 3 {
		t.Errorf("%d calls, want 3", len(c.calls))
	}
	if diff := cmp.Diff(ids, slices.Sorted(maps.Keys(c.taken))); diff != "" {
		t.Errorf("(-told +taken):\n%s", diff)
	}
}

func TestPublishTriesOnlyRefusedEntriesAgainOneByOne(t *testing.T) {
	t.Parallel()
	events, _ := some(5)
	unlucky := map[string]bool{events[1].Metadata.ID: true, events[3].Metadata.ID: true}
	c := &cloud{refuse: func(id string, attempt int) string {
		if unlucky[id] && attempt <= 2 {
			return "InternalFailure"
		}
		return ""
	}}
	err := start(t, c).Publish(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if n := len(c.taken[e.Metadata.ID]); n != 1 {
			t.Errorf("an event was taken %d times", n)
		}
	}
	for _, call := range c.calls[1:] {
		if len(call) != 1 || !unlucky[call[0]] {
			t.Errorf("a call after the first carries %d entries", len(call))
		}
	}
	if len(c.calls) != 5 {
		t.Errorf("%d calls, want 5", len(c.calls))
	}
}

func TestPublishSaysHowManyWereRefusedForGood(t *testing.T) {
	t.Parallel()
	events, _ := some(12)
	c := &cloud{refuse: func(id string, _ int) string {
		if id == events[0].Metadata.ID || id == events[11].Metadata.ID {
			return "NotAuthorizedForDetailTypeException"
		}
		return ""
	}}
	err := start(t, c).Publish(t.Context(), events)
	if fault.KindOf(err) != fault.Busy || fault.Of(err).Sentence != "2 of 12 events were refused by the bus" {
		t.Errorf("got %v", err)
	}
	if len(c.calls) != 2 {
		t.Errorf("%d calls, want 2: what is refused for good is not tried again", len(c.calls))
	}
}

func TestPublishGivesUpBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	c := &cloud{refuse: throttled(1 << 30)}
	events, _ := some(2)
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	err := start(t, c).Publish(ctx, events)
	if fault.KindOf(err) != fault.Busy || fault.Of(err).Sentence != "2 of 2 events were refused by the bus" {
		t.Errorf("got %v", err)
	}
	if len(c.calls) < 2 {
		t.Errorf("%d calls: nothing was tried again", len(c.calls))
	}
}

func TestPublishIsBusyWhileTheServiceIsDown(t *testing.T) {
	t.Parallel()
	events, _ := some(3)
	err := start(t, &cloud{down: true}).Publish(t.Context(), events)
	if fault.KindOf(err) != fault.Busy || fault.Of(err).Sentence != "3 of 3 events were refused by the bus" {
		t.Errorf("got %v", err)
	}
}

func TestPublishRefusesAnEventBeyondTheLimitBeforeAnyCall(t *testing.T) {
	t.Parallel()
	c := &cloud{}
	events, _ := some(2)
	events[1].Data = json.RawMessage(`{"topics":["` + strings.Repeat("x", contract.MaxEvent) + `"]}`)
	err := start(t, c).Publish(t.Context(), events)
	if fault.KindOf(err) != fault.TooLarge || !strings.Contains(fault.Of(err).Sentence, fmt.Sprint(contract.MaxEvent)) {
		t.Errorf("got %v, want TooLarge and the limit", err)
	}
	if len(c.calls) != 0 {
		t.Errorf("%d calls", len(c.calls))
	}
}

func TestPublishOfNothingCallsNobody(t *testing.T) {
	t.Parallel()
	c := &cloud{}
	err := start(t, c).Publish(t.Context(), nil)
	if err != nil || len(c.calls) != 0 {
		t.Errorf("%d calls, %v", len(c.calls), err)
	}
}

func TestReplayAndStalledGoToOneQueue(t *testing.T) {
	t.Parallel()
	e := bustest.Held()
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		tell func(context.Context, *eventbridge.Bus) error
		want message
	}{
		"replay": {
			func(ctx context.Context, b *eventbridge.Bus) error {
				return b.Replay(ctx, "consumers/scorefeedback", e)
			},
			message{prefix + "scorefeedback", string(body), 0},
		},
		"stalled, rounded up to a second": {
			func(ctx context.Context, b *eventbridge.Bus) error {
				return b.Stalled(ctx, e, 29*time.Second+time.Millisecond)
			},
			message{prefix + "relayoutbox", string(body), 30},
		},
		"stalled for longer than a queue can wait": {
			func(ctx context.Context, b *eventbridge.Bus) error { return b.Stalled(ctx, e, time.Hour) },
			message{prefix + "relayoutbox", string(body), 900},
		},
		"stalled at once": {
			func(ctx context.Context, b *eventbridge.Bus) error { return b.Stalled(ctx, e, -time.Second) },
			message{prefix + "relayoutbox", string(body), 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &cloud{}
			err := test.tell(t.Context(), start(t, c))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]message{test.want}, c.sent); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(c.calls) != 0 {
				t.Error("it crossed the bus")
			}
		})
	}
}

func TestReplayToAConsumerWithoutAQueueIsMissing(t *testing.T) {
	t.Parallel()
	err := start(t, &cloud{}).Replay(t.Context(), "consumers/nobody", bustest.Held())
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("got %v, want Missing", err)
	}
}

func TestReplayIsBusyWhileTheServiceIsDown(t *testing.T) {
	t.Parallel()
	err := start(t, &cloud{down: true}).Replay(t.Context(), "consumers/scorefeedback", bustest.Held())
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v, want Busy", err)
	}
}
