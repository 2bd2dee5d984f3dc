package safety

import (
	"net/netip"
	"strings"
)

// codes finds numbers that are written with letters: IBANs, and the national ids of Spain, Finland, Italy, Britain, Corsica, and
// passports and driving licences that are called so.
func (p *page) codes() {
	for i := range p.words {
		w := p.words[i]
		if p.taken[w.from] || p.alnum(w.from-1) {
			continue
		}
		switch {
		case !w.number && w.to-w.from == 2 && p.number(w.to):
			_ = p.iban(w.from) || p.nino(w.from)
		case !w.number && w.to-w.from == 2 && p.at(w.to) == ' ' && p.number(w.to+1):
			p.nino(w.from)
		}
		if !p.taken[w.from] {
			p.shortCode(w)
		}
		if document(w.low) {
			p.document(i)
		}
	}
}

func (p *page) number(i int) bool { return class(p.at(i)) == 'd' }

// compact reads letters and digits from a on in lower case, with single signs of skip between them, at most n; to is where it ends.
// ends[k] is the end of the first k+1 of them.
func (p *page) compact(a, n int, skip string) (s string, ends []int) {
	var b strings.Builder
	for i := a; i < len(p.r) && b.Len() < n; i++ {
		r := lower(p.r[i])
		switch {
		case r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
			b.WriteByte(byte(r))
			ends = append(ends, i+1)
		case strings.ContainsRune(skip, r) && i > a && p.alnum(i-1) && p.alnum(i+1):
		default:
			return b.String(), ends
		}
	}
	return b.String(), ends
}

// iban keeps an IBAN that begins at a, in one piece or in groups.
func (p *page) iban(a int) bool {
	s, ends := p.compact(a, 33, " -")
	n := 0
	if len(s) > 4 {
		n = ibanLength(s[:2])
	}
	if n == 0 || len(s) < n || !p.number(a+2) || class(p.at(ends[3]-1)) != 'd' || !iban(s[:n]) || p.alnum(ends[n-1]) || !p.free(a, ends[n-1]) {
		return false
	}
	p.keep(IBAN, a, ends[n-1])
	return true
}

// nino keeps a British National Insurance number, in one piece or in pairs.
func (p *page) nino(a int) bool {
	s, ends := p.compact(a, 9, " ")
	if len(s) < 9 || strings.Trim(s[2:8], "0123456789") != "" || !british(s) || p.alnum(ends[8]) || !upper(p.r[a:ends[8]]) {
		return false
	}
	p.keep(NationalID, a, ends[8])
	return true
}

// upper says whether no letter of in is a small one.
func upper(in []rune) bool { return strings.ToUpper(string(in)) == string(in) }

// shortCode keeps a Spanish, Finnish, Italian or Corsican number that begins with w.
func (p *page) shortCode(w word) {
	n, skip := 9, "-"
	switch {
	case w.number && w.to-w.from == 8: // 12345678Z
	case !w.number && w.to-w.from == 1 && strings.Contains("xyz", w.low): // X1234567L
	case w.number && w.to-w.from == 6: // 131052-308T
		p.hetu(w)
		return
	case !w.number && w.to-w.from == 6 && p.number(w.to), w.number && w.to-w.from == 1 && (w.low == "1" || w.low == "2"):
		n, skip = 16, " "
	default:
		return
	}
	s, ends := p.compact(w.from, n, skip)
	if len(s) < n-1 || p.alnum(ends[len(s)-1]) {
		return
	}
	last := s[len(s)-1]
	switch {
	case n == 9 && len(s) == 9 && last >= 'a' && strings.Trim(s[1:8], "0123456789") == "":
		digits := s[:8]
		if s[0] >= 'a' {
			digits = string("012"[s[0]-'x']) + s[1:8]
		}
		if spanish(digits, last) {
			p.keep(NationalID, w.from, ends[8])
		}
	case len(s) == 16 && !w.number && last >= 'a' && italian(s):
		p.keep(NationalID, w.from, ends[15])
	case len(s) == 15 && w.number && (s[5:7] == "2a" || s[5:7] == "2b") && strings.Trim(s[:5]+s[7:], "0123456789") == "" && french(s):
		p.keep(NationalID, w.from, ends[14])
	}
}

func (p *page) hetu(w word) {
	sign := lower(p.at(w.to))
	if sign != '-' && sign != '+' && !(sign >= 'a' && sign <= 'f') && !(sign >= 'u' && sign <= 'y') {
		return
	}
	s, ends := p.compact(w.to+1, 4, "")
	if len(s) == 4 && strings.Trim(s[:3], "0123456789") == "" && !p.alnum(ends[3]) && finnish(w.low, s[:3], s[3]) {
		p.keep(NationalID, w.from, ends[3])
	}
}

// document keeps the number behind word i, which is a word for a passport or a licence: one to three letters, or none, and at least
// five digits, in one piece or with one space.
func (p *page) document(i int) {
	for k := i + 1; k < len(p.words) && k <= i+6 && !strings.ContainsAny(p.gap(k-1), "\n!?;"); k++ {
		a, b := p.words[k].from, p.words[k].to
		if p.alnum(a-1) || p.taken[a] {
			continue
		}
		if !p.words[k].number {
			if b-a > 3 || !upper(p.r[a:b]) || p.gap(k) != "" && p.gap(k) != " " || !p.word(k+1).number {
				continue
			}
			b = p.words[k+1].to
		}
		for p.alnum(b) {
			b++
		}
		digits := 0
		for _, r := range p.r[a:b] {
			if r >= '0' && r <= '9' {
				digits++
			}
		}
		if digits >= 5 && digits <= 14 && b-a <= 16 {
			p.keep(NationalID, a, b)
			return
		}
	}
}

// ip keeps a network address that begins with word i: four numbers up to 255, or groups of hexadecimal digits with colons.
func (p *page) ip(i int) {
	w := p.words[i]
	if p.alnum(w.from-1) || p.at(w.from-1) == '.' || p.at(w.from-1) == ':' && p.at(w.from-2) == ':' {
		return
	}
	b, dots, colons := w.from, 0, 0
	for b < len(p.r) && b-w.from <= 40 {
		r := lower(p.r[b])
		if r == '.' {
			dots++
		} else if r == ':' {
			colons++
		} else if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') {
			break
		}
		b++
	}
	for b > w.from && (p.r[b-1] == '.' || p.r[b-1] == ':') {
		if p.r[b-1] == '.' {
			dots--
		} else {
			colons--
		}
		b--
	}
	if (dots != 3 || colons != 0 || p.cue(i, 1, version)) && (dots != 0 || colons < 4) || p.alnum(b) || !p.free(w.from, b) {
		return
	}
	if _, err := netip.ParseAddr(string(p.r[w.from:b])); err == nil {
		p.keep(IP, w.from, b)
	}
}
