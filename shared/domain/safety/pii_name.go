package safety

import (
	"strings"
	"unicode"
)

// names finds the names that the text says are names.
func (p *page) names() {
	for i := range p.words {
		w := p.words[i]
		if w.number || p.taken[w.from] {
			continue
		}
		switch {
		case title(w.low) && (p.gap(i) == " " || p.gap(i) == ". ") && p.titled(i):
		case p.introduces(i):
		case closing(w.low):
			p.signature(i)
		}
	}
}

// titled keeps the capitalised words behind the title that is word i.
func (p *page) titled(i int) bool {
	arabic := unicode.Is(unicode.Arabic, p.r[p.words[i].from])
	if (p.words[i].low == "m" || p.words[i].low == "dr" || p.words[i].low == "sr" || p.words[i].low == "prof") && !p.words[i].capital {
		return false
	}
	b := p.name(i+1, 3, arabic)
	if b < 0 {
		return false
	}
	p.keepName(i+1, b)
	return true
}

// name gives the last word of the name that begins with word k: capitalised words, n at most; in Arabic, which has no capitals, up to
// two words that are not among those that go on a sentence. It is -1 when there is none.
func (p *page) name(k, n int, arabic bool) int {
	b := -1
	for j := k; j < k+n && j < len(p.words); j++ {
		w := p.words[j]
		if j > k {
			if gap := p.gap(j - 1); gap != " " && gap != "-" && gap != "'" && !(gap == ". " && p.words[j-1].to-p.words[j-1].from == 1) {
				break
			}
		}
		if w.number || p.taken[w.from] {
			break
		}
		if arabic {
			if j >= k+2 || !unicode.Is(unicode.Arabic, p.r[w.from]) || goesOn(w.low) || w.to-w.from < 2 {
				break
			}
			b = j
			continue
		}
		if w.capital && !noName(w.low) {
			b = j
			continue
		}
		if j == k || !particle(w.low) {
			break
		}
	}
	return b
}

func (p *page) keepName(a, b int) {
	from, to := p.words[a].from, p.words[b].to
	if p.free(from, to) {
		p.keep(Name, from, to)
	}
}

// introduces keeps the name behind words that end with word i and give one: "my name is", "jeg heter", "мене звати".
func (p *page) introduces(i int) bool {
	w, one, two := p.words[i].low, "", ""
	if i > 0 && p.gap(i-1) != "" && !strings.Contains(p.gap(i-1), "\n") {
		one = p.words[i-1].low
	}
	if i > 1 {
		two = p.words[i-2].low
	}
	label := strings.HasPrefix(p.gap(i), ":") && nameWord(w)
	if !label && !gives(two, one, w) {
		return false
	}
	gap := p.gap(i)
	if strings.Trim(gap, " :\"'") != "" || len(gap) > 8 && !label {
		return false
	}
	arabic := unicode.Is(unicode.Arabic, p.r[p.words[i].from])
	b := p.name(i+1, 4, arabic)
	if b < 0 && !label && !arabic {
		b = p.smallName(i + 1)
	}
	if b < 0 {
		return false
	}
	p.keepName(i+1, b)
	return true
}

// smallName gives a name written without capitals: one or two words that a sign, an end or an "and" follows, none of them a usual word.
func (p *page) smallName(k int) int {
	for b := k; b <= k+1 && b < len(p.words); b++ {
		w := p.words[b]
		if w.number || w.to-w.from < 3 || noName(w.low) || goesOn(w.low) {
			return -1
		}
		if next := p.at(w.to); strings.ContainsRune(".,!?\n)", next) || p.gap(b) == " " && and(p.word(b+1).low) {
			return b
		}
		if p.gap(b) != " " {
			return -1
		}
	}
	return -1
}

// signature keeps the name on the line of the closing word i, or the next one, if that line has nothing else and ends the text or a line.
func (p *page) signature(i int) {
	k := i + 1
	for k < len(p.words) && k < i+4 && (closing(p.words[k].low) || closingTail(p.words[k].low)) && !strings.Contains(p.gap(k-1), "\n") {
		k++
	}
	if gap := p.gap(k - 1); strings.Trim(gap, " ,.!\n-،") != "" || len(gap) > 5 {
		return
	}
	arabic := k < len(p.words) && unicode.Is(unicode.Arabic, p.r[p.words[k].from])
	b := p.name(k, 4, arabic)
	if b < 0 {
		return
	}
	to := p.words[b].to
	for to < len(p.r) && strings.ContainsRune(" .,!", p.r[to]) {
		to++
	}
	if p.at(to) == '\n' {
		p.keepName(k, b)
	}
}

// title says whether w stands before names.
func title(w string) bool {
	switch w {
	case "mr", "mrs", "ms", "miss", "mister", "dr", "prof", "professor", "frau", "herr", "herrn", "fru", "frøken", "пан", "пані", "пана", "пану", "паном", "панові", "m", "mme", "mlle", "monsieur", "madame", "mademoiselle",
		"señor", "señora", "señorita", "sr", "sra", "srta", "don", "doña", "السيد", "السيدة", "الآنسة", "الأستاذ", "الأستاذة", "الدكتور", "الدكتورة", "pani", "meneer", "mevrouw", "signor", "signora":
		return true
	}
	return false
}

