// Package golden compares what a test produced with what was reviewed before. go test -update writes it anew.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew from what the tests produce")

// JSON compares got, indented, with testdata/name.golden of the package under test.
func JSON(t *testing.T, name string, got []byte) {
	t.Helper()
	var indented bytes.Buffer
	err := json.Indent(&indented, bytes.TrimSpace(got), "", "  ")
	if err != nil {
		t.Fatalf("not JSON: %v: %s", err, got)
	}
	indented.WriteByte('\n')
	path := filepath.Join("testdata", name+".golden")
	if *update {
		err := os.MkdirAll("testdata", 0o755)
		if err != nil {
			t.Fatal(err)
		}
		err = os.WriteFile(path, indented.Bytes(), 0o644)
		if err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), indented.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
