package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/teei/csr-platform/shared/testkit/bedrockfake"
)

// folder is a bucket on disk.
type folder string

func (f folder) path(uri string) string {
	return filepath.Join(string(f), strings.ReplaceAll(strings.TrimPrefix(uri, "s3://"), "/", "_"))
}
func (f folder) Get(uri string) ([]byte, error)    { return os.ReadFile(f.path(uri)) }
func (f folder) Put(uri string, body []byte) error { return os.WriteFile(f.path(uri), body, 0o600) }

func TestBackfill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	texts := filepath.Join(dir, "texts.jsonl")
	var lines bytes.Buffer
	for n := range 101 {
		fmt.Fprintf(&lines, "{\"id\":\"t%d\",\"text\":\"My mentor Anna%d made me welcome. I have a CV.\"}\n", n, n)
	}
	lines.WriteString(`{"id":"blank","text":"🎉"}` + "\n")
	err := os.WriteFile(texts, lines.Bytes(), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	server := bedrockfake.Plays(t, bedrockfake.Honest)
	server.Bucket = folder(dir)
	env := func(key string) string {
		return map[string]string{
			"MODEL_ID": "eu.amazon.nova-lite-v1:0", "AWS_REGION": bedrockfake.Region, "AWS_ENDPOINT_URL": *server.Config().BaseEndpoint,
			"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		}[key]
	}
	do := func(args ...string) (string, string) {
		t.Helper()
		var out, log bytes.Buffer
		err := run(t.Context(), args, &out, &log, env)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, log.String())
		}
		return out.String(), log.String()
	}
	input, log := do("write", "-texts", texts)
	if strings.Count(input, "\n") != 101 || strings.Contains(input, "Anna") || !strings.Contains(log, "blank is left out") || !strings.Contains(log, "101 texts") {
		t.Fatalf("%d lines, %s", strings.Count(input, "\n"), log)
	}
	err = folder(dir).Put("s3://b/in.jsonl", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	arn, _ := do("start", "-name", "b1", "-role", "arn:aws:iam::123456789012:role/b", "-input", "s3://b/in.jsonl", "-output", "s3://b/out/")
	do("state", "-job", strings.TrimSpace(arn))
	state, _ := do("state", "-job", strings.TrimSpace(arn))
	_, results, found := strings.Cut(strings.TrimSpace(state), "results: ")
	if !found || !strings.HasPrefix(state, "Completed") {
		t.Fatal(state)
	}
	scorings, _ := do("read", "-texts", texts, "-results", folder(dir).path(results))
	var first line
	err = json.NewDecoder(strings.NewReader(scorings)).Decode(&first)
	if err != nil || strings.Count(scorings, "\n") != 101 || len(first.Scores) != 2 || !strings.Contains(first.Scores[0].Evidence[0].Text, "Anna") {
		t.Errorf("%v, %d scorings, %+v", err, strings.Count(scorings, "\n"), first)
	}
}

func TestBackfillRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	few := filepath.Join(dir, "few.jsonl")
	broken := filepath.Join(dir, "broken.jsonl")
	for file, body := range map[string]string{few: `{"id":"a","text":"I sleep."}`, broken: "{\"id\":\"a\",\"text\":\"x\"}\nnot JSON\n"} {
		err := os.WriteFile(file, []byte(body), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	for want, args := range map[string][]string{
		"expected one of": {}, "no command": {"score"}, "at least 100": {"write", "-model", "m", "-texts", few},
		"line 2": {"write", "-model", "m", "-texts", broken}, "no such file": {"read", "-model", "m", "-texts", few, "-results", filepath.Join(dir, "none")},
		"s3://bucket/folder/": {"start", "-model", "m", "-name", "a", "-role", "arn:x", "-input", "s3://b/a.jsonl", "-output", "out"},
	} {
		err := run(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}, func(string) string { return "" })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}
