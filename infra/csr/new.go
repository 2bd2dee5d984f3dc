package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/teei/csr-platform/shared/contract"
)

//go:embed scaffold/*.tmpl
var scaffoldFiles embed.FS

var scaffolds = template.Must(template.ParseFS(scaffoldFiles, "scaffold/*.tmpl"))

// built are the kinds that csr new can make. There is one authorizer, and one thing to do at a deployment.
var built = []string{"webhooks", "consumers", "reports", "api", "jobs"}

// planned is a function that does not exist yet.
type planned struct {
	Kind  string // webhooks
	Name  string // benevity
	Hears string // of a consumer: the event type
	Roles string // of a report or an API: the list of shared/domain/access/table.go with those who may use its route
}

// Title is the name as the template and people write it.
func (p planned) Title() string { return capital(p.Name) }

// ID is the logical id in the template.
func (p planned) ID() string { return capital(p.Kind) + capital(p.Name) }

// Signature is the header in which a webhook's sender proves itself.
func (p planned) Signature() string { return signatureHeader(p.Name) }

// Path is where a web function is asked; empty for the others.
func (p planned) Path() string {
	switch p.Kind {
	case "webhooks":
		return "/v1/" + p.Name + "/webhooks/received"
	case "reports":
		return "/v1/companies/{companyId}/" + p.Name
	case "api":
		return "/v1/" + p.Name
	}
	return ""
}

// guarded says whether the route of p is for certain roles alone.
func (p planned) guarded() bool { return p.Kind == "reports" || p.Kind == "api" }

// Body is the contract's type of the event heard.
func (p planned) Body() string {
	for _, body := range contract.Catalogue() {
		if body.EventType() == p.Hears {
			return reflect.TypeOf(body).Name()
		}
	}
	return ""
}

// folder is where the function lives.
func (p planned) folder() string { return filepath.Join("functions", p.Kind, p.Name) }

// scaffold writes a function that works, is deployed and tested, and waits for its rules.
func scaffold(_ context.Context, s *shell, args []string) error {
	f := s.flags("new", "-kind "+strings.Join(built, "|")+" -name <name> [-hears <event type>] [-roles <list of roles>]")
	kind := f.String("kind", "", "what it is: "+strings.Join(built, ", "))
	name := f.String("name", "", "its name: 2 to 30 lower case letters and digits")
	hears := f.String("hears", "", "of a consumer: the type of event it hears")
	roles := f.String("roles", "", "of a report or an api: who may use its route, a list of shared/domain/access/table.go; operators when left out")
	root := f.String("root", ".", "the repository")
	err := f.Parse(args)
	if err != nil {
		return err
	}
	p := planned{*kind, *name, *hears, *roles}
	e := edits{root: *root, files: map[string]string{}}
	err = p.check(*root)
	if err != nil {
		return err
	}
	if p.guarded() {
		p.Roles = cmp.Or(p.Roles, "operators")
	}
	err = e.add(p)
	if err != nil {
		return err
	}
	err = e.write()
	if err != nil {
		return err
	}
	for _, file := range e.order {
		fmt.Fprintln(s.out, e.marks[file], file)
	}
	fmt.Fprint(s.out, "\n"+next(p)+e.undo(p))
	return nil
}

var wellNamed = regexp.MustCompile(`^[a-z][a-z0-9]{1,29}$`)

