package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/teei/csr-platform/shared/domain/identity"
)

// makeCompany makes a company and the sender by which Kintell tells us of its sessions.
func makeCompany(ctx context.Context, s *shell, args []string) error {
	f := s.flags("company", "-name <name> -slug <slug> [-timezone <zone>]")
	name := f.String("name", "", "name of the company")
	slug := f.String("slug", "", "its short name in URLs: lower case letters, digits and hyphens")
	zone := f.String("timezone", "UTC", "IANA time zone in which its months are counted")
	sender := f.String("sender", "kintell", "who will send its sessions")
	reach := s.reach(f)
	err := f.Parse(args)
	if err != nil {
		return err
	}
	if *name == "" || *slug == "" {
		return fmt.Errorf("name the company with NAME=… and SLUG=… (-name, -slug)")
	}
	p := reach()
	err = p.signIn(ctx, identity.SystemAdmin, "")
	if err != nil {
		return err
	}
	var made listed
	err = p.call(ctx, http.MethodPost, "/v1/companies", map[string]string{"slug": *slug, "name": *name, "timeZone": *zone}, &made)
	if err != nil {
		return err
	}
	var given struct {
		Secret   string   `json:"secret"`
		Webhooks []string `json:"webhooks"`
	}
	err = p.call(ctx, http.MethodPut, "/v1/companies/"+url.PathEscape(made.ID)+"/senders/"+url.PathEscape(*sender), nil, &given)
	if err != nil {
		return fmt.Errorf("company %s is made (%s), its sender is not: %w", made.Slug, made.ID, err)
	}
	fmt.Fprintf(s.out, "company  %s (%s)\nid       %s\nmonths   in %s\n\n%s sends to\n", made.Name, made.Slug, made.ID, made.TimeZone, *sender)
	for _, path := range given.Webhooks {
		if !strings.Contains(path, "://") {
			path = p.url + path
		}
		fmt.Fprintf(s.out, "  %s\n", path)
	}
	fmt.Fprintf(s.out, "and signs with\n  %s\nThis is the only time the secret is shown.\n", given.Secret)
	return nil
}
