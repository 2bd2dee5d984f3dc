package standalone

import (
	"fmt"
	"strings"
)

// cronSpec turns an expression of EventBridge Scheduler, cron(minute hour day month weekday year) or rate(n unit), into one of the
// cron library's. A year, L, W and # are refused: no job of ours needs them.
func cronSpec(expression string) (string, error) {
	inner, isRate := strings.CutPrefix(expression, "rate(")
	if isRate {
		var n int
		var unit string
		_, err := fmt.Sscanf(strings.TrimSuffix(inner, ")"), "%d %s", &n, &unit)
		hours := map[string]string{"minute": "m", "hour": "h", "day": "h"}[strings.TrimSuffix(unit, "s")]
		if err != nil || n < 1 || hours == "" {
			return "", fmt.Errorf("%s: expected rate(n minutes|hours|days)", expression)
		}
		if strings.HasPrefix(unit, "day") {
			n *= 24
		}
		return fmt.Sprintf("@every %d%s", n, hours), nil
	}
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(expression, "cron("), ")"))
	if len(fields) != 6 || fields[5] != "*" || strings.ContainsAny(strings.Join(fields[:4], ""), "LW#") || strings.ContainsAny(fields[4], "0123456789#") {
		return "", fmt.Errorf("%s: expected cron(minute hour day month weekday *), weekdays by name", expression)
	}
	return strings.ReplaceAll(strings.Join(fields[:5], " "), "?", "*"), nil
}
