package bedrock

import (
	"slices"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// touches says whether a quote shares a character with an order.
func touches(found [][2]int, s outcome.Span) bool {
	return slices.ContainsFunc(found, func(o [2]int) bool { return s.Start < o[1] && o[0] < s.End })
}
