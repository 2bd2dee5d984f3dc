package intake

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/teei/csr-platform/shared/fault"
)

// Scale is what a file's ratings run over.
type Scale string

// The scales.
const (
	Unit Scale = "unit" // 0 to 1, kept as it is
	Five Scale = "five" // 1 to 5, kept as (r-1)/4
)

// ParseScale reads a choice of scale; empty leaves it to the file.
func ParseScale(raw string) (Scale, error) {
	switch Scale(raw) {
	case "", Unit, Five:
		return Scale(raw), nil
	}
	return "", fault.Fields("the scale is not known", fault.Field{Name: "scale", Expected: "unit (ratings from 0 to 1) or five (ratings from 1 to 5)"})
}

// Ratings notes which ratings a file holds, to find its scale before any row is read. The zero value is ready.
type Ratings struct {
	above bool // one greater than 1: only the five-point scale has it
	below bool // one less than 1: only the unit scale has it
}

// See notes the rating of one record.
func (r *Ratings) See(l Layout, record []string) {
	if len(record) != len(l.Header) {
		return
	}
	value, ok := parseRating(l.value(record, rating.name))
	if ok {
		r.above = r.above || value > 1
		r.below = r.below || value < 1
	}
}

// Settled says that no further record can change the scale.
func (r *Ratings) Settled() bool { return r.above && r.below }

// Rated says whether finding the scale of l's file needs its ratings to be seen first.
func (l Layout) Rated() bool {
	_, found := l.Columns[rating.name]
	return found && l.Kind != KintellSessions
}

// Scaled is l with the scale chosen, else that of the legacy layout (five), else the one its ratings show: five as soon as one of
// them is greater than 1. In a file that has ratings below 1 as well, each is read on its own scale and a 1 is refused.
func (l Layout) Scaled(chosen Scale, seen Ratings) Layout {
	_, found := l.Columns[rating.name]
	switch {
	case !found:
	case chosen != "":
		l.Scale = chosen
	case l.Kind == KintellSessions || seen.above:
		l.Scale = Five
		l.Mixed = l.Kind != KintellSessions && seen.below
	default:
		l.Scale = Unit
	}
	return l
}

// score is a rating as it is kept, from 0 to 1, or what should have been there.
func (l Layout) score(raw string) (float64, string) {
	value, ok := parseRating(raw)
	switch {
	case l.Mixed && ok && value == 1:
		return 0, "a rating that is not 1, which is the highest of one scale and the lowest of the other, and this file has both; " +
			"correct it, or send the file again with scale=unit or scale=five"
	case l.Mixed && ok && value < 1, l.Scale == Unit && ok && value <= 1:
		return value, ""
	case l.Scale == Five && ok && value >= 1 && value <= 5:
		return (value - 1) / 4, ""
	case l.Mixed:
		return 0, "a rating from 0 to 1 or from 1 to 5"
	case l.Scale == Five:
		return 0, "a rating from 1 to 5"
	}
	return 0, "a rating from 0 to 1"
}

var decimal = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{1,3}(?:[.,]\d{1,10})?$`) }) // not at a cold start

// parseRating reads a number that is not negative, with a decimal point or comma.
func parseRating(raw string) (float64, bool) {
	if !decimal().MatchString(raw) {
		return 0, false
	}
	value, err := strconv.ParseFloat(strings.Replace(raw, ",", ".", 1), 64)
	return value, err == nil
}
