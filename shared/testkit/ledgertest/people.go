package ledgertest

import (
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/port"
)

func ids(events []contract.Event) []string {
	found := make([]string, len(events))
	for i, e := range events {
		found[i] = e.Metadata.ID
	}
	return found
}

func sorted(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return values
}

// met gives the person ids of addresses in company; the addresses belong to this test alone.
func (r *room) met(companyID string, role identity.Role, names ...string) []string {
	r.Helper()
	contacts := make([]identity.Contact, len(names))
	for i, name := range names {
		contacts[i] = identity.Contact{Email: name + "@" + r.a.Slug + ".example", Role: role}
	}
	var found []string
	r.do(companyID, func(tx port.Tx) (err error) {
		found, err = tx.People().Persons(r.ctx, contacts)
		return err
	})
	if len(found) != len(names) || slices.Contains(found, "") {
		r.Fatalf("persons of %d contacts are %v", len(names), found)
	}
	return found
}

func (r *room) describe(companyID string, profiles ...port.Described) int {
	r.Helper()
	changes := 0
	r.do(companyID, func(tx port.Tx) (err error) {
		var news []port.News[port.Described]
		for _, p := range profiles {
			news = append(news, port.News[port.Described]{Fact: p})
		}
		tx.People().Describe(news)
		changes, err = tx.Changes(r.ctx)
		return err
	})
	return changes
}

func described(person, first, last string) port.Described {
	return port.Described{Person: person, Profile: identity.Profile{FirstName: first, LastName: last, SentAt: day}}
}

var persons = []test{
	{outcome: "one address is one person, in order, in any role and company", run: func(r *room) {
		first := r.met(r.a.ID, identity.Participant, "x", "y", "x", "z")
		if first[0] != first[2] || first[0] == first[1] || first[1] == first[3] {
			r.Errorf("persons are %v, expected the first and third alike and the others apart", first)
		}
		again := r.met(r.a.ID, identity.Volunteer, "z", "y", "x")
		r.equal("persons in another role", again, []string{first[3], first[1], first[0]})
		elsewhere := r.met(r.b.ID, identity.Participant, "y", "x")
		r.equal("persons in another company", elsewhere, []string{first[1], first[0]})
		r.equal("address", r.Person(r.T, first[0]).Email, "x@"+r.a.Slug+".example")
	}},
	{outcome: "nobody asked for is nobody", run: func(r *room) {
		r.do(r.a.ID, func(tx port.Tx) error {
			found, err := tx.People().Persons(r.ctx, nil)
			r.equal("persons", len(found), 0)
			return err
		})
	}},
	{outcome: "a person made in an attempt that failed is not remembered", run: func(r *room) {
		contact := []identity.Contact{{Email: "p@" + r.a.Slug + ".example", Role: identity.Participant}}
		var before []string
		err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) (err error) {
			before, err = tx.People().Persons(r.ctx, contact)
			if err != nil {
				return err
			}
			return errOwn
		})
		if len(before) != 1 || err == nil {
			r.Fatalf("persons are %v, %v", before, err)
		}
		p := r.met(r.a.ID, identity.Participant, "p")[0]
		v := r.met(r.a.ID, identity.Volunteer, "v")[0]
		r.equal("news", r.completes(r.a.ID, r.completion(r.a.ID, "1", p, v)), 1) // refers to the person: it must be there
		r.equal("address", r.Person(r.T, p).Email, contact[0].Email)
	}},
	{outcome: "the operator's scope makes nobody", run: func(r *room) {
		err := r.Ledger.Do(r.ctx, port.Operator(actor), func(tx port.Tx) error {
			_, err := tx.People().Persons(r.ctx, []identity.Contact{{Email: "o@" + r.a.Slug + ".example", Role: identity.Participant}})
			return err
		})
		if err == nil {
			r.Error("a person was made outside any company")
		}
	}},
	{outcome: "a roster names whom nobody has named and overwrites nobody", run: func(r *room) {
		p := r.met(r.a.ID, identity.Participant, "p", "q")
		r.equal("news", r.describe(r.a.ID, described(p[0], "Ola", ""), described(p[1], "Kari", "Berg")), 2)
		r.equal("news of a second roster", r.describe(r.a.ID, described(p[0], "Other", "Nordmann"), described(p[1], "", "")), 1)
		got := r.Person(r.T, p[0])
		r.equal("name", []string{got.FirstName, got.LastName}, []string{"Ola", "Nordmann"})
		got = r.Person(r.T, p[1])
		r.equal("name", []string{got.FirstName, got.LastName}, []string{"Kari", "Berg"})
		noted := slices.ContainsFunc(r.Audit(r.T, r.a.ID), func(e company.Entry) bool { return e.ResourceID == p[0] })
		if !noted {
			r.Error("the audit log does not mention the person whose name differs")
		}
		r.equal("news of a repeat", r.describe(r.a.ID, described(p[0], "Other", "Nordmann"), described(p[1], "Kari", "Berg")), 0)
	}},
	{outcome: "a roster cannot describe another company's person", run: func(r *room) {
		p := r.met(r.a.ID, identity.Participant, "p")[0]
		_ = r.Ledger.Do(r.ctx, port.In(r.b.ID, actor), func(tx port.Tx) error {
			tx.People().Describe([]port.News[port.Described]{{Fact: described(p, "Not", "Yours")}})
			return nil
		})
		r.equal("name", r.Person(r.T, p).FirstName, "")
	}},
	{outcome: "a place in a programme has its earliest time", run: func(r *room) {
		p := r.met(r.a.ID, identity.Participant, "p")[0]
		for _, at := range []time.Time{day, day.AddDate(0, 0, -3), day.AddDate(0, 0, 3)} {
			r.do(r.a.ID, func(tx port.Tx) error {
				tx.Journeys().Enrol([]journey.Enrollment{{Person: p, Programme: "language", Status: "active", EnrolledAt: at}})
				return nil
			})
		}
		r.do(r.b.ID, func(tx port.Tx) error { tx.Journeys().Enrol(nil); return nil })
		r.equal("enrollments", r.Enrollments(r.T, r.a.ID), []journey.Enrollment{{Person: p, Programme: "language", Status: "active", EnrolledAt: day.AddDate(0, 0, -3)}})
		r.equal("another's", len(r.Enrollments(r.T, r.b.ID)), 0)
	}},
}