// check refuses what could not become a function. Queues, durable subscriptions and imports go by the name alone, so no two
// functions may share one.
func (p planned) check(root string) error {
	if p.Kind != "" && !slices.Contains(built, p.Kind) {
		return fmt.Errorf("%s is no kind: %s (KIND=, -kind)", p.Kind, strings.Join(built, ", "))
	}
	if p.Kind == "" {
		return fmt.Errorf("name the kind with KIND= (-kind): one of %s", strings.Join(built, ", "))
	}
	if !wellNamed.MatchString(p.Name) || token.IsKeyword(p.Name) {
		return errors.New("name the function with NAME= (-name): 2 to 30 lower case letters and digits, starting with a letter, no word of Go")
	}
	taken, err := filepath.Glob(filepath.Join(root, "functions", "*", p.Name))
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		return fmt.Errorf("%s is there already, and queues and imports go by the name alone", taken[0])
	}
	if p.Kind != "consumers" && p.Hears != "" {
		return errors.New("only a consumer hears events: leave HEARS (-hears) out")
	}
	if !p.guarded() && p.Roles != "" {
		return errors.New("only a report or an api is asked by people with roles: leave ROLES (-roles) out")
	}
	if p.Kind == "consumers" {
		return p.checkHears(root)
	}
	return nil
}

// checkHears refuses an event that nobody would bring to the consumer.
func (p planned) checkHears(root string) error {
	told, err := told(root)
	if err != nil {
		return err
	}
	choice := "\n  " + strings.Join(told, "\n  ")
	switch {
	case p.Hears == "":
		return errors.New("name what the consumer hears with HEARS= (-hears): one of" + choice)
	case p.Body() == "":
		return fmt.Errorf("%s is no event; these are told:%s", p.Hears, choice)
	case !slices.Contains(told, p.Hears):
		return fmt.Errorf("nobody tells %s yet: write the function that does first, with the event behind Tells: in its package comment; these are told:%s", p.Hears, choice)
	}
	return nil
}

var eventType = regexp.MustCompile(`[a-z0-9_]+(\.[a-z0-9_]+)+`)

// told are the types of event that some function below root tells by its package comment, sorted.
func told(root string) ([]string, error) {
	entries, err := readEntries(root)
	if err != nil {
		return nil, err
	}
	var types []string
	for _, e := range entries {
		for _, word := range eventType.FindAllString(e.labels["Tells"], -1) {
			if (planned{Hears: word}).Body() != "" {
				types = append(types, word)
			}
		}
	}
	slices.Sort(types)
	return slices.Compact(types), nil
}

// edits are new and changed files, kept back until all of them are known to work out.
type edits struct {
	root  string
	files map[string]string // by path below root
	order []string
	marks map[string]string // made or changed
}

// add plans everything that a new function touches.
func (e *edits) add(p planned) error {
	sources := map[string]string{p.Kind + ".go": "function.go", p.Kind + "_test.go": "function_test.go", "main.go": "lambda/main.go"}
	for _, source := range []string{p.Kind + ".go", p.Kind + "_test.go", "main.go"} {
		text, err := fill(source, p)
		if err != nil {
			return err
		}
		e.make(filepath.Join(p.folder(), sources[source]), text)
	}
	err := e.change("functions/all.go", func(text string) (string, error) { return listFunction(text, p) })
	if err != nil {
		return err
	}
	if p.Path() != "" {
		err = e.change("shared/domain/access/table.go", func(text string) (string, error) { return permit(text, p) })
		if err != nil {
			return err
		}
	}
	err = e.change("template.yaml", func(text string) (string, error) { return deploy(text, p) })
	if err != nil {
		return err
	}
	switch p.Kind {
	case "webhooks":
		return e.addSender(p)
	case "consumers":
		return e.change("functions/agreement_test.go", func(text string) (string, error) { return hear(text, p) })
	}
	return nil
}

// addSender plans what a webhook has beside its function: what its sender says and how it is kept, its replay, and samples.
func (e *edits) addSender(p planned) error {
	samples := filepath.Join("events", "webhooks", p.Name)
	for _, made := range []struct{ source, file string }{
		{"sender.go", filepath.Join("functions", "internal", p.Name, p.Name+".go")},
		{"webhooks.json", filepath.Join(samples, "received.json")},
		{"badwebhook.json", filepath.Join(samples, "bad-email.json")},
	} {
		text, err := fill(made.source, p)
		if err != nil {
			return err
		}
		e.make(made.file, text)
	}
	return e.change("functions/api/deliveries/replay.go", func(text string) (string, error) { return replay(text, p) })
}

