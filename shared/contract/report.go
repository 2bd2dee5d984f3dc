package contract

import "time"

// ReportRunCompleted says that a report's figures were computed and kept.
type ReportRunCompleted struct {
	RunID       string    `json:"runId" jsonschema:"format=uuid"`
	Report      string    `json:"report" jsonschema:"minLength=1"` // its function: reports/sroi
	CompletedAt time.Time `json:"completedAt"`
}

// EventType is report.run.completed.
func (ReportRunCompleted) EventType() string { return "report.run.completed" }

// Subject is the run.
func (b ReportRunCompleted) Subject() string { return b.RunID }

// ReportExportRequested says that somebody wants a report as a file.
type ReportExportRequested struct {
	ExportID    string    `json:"exportId" jsonschema:"format=uuid"`
	Format      string    `json:"format" jsonschema:"enum=csv,enum=json,enum=pdf,enum=xlsx"`
	RequestedAt time.Time `json:"requestedAt"`
}

// EventType is report.export.requested.
func (ReportExportRequested) EventType() string { return "report.export.requested" }

// Subject is the export.
func (b ReportExportRequested) Subject() string { return b.ExportID }

// ReportExportCompleted says that an export ended, with a file or without.
type ReportExportCompleted struct {
	ExportID    string    `json:"exportId" jsonschema:"format=uuid"`
	Status      string    `json:"status" jsonschema:"enum=ready,enum=failed"`
	CompletedAt time.Time `json:"completedAt"`
}

// EventType is report.export.completed.
func (ReportExportCompleted) EventType() string { return "report.export.completed" }

// Subject is the export.
func (b ReportExportCompleted) Subject() string { return b.ExportID }
