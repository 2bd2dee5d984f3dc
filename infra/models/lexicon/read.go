package lexicon

import (
	"slices"
	"sort"
	"strings"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

// evidence is one cue as the sentence around it means it.
type evidence struct {
	dimension outcome.Dimension
	polarity  float64 // -1…1
	weight    float64 // 0…1
	from, to  int     // bytes of the sentence or clause that proves it
}

// How much a cue counts in what stands around it. Set by hand on the tuning part of testdata/feedback.jsonl.
const (
	weakClause   = 0.5  // before "but", or after "although"
	pastClause   = 0.5  // "I used to be afraid": read as its opposite, that things have changed
	implicitSelf = 0.85 // no "I" anywhere near
	reported     = 0.6  // "my mentor says I am brave"
	hedged       = 0.65 // "a bit", on the strength
	boosted      = 1.2  // "very", on the strength
	notBad       = 0.75 // "not lonely" is less than "welcome", on the strength
	negReach     = 6    // words from a "not" to what it negates
	wishReach    = 8    // words from a "hope to" to what is wished
	goneAfter    = 3    // words from a cue to "is gone"
	longEvidence = 240  // bytes from which a clause is quoted instead of its sentence
	window       = 15   // words around a cue that are quoted from a clause that is itself too long
)

// reading is a sentence with the phrases found in it and the clauses it falls into.
type reading struct {
	sentence
	cues   []match
	others []match  // every other role, in order
	roles  []uint32 // of each word: the roles of the phrases that begin there, as bits
	owner  []int    // of each word: the cue it belongs to as one of its own words, -1 for none
	clause []int    // of each word: the word at which its clause begins
	weak   []bool   // of each word: it stands on the lesser side of a contrast
}

// read gives what a sentence says of its writer.
func read(l *language, s sentence) []evidence {
	if s.question {
		return nil
	}
	r := prepare(l, s)
	if len(r.cues) == 0 {
		return nil
	}
	mocking := r.any(sarcasm)
	quotedWhole := !slices.ContainsFunc(s.words, func(w token) bool { return !w.quoted })
	var found []evidence
	for _, c := range r.cues {
		if s.words[c.start].quoted && !quotedWhole {
			continue
		}
		e, ok := r.interpret(c)
		if !ok || mocking && e.polarity > 0 {
			continue
		}
		e.from, e.to = r.proof(c)
		found = append(found, e)
	}
	return found
}

// prepare sorts the phrases of a sentence: fixed phrases hide what is in them, longer cues hide shorter ones, clauses are cut.
func prepare(l *language, s sentence) *reading {
	r := &reading{sentence: s}
	all := l.find(s.words)
	var masks []match
	for _, m := range all {
		if m.role == mask {
			masks = append(masks, m)
		}
	}
	var cues []match
	for _, m := range all {
		if m.role != self && m.role != other && slices.ContainsFunc(masks, m.inside) && m.role != mask {
			continue
		}
		if m.role == cue {
			cues = append(cues, m)
		} else {
			r.others = append(r.others, m)
		}
	}
	r.cues = longestFirst(cues)
	r.roles, r.owner = make([]uint32, len(s.words)), make([]int, len(s.words))
	for _, m := range r.others {
		r.roles[m.start] |= 1 << m.role
	}
	for w := range r.owner {
		r.owner[w] = -1
	}
	for i, c := range r.cues {
		for w := c.start; w < c.end; w++ {
			if c.has(w) {
				r.owner[w] = i
			}
		}
	}
	r.cut()
	return r
}

// longestFirst drops cues that overlap a longer one of any dimension, and keeps the order of the text. A cue of another dimension
// that covers the very same words stays.
func longestFirst(cues []match) []match {
	size := func(m match) int { return m.end - m.start }
	sort.SliceStable(cues, func(i, j int) bool { return size(cues[i]) > size(cues[j]) })
	owner := map[int]match{}
	var kept []match
	for _, c := range cues {
		clash := false
		for w := c.start; w < c.end; w++ {
			if o, taken := owner[w]; taken && c.has(w) && o.has(w) && !(o.start == c.start && o.end == c.end && o.dimension != c.dimension) {
				clash = true
			}
		}
		if clash {
			continue
		}
		for w := c.start; w < c.end; w++ {
			if c.has(w) {
				owner[w] = c
			}
		}
		kept = append(kept, c)
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].start < kept[j].start })
	return kept
}

// at says whether a phrase of one of roles begins at word i.
func (r *reading) at(i int, wanted ...role) bool {
	return slices.ContainsFunc(wanted, func(w role) bool { return r.roles[i]>>w&1 == 1 })
}

func (r *reading) any(wanted role) bool {
	return slices.ContainsFunc(r.others, func(m match) bool { return m.role == wanted })
}

