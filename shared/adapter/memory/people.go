package memory

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Person is one row of users. A person has one however many companies they meet.
type Person struct {
	ID                  string
	Email               string
	FirstName, LastName string
	Status              string // pending until a roster described them, then active
	Flags               map[string]any
}

type member struct {
	company, person string
	role            identity.Role
}

type external struct{ system, id string }

type enrollment struct{ company, person, programme string }

type people struct{ *tx }

func (p people) Persons(_ context.Context, contacts []identity.Contact) ([]string, error) {
	owner, ok := p.own()
	if !ok {
		return nil, p.failed
	}
	ids := make([]string, len(contacts))
	for i, contact := range contacts {
		id, known := p.ledger.addresses[contact.Email]
		if !known {
			id = identity.NewID()
			put(p.tx, p.ledger.addresses, contact.Email, id)
			put(p.tx, p.ledger.people, id, Person{ID: id, Email: contact.Email, Status: "pending"})
		}
		put(p.tx, p.ledger.members, member{owner, id, contact.Role}, true)
		ids[i] = id
	}
	return ids, nil
}

func (p people) Describe(profiles []port.News[port.Described]) {
	owner, ok := p.own()
	if !ok {
		return
	}
	for _, profile := range profiles {
		given := profile.Fact
		known, found := p.ledger.people[given.Person]
		if !found || !p.ledger.belongs(owner, given.Person) {
			p.fail(fault.Missing, "no such person in this company")
			return
		}
		next, differs := known, []string(nil)
		next.FirstName, differs = fill(known.FirstName, given.FirstName, "firstName", differs)
		next.LastName, differs = fill(known.LastName, given.LastName, "lastName", differs)
		next.Status, next.Flags = "active", maps.Clone(known.Flags)
		for flag, value := range given.Flags {
			if next.Flags == nil {
				next.Flags = map[string]any{}
			}
			next.Flags[flag] = value
		}
		mapped, differs := p.mapExternal(given, differs)
		if differs != nil {
			p.Audit(company.Entry{Action: "CONFLICT", ResourceType: "user", ResourceID: given.Person, After: map[string]any{"differs": differs}})
		}
		if mapped || !reflect.DeepEqual(next, known) {
			put(p.tx, p.ledger.people, given.Person, next)
			p.isNews(profile.Event)
		}
	}
}

// fill is known, or given where nothing is known; a contradiction adds field to differs.
func fill(known, given, field string, differs []string) (string, []string) {
	if known != "" && given != "" && known != given {
		differs = append(differs, field)
	}
	return cmp.Or(known, given), differs
}

// mapExternal keeps a roster's id of a person unless that id, or that person, is mapped already.
func (p people) mapExternal(given port.Described, differs []string) (bool, []string) {
	if given.ExternalID == "" {
		return false, differs
	}
	key := external{given.ExternalSystem, given.ExternalID}
	if owner, taken := p.ledger.externals[key]; taken {
		if owner != given.Person {
			differs = append(differs, "externalId")
		}
		return false, differs
	}
	for other, person := range p.ledger.externals {
		if person == given.Person && other.system == given.ExternalSystem {
			return false, append(differs, "externalId")
		}
	}
	put(p.tx, p.ledger.externals, key, given.Person)
	return true, differs
}

func (l *Ledger) belongs(company, person string) bool {
	for _, role := range identity.Roles {
		if l.members[member{company, person, role}] {
			return true
		}
	}
	return false
}

type journeys struct{ *tx }

// Enrol keeps the earliest time; a status only leaves active.
func (j journeys) Enrol(enrollments []journey.Enrollment) {
	owner, ok := j.own()
	if !ok {
		return
	}
	for _, e := range enrollments {
		key := enrollment{owner, e.Person, e.Programme}
		known, found := j.ledger.enrollments[key]
		if found && known.EnrolledAt.Before(e.EnrolledAt) {
			e.EnrolledAt = known.EnrolledAt
		}
		if found && known.Status != "active" {
			e.Status = known.Status
		}
		put(j.tx, j.ledger.enrollments, key, e)
	}
}

// Person gives what is known of a person; the zero Person where nothing is.
func (l *Ledger) Person(id string) Person {
	return look(l, func() Person { return l.people[id] })
}

// Members gives the roles that people have in company, sorted.
func (l *Ledger) Members(company string) map[string][]identity.Role {
	return look(l, func() map[string][]identity.Role {
		roles := map[string][]identity.Role{}
		for m := range l.members {
			if m.company == company {
				roles[m.person] = append(roles[m.person], m.role)
				slices.Sort(roles[m.person])
			}
		}
		return roles
	})
}

// Enrollments gives company's enrollments, by time.
func (l *Ledger) Enrollments(company string) []journey.Enrollment {
	return look(l, func() []journey.Enrollment {
		var found []journey.Enrollment
		for key, e := range l.enrollments {
			if key.company == company {
				found = append(found, e)
			}
		}
		slices.SortFunc(found, func(a, b journey.Enrollment) int {
			return cmp.Or(a.EnrolledAt.Compare(b.EnrolledAt), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Programme, b.Programme))
		})
		return found
	})
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
