package lexicon

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one word of a text.
type token struct {
	start, end int    // bytes of the text
	word       string // lower case, without invisible characters, apostrophes as '
	comma      bool   // a comma or bracket stands before it
	dash       bool   // a dash, colon or semicolon stands before it
	quoted     bool   // it stands between double quotation marks
}

func (t token) broken() bool { return t.comma || t.dash }

// sentence is a run of words that a full stop, a line or the end of the text closes.
type sentence struct {
	words    []token
	end      int // byte after its closing punctuation
	question bool
}

// scanner cuts a text into sentences of words. Markup is not read; the text of a link or paragraph is.
type scanner struct {
	text      string
	sentences []sentence
	current   sentence
	comma     bool
	dash      bool
	quoted    bool
}

func scan(text string) []sentence {
	s := scanner{text: text}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			i = s.word(i)
			continue
		case r == '<':
			if skip := markup(text[i:]); skip > 0 {
				s.close(i, block(text[i:]))
				i += skip
				continue
			}
		case r == '.':
			s.close(i+n, s.stops(i))
		case r == '!', r == '?', r == '…', r == '。', r == '؟':
			s.current.question = s.current.question || r == '?' || r == '؟'
			s.close(i+n, true)
		case r == '\n', r == '\u2029', r == '•':
			s.close(i, true)
		default:
			s.mark(r, text[i+n:])
		}
		i += n
	}
	s.close(len(text), true)
	return s.sentences
}

// mark notes punctuation inside a sentence.
func (s *scanner) mark(r rune, rest string) {
	switch r {
	case ',', '(', ')', '[', ']', '،':
		s.comma = true
	case ';', ':', '–', '—', '|', '/':
		s.dash = true
	case '-':
		s.dash = s.dash || strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "-")
	case '"', '”':
		s.quoted = !s.quoted && r == '"'
	case '“', '„', '«':
		s.quoted = !(r == '“' && s.quoted)
	case '»':
		s.quoted = false
	}
}

// close ends the sentence at byte end, if there is one and really is true.
func (s *scanner) close(end int, really bool) {
	if !really {
		return
	}
	if len(s.current.words) > 0 {
		s.current.end = end
		s.sentences = append(s.sentences, s.current)
	} else if n := len(s.sentences); n > 0 && end > 0 && strings.ContainsRune("!?.…", rune(s.text[end-1])) && s.sentences[n-1].end == end-1 {
		s.sentences[n-1].end = end // "?!", "..."
		s.sentences[n-1].question = s.sentences[n-1].question || s.current.question
	}
	s.current = sentence{}
	s.comma, s.dash = false, false
}

// stops says whether the full stop at byte i ends a sentence: not in 3.5, f.eks. or after a single letter.
func (s *scanner) stops(i int) bool {
	next, _ := utf8.DecodeRuneInString(s.text[i+1:])
	if unicode.IsDigit(next) || unicode.IsLower(next) {
		return false
	}
	if n := len(s.current.words); n > 0 {
		w := s.current.words[n-1]
		switch w.word {
		case "mr", "mrs", "ms", "dr", "eks", "bl", "osv", "напр", "ін", "тис":
			return w.end != i || strings.TrimSpace(s.text[i+1:]) == ""
		}
	}
	return true
}

// word reads the word at byte i and gives the byte after it.
func (s *scanner) word(i int) int {
	var b strings.Builder
	end := i
	for k := i; k < len(s.text); {
		r, n := utf8.DecodeRuneInString(s.text[k:])
		plain, in := inWord(r, s.text[k+n:])
		if !in {
			break
		}
		k += n
		if plain >= 0 {
			b.WriteRune(unicode.ToLower(plain))
			end = k
		}
	}
	s.split(b.String(), i, end)
	return end
}

// inWord says whether r goes on with a word when rest follows it, and what it is read as; negative is nothing.
func inWord(r rune, rest string) (rune, bool) {
	switch r {
	case '\'', '’', 'ʼ', '`', '′':
		next, _ := utf8.DecodeRuneInString(rest)
		return '\'', unicode.IsLetter(next)
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u0301', '\ufe0f':
		return -1, true
	}
	return r, unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// split takes English contractions apart, so that "don't" is do and n't and "I'm" is i and 'm. Both halves keep the whole word's bytes.
func (s *scanner) split(word string, start, end int) {
	t := token{start: start, end: end, comma: s.comma, dash: s.dash, quoted: s.quoted}
	switch word {
	case "що", "як", "чого", "чи", "ким", "скільки", "де": // Ukrainian always puts a comma here; it parts nothing
		t.comma = false
	}
	s.comma, s.dash = false, false
	rest := ""
	if k := strings.LastIndexByte(word, '\''); k > 0 {
		switch word[k:] {
		case "'t":
			if base, ok := strings.CutSuffix(word[:k], "n"); ok && base != "" {
				word, rest = base, "n't"
			}
		case "'m", "'re", "'ve", "'s", "'ll", "'d":
			word, rest = word[:k], word[k:]
		}
	}
	switch {
	case rest == "n't" && word == "ca":
		word = "can"
	case rest == "n't" && word == "wo":
		word = "will"
	}
	t.word = word
	s.current.words = append(s.current.words, t)
	if rest != "" {
		t.word, t.comma, t.dash = rest, false, false
		s.current.words = append(s.current.words, t)
	}
}

// longestTag is where a tag that does not close is given up as a less-than sign.
const longestTag = 300

// markup gives the length of the tag that s begins with, with what a script or style holds; 0 when it is none.
func markup(s string) int {
	if len(s) < 3 || !(s[1] == '/' || s[1] == '!' || s[1]|0x20 >= 'a' && s[1]|0x20 <= 'z') {
		return 0
	}
	end := strings.IndexByte(s[:min(len(s), longestTag)], '>')
	if end < 0 {
		return 0
	}
	for _, name := range []string{"script", "style"} {
		if len(s) > len(name)+1 && strings.EqualFold(s[1:1+len(name)], name) {
			if stop := strings.Index(strings.ToLower(s), "</"+name); stop > 0 {
				return stop
			}
		}
	}
	return end + 1
}

// block says whether the tag that s begins with ends a sentence, as a paragraph does and bold type does not.
func block(s string) bool {
	name := strings.ToLower(strings.Trim(s[1:min(len(s), 12)], "/!"))
	for _, inline := range []string{"b>", "i>", "u>", "em", "strong", "span", "a ", "a>", "mark", "small", "font"} {
		if strings.HasPrefix(name, inline) {
			return false
		}
	}
	return true
}
