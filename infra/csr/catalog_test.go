package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/access"
	"github.com/teei/csr-platform/shared/domain/identity"
)

// house is a repository of two functions and a README.
func house(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"functions/reports/sroi/function.go":         "// Package sroi answers what a euro came to. It says how.\n//\n// Asks:    GET /v1/{a|b}?x=<y>\n// Answers: the ratio\n//   with its interval\n// Fails:   never\npackage sroi\n",
		"functions/consumers/thankdonor/function.go": "// Package thankdonor thanks\n// donors.\n//\n// Hears: external.donation.made\n// Tells: nothing\npackage thankdonor\n",
		"README.md": "# Title\n\n" + blockBegins + "\nold\n" + blockEnds + "\n\nrest\n",
	} {
		file := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if err != nil {
			t.Fatal(err)
		}
		err = os.WriteFile(file, []byte(content), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const houseTable = "| function | what it does | asked or told by | answers or tells |\n|---|---|---|---|\n" +
	"| `consumers/thankdonor` | Thanks donors | external.donation.made | nothing |\n" +
	"| `reports/sroi` | Answers what a euro came to | GET /v1/{a\\|b}?x=&lt;y&gt; | the ratio with its interval |\n"

func TestCatalogIsReadFromPackageComments(t *testing.T) {
	t.Parallel()
	out, _, err := try(t, nil, "catalog", "-root", house(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(houseTable, out); diff != "" {
		t.Error(diff)
	}
}

func TestCatalogReplacesItsBlockAndChecksIt(t *testing.T) {
	t.Parallel()
	root := house(t)
	_, _, err := try(t, nil, "catalog", "-root", root, "-check", "README.md")
	if err == nil || !strings.Contains(err.Error(), "make catalog") {
		t.Fatalf("an old table passes: %v", err)
	}
	_, _, err = try(t, nil, "catalog", "-root", root, "-write", "README.md")
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("# Title\n\n"+blockBegins+"\n"+houseTable+blockEnds+"\n\nrest\n", string(written)); diff != "" {
		t.Error(diff)
	}
	_, _, err = try(t, nil, "catalog", "-root", root, "-check", "README.md")
	if err != nil {
		t.Error(err)
	}
}

func TestCatalogNeedsItsMarks(t *testing.T) {
	t.Parallel()
	_, err := replaceBlock("# Title\n"+blockEnds+"\n"+blockBegins, "")
	if err == nil || !strings.Contains(err.Error(), blockBegins) {
		t.Errorf("error %v", err)
	}
}

func TestEveryFunctionOfTheRepositoryHasItsRow(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("../../functions/*/*/function.go")
	if err != nil || len(mains) == 0 {
		t.Fatalf("%d functions, %v", len(mains), err)
	}
	entries, err := readEntries("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.does == "" || len(e.labels) == 0 {
			t.Errorf("%s: its package comment does not say what it does: %+v", e.name, e)
		}
	}
	if len(entries) != len(mains) {
		t.Errorf("%d rows for %d functions", len(entries), len(mains))
	}
}

func TestPermissionsShowEachRoleItsOwn(t *testing.T) {
	t.Parallel()
	got := matrix(map[string]access.Rule{
		"GET /v1/b":             {},
		"PUT /v1/a/{companyId}": {Roles: []identity.Role{identity.SystemAdmin, identity.CompanyAdmin}, Of: access.Company},
		"GET /v1/a/{companyId}": {Roles: []identity.Role{identity.Safeguarding, identity.Participant}, Of: access.Company},
	})
	want := "| route | system_admin | programme_staff | safeguarding | company_admin | company_user | participant | volunteer | api_client |\n" +
		"|---|---|---|---|---|---|---|---|---|\n" +
		"| `GET /v1/a/{companyId}` |  |  | yes |  |  | own |  |  |\n" +
		"| `PUT /v1/a/{companyId}` | yes |  |  | own |  |  |  |  |\n" +
		"| `GET /v1/b` |" + strings.Repeat(" public |", 8) + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
