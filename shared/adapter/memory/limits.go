package memory

import (
	"context"
	"time"

	"github.com/teei/csr-platform/shared/port"
)

// minuteKey is what is counted, and minuteTaken how much of it in the latest minute in which there was any.
type (
	minuteKey   struct{ company, what string }
	minuteTaken struct {
		minute time.Time
		n      int
	}
)

type limits struct{ *tx }

var _ port.Limits = limits{}

func (l limits) Take(_ context.Context, what string, n, most int) (bool, error) {
	owner, ok := l.own()
	if !ok {
		return false, l.failed
	}
	key, minute := minuteKey{owner, what}, l.now.Truncate(time.Minute)
	row := l.ledger.minutes[key]
	if row.minute.Before(minute) {
		row = minuteTaken{minute: minute}
	}
	if row.n+n > most {
		return false, nil
	}
	row.n += n
	put(l.tx, l.ledger.minutes, key, row)
	return true, nil
}
