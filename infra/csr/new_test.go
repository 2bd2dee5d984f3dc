package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/platform/template"
)

// copied is a copy of what a new function touches and needs.
func copied(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "template.go", "template.yaml", "functions", "shared", "events"} {
		err := filepath.WalkDir(filepath.Join("../..", name), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			target := filepath.Join(root, strings.TrimPrefix(filepath.ToSlash(file), "../../"))
			err = os.MkdirAll(filepath.Dir(target), 0o755)
			if err != nil {
				return err
			}
			return os.WriteFile(target, raw, 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestWhatIsMadeCompilesAndPassesItsTests(t *testing.T) {
	t.Parallel()
	root := copied(t)
	made := [][]string{
		{"-kind", "webhooks", "-name", "trialsender"},
		{"-kind", "consumers", "-name", "trialconsumer", "-hears", "kintell.session.completed"},
		{"-kind", "reports", "-name", "trialreport"},
		{"-kind", "api", "-name", "trialthings", "-roles", "readers"},
		{"-kind", "jobs", "-name", "trialjob"},
	}
	build := []string{"vet", "./functions"}
	test := []string{"test"}
	for _, args := range made {
		out, _, err := try(t, nil, append([]string{"new", "-root", root}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		folder := "functions/" + args[1] + "/" + args[3]
		if !strings.Contains(out, "made    "+folder+"/function.go") || !strings.Contains(out, "make check") ||
			!strings.Contains(out, "go test ./functions ") || !strings.Contains(out, "rm -r "+folder) || !strings.Contains(out, "git restore functions/all.go ") {
			t.Errorf("new %v says:\n%s", args, out)
		}
		test = append(test, "./"+folder)
		build = append(build, "./"+folder+"/...")
	}
	build = append(build, "./functions/api/deliveries", "./functions/internal/trialsender")
	test = append(test, "./shared/domain/access", "./functions/api/deliveries")
	replay, err := os.ReadFile(filepath.Join(root, "functions", "api", "deliveries", "replay.go"))
	if err != nil || !strings.Contains(string(replay), "\t\"webhooks/trialsender\": trialsender.Webhook,\n") {
		t.Errorf("what the new sender is refused cannot be replayed (%v)", err)
	}
	table, err := os.ReadFile(filepath.Join(root, "shared", "domain", "access", "table.go"))
	for _, rule := range []string{"/trialreport\": {Roles: operators, Of: Company}", "/trialthings\": {Roles: readers}"} {
		if err != nil || !strings.Contains(string(table), rule) {
			t.Errorf("the table of permissions has no %s (%v)", rule, err)
		}
	}
	for _, args := range [][]string{build, test} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, said)
		}
	}
	deployed := readTemplate(t, root)
	consumer, found := deployed.Function("consumers/trialconsumer")
	if diff := cmp.Diff([]string{"kintell.session.completed"}, deployed.Hears(consumer)); !found || diff != "" {
		t.Errorf("the consumer hears something else: %s", diff)
	}
	watched := slices.ContainsFunc(deployed.Alarms, func(a template.Alarm) bool { return slices.Contains(a.Queues, "TrialconsumerDead") })
	if !watched {
		t.Error("no alarm watches the consumer's dead letters")
	}
	job, _ := deployed.Function("jobs/trialjob")
	if len(job.Schedules) != 1 {
		t.Error("the job has no schedule")
	}
}

func readTemplate(t *testing.T, root string) template.Template {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	deployed, err := template.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	return deployed
}

func TestNewRefusesWhatCouldNotBeAFunction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"an unknown kind":                     {[]string{"-kind", "pages", "-name", "x1"}, "pages is no kind: webhooks, consumers, reports, api, jobs"},
		"no kind":                             {[]string{"-name", "x1"}, "KIND="},
		"a hyphen":                            {[]string{"-kind", "api", "-name", "api-keys"}, "lower case letters and digits"},
		"a word of Go":                        {[]string{"-kind", "api", "-name", "range"}, "no word of Go"},
		"a name that is taken":                {[]string{"-kind", "jobs", "-name", "kintell"}, "is there already"},
		"a consumer that hears nothing":       {[]string{"-kind", "consumers", "-name", "thankdonor"}, "HEARS= (-hears): one of\n  import.received"},
		"a consumer of an unknown event":      {[]string{"-kind", "consumers", "-name", "thankdonor", "-hears", "donor.thanked"}, "donor.thanked is no event"},
		"a consumer of what nobody tells":     {[]string{"-kind", "consumers", "-name", "thankdonor", "-hears", "external.donation.made"}, "nobody tells external.donation.made yet"},
		"an unknown list of roles":            {[]string{"-kind", "reports", "-name", "sroi2", "-roles", "everybody"}, "everybody is no list of roles: operators, admins, reporters"},
		"a job with roles":                    {[]string{"-kind", "jobs", "-name", "tidy", "-roles", "operators"}, "leave ROLES"},
		"a report that hears":                 {[]string{"-kind", "reports", "-name", "sroi2", "-hears", "import.received"}, "only a consumer"},
		"a repository that is somewhere else": {[]string{"-kind", "api", "-name", "things", "-root", "/nowhere"}, "functions/all.go"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := c.args
			if !slices.Contains(args, "-root") {
				args = append(args, "-root", "../..")
			}
			_, _, err := try(t, nil, append([]string{"new"}, args...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestNewChangesNothingWhenOneChangeDoesNotWorkOut(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for file, text := range map[string]string{
		"functions/all.go":              "package functions\n\nimport (\n\t\"x\"\n)\n\nvar All = []fn.Function{\n}\n",
		"shared/domain/access/table.go": "package access\n\nvar Table = map[string]Rule{\n}\n",
		"template.yaml":                 "Resources: {}\n",
	} {
		err := os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755)
		if err != nil {
			t.Fatal(err)
		}
		err = os.WriteFile(filepath.Join(root, file), []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := try(t, nil, "new", "-root", root, "-kind", "webhooks", "-name", "benevity")
	if err == nil || !strings.Contains(err.Error(), "template.yaml: expected a line that begins with") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "functions", "webhooks")); !os.IsNotExist(err) {
		t.Error("half of a function was written")
	}
}

func TestAnEventThatAConsumerHearsIsHeard(t *testing.T) {
	t.Parallel()
	list := func(lines string) string { return "package x\n\nvar nobodyHears = map[string]string{" + lines + "}\n" }
	const one, other = "\t\"a.b.c\": \"x\",\n", "\t\"a.b.d\": \"y\",\n"
	for name, c := range map[string]struct{ before, after string }{
		"one of two":  {list("\n" + one + other), list("\n" + other)},
		"the last":    {list("\n" + one), list("")},
		"not in it":   {list("\n" + other), list("\n" + other)},
		"a neighbour": {list("\n\t\"a.b.cc\": \"x\",\n"), list("\n\t\"a.b.cc\": \"x\",\n")},
		"no one":      {list(""), list("")},
	} {
		got, err := hear(c.before, planned{Kind: "consumers", Name: "x", Hears: "a.b.c"})
		if diff := cmp.Diff(c.after, got); diff != "" || err != nil {
			t.Errorf("%s (%v): %s", name, err, diff)
		}
	}
}

func TestAFunctionIsListedWhereItSorts(t *testing.T) {
	t.Parallel()
	text := "package functions\n\nimport (\n\t\"github.com/teei/csr-platform/functions/api/b\"\n\t\"github.com/teei/csr-platform/functions/api/d\"\n\t\"github.com/teei/csr-platform/shared/platform/fn\"\n)\n\nvar All = []fn.Function{\n\tb.Function,\n\td.Function,\n}\n"
	for name, want := range map[string]string{"a": "a b d", "c": "b c d", "e": "b d e"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := listFunction(text, planned{Kind: "api", Name: name})
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range []string{"\tNAME.Function,\n", "\t\"github.com/teei/csr-platform/functions/api/NAME\"\n"} {
				var lines strings.Builder
				for _, word := range strings.Fields(want) {
					lines.WriteString(strings.ReplaceAll(form, "NAME", word))
				}
				if !strings.Contains(got, lines.String()) {
					t.Errorf("want %q in\n%s", lines.String(), got)
				}
			}
		})
	}
}
