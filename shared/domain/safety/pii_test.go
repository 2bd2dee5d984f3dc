package safety_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// marked reads "Ring <phone:412 34 567> nå" into the text and what must be found in it.
func marked(s string) (text string, want []string) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "<")
		b.WriteString(before)
		if !found {
			return b.String(), want
		}
		span, after, _ := strings.Cut(rest, ">")
		_, part, _ := strings.Cut(span, ":")
		b.WriteString(part)
		want, s = append(want, span), after
	}
}

// shown are spans as marked writes them.
func shown(text string, spans []safety.Span) []string {
	var out []string
	runes := []rune(text)
	for _, s := range spans {
		out = append(out, s.Kind+":"+string(runes[s.Start:s.End]))
	}
	return out
}

func TestFindPII(t *testing.T) {
	t.Parallel()
	for _, c := range []string{
		"write to <email:ola.nordmann+kurs@sub.example.co.uk>.",
		"<email:ola@example.com>,<email:kari@example.no>;",
		"<email:оля@приклад.укр> і все",
		"mail <email:jane dot doe at example dot org> ok",
		"mail <email:jane@\u200bexample.com> with a hidden character",
		"<email:ｏｌａ＠ｅｘａｍｐｌｅ．ｃｏｍ> in wide letters",
		"tel <phone:+41 (0)71 526 99 04>!",
		"<phone:+1-984-182-0190>", "(<phone:+4740612345>)", "<phone:0038 0671234567>",
		"<phone:(202) 555-0143>", "<phone:202.555.0143 x123>", "<phone:079 0442 1744>", "<phone:01.84.17.61.18>",
		"<phone:٠٩٣٣ ١٢٣ ٤٥٦>", "<phone:０９３３ １２３ ４５６>", "ring <phone:358 0594>", "<phone:0171/1234567>", "<phone:070-123 45 67>", "<phone:06-12345678>",
		"iban <iban:NL91ABNA0417164300> <iban:GB82 WEST 1234 5698 7654 32>",
		"<card:4111-1111-1111-1111>", "<card:378282246310005>", "<card:6011 1111 1111 1117>", "<card:٤١١١١١١١١١١١١١١١>",
		"<national_id:13816517049> and <national_id:138165 17049>",
		"<national_id:811228-9874>", "<national_id:19811228-9874>", "<national_id:131052-308T>", "<national_id:86095742719>", "<national_id:255081416802538>",
		"<national_id:12345678Z>", "<national_id:X1234567L>", "<national_id:RSSMRA85T10A562S>", "<national_id:44051401359>", "bsn <national_id:111222333>",
		"<national_id:AB123456C>", "<national_id:756.9217.0769.85>", "<national_id:070761-4285>", "passport <national_id:AB1234567>", "<national_id:536-90-4399>",
		"at <address:12 Baker Street, London NW1 6XE>.", "<address:Storgata 12 B, 0155 Oslo>", "i <address:storgata 12>", "<address:Hauptstr. 5, 10115 Berlin>",
		"<address:вул. Лесі Українки, буд. 14, кв. 3>", "<address:25 rue Victor Hugo, 75003 Paris>", "<address:calle Mayor, 12, 28013 Madrid>", "<address:شارع الجامعة 15>",
		"see <url:https://example.com/a?b=c>.", "<url:www.example.com>", "<url:facebook.com/ola.n>", "<ip:10.1.2.3> and <ip:2001:db8::ff00:42:8329>",
		"write to <name:@olena.k>.", "<name:@kari_99>, (<name:@ola>)", "insta: <name:@Олена-К>!", "<name:＠ｏｌｅｎａ>", "hei <name:@ka\u202eri\u202c> der", "<email:ola@example.com> or <name:@ola_n>",
		"<url:https://t.me/@olena>", "<name:@mira>@", "mail <email:ja\u2066ne@exa\u2069mple.com> now", "ring <phone:412\u202e 34 567> now",
		"My name is <name:Anna-Marie O'Neil>.", "I'm called <name:Olena>.", "I’m named <name:Olena> too", "I am called <name:Olena>", "jeg heter <name:Ola van der Berg> og", "Frau <name:Müller> ist", "мене звати <name:Олена>", "اسمي <name:أحمد> وأنا", "Thanks!\nBest regards,\n<name:Amal Haddad>\n",
	} {
		text, want := marked(c)
		if diff := cmp.Diff(want, shown(text, safety.FindPII(text))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestWhatIsNoPIIStays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "@", "a@b", "meet @ 10.30", "look at this dot", "5 @ 3.50 each", "@me", "@12", "@ 10", "@12345", "@...", "f@ggot", "f*@king", "a.@bcd", "@", "@@",
		"12.05.2024", "2024-05-12 18:30:00", "05/12/24", "12 05 2024", "kl. 09.00-11.30", "18:00–20:00", "2019-2020", "1987, 1999, 2001",
		"kr 1 234 567", "$12,345,678.90", "1.234.567,89 €", "12 345 678 kr", "3,14159265358979", "0.123456789", "100 000 000 people",
		"room 204", "B204", "ENG101", "chapter 3.2.1.4.5", "version 10.0.0.1", "7-3-2", "3:2", "45 %", "90/60", "1-2-3-4-5-6-7-8-9", "10 20 30 40", "21 22 23 24",
		"4111 1111 1111 1112", "GB82 WEST 1234 5698 7654 33", "12345678A", "131052-308U", "AA000000E", "order 4512345678", "ISBN 9780306406157", "org.nr 912 345 678",
		"000-12-3456", "999.1.1.1", "1.2.3", "10:20:30", "5 minutes down the street", "20 minutter arbeidsvei 20 minutter", "på veien 3 ganger", "Arbeitsplatz 12", "2 places", "10 cours", "via Zoom 3",
		"in 2024 Oslo", "12000 Menschen", "na 5", "My name is not important", "jeg heter det samme", "Mr and Mrs", "Miss you!", "Regards to all", "finn.no and nav.no", "e.g. this, i.e. that", "gate 12", "12 quiet streets",
		"I was there 24/7 and gave 110 %", "😀😀 12 😀", "٢٠٢٤", "Engineering 101", "A1, A2, B1", "covid19",
	} {
		if got := shown(text, safety.FindPII(text)); len(got) > 0 {
			t.Errorf("%q: found %q, want nothing", text, got)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	text := "Jeg er Åse 🎉, ring 412 34 567 eller skriv aase@example.no."
	if got, want := safety.Mask(text, safety.FindPII(text)), "Jeg er Åse 🎉, ring [phone] eller skriv [e-mail]."; got != want {
		t.Errorf("masked: %q, want %q", got, want)
	}
	overlapping := []safety.Span{{Start: 4, End: 99, Kind: safety.Name}, {Start: -3, End: 2, Kind: "other"}, {Start: 5, End: 6, Kind: safety.IP}, {Start: 3, End: 3}}
	if got, want := safety.Mask("abcdef", overlapping), "[hidden]cd[name]"; got != want {
		t.Errorf("overlapping spans: %q, want %q", got, want)
	}
}

func TestSpansThatOverlapBecomeOneAndLoseNothing(t *testing.T) {
	t.Parallel()
	given := []safety.Span{
		{Start: 5, End: 20, Kind: safety.Address}, {Start: 30, End: 34, Kind: safety.Name}, {Start: 5, End: 10, Kind: safety.Phone}, {Start: 18, End: 25, Kind: safety.Name}, {Start: 25, End: 27},
	}
	want := []safety.Span{{Start: 5, End: 25, Kind: safety.Address}, {Start: 25, End: 27}, {Start: 30, End: 34, Kind: safety.Name}}
	if diff := cmp.Diff(want, safety.Union(given)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := safety.Union(nil); got != nil {
		t.Errorf("of none: %v", got)
	}
}

func TestWhatAScreeningFoundIsMaskedInTheTextThatItReadAlone(t *testing.T) {
	t.Parallel()
	const read = "🎉 Poznyaky, ring 412 34 567"
	s := safety.Screened{
		Screening: safety.Screening{ContentID: "t", Findings: []safety.Finding{
			{Category: safety.Profanity, Confidence: 1, Spans: []safety.Span{{Start: 0, End: 1}}},
			{Category: safety.PII, Confidence: 1, Spans: []safety.Span{{Start: 2, End: 10, Kind: safety.Address}, {Start: 22, End: 28, Kind: "other"}}},
		}},
		TextVersion: safety.TextVersion("t", read),
	}
	for text, want := range map[string]string{read: "🎉 [address], ring [phone]", "Oh " + read: "Oh 🎉 Poznyaky, ring [phone]"} {
		if got := safety.Mask(text, s.Private(text)); got != want {
			t.Errorf("%q is shown as %q, expected %q", text, got, want)
		}
	}
}

func TestMaskQuoteHidesWhatItsBorderCuts(t *testing.T) {
	t.Parallel()
	text := "Ring 412 34 567 nå"
	spans := safety.FindPII(text)
	runes := []rune(text)
	for start := range runes {
		for end := start; end <= len(runes); end++ {
			quote := string(runes[start:end])
			got := safety.MaskQuote(quote, start, spans)
			if strings.ContainsAny(got, "0123456789") {
				t.Fatalf("quote %q shows digits: %q", quote, got)
			}
			if kept := strings.ReplaceAll(got, "[phone]", ""); kept != strings.Map(withoutNumber, quote[:min(len(quote), max(0, 5-start))])+tail(runes, start, end) {
				t.Fatalf("quote %q lost letters: %q", quote, got)
			}
		}
	}
}

func withoutNumber(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}

// tail is what of the quote stands behind the number of TestMaskQuoteHidesWhatItsBorderCuts.
func tail(runes []rune, start, end int) string {
	if end <= 15 {
		return ""
	}
	return string(runes[max(15, start):end])
}

var mailForm = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}`)

func FuzzFindPII(f *testing.F) {
	for _, s := range []string{
		"a@b.co", "ring +47 412 34 567", "a\u0301@b\u0301.com", "\xff@a.bc", "GB82 WEST 1234 5698 7654 32", "12 Baker Street, London NW1 6XE", "http://http://a.b@c.de/", "a (at) b (dot) com",
		"мене звати Олена", "ﬃ@ﬁ.com ½ ①②③", "1.2.3.4 ::1", "@@..@@", "(((+++)))", "jeg heter", "Mr.", "x@y.z@a.bc.de", "\u200ba@\u200bb.com\u200b", "passport A1", "٠٩٣٣١٢٣٤٥٦",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spans := safety.FindPII(text)
		end, n := 0, utf8.RuneCountInString(text)
		for _, s := range spans {
			if s.Start < end || s.End <= s.Start || s.End > n || s.Kind == "" {
				t.Fatalf("spans %v of %d characters", spans, n)
			}
			end = s.End
		}
		masked := safety.Mask(text, spans)
		if m := mailForm.FindString(masked); m != "" {
			t.Errorf("%q is masked as %q, which shows %q", text, masked, m)
		}
		if len(spans) == 0 && masked != text {
			t.Errorf("%q without spans became %q", text, masked)
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add("abc", 0, 1, 1, 3)
	f.Add("Åse\xff🎉", -1, 99, 2, 2)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		spans := []safety.Span{{Start: a, End: b}, {Start: c, End: d}}
		var want strings.Builder
		n, inside := 0, false
		for at, r := range text {
			hidden := n >= a && n < b || n >= c && n < d
			if !hidden {
				if r == utf8.RuneError {
					_, size := utf8.DecodeRuneInString(text[at:])
					want.WriteString(text[at : at+size])
				} else {
					want.WriteRune(r)
				}
			}
			inside = inside || hidden
			n++
		}
		got := safety.Mask(text, spans)
		if strings.ReplaceAll(got, "[hidden]", "") != strings.ReplaceAll(want.String(), "[hidden]", "") || inside != (strings.Count(got, "[hidden]") > strings.Count(want.String(), "[hidden]")) {
			t.Errorf("Mask(%q, %v) = %q; what stays is %q", text, spans, got, want.String())
		}
	})
}

func TestTimeGrowsWithTheText(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string]string{
		"digits": "1", "groups": "12 ", "at": "a@", "links": "http://", "hex": "a:", "plus": "+1", "brackets": "(1)", "marks": "a\u0301", "capitals": "Aa ", "streets": "12 Aa Street ",
		"calle": "calle A ", "names": "Mr Aa ", "dotwords": "a dot ", "passport": "passport ", "zero width": "\u200b", "apt": "apt 1 ", "adresse": "adresse: ", "one letter words": "a ", "dotted letters": "a.", "repeated": "aaab",
	} {
		text := strings.Repeat(piece, 200_000/len(piece))
		start := time.Now()
		safety.FindPII(text)
		safety.Fold(text)
		if took := time.Since(start); took > 5*time.Second { // about 20 ms; a quadratic rule takes minutes
			t.Errorf("%s: %v for 200,000 bytes", name, took)
		}
	}
}

const sample = "Jeg bor i Storgata 12, 0155 Oslo, og min mentor Kari hjalp meg med CV-en. Ring 412 34 567 eller skriv til ola@example.no. Мене звати Олена, я вивчила 200 слів за 3 тижні. We met on 12.05.2024 at 18.00 and talked about work for 90 minutes. "

func BenchmarkFindPII(b *testing.B) {
	text := string([]rune(strings.Repeat(sample, 60))[:10_000])
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		safety.FindPII(text)
	}
}

func BenchmarkFold(b *testing.B) {
	text := string([]rune(strings.Repeat(sample, 60))[:10_000])
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		safety.Fold(text)
	}
}
