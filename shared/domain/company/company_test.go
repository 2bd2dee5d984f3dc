package company_test

import (
	"strings"
	"testing"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
)

func TestWhatACompanyMustBe(t *testing.T) {
	t.Parallel()
	good := company.Company{Slug: "acme-2", Name: "Acme", TimeZone: "Europe/Oslo"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for field, wrong := range map[string][]func(*company.Company){
		"slug": {
			func(c *company.Company) { c.Slug = "" }, func(c *company.Company) { c.Slug = "a" }, func(c *company.Company) { c.Slug = "Acme" },
			func(c *company.Company) { c.Slug = "-acme" }, func(c *company.Company) { c.Slug = "acme-" }, func(c *company.Company) { c.Slug = "ac me" },
			func(c *company.Company) { c.Slug = "åcme" }, func(c *company.Company) { c.Slug = strings.Repeat("a", 41) }, func(c *company.Company) { c.Slug = "acme\n" },
		},
		"name":     {func(c *company.Company) { c.Name = " " }, func(c *company.Company) { c.Name = strings.Repeat("x", 201) }},
		"timeZone": {func(c *company.Company) { c.TimeZone = "Oslo" }, func(c *company.Company) { c.TimeZone = "Local" }, func(c *company.Company) { c.TimeZone = "../etc/passwd" }},
	} {
		for i, change := range wrong {
			c := good
			change(&c)
			failure := fault.Of(c.Check())
			if failure == nil || failure.Kind != fault.Invalid || len(failure.Fields) != 1 || failure.Fields[0].Name != field {
				t.Errorf("%s %d: %v", field, i, failure)
			}
		}
	}
}
