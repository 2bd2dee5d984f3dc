package impact_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// shown is what is shown of a whole text about people of these names.
func shown(text string, names ...string) string {
	return impact.Quote{Body: text, Span: outcome.Whole(text), Names: names}.Shown()
}

func TestNamesAreMaskedAsLanguagesDeclineThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		stem  string // of every form, in its letters
		forms string
	}{
		{"Олена", "Олен", "Олена Олени Олені Олену Оленою Олено Оленин Оленина Оленою"},
		{"Olena", "Олен", "Олена Олени Олені Олену Оленою Олено Оленина"},
		{"Ольга", "Оль", "Ольга Ольги Ользі Ольгу Ольгою Ольго Ользина Ольжин"},
		{"Olga", "Оль", "Ольга Ольги Ользі Ольгу Ольгою"},
		{"Марія", "Мар", "Марія Марії Марію Марією Маріє Мария Марии Марию Марией"},
		{"Mariia", "Мар", "Марія Марії Марію Марією"},
		{"Наталія", "Натал", "Наталія Наталії Наталію Наталією Наталя Наталі Наталю Наталею"},
		{"Оля", "Ол", "Оля Олі Олю Олею Олин"},
		{"Юлія", "Юл", "Юлія Юлії Юлію Юлією Юля Юлі"},
		{"Зоя", "Зо", "Зоя Зої Зою Зоєю"},
		{"Віра", "Вір", "Віра Віри Вірі Віру Вірою"},
		{"Мар'яна", "Мар", "Мар'яна Мар’яни Марʼяні Мар'яну Мар’яною Марьяна"},
		{"Mariana", "Мар", "Мар'яна Мар’яни Мар'яною"},
		{"Іван", "Іван", "Іван Івана Іванові Івану Іваном Іване Іванів Іванова"},
		{"Ivan", "Іван", "Іван Івана Іванові Іваном"},
		{"Ігор", "Ігор", "Ігор Ігоря Ігореві Ігорю Ігорем"},
		{"Василь", "Васил", "Василь Василя Василеві Василю Василем"},
		{"Андрій", "Андрі", "Андрій Андрія Андрієві Андрію Андрієм"},
		{"Andriy", "Андрі", "Андрій Андрія Андрієві Андрію Андрієм"},
		{"Сергей", "Серг", "Сергей Сергея Сергею Сергеем"},
		{"Serhii", "Сергі", "Сергій Сергія Сергієм"},
		{"Олег", "Оле", "Олег Олега Олегові Олегом Олеже"},
		{"Павло", "Павл", "Павло Павла Павлові Павлу Павлом Павле"},
		{"Федір", "Фед", "Федір Федора Федорові Федором"},
		{"Ян", "Ян", "Ян Яна Янові Яном"},
		{"Шевченко", "Шевченк", "Шевченко Шевченка Шевченкові Шевченком"},
		{"Shevchenko", "Шевченк", "Шевченко Шевченка Шевченком"},
		{"Ковальський", "Ковальськ", "Ковальський Ковальського Ковальському Ковальським"},
		{"Ковальська", "Ковальськ", "Ковальська Ковальської Ковальській Ковальську Ковальською"},
		{"Кравець", "Крав", "Кравець Кравця Кравцеві Кравцем"},
		{"Іванова", "Іванов", "Іванова Іванової Івановій Іванову Івановою"},
		{"Hansen", "ансен", "Гансен Гансена Гансеном Хансен Хансена Хансеном"},
		{"Agnieszka", "Agniesz", "Agnieszka Agnieszki Agnieszce Agnieszkę Agnieszką Agnieszko"},
		{"Małgorzata", "Małgorza", "Małgorzata Małgorzaty Małgorzacie Małgorzatę Małgorzatą"},
		{"Barbara", "Barbar", "Barbara Barbary Barbarze Barbarę Barbarą"},
		{"Magda", "Magd", "Magda Magdy Magdzie Magdę Magdą"},
		{"Kasia", "Kas", "Kasia Kasi Kasię Kasią Kasiu"},
		{"Anna", "Ann", "Anna Anny Annie Annę Anną"},
		{"Paweł", "Paw", "Paweł Pawła Pawłowi Pawłem Pawle"},
		{"Marek", "Mar", "Marek Marka Markowi Markiem"},
		{"Jan", "Jan", "Jan Jana Janowi Janem Janie"},
		{"Robert", "Rober", "Robert Roberta Robertowi Robertem Robercie"},
		{"Kowalski", "Kowalsk", "Kowalski Kowalskiego Kowalskiemu Kowalskim"},
		{"Kowalska", "Kowalsk", "Kowalska Kowalskiej Kowalską"},
		{"Олена", "Olen", "Olena Oleny Olenie Olenę Oleną Olenas"},
		{"Юлія", "li", "Yuliia Yulia Julia Iuliia Julii Julię"},
		{"Yuliia", "li", "Yulia Julia Yuliya"},
		{"Євген", "vhen", "Yevhen Evhen"},
		{"Łukasz", "ukasz", "Łukasz Lukasz Łukasza Łukaszem"},
		{"Bjørn", "rn", "Bjørn Bjorn Bjørns"},
		{"أحمد", "حمد", "أحمد لأحمد وأحمد بأحمد ولأحمد احمد فأحمد كأحمد"},
		{"فاطمة", "فاطم", "فاطمة فاطمه لفاطمة وبفاطمة"},
		{"الحسن", "حسن", "الحسن للحسن والحسن وللحسن"},
	} {
		for form := range strings.FieldsSeq(c.forms) {
			for _, text := range []string{"ja już, " + form + ", wiem", form + ": dziękuję", "Я, już, з «" + form + "»", strings.ToUpper("ę " + form)} {
				got := shown(text, c.name)
				if !strings.Contains(got, "[name]") || strings.Contains(strings.ToLower(got), strings.ToLower(c.stem)) {
					t.Errorf("%s in %q: shown as %q", c.name, text, got)
				}
			}
		}
	}
}

