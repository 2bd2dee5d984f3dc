package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestRunSaysWhatItDidNotMeasure(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(&out, "", ""); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "presidio: not measured") || !strings.Contains(out.String(), "own-test: 159 texts") {
		t.Errorf("the report: %s", out.String())
	}
	if err := run(&out, t.TempDir(), ""); err == nil {
		t.Error("a folder without the data set was accepted")
	}
}
