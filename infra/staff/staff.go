// Package staff makes people of the operator while no part of the API does: what the command line and the sample data use.
package staff

import (
	"context"
	"strings"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// longestName is how many bytes a name may have.
const longestName = 200

// Safeguard makes the person of an e-mail address one of the operator's safeguarding contacts, who hear at once of harm in any company's
// texts, and gives the person's id. Somebody who is known stays who they are, keeps their other roles, and their name where they have
// one; name may be empty. Every call is in the audit log, by what is in by. What is no address or too long a name is Invalid.
func Safeguard(ctx context.Context, ledger port.Ledger, by, email, name string) (person string, err error) {
	address, err := identity.ParseEmail(email)
	if err != nil {
		return "", fault.Fields("nobody can be told of harm there", fault.Field{Name: "email", Expected: "an e-mail address such as name@example.org"})
	}
	if len(name) > longestName {
		return "", fault.Fields("the name is too long", fault.Field{Name: "name", Expected: "at most 200 bytes"})
	}
	who := identity.Contact{Email: address, Role: identity.Safeguarding}
	profile := identity.Profile{Contact: who}
	if words := strings.Fields(name); len(words) > 0 {
		profile.FirstName, profile.LastName = words[0], strings.Join(words[1:], " ")
	}
	err = ledger.Do(ctx, port.In(company.OperatorID, by), func(tx port.Tx) error {
		people, err := tx.People().Persons(ctx, []identity.Contact{who})
		if err != nil {
			return err
		}
		person = people[0]
		tx.People().Describe([]port.News[port.Described]{{Fact: port.Described{Person: person, Profile: profile}}})
		tx.Audit(company.Entry{
			Actor: by, Action: "ADMIN", ResourceType: "user", ResourceID: person, After: map[string]any{"role": string(identity.Safeguarding)},
		})
		return nil
	})
	return person, err
}
