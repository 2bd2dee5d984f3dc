package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

type senderKey struct{ company, sender string }

type companies struct{ *tx }

func (c companies) List(_ context.Context, after string, limit int) ([]company.Company, error) {
	var found []company.Company
	for _, one := range c.ledger.companies {
		if c.sees(one.ID) && one.Slug > after {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b company.Company) int { return cmp.Compare(a.Slug, b.Slug) })
	return found[:min(limit, len(found))], nil
}

func (c companies) Find(_ context.Context, idOrSlug string) (company.Company, error) {
	for _, one := range c.ledger.companies {
		if c.sees(one.ID) && (one.ID == idOrSlug || one.Slug == idOrSlug) {
			return one, nil
		}
	}
	return company.Company{}, fault.New(fault.Missing, "no such company")
}

func (c companies) Create(_ context.Context, given company.Company) error {
	if !c.scope.Operator {
		return fault.New(fault.Forbidden, "only the operator makes companies")
	}
	for _, one := range c.ledger.companies {
		if one.Slug == given.Slug || one.ID == given.ID {
			return fault.New(fault.Conflict, "a company of this slug exists")
		}
		if one.Kind == company.Operator && given.Kind == company.Operator {
			return fault.New(fault.Conflict, "there is one operator")
		}
	}
	put(c.tx, c.ledger.companies, given.ID, given)
	return nil
}

// PutSender keeps the secrets as they are given, in the place of those known.
func (c companies) PutSender(given company.Sender) {
	owner, found := c.ledger.companies[given.Company]
	if !found || !c.sees(given.Company) {
		c.fail(fault.Missing, "no such company")
		return
	}
	given.Slug = owner.Slug
	put(c.tx, c.ledger.senders, senderKey{given.Company, given.Name}, given)
}

// Sender finds a sender before a tenant is known.
func (l *Ledger) Sender(_ context.Context, slug, sender string) (company.Sender, error) {
	found := look(l, func() company.Sender {
		for _, one := range l.companies {
			if one.Slug == slug {
				return l.senders[senderKey{one.ID, sender}]
			}
		}
		return company.Sender{}
	})
	if found.Company == "" {
		return company.Sender{}, fault.New(fault.Missing, "no such company or sender")
	}
	return found, nil
}

// Seed keeps a company for a test and gives it back with what was left empty: an id, the slug as name, partner, UTC.
func (l *Ledger) Seed(given company.Company) company.Company {
	given.ID, given.Name = cmp.Or(given.ID, identity.NewID()), cmp.Or(given.Name, given.Slug)
	given.Kind, given.TimeZone = cmp.Or(given.Kind, company.Partner), cmp.Or(given.TimeZone, "UTC")
	if given.CreatedAt.IsZero() {
		given.CreatedAt = l.now().UTC()
	}
	return look(l, func() company.Company { l.companies[given.ID] = given; return given })
}

// SeedSender keeps a sender for a test, as it is. Its company must have been seeded.
func (l *Ledger) SeedSender(given company.Sender) {
	look(l, func() any {
		given.Slug = l.companies[given.Company].Slug
		l.senders[senderKey{given.Company, given.Name}] = given
		return nil
	})
}

var _ port.Companies = companies{}
