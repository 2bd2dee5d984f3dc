// Package measure says how good a scorer or a screener is on labelled texts: what `make eval` and `make eval-safety` print, and the
// scorecard by which CI holds a model to what it once could. Statistics are those of shared/domain/outcome.
package measure

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/fault"
)

const (
	// LongestLine is how many bytes a line of labelled texts may have.
	LongestLine = 1 << 20
	mostWrong   = 10 // wrong lines that are told of before a file is given up
)

// errManyWrong says that the rest was not read.
var errManyWrong = errors.New("what follows was not read")

// readAll reads the lines of a file, or of every *.jsonl of a folder in the order of their names. Its error tells of up to ten wrong lines.
func readAll[T any](path string, parse func(line []byte) (T, error)) ([]T, error) {
	names, err := filesOf(path)
	if err != nil {
		return nil, err
	}
	var all []T
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		found, err := readLines(file, name, parse)
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: expected at least one labelled text", path)
	}
	return all, nil
}

func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	names, err := filepath.Glob(filepath.Join(path, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: expected a folder with *.jsonl", path)
	}
	slices.Sort(names)
	return names, nil
}

// readLines parses one object a line; empty lines are skipped. Errors begin with name and the number of the line, from 1.
func readLines[T any](in io.Reader, name string, parse func(line []byte) (T, error)) ([]T, error) {
	var all []T
	var wrong []error
	lines := bufio.NewReaderSize(in, 1<<16)
	for n := 1; len(wrong) < mostWrong; n++ {
		line, last, err := nextLine(lines)
		if err != nil && fault.KindOf(err) != fault.TooLarge {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		line = bytes.TrimSpace(line)
		if len(line) > 0 {
			var one T
			one, err = parse(line)
			all = append(all, one)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", name, n, err))
		}
		if last {
			return all, errors.Join(wrong...)
		}
	}
	return nil, errors.Join(append(wrong, fmt.Errorf("%s: %w", name, errManyWrong))...)
}

// nextLine is the next line, and whether it is the last. One longer than LongestLine is passed over and TooLarge.
func nextLine(in *bufio.Reader) (line []byte, last bool, err error) {
	size := 0
	for {
		part, err := in.ReadSlice('\n')
		size += len(part)
		if size <= LongestLine {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		last = errors.Is(err, io.EOF)
		if err != nil && !last {
			return nil, false, err
		}
		if size > LongestLine {
			return nil, last, fault.New(fault.TooLarge, fmt.Sprintf("line: expected at most %d bytes", LongestLine))
		}
		return line, last, nil
	}
}

// decode reads an object into raw; its error names the field.
func decode(line []byte, raw any) error {
	err := json.Unmarshal(line, raw)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fault.Fields("the line cannot be read", fault.Field{Name: fmt.Sprintf("byte %d", syntax.Offset), Expected: "one JSON object a line (" + syntax.Error() + ")"})
	case errors.As(err, &kind) && kind.Field == "":
		return fault.Fields("the line cannot be read", fault.Field{Name: "line", Expected: "one JSON object"})
	case errors.As(err, &kind):
		return fault.Fields("the line cannot be read", fault.Field{Name: strings.ToLower(kind.Field), Expected: expected[kind.Type.Kind().String()]})
	}
	return err
}

// expected says what belongs into a field of each of Go's kinds.
var expected = map[string]string{"string": "a string", "map": "an object", "slice": "a list", "bool": "true or false", "struct": "an object", "float64": "a number"}

// language is the ISO 639-1 code in a language tag: "nb-NO" and "no" are both "no". ok is false for what is no tag.
func language(tag string) (code string, ok bool) {
	code, _, _ = strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(tag)), "_", "-"), "-")
	if code == "nb" || code == "nn" {
		return "no", true
	}
	letters := func(r rune) bool { return r < 'a' || r > 'z' }
	return code, code == "" && tag == "" || len(code) >= 2 && len(code) <= 3 && !strings.ContainsFunc(code, letters)
}
