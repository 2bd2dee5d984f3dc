package contract

import "strconv"

// ImportReceived says that a stored file is ready to be read, or to be read on.
type ImportReceived struct {
	ImportID string `json:"importId" jsonschema:"format=uuid"`
	Offset   int64  `json:"offset" jsonschema:"minimum=0"` // byte where reading starts or continues: a record boundary
}

// EventType is import.received.
func (ImportReceived) EventType() string { return "import.received" }

// Subject is the import and where in it, since every continuation is told once.
func (b ImportReceived) Subject() string { return b.ImportID + ":" + strconv.FormatInt(b.Offset, 10) }
