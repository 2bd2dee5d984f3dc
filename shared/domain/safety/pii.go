package safety

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The kinds of PII that FindPII finds, as in Span.Kind.
const (
	Email      = "email"       // also spelled out: "name at host dot com"
	Phone      = "phone"       // international, or in the national form of a country, or called a phone number by the text
	IBAN       = "iban"        // of a known country's length, with its check digits
	Card       = "card"        // of a known issuer, with its check digit
	NationalID = "national_id" // with its check digits or its date; of a passport, when called one
	Address    = "address"     // street and number, with town and postcode around them; post boxes
	URL        = "url"         // with a scheme, www or a path; a bare "host.com" is not one
	Name       = "name"        // only where the text says that it is one: "my name is", a title, a signature, or @ before what somebody is called on a network
	IP         = "ip"
)

// FindPII gives the places of text that tell how to reach a person or who they are, in order, not touching each other's characters. It
// prefers to be right: what has check digits must have the right ones, what has none must stand in a form, or beside a word, that
// says what it is. Names without such a word or sign, bare towns and birthdays are not found. It takes time in proportion to the text.
func FindPII(text string) []Span {
	p := newPage(text)
	p.mails()
	p.links()
	p.handles()
	p.codes()
	p.numbers()
	p.addresses()
	p.names()
	return p.found()
}

// Private are the spans of text that whatever shows or quotes it masks: what was found when it was screened as it stands, what FindPII finds,
// and what else the caller knows of it, such as the names of those who met. They may overlap and are in no order; Mask and MaskQuote take them so.
func Private(text string, screened []Span, more ...Span) []Span {
	return slices.Concat(screened, FindPII(text), more)
}

// Private is the spans that are masked where text, by now the text that s is a screening of, is shown or quoted. If it said something else when
// it was screened, what was found then stands elsewhere, and only our own rules count.
func (s Screened) Private(text string) []Span {
	var found []Span
	if s.TextVersion == TextVersion(s.ContentID, text) {
		found = s.Personal()
	}
	return Private(text, found)
}

// Union is spans in order, those that overlap as one, of the kind of the one that begins first: no character of any is lost.
func Union(spans []Span) []Span {
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var out []Span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.Start < out[last].End {
			out[last].End = max(out[last].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// mask is what is shown in place of a kind.
func mask(kind string) string {
	switch kind {
	case Email:
		return "[e-mail]"
	case NationalID:
		return "[id number]"
	case URL:
		return "[link]"
	case IBAN, IP:
		return "[" + strings.ToUpper(kind) + "]"
	case Phone, Card, Address, Name:
		return "[" + kind + "]"
	}
	return "[hidden]"
}

// Mask is text with each span replaced by its kind in brackets. Spans may overlap, be out of order and reach beyond the text; no
// character of any is left, and no other is lost.
func Mask(text string, spans []Span) string {
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var b strings.Builder
	b.Grow(len(text))
	next, hidden, n := 0, 0, 0 // hidden: characters before it are masked
	for at := range text {
		for next < len(spans) && spans[next].Start <= n {
			if s := spans[next]; s.End > max(n, hidden) {
				if hidden <= n {
					b.WriteString(mask(s.Kind))
				}
				hidden = s.End
			}
			next++
		}
		if n >= hidden {
			_, size := utf8.DecodeRuneInString(text[at:])
			b.WriteString(text[at : at+size])
		}
		n++
	}
	return b.String()
}

// MaskQuote is Mask for a quote that begins at character start of a text of which spans are the spans. A span that the quote's border
// cuts is masked as far as it is visible.
func MaskQuote(quote string, start int, spans []Span) string {
	shifted := slices.Clone(spans)
	for i := range shifted {
		shifted[i].Start -= start
		shifted[i].End -= start
	}
	return Mask(quote, shifted)
}
