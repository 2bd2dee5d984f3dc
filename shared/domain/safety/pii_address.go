package safety

import (
	"strings"
	"unicode"
)

// addresses finds streets with a number, post boxes and British postcodes, and takes in the flat, town and postcode around them.
func (p *page) addresses() {
	for i := 0; i < len(p.words); i++ {
		if p.taken[p.words[i].from] {
			continue
		}
		a, b, ok := p.street(i)
		if !ok {
			continue
		}
		b = p.around(b)
		from, to := p.words[a].from, p.houseEnd(b)
		if p.free(from, to) {
			p.keep(Address, from, to)
			i = b
		}
	}
}

// houseEnd is the end of word b, with the letter of a house number that is written onto it.
func (p *page) houseEnd(b int) int {
	to := p.words[b].to
	if p.at(to) == '.' && p.words[b].low == "str" {
		to++
	}
	return to
}

// street gives the first and last word of an address whose street word is word i.
func (p *page) street(i int) (a, b int, ok bool) {
	w := p.words[i]
	if w.number {
		return 0, 0, false
	}
	if addressWord(w.low) {
		if a, b, ok := p.announced(i); ok {
			return a, b, true
		}
	}
	if streetBefore(w.low) {
		if a, b, ok := p.nameThenNumber(i); ok {
			return a, b, true
		}
		if a, b, ok := p.numberFirst(i); ok {
			return a, b, true
		}
	}
	if streetBehind(w.low) {
		if a, b, ok := p.englishStreet(i); ok {
			return a, b, true
		}
	}
	if single := streetAlone(w.low); single || compound(w.low) && !commonNoun(w.low) {
		if b, ok := p.house(i); ok {
			a := i
			for a > 0 && i-a < 3 && (p.gap(a-1) == " " || p.gap(a-1) == "-" || p.gap(a-1) == ". ") && p.words[a-1].capital && (single || p.gap(a-1) == "-") && !lead(p.words[a-1].low) {
				a--
			}
			if !single || a < i {
				if a > 0 && p.words[a-1].number && p.gap(a-1) == " " && p.words[a].capital && p.words[a-1].to-p.words[a-1].from <= 5 {
					a--
				}
				return a, b, true
			}
		}
	}
	if postBox(w.low) {
		a, b, ok = p.box(i)
		if ok && (w.low == "apt" || w.low == "suite") {
			a = p.housesBefore(a)
		}
		return a, b, ok
	}
	if fieldPost(w.low) && state(p.word(i+1).low) && p.word(i+2).number && p.near(i) && p.near(i+1) {
		a := i
		for a > 0 && i-a < 3 && p.gap(a-1) == " " && !p.words[a-1].number && !ship(p.words[a].low) {
			a--
		}
		if i > 0 && p.gap(i-1) == "\n" {
			for a = i - 1; a > 0 && i-a < 4 && p.gap(a-1) == " " && !ship(p.words[a].low); a-- {
			}
		}
		if !ship(p.words[a].low) {
			a = i
		}
		return a, i + 2, true
	}
	return p.codeAlone(i)
}

// house gives the last word of the house number behind word i: up to four digits and a letter, that count nothing.
func (p *page) house(i int) (b int, ok bool) {
	gap := p.gap(i)
	if gap != " " && gap != ", " && gap != ". " && gap != "." && gap != " № " && gap != " nº " && gap != ", № " && gap != "، " && gap != " #" && gap != " n° " {
		return 0, false
	}
	k := i + 1
	for skip := 0; skip < 2 && houseWord(p.word(k).low); skip++ {
		if gap := p.gap(k); len(gap) > 5 || strings.ContainsAny(gap, "\n!?;") {
			return 0, false
		}
		k++
	}
	n := p.word(k)
	if !n.number || n.to-n.from > 4 || year(n.low) || p.at(n.to) == ':' || p.at(n.to) == '%' || p.at(n.to) == '.' && p.number(n.to+1) {
		return 0, false
	}
	next := p.word(k + 1)
	if next.from-n.to <= 1 && next.from < len(p.r) && (unit(next.low) && !(next.from == n.to && len(next.low) == 1)) {
		return 0, false
	}
	if !next.number && next.to-next.from == 1 && next.from-n.to <= 1 && next.low != "i" && next.low != "å" && next.low != "і" && next.low != "в" && next.low != "з" && next.low != "y" && next.low != "à" && next.low != "o" && next.low != "я" && next.low != "у" && (next.from == n.to || next.capital) {
		k++
	}
	if (p.gap(k) == "-" || p.gap(k) == "/") && p.word(k+1).number && p.word(k+1).to-p.word(k+1).from <= 3 {
		k++
	}
	return k, true
}