// gives says whether three words, the last of which is w, give a name: what follows is it.
func gives(two, one, w string) bool {
	switch w {
	case "is", "er", "ist", "est", "es", "är":
		return nameWord(one) && (two == "my" || two == "mitt" || two == "mein" || two == "mon" || two == "mi" || two == "his" || two == "her" || two == "full" || two == "last" || two == "first" || two == "hans" || two == "hennes" || two == "the" || two == "sein" || two == "ihr" || two == "son" || two == "su" || two == "fullt" || two == "maiden") || one == "mitt" && two == "navnet"
	case "heter", "hedder", "heiße", "heisse", "heiss", "heiß", "nazywam":
		return true
	case "heißt", "heisst":
		return one != "das" && one != "es" && one != "was" && one != "wie" && one != ""
	case "appelle":
		return one == "m" || one == "s" || one == "je"
	case "llamo", "llama":
		return one == "me" || one == "se"
	case "chiamo":
		return one == "mi"
	case "звати", "звуть", "зовут":
		return one == "мене" || one == "його" || one == "її" || one == "меня" || one == "ім'я"
	case "called", "named":
		return one == "was" || one == "is" || one == "am" || one == "m" && two == "i"
	case "اسمي", "إسمي", "اسمه", "اسمها", "أدعى":
		return true
	case "ім'я":
		return one == "моє"
	}
	return false
}

// nameWord says whether w means name.
func nameWord(w string) bool {
	switch w {
	case "name", "navn", "fornavn", "etternavn", "ім'я", "імя", "піб", "прізвище", "vorname", "nachname", "nom", "prénom", "nombre", "apellido", "apellidos", "الاسم", "namn", "naam", "surname":
		return true
	}
	return false
}

// closing says whether w may begin the last line of a letter, before the name.
func closing(w string) bool {
	switch w {
	case "regards", "sincerely", "yours", "hilsen", "mvh", "hilsning", "vh", "повагою", "grüßen", "gruß", "grüße", "mfg", "vg", "lg", "cordialement", "amicalement", "saludo", "saludos", "cordialmente", "atentamente", "التحية", "تحياتي", "cheers", "love", "klem", "signed", "undertegnet", "hälsningar", "pozdrawiam":
		return true
	}
	return false
}

func closingTail(w string) bool {
	switch w {
	case "truly", "sincerely", "fra", "from", "cordial", "cordiales", "by":
		return true
	}
	return false
}

// particle says whether w joins the parts of a name.
func particle(w string) bool {
	switch w {
	case "van", "von", "de", "da", "del", "der", "den", "bin", "ibn", "al", "el", "la", "di", "dos", "of", "af", "av", "zu":
		return true
	}
	return false
}

func and(w string) bool {
	return w == "and" || w == "og" || w == "і" || w == "й" || w == "та" || w == "und" || w == "et" || w == "y" || w == "but" || w == "men" || w == "from" || w == "fra" || w == "aus"
}

// noName says whether w is no name though it stands where one may.
func noName(w string) bool {
	switch w {
	case "not", "on", "in", "the", "a", "an", "also", "only", "very", "my", "hard", "difficult", "long", "short", "wrong", "spelled", "missing", "there", "here", "important", "different", "easy", "common", "same", "too", "so", "still", "now", "universe", "you", "this", "that", "what", "nothing", "known", "well",
		"ikke", "vanskelig", "det", "den", "de", "som", "en", "et", "noe", "så", "jo", "bare", "lang", "på", "feil", "hva", "dette", "samme", "мене", "не", "це", "як", "так", "дуже", "nicht", "das", "der", "die", "es", "was", "wie", "auch", "so.", "schwer", "falsch", "pas", "c", "ce", "comment", "trop", "no", "como", "muy", "así",
		"i", "it", "he", "she", "we", "they", "je", "il", "elle", "er", "sie", "ich", "wir", "jeg", "vi", "teams", "zoom", "doktor", "professor", "lehrer", "lehrerin", "hi", "hello", "thanks", "yes", "pleased", "nice", "tomorrow", "today", "everyone", "all", "right", "again":
		return true
	}
	return false
}

// goesOn says whether w, in Arabic, is no part of a name but goes on with the sentence.
func goesOn(w string) bool {
	switch w {
	case "من", "أنا", "انا", "في", "عمري", "أعيش", "أسكن", "أدرس", "جئت", "هو", "هي", "كان", "لم", "لا", "على", "إلى", "الى", "أعمل", "لقد", "ليس", "مكتوب", "صعب", "التي", "الذي", "هنا", "هذا", "كل", "مع":
		return true
	}
	return strings.HasPrefix(w, "وأ") || strings.HasPrefix(w, "وا") || strings.HasPrefix(w, "وع") || strings.HasPrefix(w, "وه") || strings.HasPrefix(w, "ول")
}
