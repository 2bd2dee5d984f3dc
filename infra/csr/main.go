// Command csr is the platform's command line: tokens, signed samples, uploads and companies for a running platform, and what the code
// says about itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// command is one thing csr does.
type command struct {
	name, does string
	run        func(ctx context.Context, s *shell, args []string) error
}

var commands = []command{
	{"token", "print a token of the running process's development issuer", printToken},
	{"send", "sign a sample delivery, send it and show the answer", send},
	{"import", "upload a file, follow it and say what was taken and refused", upload},
	{"company", "make a company with its Kintell sender; show URLs and secret once", makeCompany},
	{"safeguarding", "make a person of the operator who is told at once of harm in texts", makeSafeguarding},
	{"budget", "set what paid models may cost a company in a month", setBudget},
	{"catalog", "print the table of functions, from their package comments", catalog},
	{"permissions", "print who may use which route", permissions},
	{"new", "write a new function: folder, test, sample, template stanza", scaffold},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := &shell{out: os.Stdout, progress: os.Stderr, env: os.LookupEnv}
	err := run(ctx, s, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "csr:", err)
		os.Exit(1)
	}
}

// shell is where a command reads and writes.
type shell struct {
	out      io.Writer // what was asked for, and nothing else
	progress io.Writer // everything around it
	env      func(name string) (string, bool)
}

func (s *shell) setting(name, otherwise string) string {
	value, _ := s.env(name)
	if value == "" {
		return otherwise
	}
	return value
}

// flags are a command's flags; how is what follows its name in the usage line.
func (s *shell) flags(name, how string) *flag.FlagSet {
	f := flag.NewFlagSet("csr "+name, flag.ContinueOnError)
	f.SetOutput(s.progress)
	f.Usage = func() {
		fmt.Fprintf(s.progress, "usage: csr %s %s\n", name, how)
		f.PrintDefaults()
	}
	return f
}

func run(ctx context.Context, s *shell, args []string) error {
	if len(args) > 0 {
		for _, c := range commands {
			if c.name == args[0] {
				return c.run(ctx, s, args[1:])
			}
		}
	}
	var usage strings.Builder
	usage.WriteString("usage: csr <command> [flags]; csr <command> -h explains the flags\n\n")
	for _, c := range commands {
		fmt.Fprintf(&usage, "  %-13s %s\n", c.name, c.does)
	}
	fmt.Fprint(s.progress, usage.String())
	if len(args) == 0 || args[0] == "-h" || args[0] == "help" {
		return flag.ErrHelp
	}
	return fmt.Errorf("there is no command %q", args[0])
}