// nameThenNumber reads "calle Mayor 12", "вул. Хрещатик, 22", "via Roma 131", "شارع الجامعة 15".
func (p *page) nameThenNumber(i int) (a, b int, ok bool) {
	arabic := unicode.Is(unicode.Arabic, p.r[p.words[i].from])
	named := false
	for k := i + 1; k <= i+6 && k < len(p.words); k++ {
		gap := p.gap(k - 1)
		if strings.Trim(gap, " .'-\"") != "" || len(gap) > 3 || p.words[k].number && k == i+1 {
			return 0, 0, false
		}
		w := p.words[k]
		if !w.capital && !link(w.low) && !arabic && !w.number || online(w.low) {
			return 0, 0, false
		}
		named = named || w.capital || arabic
		if b, ok := p.house(k); ok && named {
			return i, b, true
		}
	}
	return 0, 0, false
}

// numberFirst reads "25 bis, rue Victor Hugo". The name ends with the last capital.
func (p *page) numberFirst(i int) (a, b int, ok bool) {
	a = i - 1
	if a > 0 && (p.word(a).low == "bis" || p.word(a).low == "ter") {
		a--
	}
	n := p.word(a)
	if i == 0 || !n.number || n.to-n.from > 4 || !p.near(i-1) || p.alnum(n.from-1) {
		return 0, 0, false
	}
	b = i
	for k := i + 1; k <= i+6 && k < len(p.words); k++ {
		gap := p.gap(k - 1)
		if gap != " " && gap != "-" && gap != "'" || !p.words[k].capital && !link(p.words[k].low) && !(p.words[k].number && k > i+1) {
			break
		}
		if p.words[k].capital {
			b = k
		}
	}
	return a, b, b > i
}

