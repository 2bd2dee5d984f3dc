package localmodel

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// screenerVersion names this screener; another version may find other things.
const screenerVersion = "words-1"

// harm are whole words in a row that speak of a category, in English, Norwegian and Ukrainian, one phrase a line. They are few and plain.
var harm = map[safety.Category]string{
	safety.SelfHarm: `kill myself
end my life
want to die
hurt myself
do not want to live
don't want to live
ta livet mitt
ikke leve lenger
skade meg selv
vil dø
не хочу жити
вбити себе
покінчити з собою`,
	safety.ChildSafety: `hit the children
hits the children
hits his son
hits her son
hits his daughter
touched the child
slår barna
slår barnet
б'є дітей
б'є дитину`,
	safety.Violence: `i will kill you
i will kill him
i will kill her
i will beat you
jeg skal drepe deg
jeg skal drepe ham
я вб'ю тебе
я вб'ю його`,
	safety.Harassment: `you are an idiot
you are worthless
you are disgusting
du er en idiot
du er verdiløs
ти ідіот
ти нікчема`,
	safety.Hate: `dirty foreigners
filthy immigrants
go back to your country
skitne utlendinger
dra tilbake til hjemlandet
брудні іноземці`,
	safety.Sexual: `send me nudes
sleep with me
send nakenbilder
ligge med meg
надішли голі фото`,
	safety.Profanity: `fuck
fucking
shit
bullshit
faen
helvete
jævla
блять
хуй`,
	safety.Spam: `buy now
click here
earn money fast
klikk her
купуй зараз`,
}

// telling are words by which a sentence tells what somebody else said or did to the writer.
var telling = strings.Fields("shouted called told said yelled wrote ropte kalte sa skrev skrek кричали кричав назвав назвали сказав сказали писали")

// Screener finds harm by word lists. It finds what is said plainly and in the words it knows, and no more.
type Screener struct{ phrases []phrase }

type phrase struct {
	category safety.Category
	words    []string
}

var _ safety.Screener = (*Screener)(nil)

// NewScreener reads the lists.
func NewScreener() *Screener {
	s := &Screener{}
	for _, category := range safety.Categories {
		for line := range strings.Lines(harm[category]) {
			s.phrases = append(s.phrases, phrase{category, strings.Fields(line)})
		}
	}
	return s
}

// Screen is safety.Screener. It never fails.
func (s *Screener) Screen(_ context.Context, in safety.Request) (safety.Screening, error) {
	said := spokenWords(in.Text)
	found := map[safety.Category]*safety.Finding{}
	for _, p := range s.phrases {
		for at := range said {
			if !p.at(said[at:]) {
				continue
			}
			f := found[p.category]
			if f == nil {
				f = &safety.Finding{Category: p.category, Confidence: 0.75, Reported: true}
				found[p.category] = f
			}
			f.Reported = f.Reported && !said[at].opens && told(said[:at])
			f.Spans = append(f.Spans, safety.Span{Start: said[at].start, End: said[at+len(p.words)-1].end})
		}
	}
	if personal := safety.FindPII(in.Text); personal != nil {
		found[safety.PII] = &safety.Finding{Category: safety.PII, Confidence: 0.9, Spans: personal}
	}
	screening := safety.Screening{Version: screenerVersion}
	for _, category := range safety.Categories {
		if f := found[category]; f != nil {
			slices.SortFunc(f.Spans, func(a, b safety.Span) int { return a.Start - b.Start })
			screening.Findings = append(screening.Findings, *f)
		}
	}
	return screening, nil
}

// at says whether the phrase stands at the beginning of said, within one sentence.
func (p phrase) at(said []spoken) bool {
	if len(said) < len(p.words) {
		return false
	}
	for i, word := range p.words {
		if said[i].word != word || i > 0 && said[i].opens {
			return false
		}
	}
	return true
}

// told says whether the sentence that before ends in, and that goes on, has begun to tell of somebody else.
func told(before []spoken) bool {
	for _, t := range slices.Backward(before) {
		if slices.Contains(telling, t.word) {
			return true
		}
		if t.opens {
			return false
		}
	}
	return false
}

// spoken is one word in lower case, from character start to end; opens says that a sentence begins with it.
type spoken struct {
	word       string
	start, end int
	opens      bool
}

func spokenWords(text string) []spoken {
	var list []spoken
	characters := []rune(strings.ReplaceAll(text, "’", "'"))
	opens := true
	for i := 0; i < len(characters); {
		if !ofWord(characters[i]) {
			opens = opens || strings.ContainsRune(".!?\n", characters[i])
			i++
			continue
		}
		from := i
		for i < len(characters) && ofWord(characters[i]) {
			i++
		}
		list = append(list, spoken{strings.ToLower(string(characters[from:i])), from, i, opens})
		opens = false
	}
	return list
}

func ofWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' }
