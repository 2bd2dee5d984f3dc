package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
)

// permissions prints the permission table: routes down, roles across.
func permissions(_ context.Context, s *shell, args []string) error {
	err := s.flags("permissions", "").Parse(args)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(s.out, matrix(access.Table))
	return err
}

// matrix is table in Markdown. "own" means the caller's own company; what is empty is refused.
func matrix(table map[string]access.Rule) string {
	routes := make([]string, 0, len(table))
	for route := range table {
		routes = append(routes, route)
	}
	slices.SortFunc(routes, func(a, b string) int {
		methodA, pathA, _ := strings.Cut(a, " ")
		methodB, pathB, _ := strings.Cut(b, " ")
		return strings.Compare(pathA+" "+methodA, pathB+" "+methodB)
	})
	var b strings.Builder
	b.WriteString("| route |" + strings.Repeat(" %s |", len(identity.Roles)) + "\n|---|" + strings.Repeat("---|", len(identity.Roles)) + "\n")
	heads := make([]any, len(identity.Roles))
	for i, role := range identity.Roles {
		heads[i] = role
	}
	head := fmt.Sprintf(b.String(), heads...)
	b.Reset()
	b.WriteString(head)
	for _, route := range routes {
		b.WriteString("| `" + route + "` |")
		for _, role := range identity.Roles {
			b.WriteString(" " + may(table[route], role) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func may(rule access.Rule, role identity.Role) string {
	switch {
	case rule.Roles == nil:
		return "public"
	case !slices.Contains(rule.Roles, role):
		return ""
	case rule.Of == access.Company && !role.OfOperator():
		return "own"
	}
	return "yes"
}
