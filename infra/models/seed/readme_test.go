// Package seed_test holds what README.md says of numbers and splits to the texts that lie beside it.
package seed_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// languages are those of the table by their names there.
var languages = map[string]string{
	"English": "en", "Norwegian": "no", "Ukrainian": "uk", "German": "de", "French": "fr", "Spanish": "es", "Arabic": "ar", "Russian": "ru",
	"Polish": "pl", "Swedish": "sv", "Danish": "da", "Italian": "it", "Dutch": "nl", "Portuguese": "pt", "Turkish": "tr", "Persian": "fa",
	"Romanian": "ro", "Finnish": "fi", "Czech": "cs", "Serbian": "sr", "Greek": "el", "Urdu": "ur",
}

// columns are those of the table, in its order.
var columns = []string{"labelled twice: sentences", "whole texts", "once: minimal pairs", "plain statements", "contrasts, sentences", "contrasts, whole texts"}

// column is where an item belongs: one with a second reader's labels was labelled twice; a persona with a colon names the writer of
// contrasts, one that begins with pairs or plain those.
func column(kind, persona string, twice bool) (int, error) {
	whole := kind == "text"
	switch {
	case twice && !whole:
		return 0, nil
	case twice:
		return 1, nil
	case strings.HasPrefix(persona, "pairs") && !whole:
		return 2, nil
	case strings.HasPrefix(persona, "plain") && !whole:
		return 3, nil
	case strings.Contains(persona, ":") && !whole:
		return 4, nil
	case strings.Contains(persona, ":"):
		return 5, nil
	}
	return 0, fmt.Errorf("kind %q, persona %q labelled once belongs into no column", kind, persona)
}

// lines calls with every line of a file.
func lines(t *testing.T, name string, with func(n int, line []byte)) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	in := bufio.NewScanner(file)
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		with(n, in.Bytes())
	}
	if in.Err() != nil {
		t.Fatalf("%s: %v", name, in.Err())
	}
}

// counted are the items of a language by column.
func counted(t *testing.T, lang string) []int {
	t.Helper()
	name := lang + ".jsonl"
	found := make([]int, len(columns))
	lines(t, name, func(n int, line []byte) {
		var item struct {
			Lang, Kind, Persona string
			Second              map[string]any
		}
		if err := json.Unmarshal(line, &item); err != nil || item.Lang != lang {
			t.Fatalf("%s:%d: language %q, %v", name, n, item.Lang, err)
		}
		at, err := column(item.Kind, item.Persona, item.Second != nil)
		if err != nil {
			t.Fatalf("%s:%d: %v", name, n, err)
		}
		found[at]++
	})
	return found
}

// cells are those of a row of a Markdown table, the first is what the row is of.
func cells(row string) []string {
	parts := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// table are the rows of README.md's first table, its headings first.
func table(t *testing.T) [][]string {
	t.Helper()
	var rows [][]string
	ended := false
	lines(t, "README.md", func(_ int, line []byte) {
		row := string(line)
		ended = ended || len(rows) > 0 && !strings.HasPrefix(row, "|")
		if !ended && strings.HasPrefix(row, "|") && !strings.HasPrefix(row, "|---") {
			rows = append(rows, cells(row))
		}
	})
	if len(rows) < 2 || !slices.Equal(rows[0][1:], columns) {
		t.Fatalf("README.md: expected a table with the columns %q", columns)
	}
	return rows
}

// number is "1,062" as a number, and 0 for an empty cell.
func number(t *testing.T, cell string) int {
	t.Helper()
	if cell == "" {
		return 0
	}
	n, err := strconv.Atoi(strings.ReplaceAll(cell, ",", ""))
	if err != nil {
		t.Fatalf("README.md: expected a number, not %q", cell)
	}
	return n
}

func TestTheTableCountsTheTextsOfEachLanguage(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, row := range table(t)[1:] {
		if strings.HasPrefix(row[0], "safety") {
			continue
		}
		total := make([]int, len(columns))
		for _, name := range strings.Split(row[0], ", ") {
			lang, ok := languages[name]
			if !ok || said[lang] {
				t.Fatalf("README.md: %q is no language of this test, or stands there twice", name)
			}
			said[lang] = true
			for i, n := range counted(t, lang) {
				total[i] += n
			}
		}
		row = append(row, make([]string, len(columns))...) // empty cells at the end may be left out
		for i, n := range total {
			if told := number(t, row[1+i]); told != n {
				t.Errorf("README.md: %s, %s: says %d and there are %d", row[0], columns[i], told, n)
			}
		}
	}
	files, err := filepath.Glob("*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if !said[strings.TrimSuffix(name, ".jsonl")] {
			t.Errorf("README.md: the table does not tell of %s", name)
		}
	}
}

