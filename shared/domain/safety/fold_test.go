package safety_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/safety"
)

func TestFoldUndoesDisguises(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"You IDIOT":                     "you idiot",
		"ｉｄｉｏｔ":                         "idiot",
		"𝐢𝐝𝐢𝐨𝐭 Ⓘⓓⓘⓞⓣ":                   "idiot idiot",
		"іdіоt":                         "idiot", // Cyrillic і and о
		"ιdiοt":                         "idiot", // Greek ι and ο
		"1d10t sh1t a$$ @ss":            "idiot shit ass ass",
		"fuuuuck youuuu":                "fuck you",
		"asssss killll":                 "ass kill",
		"i d i o t!":                    "idiot!",
		"i.d.i.o.t and f-u-c-k":         "idiot and fuck",
		"i\u200bd\u00adi\u2060ot":       "idiot",
		"i\u202ed\u202aio\u202ct":       "idiot",
		"\u2066i\u2069d\u2067i\u2068ot": "idiot",
		"i\x00d\x1fi\x7fo\u009ft":       "idiot",
		"i\ufff9d\ufffbio\U000E0FFFt":   "idiot",
		"id\U0001D173iot\u2800you":      "idiot you",
		"an\tidiot":                     "an idiot",
		"i\u0336d\u0336iot":             "idiot",
		"kill   your\nself":             "kill your self",
		"don’t — “ever”":                "don't - \"ever\"",
		"дурeнь":                        "дурень", // Latin e
		"іііідіот":                      "ідіот",
		"كـــلب":                        "كلب",
		"كَلْب":                         "كلب",
	} {
		if got, _ := safety.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFoldLeavesOrdinaryWords(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"сир росте в хаті, а я і ти", "я і в а", "їжак з'їв моє яблуко", "соус оса рис", "ґанок", "на b2 рівні",
		"å være på øya, i å og i", "også nå må vi få kjøtt", "gå på skolen", "klassen skriver ssh", "b2b h2o covid19 2nd mp3 b1 a2 10am 24/7 co2-utslipp",
		"مرحبا كيف حالك اليوم", "أنا من سوريا", "ola@example.com", "straße über müller", "ça va, où est la forêt", "el niño está aquí", "good feeling, well, off we go", "www xxx iii", "a i u", "हिन्दी में", "kr 50 $ 12 us$", "wow! great!",
	} {
		if got, _ := safety.Fold(s); got != s {
			t.Errorf("Fold(%q) = %q, want it as it is", s, got)
		}
	}
}

func TestUnfoldFindsTheDisguisedWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Du er en I D I O T, sa han 🎉":          "I D I O T",
		"🎉 такий і\u200bdiоt тут":               "і\u200bdiоt",
		"what an idiooooot is":                  "idiooooot",
		"an \u2066\u202eid\u202cio\x00t\u2069.": "id\u202cio\x00t\u2069",
		"ﬁne: ｉｄｉｏｔ":                            "ｉｄｉｏｔ",
	} {
		folded, at := safety.Fold(text)
		i := strings.Index(folded, "idiot")
		if i < 0 {
			t.Errorf("%q folds to %q", text, folded)
			continue
		}
		start, end := safety.Unfold(at, i, i+len("idiot"))
		if got := string([]rune(text)[start:end]); got != want {
			t.Errorf("%q: found at %q, want %q", text, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"I d i o t", "ﬃ½①", "a\u0301\u0301", "\xff\xfe", "і1і1", "$$a$$", "㍿ ﷺ", "각", "🏴\U000E0067\U000E007F", "a.b.c.d.", "\u200b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded, at := safety.Fold(text)
		n := utf8.RuneCountInString(text)
		if len(at) != len(folded)+1 || at[len(folded)] != n {
			t.Fatalf("map of %d places for %d bytes, ends at %d of %d", len(at), len(folded), at[len(at)-1], n)
		}
		for i, place := range at {
			if place < 0 || place > n || i > 0 && place < at[i-1] {
				t.Fatalf("the map of %q is not monotone: %v", text, at)
			}
		}
		for i := range folded {
			if start, end := safety.Unfold(at, i, i+1); start >= end {
				t.Fatalf("byte %d of %q comes from nothing (%d to %d) in %q", i, folded, start, end, text)
			}
		}
	})
}