func (e *edits) make(file, text string) { e.keep(file, text, "made   ") }

func (e *edits) change(file string, edit func(string) (string, error)) error {
	raw, err := os.ReadFile(filepath.Join(e.root, file))
	if err != nil {
		return err
	}
	text, err := edit(string(raw))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if text != string(raw) {
		e.keep(file, text, "changed")
	}
	return nil
}

func (e *edits) keep(file, text, mark string) {
	if e.marks == nil {
		e.marks = map[string]string{}
	}
	e.files[file], e.marks[file] = text, mark
	e.order = append(e.order, file)
}

func (e *edits) write() error {
	for _, file := range e.order {
		target := filepath.Join(e.root, file)
		err := os.MkdirAll(filepath.Dir(target), 0o755)
		if err != nil {
			return err
		}
		err = os.WriteFile(target, []byte(e.files[file]), 0o644)
		if err != nil {
			return err
		}
	}
	return nil
}

// fill writes a scaffold out for p; Go is formatted.
func fill(name string, p planned) (string, error) {
	var b bytes.Buffer
	err := scaffolds.ExecuteTemplate(&b, name+".tmpl", p)
	if err != nil {
		return "", err
	}
	if !strings.HasSuffix(name, ".go") {
		return b.String(), nil
	}
	formatted, err := format.Source(b.Bytes())
	return string(formatted), err
}

// next is what is left to a person.
func next(p planned) string {
	steps := map[string][]string{
		"webhooks": {
			"put a captured body and its headers into events/webhooks/" + p.Name + "/received.json",
			"write sent, Read and Keep in functions/internal/" + p.Name + ", and the paths in template.yaml and shared/domain/access/table.go, as the sender has them",
			"tell what was kept with tx.Tell(given.Cause.Then(contract.…)), and name it behind Tells: in the package comment of function.go",
		},
		"consumers": {"write Handle; put any rule in shared/domain", "name what it tells behind Tells: in the package comment"},
		"reports":   {"compute the number in shared/domain/impact; what has to be read for it goes into port.Impact, its adapters, figurestest.Impact and shared/testkit/ledgertest", "show it in answer"},
		"api":       {"write the routes: here, in template.yaml and in shared/domain/access/table.go, with the roles that may use them"},
		"jobs":      {"write visit; put any rule in shared/domain", "set its hour in template.yaml and behind Due: in the package comment"},
	}[p.Kind]
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s works and is tested. Next:\n", p.Kind, p.Name)
	if p.guarded() {
		steps = append(steps, "decide who may use it: now it is "+p.Roles+" in shared/domain/access/table.go, which make permissions prints")
	}
	steps = append(steps, "the quick check, as often as you like: "+quick(p), "make catalog, then make check, which takes long")
	for i, step := range steps {
		fmt.Fprintf(&b, "  %d  %s\n", i+1, step)
	}
	return b.String()
}

// quick is the check of one function.
func quick(p planned) string {
	own := "./functions/" + p.Kind + "/" + p.Name + "/..."
	switch p.Kind {
	case "webhooks":
		own += " ./functions/internal/" + p.Name + " ./functions/api/deliveries ./shared/domain/access"
	case "reports":
		own = "./functions/reports/... ./shared/domain/impact ./shared/domain/access" // reports share their test double
	case "api":
		own += " ./shared/domain/access"
	}
	return "go test ./functions " + own
}

// undo says how to take everything back.
func (e *edits) undo(p planned) string {
	made, changed := []string{p.folder()}, []string(nil)
	if p.Kind == "webhooks" {
		made = append(made, filepath.Join("functions", "internal", p.Name), filepath.Join("events", "webhooks", p.Name))
	}
	for _, file := range e.order {
		if e.marks[file] == "changed" {
			changed = append(changed, file)
		}
	}
	return fmt.Sprintf("To undo it: rm -r %s; git restore %s\n(git restore drops what else you changed in these files and did not commit)\n",
		strings.Join(made, " "), strings.Join(changed, " "))
}
