package contract

// OutboxStalled asks consumers/relayoutbox to publish what a cause told and did not publish. It never crosses the bus.
type OutboxStalled struct {
	CauseID string `json:"causeId" jsonschema:"format=uuid"`
}

// EventType is ops.outbox.stalled.
func (OutboxStalled) EventType() string { return "ops.outbox.stalled" }

// Subject is the cause.
func (b OutboxStalled) Subject() string { return b.CauseID }
