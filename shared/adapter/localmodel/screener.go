package localmodel

import (
	"context"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/adapter/localmodel/writing"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
)

// Screener looks for harm in texts. It is safe for concurrent use.
type Screener struct{}

var _ safety.Screener = (*Screener)(nil)

// NewScreener is a screener over the weights inside the binary, which are opened when the first text comes.
func NewScreener() *Screener { return &Screener{} }

// Screen is safety.Screener. Findings are in the order of safety.Categories. It fails with Busy when ctx has ended, and Invalid for what is
// not UTF-8.
func (s *Screener) Screen(ctx context.Context, in safety.Request) (safety.Screening, error) {
	if err := ctx.Err(); err != nil {
		return safety.Screening{}, fault.Wrap(fault.Busy, "screening was given up", err)
	}
	if !utf8.ValidString(in.Text) {
		return safety.Screening{}, fault.Fields("the text cannot be read", fault.Field{Name: "text", Expected: "valid UTF-8"})
	}
	r := own()
	screening := safety.Screening{Version: r.harm.Version}
	if code, _ := r.languages.Detect(in.Text); len(code) == 2 && readable(in.Text) {
		screening.Language = code
	}
	personal := safety.FindPII(in.Text)
	worded := unnumbered(in.Text, personal)
	read := r.screen(worded)
	plain := r.said(in.Text)
	for i, c := range Harms {
		f := safety.Finding{Category: c}
		if read.Odds != nil && float64(read.Odds[i]) >= r.harm.Thresholds[i] {
			f.Confidence, f.Reported = r.harm.confidence(i, read.Odds[i]), float64(read.Told[i]) >= r.harm.Reported
			f.Spans = []safety.Span{place(in.Text, read.Where[i].Start, read.Where[i].End)}
		}
		if p := plain[c]; p != nil {
			f.Reported = p.Reported || f.Reported && hold(f.Spans, p.Spans)
			f.Confidence, f.Spans = max(f.Confidence, p.Confidence), p.Spans
		}
		if f.Spans != nil {
			screening.Findings = append(screening.Findings, f)
		}
	}
	if flood(in.Text) && !slices.ContainsFunc(screening.Findings, func(f safety.Finding) bool { return f.Category == safety.Spam }) {
		screening.Findings = append(screening.Findings, safety.Finding{
			Category: safety.Spam, Confidence: 0.9, Spans: []safety.Span{place(in.Text, 0, len(in.Text))},
		})
	}
	if r.unread(worded) {
		screening.Findings = append(screening.Findings, safety.Finding{Category: safety.Unread, Confidence: 1})
	}
	if personal != nil {
		screening.Findings = append(screening.Findings, safety.Finding{Category: safety.PII, Confidence: 0.9, Spans: personal})
	}
	slices.SortStableFunc(screening.Findings, func(a, b safety.Finding) int { return safety.Gravity(a.Category) - safety.Gravity(b.Category) })
	return screening, nil
}

// hold says whether each of spans lies within one of those.
func hold(those, spans []safety.Span) bool {
	return !slices.ContainsFunc(spans, func(s safety.Span) bool {
		return !slices.ContainsFunc(those, func(o safety.Span) bool { return o.Start <= s.Start && s.End <= o.End })
	})
}

// Likely is the confidence of each of Harms in text, found or not.
func (s *Screener) Likely(text string) map[safety.Category]float64 {
	r := own()
	read := r.screen(unnumbered(text, safety.FindPII(text)))
	out := map[safety.Category]float64{}
	for i, c := range Harms {
		if read.Odds != nil {
			out[c] = r.harm.confidence(i, read.Odds[i])
		}
	}
	for c, f := range r.said(text) {
		out[c] = max(out[c], f.Confidence)
	}
	return out
}

