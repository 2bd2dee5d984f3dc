package company

import (
	"strconv"
	"strings"

	"github.com/teei/csr-platform/shared/fault"
)

// Standard is said in the place of a budget by who wants the deployment's.
const Standard = "default"

// MaxBudget is the most that models may cost a company in a month, in US dollars: what is more is a slip of the finger.
const MaxBudget = 1_000_000

// ParseBudget reads what models may cost a company in a month: US dollars, from 0 (no paid model at all) to MaxBudget, with up to six
// decimals, as millionths; nil for Standard. Anything else is Invalid.
func ParseBudget(raw string) (microUSD *int64, err error) {
	if raw == Standard {
		return nil, nil
	}
	whole, decimals, point := strings.Cut(raw, ".")
	dollars, ok := digits(whole, 7)
	micro := int64(0)
	if point && ok {
		micro, ok = digits((decimals + "000000")[:max(6, len(decimals))], 6)
		ok = ok && decimals != ""
	}
	total := dollars*1_000_000 + micro
	if !ok || total > MaxBudget*1_000_000 {
		return nil, fault.Fields("that is no budget", fault.Field{
			Name: "usd", Expected: "an amount in US dollars a month from 0 to 1000000 with up to six decimals, such as 12.50, or " + Standard,
		})
	}
	return &total, nil
}

// digits is a number of 1 to most decimal digits and nothing else.
func digits(raw string, most int) (int64, bool) {
	if raw == "" || len(raw) > most || strings.Trim(raw, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	return n, err == nil
}