// cut finds where clauses begin, and which of them a contrast makes weak.
func (r *reading) cut() {
	n := len(r.words)
	r.clause, r.weak = make([]int, n), make([]bool, n)
	within := make([]bool, n+1) // inside a cue, where no clause begins
	for _, c := range r.cues {
		for w := c.start + 1; w < c.end; w++ {
			within[w] = true
		}
	}
	begin, conceded := 0, false
	for i := range n {
		if i > 0 && !within[i] && r.begins(i) {
			begin = i
			conceded = false
		}
		if r.at(i, concede) {
			begin, conceded = i, true
		}
		if r.at(i, contrast) && i > 0 {
			for k := range i {
				r.weak[k] = true
			}
		}
		r.clause[i], r.weak[i] = begin, conceded
	}
}

// begins says whether a clause begins at word i.
func (r *reading) begins(i int) bool {
	w := r.words[i]
	switch {
	case w.dash, r.at(i, contrast, open):
		return true
	case r.at(i, and) && !w.comma:
		return i+1 < len(r.words) && r.at(i+1, nominal, now) || i+2 < len(r.words) && r.at(i+1, other) && r.at(i+2, copula)
	case !w.comma || r.at(i, that):
		return false
	}
	return r.at(i, self, other, now, past, and, irreal) || i+1 < len(r.words) && r.at(i+1, self, other, now)
}

// interpret says what cue c means for the writer; false when it says nothing of them.
func (r *reading) interpret(c match) (evidence, bool) {
	e := evidence{dimension: c.dimension, polarity: c.polarity, weight: 1}
	begin := r.clause[c.start]
	who, sure := r.subject(c)
	if who == other && !c.anyone {
		return e, false
	}
	e.weight *= sure
	if r.weak[c.start] {
		e.weight *= weakClause
	}
	wished, before := false, false
	for _, m := range r.others {
		switch {
		case m.start >= c.start || r.clause[m.start] != begin && m.end <= begin:
		case m.role == irreal && m.end <= c.start && c.start-m.end < wishReach:
			wished = true
		case m.role == past && m.start >= begin:
			before = true
		case m.role == hedge && m.start >= begin && m.end <= c.start && c.start-m.end <= 3:
			e.polarity *= hedged
		case m.role == boost && m.start >= begin && m.end <= c.start && c.start-m.end <= 1:
			e.polarity *= boosted
		}
	}
	if wished || r.weak[c.start] && c.polarity < 0 && !before && !r.overtaken(c) && r.passed(c) {
		return e, false // a wish; or "I was terrified, but it went well", which is over and proves no gain either
	}
	switch flips, released := r.negations(c); {
	case flips%2 == 1 && released:
		e.polarity = -e.polarity
	case flips%2 == 1:
		e.polarity *= -notBad
	}
	if (before || e.polarity < 0 && r.overtaken(c)) && !r.at(begin, now) {
		e.polarity *= -notBad
		e.weight *= pastClause
	}
	e.polarity = min(max(e.polarity, -1), 1)
	return e, true
}

// overtaken says whether the clause of c tells of the past and the next one begins with now: "I was shy, now I talk".
func (r *reading) overtaken(c match) bool {
	next := c.end
	for next < len(r.words) && r.clause[next] == r.clause[c.start] {
		next++
	}
	if next == len(r.words) || !r.passed(c) {
		return false
	}
	return r.at(next, now) || next+1 < len(r.words) && r.at(next, and, contrast) && r.at(next+1, now)
}

// passed says whether the clause of c is in the past tense.
func (r *reading) passed(c match) bool {
	for i := r.clause[c.start]; i < len(r.words) && r.clause[i] == r.clause[c.start]; i++ {
		if r.at(i, was) || pastTense(r.words[i].word) {
			return true
		}
	}
	return false
}

