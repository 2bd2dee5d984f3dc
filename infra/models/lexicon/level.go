package lexicon

import (
	_ "embed" // the word list
	"strings"
	"sync"

	"github.com/teei/csr-platform/shared/domain/outcome"
)

//go:embed lexicon/cefrj.txt
var cefrj string

// What the level is read from. The reference points are typical of A1 and C1 writing; they are set by hand and not fitted to graded
// learner texts, which is why the confidence stays low.
const (
	easyShare, hardShare   = 0.01, 0.17 // words of B1 and above
	shortWords, longWords  = 3.6, 4.9   // characters a word
	shortLines, longLines  = 5.0, 20.0  // words a sentence
	weightOfWords          = 0.40
	weightOfWordLength     = 0.20
	weightOfSentenceLength = 0.40
	costOfSlip             = 0.03 // for each slip in a hundred words
	noPunctuation          = 40.0 // words a sentence from which its length says nothing
	levelSure              = 0.3  // confidence at outcome.LeastWords
	levelSurer             = 0.15 // what 200 words more add
)

// levelsRead are the levels once they are read. It is no sync.OnceValue, which would be made at import, and with it every function that
// never scores would hold the words.
var levelsRead struct {
	once   sync.Once
	levels map[string]int8
}

// wordLevels is the level of English words, 1 (A1) to 4 (B2), made when first needed.
func wordLevels() map[string]int8 {
	levelsRead.once.Do(func() { levelsRead.levels = readLevels() })
	return levelsRead.levels
}

func readLevels() map[string]int8 {
	levels := make(map[string]int8, 7000)
	for line := range strings.Lines(cefrj) {
		for i, name := range []string{"A1 ", "A2 ", "B1 ", "B2 "} {
			if words, ok := strings.CutPrefix(line, name); ok {
				for word := range strings.FieldsSeq(words) {
					levels[word] = int8(i + 1)
				}
			}
		}
	}
	return levels
}

// level scores lang_level_proxy: how advanced the English of the text itself is, whatever it speaks of. Other languages have no score.
func level(text string, sentences []sentence, whole verdict) (outcome.Score, bool) {
	if whole.best == nil || whole.best.code != "en" || !whole.clear {
		return outcome.Score{}, false
	}
	var words, known, hard, slips, characters int
	types := map[string]bool{}
	for _, s := range sentences {
		for i, w := range s.words {
			if w.word[0] == '\'' || w.word == "n't" {
				continue
			}
			words++
			characters += len(w.word)
			types[w.word] = true
			if l := levelOf(w.word); l > 0 {
				known++
				if l >= 3 {
					hard++
				}
			}
			if i > 0 && slip(s.words[i-1].word, w.word) {
				slips++
			}
		}
	}
	// A text that repeats itself, or is mostly names, numbers or another language, shows no level.
	if words < outcome.LeastWords || 4*len(types) < words && len(types) < outcome.LeastWords/2 || 3*known < 2*words {
		return outcome.Score{}, false
	}
	n := float64(words)
	length := n / float64(len(sentences))
	if length > noPunctuation {
		length = (shortLines + longLines) / 2
	}
	value := weightOfWords*between(float64(hard)/float64(known), easyShare, hardShare) +
		weightOfWordLength*between(float64(characters)/n, shortWords, longWords) +
		weightOfSentenceLength*between(length, shortLines, longLines) -
		costOfSlip*100*float64(slips)/n
	return outcome.Score{
		Dimension:  outcome.LangLevelProxy,
		Value:      outcome.Round(min(max(value, leastDoubt), 1-leastDoubt)),
		Confidence: outcome.Round(levelSure + levelSurer*min(1, (n-outcome.LeastWords)/200)),
		Direction:  outcome.State,
		Evidence:   []outcome.Span{outcome.Whole(text)},
	}, true
}

// between places x on the way from low (0) to high (1).
func between(x, low, high float64) float64 { return min(max((x-low)/(high-low), 0), 1) }

// levelOf is the level of a word or of the word it is a form of; 0 when neither is listed.
func levelOf(word string) int8 {
	levels := wordLevels()
	if l := levels[word]; l > 0 {
		return l
	}
	for _, form := range [...][2]string{
		{"ies", "y"},
		{"ied", "y"},
		{"es", ""},
		{"es", "e"},
		{"s", ""},
		{"ed", ""},
		{"ed", "e"},
		{"ing", ""},
		{"ing", "e"},
		{"er", ""},
		{"er", "e"},
		{"est", ""},
		{"ly", ""},
	} {
		if stem, ok := strings.CutSuffix(word, form[0]); ok && len(stem) > 1 {
			if l := levels[stem+form[1]]; l > 0 {
				return l
			}
			if n := len(stem); n > 3 && form[1] == "" && stem[n-1] == stem[n-2] { // stopped
				if l := levels[stem[:n-1]]; l > 0 {
					return l
				}
			}
		}
	}
	return irregular(word)
}

// irregular gives level 1 to the commonest forms that no ending leads back from.
func irregular(word string) int8 {
	switch word {
	case "was", "were", "been", "am", "is", "are", "has", "had", "did", "done", "does", "went", "gone", "came", "saw", "seen", "got",
		"made", "said", "told", "knew", "known", "thought", "felt", "found", "gave", "given", "took", "taken", "wrote", "written",
		"spoke", "spoken", "met", "kept", "left", "began", "taught", "understood", "better", "best", "worse", "people", "children",
		"me", "him", "them", "us", "my", "his", "her", "their", "our", "your", "i", "an", "could", "would", "should", "became", "helped":
		return 1
	}
	return 0
}

// slip says whether two words side by side are a mistake that beginners make and advanced writers do not.
func slip(a, b string) bool {
	switch a {
	case "i":
		return b == "has" || b == "is" || b == "are" || b == "does" || b == "goes" || b == "be"
	case "he", "she", "it":
		return b == "have" || b == "are" || b == "go" || b == "do" || b == "want" || b == "help" || b == "like" || b == "say" || b == "speak"
	case "they", "we", "you":
		return b == "is" || b == "was" || b == "has" || b == "does"
	case "am", "is":
		return b == "agree" || b == "work" || b == "live" || b == "have" || b == "want" || b == "like" || b == "speak"
	case "more":
		return b == "better" || b == "easier" || b == "good"
	case "did", "didnt", "n't":
		return b == "went" || b == "had" || b == "was" || b == "knew" || b == "spoke" || b == "understood"
	case "to":
		return b == "went" || b == "got" || b == "found" || b == "spoke"
	case "many", "much":
		return b == "peoples" || b == "informations" || b == "advices" || b == "homeworks" || b == "people" && a == "much"
	case "can", "must", "will":
		return b == "to" || b == "speaks" || b == "goes" || b == "is"
	}
	return b == "informations" || b == "advices" || b == "peoples"
}
