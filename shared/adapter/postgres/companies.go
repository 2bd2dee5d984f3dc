package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
)

type companies struct{ *tx }

const companyColumns = "id::text, slug, name, kind, time_zone, created_at"

func scanCompany(row pgx.CollectableRow) (c company.Company, err error) {
	err = row.Scan(&c.ID, &c.Slug, &c.Name, &c.Kind, &c.TimeZone, &c.CreatedAt)
	c.CreatedAt = c.CreatedAt.UTC()
	return c, err
}

// List is port.Companies.
func (c companies) List(ctx context.Context, after string, limit int) (list []company.Company, err error) {
	err = c.ask(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, scanCompany)
		return err
	}, "SELECT "+companyColumns+" FROM companies WHERE slug > $1 ORDER BY slug LIMIT $2", after, limit)
	return list, err
}

// Find is port.Companies.
func (c companies) Find(ctx context.Context, idOrSlug string) (found company.Company, err error) {
	err = c.ask(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectExactlyOneRow(rows, scanCompany)
		return err
	}, "SELECT "+companyColumns+" FROM companies WHERE slug = $1 OR id::text = $1 ORDER BY slug = $1 DESC LIMIT 1", idOrSlug)
	return found, missing(err, "no such company")
}

// Create is port.Companies.
func (c companies) Create(ctx context.Context, in company.Company) error {
	c.queue("INSERT INTO companies (id, slug, name, kind, time_zone, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
		in.ID, in.Slug, in.Name, in.Kind, in.TimeZone, in.CreatedAt)
	err := c.send(ctx, true, "")
	if sqlState(err) == "23505" {
		return &fault.Error{
			Kind: fault.Conflict, Sentence: "the company exists already",
			Fields: []fault.Field{{Name: "slug", Expected: "a slug that no other company has"}},
		}
	}
	return err
}

// PutSender is port.Companies.
func (c companies) PutSender(s company.Sender) {
	c.queue(`INSERT INTO senders AS s (company_id, sender, secret_now, secret_next, rotated_at) VALUES (app_company(), $1, $2, $3, $4)
		ON CONFLICT (company_id, sender) DO UPDATE SET secret_now = excluded.secret_now, secret_next = excluded.secret_next, rotated_at = excluded.rotated_at`,
		s.Name, s.SecretNow, s.SecretNext, c.now)
}

// sqlState is the SQLSTATE of a failure, empty where it has none.
func sqlState(err error) string {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}
