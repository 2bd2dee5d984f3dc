package functions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/teei/csr-platform"

type room struct {
	name string
	may  []string
	why  string
}

// rooms say which packages of this module a room may import, the longest name first to match. A package may always import what
// lies below it, and its tests anything.
var rooms = []room{
	{"functions/*/*/lambda", []string{"functions", "shared/platform/onlambda"}, "a main of one statement"},
	{"functions/*/internal/*test", []string{"functions", "shared"}, "for tests; see TestWhatIsForTestsIsNotLinked"},
	{"functions/*/internal", []string{"functions/internal", "functions/./internal", "shared/contract", "shared/domain", "shared/fault", "shared/port", "shared/platform"}, ""},
	{"functions/internal", []string{"functions/internal", "shared/contract", "shared/domain", "shared/fault", "shared/port", "shared/platform"}, ""},
	{"functions/auth/*", []string{"shared/contract", "shared/domain", "shared/fault", "shared/port", "shared/platform", "shared/adapter/oidc"}, "no port has tokens"},
	{"functions/deploy/*", []string{"shared/contract", "shared/domain", "shared/fault", "shared/port", "shared/platform", "shared/adapter/postgres"}, "no port has migrations"},
	{"functions/auth/authorizer", []string{"shared/adapter/oidc", "shared/domain", "shared/platform", "shared/port"}, "who is asking is asked the same way everywhere: see 0030"},
	{"functions/*/*", []string{"functions/internal", "functions/./internal", "shared/contract", "shared/domain", "shared/fault", "shared/port", "shared/platform"}, ""},
	{"functions", []string{"functions", "shared/platform/fn"}, "the list"},
	{"shared/contract/generate", []string{"shared/contract"}, "a tool, linked into nothing"},
	{"shared/contract", []string{"shared/fault"}, ""},
	{"shared/fault", nil, ""},
	{"shared/domain", []string{"shared/domain", "shared/fault"}, ""},
	{"shared/port", []string{"shared/contract", "shared/domain", "shared/fault", "shared/platform/config"}, ""},
	{"shared/adapter", []string{"shared/contract", "shared/domain", "shared/fault", "shared/port", "shared/platform/trace"}, ""},
	{"shared/platform/onlambda", []string{"shared"}, "picks the adapters"},
	{"shared/platform/standalone", []string{"shared"}, "picks the adapters"},
	{"shared/platform", []string{"shared/contract", "shared/domain", "shared/fault", "shared/port", "shared/platform"}, ""},
	{"shared/testkit", []string{"shared"}, ""},
	{"infra", []string{""}, "anything"},
	{"", []string{""}, "the root holds the template"},
}

// runners may be imported by mains, infra and tests alone.
var runners = []string{"shared/platform/onlambda", "shared/platform/standalone"}

// notInALambda are packages that make every function large, slow or something else than a function; the first four switch the linker's
// dead-code removal off.
var notInALambda = []string{"html/template", "text/template", "testing", "net/rpc", "gopkg.in/yaml.v3", module + "/shared/platform/template", module + "/shared/adapter/natsbus", module + "/shared/adapter/memory"}

// drawers are names of packages that hold what nobody found a place for.
var drawers = []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "models", "base", "core"}

// notInDomain are packages that a rule has no use for.
var notInDomain = []string{"net/http", "os", "os/exec", "database/sql", "log", "log/slog", "html/template", "text/template"}

type listed struct {
	ImportPath   string
	Name         string
	Dir          string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
	Standard     bool
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-tags", "lambda.norpc", "-json=ImportPath,Name,Dir,Imports,TestImports,XTestImports,Deps,Standard"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages, err := decode(out)
	if err != nil || len(packages) == 0 {
		t.Fatalf("go list: %d packages: %v", len(packages), err)
	}
	return packages
}

func local(importPath string) (string, bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func below(name, room string) bool {
	return room == "" || name == room || strings.HasPrefix(name, room+"/")
}

func TestImportsPointInward(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		name, _ := local(p.ImportPath)
		at := slices.IndexFunc(rooms, func(r room) bool { return in(name, r.name) })
		for _, imported := range p.Imports {
			other, ours := local(imported)
			if !ours || below(other, name) {
				continue
			}
			within := below(name, "shared/adapter") && below(other, "shared/adapter") && technology(name) == technology(other)
			if !within && !mayImport(name, rooms[at].may, other) {
				t.Errorf("%s imports %s, but its room may import %v alone", name, other, rooms[at].may)
			}
			if below(name, "shared/adapter") && below(other, "shared/adapter") && technology(name) != technology(other) {
				t.Errorf("%s imports %s: an adapter speaks to one outside thing", name, other)
			}
			if below(other, "shared/testkit") && !below(name, "shared/testkit") && !below(name, "infra") && !strings.HasSuffix(name, "test") {
				t.Errorf("%s imports %s, which is for tests alone", name, other)
			}
			for _, runner := range runners {
				if below(other, runner) && !below(name, runner) && !below(name, "infra") && !below(name, "shared/testkit") && !in(name, "functions/*/*/lambda") {
					t.Errorf("%s imports %s: a function does not know what runs it", name, other)
				}
			}
		}
		if below(name, "shared/domain") {
			for _, imported := range p.Imports {
				if slices.Contains(notInDomain, imported) {
					t.Errorf("%s imports %s: a rule takes values and returns values", name, imported)
				}
			}
		}
		if slices.Contains(drawers, p.Name) || slices.Contains(drawers, path.Base(name)) {
			t.Errorf("%s: package %s says nothing about what is in it", name, p.Name)
		}
	}
}

