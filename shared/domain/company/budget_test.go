package company_test

import (
	"testing"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
)

func TestABudgetIsReadToTheMillionthOfADollar(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int64{
		"0": 0, "20": 20_000_000, "12.5": 12_500_000, "12.50": 12_500_000, "0.000001": 1, "1000000": 1_000_000_000_000, "1000000.000000": 1_000_000_000_000, "007": 7_000_000,
	} {
		got, err := company.ParseBudget(raw)
		if err != nil || got == nil || *got != want {
			t.Errorf("%q: %v %v, expected %d", raw, got, err, want)
		}
	}
	got, err := company.ParseBudget(company.Standard)
	if got != nil || err != nil {
		t.Errorf("the deployment's: %v %v", got, err)
	}
}

func TestWhatIsNoBudgetIsRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", " ", "-1", "+1", "1e3", "1,50", "$5", "5 USD", ".5", "5.", "5.0000001", "1.2.3", "1000000.000001", "1000001", "99999999", "NaN", "٣", "Default", "none",
	} {
		got, err := company.ParseBudget(raw)
		failure := fault.Of(err)
		if got != nil || failure == nil || failure.Kind != fault.Invalid || len(failure.Fields) != 1 || failure.Fields[0].Name != "usd" {
			t.Errorf("%q: %v %v", raw, got, err)
		}
	}
}
