package intake

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// ErrorFile writes refused rows as a file that one can fix in a spreadsheet and send again: the columns of the original, then
// _error_row and _error_message, in the original's delimiter.
//
// A value that a spreadsheet would run as a formula (it begins with =, +, -, @, a tab or a return) gets an apostrophe in front,
// and one that begins with apostrophes and then such a character one more. A file with one of the two added columns is read with
// that apostrophe taken off, so what comes back is what was sent.
type ErrorFile struct {
	layout  Layout
	out     *csv.Writer
	columns []int // places of the original columns; the added ones of an earlier error file are left out
}

// NewErrorFile begins an error file with its header.
func NewErrorFile(w io.Writer, l Layout) (*ErrorFile, error) {
	if l.BOM {
		_, err := io.WriteString(w, "\uFEFF")
		if err != nil {
			return nil, err
		}
	}
	f := &ErrorFile{layout: l, out: csv.NewWriter(w)}
	f.out.Comma = rune(l.Delimiter[0])
	var header []string
	for i, name := range l.Header {
		if c := canonical(name); c != ErrorRow && c != ErrorMessage {
			f.columns = append(f.columns, i)
			header = append(header, name)
		}
	}
	err := f.out.Write(append(header, ErrorRow, ErrorMessage))
	return f, err
}

// Write adds rows. What a malformed row has more than the header goes behind the added columns; nothing is left out.
func (f *ErrorFile) Write(rows []Refused) error {
	for _, refused := range rows {
		var line, more []string
		for _, i := range f.columns {
			line = append(line, f.guarded(refused.Record, i))
		}
		for i := len(f.layout.Header); i < len(refused.Record); i++ {
			more = append(more, f.guarded(refused.Record, i))
		}
		line = append(line, strconv.Itoa(refused.Row), Message(refused.Problems))
		err := f.out.Write(append(line, more...))
		if err != nil {
			return err
		}
	}
	f.out.Flush()
	return f.out.Error()
}

func (f *ErrorFile) guarded(record []string, i int) string {
	switch {
	case i >= len(record):
		return ""
	case f.layout.Escaped: // it was guarded when it came
		return record[i]
	}
	return escape(record[i])
}

// Message is everything that is wrong with a row, in one line.
func Message(problems []Problem) string {
	parts := make([]string, len(problems))
	for i, p := range problems {
		parts[i] = p.Code + " "
		if p.Column != "" {
			parts[i] += p.Column + ": "
		}
		parts[i] += "expected " + p.Expected
	}
	return strings.Join(parts, "; ")
}

const formulaStarts = "=+-@\t\r"

func risky(value string) bool {
	bare := strings.TrimLeft(value, "'")
	return bare != "" && strings.IndexByte(formulaStarts, bare[0]) >= 0
}

func escape(value string) string {
	if risky(value) {
		return "'" + value
	}
	return value
}

func unescape(value string) string {
	if strings.HasPrefix(value, "'") && risky(value) {
		return value[1:]
	}
	return value
}
