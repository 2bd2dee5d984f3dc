// Package words reads what people wrote, for the consumers of free texts.
package words

import (
	"context"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Written reads a text; the zero Text where there is none, since it may have been erased after its event was told.
func Written(ctx context.Context, tx port.Tx, id string) (feedback.Text, error) {
	return orNone(tx.Feedback().Text(ctx, id))
}

// Held is Written, and until the transaction ends the text stays as it is read here: what follows from it is kept of these words.
func Held(ctx context.Context, tx port.Tx, id string) (feedback.Text, error) {
	return orNone(tx.Feedback().Hold(ctx, id))
}

func orNone(text feedback.Text, err error) (feedback.Text, error) {
	if fault.KindOf(err) == fault.Missing {
		return feedback.Text{}, nil
	}
	return text, err
}
