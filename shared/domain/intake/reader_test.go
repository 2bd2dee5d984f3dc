package intake_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/fault"
)

// records reads all of text, the bytes from offset on.
func records(t *testing.T, text string, d intake.Dialect, columns int, offset int64) []intake.Record {
	t.Helper()
	r := intake.NewReader(strings.NewReader(text[offset:]), d, columns, offset)
	var all []intake.Record
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			if r.Offset() != int64(len(text)) {
				t.Fatalf("ended at byte %d of %d", r.Offset(), len(text))
			}
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, record)
	}
}

func TestSniffFindsTheDialect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		head string
		want intake.Dialect
	}{
		"comma":                          {"a,b\n1,2\n", intake.Dialect{Delimiter: ","}},
		"semicolon":                      {"a;b\n1;2\n", intake.Dialect{Delimiter: ";"}},
		"tab":                            {"a\tb\n1\t2\n", intake.Dialect{Delimiter: "\t"}},
		"byte order mark":                {"\ufeffa;b\n", intake.Dialect{Delimiter: ";", BOM: true, Start: 3}},
		"crlf":                           {"a;b\r\n1;2\r\n", intake.Dialect{Delimiter: ";"}},
		"delimiters inside quotes":       {"\"a,b,c\";d\n", intake.Dialect{Delimiter: ";"}},
		"line break inside quotes":       {"\"a\n,,\";d\n", intake.Dialect{Delimiter: ";"}},
		"one column":                     {"email\nx@y.no\n", intake.Dialect{Delimiter: ","}},
		"delimiter named by Excel":       {"sep=;\r\na,x;b\r\n", intake.Dialect{Delimiter: ";", Start: 7}},
		"blank lines first":              {"\r\n\na;b\n", intake.Dialect{Delimiter: ";"}},
		"a character cut in two at end":  {"a,b\nø,\xc3", intake.Dialect{Delimiter: ","}},
		"four bytes of which one is cut": {"a,b\n\xf0\x9f\x98", intake.Dialect{Delimiter: ","}},
		"Ukrainian":                      {"ім'я;пошта\n", intake.Dialect{Delimiter: ";"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := intake.Sniff([]byte(c.head))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSniffRefusesWhatIsNoCSVAndSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ head, says string }{
		"nothing":               {"", "empty"},
		"blank lines":           {"\r\n \n", "empty"},
		"byte order mark alone": {"\ufeff", "empty"},
		"UTF-16 little endian":  {"\xff\xfea\x00,\x00", "UTF-16"},
		"UTF-16 big endian":     {"\xfe\xff\x00a\x00,", "UTF-16"},
		"UTF-16 without mark":   {"a\x00,\x00b\x00", "UTF-16"},
		"Latin-1":               {"name\nS\xf8ren\n", "Latin-1"},
		"Latin-1 at the end":    {"name\nS\xf8", "Latin-1"},
		"a workbook":            {"PK\x03\x04\x14\x00", "workbook"},
		"an old workbook":       {"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"},
		"gzip":                  {"\x1f\x8b\x08", "gzip"},
		"a PDF":                 {"%PDF-1.7\n", "PDF"},
		"line ends of CR alone": {"a,b\r1,2\r", "CR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.Sniff([]byte(c.head))
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want Invalid that says %q", err, c.says)
			}
		})
	}
}

func TestReaderRefusesABrokenRecordAlone(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", intake.MaxRecord)
	for name, c := range map[string]struct {
		text  string
		taken string // first fields of the records that can be read
		bad   int
	}{
		"plain":                         {"1,b,c\n2,b,c\n", "1 2", 0},
		"no line end at the end":        {"1,b,c\n2,b,c", "1 2", 0},
		"crlf":                          {"1,b,c\r\n2,b,c\r\n", "1 2", 0},
		"blank lines":                   {"1,b,c\n\n  \r\n,,\n2,b,c\n", "1 2", 0},
		"quoted line break":             {"1,\"b\nb\",c\n2,b,c\n", "1 2", 0},
		"quoted quotes":                 {"1,\"say \"\"hi\"\"\",c\n2,b,c\n", "1 2", 0},
		"quoted delimiter":              {"1,\"b,b\",c\n", "1", 0},
		"too few columns":               {"1,b\n2,b,c\n", "2", 1},
		"too many columns":              {"1,b,c,d\n2,b,c\n", "2", 1},
		"a quote in the middle":         {"1,b\"b,c\n2,b,c\n3,b,c\n", "2 3", 1},
		"an inch sign in two rows":      {"1,5\" pipe,c\n2,b,c\n3,6\" pipe,c\n4,b,c\n", "2 4", 2},
		"a quote never closed":          {"1,\"b,c\n2,b,c\n3,b,c\n", "2 3", 1},
		"never closed before a quoted":  {"1,\"b,c\n2,b,c\n3,\"q\",c\n4,b,c\n", "2 3 4", 1},
		"never closed, later one alone": {"1,b,\"c\n2,b,c\n3,b,\"\n4,b,c\n", "1 4", 0},
		"text behind a closing quote":   {"1,\"b\"b,c\n2,b,c\n", "2", 1},
		"swallowing quote, wrong count": {"\"1,b,c\n2,b,c\n3,b,\"\n4,b,c\n", "2 4", 2},
		"zero byte":                     {"1,b\x00,c\n2,b,c\n", "2", 1},
		"not UTF-8":                     {"1,S\xf8ren,c\n2,b,c\n", "2", 1},
		"a line longer than a record":   {"1," + huge + ",c\n2,b,c\n", "2", 1},
		"a line of four records' size":  {"1," + huge + huge + huge + huge + huge + ",c\n2,b,c\n", "2", 1},
		"an endless last line":          {"1,b,c\n2," + huge + huge, "1", 1},
		"quoted and too long":           {"1,\"" + strings.Repeat("b,\n", 30_000) + "\",c\n2,b,c\n", "2", 30_001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var taken []string
			bad := 0
			for _, record := range records(t, c.text, intake.Dialect{Delimiter: ","}, 3, 0) {
				if record.Problem == nil {
					taken = append(taken, record.Fields[0])
					continue
				}
				bad++
				if record.Problem.Code != intake.Malformed || record.Problem.Expected == "" {
					t.Errorf("problem %+v", record.Problem)
				}
			}
			if got := strings.Join(taken, " "); got != c.taken || bad != c.bad {
				t.Errorf("took %q and refused %d, want %q and %d", got, bad, c.taken, c.bad)
			}
		})
	}
}

