package safety

import "strings"

// number is a row of digit groups with the same kind of signs between them as its writer put them.
type number struct {
	from, to int    // in page.r, with the plus or bracket before and the bracket behind
	first    int    // page.words of the first group
	last     int    // of the last
	digits   string // without anything between
	shape    string // group lengths and the sign after each: "3-3-4"; a for ten and so on; ) for a bracket, ~ for a dash between spaces
	plus     bool   // a plus stands before it
	whole    bool   // no other group stands before or behind it with the same sign
}

// numbers finds cards, ids and phones among the rows of digits.
func (p *page) numbers() {
	for i := 0; i < len(p.words); {
		if !p.words[i].number || p.taken[p.words[i].from] {
			i++
			continue
		}
		j := i
		for between(p.gap(j)) != 0 && p.words[j+1].number && !p.taken[p.words[j+1].from] {
			j++
		}
		p.row(i, j)
		i = j + 1
	}
}

// between is the sign that a gap between two groups of digits counts as, or zero where a number ends.
func between(gap string) byte {
	switch gap {
	case " ", "-", ".", "/":
		return gap[0]
	case " - ", " / ":
		return '~'
	case "(", ")", " (", ") ", "-(", ")-", ") (", " )", ")(":
		return ')'
	}
	return 0
}

// row reads the groups i to j: dates are passed over, then the longest number from each group on is looked for.
func (p *page) row(i, j int) {
next:
	for s := i; s <= j; {
		if p.date(s, j) {
			s += 3
			continue
		}
		for e := min(j, s+8); e >= s; e-- {
			n, ok := p.join(s, e, i, j)
			if !ok {
				continue
			}
			if kind := p.kind(&n); kind != "" {
				p.keep(kind, n.from, n.to)
				s = e + 1
				continue next
			}
		}
		s++
	}
}

// date says whether the three groups from s on are one: 24.12.2025, 1/2/25, 2025-12-24.
func (p *page) date(s, j int) bool {
	if s+2 > j {
		return false
	}
	a, b, c := p.words[s].low, p.words[s+1].low, p.words[s+2].low
	sign := between(p.gap(s))
	if sign != between(p.gap(s+1)) || sign == ')' || s+3 <= j && between(p.gap(s+2)) == sign || len(a) > 4 || len(b) > 2 || len(c) > 4 {
		return false
	}
	if len(a) == 4 {
		return len(c) <= 2 && year(a) && day(c, b)
	}
	return len(a) <= 2 && (len(c) == 4 && year(c) || len(c) == 2 && sign != ' ' && sign != '~') && (day(a, b) || day(b, a))
}

func year(s string) bool { return len(s) == 4 && (s[:2] == "19" || s[:2] == "20") }

// join makes one number of the groups s to e of the row i to j. It refuses what is a part of a word, of a decimal or of an amount.
func (p *page) join(s, e, i, j int) (number, bool) {
	n := number{from: p.words[s].from, to: p.words[e].to, first: s, last: e, whole: true}
	var digits, shape [48]byte
	d, h := 0, 0
	for k := s; k <= e; k++ {
		size := p.words[k].to - p.words[k].from
		if d+size > 20 {
			return n, false
		}
		d += copy(digits[d:], p.words[k].low)
		shape[h] = "0123456789abcdefghijklmn"[size]
		h++
		if k < e {
			shape[h] = between(p.gap(k))
			h++
		}
	}
	if d < 6 || p.alnum(n.from-1) || p.inDecimal(n) {
		return n, false
	}
	n.digits, n.shape = string(digits[:d]), string(shape[:h])
	inner := byte(0)
	if h > 1 {
		inner = shape[1]
	}
	n.whole = !(s > i && between(p.gap(s-1)) == inner) && !(e < j && between(p.gap(e)) == inner)
	bracket := strings.Contains(n.shape, ")")
	if p.at(n.from-1) == '(' && bracket {
		n.from--
	}
	if p.at(n.from-1) == '+' || p.at(n.from-1) == ' ' && p.at(n.from-2) == '+' {
		for n.from--; p.r[n.from] != '+'; n.from-- {
		}
		n.plus = true
		if p.at(n.from-1) == '(' && bracket {
			n.from--
		}
	}
	if p.at(n.to) == ')' && p.at(n.from) == '(' {
		n.to++
	}
	return n, p.ends(&n)
}

