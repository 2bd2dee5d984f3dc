// Package importfile reads a stored file row by row into sessions, ratings and people.
//
// Hears:   import.received
// Tells:   kintell.session.completed, kintell.session.scheduled, kintell.rating.created, import.received
// Repeats: safe; a file is read on from the checkpoint that each chunk of 500 rows moves in its own transaction, and a file sent twice says nothing new
// Fails:   a row that breaks a rule is kept with what is wrong, to be fixed; a file that cannot be read at all fails its import with the reason
package importfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/teei/csr-platform/functions/internal/rows"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/fn"
	"github.com/teei/csr-platform/shared/port"
)

const name = "consumers/importfile"

// A chunk is what one transaction keeps, a run what one event reads before it tells a continuation.
const (
	chunkRows  = 500
	chunkBytes = 4 << 20 // of the file, so that long rows do not fill the memory
	runChunks  = 100
	margin     = 15 * time.Second // before the deadline no further chunk is begun
)

// Function is consumers/importfile.
var Function = fn.OnEvent(name, open)

func open(ctx context.Context, env port.Env) ([]fn.Hears, error) {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	files, err := env.Files(ctx)
	if err != nil {
		return nil, err
	}
	return []fn.Hears{fn.Hear(New(ledger, files).Received)}, env.Config().Err()
}

// Handler reads files.
type Handler struct {
	ledger port.Ledger
	files  port.Files
}

// New is a handler that reads from files into ledger.
func New(ledger port.Ledger, files port.Files) *Handler { return &Handler{ledger, files} }

// Received reads the file of an import from where it was left. When somebody else has moved the import on meanwhile it stops: they
// read the rest.
func (h *Handler) Received(ctx context.Context, in contract.Of[contract.ImportReceived]) error {
	cause := in.Cause()
	var job intake.Import
	err := h.ledger.Do(ctx, port.In(cause.Company, name), func(tx port.Tx) error {
		var err error
		job, err = tx.Imports().Find(ctx, in.Body.ImportID)
		return err
	})
	if err != nil {
		return fmt.Errorf("import %s: %w", in.Body.ImportID, err)
	}
	switch job.Status {
	case intake.Completed, intake.Failed:
		return nil
	case intake.Waiting:
		return fault.New(fault.Conflict, "the import still waits for its file")
	}
	r := &run{Handler: h, cause: cause, job: job, kept: job.Progress.Offset}
	err = r.read(ctx)
	if known := fault.Of(err); known != nil && !fault.Curable(err) {
		err = r.fail(ctx, known.Public())
	}
	if err != nil && !errors.Is(err, errMoved) {
		return fmt.Errorf("import %s: %w", job.ID, err)
	}
	return nil
}

// errMoved says that somebody else has moved the import on.
var errMoved = errors.New("moved on by somebody else")

// run is the reading of one import on account of one event.
type run struct {
	*Handler
	cause contract.Cause
	job   intake.Import
	kept  int64 // the offset the ledger knows
}

// read reads chunk after chunk until the file ends, or until it is time to leave the rest to a continuation.
func (r *run) read(ctx context.Context) error {
	layout, err := r.begin(ctx)
	if err != nil {
		return err
	}
	body, err := r.files.Open(ctx, r.job.Key, r.job.Progress.Offset)
	if err != nil {
		return absent(err)
	}
	defer body.Close()
	reading, stop := context.WithCancel(ctx)
	ahead := readAhead(reading, intake.NewReader(body, layout.Dialect, len(layout.Header), r.job.Progress.Offset), r.job, layout)
	defer func() { // nobody reads from body once it is closed
		stop()
		for range ahead {
		}
	}()
	deadline, limited := ctx.Deadline()
	for chunks := 1; ; chunks++ {
		part, more := <-ahead
		if !more {
			return ctx.Err()
		}
		if part.err != nil {
			return part.err
		}
		pause := chunks == runChunks || limited && time.Until(deadline) < margin
		err = r.keep(ctx, part, pause)
		if err != nil || part.last || pause {
			return err
		}
	}
}

// chunk is a part of a file, read and not yet kept.
type chunk struct {
	rows    []rows.Row
	refused []intake.Refused
	end     int64
	last    bool // the file ends here
	err     error
}

