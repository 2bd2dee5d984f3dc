package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/company"
)

type deliveries struct{ *tx }

// List is port.Deliveries. A delivery that was refused and accepted later is one line: replayed if staff did it, else accepted.
func (d deliveries) List(ctx context.Context, status, after string, limit int) (list []company.Delivered, err error) {
	err = d.ask(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (one company.Delivered, err error) {
			err = row.Scan(&one.ID, &one.Company, &one.By, &one.Kind, &one.Type, &one.CauseID, &one.Status, &one.Reason, &one.Size, &one.At)
			one.At = one.At.UTC()
			return one, err
		})
		return err
	}, `WITH seen AS (
			SELECT id, company_id, by, 'delivery' AS kind, event_type, delivery_id AS cause, 'accepted' AS status, '' AS reason, payload_size AS size, received_at AS at
			FROM webhook_deliveries d WHERE $1 IN ('', 'accepted') AND NOT EXISTS (SELECT FROM parked_events p WHERE p.id = d.id AND p.status = 'replayed')
			UNION ALL
			SELECT id, company_id, by, kind, event_type, cause_id, status, reason, octet_length(body), parked_at
			FROM parked_events p WHERE $1 IN ('', status) AND (status = 'replayed' OR NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.id = p.id)))
		SELECT id::text, company_id::text, by, kind, event_type, cause, status, reason, size, at FROM seen
		WHERE $2 = '' OR (at, id) < (SELECT at, id FROM seen WHERE id::text = $2 ORDER BY at DESC LIMIT 1)
		ORDER BY at DESC, id DESC LIMIT $3`, status, after, limit)
	return list, err
}

// Accepted is port.Deliveries.
func (d deliveries) Accepted(ctx context.Context, id string) (a company.Delivered, err error) {
	a.Kind, a.Status = company.KindDelivery, "accepted"
	err = d.ask(ctx, one(&a.ID, &a.Company, &a.By, &a.Type, &a.CauseID, &a.Size, &a.At), `
		SELECT id::text, company_id::text, by, event_type, delivery_id, payload_size, received_at
		FROM webhook_deliveries WHERE id = $1::text::uuid`, id)
	a.At = a.At.UTC()
	return a, missing(err, "no delivery of this id was accepted")
}

// Parked is port.Deliveries.
func (d deliveries) Parked(ctx context.Context, id string) (p company.Parked, err error) {
	err = d.ask(ctx, one(&p.ID, &p.Company, &p.By, &p.Kind, &p.Type, &p.CauseID, &p.Reason, &p.Body, &p.At, &p.Status, &p.Attempts), `
		SELECT id::text, company_id::text, by, kind, event_type, cause_id, reason, body, parked_at, status, attempts
		FROM parked_events WHERE id = $1::text::uuid`, id)
	p.At = p.At.UTC()
	return p, missing(err, "nothing parked has this id")
}

// Replayed is port.Deliveries.
func (d deliveries) Replayed(id string) {
	d.queue("UPDATE parked_events SET status = 'replayed' WHERE id = $1", id)
}
