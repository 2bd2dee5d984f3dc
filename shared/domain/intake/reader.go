package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Record is one record of a file.
type Record struct {
	// Fields are the values as written, quotes undone. Of a record that is no CSV it is the line itself as the only field; of one
	// that is longer than MaxRecord there are none, since the stored file has it.
	Fields  []string
	Problem *Problem // E009 where the record is malformed
	End     int64    // byte of the file behind the record, where reading may resume
}

// Reader reads the records of a file one by one, in memory that does not grow with the file, and can start at the end of any
// record. A malformed record costs itself alone: an opening quote that nothing closes refuses its line, and reading goes on with
// the line after it. Lines that hold nothing but delimiters and blanks are no records.
type Reader struct {
	src       *bufio.Reader
	delimiter rune
	blanks    string
	columns   int
	offset    int64
	record    feed
	parser    *csv.Reader
}

// NewReader reads records from src, which stands at byte offset of the file. Records must have columns fields; 0 allows any number.
func NewReader(src io.Reader, d Dialect, columns int, offset int64) *Reader {
	r := &Reader{
		src: bufio.NewReaderSize(src, 4*MaxRecord), delimiter: rune(d.Delimiter[0]), blanks: d.Delimiter + " \t\r\n",
		columns: columns, offset: offset,
	}
	r.reset()
	return r
}

// Offset is the byte of the file reading has come to.
func (r *Reader) Offset() int64 { return r.offset }

// Next is the next record, io.EOF behind the last one.
func (r *Reader) Next() (Record, error) {
	for {
		ahead, err := r.src.Peek(MaxRecord + 1)
		if err != nil && !errors.Is(err, io.EOF) {
			return Record{}, fmt.Errorf("read at byte %d: %w", r.offset, err)
		}
		if len(ahead) == 0 {
			return Record{}, io.EOF
		}
		end := recordEnd(ahead, err != nil)
		line := lineEnd(ahead)
		if end < 0 && line < 0 { // one line longer than a record may be
			return r.tooLong()
		}
		if end < 0 {
			return r.refuse(ahead[:line], "one record of at most 64 KiB; a quote may be missing")
		}
		if len(bytes.Trim(ahead[:end], r.blanks)) == 0 {
			r.skip(end)
			continue
		}
		return r.read(ahead[:end], ahead[:line])
	}
}

// read parses text, a record that begins with line.
func (r *Reader) read(text, line []byte) (Record, error) {
	if !utf8.Valid(text) {
		return r.refuse(line, "text in UTF-8")
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return r.refuse(line, "text without zero bytes")
	}
	fields, err := r.parse(text)
	if err != nil {
		return r.refuse(line, `quotes that enclose the whole value, with "" for a quote inside it`)
	}
	if r.columns > 0 && len(fields) != r.columns {
		if len(line) < len(text) && r.fits(text[len(line):]) { // the next line is a record by itself: a quote was left open
			return r.refuse(line, "a closing quote on the same line")
		}
		r.skip(len(text))
		return Record{Fields: fields, Problem: malformed(fmt.Sprintf("%d columns; found %d", r.columns, len(fields))), End: r.offset}, nil
	}
	r.skip(len(text))
	return Record{Fields: fields, End: r.offset}, nil
}

// parse undoes the delimiters and quotes of one record.
func (r *Reader) parse(text []byte) ([]string, error) {
	if bytes.IndexByte(text, '"') < 0 {
		return strings.Split(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), string(r.delimiter)), nil
	}
	r.record = text
	before := r.parser.InputOffset()
	fields, err := r.parser.Read()
	if err == nil && r.parser.InputOffset()-before != int64(len(text)) {
		err = csv.ErrQuote
	}
	if err != nil {
		r.reset() // the parser may hold the rest of the record
	}
	return fields, err
}

// fits says whether the first line of text is a record by itself.
func (r *Reader) fits(text []byte) bool {
	line := text[:lineEnd(text)]
	defer r.reset()
	r.record = line
	fields, err := r.parser.Read()
	return err == nil && len(fields) == r.columns
}

func (r *Reader) reset() {
	r.record = nil
	r.parser = csv.NewReader(&r.record)
	r.parser.Comma = r.delimiter
	r.parser.FieldsPerRecord = -1
}

// refuse takes one line as a record that cannot be read.
func (r *Reader) refuse(line []byte, expected string) (Record, error) {
	kept := strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "\uFFFD")
	r.skip(len(line))
	return Record{Fields: []string{strings.ReplaceAll(kept, "\x00", "\uFFFD")}, Problem: malformed(expected), End: r.offset}, nil
}

// tooLong passes over a line that is longer than MaxRecord.
func (r *Reader) tooLong() (Record, error) {
	start := r.offset
	for {
		part, err := r.src.ReadSlice('\n')
		r.offset += int64(len(part))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return Record{}, fmt.Errorf("read at byte %d: %w", r.offset, err)
		}
		expected := fmt.Sprintf("a record of at most 64 KiB; this one is the %d bytes from byte %d of the file", r.offset-start, start)
		return Record{Problem: malformed(expected), End: r.offset}, nil
	}
}

func (r *Reader) skip(n int) {
	discarded, _ := r.src.Discard(n) // n bytes were peeked at
	r.offset += int64(discarded)
}

func malformed(expected string) *Problem { return &Problem{Code: Malformed, Expected: expected} }

// recordEnd is the length of the first record of text with its line end: the first LF outside quotes. Where there is none it is
// all of text if that is the last there is (and no longer than a record may be), else -1.
func recordEnd(text []byte, last bool) int {
	quotes, at := 0, 0
	for {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 || at+n >= MaxRecord {
			break
		}
		quotes += bytes.Count(text[at:at+n], []byte{'"'})
		at += n + 1
		if quotes%2 == 0 {
			return at
		}
	}
	quotes += bytes.Count(text[at:], []byte{'"'})
	if last && len(text) <= MaxRecord && quotes%2 == 0 {
		return len(text)
	}
	return -1
}

// lineEnd is the length of the first line of text with its LF; of a text without one it is the text if it is short enough to be
// all there is, else -1.
func lineEnd(text []byte) int {
	n := bytes.IndexByte(text, '\n')
	switch {
	case n >= 0 && n < MaxRecord:
		return n + 1
	case n < 0 && len(text) <= MaxRecord:
		return len(text)
	}
	return -1
}

// feed hands one record to the parser, which reads ahead as far as it is let.
type feed []byte

func (f *feed) Read(p []byte) (int, error) {
	if len(*f) == 0 {
		return 0, io.EOF
	}
	n := copy(p, *f)
	*f = (*f)[n:]
	return n, nil
}
