package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/teei/csr-platform/infra/standalone/sample"
)

//go:embed report.html
var page string

// number and outcome are figures of a report; nil is withheld, or never mentioned.
type number struct {
	Value          *float64
	Suppressed     bool
	WithheldMonths []string // not in Value
}

func (n number) String() string {
	switch {
	case n.Suppressed:
		return "withheld"
	case n.Value == nil:
		return "–"
	}
	return fmt.Sprintf("%.6g", *n.Value)
}

type outcome struct {
	Dimension  string
	Mean       *float64
	Interval   *struct{ Low, High float64 }
	Basis      string // ppi, human or model
	N, People  *int
	Suppressed bool

	WithheldMonths []string // not in Mean
}

// Figure is the mean as a person reads it.
func (o outcome) Figure() string {
	switch {
	case o.Suppressed:
		return "withheld"
	case o.Mean == nil:
		return "–"
	}
	return fmt.Sprintf("%.2f", *o.Mean)
}

// Range is how far the mean may be off, as a person reads it: only what people have looked at has one.
func (o outcome) Range() string {
	switch {
	case o.Mean == nil:
		return ""
	case o.Interval == nil:
		return "the model alone"
	}
	return fmt.Sprintf("%.2f to %.2f (%s)", o.Interval.Low, o.Interval.High, o.Basis)
}

// quote proves one score.
type quote struct {
	Quote, Dimension, Direction, Month string
	Score                              float64
}

type report struct {
	Slug, Name     string
	Period         struct{ From, To string }
	Participants   number
	Volunteers     number
	Sessions       number
	Hours          number
	Outcomes       []outcome
	WithheldMonths []string
	Series         []struct {
		Month    string
		Outcomes []outcome
	}
	Evidence []quote
}

// share is on how many months of a period a figure rests, where some of it are withheld; Of is 0 where none are.
type share struct{ On, Of int }

// String is the share as a page shows it, beside the figure.
func (s share) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d months)", s.On, s.Of)
}

// Short is the share as a narrow table shows it.
func (s share) Short() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d/%d)", s.On, s.Of)
}

// Counted is on how many months n rests: all but the withheld ones, since a month in which nothing happened counts as nothing.
func (r report) Counted(n number) share {
	if n.Value == nil || n.WithheldMonths == nil {
		return share{}
	}
	return share{len(r.Series) - len(n.WithheldMonths), len(r.Series)}
}

// Spoken is on how many months the mean of o over the period rests: those in which somebody spoke of it and which are not withheld.
func (r report) Spoken(o outcome) share {
	if o.Mean == nil || o.WithheldMonths == nil {
		return share{}
	}
	s := share{Of: len(r.Series)}
	for _, month := range r.Series {
		for _, of := range month.Outcomes {
			if of.Dimension == o.Dimension && of.Mean != nil {
				s.On++
			}
		}
	}
	return s
}

// show writes the reports of the sample companies to files a person can open, and the figures to the terminal.
func (c *client) show(ctx context.Context, data sample.Data, out, port string) error {
	if c.token == "" {
		err := c.signIn(ctx)
		if err != nil { // an issuer of one's own: there is no token to ask with
			return nil
		}
	}
	ids, err := c.companies(ctx)
	if err != nil {
		return err
	}
	err = os.MkdirAll(out, 0o755)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\ncompany\tparticipants\tvolunteers\tsessions\thours\tconfidence\tbelonging\tlanguage\tjob readiness\twell-being\t")
	for _, one := range data.Companies {
		r, err := c.report(ctx, ids[one.Slug], one.Slug, out)
		if err != nil {
			return err
		}
		r.Slug, r.Name = one.Slug, one.Name
		fmt.Fprintf(table, "%s\t", one.Slug)
		for _, n := range []number{r.Participants, r.Volunteers, r.Sessions, r.Hours} {
			fmt.Fprintf(table, "%s%s\t", n, r.Counted(n).Short())
		}
		for _, o := range r.Outcomes {
			fmt.Fprintf(table, "%s%s\t", o.Figure(), r.Spoken(o).Short())
		}
		fmt.Fprintln(table)
		err = write(r, filepath.Join(out, one.Slug+".html"))
		if err != nil {
			return err
		}
	}
	err = table.Flush()
	if err != nil {
		return err
	}
	first := data.Companies[0].Slug
	absolute, err := filepath.Abs(filepath.Join(out, first+".html"))
	if err != nil {
		return err
	}
	suffix := ""
	if port != "3000" {
		suffix = " PORT=" + port
	}
	held, err := c.held(ctx)
	if err != nil {
		return err
	}
	fmt.Println(strings.NewReplacer(
		"{file}", absolute, "{company}", first, "{suffix}", suffix, "{id}", ids[first], "{url}", "http://127.0.0.1:"+port, "{data}", setting("DATA", ".local"),
		"{moderation}", strconv.Itoa(held["moderation"]), "{safeguarding}", strconv.Itoa(held["safeguarding"]),
	).Replace(hints))
	return example(data, filepath.Join(out, "example.csv"))
}

