package intake

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/fault"
)

// Limits of every file. There is none on its length or its number of rows.
const (
	HeadSize   = 64 << 10 // bytes from which a dialect is found
	MaxRecord  = 64 << 10 // bytes of one record, its line end included
	MaxColumns = 100
)

// Dialect is how a file is written down.
type Dialect struct {
	Delimiter string `json:"delimiter"`     // a comma, a semicolon or a tab
	BOM       bool   `json:"bom,omitempty"` // a byte order mark stands in front
	Start     int64  `json:"start"`         // byte at which the header begins
}

// Sniff finds the dialect from the first bytes of a file, up to HeadSize of them. What is not UTF-8 text with line ends that
// contain LF is Invalid, with a sentence that says what it looks like instead.
func Sniff(head []byte) (Dialect, error) {
	d := Dialect{Delimiter: ","}
	looks := disguise(head)
	if looks != "" {
		return d, unreadable(looks)
	}
	rest, bom := bytes.CutPrefix(head, []byte("\xef\xbb\xbf"))
	d.BOM = bom
	if len(bytes.TrimSpace(rest)) == 0 {
		return d, unreadable("it is empty")
	}
	if !validHead(rest) {
		return d, unreadable("it is not UTF-8 (it may be Latin-1 or Windows-1252); save it as UTF-8")
	}
	if bytes.IndexByte(rest, '\n') < 0 && bytes.IndexByte(rest, '\r') >= 0 {
		return d, unreadable("its lines end with CR alone; save it with LF or CRLF line ends")
	}
	d.Start = int64(len(head) - len(rest))
	first, _, _ := bytes.Cut(rest, []byte("\n"))
	hint, told := strings.CutPrefix(strings.ToLower(strings.TrimRight(string(first), "\r")), "sep=")
	if told && len(hint) == 1 && strings.Contains(delimiters, hint) { // a line that Excel writes and reads
		d.Delimiter = hint
		d.Start += int64(len(first) + 1)
		return d, nil
	}
	d.Delimiter = delimiterOf(rest)
	return d, nil
}

const delimiters = ",;\t"

// delimiterOf is the delimiter found most often outside quotes in the first record; a single column has none and gets the comma.
func delimiterOf(text []byte) string {
	text = bytes.TrimLeft(text, "\r\n")
	var counts [128]int
	quoted := false
	for _, c := range text {
		if c == '\n' && !quoted {
			break
		}
		if c == '"' {
			quoted = !quoted
		}
		if !quoted && c < 128 {
			counts[c]++
		}
	}
	best := ","
	for _, candidate := range delimiters {
		if counts[candidate] > counts[best[0]] {
			best = string(candidate)
		}
	}
	return best
}

// disguise says what a file is that is no text in UTF-8, empty where it may be one.
func disguise(head []byte) string {
	for _, known := range []struct{ magic, looks string }{
		{"\xff\xfe", "it is UTF-16; save it as UTF-8"},
		{"\xfe\xff", "it is UTF-16; save it as UTF-8"},
		{"PK\x03\x04", "it is a workbook or an archive; save it as CSV in UTF-8"},
		{"\xd0\xcf\x11\xe0", "it is an old Excel workbook; save it as CSV in UTF-8"},
		{"\x1f\x8b", "it is compressed with gzip; send the CSV itself"},
		{"%PDF", "it is a PDF; send a CSV"},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return known.looks
		}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return "it holds zero bytes, as UTF-16 or binary files do; save it as UTF-8"
	}
	return ""
}

// validHead says whether head is UTF-8, but for a last character that the end may have cut in two.
func validHead(head []byte) bool {
	for cut := 0; cut < utf8.UTFMax && cut <= len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return cut == 0 || !utf8.FullRune(head[len(head)-cut:])
		}
	}
	return false
}

func unreadable(why string) error {
	return fault.New(fault.Invalid, "the file cannot be read as CSV: "+why)
}
