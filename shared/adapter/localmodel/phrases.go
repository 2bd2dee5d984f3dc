package localmodel

import (
	"slices"
	"strings"
	"unicode"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// plainly are whole words in a row that say a harm so plainly that no network is asked, one phrase a line, in lower case. They are few: a
// word list that tries to be complete silences people. What is said in other words is the network's to find.
var plainly = map[safety.Category]string{
	safety.SelfHarm: `kill myself
killing myself
end my life
ending my life
want to die
wish i was dead
wish i were dead
better off dead
better off without me
hurt myself
do not want to live
don't want to live
don't want to wake up
do not want to wake up
ta livet mitt
ta livet av meg
ikke leve lenger
vil ikke leve
orker ikke leve
skade meg selv
vil dø
не хочу жити
хочу померти
вбити себе
покінчити з собою
накласти на себе руки
не хочу прокидатися
will sterben
nicht mehr leben
mich umbringen
mir das leben nehmen
envie de mourir
veux mourir
plus envie de vivre
me suicider
quiero morir
quiero morirme
no quiero vivir
suicidarme
quitarme la vida
أريد أن أموت
اريد ان اموت
لا أريد أن أعيش
أقتل نفسي
хочу умереть
не хочу жить
покончить с собой
убить себя
chcę umrzeć
nie chcę żyć
zabić się
odebrać sobie życie
vill dö
vill inte leva
ta mitt liv`,
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

// phrase is words in a row.
type phrase struct {
	category safety.Category
	words    []string
}

// phrases are the lists, read.
func phrases() []phrase {
	var out []phrase
	for _, category := range safety.Categories {
		for line := range strings.Lines(plainly[category]) {
			out = append(out, phrase{category, strings.Fields(line)})
		}
	}
	return out
}

// said finds what text says plainly, a finding a category.
func said(text string, list []phrase) map[safety.Category]*safety.Finding {
	words := spokenWords(text)
	found := map[safety.Category]*safety.Finding{}
	for _, p := range list {
		for at := range words {
			if !p.at(words[at:]) {
				continue
			}
			f := found[p.category]
			if f == nil {
				f = &safety.Finding{Category: p.category, Confidence: 0.85, Reported: true}
				found[p.category] = f
			}
			f.Reported = f.Reported && !words[at].opens && told(words[:at])
			f.Spans = append(f.Spans, safety.Span{Start: words[at].start, End: words[at+len(p.words)-1].end})
		}
	}
	for _, f := range found {
		slices.SortFunc(f.Spans, func(a, b safety.Span) int { return a.Start - b.Start })
	}
	return found
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
		to := i
		for from < to && characters[from] == '\'' { // it quotes, and is no part of the word
			from++
		}
		for from < to && characters[to-1] == '\'' {
			to--
		}
		if from < to {
			list = append(list, spoken{strings.ToLower(string(characters[from:to])), from, to, opens})
			opens = false
		}
	}
	return list
}

func ofWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' }
