package postgres

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Item is port.Audits.
func (a audits) Item(ctx context.Context, quarter impact.Quarter, id string) (item outcome.Item, err error) {
	if !identity.IsID(id) {
		return item, fault.New(fault.Missing, "no such item")
	}
	err = a.ask(ctx, one(&item.ID, &item.TextID), `
		SELECT i.id::text, i.text_id::text FROM audit_items i WHERE i.id = $1 AND i.company_id = app_company() AND i.quarter = $2`, id, date(quarter.First()))
	if errors.Is(err, pgx.ErrNoRows) {
		return item, fault.New(fault.Missing, "no such item")
	}
	return item, err
}

// Asked is port.Audits. The lock is of the company and quarter, for a sample that was never drawn has no row to lock.
func (a audits) Asked(ctx context.Context, quarter impact.Quarter, seed string) (size int, err error) {
	h := fnv.New64a()
	h.Write([]byte("audit sample\x00" + a.Company() + "\x00" + quarter.String()))
	a.lock(int64(h.Sum64()))
	err = a.ask(ctx, one(&size), "SELECT coalesce(max(size), 0) FROM audit_samples WHERE company_id = app_company() AND quarter = $1 AND seed = $2",
		date(quarter.First()), seed)
	return size, err
}

// Samples is port.Audits.
func (a audits) Samples(ctx context.Context, after impact.Drawn, limit int) (found []impact.Drawn, err error) {
	from, company := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff"
	if after.Company != "" {
		from, company = date(after.Quarter.First()), after.Company
	}
	err = a.ask(ctx, func(rows pgx.Rows) error {
		var d impact.Drawn
		var first time.Time
		_, err := pgx.ForEachRow(rows, []any{&d.Company, &first, &d.Seed, &d.Size, &d.At, &d.Items, &d.Answered, &d.Twice}, func() error {
			d.Quarter, d.At = impact.QuarterOf(month(first)), d.At.UTC()
			found = append(found, d)
			return nil
		})
		return err
	}, `
		SELECT m.company_id::text, m.quarter, m.seed, m.size, m.drawn_at, c.items, c.answered, c.twice
		FROM (SELECT company_id, quarter, seed, size, cut, drawn_at FROM audit_samples WHERE (quarter, company_id) < ($1::date, $2::uuid) ORDER BY quarter DESC, company_id DESC, seed LIMIT $3) m
		CROSS JOIN LATERAL (
			SELECT count(*)::int AS items, (count(*) FILTER (WHERE n.answers > 0))::int AS answered, (count(*) FILTER (WHERE n.answers > 1))::int AS twice
			FROM audit_items i, LATERAL (SELECT count(*) AS answers FROM audit_answers a WHERE a.item_id = i.id) n
			WHERE i.company_id = m.company_id AND i.quarter = m.quarter AND i.seed = m.seed AND i.place <= m.cut
		) c
		ORDER BY m.quarter DESC, m.company_id DESC, m.seed`, from, company, limit)
	return found, err
}
