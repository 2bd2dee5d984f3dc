package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// audited is what people said of samples of scored texts.
type audited struct {
	cuts    map[sampleKey]string
	drawn   map[sampleKey]impact.Drawn
	items   map[string]auditItem
	answers map[string][]auditAnswer // by item, in the order given
}

type sampleKey struct {
	company, seed string
	quarter       impact.Quarter
}

type auditItem struct {
	sampleKey
	id, text, place string
}

type auditAnswer struct {
	reviewer string
	scoring  outcome.Scoring
	version  string // of the text that was read
	labels   outcome.Labels
}

func newAudited() audited {
	return audited{map[sampleKey]string{}, map[sampleKey]impact.Drawn{}, map[string]auditItem{}, map[string][]auditAnswer{}}
}

type audits struct{ *tx }

var _ port.Audits = audits{}

func (a audits) Draw(_ context.Context, sample impact.Sample) (int, error) {
	owner, ok := a.own()
	if !ok {
		return 0, a.failed
	}
	zone, err := a.ledger.zone(owner)
	if err != nil {
		return 0, err
	}
	key := sampleKey{owner, sample.Seed, sample.Quarter}
	var drawn []auditItem
	for text, reading := range a.ledger.scored {
		if reading.company == owner && impact.QuarterOf(impact.MonthOf(reading.at, zone)) == sample.Quarter && a.ledger.byParticipant(text) {
			drawn = append(drawn, auditItem{key, identity.ID(owner, "audit", sample.Quarter.String()+"/"+sample.Seed, text), text, outcome.Place(sample.Seed, text)})
		}
	}
	slices.SortFunc(drawn, func(a, b auditItem) int { return strings.Compare(a.place, b.place) })
	drawn = drawn[:min(len(drawn), sample.Size)]
	cut := ""
	for _, item := range drawn {
		cut = item.place
		if _, known := a.ledger.audited.items[item.id]; !known {
			put(a.tx, a.ledger.audited.items, item.id, item)
		}
	}
	put(a.tx, a.ledger.audited.cuts, key, cut)
	put(a.tx, a.ledger.audited.drawn, key, impact.Drawn{Company: owner, Sample: sample, At: a.now})
	return len(drawn), nil
}

// byParticipant says whether a known participant wrote a text.
func (l *Ledger) byParticipant(id string) bool {
	text, found := l.text(id)
	return found && text.FromRole == feedback.FromParticipant && text.Person != ""
}

// of lists the items of a quarter, by place.
func (a audits) of(quarter impact.Quarter) []auditItem {
	var items []auditItem
	for _, item := range a.ledger.audited.items {
		if item.quarter == quarter && a.sees(item.company) {
			items = append(items, item)
		}
	}
	slices.SortFunc(items, func(a, b auditItem) int {
		return cmp.Or(strings.Compare(a.place, b.place), strings.Compare(a.id, b.id))
	})
	return items
}

func (a audits) Next(_ context.Context, quarter impact.Quarter, reviewer string, limit int) ([]outcome.Item, error) {
	var first, second []outcome.Item
	for _, item := range a.of(quarter) {
		answers := a.ledger.audited.answers[item.id]
		switch {
		case item.place > a.ledger.audited.cuts[item.sampleKey]: // texts that came since pushed it out of the sample
		case len(answers) == 0:
			first = append(first, outcome.Item{ID: item.id, TextID: item.text})
		case !slices.ContainsFunc(answers, func(b auditAnswer) bool { return b.reviewer == reviewer }):
			second = append(second, outcome.Item{ID: item.id, TextID: item.text})
		}
	}
	items := append(first, second...)
	return items[:min(len(items), limit)], nil
}

func (a audits) Answer(_ context.Context, id, reviewer string, labels outcome.Labels) (outcome.Scoring, error) {
	item, known := a.ledger.audited.items[id]
	if !known || item.company != a.scope.Company {
		return outcome.Scoring{}, fault.New(fault.Missing, "no such item")
	}
	answers := a.ledger.audited.answers[id]
	if slices.ContainsFunc(answers, func(b auditAnswer) bool { return b.reviewer == reviewer }) {
		return outcome.Scoring{}, fault.New(fault.Conflict, "you have answered this already")
	}
	text, _ := a.ledger.text(item.text)
	scoring := a.ledger.scored[item.text].Scoring
	put(a.tx, a.ledger.audited.answers, id, append(slices.Clone(answers), auditAnswer{reviewer, scoring, safety.TextVersion(text.ID, text.Body), maps.Clone(labels)}))
	return scoring, nil
}

func (a audits) Compared(_ context.Context, quarter impact.Quarter) ([]outcome.Comparison, error) {
	var all []outcome.Comparison
	for _, item := range a.of(quarter) {
		answers := a.ledger.audited.answers[item.id]
		for _, answer := range answers {
			for _, d := range outcome.Dimensions {
				if label, judged := answer.labels[d]; judged {
					all = append(all, outcome.Comparison{Dimension: d, Language: answer.scoring.Language, ModelVersion: answer.scoring.ModelVersion, Pair: outcome.Pair{A: label, B: valueOf(answer.scoring, d)}})
				}
			}
		}
		for _, d := range outcome.Dimensions {
			if len(answers) < 2 || answers[0].version != answers[1].version {
				continue
			}
			first, judged := answers[0].labels[d]
			second, also := answers[1].labels[d]
			if judged && also {
				all = append(all, outcome.Comparison{Dimension: d, Language: answers[0].scoring.Language, Pair: outcome.Pair{A: first, B: second}})
			}
		}
	}
	return all, nil
}

func valueOf(scoring outcome.Scoring, dimension outcome.Dimension) *float64 {
	for _, s := range scoring.Scores {
		if s.Dimension == dimension {
			return &s.Value
		}
	}
	return nil
}

// forget drops the items of a text that is no more.
func (t *tx) forget(text string) {
	for id, item := range t.ledger.audited.items {
		if item.text == text {
			drop(t, t.ledger.audited.items, id)
			drop(t, t.ledger.audited.answers, id)
		}
	}
}

// Labels gives the texts of p that a reviewer has read as part of a random sample.
func (l *Ledger) Labels(_ context.Context, company string, p impact.Period) ([]impact.Labelled, error) {
	return look(l, func() []impact.Labelled {
		zone, err := l.zone(company)
		if err != nil {
			zone = time.UTC
		}
		first := map[string]auditItem{} // by text: it may be in several samples
		for _, id := range sortedKeys(l.audited.items) {
			item := l.audited.items[id]
			if _, known := first[item.text]; item.company == company && item.place <= l.audited.cuts[item.sampleKey] && len(l.audited.answers[id]) > 0 && !known {
				first[item.text] = item
			}
		}
		var found []impact.Labelled
		for _, id := range sortedKeys(first) {
			text, exists := l.text(id)
			answer, reading := l.audited.answers[first[id].id][0], l.scored[id]
			month := impact.MonthOf(reading.at, zone)
			if !exists || !l.byParticipant(id) || answer.version != safety.TextVersion(id, text.Body) || month.Before(p.From) || p.To.Before(month) {
				continue
			}
			read := impact.Labelled{Month: month, Person: text.Person, Pairs: map[outcome.Dimension]outcome.Pair{}}
			for d, label := range answer.labels {
				read.Pairs[d] = outcome.Pair{A: label, B: valueOf(reading.Scoring, d)}
			}
			found = append(found, read)
		}
		return found
	}), nil
}
