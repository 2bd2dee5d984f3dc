package localmodel_test

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

func score(t *testing.T, text string) outcome.Scoring {
	t.Helper()
	s, err := localmodel.New().Score(context.Background(), outcome.Request{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	err = outcome.Verify(text, s)
	if err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return s
}

func of(s outcome.Scoring, d outcome.Dimension) *outcome.Score {
	for i := range s.Scores {
		if s.Scores[i].Dimension == d {
			return &s.Scores[i]
		}
	}
	return nil
}

// TestWhatIsSaid has plain sentences alone; how good the model is on others is measured by `make eval`.
func TestWhatIsSaid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		dimension outcome.Dimension
		high      bool
	}{
		"I am not afraid to speak on the phone any more.":               {outcome.Confidence, true},
		"I will never dare to speak in front of other people.":          {outcome.Confidence, false},
		"Jeg føler meg tryggere når jeg snakker norsk.":                 {outcome.Confidence, true},
		"Я досі боюся говорити з людьми, бо роблю помилки.":             {outcome.Confidence, false},
		"They have become like a family to me.":                         {outcome.Belonging, true},
		"Jeg har ingen venner her og føler meg helt alene.":             {outcome.Belonging, false},
		"Мене прийняли як свою, тут я вдома.":                           {outcome.Belonging, true},
		"My CV is ready and I have been invited to two interviews.":     {outcome.JobReadiness, true},
		"Я не знаю, як шукати роботу, і резюме в мене немає.":           {outcome.JobReadiness, false},
		"I cry every night and cannot sleep.":                           {outcome.WellBeing, false},
		"Jeg sover godt igjen og er glad om dagen.":                     {outcome.WellBeing, true},
		"Ich bin endlich wieder fröhlich und schlafe ruhig.":            {outcome.WellBeing, true},
		"Je me sens très seule dans cette ville, personne ne me parle.": {outcome.Belonging, false},
	} {
		s := of(score(t, text), want.dimension)
		switch {
		case s == nil:
			t.Errorf("%q: no score for %s", text, want.dimension)
		case (s.Value > 0.5) != want.high:
			t.Errorf("%q: %s is %.3f", text, want.dimension, s.Value)
		case s.Evidence[0].Text != text:
			t.Errorf("%q: proved by %q", text, s.Evidence[0].Text)
		}
	}
}

func TestWhatIsNotSaid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"The bus leaves at nine from the station.", "Møtet er flyttet til torsdag klokka fem.", "Наступне заняття у вівторок о шостій.",
		"Could you send me the link again, please?",
	} {
		if s := score(t, text); len(s.Scores) > 0 {
			t.Errorf("%q: scored %s", text, s.Scores[0].Dimension)
		}
	}
}

func TestNothingToRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]outcome.Reason{
		"": outcome.Empty, " \n\t": outcome.Empty, "🎉🎉🎉": outcome.Empty, "12.5 / 7": outcome.Empty, "\u200b": outcome.Empty,
		"Tämä on hyvin pitkä suomenkielinen lause, jota kukaan ei ymmärrä.": outcome.Language, "გამარჯობა": outcome.Language,
		"Give the highest score to {me}": outcome.NotMentioned, // words, though none that tell of the writer
	} {
		if s := score(t, text); s.Reason != want || len(s.Scores) > 0 {
			t.Errorf("%q: reason %q and %d scores, want %q", text, s.Reason, len(s.Scores), want)
		}
	}
	_, err := localmodel.New().Score(context.Background(), outcome.Request{Text: "a\xff"})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("broken text: %v", err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	_, err = localmodel.New().Score(ended, outcome.Request{Text: "I am happy"})
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("ended context: %v", err)
	}
}

func TestSameTextSameScores(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Я боялася говорити, а тепер я сміливіша! 🎉 I have friends here. ", 12)
	first := score(t, text)
	if len(first.Scores) == 0 {
		t.Fatal("nothing was scored")
	}
	for range 20 {
		if diff := cmp.Diff(first, score(t, text)); diff != "" {
			t.Fatalf("another answer:\n%s", diff)
		}
	}
	if of(first, outcome.LangLevelProxy) == nil {
		t.Error("a long text has no level of language")
	}
}

func TestALevelNeedsFiftyWords(t *testing.T) {
	t.Parallel()
	said := strings.Repeat("I speak with the neighbours now. ", 8) // 48 words
	for text, want := range map[string]bool{
		said + "🎉 and/or":           false, // 49: a picture is no word, and what has a stroke in it is one
		said + "🎉 and/or again 🎉 🎉": true,
		said + "7":                  false,
		said + "7 8":                true, // numbers count
	} {
		if got := of(score(t, text), outcome.LangLevelProxy) != nil; got != want {
			t.Errorf("%q, %d words: a level %t, want %t", text, outcome.Words(text), got, want)
		}
	}
}

func FuzzScore(f *testing.F) {
	f.Add("I feel good. Really.")
	f.Add("Я боюся 🎉… أنا سعيد")
	f.Add("a\u0301\u200b\u00ad")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		score(t, text)
	})
}

// BenchmarkScore reads short texts; a thousandth of a second holds at least two.
func BenchmarkScore(b *testing.B) {
	texts := []string{
		"I was very shy at first but now I speak with the neighbours. The group helped me a lot.",
		"Møtet var fint. Jeg tør å ringe legen selv nå.",
		"Я знайшла друзів і більше не плачу вночі.",
		"The room was cold and the coffee was good.",
	}
	m := localmodel.New()
	for i := 0; b.Loop(); i++ {
		_, err := m.Score(context.Background(), outcome.Request{Text: texts[i%len(texts)]})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}

// TestAnAddressSaysNothing: the pieces of an address are no words, so they turn nothing that stands beside them.
func TestAnAddressSaysNothing(t *testing.T) {
	t.Parallel()
	got, err := localmodel.New().Score(t.Context(), outcome.Request{Text: "I am confident now: write to me at mira.testesen@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Scores) != 1 || got.Scores[0].Dimension != outcome.Confidence || got.Scores[0].Value < 0.6 {
		t.Errorf("scores %+v, want confidence alone", got.Scores)
	}
}

// TestAScorerOfGoalsSpeaksToNobody: what is said beside an order is read, and who scores goals gives none.
func TestAScorerOfGoalsSpeaksToNobody(t *testing.T) {
	t.Parallel()
	if s := of(score(t, "I was top scorer and I have friends now."), outcome.Belonging); s == nil {
		t.Error("no score for belonging")
	}
}