// screen reads a text as it is written, and made plain where words are disguised; what is found in either counts.
func (r *Reader) screen(text string) HarmReading {
	read := r.Screen(text)
	folded, at := safety.Fold(text)
	if folded == strings.ToLower(text) {
		return read
	}
	plain := r.Screen(folded)
	for i, s := range plain.Where {
		from, to := safety.Unfold(at, s.Start, s.End)
		plain.Where[i].Start, plain.Where[i].End = bytesOf(text, from), bytesOf(text, to)
	}
	if read.Odds == nil { // there is no letter but disguised ones
		return plain
	}
	for i, odds := range plain.Odds {
		if odds > read.Odds[i] {
			read.Odds[i], read.Told[i], read.Where[i] = odds, plain.Told[i], plain.Where[i]
		}
	}
	return read
}

// unread says whether the network does not know what a text is written in: a language that is not scored, as the model tells it, or, between two
// signs that end a sentence, another script, however its letters are disguised. A text without a word, or with a face drawn of letters, is not unread.
func (r *Reader) unread(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '…' || unicode.Is(unicode.STerm, r) }) {
		plain, _ := safety.Fold(part)
		if !readable(plain) && slices.ContainsFunc(writing.Words(plain), func(word string) bool { return utf8.RuneCountInString(word) > 1 }) {
			return true
		}
	}
	said := Reading{Readable: true, Words: len(writing.Words(text))}
	said.Language, said.Sure = r.languages.Detect(text)
	return r.rules.language(said) == ""
}

// unnumbered is text without those of its personal spans that are no names: numbers, addresses and links are found by rules and tell the network
// nothing but that they are odd. What follows "I was called" may be a name, and may be an insult: it is left to be read.
func unnumbered(text string, personal []safety.Span) string {
	return blank(text, slices.DeleteFunc(slices.Clone(personal), func(s safety.Span) bool { return s.Kind == safety.Name }))
}

// blank has spaces where spans lie, byte for byte.
func blank(text string, spans []safety.Span) string {
	if spans == nil {
		return text
	}
	b := []byte(text)
	for _, s := range spans {
		part := b[bytesOf(text, s.Start):bytesOf(text, s.End)]
		for i := range part {
			part[i] = ' '
		}
	}
	return string(b)
}

// said is what text says plainly, as it is written or made plain where words are disguised.
func (r *Reader) said(text string) map[safety.Category]*safety.Finding {
	found := said(text, r.phrases)
	folded, at := safety.Fold(text)
	if folded == strings.ToLower(text) {
		return found
	}
	for c, f := range said(folded, r.phrases) {
		if found[c] != nil {
			continue
		}
		for i, s := range f.Spans { // from characters of the folded text to bytes of it, and from there to characters of the text
			f.Spans[i].Start, f.Spans[i].End = safety.Unfold(at, bytesOf(folded, s.Start), bytesOf(folded, s.End))
		}
		f.Spans = slices.DeleteFunc(f.Spans, func(s safety.Span) bool { return s.Start >= s.End })
		found[c] = f
	}
	return found
}

// bytesOf is where character n of text begins, the end of text for one behind the last.
func bytesOf(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

func place(text string, a, b int) safety.Span {
	s := outcome.SpanAt(text, a, b)
	return safety.Span{Start: s.Start, End: s.End}
}

// confidence is such that the platform's usual policy acts from the threshold on.
func (h HarmRules) confidence(i int, odds float32) float64 {
	acts := safety.Usual.Moderation
	switch Harms[i] {
	case safety.SelfHarm, safety.ChildSafety:
		acts = safety.Usual.Safeguarding
	case safety.Profanity:
		acts = safety.Usual.Profanity
	}
	return outcome.Round(Likely(odds - float32(h.Thresholds[i]) + float32(math.Log(acts/(1-acts)))))
}

// flood says whether a text is one thing over and over: at least twelve words of which nine in ten are repeats, or three links.
func flood(text string) bool {
	words := strings.Fields(strings.ToLower(text))
	different := map[string]bool{}
	for _, w := range words {
		different[w] = true
	}
	return len(words) >= 12 && len(different)*10 <= len(words) || strings.Count(text, "http://")+strings.Count(text, "https://") >= 3
}
