package safety

import "strings"

// mails finds e-mail addresses, then those that are spelled out.
func (p *page) mails() {
	for i, r := range p.r {
		if r == '@' && !p.taken[i] {
			p.mail(i)
		}
	}
	for i := range p.words {
		p.spelled(i)
	}
}

// mail finds the address around the @ at i. Neither half has another @ in it, so all of them together read the text twice at most.
func (p *page) mail(i int) {
	a, b := i, i+1
	for a > 0 && local(p.r[a-1]) && !p.taken[a-1] {
		a--
	}
	for b < len(p.r) && (p.alnum(b) || strings.ContainsRune(".-_", p.r[b])) {
		b++
	}
	for b > i+1 && strings.ContainsRune(".-_", p.r[b-1]) {
		b--
	}
	for a < i-1 && strings.ContainsRune(".'", p.r[a]) {
		a++
	}
	if a < i && domain(p.r[i+1:b]) {
		p.keep(Email, a, b)
	}
}

func local(r rune) bool {
	return class(r) != 0 || r < 0x80 && strings.ContainsRune("._%+-'!#$&*/=^{|}~", r)
}

// domain says whether host has a dot with a label before it and two letters behind it.
func domain(host []rune) bool {
	for i, r := range host {
		if r == '.' && i > 0 && i+2 < len(host) && class(host[i+1]) == 'l' && class(host[i+2]) == 'l' {
			return true
		}
	}
	return false
}

// spelled finds an address whose @ is word i, or stands apart behind it: "ola dot nordmann (at) example dot no".
func (p *page) spelled(i int) {
	first, host := i-1, i+1
	sure := atWord(p.words[i].low)
	weak := p.words[i].low == "at" || p.words[i].low == "собака"
	switch {
	case strings.Contains(p.gap(i), "@"):
		if strings.Trim(p.gap(i), " @()[]{}<>") != "" {
			return
		}
		first, sure, weak = i, true, false
	case weak:
		sure = strings.ContainsAny(p.gap(i-1), "([{<") && strings.ContainsAny(p.gap(i), ")]}>")
	case !sure:
		return
	}
	if first < 0 || host >= len(p.words) || strings.Contains(p.gap(first), "\n") || strings.Contains(p.gap(host-1), "\n") {
		return
	}
	last, said, ok := p.host(host)
	if !ok || !sure && !said && !mailHost(p.words[host].low) || !sure && pronoun(p.words[first].low) {
		return
	}
	for first >= 2 && dotWord(p.words[first-1].low) && p.near(first-1) && p.near(first-2) {
		first -= 2
	}
	a, b := p.words[first].from, p.words[last].to
	for a > 0 && local(p.r[a-1]) && !strings.ContainsRune("'{*", p.r[a-1]) {
		a--
	}
	if p.free(a, b) {
		p.keep(Email, a, b)
	}
}

// host reads a host name from word i on, dots being signs or words, up to a known ending. It says where it ends and whether a dot was a word.
func (p *page) host(i int) (last int, said, ok bool) {
	last = -1
	for labels := 0; labels < 5 && i < len(p.words); labels++ {
		gap := p.gap(i)
		switch {
		case labels > 0 && ending(p.words[i].low) && gap != ".":
			return i, said, true
		case labels > 0 && ending(p.words[i].low):
			last = i
		}
		switch next := p.word(i + 1); {
		case strings.Trim(gap, " ") == "." && len(gap) <= 3 && (gap == "." || ending(next.low)), gap == "-", gap == "":
			i++
		case dotWord(next.low) && strings.Trim(gap, " ([{<") == "" && strings.Trim(p.gap(i+1), " )]}>") == "":
			said = true
			i += 2
		default:
			return last, said, last >= 0
		}
	}
	return last, said, last >= 0
}

// links finds web addresses, and network ones.
func (p *page) links() {
	for i := range p.words {
		w := p.words[i]
		if p.taken[w.from] {
			continue
		}
		switch {
		case (w.low == "http" || w.low == "https" || w.low == "ftp") && strings.HasPrefix(p.gap(i), "://"):
			p.link(w.from)
		case w.low == "www" && p.gap(i) == ".":
			p.link(w.from)
		case ending(w.low) && p.at(w.to) == '/' && p.at(w.from-1) == '.' && (p.alnum(w.to+1) || p.at(w.to+1) == '@'):
			a := w.from
			for a > 0 && !p.taken[a-1] && (p.alnum(a-1) || p.r[a-1] == '.' || p.r[a-1] == '-') {
				a--
			}
			if a < w.from-1 {
				p.link(a)
			}
		case w.number || len(w.low) <= 4:
			p.ip(i)
		}
	}
}

// link keeps what begins at a up to a space, without the signs that end a sentence.
func (p *page) link(a int) {
	b := a
	for b < len(p.r) && p.r[b] > ' ' && !p.taken[b] && !strings.ContainsRune("<>\"{}|\\^", p.r[b]) {
		b++
	}
	for b > a && strings.ContainsRune(".,;:!?)]'…،؟", p.r[b-1]) {
		b--
	}
	if b > a {
		p.keep(URL, a, b)
	}
}

// leastHandle is the fewest characters of what somebody is called on a network; of fewer, @ is a word ("@ 5", "@me").
const leastHandle = 3

// handles finds what people are called on social networks: "@olena.k". What stands right before the @ makes it something else: an address,
// a word in disguise ("f*@ked").
func (p *page) handles() {
	for i, r := range p.r {
		if r != '@' || p.taken[i] || i > 0 && (p.alnum(i-1) || strings.ContainsRune("._-%+*&$#", p.r[i-1])) {
			continue
		}
		b, letter := i+1, false
		for b < len(p.r) && !p.taken[b] && (p.alnum(b) || strings.ContainsRune("._-", p.r[b])) {
			letter = letter || class(p.r[b]) == 'l'
			b++
		}
		for b > i+1 && strings.ContainsRune(".-", p.r[b-1]) {
			b--
		}
		if letter && b-i-1 >= leastHandle {
			p.keep(Name, i, b)
		}
	}
}