// pastTense knows the Ukrainian past by its endings.
func pastTense(word string) bool {
	for _, ending := range []string{"лася", "лась", "вся", "всь", "ився", "ила", "ала", "іла"} {
		if strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}

// literal says whether word i belongs to a cue other than c, whose own "not" negates nothing else.
func (r *reading) literal(i int, c match) bool {
	if r.owner[i] < 0 {
		return false
	}
	o := r.cues[r.owner[i]]
	return o.start != c.start || o.end != c.end
}

// negations counts what turns c round in its clause. released says that something was lost or overcome, which is a change.
func (r *reading) negations(c match) (flips int, released bool) {
	begin := r.clause[c.start]
	var negs []int
	for _, m := range r.others {
		if m.role != neg && m.role != gone || r.clause[m.start] != begin && m.start < c.start || r.literal(m.start, c) || c.has(m.start) {
			continue
		}
		near := m.start >= c.start && m.start < c.end || // in a gap of the cue
			m.end <= c.start && c.start-m.end < negReach && r.reaches(m.end, c.start) ||
			m.start >= c.end && r.follows(c, m)
		switch {
		case !near:
		case m.role == gone:
			released = true
		default:
			negs = append(negs, m.start)
		}
	}
	// "no longer", "ikke lenger" and the double negation of Ukrainian are one negation.
	flips = min(len(negs), 1)
	if len(negs) > 1 && r.twice(negs) {
		flips = 2
	}
	if released && flips == 0 {
		flips = 1
	}
	return flips, released
}

// twice says whether two negations cancel: they do when other words than those of one verb lie between ("I don't think I am not").
func (r *reading) twice(negs []int) bool { return len(negs) == 2 && negs[1]-negs[0] > 2 }

// reaches says whether a negation that ends before word from still holds at word to.
func (r *reading) reaches(from, to int) bool {
	subject := false
	for i := to - 1; i >= from; i-- {
		if r.at(i, and) && i < to-1 && !r.words[i].comma { // "not shy and feel confident"
			return false
		}
		subject = subject || r.at(i, nominal)
		if r.words[i].comma && subject && !r.at(i, that) {
			return false
		}
	}
	return !(to < len(r.words) && r.words[to].comma && subject)
}

// follows says whether m, behind c, still turns c round: "my fear is gone", "jeg trives ikke".
func (r *reading) follows(c, m match) bool {
	if r.clause[m.start] != r.clause[c.start] {
		return false
	}
	between := m.start - c.end
	if m.role == gone {
		for i := c.end; i < m.start; i++ {
			if r.at(i, and) { // "nervous and lose my words"
				return false
			}
		}
		return between < goneAfter
	}
	return c.verb && between <= 2 // "tør fortsatt ikke", "trives jeg ikke"
}

// subject says whose state c is, self or other, and how sure that is.
func (r *reading) subject(c match) (role, float64) {
	for i := c.start; i < c.end; i++ {
		if r.at(i, self) {
			return self, r.report(c)
		}
	}
	if c.verb && c.end < len(r.words) { // "nå tør jeg å snakke"
		if r.at(c.end, nominal) {
			return self, 1
		}
		if r.at(c.end, other) {
			return other, 1
		}
	}
	if c.end < len(r.words) && r.at(c.end, other) && !r.words[c.end].comma { // "how brave he is"
		for i := max(0, c.start-3); i < c.start; i++ {
			if r.at(i, how) {
				return other, 1
			}
		}
	}
	for begin := r.clause[c.start]; ; begin = r.clause[begin-1] {
		to := c.start
		if begin != r.clause[c.start] {
			to = begin
			for to < c.start && r.clause[to] == begin {
				to++
			}
		}
		if who, ok := r.nearest(begin, to, c); ok {
			if who == self {
				return self, r.report(c)
			}
			return other, 1
		}
		if begin == 0 || r.words[begin].dash {
			return self, implicitSelf
		}
	}
}

// nearest is the last person named in words [begin, to) who can be the subject of c.
func (r *reading) nearest(begin, to int, c match) (role, bool) {
	for i := to - 1; i >= begin; i-- {
		if r.literal(i, c) {
			continue
		}
		if r.at(i, self) {
			if i > begin && r.at(i-1, other) && !r.at(i, nominal) { // "mentoren min"
				return other, !(i-1 > begin && r.at(i-2, prep))
			}
			return self, true
		}
		if r.at(i, other) && r.isSubject(i, begin, c) {
			return other, true
		}
	}
	return cue, false
}

// isSubject says whether the person named at word i may be who the clause is about, and not whom the writer met or was helped by.
func (r *reading) isSubject(i, begin int, c match) bool {
	if i+1 < len(r.words) && r.at(i+1, copula) && i+1 < c.start {
		return true
	}
	for k := max(begin, i-2); k < i; k++ {
		if r.at(k, prep) {
			return i+1 < c.start && r.words[i+1].word == "'s"
		}
	}
	written := false
	for k := begin; k < i; k++ {
		written = written || r.at(k, nominal)
	}
	if !written {
		return true
	}
	for k := i + 1; k < c.start; k++ {
		if r.at(k, and) || r.words[k].comma {
			return false
		}
	}
	return c.start-i <= 3
}

// report is less than 1 when somebody else is said to have said it.
func (r *reading) report(c match) float64 {
	person := false
	for i := range c.start {
		person = person || r.at(i, other)
		if person && r.at(i, said) {
			return reported
		}
	}
	return 1
}

// proof gives the bytes that are quoted for c: its sentence, or its clause when the sentence is long or says two things.
func (r *reading) proof(c match) (int, int) {
	from, to := r.words[0].start, r.sentence.end
	if to-from <= longEvidence && !r.any(contrast) {
		return from, to
	}
	a, b := r.clause[c.start], c.end
	for b < len(r.words) && r.clause[b] == r.clause[c.end-1] {
		b++
	}
	if r.words[b-1].end-r.words[a].start > longEvidence {
		a, b = max(a, c.start-window), min(b, c.end+window)
	}
	return r.words[a].start, r.words[b-1].end
}
