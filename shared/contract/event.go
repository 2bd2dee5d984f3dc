// Package contract is what crosses a wire: the event envelope, the typed bodies of every event and their JSON Schemas.
package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/teei/csr-platform/shared/fault"
)

// Version of every event body in this package.
const Version = "v1"

// MaxEvent is the size in bytes beyond which an event is refused by every bus: EventBridge takes 1 MB an entry and
// 256 KB in older regions, and an event that carries ids alone is far below either.
const MaxEvent = 200_000

// Event is the envelope of the source document §3.3.
type Event struct {
	Type     string          `json:"type"` // lower case, dotted: kintell.session.completed
	Data     json.RawMessage `json:"data"`
	Metadata Metadata        `json:"metadata"`
}

// Metadata says which event this is and what it came from.
type Metadata struct {
	ID            string    `json:"id"` // UUIDv5 of (cause id, type, subject id), so a repeated cause tells the same event
	Version       string    `json:"version"`
	Timestamp     time.Time `json:"timestamp"`
	CorrelationID string    `json:"correlationId,omitempty"`
	CausationID   string    `json:"causationId,omitempty"`
	Metadata      Context   `json:"metadata,omitzero"`
}

// Context is the open part of the envelope: who it belongs to and which trace it continues.
type Context struct {
	CompanyID   string `json:"companyId,omitempty"`
	Traceparent string `json:"traceparent,omitempty"` // W3C Trace Context
}

// Body is what an event says. Optional texts stay empty: events carry ids, never texts, names or addresses.
type Body interface {
	EventType() string // the dotted type
	Subject() string   // id of the thing it is about
}

// Of is an event with its body read.
type Of[B Body] struct {
	Event
	Body B
}

// Cause is what makes something happen: a delivery from a sender, a row of a file, an event.
type Cause struct {
	ID            string    // UUID
	Company       string    // company id (UUID) the cause belongs to
	At            time.Time // when it was received
	CorrelationID string    // of the first cause in the chain; empty means ID
	Traceparent   string
	// Delivery is set when the cause is a sender's HTTP delivery.
	Delivery *Delivery
}

// Delivery is what a sender handed over: the name it gave it and what it said.
type Delivery struct {
	ID     string // as in X-Delivery-Id
	Type   string // what kind of delivery: session-completed
	Digest []byte // SHA-256 of the raw body
	Size   int    // bytes of the raw body
}

// namespace of the event ids. Changing it makes every repeated cause a new event.
var namespace = uuid.MustParse("6f9d1a3e-52c4-5d0b-9e38-1f0c7a4b2d66")

// EventID is the UUIDv5 of (cause id, type, subject id).
func EventID(cause, eventType, subject string) string {
	return uuid.NewSHA1(namespace, []byte(cause+"\x00"+eventType+"\x00"+subject)).String()
}

// Then makes the event that follows from c. The same cause makes the same event, to the last byte.
func (c Cause) Then(body Body) Event {
	data, err := json.Marshal(body)
	if err != nil { // bodies are plain structs of this package; a test encodes every one
		panic(fmt.Sprintf("encode %s: %v", body.EventType(), err))
	}
	correlation := c.CorrelationID
	if correlation == "" {
		correlation = c.ID
	}
	return Event{
		Type: body.EventType(),
		Data: data,
		Metadata: Metadata{
			ID:            EventID(c.ID, body.EventType(), body.Subject()),
			Version:       Version,
			Timestamp:     c.At.UTC(),
			CorrelationID: correlation,
			CausationID:   c.ID,
			Metadata:      Context{CompanyID: c.Company, Traceparent: c.Traceparent},
		},
	}
}

// Text is e as JSON. It is what json.Marshal gives, without reading again the body that Then has just written.
func (e Event) Text() (string, error) {
	name, err := json.Marshal(e.Type)
	if err != nil {
		return "", err
	}
	metadata, err := json.Marshal(e.Metadata)
	if err != nil {
		return "", err
	}
	return `{"type":` + string(name) + `,"data":` + string(e.Data) + `,"metadata":` + string(metadata) + `}`, nil
}

// Cause is e seen as what makes the next thing happen.
func (e Event) Cause() Cause {
	return Cause{
		ID:            e.Metadata.ID,
		Company:       e.Metadata.Metadata.CompanyID,
		At:            e.Metadata.Timestamp,
		CorrelationID: e.Metadata.CorrelationID,
		Traceparent:   e.Metadata.Metadata.Traceparent,
	}
}

// Parse reads an envelope. It refuses, as Invalid and naming the field, what no bus of ours would have sent.
func Parse(raw []byte) (Event, error) {
	if len(raw) > MaxEvent {
		return Event{}, fault.New(fault.TooLarge, fmt.Sprintf("event of %d bytes: at most %d", len(raw), MaxEvent))
	}
	var e Event
	err := json.Unmarshal(raw, &e)
	if err != nil {
		return Event{}, fault.Wrap(fault.Invalid, "event is not a JSON envelope of type, data and metadata", err)
	}
	return e, e.Check()
}

// Check refuses an envelope whose required fields are absent or malformed.
func (e Event) Check() error {
	var wrong []fault.Field
	expect := func(ok bool, name, expected string) {
		if !ok {
			wrong = append(wrong, fault.Field{Name: name, Expected: expected})
		}
	}
	_, idErr := uuid.Parse(e.Metadata.ID)
	_, companyErr := uuid.Parse(e.Metadata.Metadata.CompanyID)
	data := bytes.TrimSpace(e.Data)
	expect(e.Type != "", "type", "a dotted event type")
	expect(len(data) > 0 && data[0] == '{', "data", "an object")
	expect(idErr == nil, "metadata.id", "a UUID")
	expect(e.Metadata.Version == Version, "metadata.version", Version)
	expect(!e.Metadata.Timestamp.IsZero(), "metadata.timestamp", "an RFC 3339 instant")
	expect(companyErr == nil, "metadata.metadata.companyId", "a UUID")
	if wrong != nil {
		return fault.Fields("event envelope is incomplete", wrong...)
	}
	return nil
}

// Decode reads the body of e. Another type or an unreadable body is Invalid.
func Decode[B Body](e Event) (Of[B], error) {
	var body B
	if e.Type != body.EventType() {
		return Of[B]{}, fault.New(fault.Invalid, fmt.Sprintf("event is %s, expected %s", e.Type, body.EventType()))
	}
	err := json.Unmarshal(e.Data, &body)
	if err != nil {
		return Of[B]{}, fault.Wrap(fault.Invalid, "data does not fit "+e.Type, err)
	}
	return Of[B]{Event: e, Body: body}, nil
}
