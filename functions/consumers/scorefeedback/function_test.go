package scorefeedback_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/consumers/internal/kintelltest"
	"github.com/teei/csr-platform/functions/consumers/scorefeedback"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

var written = time.Date(2026, 2, 10, 11, 0, 0, 0, time.UTC)

// model scores confidence with the first word as its proof, and counts how often it is asked.
type model struct {
	asked  int
	before func()                 // runs before the model answers
	err    error                  // the answer, where it is not nil
	bend   func(*outcome.Scoring) // changes the answer

	calibrations int // how often it was asked for them
}

func (m *model) Calibrations() []outcome.Calibration {
	m.calibrations++
	return []outcome.Calibration{{ID: "test-1/confidence/en", ModelVersion: "test-1", Dimension: outcome.Confidence}}
}

func (m *model) Score(_ context.Context, in outcome.Request) (outcome.Scoring, error) {
	m.asked++
	if m.before != nil {
		m.before()
	}
	scoring := outcome.Scoring{Method: outcome.Local, ModelVersion: "test-1", RubricVersion: "rubric-test", Language: "en", Scores: []outcome.Score{{
		Dimension: outcome.Confidence, Value: 0.75, Confidence: 0.5, Direction: outcome.State,
		Evidence: []outcome.Span{outcome.SpanAt(in.Text, 0, 4)},
	}}}
	if m.bend != nil {
		m.bend(&scoring)
	}
	return scoring, m.err
}

// rated is a company with one rated session, and the event that says so.
func rated(t *testing.T, from feedback.FromRole, text string) (kintelltest.Company, contract.Of[contract.KintellRatingCreated]) {
	t.Helper()
	c := kintelltest.New()
	c.Held(t, "s1", written, "olena", "kari", 1)
	c.Rated(t, "s1", from, text, written, 1)
	return c, kintelltest.Heard[contract.KintellRatingCreated](t, c)[0]
}

func TestAParticipantsTextIsScoredOnceAndTold(t *testing.T) {
	t.Parallel()
	c, in := rated(t, feedback.FromParticipant, "Today I dared to speak")
	m := &model{}
	h := scorefeedback.New(c, m)
	for range 3 {
		err := h.Rated(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
	}
	if m.asked != 1 {
		t.Errorf("the model was paid %d times, expected once", m.asked)
	}
	kept, told := c.Scorings(in.Body.RatingID), kintelltest.Heard[contract.OutcomeScored](t, c)
	if len(kept) != 1 || len(told) != 1 {
		t.Fatalf("%d scorings and %d events, expected one of each", len(kept), len(told))
	}
	want := contract.OutcomeScored{
		TextID: in.Body.RatingID, TextType: feedback.TypeKintellRating, ScoringID: kept[0].ID, ModelVersion: "test-1",
		Method: "local", Rubric: "rubric-test", Language: "en",
		Scores: []contract.DimensionScore{{Dimension: "confidence", Score: 0.75, Confidence: 0.5, Direction: "state"}}, ScoredAt: kintelltest.Now,
	}
	if diff := cmp.Diff(want, told[0].Body); diff != "" {
		t.Error(diff)
	}
	if kept[0].TextID != in.Body.RatingID || !kept[0].At.Equal(kintelltest.Now) || kept[0].ID == "" {
		t.Errorf("kept %+v, expected text, time and id", kept[0])
	}
}

func TestWhatIsNobodysOutcomeIsNotScored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from feedback.FromRole
		text string
	}{
		"a volunteer's text":    {feedback.FromVolunteer, "She dared to speak"},
		"a rating without text": {feedback.FromParticipant, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			company, in := rated(t, c.from, c.text)
			m := &model{}
			err := scorefeedback.New(company, m).Rated(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if m.asked != 0 || len(kintelltest.Heard[contract.OutcomeScored](t, company)) != 0 {
				t.Fatalf("asked the model %d times, expected nothing scored and nothing told", m.asked)
			}
		})
	}
}

