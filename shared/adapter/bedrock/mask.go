package bedrock

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// Detector finds what must not leave: the spans, in characters, of personal data in a text.
type Detector func(text string) []safety.Span

// masked is a text in which personal data is replaced by marks such as [EMAIL], and the way back.
type masked struct {
	original string
	text     string
	parts    []part
}

// part is a run of characters of the masked text and where it came from, both in characters.
type part struct {
	start, end   int // of the masked text
	from, to     int // of the original
	start8, end8 int // bytes of the original
	hidden       bool
	kind         string // of what is hidden
}

// mask hides what the detectors find. Spans that overlap are hidden together, under the name of the first.
func mask(text string, detectors ...Detector) masked {
	var spans []safety.Span
	for _, find := range detectors {
		spans = append(spans, find(text)...)
	}
	m := masked{original: text}
	var b strings.Builder
	add := func(from, to, start8, end8 int, hidden bool, kind, shown string) {
		start := 0
		if n := len(m.parts); n > 0 {
			start = m.parts[n-1].end
		}
		b.WriteString(shown)
		m.parts = append(m.parts, part{start, start + utf8.RuneCountInString(shown), from, to, start8, end8, hidden, kind})
	}
	at, at8 := 0, 0
	for _, s := range joined(spans, utf8.RuneCountInString(text)) {
		start8 := at8 + bytesOf(text[at8:], s.Start-at)
		if s.Start > at {
			add(at, s.Start, at8, start8, false, "", text[at8:start8])
		}
		end8 := start8 + bytesOf(text[start8:], s.End-s.Start)
		add(s.Start, s.End, start8, end8, true, s.Kind, mark(s.Kind))
		at, at8 = s.End, end8
	}
	if at8 < len(text) {
		add(at, at+utf8.RuneCountInString(text[at8:]), at8, len(text), false, "", text[at8:])
	}
	m.text = b.String()
	return m
}

// joined gives the spans in order, inside a text of n characters, none empty, none overlapping another.
func joined(spans []safety.Span, n int) []safety.Span {
	var inside []safety.Span
	for _, s := range spans {
		s.Start, s.End = max(s.Start, 0), min(s.End, n)
		if s.Start < s.End {
			inside = append(inside, s)
		}
	}
	return safety.Union(inside)
}

// bytesOf is how many bytes the first n characters of s take.
func bytesOf(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// mark is what stands in place of personal data of a kind.
func mark(kind string) string {
	if kind == "" {
		kind = "private"
	}
	return "[" + strings.ToUpper(kind) + "]"
}

// restore turns a span of the masked text into the span of the original that it was made from. A span that begins or ends inside a
// mark gets all that the mark hides. It is false where the span says nothing but marks.
func (m masked) restore(s outcome.Span) (outcome.Span, bool) {
	a, b, ok := m.bytes(s)
	if !ok || m.lettersShown(a, b) < leastQuote {
		return outcome.Span{}, false
	}
	return outcome.SpanAt(m.original, a, b), true
}

// place is restore for what was found in the masked text, however short; false where it is nothing but marks.
func (m masked) place(s outcome.Span) (safety.Span, bool) {
	a, b, ok := m.bytes(s)
	if !ok || m.lettersShown(a, b) == 0 {
		return safety.Span{}, false
	}
	return span(m.original, a, b, ""), true
}

// bytes is the bytes of the original behind a span of the masked text.
func (m masked) bytes(s outcome.Span) (a, b int, ok bool) {
	first := slices.IndexFunc(m.parts, func(p part) bool { return s.Start >= p.start && s.Start < p.end })
	last := slices.IndexFunc(m.parts, func(p part) bool { return s.End > p.start && s.End <= p.end })
	if first < 0 || last < first || s.Start >= s.End {
		return 0, 0, false
	}
	a, b = m.parts[first].start8, m.parts[last].end8
	if p := m.parts[first]; !p.hidden {
		a = p.start8 + bytesOf(m.original[p.start8:p.end8], s.Start-p.start)
	}
	if p := m.parts[last]; !p.hidden {
		b = p.start8 + bytesOf(m.original[p.start8:p.end8], s.End-p.start)
	}
	return a, b, true
}

// lettersShown counts the letters and digits of the original's bytes [a, b) that are not hidden.
func (m masked) lettersShown(a, b int) int {
	n := 0
	for _, p := range m.parts {
		from, to := max(a, p.start8), min(b, p.end8)
		if p.hidden || from >= to {
			continue
		}
		for _, r := range m.original[from:to] {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				n++
			}
		}
	}
	return n
}