// readAhead reads the next chunk while the last one is being kept. The channel ends with the file, with an error or with ctx.
func readAhead(ctx context.Context, reader *intake.Reader, job intake.Import, layout intake.Layout) <-chan chunk {
	chunks := make(chan chunk)
	go func() {
		defer close(chunks)
		for {
			part, err := read(reader, job, layout)
			part.err = err
			select {
			case chunks <- part:
			case <-ctx.Done():
				return
			}
			if err != nil || part.last {
				return
			}
			job.Progress.Row += len(part.rows) + len(part.refused)
		}
	}()
	return chunks
}

func read(reader *intake.Reader, job intake.Import, layout intake.Layout) (chunk, error) {
	var part chunk
	number, start := job.Progress.Row, reader.Offset()
	for len(part.rows)+len(part.refused) < chunkRows && reader.Offset()-start < chunkBytes {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			part.last = true
			break
		}
		if err != nil {
			return chunk{}, err
		}
		number++
		if record.Problem != nil {
			part.refused = append(part.refused, intake.Refused{Row: number, Record: record.Fields, Problems: []intake.Problem{*record.Problem}})
			continue
		}
		row, problems := rows.Read(job, layout, number, record.Fields, job.CreatedAt)
		if problems != nil {
			part.refused = append(part.refused, intake.Refused{Row: number, Record: record.Fields, Problems: problems})
			continue
		}
		part.rows = append(part.rows, row)
	}
	part.end = reader.Offset()
	return part, nil
}

// keep keeps a chunk and moves the import on, all or nothing. pause tells who reads on.
func (r *run) keep(ctx context.Context, part chunk, pause bool) error {
	var next intake.Import
	err := r.ledger.Do(ctx, port.In(r.job.Company, name), func(tx port.Tx) error {
		taken, err := rows.Keep(ctx, tx, part.rows)
		if err != nil {
			return err
		}
		next = r.job
		p := &next.Progress
		p.Offset = part.end
		p.Row += len(part.rows) + len(part.refused)
		p.Taken += taken
		p.Same += len(part.rows) - taken
		p.Refused += len(part.refused)
		next.Status = intake.Running
		if part.last {
			next.Status, next.FinishedAt = intake.Completed, tx.Now()
		}
		tx.Imports().Refuse(r.job.ID, part.refused)
		if pause && !part.last {
			tx.Tell(r.cause.Then(contract.ImportReceived{ImportID: r.job.ID, Offset: part.end}))
		}
		return moved(tx.Imports().Advance(ctx, next, r.kept))
	})
	if err != nil {
		return err
	}
	r.job, r.kept = next, part.end
	return nil
}

func moved(err error) error {
	if fault.KindOf(err) == fault.Conflict {
		return errMoved
	}
	return err
}

// fail ends an import whose file as a whole cannot be read.
func (r *run) fail(ctx context.Context, reason string) error {
	return r.ledger.Do(ctx, port.In(r.job.Company, name), func(tx port.Tx) error {
		failed := r.job
		failed.Progress.Offset, failed.Status, failed.Reason, failed.FinishedAt = r.kept, intake.Failed, reason, tx.Now()
		return moved(tx.Imports().Advance(ctx, failed, r.kept))
	})
}

// begin gives the layout of the import: the one kept with it, or the one its file shows when nothing of it was read yet; then the
// progress stands where the rows start.
func (r *run) begin(ctx context.Context) (intake.Layout, error) {
	var layout intake.Layout
	if r.job.Status == intake.Running {
		err := json.Unmarshal(r.job.Layout, &layout)
		return layout, err
	}
	body, err := r.files.Open(ctx, r.job.Key, 0)
	if err != nil {
		return layout, absent(err)
	}
	defer body.Close()
	layout, reader, err := intake.Begin(r.job.Kind, body)
	if err != nil {
		return layout, err
	}
	r.job.Progress.Offset = reader.Offset()
	var seen intake.Ratings
	if r.job.Scale == "" && layout.Rated() {
		seen, err = ratings(reader, layout)
		if err != nil {
			return layout, err
		}
	}
	layout = layout.Scaled(intake.Scale(r.job.Scale), seen)
	r.job.Layout, err = json.Marshal(layout)
	return layout, err
}

// ratings looks through the whole file for what its ratings run over.
func ratings(reader *intake.Reader, layout intake.Layout) (intake.Ratings, error) {
	var seen intake.Ratings
	for !seen.Settled() {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return seen, err
		}
		seen.See(layout, record.Fields)
	}
	return seen, nil
}

// absent gives a missing file its reason.
func absent(err error) error {
	if fault.KindOf(err) == fault.Missing {
		return fault.New(fault.Invalid, "the file is not there: it was never uploaded, or it has been removed")
	}
	return err
}
