package main

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kinds are the folders of functions, in the order in which they are shown.
var kinds = []string{"webhooks", "consumers", "reports", "api", "jobs", "pages", "auth", "deploy"}

// entry is one function as its package comment describes it.
type entry struct {
	name   string            // kind/name
	does   string            // the first sentence, without "Package name"
	labels map[string]string // Hears, Tells, Asks, Answers, Repeats, Fails
}

// The block of a file that the table replaces.
const (
	blockBegins = "<!-- functions:begin -->"
	blockEnds   = "<!-- functions:end -->"
)

// catalog prints the table of functions, or keeps it in a file.
func catalog(_ context.Context, s *shell, args []string) error {
	f := s.flags("catalog", "[-write README.md | -check README.md]")
	root := f.String("root", ".", "the repository")
	write := f.String("write", "", "replace the table between its marks in this file")
	check := f.String("check", "", "fail where the table in this file differs")
	err := f.Parse(args)
	if err != nil {
		return err
	}
	entries, err := readEntries(*root)
	if err != nil {
		return err
	}
	table := tableOf(entries)
	if *write == "" && *check == "" {
		_, err = fmt.Fprint(s.out, table)
		return err
	}
	file := filepath.Join(*root, *write+*check)
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	renewed, err := replaceBlock(string(raw), table)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	switch {
	case renewed == string(raw):
		return nil
	case *check != "":
		return fmt.Errorf("%s: the table of functions is not what the package comments say; run `make catalog`", file)
	}
	return os.WriteFile(file, []byte(renewed), 0o644)
}

// readEntries reads the package comment of every functions/<kind>/<name>/function.go below root.
func readEntries(root string) ([]entry, error) {
	files, err := filepath.Glob(filepath.Join(root, "functions", "*", "*", "function.go"))
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, file := range files {
		e, err := readEntry(file)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if byKind := slices.Index(kinds, kindOf(a.name)) - slices.Index(kinds, kindOf(b.name)); byKind != 0 {
			return byKind
		}
		return strings.Compare(a.name, b.name)
	})
	return entries, nil
}

func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, "/")
	return kind
}

func readEntry(file string) (entry, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return entry{}, err
	}
	folder := filepath.Dir(file)
	e := entry{name: filepath.Base(filepath.Dir(folder)) + "/" + filepath.Base(folder), labels: map[string]string{}}
	if parsed.Doc == nil {
		return entry{}, fmt.Errorf("%s has no package comment", file)
	}
	text, label := "", ""
	for line := range strings.Lines(parsed.Doc.Text()) {
		line = strings.TrimSpace(line)
		name, said, found := strings.Cut(line, ":")
		switch {
		case found && isLabel(name):
			label = name
			e.labels[label] = strings.TrimSpace(said)
		case line == "":
		case label != "":
			e.labels[label] += " " + line
		default:
			text = strings.TrimSpace(text + " " + line)
		}
	}
	text = strings.TrimPrefix(text, "Package "+parsed.Name.Name+" ")
	first, _, _ := strings.Cut(text, ". ")
	e.does = strings.TrimSuffix(first, ".")
	return e, nil
}

// isLabel says whether a line of a package comment begins one of its parts.
func isLabel(word string) bool {
	return slices.Contains([]string{"Asks", "Answers", "Hears", "Tells", "Repeats", "Fails", "Due", "Called"}, word)
}

// tableOf is the table in Markdown.
func tableOf(entries []entry) string {
	var b strings.Builder
	b.WriteString("| function | what it does | asked or told by | answers or tells |\n|---|---|---|---|\n")
	for _, e := range entries {
		in := joined(e.labels["Asks"], e.labels["Hears"], e.labels["Due"], e.labels["Called"])
		out := joined(e.labels["Answers"], e.labels["Tells"])
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.name, cell(capital(e.does)), cell(in), cell(out))
	}
	return b.String()
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; tells ")
}

// cell keeps a bar or a tag from ending the cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(text)
}

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// replaceBlock puts table between the marks.
func replaceBlock(text, table string) (string, error) {
	before, rest, began := strings.Cut(text, blockBegins)
	_, after, ended := strings.Cut(rest, blockEnds)
	if !began || !ended {
		return "", errors.New("expected a line " + blockBegins + " and, after it, a line " + blockEnds)
	}
	return before + blockBegins + "\n" + table + blockEnds + after, nil
}
