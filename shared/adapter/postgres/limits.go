package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

type limits struct{ *tx }

// Take is port.Limits. A process whose clock is behind counts in the minute that another has begun.
func (l limits) Take(ctx context.Context, what string, n, most int) (bool, error) {
	var taken []int
	err := l.ask(ctx, func(rows pgx.Rows) (err error) {
		taken, err = pgx.CollectRows(rows, pgx.RowTo[int])
		return err
	}, `
		INSERT INTO minute_limits AS m (company_id, what, minute, taken) VALUES (app_company(), $1, $2, $3)
		ON CONFLICT (company_id, what) DO UPDATE SET minute = greatest(m.minute, excluded.minute),
			taken = excluded.taken + CASE WHEN m.minute < excluded.minute THEN 0 ELSE m.taken END
		WHERE m.minute < excluded.minute OR m.taken + excluded.taken <= $4 RETURNING m.taken`, what, l.now.Truncate(time.Minute), n, most)
	return len(taken) > 0, err
}