// hints are what to try when all is there.
const hints = `
The last twelve months. Groups of fewer than five people are withheld, month by month: (1/12) is a figure that rests on one month of twelve.
Open file://{file}
{moderation} texts are held until a reviewer has looked at them, {safeguarding} more for the safeguarding contact alone.

Try next, in another terminal:
  make send FILE=events/webhooks/kintell/session-completed.json COMPANY={company}{suffix}
  TOKEN=$(make -s token ROLE=company_admin COMPANY={company}{suffix})
  curl -H "Authorization: Bearer $TOKEN" {url}/v1/companies/{id}/outcomes
  curl -H "Authorization: Bearer $TOKEN" "{url}/v1/companies/{id}/evidence?dimension=confidence&limit=5"
  curl -H "Authorization: Bearer $TOKEN" {url}/v1/classify -d '{"text": "I was afraid of the phone. Now I call the doctor myself."}'
  STAFF=$(make -s token ROLE=programme_staff{suffix}); curl -H "Authorization: Bearer $STAFF" {url}/v1/moderation/queue
  make import KIND=kintell-language FILE=out/example.csv COMPANY={company}{suffix}
     (the file is known already: nothing is added, and the three rows that break a rule are saved to be mended)
Ctrl-C stops everything that was started here; the data stays in {data}.`

// held counts the texts that wait in the review queue, by who must look at them.
func (c *client) held(ctx context.Context) (map[string]int, error) {
	waiting := map[string]int{}
	for next := ""; ; {
		var page struct {
			Flags []struct{ Route string }
			Next  string
		}
		err := c.call(ctx, http.MethodGet, "/v1/moderation/queue?limit=200"+next, asJSON, nil, &page)
		if err != nil {
			return nil, err
		}
		for _, flag := range page.Flags {
			waiting[flag.Route]++
		}
		if page.Next == "" {
			return waiting, nil
		}
		next = "&after=" + page.Next
	}
}

// report reads the reports of a company and keeps the answers as they came.
func (c *client) report(ctx context.Context, id, slug, out string) (r report, err error) {
	for _, kind := range []string{"at-a-glance", "outcomes", "evidence"} {
		var raw []byte
		err = c.call(ctx, http.MethodGet, "/v1/companies/"+id+"/"+kind, asJSON, nil, &raw)
		if err != nil {
			return r, err
		}
		err = json.Unmarshal(raw, &r)
		if err != nil {
			return r, fmt.Errorf("%s of %s: %w", kind, slug, err)
		}
		err = os.WriteFile(filepath.Join(out, slug+"-"+kind+".json"), raw, 0o644)
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func write(r report, path string) error {
	view, err := template.New("report").Parse(page)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	err = view.Execute(file, r)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// example writes one of the sample files, rows to mend included, for trying an import.
func example(data sample.Data, path string) error {
	for _, f := range data.Files {
		if f.Kind == "kintell-language" {
			return os.WriteFile(path, f.Content, 0o644)
		}
	}
	return nil
}
