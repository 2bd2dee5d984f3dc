package memory

import (
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// scored is the current scoring of a text.
type scored struct {
	company string
	outcome.Scoring
	at      time.Time // when the text was written: a score counts for the time it speaks of
	changed int64     // transaction that made it current
}

type outcomes struct{ *tx }

func (o outcomes) Keep(scoring outcome.Scoring, text feedback.Text) {
	owner, ok := o.own()
	if !ok {
		return
	}
	if from := o.ledger.ratings[scoring.TextID]; from.Text == "" || from.company != owner {
		o.fail(fault.Missing, "no such text")
		return
	}
	current, known := o.ledger.scored[scoring.TextID]
	if known {
		o.outdate(owner, current.at, text.CreatedAt)
	}
	put(o.tx, o.ledger.scored, scoring.TextID, scored{owner, scoring, text.CreatedAt.UTC(), o.number})
	put(o.tx, o.ledger.scorings, scoring.TextID, append(slices.Clone(o.ledger.scorings[scoring.TextID]), scoring))
}

func (o outcomes) Calibrated(calibrations []outcome.Calibration) {
	for _, c := range calibrations {
		if _, known := o.ledger.calibrated[c.ID]; !known {
			put(o.tx, o.ledger.calibrated, c.ID, c)
		}
	}
}

// Scorings gives every reading of a text in the order in which they were kept; the last one is current.
func (l *Ledger) Scorings(textID string) []outcome.Scoring {
	return look(l, func() []outcome.Scoring { return slices.Clone(l.scorings[textID]) })
}

// Calibrations gives those that were kept, by id.
func (l *Ledger) Calibrations() []outcome.Calibration {
	return look(l, func() []outcome.Calibration {
		var kept []outcome.Calibration
		for _, id := range sortedKeys(l.calibrated) {
			kept = append(kept, l.calibrated[id])
		}
		return kept
	})
}
