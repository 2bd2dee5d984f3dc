package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

func (a audits) Item(_ context.Context, quarter impact.Quarter, id string) (outcome.Item, error) {
	item, known := a.ledger.audited.items[id]
	if !known || item.company != a.scope.Company || item.quarter != quarter {
		return outcome.Item{}, fault.New(fault.Missing, "no such item")
	}
	return outcome.Item{ID: item.id, TextID: item.text}, nil
}

func (a audits) Asked(_ context.Context, quarter impact.Quarter, seed string) (int, error) {
	return a.ledger.audited.drawn[sampleKey{a.scope.Company, seed, quarter}].Size, nil
}

func (a audits) Samples(_ context.Context, after impact.Drawn, limit int) ([]impact.Drawn, error) {
	var found []impact.Drawn
	for key, d := range a.ledger.audited.drawn {
		if !a.sees(key.company) || after.Company != "" && latest(d, after) <= 0 {
			continue
		}
		for id, item := range a.ledger.audited.items {
			if item.sampleKey != key || item.place > a.ledger.audited.cuts[key] {
				continue
			}
			d.Items++
			answers := len(a.ledger.audited.answers[id])
			d.Answered += min(answers, 1)
			d.Twice += min(answers/2, 1)
		}
		found = append(found, d)
	}
	slices.SortFunc(found, func(a, b impact.Drawn) int { return cmp.Or(latest(a, b), strings.Compare(a.Seed, b.Seed)) })
	return found[:min(len(found), limit)], nil
}

// latest orders samples of later quarters first, and those of one quarter by company.
func latest(a, b impact.Drawn) int {
	return cmp.Or(cmp.Compare(b.Quarter.Year, a.Quarter.Year), cmp.Compare(b.Quarter.Quarter, a.Quarter.Quarter), strings.Compare(b.Company, a.Company))
}
