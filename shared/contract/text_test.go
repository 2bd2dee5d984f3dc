package contract_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/teei/csr-platform/shared/contract"
)

func TestTextIsWhatMarshalGives(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Glob("../../events/*.json")
	if err != nil || len(samples) == 0 {
		t.Fatal("no samples", err)
	}
	for _, path := range samples {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		e, err := contract.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(want, &e); err != nil { // its data compact, as Then makes it
			t.Fatal(err)
		}
		got, err := e.Text()
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n got %s\nwant %s", path, err, got, want)
		}
	}
}
