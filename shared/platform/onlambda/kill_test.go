package onlambda_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
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
	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/adapter/kms"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/testkit/pgtest"
	"github.com/teei/csr-platform/shared/testkit/runtimeapi"
)

// cloud plays EventBridge, SQS, KMS and S3 as far as the functions under test use them. It can hold a call for ever, so that the
// function is killed at a known step.
type cloud struct {
	t      *testing.T
	url    string
	asked  func(target string) // called while the function waits for its answer
	held   chan string         // targets of calls that are held
	mu     sync.Mutex
	hold   string // target of which the next call is held
	keys   map[string][]byte
	events []contract.Event
	queued []queued
	files  map[string]string
}

type queued struct {
	QueueURL     string `json:"QueueUrl"`
	MessageBody  string
	DelaySeconds int
}

const (
	putEvents   = "AWSEvents.PutEvents"
	sendMessage = "AmazonSQS.SendMessage"
)

func newCloud(t *testing.T, hold string) *cloud {
	t.Helper()
	c := &cloud{t: t, hold: hold, held: make(chan string, 1), keys: map[string][]byte{}, files: map[string]string{}, asked: func(string) {}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the function is gone
	}
	target := r.Header.Get("X-Amz-Target")
	c.asked(target)
	if c.holds(target) {
		c.held <- target
		<-r.Context().Done()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case target == putEvents:
		c.answer(w, c.put(raw))
	case target == sendMessage:
		c.answer(w, c.send(raw))
	case target == "TrentService.GenerateDataKey" || target == "TrentService.Decrypt":
		c.answer(w, c.key(target, raw))
	case target == "" && r.Method == http.MethodPut:
		c.files[r.URL.Path] = string(raw)
	default:
		c.t.Errorf("%s %s, target %q", r.Method, r.URL.Path, target)
	}
}

func (c *cloud) holds(target string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if target == "" || target != c.hold {
		return false
	}
	c.hold = ""
	return true
}

func (c *cloud) answer(w http.ResponseWriter, answer any) {
	err := json.NewEncoder(w).Encode(answer)
	if err != nil {
		c.t.Error(err)
	}
}

func (c *cloud) decode(raw []byte, into any) {
	err := json.Unmarshal(raw, into)
	if err != nil {
		c.t.Error(err)
	}
}

func (c *cloud) put(raw []byte) any {
	var in struct{ Entries []struct{ Detail string } }
	c.decode(raw, &in)
	ids := []map[string]string{}
	for _, entry := range in.Entries {
		e, err := contract.Parse([]byte(entry.Detail))
		if err != nil {
			c.t.Error(err)
		}
		c.events = append(c.events, e)
		ids = append(ids, map[string]string{"EventId": e.Metadata.ID})
	}
	return map[string]any{"FailedEntryCount": 0, "Entries": ids}
}

func (c *cloud) send(raw []byte) any {
	var in queued
	c.decode(raw, &in)
	c.queued = append(c.queued, in)
	sum := md5.Sum([]byte(in.MessageBody))
	return map[string]string{"MessageId": fmt.Sprint(len(c.queued)), "MD5OfMessageBody": hex.EncodeToString(sum[:])}
}

func (c *cloud) key(target string, raw []byte) any {
	var in struct{ CiphertextBlob []byte }
	c.decode(raw, &in)
	if target == "TrentService.GenerateDataKey" {
		key, blob := make([]byte, 32), make([]byte, 100)
		rand.Read(key)
		rand.Read(blob)
		c.keys[string(blob)] = key
		return map[string]any{"CiphertextBlob": blob, "Plaintext": key, "KeyId": "key"}
	}
	return map[string]any{"Plaintext": c.keys[string(in.CiphertextBlob)], "KeyId": "key"}
}

// published are the ids of the events that the bus took, in order.
func (c *cloud) published() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for _, e := range c.events {
		ids = append(ids, e.Metadata.ID)
	}
	return ids
}

func (c *cloud) messages() []queued {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.queued)
}

// settings are those of the template, for a function of this cloud.
func (c *cloud) settings(db pgtest.Database) []string {
	return []string{
		"DATABASE_URL=" + db.Service, "BUS_NAME=events", "QUEUE_PREFIX=https://sqs.test/csr-", "KMS_KEY_ID=key", "FILES_BUCKET=files", "AWS_ENDPOINT_URL=" + c.url,
	}
}