// TestWhatIsLikeANameStays: a mask in place of an everyday word costs a quote its meaning and hides nobody.
func TestWhatIsLikeANameStays(t *testing.T) {
	t.Parallel()
	names := []string{
		"Олена Шевченко", "Віра Надія", "Оля Біла", "Tom Hansen", "Bo Berg", "Maja Lund", "Per Haug", "Julia Mark", "Tim Dahl", "Gun Strand", "Jan Nowak", "Anna Berg", "Юлія Ковальська", "My Nguyen",
		"Ada Stein", "Коля Лев", "Sam Kim", "Роман Мельник", "Марк Коваль", "أمل علي", "Ania", "Dan Wolf", "Ian", "Hanna", "Аля", "Ася", "Max", "Lev",
	}
	for _, text := range []string{
		"Тому я рада. Але мені важко. Вірю в себе! Маю роботу. Має бути добре. Бо так краще. Ми разом. Ви добрі. Тим часом я вчуся. Дані є.",
		"In July I was in Peru and Rome. Any time. Only then. Hun hjalp meg. Two hours per week, and my German is better. Most of it. Wolves. May I? Anything.",
		"Die Berge und die Steine waren schön, der Bergbau auch. Am Strande. Danke!",
		"W lipcu byłam w Rzymie, a w marcu w domu. Annały. Janów. Tomy książek.",
		"Коли я сама, мені важко. Надійно. Олень біжить. Романтика. Вірно. Біля дому. Ялинка. Марно. Юність.",
		"Я маю надію, віру і любов. Тому що так.", "كان لي أمر عليه والأمان", "Karin and Perry. Olenka? Annika. Mariannes Tomate.",
	} {
		if got := shown(text, names...); got != text {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

// TestNoQuoteShowsAName: whatever form of a name stands where in a text, and wherever the quote begins and ends.
func TestNoQuoteShowsAName(t *testing.T) {
	t.Parallel()
	people := []struct {
		name, stem string
		forms      []string
	}{
		{"Оксана", "ксан", strings.Fields("Оксана Оксани Оксані Оксану Оксаною Оксано Оксанин")},
		{"Oksana", "ксан", strings.Fields("Оксана Оксани Оксані Оксану Оксаною Оксано")},
		{"Богдан", "огдан", strings.Fields("Богдан Богдана Богданові Богдану Богданом Богдане")},
		{"Bohdan", "огдан", strings.Fields("Богдан Богдана Богданові Богдану Богданом Богдане")},
		{"Тарасенко", "арасенк", strings.Fields("Тарасенко Тарасенка Тарасенкові Тарасенком")},
		{"Тетяна", "etian", strings.Fields("Tetiana Tetiany Tetianie Tetianę Tetianą")},
		{"Zuzanna", "uzann", strings.Fields("Zuzanna Zuzanny Zuzannie Zuzannę Zuzanną")},
		{"محمود", "حمود", strings.Fields("محمود لمحمود ومحمود بمحمود ولمحمود")},
	}
	words := strings.Fields("🎉 дякую і дуже, мені легше. jestem, że dzięki! jeg var glad? (так) «ні» — 5 أنا سعيدة، and I am\u200b brave:")
	r := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		p := people[r.IntN(len(people))]
		var b strings.Builder
		for range 3 + r.IntN(8) {
			if r.IntN(3) == 0 {
				form := p.forms[r.IntN(len(p.forms))]
				if r.IntN(5) == 0 {
					form = strings.ToUpper(form)
				}
				b.WriteString(form)
			} else {
				b.WriteString(words[r.IntN(len(words))])
			}
			b.WriteString([]string{" ", ", ", ". ", "\n", " (", "-"}[r.IntN(6)])
		}
		body := []rune(b.String())
		start := r.IntN(len(body))
		end := start + 1 + r.IntN(len(body)-start)
		quote := impact.Quote{Body: string(body), Span: outcome.Span{Start: start, End: end, Text: string(body[start:end])}, Names: []string{p.name}}
		got := quote.Shown()
		if strings.Contains(strings.ToLower(got), p.stem) {
			t.Fatalf("%s is shown of %q: %q", p.name, quote.Span.Text, got)
		}
		for word := range strings.FieldsSeq(quote.Span.Text) { // what is no name stays; a quote may be a letter of one
			if len(word) > 2 && slices.Contains(words, word) && !strings.Contains(got, word) {
				t.Fatalf("%q is masked in %q: %q", word, quote.Span.Text, got)
			}
		}
	}
}
