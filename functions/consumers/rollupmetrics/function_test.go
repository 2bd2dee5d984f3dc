package rollupmetrics_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/consumers/internal/kintelltest"
	"github.com/teei/csr-platform/functions/consumers/rollupmetrics"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

var (
	february = impact.Month{Year: 2026, Month: time.February}
	quarter  = impact.Period{From: impact.Month{Year: 2026, Month: time.January}, To: impact.Month{Year: 2026, Month: time.March}}
	midMonth = time.Date(2026, 2, 10, 10, 0, 0, 0, time.UTC)
)

// work lets the consumer hear everything told so far, newest first: no order is promised.
func work(t *testing.T, c kintelltest.Company) {
	t.Helper()
	h := rollupmetrics.New(c)
	held, scored := kintelltest.Heard[contract.KintellSessionCompleted](t, c), kintelltest.Heard[contract.OutcomeScored](t, c)
	for i := range scored {
		err := h.Scored(t.Context(), scored[len(scored)-1-i])
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range held {
		err := h.Completed(t.Context(), held[len(held)-1-i])
		if err != nil {
			t.Fatal(err)
		}
	}
}

// months are the figures kept, without the times at which they were.
func months(t *testing.T, c kintelltest.Company) []impact.Figures {
	t.Helper()
	kept, err := c.Months(t.Context(), c.ID, quarter)
	if err != nil {
		t.Fatal(err)
	}
	for i := range kept {
		kept[i].AsOf = time.Time{}
	}
	return kept
}

// score keeps a scoring of text, as consumers/scorefeedback does.
func score(t *testing.T, c kintelltest.Company, text string, cause string, scores ...outcome.Score) {
	t.Helper()
	from := contract.Cause{ID: contract.EventID(text, "test", cause), Company: c.ID, At: kintelltest.Now}
	err := c.Once(t.Context(), "consumers/scorefeedback", from, func(tx port.Tx) error {
		read, err := tx.Feedback().Text(t.Context(), text)
		if err != nil {
			return err
		}
		id := contract.EventID(from.ID, "scoring", text)
		tx.Outcomes().Keep(outcome.Scoring{ID: id, TextID: text, ModelVersion: "test", Scores: scores, At: tx.Now()}, read)
		tx.Tell(from.Then(contract.OutcomeScored{TextID: text, TextType: read.Type, ScoringID: id, ModelVersion: "test", Scores: []contract.DimensionScore{}, ScoredAt: tx.Now()}))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sum adds up scores of as many people.
func sum(values ...float64) impact.Sum {
	s := impact.Sum{People: len(values)}
	for _, v := range values {
		s.Add(v)
	}
	return s
}

func confidence(value float64) outcome.Score {
	return outcome.Score{Dimension: outcome.Confidence, Value: value, Confidence: 1, Direction: outcome.State, Evidence: []outcome.Span{{Start: 0, End: 1, Text: "I"}}}
}

func TestAMonthCountsWhatHappenedInTheCompanysZone(t *testing.T) {
	t.Parallel()
	c := kintelltest.New()
	for i := range 3 {
		c.Held(t, fmt.Sprintf("s%d", i), midMonth.AddDate(0, 0, i), fmt.Sprintf("p%d", i%2), "kari", 1)
	}
	c.Held(t, "border", time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC), "p0", "nils", 1) // March in Oslo
	want := []impact.Figures{
		{Month: february, Participants: 2, Volunteers: 1, Sessions: 3, Minutes: 150, Outcomes: map[outcome.Dimension]impact.Sum{}},
		{Month: february.Add(1), Participants: 1, Volunteers: 1, Sessions: 1, Minutes: 50, Outcomes: map[outcome.Dimension]impact.Sum{}},
	}
	for range 2 { // heard again, nothing doubles
		work(t, c)
		if diff := cmp.Diff(want, months(t, c)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestASessionMovedToAnotherMonthLeavesTheOldOne(t *testing.T) {
	t.Parallel()
	c := kintelltest.New()
	c.Held(t, "s1", midMonth, "p1", "kari", 1)
	c.Held(t, "s2", midMonth, "p2", "kari", 1)
	work(t, c)
	c.Held(t, "s2", midMonth.AddDate(0, -1, 0), "p2", "kari", 2)
	work(t, c)
	sessions := map[string]int{}
	for _, m := range months(t, c) {
		sessions[m.Month.String()] = m.Sessions
	}
	if diff := cmp.Diff(map[string]int{"2026-01": 1, "2026-02": 1}, sessions); diff != "" {
		t.Fatal(diff)
	}
}

func TestAScoreCountsForTheMonthInWhichTheTextWasWritten(t *testing.T) {
	t.Parallel()
	c := kintelltest.New()
	for i := range 2 {
		ref := fmt.Sprintf("s%d", i)
		c.Held(t, ref, midMonth.AddDate(0, -1, 0), fmt.Sprintf("p%d", i), "kari", 1)
		c.Rated(t, ref, feedback.FromParticipant, "I dare to speak now", midMonth, 1)
	}
	rated := kintelltest.Heard[contract.KintellRatingCreated](t, c)
	score(t, c, rated[0].Body.RatingID, "first", confidence(0.75))
	score(t, c, rated[1].Body.RatingID, "first", confidence(0.5))
	work(t, c)
	of := func() impact.Sum { return months(t, c)[1].Outcomes[outcome.Confidence] }
	if diff := cmp.Diff(sum(0.75, 0.5), of()); diff != "" {
		t.Fatal(diff)
	}
	score(t, c, rated[1].Body.RatingID, "again") // read anew, and nothing found
	work(t, c)
	if diff := cmp.Diff(sum(0.75), of()); diff != "" {
		t.Fatal(diff)
	}
}

func TestADriftIsToldOnceALevel(t *testing.T) {
	t.Parallel()
	c := kintelltest.New()
	reference := outcome.Calibration{ID: "test/confidence/en", ModelVersion: "test", Dimension: outcome.Confidence, Reference: [10]int{4: 50, 7: 50}}
	err := c.Do(t.Context(), port.In(c.ID, "test"), func(tx port.Tx) error {
		tx.Outcomes().Calibrated([]outcome.Calibration{reference})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(from, to int, value float64) {
		for i := from; i < to; i++ {
			ref := fmt.Sprintf("s%d", i)
			c.Held(t, ref, midMonth, fmt.Sprintf("p%d", i%9), "kari", 1)
			c.Rated(t, ref, feedback.FromParticipant, "I dare to speak now", midMonth, 1)
			rated := kintelltest.Heard[contract.KintellRatingCreated](t, c)
			score(t, c, rated[len(rated)-1].Body.RatingID, "first", outcome.Score{
				Dimension: outcome.Confidence, Value: value, Confidence: 1, Direction: outcome.State, Calibration: reference.ID,
				Evidence: []outcome.Span{{Start: 0, End: 1, Text: "I"}},
			})
		}
		work(t, c)
	}
	levels := func() (told []string) {
		for _, e := range kintelltest.Heard[contract.DriftDetected](t, c) {
			told = append(told, fmt.Sprintf("%s %s %s %s %d", e.Body.Month, e.Body.Dimension, e.Body.ModelVersion, e.Body.Level, e.Body.N))
			if e.Body.CompanyID != c.ID || e.Body.PSI <= 0.2 {
				t.Errorf("told %+v", e.Body)
			}
		}
		return told
	}
	read(0, 99, 0.75)
	if diff := cmp.Diff([]string(nil), levels()); diff != "" {
		t.Fatalf("of 99 scores nothing is told:\n%s", diff)
	}
	read(99, 100, 0.75)
	want := []string{"2026-02 confidence test critical 100"}
	if diff := cmp.Diff(want, levels()); diff != "" {
		t.Fatal(diff)
	}
	read(100, 120, 0.75) // still so
	if diff := cmp.Diff(want, levels()); diff != "" {
		t.Fatal(diff)
	}
}

func TestAScoringWhoseTextIsGoneIsNoFailure(t *testing.T) {
	t.Parallel()
	c := kintelltest.New()
	cause := contract.Cause{ID: contract.EventID("gone", "test", ""), Company: c.ID, At: kintelltest.Now}
	in, err := contract.Decode[contract.OutcomeScored](cause.Then(contract.OutcomeScored{TextID: contract.EventID("gone", "text", "")}))
	if err != nil {
		t.Fatal(err)
	}
	err = rollupmetrics.New(c).Scored(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	finished, err := c.Finished(t.Context(), "consumers/rollupmetrics", in.Cause())
	if err != nil || !finished {
		t.Fatalf("finished %v (%v), expected the event to be done with", finished, err)
	}
	if len(months(t, c)) != 0 {
		t.Fatal("figures were made of a text that is gone")
	}
}

func TestAnEventOfAnUnknownCompanyIsNotCounted(t *testing.T) {
	t.Parallel()
	c := kintelltest.New()
	c.Held(t, "s1", midMonth, "p1", "kari", 1)
	in := kintelltest.Heard[contract.KintellSessionCompleted](t, c)[0]
	in.Metadata.Metadata.CompanyID = contract.EventID("nobody", "company", "")
	err := rollupmetrics.New(c).Completed(t.Context(), in)
	if fault.KindOf(err) != fault.Missing {
		t.Fatalf("%v, expected Missing", err)
	}
}