const awkward = "\ufeffid;e mail;text\r\n1;a@b.no;\"two\r\nlines; and \"\"quotes\"\"\"\r\n\r\n2;b@b.no;Це добре 🙂\r\n;;\r\n3;\"open;x\r\n4;d@b.no;\"fine\"\r\n5;short\r\n6;e@b.no;end"

func TestReadingResumesAtTheEndOfEveryRecord(t *testing.T) {
	t.Parallel()
	d, err := intake.Sniff([]byte(awkward))
	if err != nil {
		t.Fatal(err)
	}
	whole := records(t, awkward, d, 3, d.Start)
	if len(whole) != 7 {
		t.Fatalf("read %d records, want 7", len(whole))
	}
	for i, record := range whole {
		if diff := cmp.Diff(append([]intake.Record(nil), whole[i+1:]...), records(t, awkward, d, 3, record.End)); diff != "" {
			t.Errorf("from the end of record %d: %s", i, diff)
		}
	}
}

func TestReadingDoesNotDependOnHowBytesArrive(t *testing.T) {
	t.Parallel()
	r := intake.NewReader(iotest.OneByteReader(strings.NewReader(awkward[3:])), intake.Dialect{Delimiter: ";"}, 3, 3)
	var got []intake.Record
	for record, err := r.Next(); !errors.Is(err, io.EOF); record, err = r.Next() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, record)
	}
	if diff := cmp.Diff(records(t, awkward, intake.Dialect{Delimiter: ";"}, 3, 3), got); diff != "" {
		t.Error(diff)
	}
}

func TestABrokenSourceIsNotTheEndOfTheFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	r := intake.NewReader(io.MultiReader(strings.NewReader("1,b,c\n2,b"), iotest.ErrReader(broken)), intake.Dialect{Delimiter: ","}, 3, 0)
	_, err := r.Next()
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the failure of the source", err)
	}
}

func TestAFileOfAnyLengthIsReadInLittleMemory(t *testing.T) {
	t.Parallel()
	const rows = 200_000
	src := &repeated{line: []byte("KS-1,Language Connect,\"a, b\",x\n"), times: rows}
	r := intake.NewReader(src, intake.Dialect{Delimiter: ","}, 4, 0)
	n := 0
	for _, err := r.Next(); !errors.Is(err, io.EOF); _, err = r.Next() {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != rows {
		t.Errorf("read %d rows of %d", n, rows)
	}
}

// repeated is a long file that takes no room.
type repeated struct {
	line  []byte
	times int
	rest  []byte
}

func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.times == 0 {
			return 0, io.EOF
		}
		r.times--
		r.rest = r.line
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// FuzzRead holds the reader to what it promises of any bytes: it ends, every byte belongs to exactly one step forward, a record that
// is taken has the right number of valid values, and reading on from the middle gives what reading through gives.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{awkward, "", "a,b\n", "\"", "a\"\n\"b\n", "sep=;\n1;2\n", "\xff\xfe", "a,b\r1,2\r", "x,\"y\n\n\"z\n", strings.Repeat("\"a\n", 50)} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, raw []byte, columns uint8) {
		d, err := intake.Sniff(raw)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		all := read(t, raw, d, int(columns), d.Start)
		at := d.Start
		for i, record := range all {
			if record.End <= at || record.End > int64(len(raw)) {
				t.Fatalf("record %d ends at %d after %d of %d", i, record.End, at, len(raw))
			}
			if record.Problem == nil && columns > 0 && len(record.Fields) != int(columns) {
				t.Fatalf("record %d has %d values", i, len(record.Fields))
			}
			at = record.End
		}
		if len(all) > 0 {
			middle := len(all) / 2
			if diff := cmp.Diff(append([]intake.Record(nil), all[middle+1:]...), read(t, raw, d, int(columns), all[middle].End)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func read(t *testing.T, raw []byte, d intake.Dialect, columns int, offset int64) []intake.Record {
	r := intake.NewReader(bytes.NewReader(raw[min(offset, int64(len(raw))):]), d, columns, offset)
	var all []intake.Record
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			if r.Offset() < int64(len(raw)) {
				t.Fatalf("ended at byte %d of %d", r.Offset(), len(raw))
			}
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, record)
	}
}
