package sample

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// person takes part. Addresses are under domains that nobody can own.
type person struct {
	first, last, email string
	woman              bool
	language           string // writes in
	level              int    // index into session.Levels at the start of the year
	learner            bool   // moves up a level half-way
	usual              *person
}

// cast is everybody of one company's programme.
type cast struct{ participants, volunteers []*person }

// registry keeps addresses apart.
type registry struct{ taken map[string]bool }

var (
	womenJoining = []string{
		"Oksana", "Iryna", "Nataliia", "Olena", "Yuliia", "Kateryna", "Svitlana", "Halyna", "Daryna", "Mariia", "Larysa", "Solomiia",
		"Amal", "Rania", "Selam", "Hiwot", "Fatima", "Leyla", "Zahra", "Agnieszka", "Valentina",
	}
	menJoining = []string{
		"Andrii", "Oleksandr", "Dmytro", "Taras", "Mykola", "Serhii", "Bohdan", "Yurii", "Vasyl", "Omar", "Samir", "Yonas", "Dawit",
		"Karim", "Farid", "Pavlo",
	}
	joiningLast = []string{
		"Bondarenko", "Kovalenko", "Shevchuk", "Melnyk", "Tkachenko", "Lysenko", "Marchenko", "Polishchuk", "Romaniuk", "Savchenko",
		"Hrytsenko", "Petrenko", "Haddad", "Khalil", "Tesfaye", "Berhane", "Rahimi", "Ahmadi", "Nowak", "Moreno", "Zaichenko", "Klymenko",
	}
	womenHelping = []string{
		"Ingrid", "Kari", "Astrid", "Marit", "Silje", "Hanne", "Tone", "Emma", "Sophie", "Clara", "Ragnhild", "Priya", "Anna", "Helga",
	}
	menHelping = []string{
		"Lars", "Erik", "Jonas", "Håkon", "Ole", "Magnus", "Sverre", "Paul", "David", "Thomas", "Øyvind", "Mateusz", "Arjun", "Bjørn",
	}
	helpingLast = []string{
		"Solberg", "Haugen", "Dahl", "Lund", "Moen", "Berg", "Strand", "Aasen", "Hagen", "Nygård", "Carter", "Bennett", "Fischer", "Rao",
		"Nilsen", "Brekke", "Sæther", "Myhre",
	}
)

// newCast makes a company's people.
func newCast(p plan, r *rand.Rand, names *registry) cast {
	var c cast
	for i := range p.volunteers {
		v := names.person(r, "example.org", womenHelping, menHelping, helpingLast)
		v.language = []string{"en", "nb"}[i%2]
		c.volunteers = append(c.volunteers, v)
	}
	writes := []string{"en", "nb", "en", "uk", "en", "nb", "en", "uk", "en", "nb"} // half English, three tenths Norwegian, a fifth Ukrainian
	for i := range p.participants {
		v := names.person(r, "sample.test", womenJoining, menJoining, joiningLast)
		v.language, v.level, v.learner = writes[i%len(writes)], r.IntN(4), r.IntN(3) > 0
		v.usual = c.volunteers[i%len(c.volunteers)]
		c.participants = append(c.participants, v)
	}
	return c
}

func (n *registry) person(r *rand.Rand, domain string, women, men, last []string) *person {
	p := &person{woman: r.IntN(5) < 3, last: pick(r, last...)}
	p.first = pick(r, men...)
	if p.woman {
		p.first = pick(r, women...)
	}
	local := strings.ToLower(asciiOnly.Replace(p.first + "." + p.last))
	p.email = local + "@" + domain
	for i := 2; n.taken[p.email]; i++ {
		p.email = fmt.Sprintf("%s%d@%s", local, i, domain)
	}
	n.taken[p.email] = true
	return p
}

var asciiOnly = strings.NewReplacer("å", "a", "æ", "ae", "ø", "o", "Å", "a", "Æ", "ae", "Ø", "o")

// all are the company's people by address.
func (c cast) all() []*person {
	return slices.SortedFunc(slices.Values(slices.Concat(c.participants, c.volunteers)), func(a, b *person) int {
		return strings.Compare(a.email, b.email)
	})
}
