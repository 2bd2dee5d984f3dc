package staff_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/infra/staff"
	"github.com/teei/csr-platform/shared/adapter/memory"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

func contacts(t *testing.T, ledger *memory.Ledger) (found []string) {
	t.Helper()
	err := ledger.Do(t.Context(), port.In(company.OperatorID, "test"), func(tx port.Tx) (err error) {
		found, err = tx.Safety().Contacts(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhoIsNamedIsToldOfHarmAndStaysOnePerson(t *testing.T) {
	t.Parallel()
	ledger := memory.New(memory.Options{})
	var people []string
	for _, email := range []string{"Kari@Example.org", " kari@example.org "} {
		person, err := staff.Safeguard(t.Context(), ledger, "test", email, " Kari  van Nord ")
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, person)
	}
	if got := contacts(t, ledger); len(got) != 1 || people[0] != got[0] || people[1] != got[0] {
		t.Errorf("contacts %v, named were %v", got, people)
	}
	if p := ledger.Person(people[0]); p.FirstName != "Kari" || p.LastName != "van Nord" || p.Email != "kari@example.org" {
		t.Errorf("%+v", p)
	}
	lines := ledger.AuditLog(company.OperatorID)
	if len(lines) != 2 || lines[1].Actor != "test" || lines[1].ResourceID != people[0] || !cmp.Equal(lines[1].After, map[string]any{"role": "safeguarding"}) {
		t.Errorf("audit log %+v", lines)
	}
}

func TestANameThatIsKnownIsKept(t *testing.T) {
	t.Parallel()
	ledger := memory.New(memory.Options{})
	for _, name := range []string{"", "Kari Nordmann", "Somebody Else", ""} {
		person, err := staff.Safeguard(t.Context(), ledger, "test", "kari@example.org", name)
		if p := ledger.Person(person); err != nil || name != "" && p.FirstName != "Kari" {
			t.Errorf("after %q: %+v %v", name, p, err)
		}
	}
}

func TestWhoCannotBeToldIsRefused(t *testing.T) {
	t.Parallel()
	ledger := memory.New(memory.Options{})
	for field, c := range map[string]struct{ email, name string }{"email": {"kari", ""}, "name": {"kari@example.org", strings.Repeat("x", 201)}} {
		_, err := staff.Safeguard(t.Context(), ledger, "test", c.email, c.name)
		failure := fault.Of(err)
		if failure == nil || failure.Kind != fault.Invalid || len(failure.Fields) != 1 || failure.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if got := contacts(t, ledger); got != nil {
		t.Errorf("contacts %v", got)
	}
}
