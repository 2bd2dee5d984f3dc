package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/domain/identity"
)

// printToken prints a token and nothing else, so that it can be used as $(csr token …).
func printToken(ctx context.Context, s *shell, args []string) error {
	f := s.flags("token", "-role <role> [-company <slug>]")
	role := f.String("role", "company_admin", "whose token: "+roles())
	company := f.String("company", "", "slug of the company; none for the operator's roles")
	reach := s.reach(f)
	err := f.Parse(args)
	if err != nil {
		return err
	}
	err = checkRole(*role, *company)
	if err != nil {
		return err
	}
	made, err := reach().devToken(ctx, identity.Role(*role), *company)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, made)
	return err
}

// checkRole refuses a token that nobody could use.
func checkRole(role, company string) error {
	switch known := identity.Role(role); {
	case !slices.Contains(identity.Roles, known):
		return fmt.Errorf("there is no role %q: expected one of %s", role, roles())
	case known.OfOperator() && company != "":
		return fmt.Errorf("the role %s belongs to the operator: leave COMPANY (-company) empty", role)
	case !known.OfOperator() && company == "":
		return fmt.Errorf("the role %s belongs to a company: name it with COMPANY=<slug> (-company)", role)
	}
	return nil
}

func roles() string {
	names := make([]string, len(identity.Roles))
	for i, role := range identity.Roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}
