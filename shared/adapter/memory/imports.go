package memory

import (
	"context"
	"slices"

	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
)

// Statuses of a refused row.
const (
	rowRefused  = "refused"
	rowReplayed = "replayed"
)

type refusedKey struct {
	importID string
	row      int
}

type imports struct{ *tx }

func (i imports) Create(in intake.Import) {
	owner, ok := i.own()
	if !ok {
		return
	}
	in.Company = owner
	if _, taken := i.ledger.imports[in.ID]; taken {
		i.fail(fault.Conflict, "an import of this id exists")
		return
	}
	put(i.tx, i.ledger.imports, in.ID, in)
}

func (i imports) Find(_ context.Context, id string) (intake.Import, error) {
	in, found := i.ledger.imports[id]
	if !found || !i.sees(in.Company) {
		return intake.Import{}, fault.New(fault.Missing, "no such import")
	}
	return in, nil
}

func (i imports) List(_ context.Context, by, after string, limit int) ([]intake.Import, error) {
	var found []intake.Import
	for _, id := range slices.Backward(sortedKeys(i.ledger.imports)) { // UUIDv7: later ids are greater
		in := i.ledger.imports[id]
		if len(found) < limit && i.sees(in.Company) && (after == "" || id < after) && (by == "" || in.CreatedBy == by) {
			found = append(found, in)
		}
	}
	return found, nil
}

func (i imports) Receive(ctx context.Context, id string, size int64) error {
	in, err := i.Find(ctx, id)
	if err != nil {
		return err
	}
	if in.Status != intake.Waiting {
		return fault.New(fault.Conflict, "the import is "+string(in.Status)+" and takes no file")
	}
	in.Status, in.Size = intake.Received, size
	put(i.tx, i.ledger.imports, id, in)
	return nil
}

func (i imports) Advance(ctx context.Context, in intake.Import, from int64) error {
	known, err := i.Find(ctx, in.ID)
	if err != nil {
		return err
	}
	if known.Progress.Offset != from || known.Status != intake.Received && known.Status != intake.Running {
		return fault.New(fault.Conflict, "the import was moved on by somebody else")
	}
	known.Status, known.Reason, known.Layout, known.Progress = in.Status, in.Reason, in.Layout, in.Progress
	if in.Status == intake.Completed || in.Status == intake.Failed {
		known.FinishedAt = i.now
	}
	put(i.tx, i.ledger.imports, in.ID, known)
	return nil
}

func (i imports) Refuse(id string, rows []intake.Refused) {
	if in, found := i.ledger.imports[id]; !found || !i.sees(in.Company) {
		i.fail(fault.Missing, "no such import")
		return
	}
	for _, row := range rows {
		row.Status = rowRefused
		put(i.tx, i.ledger.refused, refusedKey{id, row.Row}, row)
	}
}

func (i imports) Refused(_ context.Context, id string, after, limit int) ([]intake.Refused, error) {
	var found []intake.Refused
	for key, row := range i.ledger.refused {
		if key.importID == id && i.sees(i.ledger.imports[id].Company) && row.Row > after {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, func(a, b intake.Refused) int { return a.Row - b.Row })
	return found[:min(limit, len(found))], nil
}

func (i imports) Replayed(id string, row int, taken bool) {
	in, found := i.ledger.imports[id]
	refused := i.ledger.refused[refusedKey{id, row}]
	if !found || !i.sees(in.Company) || refused.Status != rowRefused {
		return // unknown, or replayed before
	}
	refused.Status = rowReplayed
	put(i.tx, i.ledger.refused, refusedKey{id, row}, refused)
	in.Progress.Refused--
	if taken {
		in.Progress.Taken++
	} else {
		in.Progress.Same++
	}
	put(i.tx, i.ledger.imports, id, in)
}
