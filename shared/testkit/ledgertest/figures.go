package ledgertest

import (
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

var (
	march = impact.Month{Year: 2026, Month: time.March}
	april = impact.Month{Year: 2026, Month: time.April}
)

// count locks a month and keeps what it holds, as consumers/rollupmetrics does.
func (r *room) count(companyID string, month impact.Month, subject string) (sums impact.Sums, counted bool) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) error {
		zone, err := tx.Metrics().Zone(r.ctx)
		if err != nil {
			return err
		}
		sums, counted, err = tx.Metrics().Lock(r.ctx, month, zone, subject)
		if err != nil || counted {
			return err
		}
		tx.Metrics().Keep(impact.Figures{
			Month: month, Participants: sums.Participants, Volunteers: sums.Volunteers, Sessions: sums.Sessions, Minutes: sums.Minutes,
			Texts: sums.Texts, Outcomes: sums.Outcomes, AsOf: day,
		}, sums)
		return nil
	})
	return sums, counted
}

func (r *room) stale(companyID string) (months []impact.Month) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		months, err = tx.Metrics().Stale(r.ctx)
		return err
	})
	return months
}

// scores keeps a scoring of a text that is kept already.
func (r *room) scores(companyID, textID string, scores map[outcome.Dimension]float64) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) error {
		text, err := tx.Feedback().Text(r.ctx, textID)
		if err != nil {
			return err
		}
		scoring := outcome.Scoring{
			ID: identity.NewID(), TextID: textID, Method: outcome.Local, ModelVersion: "test-1", RubricVersion: "rubric-1", Language: "en", At: day,
		}
		for _, dimension := range outcome.Dimensions {
			if value, ok := scores[dimension]; ok {
				scoring.Scores = append(scoring.Scores, outcome.Score{
					Dimension: dimension, Value: value, Confidence: 0.5, Direction: outcome.Gain, Calibration: calibration(dimension).ID,
					Evidence: []outcome.Span{outcome.Whole(text.Body)},
				})
			}
		}
		tx.Outcomes().Keep(scoring, text)
		return nil
	})
}

func (r *room) months(companyID string, from, to impact.Month) []impact.Figures {
	r.Helper()
	found, err := r.Impact.Months(r.ctx, companyID, impact.Period{From: from, To: to})
	if err != nil {
		r.Fatalf("months: %v", err)
	}
	return found
}

// added is the sum of scores of so many people.
func added(people int, values ...float64) impact.Sum {
	sum := impact.Sum{People: people}
	for _, v := range values {
		sum.Add(v)
	}
	return sum
}

