package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
)

type imports struct{ *tx }

// Create is port.Imports.
func (i imports) Create(in intake.Import) {
	i.queue(`INSERT INTO imports (id, company_id, kind, file_name, scale, status, size, file_key, created_by, created_at)
		VALUES ($1, app_company(), $2, $3, $4, $5, $6, $7, $8, $9)`,
		in.ID, string(in.Kind), in.FileName, in.Scale, string(in.Status), in.Size, in.Key, in.CreatedBy, in.CreatedAt)
}

const importColumns = `id::text, company_id::text, kind, file_name, scale, status, reason, size, file_key, next_offset, row_count, taken, same, refused,
	layout, created_by, created_at, coalesce(finished_at, '0001-01-01T00:00:00Z')`

func scanImport(row pgx.CollectableRow) (in intake.Import, err error) {
	p := &in.Progress
	err = row.Scan(&in.ID, &in.Company, &in.Kind, &in.FileName, &in.Scale, &in.Status, &in.Reason, &in.Size, &in.Key, &p.Offset, &p.Row, &p.Taken, &p.Same,
		&p.Refused, &in.Layout, &in.CreatedBy, &in.CreatedAt, &in.FinishedAt)
	in.CreatedAt, in.FinishedAt = in.CreatedAt.UTC(), in.FinishedAt.UTC()
	return in, err
}

// Find is port.Imports.
func (i imports) Find(ctx context.Context, id string) (in intake.Import, err error) {
	err = i.ask(ctx, func(rows pgx.Rows) (err error) {
		in, err = pgx.CollectExactlyOneRow(rows, scanImport)
		return err
	}, "SELECT "+importColumns+" FROM imports WHERE id = $1::text::uuid", id)
	return in, missing(err, "no such import")
}

// missing turns an empty answer into a Missing fault; so does an id that is no UUID.
func missing(err error, sentence string) error {
	if errors.Is(err, pgx.ErrNoRows) || sqlState(err) == "22P02" {
		return fault.New(fault.Missing, sentence)
	}
	return err
}

// List is port.Imports.
func (i imports) List(ctx context.Context, by, after string, limit int) (list []intake.Import, err error) {
	err = i.ask(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, scanImport)
		return err
	}, "SELECT "+importColumns+" FROM imports WHERE ($1 = '' OR id::text < $1) AND ($3 = '' OR created_by = $3) ORDER BY id DESC LIMIT $2", after, limit, by)
	return list, err
}

// Receive is port.Imports.
func (i imports) Receive(ctx context.Context, id string, size int64) error {
	return i.changed(ctx, "the import has its file already",
		"UPDATE imports SET status = 'received', size = $2 WHERE id = $1 AND status = 'waiting' RETURNING 1", id, size)
}

// Advance is port.Imports.
func (i imports) Advance(ctx context.Context, in intake.Import, from int64) error {
	p := in.Progress
	var finished *time.Time
	if in.Status == intake.Completed || in.Status == intake.Failed {
		finished = &i.now
	}
	return i.changed(ctx, "the import was read further meanwhile", `
		UPDATE imports SET status = $3, reason = $4, next_offset = $5, row_count = $6, taken = $7, same = $8, refused = $9, layout = $10, finished_at = $11
		WHERE id = $1 AND next_offset = $2 AND status IN ('received', 'running') RETURNING 1`,
		in.ID, from, string(in.Status), in.Reason, p.Offset, p.Row, p.Taken, p.Same, p.Refused, layout(in.Layout), finished)
}

func layout(raw []byte) *string {
	if len(raw) == 0 {
		return nil
	}
	text := string(raw)
	return &text
}

func (i imports) changed(ctx context.Context, otherwise, sql string, args ...any) error {
	var one1 int
	err := i.ask(ctx, one(&one1), sql, args...)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Conflict, otherwise)
	}
	return err
}

// Refuse is port.Imports.
func (i imports) Refuse(id string, rows []intake.Refused) {
	for _, r := range rows {
		problems, err := json.Marshal(r.Problems)
		if err != nil { // plain strings
			panic("encode problems: " + err.Error())
		}
		i.queue(`INSERT INTO import_rows (import_id, company_id, row_number, record, problems, status) VALUES ($1, app_company(), $2, $3, $4, 'refused')
			ON CONFLICT DO NOTHING`, id, r.Row, append([]string{}, r.Record...), problems) // a record too long to keep is empty, not null
	}
}

// Refused is port.Imports.
func (i imports) Refused(ctx context.Context, id string, after, limit int) (list []intake.Refused, err error) {
	err = i.ask(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r intake.Refused, err error) {
			err = row.Scan(&r.Row, &r.Record, &r.Problems, &r.Status)
			return r, err
		})
		return err
	}, "SELECT row_number, record, problems, status FROM import_rows WHERE import_id = $1::text::uuid AND row_number > $2 ORDER BY row_number LIMIT $3", id, after, limit)
	return list, err
}

// Replayed is port.Imports.
func (i imports) Replayed(id string, row int, taken bool) {
	i.queue(`WITH r AS (UPDATE import_rows SET status = 'replayed' WHERE import_id = $1 AND row_number = $2 AND status = 'refused' RETURNING 1)
		UPDATE imports SET refused = refused - 1, taken = taken + CASE WHEN $3 THEN 1 ELSE 0 END, same = same + CASE WHEN $3 THEN 0 ELSE 1 END
		WHERE id = $1 AND EXISTS (SELECT FROM r)`, id, row, taken)
}
