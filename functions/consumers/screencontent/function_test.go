package screencontent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/consumers/internal/kintelltest"
	"github.com/teei/csr-platform/functions/consumers/screencontent"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

var written = time.Date(2026, 2, 10, 11, 0, 0, 0, time.UTC)

// screener finds each category whose name a text holds; "told" in it makes the findings reported ones.
type screener struct {
	asked  int
	before func() // runs before the answer
	err    error
	bend   func(*safety.Screening)
}

func (s *screener) Screen(_ context.Context, in safety.Request) (safety.Screening, error) {
	s.asked++
	if s.before != nil {
		s.before()
	}
	screening := safety.Screening{Version: "test-1", Language: "en"}
	for _, c := range safety.Categories {
		if at := strings.Index(in.Text, string(c)); at >= 0 {
			screening.Findings = append(screening.Findings, safety.Finding{
				Category: c, Confidence: 0.9, Reported: strings.Contains(in.Text, "told"), Spans: []safety.Span{{Start: at, End: at + len(c), Kind: ""}},
			})
		}
	}
	if s.bend != nil {
		s.bend(&screening)
	}
	return screening, s.err
}

// house is a company in which somebody wrote, and the operator's safeguarding contacts.
type house struct {
	kintelltest.Company
	contacts []string
}

