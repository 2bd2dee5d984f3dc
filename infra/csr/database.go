package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"time"

	"github.com/teei/csr-platform/infra/staff"
	"github.com/teei/csr-platform/shared/adapter/postgres"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/platform/standalone/localpg"
	"github.com/teei/csr-platform/shared/port"
)

// by is the actor in the audit log of what the command line does in the database: whoever could connect to it.
const by = "infra/csr"

// database adds the flag by which a command finds the database, for what no part of the API does. keep works in its ledger.
func (s *shell) database(f *flag.FlagSet) (keep func(work func(port.Ledger) error) error) {
	given := f.String("database", "", "connection string of csr_service (DATABASE_URL); empty for the database of `make run`, which must be running")
	return func(work func(port.Ledger) error) error {
		address := *given
		if address == "" {
			address = s.setting("DATABASE_URL", "")
		}
		if address == "" {
			running, err := localpg.Running(filepath.Join(s.setting("DATA", ".local"), "postgres"), "csr_service", "csr")
			if err != nil {
				return fmt.Errorf("%w; start the platform with `make run`, or name a database with DATABASE_URL", err)
			}
			address = running
		}
		ledger := postgres.New(postgres.Options{
			Settings: postgres.Settings{URL: func(context.Context) (string, error) { return address, nil }, MaxConns: 1, Idle: 20 * time.Second, Connect: 60 * time.Second},
			Now:      time.Now, Log: slog.New(slog.DiscardHandler),
		})
		defer ledger.Close()
		return work(ledger)
	}
}

// makeSafeguarding makes somebody one of those who are told of harm.
func makeSafeguarding(ctx context.Context, s *shell, args []string) error {
	f := s.flags("safeguarding", "-email <address> [-name <name>]")
	email := f.String("email", "", "where they are told")
	name := f.String("name", "", "first and last name, kept where none is known")
	keep := s.database(f)
	err := f.Parse(args)
	if err != nil {
		return err
	}
	if *email == "" {
		return errors.New("say who is told of harm with EMAIL=… (-email)")
	}
	return keep(func(ledger port.Ledger) error {
		person, err := staff.Safeguard(ctx, ledger, by, *email, *name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "person %s is a safeguarding contact: told at once of self-harm and of harm to children in any company's texts\n", person)
		return err
	})
}

// setBudget gives a company a budget of its own, or the deployment's.
func setBudget(ctx context.Context, s *shell, args []string) error {
	f := s.flags("budget", "-company <slug> -usd <amount|default>")
	slug := f.String("company", "", "slug of the company")
	usd := f.String("usd", "", "US dollars a month, 0 for no paid model at all, or "+company.Standard+" for what the deployment sets (MODEL_BUDGET_USD)")
	keep := s.database(f)
	err := f.Parse(args)
	if err != nil {
		return err
	}
	if *slug == "" || *usd == "" {
		return errors.New("name the company with COMPANY=<slug> (-company), and what models may cost it a month with USD=<amount|default> (-usd)")
	}
	limit, err := company.ParseBudget(*usd)
	if err != nil {
		return err
	}
	return keep(func(ledger port.Ledger) error {
		var before *int64
		err := ledger.Do(ctx, port.Operator(by), func(tx port.Tx) error {
			id, was, err := tx.Spending().Allow(ctx, *slug, limit)
			if err != nil {
				return err
			}
			before = was
			tx.Audit(company.Entry{
				Actor: by, Action: "ADMIN", ResourceType: "model_budget", ResourceID: id,
				Before: map[string]any{"microUsd": was}, After: map[string]any{"microUsd": limit},
			})
			return nil
		})
		if err != nil {
			return fmt.Errorf("company %s: %w", *slug, err)
		}
		_, err = fmt.Fprintf(s.out, "paid models may cost %s %s a month; until now %s\n", *slug, dollars(limit), dollars(before))
		return err
	})
}

// dollars is a limit in words.
func dollars(microUSD *int64) string {
	if microUSD == nil {
		return "what the deployment sets"
	}
	return strconv.FormatFloat(float64(*microUSD)/1e6, 'f', -1, 64) + " USD"
}
