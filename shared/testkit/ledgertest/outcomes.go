package ledgertest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

var spring = impact.Quarter{Year: 2026, Quarter: 1}

func calibration(dimension outcome.Dimension) outcome.Calibration {
	return outcome.Calibration{
		ID: "test-1/" + string(dimension) + "/en", ModelVersion: "test-1", Dimension: dimension, Language: "en", Kind: outcome.Isotonic,
		Points: []outcome.Point{{Raw: 0, Value: 0.1}, {Raw: 1, Value: 0.9}}, Reference: [10]int{5: 30, 8: 10}, N: 40,
	}
}

// wrote keeps a text of a participant of company, with the session it is about, and gives its id.
func (r *room) wrote(companyID, name, body string, at time.Time) string {
	r.Helper()
	p, v := r.met(companyID, identity.Participant, "p-"+name)[0], r.met(companyID, identity.Volunteer, "v")[0]
	held := r.completion(companyID, "s-"+name, p, v)
	held.CompletedAt, held.ScheduledAt = at, at.Add(-time.Hour)
	r.completes(companyID, held)
	rating := r.rating(companyID, "r-"+name, "s-"+name, feedback.FromParticipant, body)
	rating.CreatedAt, rating.SentAt = at, at
	r.rates(companyID, rating)
	return rating.ID
}

// wroteMany keeps n texts of n participants, each scored on confidence, and gives their ids.
func (r *room) wroteMany(companyID string, n int) []string {
	r.Helper()
	var texts []string
	for i := range n {
		text := r.wrote(companyID, fmt.Sprint(i), "I dare to speak now.", day.Add(time.Duration(i)*time.Hour))
		r.scores(companyID, text, map[outcome.Dimension]float64{outcome.Confidence: 0.5 + float64(i)/100})
		texts = append(texts, text)
	}
	return texts
}

func (r *room) draws(companyID, seed string, size int) (n int) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		n, err = tx.Audits().Draw(r.ctx, impact.Sample{Quarter: spring, Seed: seed, Size: size})
		return err
	})
	return n
}

func (r *room) next(companyID, reviewer string, limit int) (items []outcome.Item) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		items, err = tx.Audits().Next(r.ctx, spring, reviewer, limit)
		return err
	})
	return items
}

func (r *room) answers(companyID, item, reviewer string, labels outcome.Labels) (scoring outcome.Scoring, err error) {
	err = r.Ledger.Do(r.ctx, port.In(companyID, actor), func(tx port.Tx) (err error) {
		scoring, err = tx.Audits().Answer(r.ctx, item, reviewer, labels)
		return err
	})
	return scoring, err
}

func (r *room) compared(companyID string) (all []outcome.Comparison) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) (err error) {
		all, err = tx.Audits().Compared(r.ctx, spring)
		return err
	})
	return all
}

func (r *room) labels(companyID string, from, to impact.Month) []impact.Labelled {
	r.Helper()
	found, err := r.Impact.Labels(r.ctx, companyID, impact.Period{From: from, To: to})
	if err != nil {
		r.Fatalf("labels: %v", err)
	}
	return found
}

func value(x float64) *float64 { return &x }

func texts(items []outcome.Item) []string {
	var ids []string
	for _, item := range items {
		ids = append(ids, item.TextID)
	}
	return ids
}

// sampled are the n of texts whose places with seed come first.
func sampled(texts []string, seed string, n int) []string {
	texts = slices.Clone(texts)
	slices.SortFunc(texts, func(a, b string) int {
		if outcome.Place(seed, a) < outcome.Place(seed, b) {
			return -1
		}
		return 1
	})
	return texts[:n]
}

// reserve takes expected of a limit in one transaction of its own.
func (r *room) reserve(companyID string, expected, standard int64) (reservation string, err error) {
	err = r.Ledger.Do(r.ctx, port.In(companyID, actor), func(tx port.Tx) (err error) {
		reservation, err = tx.Spending().Reserve(r.ctx, expected, standard)
		return err
	})
	return reservation, err
}