func TestTheTableCountsTheTextsForScreening(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("safety/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		lines(t, name, func(int, []byte) { n++ })
	}
	rows := table(t)
	last := rows[len(rows)-1]
	if want := fmt.Sprintf("safety, %d languages", len(files)); last[0] != want || number(t, last[1]) != n {
		t.Errorf("README.md: the last row says %q %s, and it is %q %d", last[0], last[1], want, n)
	}
}

// item is a text of the set, or one written for screening, which has a writer in place of a persona or none.
type item struct {
	Lang, Split, Persona, Topic, Text, Writer string

	where string // file:line
}

// items are those of the files that pattern names.
func items(t *testing.T, pattern string) []item {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all []item
	splits := map[string]int{}
	for _, name := range files {
		lines(t, name, func(n int, line []byte) {
			one := item{where: fmt.Sprintf("%s:%d", name, n)}
			if err := json.Unmarshal(line, &one); err != nil || one.Text == "" {
				t.Fatalf("%s: text %q, %v", one.where, one.Text, err)
			}
			splits[one.Split]++
			all = append(all, one)
		})
	}
	if len(splits) != 3 || splits["train"] == 0 || splits["dev"] == 0 || splits["test"] == 0 {
		t.Fatalf("%s: the splits are %v, expected train, dev and test", pattern, splits)
	}
	return all
}

// plain is text by its letters and digits alone, so that capitals, spaces and punctuation make no other text of it. Of one that has neither it
// is all.
func plain(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return text
	}
	return strings.Join(words, " ")
}

// keptApart fails for items that share what is asked of them, called name, and lie on different sides.
func keptApart(t *testing.T, all []item, name string, asked, side func(item) string) {
	t.Helper()
	seen := map[string]item{}
	for _, one := range all {
		key := asked(one)
		was, ok := seen[key]
		if !ok {
			seen[key] = one
		} else if side(was) != side(one) {
			t.Errorf("%s (%s) and %s (%s) share %s %q", was.where, was.Split, one.where, one.Split, name, key)
		}
	}
}

func TestNothingOfTheTestSplitIsTrainedOn(t *testing.T) {
	t.Parallel()
	all := items(t, "*.jsonl")
	tested := func(i item) string { return strconv.FormatBool(i.Split == "test") }
	// A persona is somebody who writes one language; first names come again in others.
	keptApart(t, all, "the persona", func(i item) string { return i.Lang + " " + i.Persona }, tested)
	keptApart(t, all, "the topic", func(i item) string { return i.Topic }, tested)
	keptApart(t, all, "the text", func(i item) string { return plain(i.Text) }, func(i item) string { return i.Split })
	for _, one := range all {
		once := strings.HasPrefix(one.Persona, "pairs") || strings.HasPrefix(one.Persona, "plain") || strings.Contains(one.Persona, ":")
		if one.Persona == "" || one.Topic == "" || once && one.Split != "train" {
			t.Errorf("%s: persona %q, topic %q in %s, expected both, and train for what was labelled once", one.where, one.Persona, one.Topic, one.Split)
		}
	}
}

func TestNoTextForScreeningIsInTwoSplits(t *testing.T) {
	t.Parallel()
	all := items(t, "safety/*.jsonl")
	keptApart(t, all, "the text", func(i item) string { return plain(i.Text) }, func(i item) string { return i.Split })
	for _, one := range all {
		if one.Writer != "" && one.Split != "train" {
			t.Errorf("%s: by the writer %q in %s, expected train", one.where, one.Writer, one.Split)
		}
	}
}

func TestNoTextWrittenToMisleadIsInTheSet(t *testing.T) {
	t.Parallel()
	ours := map[string]bool{}
	for _, one := range append(items(t, "*.jsonl"), items(t, "safety/*.jsonl")...) {
		ours[plain(one.Text)] = true
	}
	var found []string
	n := 0
	lines(t, "../adversarial/texts.jsonl", func(at int, line []byte) {
		var hostile struct{ ID, Text, Base string }
		if err := json.Unmarshal(line, &hostile); err != nil || hostile.ID == "" {
			t.Fatalf("texts.jsonl:%d: id %q, %v", at, hostile.ID, err)
		}
		n++
		if hostile.Text != "" && ours[plain(hostile.Text)] || hostile.Base != "" && ours[plain(hostile.Base)] {
			found = append(found, hostile.ID)
		}
	})
	if n == 0 || len(found) > 0 {
		t.Errorf("of %d texts written to mislead the set has %q", n, found)
	}
}