// inDecimal says whether a comma or dot joins n to a further digit.
func (p *page) inDecimal(n number) bool {
	return p.at(n.to) == ',' && p.number(n.to+1) || p.at(n.from-1) == ',' && p.number(n.from-2)
}

// ends takes an extension into n ("x123", "ext. 12") and says whether n ends where a number may.
func (p *page) ends(n *number) bool {
	next := p.word(n.last + 1)
	if (next.low == "x" || next.low == "ext" || next.low == "доб") && next.from-n.to <= 1 && p.word(n.last+2).number && p.word(n.last+2).from-next.to <= 2 && p.word(n.last+2).to-p.word(n.last+2).from <= 6 {
		n.to = p.word(n.last + 2).to
	}
	return !p.alnum(n.to)
}

// kind says what n is, and nothing if it is only a number.
func (p *page) kind(n *number) string {
	called := func(is func(string) bool) bool { return p.cue(n.first, 6, is) }
	phone := called(phoneWord) || p.phoneBehind(n) || p.somebodysNumber(n)
	switch {
	case n.plus:
	case len(n.digits) >= 12 && n.whole && cardShape(n.shape) && card(n.digits, called(cardWord)):
		return Card
	case !phone && p.nationalID(n, called(idWord)):
		return NationalID
	}
	if p.phone(n, phone) {
		return Phone
	}
	return ""
}

// somebodysNumber says whether n is called "my number", "her new number".
func (p *page) somebodysNumber(n *number) bool {
	for k := n.first - 1; k > 0 && k >= n.first-4; k-- {
		if numberWord(p.words[k].low) {
			return somebodys(p.words[k-1].low) || k > 1 && somebodys(p.words[k-2].low) || k+1 < n.first && somebodys(p.words[k+1].low)
		}
	}
	return false
}

func cardShape(shape string) bool {
	switch strings.NewReplacer("-", " ", ".", " ").Replace(shape) {
	case "c", "d", "e", "f", "g", "h", "i", "j", "4 4 4 4", "4 6 5", "4 6 4", "4 4 4 4 3", "6 a", "4 4 4", "6 d":
		return true
	}
	return false
}

// nationalID knows the ids that are digits alone. Those with weak checks must be called ids by the text.
func (p *page) nationalID(n *number, called bool) bool {
	s := n.digits
	if !n.whole || same(s) {
		return false
	}
	switch n.shape {
	case "b", "6 5", "6-5":
		return norwegian(s) || n.shape == "b" && (polish(s) || german(s) || turkish(s) || called && belgian(s))
	case "2 3 3 3":
		return german(s)
	case "2.2.2-3.2":
		return belgian(s)
	case "a":
		_, checked := danish(s)
		plausible, _ := danish(s)
		return ukrainian(s) || swedish(s) || plausible && (called || checked && s[0] != '0')
	case "6-4", "6 4":
		plausible, checked := danish(s)
		return swedish(s) || plausible && (n.shape == "6-4" || called || checked)
	case "c", "8-4":
		return (s[:2] == "19" || s[:2] == "20") && swedish(s[2:])
	case "3-2-4":
		return american(s) || called
	case "9", "3 2 4", "4.2.3", "3 3 3":
		return called && (american(s) && n.shape != "4.2.3" && n.shape != "3 3 3" || dutch(s))
	case "3.4.4.2", "d":
		return swiss(s)
	case "f", "1 2 2 2 3 3 2", "1 2 2 2 3 3~2", "d 2":
		return french(s)
	}
	return false
}
