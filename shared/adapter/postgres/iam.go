package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// TakeTokens lets csr_service connect with RDS IAM tokens, as the role at url that migrates. RDS then takes no password of it any more.
// It is safe to repeat. A server without the role rds_iam, which is none of RDS, is an error.
func TakeTokens(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return translate("connect for the right to use tokens", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "GRANT rds_iam TO csr_service")
	return translate("let csr_service use tokens", err)
}