// englishStreet reads "12 Baker Street" and "221B Old Mill Rd". Written small it needs a word before it that says where, or a town behind.
func (p *page) englishStreet(i int) (a, b int, ok bool) {
	small := 0
	for a = i - 1; a >= 0 && a >= i-5; a-- {
		if gap := p.gap(a); gap != " " && !(gap == "" && a < i-1) && gap != "'" && gap != "-" && gap != ". " {
			return 0, 0, false
		}
		w := p.words[a]
		switch {
		case w.number && (a == i-1 || p.gap(a) == "" && p.word(a+1).to-p.word(a+1).from > 1):
			continue // 5th
		case w.number:
			if w.to-w.from > 5 || p.alnum(w.from-1) || a+1 == i || small > 0 && !(small <= 2 && p.cue(a, 2, where)) {
				return 0, 0, false
			}
			if a > 0 && p.words[a-1].number && p.gap(a-1) == " " {
				a--
			}
			return a, i, true
		case !w.capital && w.to-w.from > 1:
			small++
		}
		if unit(w.low) {
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// box reads "P.O. Box 242", "postboks 12", "Unit 5477 Box 8244".
func (p *page) box(i int) (a, b int, ok bool) {
	w := p.words[i]
	n := p.word(i + 1)
	if !n.number || n.to-n.from > 6 || !p.near(i) {
		return 0, 0, false
	}
	switch w.low {
	case "box":
		if i >= 2 && p.word(i-1).low == "o" && p.word(i-2).low == "p" {
			return i - 2, i + 1, true
		}
		if i >= 2 && (p.word(i-2).low == "psc" || p.word(i-2).low == "unit") && p.words[i-1].number {
			return i - 2, i + 1, true
		}
		return i - 1, i + 1, i > 0 && p.words[i-1].low == "po"
	case "apt":
		return i, i + 1, !(p.gap(i) == " " && !w.capital)
	case "suite":
		return i, i + 1, w.capital && p.gap(i) == " " && n.to-n.from >= 3
	}
	return i, i + 1, true
}

// codeAlone reads what is an address by its form: a British postcode, an American state with its code, a military post office.
func (p *page) codeAlone(i int) (a, b int, ok bool) {
	w, n := p.word(i), p.word(i+1)
	size := w.to - w.from
	if !w.capital || size > 2 || !upper(p.r[w.from:w.to]) || p.alnum(w.from-1) || !n.number {
		return 0, 0, false
	}
	if size == 2 && p.gap(i) == " " && n.to-n.from == 5 && !p.alnum(n.to) && state(w.low) {
		return i, i + 1, true
	}
	if p.gap(i) != "" || n.to-n.from > 2 { // SW1A 1AA: letters, digits, a letter perhaps; a space; digit, two letters
		return 0, 0, false
	}
	k := i + 1
	if p.gap(k) == "" && p.word(k+1).to-p.word(k+1).from == 1 {
		k++
	}
	inward, letters := p.word(k+1), p.word(k+2)
	if p.gap(k) == " " && inward.number && inward.to-inward.from == 1 && p.gap(k+1) == "" && letters.to-letters.from == 2 &&
		!p.alnum(letters.to) && upper(p.r[w.from:letters.to]) && !strings.ContainsAny(letters.low, "cikmov") && class(p.r[letters.from]) == 'l' && p.r[letters.from] < 0x80 {
		return i, k + 2, true
	}
	return 0, 0, false
}

// around takes in what belongs to the address that ends with word b: flats, postcodes, and the towns beside them.
func (p *page) around(b int) int {
	for part := 0; part < 7; part++ {
		k := b + 1
		if k >= len(p.words) || p.taken[p.words[k].from] || !p.nearLine(b) {
			break
		}
		w := p.words[k]
		switch {
		case flat(w.low) && p.word(k+1).number && p.near(k):
			b = k + 1
		case w.number && w.to-w.from >= 3 && w.to-w.from <= 6 && !unit(p.word(k+1).low) && p.postcode(&b):
		case w.capital && strings.ContainsAny(p.gap(b), ",\n"):
			end := p.town(k)
			next := p.at(p.words[end].to)
			code := p.word(end + 1)
			if !(next == '\n' || next == '.' || next == ',' || next == '?' || next == '!' || next == ')' || code.number && p.nearLine(end) && code.to-code.from >= 3 || p.codeBehind(end)) {
				return b
			}
			b = end
		case (w.low == "м" || w.low == "місто" || w.low == "г") && p.word(k+1).capital && p.near(k):
			b = k + 1
		default:
			if a, end, ok := p.codeAlone(k); ok && a == k {
				b = end
				continue
			}
			return b
		}
	}
	return b
}

// codeBehind says whether word i is followed by an address by its form.
func (p *page) codeBehind(i int) bool {
	_, _, ok := p.codeAlone(i + 1)
	return ok && p.nearLine(i)
}

// postcode takes the code behind word *b, and the town behind it.
func (p *page) postcode(b *int) bool {
	k := *b + 1
	switch gap := p.gap(k); {
	case (gap == "-" || gap == " ") && p.word(k+1).number && p.word(k+1).to-p.word(k+1).from <= 4 && p.words[k].to-p.words[k].from <= 5:
		k++ // 00-950, 123 45, 90010-170
	case gap == " " && p.word(k+1).capital && p.word(k+1).to-p.word(k+1).from == 2 && upper(p.r[p.word(k+1).from:p.word(k+1).to]):
		k++ // 1012 AB
	}
	size := p.words[k].to - p.words[k].from
	if p.gap(k) == " " && p.word(k+1).capital {
		k = p.town(k + 1)
	} else if size == 3 && k == *b+1 {
		return false
	}
	*b = k
	return true
}

// town gives the last word of the capitalised ones from k on, three at most, a postcode not among them.
func (p *page) town(k int) int {
	for n := 1; n < 3 && p.word(k+1).capital && !p.codeBehind(k) && (p.gap(k) == " " || p.gap(k) == "-" || p.gap(k) == "'"); n++ {
		k++
	}
	return k
}

// nearLine is near, over one line end too.
func (p *page) nearLine(i int) bool {
	gap := p.gap(i)
	return gap != "" && len(gap) <= 6 && strings.Trim(gap, " .,\n،") == "" && strings.Count(gap, "\n") <= 1 && !strings.Contains(gap, ". ")
}
