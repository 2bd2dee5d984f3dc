package scorefeedback_test

import (
	"testing"

	"github.com/teei/csr-platform/functions/consumers/internal/kintelltest"
	"github.com/teei/csr-platform/functions/consumers/scorefeedback"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/port"
)

// telling is a transaction in which something happens when it has compared the text and is about to commit its scoring.
type telling struct {
	port.Tx
	before func()
}

func (t telling) Tell(e contract.Event) {
	t.before()
	t.Tx.Tell(e)
}

// plain has no calibrations to keep, for whose rows the second scoring would wait anyway.
type plain struct{ *model }

func (plain) Calibrations() []outcome.Calibration { return nil }

// TestACorrectionThatComesWhileAScoringIsKeptIsTheOneThatCountsOnPostgres: the text was compared already when its correction comes and is
// scored. Whichever commits first, the scores that stay are of the words that stay.
func TestACorrectionThatComesWhileAScoringIsKeptIsTheOneThatCountsOnPostgres(t *testing.T) {
	t.Parallel()
	c := kintelltest.NewOnPostgres(t)
	c.Held(t, "s1", written, "olena", "kari", 1)
	c.Rated(t, "s1", feedback.FromParticipant, "Once I was afraid", written, 1)
	in := kintelltest.Heard[contract.KintellRatingCreated](t, c)[0]
	fresh := &model{bend: func(s *outcome.Scoring) { s.ModelVersion = "fresh" }}
	ledger, wait := c.Meanwhile(t, func(tx port.Tx, beside func()) port.Tx { return telling{tx, beside} }, func() {
		c.Rated(t, "s1", feedback.FromParticipant, "Today I dared to speak", written, 2)
		heard := kintelltest.Heard[contract.KintellRatingCreated](t, c)
		err := scorefeedback.New(c, plain{fresh}).Rated(t.Context(), heard[len(heard)-1])
		if err != nil {
			t.Error(err)
		}
	})
	err := scorefeedback.New(ledger, plain{&model{}}).Rated(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	wait()
	current := "SELECT count(*) FROM scorings WHERE text_id = $1 AND is_current"
	if n := c.Count(t, current+" AND model_version = 'fresh'", in.Body.RatingID); n != 1 || c.Count(t, current, in.Body.RatingID) != 1 {
		t.Errorf("%d current scorings of the corrected text, expected it and no other", n)
	}
	if n := c.Count(t, "SELECT count(*) FROM outcome_scores WHERE text_id = $1 AND model_version <> 'fresh'", in.Body.RatingID); n != 0 {
		t.Errorf("%d scores of what the text said before its correction", n)
	}
}
