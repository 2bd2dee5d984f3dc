package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

type spending struct{ *tx }

// Reserve is port.Spending. Whoever reserves in the same month waits for the row of the budget; each statement then sees what the one
// before it has taken.
func (s spending) Reserve(ctx context.Context, expected, standard int64) (string, error) {
	if expected < 0 {
		return "", nil
	}
	month := time.Date(s.now.Year(), s.now.Month(), 1, 0, 0, 0, 0, time.UTC)
	s.queue("INSERT INTO model_budgets (company_id, month) VALUES (app_company(), $1) ON CONFLICT DO NOTHING", month)
	s.queue("SELECT FROM model_budgets WHERE company_id = app_company() AND month = $1 FOR UPDATE", month)
	var reserved []string
	err := s.ask(ctx, func(rows pgx.Rows) (err error) {
		reserved, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, `
		INSERT INTO model_calls (id, company_id, month, expected, reserved_at, expires_at)
		SELECT $1, b.company_id, b.month, $2::bigint, $3, $4 FROM model_budgets b JOIN companies c ON c.id = b.company_id
		WHERE b.company_id = app_company() AND b.month = $5 AND $2::bigint <= coalesce(c.model_limit_micro_usd, $6::bigint) - b.spent
			- (SELECT coalesce(sum(o.expected), 0) FROM model_calls o
				WHERE o.company_id = b.company_id AND o.month = b.month AND o.settled_at IS NULL AND o.expires_at > $3)
		RETURNING id::text`,
		identity.NewID(), expected, s.now, s.now.Add(port.ReservationLasts), month, standard)
	if err != nil || len(reserved) == 0 {
		return "", err
	}
	return reserved[0], nil
}

// Allow is port.Spending.
func (s spending) Allow(ctx context.Context, slug string, limit *int64) (company string, before *int64, err error) {
	if !s.scope.Operator {
		return "", nil, fault.New(fault.Forbidden, "only the operator sets what models may cost")
	}
	err = s.ask(ctx, one(&company, &before), `
		WITH known AS (SELECT id, model_limit_micro_usd AS before FROM companies WHERE slug = $1 FOR UPDATE)
		UPDATE companies c SET model_limit_micro_usd = $2 FROM known WHERE c.id = known.id RETURNING c.id::text, known.before`, slug, limit)
	return company, before, missing(err, "no such company")
}

// Settle is port.Spending.
func (s spending) Settle(reservation, purpose string, used outcome.Usage) {
	s.queue(`
		WITH settled AS (
			UPDATE model_calls SET settled_at = $2, purpose = $3, model = $4, calls = $5, input_tokens = $6, output_tokens = $7, cache_read = $8,
				cache_write = $9, micro_usd = $10, latency_ms = $11, stop = $12
			WHERE id = $1 AND company_id = app_company() AND settled_at IS NULL RETURNING month
		)
		UPDATE model_budgets b SET spent = b.spent + $10 FROM settled WHERE b.company_id = app_company() AND b.month = settled.month`,
		reservation, s.now, purpose, used.Model, used.Calls, used.InputTokens, used.OutputTokens, used.CacheRead, used.CacheWrite,
		used.MicroUSD, used.Latency.Milliseconds(), used.Stop)
}