func open(t *testing.T, contacts int) house {
	t.Helper()
	h := house{Company: kintelltest.New()}
	for i := range contacts {
		err := h.Do(t.Context(), port.In(company.OperatorID, "test"), func(tx port.Tx) error {
			ids, err := tx.People().Persons(t.Context(), []identity.Contact{{Email: fmt.Sprintf("guro%d@operator.example", i), Role: identity.Safeguarding}})
			h.contacts = append(h.contacts, ids...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(h.contacts)
	h.Held(t, "s1", written, "olena", "kari", 1)
	return h
}

// writes has somebody write, and gives the event that says so.
func (h house) writes(t *testing.T, from feedback.FromRole, text string, version int) contract.Of[contract.KintellRatingCreated] {
	t.Helper()
	h.Rated(t, "s1", from, text, written, version)
	heard := kintelltest.Heard[contract.KintellRatingCreated](t, h.Company)
	return heard[len(heard)-1]
}

func (h house) rated(t *testing.T, s *screener, in contract.Of[contract.KintellRatingCreated]) {
	t.Helper()
	err := screencontent.New(h, s, safety.Usual).Rated(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
}

func (h house) flags(t *testing.T, text string) (flags []safety.Flag, showable bool) {
	t.Helper()
	err := h.Do(t.Context(), port.In(h.ID, "test"), func(tx port.Tx) error {
		var err error
		flags, err = tx.Safety().Flags(t.Context(), text)
		if err != nil {
			return err
		}
		shown, err := tx.Safety().Showable(t.Context(), []string{text})
		showable = shown[text]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return flags, showable
}

func TestATextIsScreenedOnceAndHeldOrShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from   feedback.FromRole
		text   string
		want   string // flagReason, categories, route, whether it needs help; empty for a clear text
		alerts int
	}{
		"clear":                       {feedback.FromParticipant, "It was a good day", "", 0},
		"a volunteer's, clear":        {feedback.FromVolunteer, "She dared to speak", "", 0},
		"held":                        {feedback.FromParticipant, "hate", "hate_speech [hate] moderation false", 0},
		"a volunteer's, held":         {feedback.FromVolunteer, "hate and sexual", "hate_speech [hate sexual] moderation false", 0},
		"told of":                     {feedback.FromParticipant, "told of harassment", "other [harassment] moderation true", 0},
		"self-harm":                   {feedback.FromParticipant, "self_harm", "other [self_harm] safeguarding true", 2},
		"a child, told of":            {feedback.FromVolunteer, "told of child_safety", "other [child_safety] safeguarding true", 2},
		"a phone number":              {feedback.FromParticipant, "pii", "", 0},
		"a phone number in an attack": {feedback.FromParticipant, "hate, pii", "hate_speech [hate pii] moderation false", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s := open(t, 2), &screener{}
			in := h.writes(t, c.from, c.text, 1)
			for range 3 {
				h.rated(t, s, in)
			}
			if s.asked != 1 {
				t.Errorf("the screener was asked %d times, expected once", s.asked)
			}
			flags, showable := h.flags(t, in.Body.RatingID)
			raised := kintelltest.Heard[contract.SafetyFlagRaised](t, h.Company)
			alerts := kintelltest.Heard[contract.NotificationRequested](t, h.Company)
			if showable != (c.want == "") {
				t.Errorf("showable is %t", showable)
			}
			if c.want == "" {
				if len(flags)+len(raised)+len(alerts) != 0 {
					t.Fatalf("%d flags, %d told, %d alerts of a clear text", len(flags), len(raised), len(alerts))
				}
				return
			}
			if len(flags) != 1 || len(raised) != 1 || len(alerts) != c.alerts {
				t.Fatalf("%d flags, %d told, %d alerts, expected 1, 1, %d", len(flags), len(raised), len(alerts), c.alerts)
			}
			b := raised[0].Body
			if got := fmt.Sprint(b.FlagReason, " ", b.Categories, " ", b.Route, " ", flags[0].NeedsHelp); got != c.want {
				t.Errorf("told %s, expected %s", got, c.want)
			}
			if b.FlagID != flags[0].ID || b.ContentID != in.Body.RatingID || b.ContentType != "feedback_text" || !b.RequiresHumanReview || !b.RaisedAt.Equal(kintelltest.Now) {
				t.Errorf("told %+v of %+v", b, flags[0])
			}
			if flags[0].Alerted != c.alerts || flags[0].Status != safety.Open {
				t.Errorf("kept %+v", flags[0])
			}
		})
	}
}

func TestEachSafeguardingContactIsAlertedOnce(t *testing.T) {
	t.Parallel()
	h := open(t, 3)
	in := h.writes(t, feedback.FromParticipant, "self_harm", 1)
	h.rated(t, &screener{}, in)
	var told []string
	for _, e := range kintelltest.Heard[contract.NotificationRequested](t, h.Company) {
		if e.Body.Channel != "email" || e.Body.Template != "safeguarding_alert" || e.Metadata.CausationID != in.Metadata.ID {
			t.Errorf("%+v", e)
		}
		told = append(told, e.Body.UserID)
	}
	slices.Sort(told)
	if diff := cmp.Diff(h.contacts, told); diff != "" {
		t.Error(diff)
	}
}

func TestWhereNobodyCanBeAlertedTheFlagSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t, 0)
	in := h.writes(t, feedback.FromParticipant, "self_harm", 1)
	h.rated(t, &screener{}, in)
	flags, _ := h.flags(t, in.Body.RatingID)
	if len(flags) != 1 || flags[0].Alerted != 0 || safety.Figures(flags).Unalerted != 1 {
		t.Fatalf("%+v", flags)
	}
}

func TestNoEventCarriesTheText(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	const secret = "Oleksandra-Solomiia"
	h.rated(t, &screener{}, h.writes(t, feedback.FromParticipant, "self_harm "+secret, 1))
	for _, e := range h.Told(h.ID) {
		if strings.Contains(string(e.Data), secret) {
			t.Errorf("%s carries the text", e.Type)
		}
	}
	for _, line := range h.AuditLog(h.ID) {
		if strings.Contains(fmt.Sprint(line), secret) {
			t.Errorf("the audit log carries the text: %s", line.Action)
		}
	}
}

func TestACorrectionIsScreenedAnewAndTheOldFlagIsTakenBack(t *testing.T) {
	t.Parallel()
	h, s := open(t, 1), &screener{}
	first := h.writes(t, feedback.FromParticipant, "hate", 1)
	id := first.Body.RatingID
	h.rated(t, s, first)
	second := h.writes(t, feedback.FromParticipant, "It was a good day", 2)
	if _, showable := h.flags(t, id); showable {
		t.Error("the corrected text is shown before it was screened")
	}
	h.rated(t, s, second)
	flags, showable := h.flags(t, id)
	if !showable || len(flags) != 1 || flags[0].Status != safety.Superseded {
		t.Fatalf("showable %t, flags %+v", showable, flags)
	}
	third := h.writes(t, feedback.FromParticipant, "hate", 3) // and back
	h.rated(t, s, third)
	flags, showable = h.flags(t, id)
	if showable || len(flags) != 1 || flags[0].Status != safety.Open {
		t.Fatalf("showable %t, flags %+v", showable, flags)
	}
	if told := kintelltest.Heard[contract.SafetyFlagRaised](t, h.Company); len(told) != 2 {
		t.Errorf("%d flags told, expected that of the text that came back too", len(told))
	}
}

func TestEventsMayComeInAnyOrder(t *testing.T) {
	t.Parallel()
	texts := []string{"hate", "It was a good day", "self_harm"}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		h, s := open(t, 1), &screener{}
		var heard []contract.Of[contract.KintellRatingCreated]
		for i, text := range texts {
			heard = append(heard, h.writes(t, feedback.FromParticipant, text, i+1))
		}
		for _, i := range append(order, order...) {
			h.rated(t, s, heard[i])
		}
		flags, showable := h.flags(t, heard[0].Body.RatingID)
		if showable || len(flags) != 1 || flags[0].Route != safety.Safeguarding || flags[0].Status != safety.Open {
			t.Fatalf("order %v: showable %t, flags %+v", order, showable, flags)
		}
		if told := kintelltest.Heard[contract.SafetyFlagRaised](t, h.Company); len(told) != 1 {
			t.Errorf("order %v: %d flags told, expected the one text once", order, len(told))
		}
	}
}

func TestATextThatVanishedIsNothing(t *testing.T) {
	t.Parallel()
	h, s := open(t, 1), &screener{}
	first := h.writes(t, feedback.FromParticipant, "hate", 1)
	h.rated(t, s, first)
	h.rated(t, s, h.writes(t, feedback.FromParticipant, "", 2))
	flags, showable := h.flags(t, first.Body.RatingID)
	if showable || len(flags) != 1 || flags[0].Status != safety.Superseded || s.asked != 1 {
		t.Fatalf("showable %t, screener asked %d times, flags %+v", showable, s.asked, flags)
	}
	never := contract.KintellRatingCreated{RatingID: identity.NewID(), SessionID: first.Body.SessionID, FromRole: "participant", CreatedAt: written}
	in, err := contract.Decode[contract.KintellRatingCreated](first.Cause().Then(never))
	if err != nil {
		t.Fatal(err)
	}
	h.rated(t, s, in)
}

func TestALateScreeningDoesNotReplaceTheOneOfTheCorrectedText(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	in := h.writes(t, feedback.FromParticipant, "It was a good day", 1)
	slow := &screener{}
	slow.before = func() {
		corrected := h.writes(t, feedback.FromParticipant, "hate", 2)
		h.rated(t, &screener{}, corrected)
	}
	h.rated(t, slow, in)
	flags, showable := h.flags(t, in.Body.RatingID)
	if showable || len(flags) != 1 || flags[0].Status != safety.Open {
		t.Fatalf("showable %t, flags %+v, expected the corrected text to stay held", showable, flags)
	}
}

func TestWhatAReviewerDecidedHoldsUntilSomethingGraverIsFound(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	in := h.writes(t, feedback.FromParticipant, "hate", 1)
	h.rated(t, &screener{}, in)
	flags, _ := h.flags(t, in.Body.RatingID)
	flags[0].Status, flags[0].DecidedBy = safety.Approved, "siri"
	err := h.Do(t.Context(), port.In(h.ID, "test"), func(tx port.Tx) error { return tx.Safety().Advance(t.Context(), flags[0], nil) })
	if err != nil {
		t.Fatal(err)
	}
	again := func(s *screener) {
		event := in.Event
		event.Metadata.ID = identity.NewID()
		h.rated(t, s, contract.Of[contract.KintellRatingCreated]{Event: event, Body: in.Body})
	}
	again(&screener{})
	if flags, showable := h.flags(t, in.Body.RatingID); !showable || flags[0].Status != safety.Approved {
		t.Fatalf("showable %t, flags %+v after the same was found again", showable, flags)
	}
	again(&screener{bend: func(s *safety.Screening) {
		s.Findings = append(s.Findings, safety.Finding{Category: safety.SelfHarm, Confidence: 0.5})
	}})
	if flags, showable := h.flags(t, in.Body.RatingID); showable || flags[0].Status != safety.Open || flags[0].Route != safety.Safeguarding || flags[0].Alerted != 1 {
		t.Fatalf("showable %t, flags %+v after something graver was found", showable, flags)
	}
}

func TestNothingIsKeptOfAScreeningThatFailsOrDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		screener screener
		kind     fault.Kind
	}{
		"busy":                  {screener{err: fault.New(fault.Busy, "throttled")}, fault.Busy},
		"unforeseen":            {screener{err: errors.New("boom")}, fault.Unknown},
		"a span behind the end": {screener{bend: func(s *safety.Screening) { s.Findings[0].Spans[0].End = 99 }}, fault.Invalid},
		"a category unheard of": {screener{bend: func(s *safety.Screening) { s.Findings[0].Category = "rude" }}, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, 1)
			in := h.writes(t, feedback.FromParticipant, "hate", 1)
			err := screencontent.New(h, &c.screener, safety.Usual).Rated(t.Context(), in)
			if err == nil || fault.KindOf(err) != c.kind {
				t.Fatalf("%v, expected %v", err, c.kind)
			}
			if flags, showable := h.flags(t, in.Body.RatingID); showable || len(flags) != 0 {
				t.Fatal("something was kept")
			}
			c.screener.err, c.screener.bend = nil, nil
			h.rated(t, &c.screener, in)
			if flags, _ := h.flags(t, in.Body.RatingID); len(flags) != 1 {
				t.Fatal("the next attempt did not screen the text")
			}
		})
	}
}