// allows gives c a limit of its own, and what it had.
func (r *room) allows(c company.Company, limit *int64) (before *int64) {
	r.Helper()
	r.operator(func(tx port.Tx) error {
		id, was, err := tx.Spending().Allow(r.ctx, c.Slug, limit)
		r.equal("company", id, c.ID)
		before = was
		return err
	})
	return before
}

func (r *room) reserves(companyID string, expected, standard int64) string {
	r.Helper()
	reservation, err := r.reserve(companyID, expected, standard)
	if err != nil {
		r.Fatalf("reserve: %v", err)
	}
	return reservation
}

func (r *room) routed(companyID, text, body string, route safety.Route, findings ...safety.Finding) {
	r.Helper()
	r.do(companyID, func(tx port.Tx) error {
		kept, err := tx.Safety().Keep(r.ctx, safety.Screened{
			Screening:   safety.Screening{ID: identity.NewID(), ContentID: text, ContentType: "feedback_text", Version: "test", Route: route, Findings: findings, At: day},
			TextVersion: safety.TextVersion(text, body),
		})
		if err == nil && !kept {
			return errors.New("the screening was not kept")
		}
		return err
	})
}

var outcomes = []test{
	{outcome: "a scoring is kept with how and by what it was made, and the one before it stays as history", run: func(r *room) {
		text := r.wrote(r.a.ID, "1", "I dare to speak now.", day)
		r.scores(r.a.ID, text, map[outcome.Dimension]float64{outcome.Confidence: 0.8})
		unread := outcome.Scoring{ID: identity.NewID(), TextID: text, Method: outcome.Fallback, ModelVersion: "test-2", RubricVersion: "rubric-2", Reason: outcome.Language, At: day}
		r.do(r.a.ID, func(tx port.Tx) error {
			of, err := tx.Feedback().Text(r.ctx, text)
			tx.Outcomes().Keep(unread, of)
			return err
		})
		got := r.Scorings(r, text)
		if len(got) == 2 {
			got[0].ID = ""
		}
		r.equal("scorings", got, []Scoring{
			{Method: "local", ModelVersion: "test-1", RubricVersion: "rubric-1", Language: "en"},
			{ID: unread.ID, Method: "fallback", ModelVersion: "test-2", RubricVersion: "rubric-2", Reason: "language", Current: true},
		})
	}},
	{outcome: "calibrations are kept once", run: func(r *room) {
		for range 2 {
			r.do(r.a.ID, func(tx port.Tx) error {
				tx.Outcomes().Calibrated([]outcome.Calibration{calibration(outcome.Confidence), calibration(outcome.Belonging)})
				return nil
			})
		}
		r.do(r.b.ID, func(tx port.Tx) error {
			tx.Outcomes().Calibrated([]outcome.Calibration{calibration(outcome.Confidence)})
			return nil
		})
	}},
	{outcome: "scores of a month lie beside the reference of their calibration", run: func(r *room) {
		r.do(r.a.ID, func(tx port.Tx) error {
			tx.Outcomes().Calibrated([]outcome.Calibration{calibration(outcome.Confidence), calibration(outcome.Belonging)})
			return nil
		})
		for i, score := range []float64{0.3, 0.999, 1} {
			text := r.wrote(r.a.ID, fmt.Sprint(i), "Better.", day)
			r.scores(r.a.ID, text, map[outcome.Dimension]float64{outcome.Confidence: score, outcome.WellBeing: 0.5}) // well_being's is not known
		}
		var portions []impact.Portion
		r.do(r.a.ID, func(tx port.Tx) error {
			zone, err := tx.Metrics().Zone(r.ctx)
			if err != nil {
				return err
			}
			portions, err = tx.Metrics().Spread(r.ctx, march, zone)
			return err
		})
		r.equal("portions", portions, []impact.Portion{
			{Dimension: outcome.Confidence, ModelVersion: "test-1", Bins: [10]int{3: 1, 9: 2}, Reference: [10]int{5: 30, 8: 10}},
		})
	}},
	{outcome: "a drift is told once a level, and none after a graver one", run: func(r *room) {
		tell := func(level outcome.DriftLevel, psi float64) (n int) {
			return r.changes(r.a.ID, func(tx port.Tx) {
				d := impact.Drift{Month: march, Dimension: outcome.Belonging, ModelVersion: "test-1", Level: level, PSI: psi, N: 120}
				tx.Metrics().Drifted([]port.News[impact.Drift]{{Fact: d, Event: r.cause(r.a.ID).Then(contract.DriftDetected{
					CompanyID: r.a.ID, Month: d.Month.String(), Dimension: string(d.Dimension), ModelVersion: d.ModelVersion, Level: string(level), PSI: psi, N: d.N,
				})}})
			})
		}
		r.equal("news", []int{
			tell(outcome.MediumDrift, 0.21), tell(outcome.MediumDrift, 0.22), tell(outcome.CriticalDrift, 0.4), tell(outcome.HighDrift, 0.28), tell(outcome.CriticalDrift, 0.5),
		}, []int{1, 0, 1, 0, 0})
		r.told(r.a.ID, "q2q.drift.detected", "q2q.drift.detected")
	}},
	{outcome: "what models cost stops at the limit, and settling gives back what was too much", run: func(r *room) {
		first := r.reserves(r.a.ID, 600, 1000)
		if first == "" || r.reserves(r.a.ID, 401, 1000) != "" {
			r.Errorf("reservation %q, expected 600 of 1000 to be had and 401 more not", first)
		}
		r.do(r.a.ID, func(tx port.Tx) error {
			tx.Spending().Settle(first, "score", outcome.Usage{Model: "m", Calls: 1, MicroUSD: 100})
			tx.Spending().Settle(first, "score", outcome.Usage{Model: "m", Calls: 1, MicroUSD: 100}) // said again
			tx.Spending().Settle(identity.NewID(), "score", outcome.Usage{MicroUSD: 1000})           // nobody reserved it
			return nil
		})
		if r.reserves(r.a.ID, 901, 1000) != "" || r.reserves(r.a.ID, 900, 1000) == "" {
			r.Error("expected 900 to be left")
		}
		if r.reserves(r.b.ID, 1000, 1000) == "" {
			r.Error("another company's budget is another")
		}
		r.equal("calls", r.Calls(r, r.a.ID), []Call{{Purpose: "score", Model: "m", MicroUSD: 100}})
	}},
	{outcome: "a company may have a limit of its own", run: func(r *room) {
		micro := func(n int64) *int64 { return &n }
		r.equal("before", r.allows(r.a, micro(50)), (*int64)(nil))
		if r.reserves(r.a.ID, 51, 1000) != "" || r.reserves(r.a.ID, 50, 10) == "" {
			r.Error("expected its own limit of 50 to hold")
		}
		r.equal("before", r.allows(r.b, micro(0)), (*int64)(nil))
		if r.reserves(r.b.ID, 1, 1000) != "" || r.reserves(r.b.ID, -1, 1000) != "" {
			r.Error("expected nothing to be had of a limit of nothing")
		}
		r.equal("a limit that is taken away", r.allows(r.b, nil), micro(0))
		if r.reserves(r.b.ID, 1000, 1000) == "" {
			r.Error("expected the deployment's limit to hold again")
		}
		r.equal("another's is left alone", r.allows(r.a, micro(50)), micro(50))
	}},
	{outcome: "only the operator sets what models may cost, of companies there are", run: func(r *room) {
		for _, c := range []struct {
			scope port.Scope
			slug  string
			want  fault.Kind
		}{{port.In(r.a.ID, actor), r.a.Slug, fault.Forbidden}, {port.Operator(actor), "no-such-company", fault.Missing}} {
			r.fails(r.Ledger.Do(r.ctx, c.scope, func(tx port.Tx) error {
				_, _, err := tx.Spending().Allow(r.ctx, c.slug, nil)
				return err
			}), c.want)
		}
	}},
	{outcome: "many at once never take more than the limit", run: func(r *room) {
		const callers, each, rounds = 12, 100, 15
		had := 0
		for round := range rounds {
			limit := int64(450 * (round + 1))
			var running sync.WaitGroup
			start := make(chan struct{})
			reserved := make([]string, callers)
			failed := make([]error, callers)
			for i := range callers {
				running.Go(func() {
					<-start
					reserved[i], failed[i] = r.reserve(r.a.ID, each, limit)
				})
			}
			close(start)
			running.Wait()
			for i := range callers {
				if failed[i] != nil {
					r.Errorf("reserve: %v", failed[i])
				}
				if reserved[i] != "" {
					had++
				}
			}
			r.equal("reservations", had, int(limit/each))
		}
	}},
	{outcome: "a sample is drawn by its seed, and drawn anew it lacks nothing and has nothing twice", run: func(r *room) {
		all := r.wroteMany(r.a.ID, 8)
		late := r.wrote(r.a.ID, "april", "Later.", day.AddDate(0, 1, 0)) // of another quarter
		r.scores(r.a.ID, late, map[outcome.Dimension]float64{outcome.Confidence: 0.5})
		r.wrote(r.a.ID, "unscored", "Not read yet.", day)
		for range 2 {
			r.equal("size", r.draws(r.a.ID, "a", 5), 5)
			r.equal("texts", texts(r.next(r.a.ID, "anna", 100)), sampled(all, "a", 5))
		}
		r.equal("size of more", r.draws(r.a.ID, "a", 100), 8)
		r.equal("all texts", texts(r.next(r.a.ID, "anna", 100)), sampled(all, "a", 8))
		r.equal("a page", texts(r.next(r.a.ID, "anna", 3)), sampled(all, "a", 3))
		r.equal("another company's", len(r.next(r.b.ID, "anna", 100)), 0)
	}},
	{outcome: "what a later draw pushed out of the sample is not given to read any more", run: func(r *room) {
		all := r.wroteMany(r.a.ID, 6)
		r.draws(r.a.ID, "a", 3)
		r.draws(r.a.ID, "b", 6)
		r.draws(r.a.ID, "a", 2)
		var of []string // of both samples, by place; what is in both is read in each
		for _, seed := range []string{"a", "b"} {
			for _, text := range sampled(all, seed, map[string]int{"a": 2, "b": 6}[seed]) {
				of = append(of, outcome.Place(seed, text)+text)
			}
		}
		slices.Sort(of)
		for i := range of {
			of[i] = of[i][len(outcome.Place("", "")):]
		}
		r.equal("texts", texts(r.next(r.a.ID, "anna", 100)), of)
		r.draws(r.a.ID, "a", 3)
		r.equal("back again", len(r.next(r.a.ID, "anna", 100)), 9)
	}},
	{outcome: "of a sample that texts came to since, those behind its last are not given to read", run: func(r *room) {
		few := r.wroteMany(r.a.ID, 2)
		r.draws(r.a.ID, "a", 2)
		all := slices.Clone(few)
		for i := range 12 {
			text := r.wrote(r.a.ID, fmt.Sprint("more ", i), "I dare to speak now.", day)
			r.scores(r.a.ID, text, map[outcome.Dimension]float64{outcome.Confidence: 0.5})
			all = append(all, text)
		}
		r.equal("size", r.draws(r.a.ID, "a", 2), 2)
		r.equal("texts", texts(r.next(r.a.ID, "anna", 100)), sampled(all, "a", 2))
	}},
	{outcome: "a reviewer answers an item once, blind, and is compared with what the model said", run: func(r *room) {
		all := r.wroteMany(r.a.ID, 2)
		r.draws(r.a.ID, "a", 10)
		item := r.next(r.a.ID, "anna", 1)[0]
		scoring, err := r.answers(r.a.ID, item.ID, "anna", outcome.Labels{outcome.Confidence: value(0.75), outcome.Belonging: nil})
		if err != nil || scoring.TextID != item.TextID || len(scoring.Scores) != 1 || len(scoring.Scores[0].Evidence) != 1 || scoring.RubricVersion != "rubric-1" {
			r.Fatalf("%+v, %v, expected the model's scoring with its evidence", scoring, err)
		}
		r.equal("score", scoring.Scores[0].Direction, outcome.Gain)
		_, err = r.answers(r.a.ID, item.ID, "anna", outcome.Labels{outcome.Confidence: value(1)})
		r.fails(err, fault.Conflict)
		_, err = r.answers(r.b.ID, item.ID, "bert", outcome.Labels{outcome.Confidence: value(1)})
		r.fails(err, fault.Missing)
		_, err = r.answers(r.a.ID, identity.NewID(), "anna", outcome.Labels{outcome.Confidence: value(1)})
		r.fails(err, fault.Missing)
		other := sampled(all, "a", 2)[1]
		r.equal("what is left for her", texts(r.next(r.a.ID, "anna", 10)), []string{other})
		r.equal("for another, what nobody answered comes first", texts(r.next(r.a.ID, "bert", 10)), []string{other, item.TextID})
		score := scoring.Scores[0].Value
		r.scores(r.a.ID, item.TextID, map[outcome.Dimension]float64{outcome.Confidence: 0.1}) // scored anew: she is compared with what stood then
		model := func(d outcome.Dimension, a, b *float64) outcome.Comparison {
			return outcome.Comparison{Dimension: d, Language: "en", ModelVersion: "test-1", Pair: outcome.Pair{A: a, B: b}}
		}
		r.equal("comparisons", byDimension(r.compared(r.a.ID)), []outcome.Comparison{model(outcome.Belonging, nil, nil), model(outcome.Confidence, value(0.75), &score)})
		_, err = r.answers(r.a.ID, item.ID, "bert", outcome.Labels{outcome.Confidence: value(0.5)})
		if err != nil {
			r.Fatal(err)
		}
		r.equal("comparisons with a second reviewer", byDimension(r.compared(r.a.ID)), []outcome.Comparison{
			model(outcome.Belonging, nil, nil),
			{Dimension: outcome.Confidence, Language: "en", Pair: outcome.Pair{A: value(0.75), B: value(0.5)}},
			model(outcome.Confidence, value(0.5), value(0.1)), model(outcome.Confidence, value(0.75), &score),
		})
		r.equal("another's comparisons", len(r.compared(r.b.ID)), 0)
	}},
	{outcome: "reports read what reviewers found in the current sample, in texts that still say it", run: func(r *room) {
		all := r.wroteMany(r.a.ID, 4)
		r.draws(r.a.ID, "a", 4)
		for _, item := range r.next(r.a.ID, "anna", 10) {
			_, err := r.answers(r.a.ID, item.ID, "anna", outcome.Labels{outcome.Confidence: value(0.25), outcome.WellBeing: nil})
			if err != nil {
				r.Fatal(err)
			}
		}
		first := sampled(all, "a", 4)
		_, err := r.answers(r.a.ID, r.next(r.a.ID, "bert", 1)[0].ID, "bert", outcome.Labels{outcome.Confidence: value(1)}) // a second opinion
		if err != nil {
			r.Fatal(err)
		}
		read := r.labels(r.a.ID, march.Add(-1), march)
		r.equal("labelled texts", len(read), 4)
		if len(read) > 0 {
			r.equal("month", read[0].Month, march)
			r.equal("label", *read[0].Pairs[outcome.Confidence].A, 0.25)
			_, judged := read[0].Pairs[outcome.WellBeing]
			r.equal("not mentioned by either", []bool{judged, read[0].Pairs[outcome.WellBeing].A == nil, read[0].Pairs[outcome.WellBeing].B == nil}, []bool{true, true, true})
			r.equal("somebody wrote it", read[0].Person != "", true)
		}
		r.scores(r.a.ID, first[0], map[outcome.Dimension]float64{outcome.Confidence: 0.011}) // scored anew: the label stays, the score is the new one
		r.equal("scored anew", slices.ContainsFunc(r.labels(r.a.ID, march, march), func(l impact.Labelled) bool { return *l.Pairs[outcome.Confidence].B == 0.011 }), true)
		index := slices.Index(all, first[1])
		rewritten := r.rating(r.a.ID, "r-"+fmt.Sprint(index), "s-"+fmt.Sprint(index), feedback.FromParticipant, "I take it back.")
		rewritten.CreatedAt, rewritten.SentAt = day.Add(time.Duration(index)*time.Hour), day.AddDate(0, 0, 3)
		r.rates(r.a.ID, rewritten)
		r.equal("one says something else now", len(r.labels(r.a.ID, march, march)), 3)
		r.draws(r.a.ID, "a", 1) // a smaller sample: what is behind it stays, and is no part of it
		r.equal("the sample is smaller", len(r.labels(r.a.ID, march, march)), 1)
		r.equal("another month", len(r.labels(r.a.ID, april, april)), 0)
		r.equal("another company", len(r.labels(r.b.ID, march, march)), 0)
	}},
	{outcome: "what reviewers found makes the mean that is published, with its interval", run: func(r *room) {
		all := r.wroteMany(r.a.ID, 14)
		r.count(r.a.ID, march, all[0])
		level := func() impact.Level {
			months := r.months(r.a.ID, march, march)
			people, err := r.Impact.People(r.ctx, r.a.ID, impact.Open(months))
			if err != nil {
				r.Fatalf("people: %v", err)
			}
			return impact.Publish(impact.Period{From: march, To: march}, months, people, r.labels(r.a.ID, march, march)).Levels[0]
		}
		before := level()
		r.equal("before", []any{*before.Mean, before.Basis, before.Labelled, before.Low == nil, before.People}, []any{0.565, outcome.ByModel, 0, true, 14})
		r.draws(r.a.ID, "a", 12)
		for i, item := range r.next(r.a.ID, "anna", 12) {
			_, err := r.answers(r.a.ID, item.ID, "anna", outcome.Labels{outcome.Confidence: value(0.25 * float64(i%3))})
			if err != nil {
				r.Fatal(err)
			}
		}
		after := level()
		r.equal("after", []any{*after.Mean, after.Basis, after.Labelled, after.N}, []any{0.25, outcome.ByHuman, 12, 14})
		if after.Low == nil || after.High == nil || !(*after.Low < 0.25 && *after.High > 0.25) {
			r.Errorf("%+v, expected an interval around its mean", after)
		}
	}},
	{outcome: "an item goes with its text", run: func(r *room) {
		text := r.wrote(r.a.ID, "1", "I dare to speak now.", day)
		r.scores(r.a.ID, text, map[outcome.Dimension]float64{outcome.Confidence: 0.8})
		r.draws(r.a.ID, "a", 1)
		item := r.next(r.a.ID, "anna", 1)[0]
		_, err := r.answers(r.a.ID, item.ID, "anna", outcome.Labels{outcome.Confidence: value(1)})
		if err != nil {
			r.Fatal(err)
		}
		emptied := r.rating(r.a.ID, "r-1", "s-1", feedback.FromParticipant, "")
		emptied.CreatedAt, emptied.SentAt = day, day.Add(time.Hour)
		r.rates(r.a.ID, emptied)
		_, err = r.answers(r.a.ID, item.ID, "bert", outcome.Labels{outcome.Confidence: value(1)})
		r.fails(err, fault.Missing)
		r.equal("left", []int{len(r.next(r.a.ID, "bert", 10)), len(r.compared(r.a.ID)), len(r.labels(r.a.ID, march, march))}, []int{0, 0, 0})
	}},
	{outcome: "quotes are of screened texts alone, of the months and dimensions asked for, page by page", run: func(r *room) {
		all := r.wroteMany(r.a.ID, 4)
		for i, text := range all {
			if i < 3 {
				r.routed(r.a.ID, text, "I dare to speak now.", map[bool]safety.Route{true: safety.Moderation, false: safety.Clear}[i == 2])
			}
		}
		volunteer := r.met(r.a.ID, identity.Volunteer, "v")[0]
		r.describe(r.a.ID, described(volunteer, "Kari", "Nordmann"))
		cells := []impact.Cell{{Kind: impact.ScoredKind(outcome.Confidence), Month: march}, {Kind: impact.KindParticipant, Month: march}}
		quotes := func(company string, cells []impact.Cell, after string, limit int) []impact.Quote {
			found, err := r.Impact.Quotes(r.ctx, company, cells, after, limit)
			if err != nil {
				r.Fatalf("quotes: %v", err)
			}
			return found
		}
		found := quotes(r.a.ID, cells, "", 10)
		if len(found) != 2 {
			r.Fatalf("%d quotes, expected two: one text is held, and one was not screened", len(found))
		}
		q := found[0]
		r.equal("quote", []any{q.Month, q.Dimension, q.Direction, q.Method, q.ModelVersion, q.RubricVersion, q.Span.Text, q.Body}, []any{
			march, outcome.Confidence, outcome.Gain, outcome.Local, "test-1", "rubric-1", "I dare to speak now.", "I dare to speak now.",
		})
		r.equal("whose names are to be masked", slices.Contains(q.Names, "Kari Nordmann"), true)
		r.equal("pages", []string{quotes(r.a.ID, cells, "", 1)[0].Ref, quotes(r.a.ID, cells, q.Ref, 1)[0].Ref}, []string{q.Ref, found[1].Ref})
		r.equal("behind the last", len(quotes(r.a.ID, cells, found[1].Ref, 10)), 0)
		r.equal("another month, dimension, company", []int{
			len(quotes(r.a.ID, []impact.Cell{{Kind: impact.ScoredKind(outcome.Confidence), Month: april}}, "", 10)),
			len(quotes(r.a.ID, []impact.Cell{{Kind: impact.ScoredKind(outcome.Belonging), Month: march}}, "", 10)),
			len(quotes(r.b.ID, cells, "", 10)), len(quotes(r.a.ID, nil, "", 10)),
		}, []int{0, 0, 0, 0})
	}},
	{outcome: "a quote comes with what the screening of its very text found to be masked", run: func(r *room) {
		const before, after = "🎉 Дякую тітці з Позняків.", "Oh 🎉 Дякую тітці з Позняків."
		quotes := func() []impact.Quote {
			found, err := r.Impact.Quotes(r.ctx, r.a.ID, []impact.Cell{{Kind: impact.ScoredKind(outcome.Confidence), Month: march}}, "", 10)
			if err != nil {
				r.Fatalf("quotes: %v", err)
			}
			return found
		}
		at := func(start, end int) safety.Finding {
			return safety.Finding{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: start, End: end, Kind: safety.Address}}}
		}
		swearing := safety.Finding{Category: safety.Profanity, Confidence: 0.25, Spans: []safety.Span{{Start: 0, End: 3}}}
		text := r.wrote(r.a.ID, "1", before, day)
		r.scores(r.a.ID, text, map[outcome.Dimension]float64{outcome.Confidence: 0.8})
		r.routed(r.a.ID, text, before, safety.Clear, swearing, at(16, 24))
		other := r.wrote(r.a.ID, "2", "I dare to speak now.", day)
		r.scores(r.a.ID, other, map[outcome.Dimension]float64{outcome.Confidence: 0.8})
		r.routed(r.a.ID, other, "I dare to speak now.", safety.Clear)
		masked := map[string][]safety.Span{}
		for _, q := range quotes() {
			masked[q.Shown()] = q.Personal
		}
		r.equal("masked", masked, map[string][]safety.Span{"🎉 Дякую тітці з [address].": {{Start: 16, End: 24, Kind: safety.Address}}, "I dare to speak now.": nil})

		corrected := r.rating(r.a.ID, "r-1", "s-1", feedback.FromParticipant, after)
		corrected.CreatedAt, corrected.SentAt = day, day.Add(time.Hour)
		r.rates(r.a.ID, corrected)
		r.equal("corrected and not screened", len(quotes()), 1)
		r.routed(r.a.ID, text, after, safety.Clear, at(19, 27))
		r.equal("corrected and not scored anew", len(quotes()), 1)
		r.scores(r.a.ID, text, map[outcome.Dimension]float64{outcome.Confidence: 0.8})
		shown := map[string]bool{}
		for _, q := range quotes() {
			shown[q.Shown()] = true
		}
		r.equal("scored anew", shown, map[string]bool{"Oh 🎉 Дякую тітці з [address].": true, "I dare to speak now.": true})
	}},
}

// byDimension orders comparisons: no order is promised.
func byDimension(all []outcome.Comparison) []outcome.Comparison {
	key := func(c outcome.Comparison) string {
		a, b := -1.0, -1.0
		if c.A != nil {
			a = *c.A
		}
		if c.B != nil {
			b = *c.B
		}
		return fmt.Sprintf("%s %s %.3f %.3f", c.Dimension, c.ModelVersion, a, b)
	}
	slices.SortFunc(all, func(x, y outcome.Comparison) int {
		if key(x) < key(y) {
			return -1
		}
		return 1
	})
	return all
}
