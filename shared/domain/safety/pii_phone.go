package safety

import "strings"

// phone says whether n is a phone number: with a plus or 00 and a country's code and length; in a national form that little else is
// written in; or in any form where the text calls it one.
func (p *page) phone(n *number, called bool) bool {
	s := n.digits
	if n.plus {
		return international(trunk(n))
	}
	if strings.HasPrefix(s, "00") && len(s) > 9 && !strings.HasPrefix(n.shape, "1") && international(s[2:]) {
		return true
	}
	if len(s) < 6 || len(s) > 14 || same(s) || p.amount(n) || clock(n.shape) {
		return false
	}
	if p.houseNumber(n) {
		return false
	}
	if called && len(s) >= 7 {
		return !(n.shape == "4-4" && year(s[:4])) && !(n.shape == "8" && calendar(s))
	}
	if p.cue(n.first, 3, reference) || p.at(n.from-1) == '#' || p.at(n.from-1) == '.' || p.at(n.from-1) == '/' || p.at(n.from-1) == '-' || p.at(n.to) == '%' || p.at(n.to) == '/' {
		return false
	}
	return n.national()
}

// houseNumber says whether n ends with the number of a house: a street follows.
func (p *page) houseNumber(n *number) bool {
	for k := n.last + 1; k <= n.last+3 && p.gap(k-1) == " " && p.word(k).capital; k++ {
		if streetBehind(p.word(k).low) || compound(p.word(k).low) {
			return true
		}
	}
	return false
}

// trunk is the digits of n without the bracketed zero of "+44 (0)20".
func trunk(n *number) string {
	if k := strings.Index(n.shape, ")1)"); k >= 0 {
		at := 0
		for _, c := range n.shape[:k] {
			if c >= '1' && c <= '9' {
				at += int(c - '0')
			}
		}
		if n.digits[at] == '0' {
			return n.digits[:at] + n.digits[at+1:]
		}
	}
	return n.digits
}

// national says whether n has the form in which a country writes its phone numbers.
func (n *number) national() bool {
	s, shape := n.digits, n.shape
	if s[0] == '0' {
		return s[1] != '0' && len(s) >= 9 && len(s) <= 12 && shape[0] != '1' && !(strings.Contains(shape, ".") && strings.Contains(shape, "-")) || s[1] != '0' && len(s) == 8 && zeroShort(shape)
	}
	if i := strings.IndexByte(shape, ')'); i == 1 && n.whole {
		return len(s) >= 8 && len(s) <= 11 && shape[0] >= '2' && shape[0] <= '5' && !(i == 1 && shape[0] == '4' && year(s[:4]))
	}
	if s[0] == '1' {
		return (shape == "1-3-3-4" || shape == "1 3 3 4" || shape == "1-3)3-4") && n.whole
	}
	switch shape {
	case "3-3-4", "3.3.4", "3 3 4", "3 3-4", "3-4-4": // North America; Italy
		return true
	case "a":
		return s[3] >= '2' || s[0] == '3' // the same
	case "3 7", "3-7", "3/7":
		return s[0] == '3' // Italian mobiles
	case "3 3 3", "3-3-3": // Spain, Poland, Portugal, Czechia
		return s[0] >= '3' && !strings.HasSuffix(s, "000") && n.whole
	case "3 2 2 2", "3-2-2-2":
		return s[0] >= '6' && n.whole
	case "2 3 2 2", "2-3-2-2":
		return n.whole
	case "3 2 3": // Norway; sums that end in 0 are lists
		return n.whole && !(s[2] == '0' && s[4] == '0' && s[7] == '0')
	case "2 2 2 2", "2-2-2-2":
		return n.whole && !list(s)
	case "8":
		return (s[0] == '4' || s[0] == '9') && !strings.HasSuffix(s, "0000")
	case "9":
		return s[0] == '6' || s[0] == '7'
	case "c":
		return strings.HasPrefix(s, "380") && international(s)
	}
	return false
}