// dying is a ledger in front of which the process dies: before its nth call, or behind it, when what it did is kept and nobody knows.
type dying struct {
	port.Ledger
	at     int
	behind bool
}

var errDied = errors.New("died")

func (d *dying) step(f func() error) error {
	d.at--
	if d.at == 0 && !d.behind {
		return errDied
	}
	err := f()
	if d.at == 0 {
		return errDied
	}
	return err
}

func (d *dying) Do(ctx context.Context, scope port.Scope, f func(port.Tx) error) error {
	return d.step(func() error { return d.Ledger.Do(ctx, scope, f) })
}

func (d *dying) Once(ctx context.Context, by string, cause contract.Cause, f func(port.Tx) error) error {
	return d.step(func() error { return d.Ledger.Once(ctx, by, cause, f) })
}

func (d *dying) Finished(ctx context.Context, by string, cause contract.Cause) (finished bool, err error) {
	err = d.step(func() error {
		finished, err = d.Ledger.Finished(ctx, by, cause)
		return err
	})
	return finished, err
}

func TestWhereverTheProcessDiesTheNextAttemptEndsTheSame(t *testing.T) {
	t.Parallel()
	for at := 1; at <= 3; at++ {
		for _, behind := range []bool{false, true} {
			h := open(t, 2)
			in := h.writes(t, feedback.FromParticipant, "self_harm", 1)
			err := screencontent.New(&dying{h, at, behind}, &screener{}, safety.Usual).Rated(t.Context(), in)
			if !errors.Is(err, errDied) {
				t.Fatalf("death at call %d: %v", at, err)
			}
			h.rated(t, &screener{}, in)
			flags, _ := h.flags(t, in.Body.RatingID)
			raised, alerts := kintelltest.Heard[contract.SafetyFlagRaised](t, h.Company), kintelltest.Heard[contract.NotificationRequested](t, h.Company)
			if len(flags) != 1 || len(raised) != 1 || len(alerts) != 2 {
				t.Errorf("death at call %d (behind: %t): %d flags, %d told, %d alerts", at, behind, len(flags), len(raised), len(alerts))
			}
		}
	}
}