func TestATextThatSaysNothingIsToldWithoutScores(t *testing.T) {
	t.Parallel()
	c, in := rated(t, feedback.FromParticipant, "It was raining")
	err := scorefeedback.New(c, &model{bend: func(s *outcome.Scoring) { s.Scores = nil }}).Rated(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	told := kintelltest.Heard[contract.OutcomeScored](t, c)
	if len(told) != 1 || len(told[0].Body.Scores) != 0 {
		t.Fatalf("told %d events, expected one with no scores, so that an older reading stops counting", len(told))
	}
}

func TestATextInAnUnknownLanguageIsKeptWithTheReason(t *testing.T) {
	t.Parallel()
	c, in := rated(t, feedback.FromParticipant, "Ich habe mich getraut")
	m := &model{bend: func(s *outcome.Scoring) { s.Scores, s.Language, s.Reason = nil, "de", outcome.Language }}
	err := scorefeedback.New(c, m).Rated(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	kept, told := c.Scorings(in.Body.RatingID), kintelltest.Heard[contract.OutcomeScored](t, c)
	if len(kept) != 1 || kept[0].Reason != outcome.Language || len(told) != 1 || told[0].Body.Reason != "language" || told[0].Body.Language != "de" {
		t.Fatalf("kept %+v and told %d events, expected one scoring that says why there are no scores", kept, len(told))
	}
}

func TestCalibrationsAreKeptOnceAProcess(t *testing.T) {
	t.Parallel()
	c, in := rated(t, feedback.FromParticipant, "Today I dared to speak")
	broken := true
	m := &model{bend: func(s *outcome.Scoring) {
		if broken {
			s.Scores[0].Value = 2
		}
	}}
	h := scorefeedback.New(c, m)
	if h.Rated(t.Context(), in) == nil || len(c.Calibrations()) != 0 {
		t.Fatal("expected nothing to be kept of a scoring that does not prove itself")
	}
	broken = false
	for i := range 3 {
		c.Rated(t, "s1", feedback.FromParticipant, "Today I dared to speak", written, 2+i)
		heard := kintelltest.Heard[contract.KintellRatingCreated](t, c)
		err := h.Rated(t.Context(), heard[len(heard)-1])
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(c.Calibrations()) != 1 || m.calibrations != 1 {
		t.Errorf("%d calibrations, asked for %d times; expected one of each", len(c.Calibrations()), m.calibrations)
	}
}

func TestNothingIsKeptOfAReadingThatFailsOrDoesNotProveItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		model model
		kind  fault.Kind
	}{
		"busy model":                    {model{err: fault.New(fault.Busy, "throttled")}, fault.Busy},
		"quote that is not in the text": {model{bend: func(s *outcome.Scoring) { s.Scores[0].Evidence[0].Text = "I am" }}, fault.Invalid},
		"score without a quote":         {model{bend: func(s *outcome.Scoring) { s.Scores[0].Evidence = nil }}, fault.Invalid},
		"score above one":               {model{bend: func(s *outcome.Scoring) { s.Scores[0].Value = 1.2 }}, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			company, in := rated(t, feedback.FromParticipant, "Today I dared to speak")
			h := scorefeedback.New(company, &c.model)
			err := h.Rated(t.Context(), in)
			if fault.KindOf(err) != c.kind {
				t.Fatalf("%v, expected %v", err, c.kind)
			}
			if len(company.Scorings(in.Body.RatingID)) != 0 {
				t.Fatal("a scoring was kept")
			}
			c.model.err, c.model.bend = nil, nil
			err = h.Rated(t.Context(), in)
			if err != nil || len(company.Scorings(in.Body.RatingID)) != 1 {
				t.Fatalf("%v: expected the next attempt to score the text", err)
			}
		})
	}
}

func TestACorrectedTextIsScoredAnewAndAnOldReadingDoesNotOverwriteIt(t *testing.T) {
	t.Parallel()
	c, in := rated(t, feedback.FromParticipant, "Once I was afraid")
	fresh := &model{bend: func(s *outcome.Scoring) { s.ModelVersion = "fresh" }}
	slow := &model{}
	slow.before = func() { // while the model reads the first text, the corrected one comes and is scored
		c.Rated(t, "s1", feedback.FromParticipant, "Today I dared to speak", written, 2)
		heard := kintelltest.Heard[contract.KintellRatingCreated](t, c)
		if len(heard) != 2 {
			t.Errorf("%d ratings told, expected the correction to be told too", len(heard))
		}
		err := scorefeedback.New(c, fresh).Rated(t.Context(), heard[1])
		if err != nil {
			t.Error(err)
		}
	}
	err := scorefeedback.New(c, slow).Rated(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	kept := c.Scorings(in.Body.RatingID)
	if len(kept) != 1 || kept[0].ModelVersion != "fresh" {
		t.Fatalf("kept %+v, expected the reading of the corrected text alone", kept)
	}
}