func zeroShort(shape string) bool {
	return shape == "2-3 3" || shape == "2-2 2 2" || shape == "2-6" || shape == "3-5"
}

// list says whether the four pairs of s rise or fall by the same step, or are all round.
func list(s string) bool {
	a, b, c, d := value(s[:2], 100), value(s[2:4], 100), value(s[4:6], 100), value(s[6:8], 100)
	return b-a == c-b && c-b == d-c || a%10 == 0 && b%10 == 0 && c%10 == 0 && d%10 == 0 || a%5 == 0 && b%5 == 0 && c%5 == 0 && d%5 == 0
}

// clock says whether shape is one of hours: 09.00-11.30, 9.30~12.
func clock(shape string) bool {
	return strings.Contains(shape, ".2-") || strings.Contains(shape, ".2~") || shape == "2.2 2.2"
}

// calendar says whether eight digits are a date.
func calendar(s string) bool {
	return year(s[:4]) && day(s[6:], s[4:6]) || year(s[4:]) && (day(s[:2], s[2:4]) || day(s[2:4], s[:2]))
}

// amount says whether n counts something: money or a unit stands beside it.
func (p *page) amount(n *number) bool {
	if strings.ContainsRune("$€£₴¥₽%~", p.at(n.from-1)) || strings.ContainsRune("$€£₴¥₽%°", p.at(n.to)) {
		return true
	}
	if p.at(n.from-1) == ' ' && strings.ContainsRune("$€£₴¥₽", p.at(n.from-2)) || p.at(n.to) == ' ' && strings.ContainsRune("$€£₴¥₽%", p.at(n.to+1)) {
		return true
	}
	next, before := p.word(n.last+1), p.word(n.first-1)
	return next.from-n.to <= 1 && unit(next.low) || n.first > 0 && n.from-before.to <= 1 && currency(before.low)
}

// phoneBehind says whether the word right behind n calls it a phone: "office", "(mobile)", "-Fax".
func (p *page) phoneBehind(n *number) bool {
	next := p.word(n.last + 1)
	if p.at(n.to) == ')' {
		return false
	}
	switch next.low {
	case "office", "fax", "mobile", "mobil", "cell", "phone", "home", "work", "mob", "tlf":
		return next.from-n.to <= 3 && next.from-n.to > 0 && !strings.Contains(string(p.r[n.to:next.from]), "\n")
	}
	return false
}

// international says whether s, without plus and zeros, is a country's calling code and a number of a length that is used there
// (ITU E.164; E.129 for the lengths).
func international(s string) bool {
	if len(s) < 8 || len(s) > 15 {
		return false
	}
	if s[0] == '1' {
		return len(s) == 11 && s[1] >= '2'
	}
	if s[0] == '7' {
		return len(s) == 11
	}
	code := 3
	if strings.Contains("20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98", s[:2]) {
		code = 2
	} else if !strings.Contains("21 22 23 24 25 26 29 35 37 38 42 50 59 67 68 69 80 85 87 88 96 97 99", s[:2]) {
		return false
	}
	least, most := lengths(s[:code])
	rest := len(s) - code
	if s[code] == '0' && s[:2] != "39" {
		rest--
	}
	return rest >= least && rest <= most
}

// lengths are those of a country's national numbers.
func lengths(code string) (least, most int) {
	switch code {
	case "47", "45", "373", "370", "371", "374":
		return 8, 8
	case "380", "48", "33", "34", "31", "41", "351", "40", "420", "421", "375", "251", "254", "249":
		return 9, 9
	case "30", "90", "91", "98", "52":
		return 10, 10
	case "44":
		return 9, 10
	case "46":
		return 7, 10
	case "49", "43", "39", "358":
		return 6, 12
	case "32", "20", "963", "964", "962", "966", "971", "961", "93", "92", "36", "359", "385", "381":
		return 7, 10
	case "354":
		return 7, 9
	}
	return 6, 12
}