// in says whether a package lies in a room, whose name may have a * for a folder or a part of its name.
func in(name, room string) bool {
	if room == "" {
		return true
	}
	have, want := strings.Split(name, "/"), strings.Split(room, "/")
	if len(have) < len(want) {
		return false
	}
	for i := range want {
		matched, err := path.Match(want[i], have[i])
		if err != nil || !matched {
			return false
		}
	}
	return true
}

func mayImport(name string, may []string, other string) bool {
	for _, room := range may {
		if strings.HasPrefix(room, "functions/./") { // of the same kind
			room = strings.Replace(room, ".", strings.Split(name, "/")[1], 1)
		}
		if below(other, room) {
			return true
		}
	}
	return false
}

func technology(name string) string {
	return strings.Split(strings.TrimPrefix(name, "shared/adapter/"), "/")[0]
}

func TestWhatIsForTestsIsNotLinked(t *testing.T) {
	t.Parallel()
	linked := map[string]string{}
	for _, p := range list(t, "./functions/...") {
		if name, _ := local(p.ImportPath); in(name, "functions/*/*/lambda") {
			for _, dependency := range p.Deps {
				linked[dependency] = name
			}
		}
	}
	for dependency, function := range linked {
		if name, ours := local(dependency); ours && (below(name, "shared/testkit") || strings.HasSuffix(name, "test")) {
			t.Errorf("%s is linked into %s", name, function)
		}
	}
}

func TestNoLambdaLinksWhatMakesItLarge(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range list(t, "./functions/...") {
		name, _ := local(p.ImportPath)
		if !in(name, "functions/*/*/lambda") {
			continue
		}
		seen++
		for _, dependency := range p.Deps {
			if slices.Contains(notInALambda, dependency) || strings.HasPrefix(dependency, "gonum.org/") {
				t.Errorf("%s links %s", name, dependency)
			}
		}
	}
	if seen == 0 {
		t.Error("found no Lambda")
	}
}

// forbidden are calls that have a place, and where that is.
var forbidden = []struct {
	call    string
	allowed func(file string) bool
	instead string
}{
	{"os.Getenv", configured, "settings are read through env.Config()"},
	{"os.LookupEnv", configured, "settings are read through env.Config()"},
	{"os.Environ", configured, "settings are read through env.Config()"},
	{"time.Now", func(file string) bool { return !below(file, "shared/domain") || isTest(file) }, "a rule is told the time"},
	{"context.Background", func(file string) bool { return !below(file, "functions") || isTest(file) }, "the caller's context goes on"},
	{"context.TODO", func(string) bool { return false }, "the caller's context goes on"},
	{"time.Sleep", func(string) bool { return false }, "wait on a channel, with a limit"},
}

func configured(file string) bool {
	return below(file, "shared/platform") || below(file, "shared/testkit") || below(file, "infra") || isTest(file)
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }

func TestCallsStandWhereTheyMay(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && name != ".." || entry.Name() == "testdata" || entry.Name() == "build" || entry.Name() == "out") {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		files++
		relative, err := filepath.Rel("..", name)
		if err != nil {
			return err
		}
		return inspect(t, name, filepath.ToSlash(relative))
	})
	if err != nil || files < 50 {
		t.Errorf("read %d files: %v", files, err)
	}
}

func inspect(t *testing.T, name, relative string) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			for _, rule := range forbidden {
				if selector(node) == rule.call && !rule.allowed(relative) {
					t.Errorf("%s:%d: %s: %s", relative, set.Position(node.Pos()).Line, rule.call, rule.instead)
				}
			}
		case *ast.FuncDecl:
			if node.Name.Name == "init" && node.Recv == nil {
				t.Errorf("%s:%d: func init: nothing happens at import", relative, set.Position(node.Pos()).Line)
			}
		}
		return true
	})
	return nil
}