// killWhileHeld hands payload to p and kills it once the cloud holds its call of target.
func (c *cloud) killWhileHeld(p *runtimeapi.Process, out *printed, target string, payload []byte) {
	c.t.Helper()
	ended := make(chan error, 1)
	go func() {
		answer, err := p.Invoke(context.Background(), payload, 25*time.Second)
		if err == nil {
			err = fmt.Errorf("it answered %s", answer)
			ended <- err
			return
		}
		ended <- nil
	}()
	select {
	case got := <-c.held:
		if got != target {
			c.t.Fatalf("%s is held, want %s", got, target)
		}
	case err := <-ended:
		c.t.Fatalf("it ended before it called %s: %v\n%s", target, err, out)
	}
	p.Kill()
	if err := <-ended; err != nil {
		c.t.Fatal(err)
	}
}

// store is a database with a company that has a sender, as its owner sees it.
type store struct {
	t    *testing.T
	conn *pgx.Conn
	mu   sync.Mutex
}

const secret = "a secret that signs"

func newStore(t *testing.T, db pgtest.Database, c *cloud) *store {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	keys := kms.New(aws.Config{Region: "eu-north-1", BaseEndpoint: &c.url, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}, "key", time.Now)
	sealed, err := keys.Seal(t.Context(), []byte(secret), company.SecretData(ours, "kintell"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "INSERT INTO companies (id, slug, name, kind, created_at) VALUES ($1, 'ours', 'Ours', 'partner', now())", ours)
	if err == nil {
		_, err = conn.Exec(t.Context(), "INSERT INTO senders (company_id, sender, secret_now, rotated_at) VALUES ($1, 'kintell', $2, now())", ours, sealed)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &store{t: t, conn: conn}
}

// texts are the values of the single column that sql gives.
func (s *store) texts(sql string) []string {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, _ := s.conn.Query(context.Background(), sql) // its error is the rows' own
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.t.Error(err)
	}
	return list
}

// deserted waits until the database has noticed that the killed function is gone, and has taken back what it had not committed.
func (s *store) deserted() {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for len(s.texts("SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND usename = 'csr_service'")) > 0 {
		if time.Now().After(deadline) {
			s.t.Fatal("the killed function is still connected")
		}
		<-time.After(5 * time.Millisecond)
	}
}

// outbox are the ids of the events that were told and not published.
func (s *store) outbox() []string {
	s.t.Helper()
	return s.texts("SELECT envelope::jsonb->'metadata'->>'id' FROM outbox ORDER BY seq")
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// request is what an HTTP API hands over.
func request(t *testing.T, route, path, query, body string, headers, parameters, identity map[string]string) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": headers, "pathParameters": parameters, "body": body,
		"requestContext": map[string]any{
			"requestId": "r", "domainName": "api.test", "authorizer": map[string]any{"lambda": identity},
			"http": map[string]string{"method": "POST", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// delivery is a session that was held, signed now.
func delivery(t *testing.T) []byte {
	t.Helper()
	at := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	return hook(t, "session-completed", "d-1", fmt.Sprintf(`{"session_id":"S-1","session_type":"language","participant_email":"p@sample.test","volunteer_email":"v@sample.test",`+
		`"scheduled_at":%q,"completed_at":%q,"duration_minutes":45}`, at.Format(time.RFC3339), at.Add(45*time.Minute).Format(time.RFC3339)))
}

// hook is a delivery of Kintell's, signed now.
func hook(t *testing.T, kind, id, body string) []byte {
	t.Helper()
	stamp := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "." + body))
	path := "/v1/kintell/webhooks/" + kind
	return request(t, "POST "+path, path, "company=ours", body, map[string]string{
		"content-type": "application/json", "x-delivery-id": id, "x-kintell-signature": "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil)),
	}, nil, nil)
}

func accepted(t *testing.T, p *runtimeapi.Process, out *printed, payload []byte) {
	t.Helper()
	raw, err := p.Invoke(t.Context(), payload, 20*time.Second)
	var got answer
	if err == nil {
		err = json.Unmarshal(raw, &got)
	}
	if err != nil || got.StatusCode != http.StatusAccepted {
		t.Fatalf("%v: %s\n%s", err, raw, out)
	}
}

func TestAWebhookKilledBetweenCommitAndRelayTellsWhenItsDeliveryIsRepeated(t *testing.T) {
	t.Parallel()
	binary := compile(t, "../../../functions/webhooks/kintell/lambda")
	db, c := pgtest.New(t), newCloud(t, putEvents)
	s := newStore(t, db, c)
	p, out := start(t, binary, c.settings(db)...)
	c.killWhileHeld(p, out, putEvents, delivery(t))
	s.deserted()

	same(t, "sessions after the kill", []string{"S-1"}, s.texts("SELECT external_session_id FROM kintell_sessions WHERE completed_at IS NOT NULL"))
	left := s.outbox()
	if len(left) != 1 || len(c.published()) != 0 {
		t.Fatalf("%d events are left and %d published, want 1 and 0", len(left), len(c.published()))
	}
	p, out = start(t, binary, c.settings(db)...)
	for repeat := range 2 {
		accepted(t, p, out, delivery(t))
		same(t, fmt.Sprintf("events published after %d repeats", repeat+1), left, c.published())
	}
	same(t, "events left", []string{}, s.outbox())
	same(t, "deliveries", []string{"d-1"}, s.texts("SELECT delivery_id FROM webhook_deliveries"))
	same(t, "sessions", []string{"S-1"}, s.texts("SELECT external_session_id FROM kintell_sessions"))
}

// batch is what SQS hands over: one message.
func batch(t *testing.T, message []byte) []byte {
	t.Helper()
	payload, err := json.Marshal(map[string]any{"Records": []map[string]string{{"messageId": "m-1", "body": string(message)}}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestAScreeningKilledBetweenCommitAndRelayHoldsItsTextAndTellsOnce(t *testing.T) {
	t.Parallel()
	const text = "I feel at home here. Some nights I want to die."
	db, c := pgtest.New(t), newCloud(t, "")
	s := newStore(t, db, c)
	_, err := s.conn.Exec(t.Context(), `WITH known AS (INSERT INTO users (id, email, status) VALUES (gen_random_uuid(), 'guard@sample.test', 'active') RETURNING id)
		INSERT INTO company_users (company_id, user_id, role) SELECT c.id, k.id, 'safeguarding' FROM known k, companies c WHERE c.kind = 'operator'`)
	if err != nil {
		t.Fatal(err)
	}
	webhook, out := start(t, compile(t, "../../../functions/webhooks/kintell/lambda"), c.settings(db)...)
	accepted(t, webhook, out, hook(t, "rating-created", "d-2", fmt.Sprintf(`{"rating_id":"R-1","session_id":"S-1","from_role":"participant","rating":0.5,"feedback_text":%q,"created_at":%q}`,
		text, time.Now().UTC().Add(-time.Hour).Format(time.RFC3339))))
	if len(c.published()) != 1 {
		t.Fatalf("%d events of a rating", len(c.published()))
	}
	webhook.Stop()
	written, err := json.Marshal(c.events[0])
	if err != nil {
		t.Fatal(err)
	}

	c.mu.Lock()
	c.events, c.hold = nil, putEvents
	c.mu.Unlock()
	binary := compile(t, "../../../functions/consumers/screencontent/lambda")
	p, out := start(t, binary, c.settings(db)...)
	c.killWhileHeld(p, out, putEvents, batch(t, written))
	s.deserted()
	held := func(when string) {
		t.Helper()
		same(t, "flags "+when, []string{"safeguarding|open|1"}, s.texts("SELECT route || '|' || status || '|' || alerted FROM safety_flags"))
		same(t, "screenings "+when, []string{"safeguarding"}, s.texts("SELECT route FROM screenings"))
		same(t, "texts that may be shown "+when, []string{}, s.texts("SELECT id::text FROM feedback_texts WHERE showable(id)"))
	}
	held("after the kill")
	left := s.outbox()
	if len(left) != 2 || len(c.published()) != 0 {
		t.Fatalf("%d events are left and %d published, want 2 and 0", len(left), len(c.published()))
	}
	p, out = start(t, binary, c.settings(db)...)
	for repeat := range 2 {
		relay(t, p, out, string(written))
		same(t, fmt.Sprintf("events published after the message came %d times more", repeat+1), left, c.published())
	}
	held("in the end")
	same(t, "events left", []string{}, s.outbox())
	told, err := json.Marshal(c.events)
	if err != nil || strings.Contains(string(told), "want to") || strings.Contains(out.String(), "want to") || strings.Contains(string(told), "guard@") {
		t.Errorf("a text or an address was told or logged (%v): %s\n%s", err, told, out)
	}
}

// upload is a small file in the body of a request by one of the operator's people.
func upload(t *testing.T) []byte {
	t.Helper()
	body := "session_id,participant_email,volunteer_email,scheduled_at,completed_at\nS-1,p@sample.test,v@sample.test,2026-02-03T10:00:00Z,2026-02-03T11:00:00Z\n"
	return request(t, "POST /v1/imports/{kind}", "/v1/imports/kintell-language", "company=ours", body, map[string]string{"content-type": "text/csv"},
		map[string]string{"kind": "kintell-language"}, map[string]string{"subject": "u-1", "role": "programme_staff"})
}

// relay hands a message of the queue to the function that hears it.
func relay(t *testing.T, p *runtimeapi.Process, out *printed, message string) {
	t.Helper()
	raw, err := p.Invoke(t.Context(), batch(t, []byte(message)), 20*time.Second)
	if err != nil || string(raw) != `{"batchItemFailures":[]}` {
		t.Fatalf("%v: %s\n%s", err, raw, out)
	}
}

func TestAnAPICallKilledBetweenCommitAndRelayIsToldByItsDelayedMessage(t *testing.T) {
	t.Parallel()
	db, c := pgtest.New(t), newCloud(t, putEvents)
	s := newStore(t, db, c)
	c.asked = func(target string) {
		if target == sendMessage && len(s.texts("SELECT id::text FROM imports")) != 0 {
			t.Error("help is asked for after the commit")
		}
	}
	p, out := start(t, compile(t, "../../../functions/api/imports/lambda"), c.settings(db)...)
	c.killWhileHeld(p, out, putEvents, upload(t))
	s.deserted()

	kept, left, asked := s.texts("SELECT id::text FROM imports WHERE status = 'received'"), s.outbox(), c.messages()
	if len(kept) != 1 || len(left) != 1 || len(asked) != 1 || len(c.published()) != 0 {
		t.Fatalf("%d imports, %d events left, %d messages, %d events published; want 1, 1, 1, 0", len(kept), len(left), len(asked), len(c.published()))
	}
	if asked[0].QueueURL != "https://sqs.test/csr-relayoutbox" || asked[0].DelaySeconds < 1 || !strings.Contains(asked[0].MessageBody, `"ops.outbox.stalled"`) {
		t.Errorf("the message was %+v", asked[0])
	}
	p, out = start(t, compile(t, "../../../functions/consumers/relayoutbox/lambda"), c.settings(db)...)
	for repeat := range 2 {
		relay(t, p, out, asked[0].MessageBody)
		same(t, fmt.Sprintf("events published after the message came %d times", repeat+1), left, c.published())
	}
	same(t, "events left", []string{}, s.outbox())
	body, err := contract.Decode[contract.ImportReceived](c.events[0])
	if err != nil || body.Body.ImportID != kept[0] {
		t.Errorf("told of import %s, want %s: %v", body.Body.ImportID, kept[0], err)
	}
}

func TestAnAPICallKilledBeforeItsCommitLeavesNothing(t *testing.T) {
	t.Parallel()
	db, c := pgtest.New(t), newCloud(t, sendMessage)
	s := newStore(t, db, c)
	p, out := start(t, compile(t, "../../../functions/api/imports/lambda"), c.settings(db)...)
	c.killWhileHeld(p, out, sendMessage, upload(t))
	s.deserted()
	same(t, "imports", []string{}, s.texts("SELECT id::text FROM imports"))
	same(t, "events left", []string{}, s.outbox())
	if n := len(c.published()); n != 0 {
		t.Errorf("%d events published", n)
	}
}