var figures = []test{
	{outcome: "a company has its time zone", run: func(r *room) {
		zone, err := r.Impact.Zone(r.ctx, r.a.ID)
		if err != nil || zone.String() != "Europe/Oslo" {
			r.Errorf("zone is %v, %v", zone, err)
		}
		_, err = r.Impact.Zone(r.ctx, identity.NewID())
		r.fails(err, fault.Missing)
		r.do(r.a.ID, func(tx port.Tx) error {
			zone, err := tx.Metrics().Zone(r.ctx)
			r.equal("zone", zone.String(), "Europe/Oslo")
			return err
		})
	}},
	{outcome: "a month is summed in the company's time zone", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		q := r.met(r.a.ID, identity.Participant, "q")[0]
		inMarch, alsoMarch, inApril := r.completion(r.a.ID, "1", p, v), r.completion(r.a.ID, "2", q, v), r.completion(r.a.ID, "3", p, v)
		alsoMarch.CompletedAt, alsoMarch.Minutes = time.Date(2026, 3, 31, 21, 59, 59, 0, time.UTC), 30
		inApril.CompletedAt, inApril.ScheduledAt = time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC), day.Add(time.Hour) // midnight in Oslo
		r.completes(r.a.ID, inMarch, alsoMarch, inApril)
		r.books(r.a.ID, r.booking(r.a.ID, "b1", q, v)) // booked, not held
		sums, counted := r.count(r.a.ID, march, inMarch.ID)
		if counted {
			r.Error("a month nobody counted is said to be counted")
		}
		r.equal("sums", []int{sums.Sessions, sums.Minutes, sums.Participants, sums.Volunteers}, []int{2, 75, 2, 1})
		r.equal("participants", sorted(sums.People[impact.KindParticipant]), sorted([]string{p, q}))
		r.equal("volunteers", sums.People[impact.KindVolunteer], []string{v})
		sums, _ = r.count(r.a.ID, april, inApril.ID)
		r.equal("sums", []int{sums.Sessions, sums.Minutes, sums.Participants, sums.Volunteers}, []int{1, 45, 1, 1})
	}},
	{outcome: "what a month includes is not counted again, and what it lacks is", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		one, two := r.completion(r.a.ID, "1", p, v), r.completion(r.a.ID, "2", p, v)
		two.ScheduledAt, two.CompletedAt = day.Add(24*time.Hour), day.Add(25*time.Hour)
		r.completes(r.a.ID, one)
		r.count(r.a.ID, march, one.ID)
		sums, counted := r.count(r.a.ID, march, one.ID)
		if !counted || sums.Sessions != 0 {
			r.Errorf("counted is %t with %d sessions, expected no second count", counted, sums.Sessions)
		}
		r.completes(r.a.ID, two)
		sums, counted = r.count(r.a.ID, march, two.ID)
		if counted || sums.Sessions != 2 {
			r.Errorf("counted is %t with %d sessions, expected a new count of 2", counted, sums.Sessions)
		}
		one.Minutes, one.SentAt = 60, one.SentAt.Add(time.Hour)
		r.completes(r.a.ID, one)
		sums, counted = r.count(r.a.ID, march, one.ID)
		if counted || sums.Minutes != 105 {
			r.Errorf("counted is %t with %d minutes, expected the correction to be counted", counted, sums.Minutes)
		}
	}},
	{outcome: "a correction that leaves a month outdates it", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		stays := r.completion(r.a.ID, "2", p, v)
		stays.ScheduledAt = day.Add(time.Hour)
		r.completes(r.a.ID, c, stays)
		r.count(r.a.ID, march, c.ID)
		r.equal("stale months", len(r.stale(r.a.ID)), 0)
		c.CompletedAt, c.SentAt = c.CompletedAt.AddDate(0, 1, 0), c.SentAt.AddDate(0, 2, 0)
		r.completes(r.a.ID, c)
		r.equal("stale months", r.stale(r.a.ID), []impact.Month{march})
		r.equal("another's stale months", len(r.stale(r.b.ID)), 0)
		sums, counted := r.count(r.a.ID, march, stays.ID) // it was counted itself, but in figures that hold no more
		if counted || sums.Sessions != 1 {
			r.Errorf("counted is %t with %d sessions, expected a new count of the one that stays", counted, sums.Sessions)
		}
		r.equal("stale months", len(r.stale(r.a.ID)), 0)
		sums, _ = r.count(r.a.ID, april, c.ID)
		r.equal("sessions of April", sums.Sessions, 1)
	}},
	{outcome: "a scoring replaces the one before it", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		f := r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "I dare to speak now.")
		r.completes(r.a.ID, r.completion(r.a.ID, "s1", p, v))
		r.rates(r.a.ID, f)
		r.scores(r.a.ID, f.ID, map[outcome.Dimension]float64{outcome.Confidence: 0.8, outcome.Belonging: 0.4})
		sums, _ := r.count(r.a.ID, march, f.ID)
		r.equal("outcomes", sums.Outcomes, map[outcome.Dimension]impact.Sum{outcome.Confidence: added(1, 0.8), outcome.Belonging: added(1, 0.4)})
		r.equal("people", sums.People[impact.ScoredKind(outcome.Confidence)], []string{p})
		_, counted := r.count(r.a.ID, march, f.ID)
		r.equal("counted", counted, true)
		r.scores(r.a.ID, f.ID, map[outcome.Dimension]float64{outcome.Confidence: 0.6, outcome.WellBeing: 0.5})
		sums, counted = r.count(r.a.ID, march, f.ID)
		r.equal("counted", counted, false)
		r.equal("outcomes", sums.Outcomes, map[outcome.Dimension]impact.Sum{outcome.Confidence: added(1, 0.6), outcome.WellBeing: added(1, 0.5)})
		r.scores(r.a.ID, f.ID, nil) // says nothing about anything
		sums, counted = r.count(r.a.ID, march, f.ID)
		r.equal("counted", counted, false)
		r.equal("outcomes", len(sums.Outcomes), 0)
		r.equal("texts", sums.Texts, 1) // one that says nothing is one all the same
	}},
	{outcome: "two texts of one person are two scores of one person", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		r.completes(r.a.ID, r.completion(r.a.ID, "s1", p, v))
		for _, id := range []string{"r1", "r2"} {
			f := r.rating(r.a.ID, id, "s1", feedback.FromParticipant, "Good.")
			r.rates(r.a.ID, f)
			r.scores(r.a.ID, f.ID, map[outcome.Dimension]float64{outcome.Belonging: 0.5})
		}
		sums, _ := r.count(r.a.ID, march, identity.NewID())
		r.equal("outcomes", sums.Outcomes, map[outcome.Dimension]impact.Sum{outcome.Belonging: added(1, 0.5, 0.5)})
	}},
	{outcome: "a score counts for its writer once the session is known", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		f, c := r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "Better."), r.completion(r.a.ID, "s1", p, v)
		f.CreatedAt, f.SentAt = day.AddDate(0, 1, 0), day.AddDate(0, 1, 0) // written a month after
		r.rates(r.a.ID, f)
		r.scores(r.a.ID, f.ID, map[outcome.Dimension]float64{outcome.Confidence: 0.5})
		sums, _ := r.count(r.a.ID, april, f.ID)
		r.equal("people scored", len(sums.People[impact.ScoredKind(outcome.Confidence)]), 0)
		r.completes(r.a.ID, c)
		r.equal("stale months", r.stale(r.a.ID), []impact.Month{april})
		sums, counted := r.count(r.a.ID, april, c.ID)
		if counted {
			r.Error("the month is said to include a writer that it could not know")
		}
		r.equal("outcomes", sums.Outcomes, map[outcome.Dimension]impact.Sum{outcome.Confidence: added(1, 0.5)})
	}},
	{outcome: "reports read the figures that were kept", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		q := r.met(r.a.ID, identity.Participant, "q")[0]
		one, two, three := r.completion(r.a.ID, "1", p, v), r.completion(r.a.ID, "2", q, v), r.completion(r.a.ID, "3", q, v)
		two.CompletedAt, three.CompletedAt = day.AddDate(0, 1, 0), day.AddDate(0, 1, 1)
		three.ScheduledAt = day.Add(time.Hour)
		r.completes(r.a.ID, one, two, three)
		level := 0.625
		kept := impact.Figures{
			Month: march, Participants: 1, Volunteers: 1, Sessions: 1, Minutes: 45, Texts: 3, AvgLanguageLevel: &level, AsOf: day,
			Outcomes: map[outcome.Dimension]impact.Sum{outcome.LangLevelProxy: added(1, 0.5, 0.75)},
		}
		r.equal("months before any count", len(r.months(r.a.ID, march, april)), 0)
		r.count(r.a.ID, april, two.ID)
		r.do(r.a.ID, func(tx port.Tx) error {
			zone, err := tx.Metrics().Zone(r.ctx)
			if err != nil {
				return err
			}
			sums, _, err := tx.Metrics().Lock(r.ctx, march, zone, one.ID)
			tx.Metrics().Keep(kept, sums)
			return err
		})
		got := r.months(r.a.ID, march.Add(-3), april)
		if len(got) != 2 {
			r.Fatalf("months are %+v, expected the two that were counted", got)
		}
		r.equal("March", got[0], kept)
		r.equal("April", []any{got[1].Month, got[1].Sessions, got[1].AvgLanguageLevel == nil}, []any{april, 2, true})
		r.equal("months before", len(r.months(r.a.ID, march.Add(-3), march.Add(-1))), 0)
		cells := []impact.Cell{{Kind: impact.KindParticipant, Month: march}, {Kind: impact.KindParticipant, Month: april}, {Kind: impact.KindVolunteer, Month: march}, {Kind: impact.KindVolunteer, Month: april}}
		people, err := r.Impact.People(r.ctx, r.a.ID, cells)
		if err != nil {
			r.Fatalf("people: %v", err)
		}
		r.equal("distinct people", []int{people[impact.KindParticipant], people[impact.KindVolunteer]}, []int{2, 1})
		people, _ = r.Impact.People(r.ctx, r.a.ID, cells[:1])
		r.equal("people of one cell", []int{people[impact.KindParticipant], people[impact.KindVolunteer]}, []int{1, 0})
		people, _ = r.Impact.People(r.ctx, r.b.ID, cells)
		r.equal("another's people", people[impact.KindParticipant], 0)
		r.equal("another's months", len(r.months(r.b.ID, march, april)), 0)
	}},
	{outcome: "who left a month is no longer counted in it", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		r.completes(r.a.ID, c)
		r.count(r.a.ID, march, c.ID)
		c.Participant, c.SentAt = r.met(r.a.ID, identity.Participant, "q")[0], c.SentAt.Add(time.Hour)
		r.completes(r.a.ID, c)
		sums, _ := r.count(r.a.ID, march, c.ID)
		r.equal("participants", sums.People[impact.KindParticipant], []string{c.Participant})
		people, err := r.Impact.People(r.ctx, r.a.ID, []impact.Cell{{Kind: impact.KindParticipant, Month: march}})
		if err != nil || people[impact.KindParticipant] != 1 {
			r.Errorf("people are %v, %v, expected one participant", people, err)
		}
	}},
	{outcome: "one company's sums leave out another's sessions", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		q, w := r.pair(r.b.ID)
		r.completes(r.a.ID, r.completion(r.a.ID, "1", p, v))
		r.completes(r.b.ID, r.completion(r.b.ID, "1", q, w))
		sums, _ := r.count(r.b.ID, march, identity.NewID())
		r.equal("sessions", sums.Sessions, 1)
		months := r.months(r.a.ID, march, march)
		if slices.ContainsFunc(months, func(f impact.Figures) bool { return f.Sessions > 0 }) {
			r.Errorf("months are %+v, though only the other company was counted", months)
		}
	}},
}
