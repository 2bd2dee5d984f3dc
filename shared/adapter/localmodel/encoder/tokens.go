package encoder

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Table is the pieces that words are cut into (a unigram model, Kudo 2018), each with a vector.
type Table struct {
	N, Dim  int
	scores  []float32 // log probability of each piece
	unknown float32   // of a character that is in no piece
	ends    []byte    // uint32: where the name of each piece ends in names
	names   []byte
	hash    []byte // uint32: number of the piece + 1, by FNV-1a of its name; 0 is empty; length a power of two
	vectors []int8
	scales  []float32
}

const (
	longest = 16       // characters of the longest piece that is looked for
	start   = "\u2581" // marks the beginning of a word
)

// NewTable reads the pieces of f.
func NewTable(f *File) *Table {
	t := &Table{
		scores: f.Floats("piece.scores"), ends: f.Bytes("piece.ends"), names: f.Bytes("piece.names"), hash: f.Bytes("piece.hash"),
		vectors: f.Int8("piece.vectors"), scales: f.Floats("piece.scales"),
	}
	t.N = len(t.scores)
	t.Dim = len(t.vectors) / max(t.N, 1)
	for _, s := range t.scores {
		t.unknown = min(t.unknown, s)
	}
	t.unknown -= 10
	return t
}

// name of piece i.
func (t *Table) name(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = number(t.ends, i-1)
	}
	return t.names[from:number(t.ends, i)]
}

// Find is the number of a piece, -1 where there is none of that name.
func (t *Table) Find(piece string) int { return t.find([]byte(piece), hashOf([]byte(piece))) }

func (t *Table) find(piece []byte, h uint32) int {
	mask := uint32(len(t.hash)/4 - 1)
	for h &= mask; ; h = (h + 1) & mask {
		i := number(t.hash, int(h))
		if i == 0 {
			return -1
		}
		if string(t.name(int(i-1))) == string(piece) {
			return int(i - 1)
		}
	}
}

const (
	fnvStart = 2166136261
	fnvPrime = 16777619
)

func hashOf(b []byte) uint32 {
	h := uint32(fnvStart)
	for _, c := range b {
		h = (h ^ uint32(c)) * fnvPrime
	}
	return h
}

// Hash lays out the hash table for pieces of these names.
func Hash(names []string) []uint32 {
	size := 1
	for size < 2*len(names) {
		size *= 2
	}
	table := make([]uint32, size)
	for i, name := range names {
		h := hashOf([]byte(name)) & uint32(size-1)
		for table[h] != 0 {
			h = (h + 1) & uint32(size-1)
		}
		table[h] = uint32(i + 1)
	}
	return table
}

// Plain is the form of a text that is cut into pieces: compatibility characters replaced (NFKC), lower case, invisible characters gone.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '’' || r == 'ʼ' || r == '`' || r == '´':
			return '\''
		case r == '\u00ad' || r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\ufeff' || r == '\u0640' || r == '\ufe0f':
			return -1
		case r == '\u0301' || unicode.Is(unicode.Mn, r) && r >= 0x064b && r <= 0x0652: // stress marks; Arabic vowels
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(text))
}

// Tokens appends the pieces of text to into, at most limit altogether. Characters in no piece are left out.
func (t *Table) Tokens(into []int32, text string, limit int) []int32 {
	var s segmenter
	for word := range strings.FieldsSeq(Plain(text)) {
		into = s.cut(t, into, word)
		if len(into) >= limit {
			return into[:limit]
		}
	}
	return into
}

// segmenter is the scratch space of the search for the likeliest cut of a word.
type segmenter struct {
	buf  []byte
	at   []int     // byte at which each character begins, and the end
	best []float32 // likeliest cut of the first i characters
	from []int32   // where its last piece begins
	last []int32   // that piece, -1 for a character in no piece
}

// cut appends the pieces of one word. A word of more than a hundred characters is cut at a hundred.
func (s *segmenter) cut(t *Table, into []int32, word string) []int32 {
	s.buf = append(append(s.buf[:0], start...), word...)
	s.at = s.at[:0]
	for i := 0; i < len(s.buf) && len(s.at) < 100; {
		s.at = append(s.at, i)
		_, n := utf8.DecodeRune(s.buf[i:])
		i += n
	}
	n := len(s.at)
	last := s.at[n-1]
	_, width := utf8.DecodeRune(s.buf[last:])
	s.at = append(s.at, last+width)
	s.best, s.from, s.last = s.best[:0], s.from[:0], s.last[:0]
	for range n + 1 {
		s.best, s.from, s.last = append(s.best, -1e30), append(s.from, 0), append(s.last, -1)
	}
	s.best[0] = 0
	for i := range n {
		h := uint32(fnvStart)
		for e := i + 1; e <= min(n, i+longest); e++ {
			for _, c := range s.buf[s.at[e-1]:s.at[e]] {
				h = (h ^ uint32(c)) * fnvPrime
			}
			piece := t.find(s.buf[s.at[i]:s.at[e]], h)
			if piece >= 0 && s.best[i]+t.scores[piece] > s.best[e] {
				s.best[e], s.from[e], s.last[e] = s.best[i]+t.scores[piece], int32(i), int32(piece)
			}
		}
		if s.best[i]+t.unknown > s.best[i+1] {
			s.best[i+1], s.from[i+1], s.last[i+1] = s.best[i]+t.unknown, int32(i), -1
		}
	}
	from := len(into)
	for e := int32(n); e > 0; e = s.from[e] {
		if s.last[e] >= 0 {
			into = append(into, s.last[e])
		}
	}
	for a, b := from, len(into)-1; a < b; a, b = a+1, b-1 {
		into[a], into[b] = into[b], into[a]
	}
	return into
}

// Rarity is how unlikely word is, as minus the log probability of its likeliest cut: a few for the commonest words, thirty for rare ones.
func (t *Table) Rarity(word string) float64 {
	var s segmenter
	s.cut(t, nil, Plain(word))
	return -float64(s.best[len(s.best)-1])
}
