package safety

import "strings"

// announced reads an address behind word i, which says that one follows: "my address is 450 Præstevænget 15", "Adresse: Am Markt 3".
// It needs no street word, but capitals and a number beside them.
func (p *page) announced(i int) (a, b int, ok bool) {
	a = i + 1
	for n := 0; n < 7 && a < len(p.words) && leads(p.words[a].low) && !(p.words[a].capital && p.gap(a) == " " && p.word(a+1).capital); n++ {
		a++
	}
	if a >= len(p.words) || strings.Trim(p.gap(a-1), " :.\n>") != "" || strings.Contains(p.gap(a-1), ". ") || len(p.gap(a-1)) > 8 && !strings.HasPrefix(p.gap(a-1), ":") {
		return 0, 0, false
	}
	for k := i; k < a-1; k++ {
		if strings.ContainsAny(p.gap(k), ".!?\n,;") && !strings.Contains(p.gap(k), ":") {
			return 0, 0, false
		}
	}
	b, ok = p.loose(a)
	if next := p.word(b + 1); ok && next.low == "and" && p.gap(b) == " " && p.word(a-1).low == "of" && p.word(b+2).capital {
		b = p.town(b + 2)
	}
	return a, b, ok
}

// loose reads numbers, capitalised words and a number from word a on, one of the numbers being enough.
func (p *page) loose(a int) (b int, ok bool) {
	k := a
	for k < a+2 && p.word(k).number && p.words[k].to-p.words[k].from <= 5 && p.gap(k) == " " {
		k++
	}
	names := k
	for ; k < names+6 && k < len(p.words); k++ {
		w := p.words[k]
		if w.number || !w.capital && (k == names || !link(w.low) && !streetAlone(w.low) && !streetBehind(w.low)) || noStreet(w.low) {
			break
		}
		if gap := p.gap(k); gap == " " && p.word(k+1).number || gap != " " && gap != "-" && gap != "'" && gap != ". " {
			k++
			break
		}
	}
	if k == names || noStreet(p.words[k-1].low) || !p.words[k-1].capital && link(p.words[k-1].low) {
		return 0, false
	}
	if b, ok := p.house(k - 1); ok {
		return b, true
	}
	return k - 1, names > a && !year(p.words[a].low)
}

// housesBefore gives the first word of a loose address that ends right before word i: "5049 Harjukuja 54, Apt. 3".
func (p *page) housesBefore(i int) int {
	for a := max(0, i-8); a < i; a++ {
		if w := p.words[a]; (w.number || w.capital) && !p.taken[w.from] && (a == 0 || p.gap(a-1) != "" && p.gap(a-1) != "-") {
			if b, ok := p.loose(a); ok && b == i-1 && p.nearLine(b) {
				return a
			}
		}
	}
	return i
}
