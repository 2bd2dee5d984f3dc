package safety

import "strings"

// weighed is the sum of the digits of s times their weights.
func weighed(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return sum
}

// luhn is the check of cards and of Swedish numbers: every second digit from the right is doubled.
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// value is the number that digits write, modulo m.
func value(digits string, m int) int {
	n := 0
	for i := range len(digits) {
		n = (n*10 + int(digits[i]-'0')) % m
	}
	return n
}

// day says whether s, two digits each, is a day and a month.
func day(dd, mm string) bool {
	d, m := value(dd, 100), value(mm, 100)
	return d >= 1 && d <= 31 && m >= 1 && m <= 12 && !(m == 2 && d > 29) && !(d == 31 && (m == 4 || m == 6 || m == 9 || m == 11))
}

// same says whether all of s is one digit.
func same(s string) bool { return strings.Count(s, s[:1]) == len(s) }

// norwegian is a fødselsnummer, or a D-number, whose day is 40 higher; also the test numbers, whose month is 40 or 80 higher.
func norwegian(s string) bool {
	dd, mm := value(s[:2], 100)%40, value(s[2:4], 100)%40
	if dd < 1 || dd > 31 || mm < 1 || mm > 12 {
		return false
	}
	return weighed(s, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && weighed(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// ukrainian is an RNOKPP: days since 1899 (from 1927 on here), a serial number, a check digit.
func ukrainian(s string) bool {
	born := value(s[:5], 100000)
	sum := -int(s[0]-'0') + weighed(s[1:], 5, 7, 9, 4, 6, 10, 5, 7)
	return born >= 10000 && born <= 47000 && ((sum%11+11)%11)%10 == int(s[9]-'0')
}

// swedish is a personnummer of ten digits; a co-ordination number has a day that is 60 higher.
func swedish(s string) bool {
	dd := value(s[4:6], 100)
	return luhn(s) && (day(s[4:6], s[2:4]) || dd > 60 && dd <= 91 && value(s[2:4], 100) >= 1 && value(s[2:4], 100) <= 12)
}

// danish is a CPR number by its date; checked says whether the check digit of those given out until 2007 is right too.
func danish(s string) (plausible, checked bool) {
	return day(s[:2], s[2:4]), weighed(s, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// german is a Steuer-ID: ISO 7064 modulo 11,10, and among the first ten digits one comes twice or thrice and the others at most once.
func german(s string) bool {
	var times [10]int
	product := 10
	for i := range 10 {
		d := int(s[i] - '0')
		times[d]++
		sum := (d + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	often := 0
	for _, n := range times {
		if n > 3 {
			return false
		}
		if n > 1 {
			often++
		}
	}
	return s[0] != '0' && often == 1 && (11-product)%10 == int(s[10]-'0')
}

// polish is a PESEL; the century is in the month.
func polish(s string) bool {
	month := value(s[2:4], 100) % 20
	d := value(s[4:6], 100)
	return month >= 1 && month <= 12 && d >= 1 && d <= 31 && !same(s) && weighed(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// turkish is a T.C. kimlik number.
func turkish(s string) bool {
	odd, even := weighed(s, 1, 0, 1, 0, 1, 0, 1, 0, 1), weighed(s, 0, 1, 0, 1, 0, 1, 0, 1)
	return s[0] != '0' && ((odd*7-even)%10+10)%10 == int(s[9]-'0') && weighed(s, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)%10 == int(s[10]-'0')
}

// dutch is a BSN.
func dutch(s string) bool {
	return !same(s) && (weighed(s, 9, 8, 7, 6, 5, 4, 3, 2)-int(s[8]-'0'))%11 == 0
}

// swiss is an AHV number: EAN-13 that begins with 756.
func swiss(s string) bool {
	return strings.HasPrefix(s, "756") && weighed(s, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// belgian is a national register number; people born from 2000 on have a 2 before it when it is checked.
func belgian(s string) bool {
	check := value(s[9:], 100)
	return day(s[4:6], s[2:4]) && (97-value(s[:9], 97) == check || 97-value("2"+s[:9], 97) == check)
}

// french is an NIR: sex, year, month, department (2A and 2B on Corsica), commune, serial number and key.
func french(s string) bool {
	number := s[:13]
	switch s[5:7] {
	case "2a":
		number = s[:5] + "19" + s[7:13]
	case "2b":
		number = s[:5] + "18" + s[7:13]
	}
	month := value(s[3:5], 100)
	return (s[0] == '1' || s[0] == '2') && (month >= 1 && month <= 12 || month >= 20 && month <= 42) && 97-value(number, 97) == value(s[13:], 100)
}

// spanish is a DNI, or an NIE once its first letter has become a digit.
func spanish(digits string, letter byte) bool {
	return "trwagmyfpdxbnjzsqvhlcke"[value(digits, 23)] == letter
}

// finnish is a HETU: ddmmyy, a sign for the century, a serial number, a check sign.
func finnish(date, serial string, check byte) bool {
	return day(date[:2], date[2:4]) && "0123456789abcdefhjklmnprstuvwxy"[value(date+serial, 31)] == check
}

// italian is a codice fiscale, of sixteen letters and digits.
func italian(s string) bool {
	odd := [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i := range 15 {
		number := i == 6 || i == 7 || i == 9 || i == 10 || i >= 12 && i <= 14
		c, isDigit := s[i], s[i] >= '0' && s[i] <= '9'
		if number != isDigit && !(number && strings.IndexByte("lmnpqrstuv", c) >= 0) {
			return false
		}
		v := int(c - 'a')
		if isDigit {
			v = int(c - '0')
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return strings.IndexByte("abcdehlmprst", s[8]) >= 0 && byte('a'+sum%26) == s[15]
}

// british is a National Insurance number without its spaces.
func british(s string) bool {
	if len(s) != 9 || strings.IndexByte("dfiquv", s[0]) >= 0 || strings.IndexByte("dfiquvo", s[1]) >= 0 || s[8] < 'a' || s[8] > 'd' {
		return false
	}
	switch s[:2] {
	case "bg", "gb", "kn", "nk", "nt", "tn", "zz":
		return false
	}
	return true
}

// american is the form of a Social Security number.
func american(s string) bool {
	return s[:3] != "000" && s[:3] != "666" && s[0] != '9' && s[3:5] != "00" && s[5:] != "0000"
}

// card says whether s is the number of a payment card: an issuer's prefix and length, and Luhn's digit. Numbers of twelve or thirteen
// digits are too often something else: they need a word that says so.
func card(s string, called bool) bool {
	if len(s) < 12 || len(s) > 19 || !luhn(s) || same(s) {
		return false
	}
	two, three, four := value(s[:2], 100), value(s[:3], 1000), value(s[:4], 10000)
	maestro := two == 50 || two >= 56 && two <= 58 || two == 60 || two >= 61 && two <= 69
	switch len(s) {
	case 12, 13:
		return called && (maestro || s[0] == '4')
	case 14:
		return three >= 300 && three <= 305 || two == 36 || two == 38 || two == 39 || called && maestro
	case 15:
		return two == 34 || two == 37 || four == 2131 || four == 1800 || called && maestro
	case 16:
		return s[0] == '4' || two >= 51 && two <= 55 || four >= 2221 && four <= 2720 || four >= 2200 && four <= 2204 ||
			four == 6011 || three >= 644 && three <= 659 || two == 62 || four >= 3528 && four <= 3589 || called && (maestro || two == 30 || two == 35 || two == 36 || two == 38)
	}
	return s[0] == '4' || two == 62 || two == 60 || two == 64 || two == 65 || called && maestro || len(s) == 19 && maestro
}

// iban says whether s, in lower case and without spaces, has its country's length and the remainder 1 of 97.
func iban(s string) bool {
	if len(s) != ibanLength(s[:2]) {
		return false
	}
	n := 0
	for i := range len(s) {
		c := s[(i+4)%len(s)]
		if c >= 'a' {
			n = (n*100 + int(c-'a') + 10) % 97
			continue
		}
		n = (n*10 + int(c-'0')) % 97
	}
	return n == 1
}

// ibanLength is the length of a country's IBAN, zero for a country without (SWIFT IBAN registry).
func ibanLength(country string) int {
	const lengths = "no15 be16 dk18 fi18 fo18 gl18 nl18 mk19 si19 at20 ba20 ee20 kz20 xk20 lt20 lu20 ch21 hr21 lv21 li21 " +
		"bg22 bh22 cr22 de22 ge22 gb22 ie22 me22 rs22 va22 ae23 gi23 il23 iq23 tl23 om23 ad24 cz24 es24 md24 pk24 ro24 sa24 se24 sk24 tn24 vg24 " +
		"pt25 st25 ly25 is26 tr26 fr27 gr27 it27 mc27 mr27 sm27 al28 az28 by28 cy28 do28 gt28 hu28 lb28 pl28 sv28 sd18 bi27 " +
		"br29 eg29 ps29 qa29 ua29 jo30 kw30 mu30 mt31 sc31 lc32 so23 ru33 dj27 ni28 mn20 fk18 ye30"
	if i := strings.Index(lengths, country); i >= 0 && i%5 == 0 {
		return value(lengths[i+2:i+4], 100)
	}
	return 0
}
