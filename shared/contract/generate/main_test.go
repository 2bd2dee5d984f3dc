package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommittedSchemasAreThoseOfTheTypes(t *testing.T) {
	t.Chdir("..")
	want, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	paths, err := filepath.Glob("schemas/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(path)] = text
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("schemas differ from the types; run `go generate ./shared/contract` (-types +committed):\n%s", diff)
	}
}

func TestWriteReplacesWhatChangedAndRemovesWhatIsGone(t *testing.T) {
	t.Chdir("..")
	folder := t.TempDir()
	for _, name := range []string{"old.event.json", "import.received.json"} {
		err := os.WriteFile(filepath.Join(folder, name), []byte("{}"), 0o644)
		if err != nil {
			t.Fatal(err)
		}
	}
	err := write(folder)
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(folder, "old.event.json"))
	if !os.IsNotExist(err) {
		t.Errorf("schema of an event that is gone: got %v, want it removed", err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "import.received.json"))
	if err != nil || len(text) < 100 {
		t.Errorf("schema was not rewritten: %d bytes, %v", len(text), err)
	}
}
