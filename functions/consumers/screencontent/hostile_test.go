package screencontent_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/teei/csr-platform/functions/consumers/screencontent"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/port"
)

// local screens text as the consumer does with the screener that every deployment has, and gives what was kept and what is held.
func local(t *testing.T, text string) (safety.Screened, []safety.Flag, bool) {
	t.Helper()
	h := open(t, 1)
	in := h.writes(t, feedback.FromParticipant, text, 1)
	model := localmodel.NewScreener()
	err := screencontent.New(h, model, safety.Usual).Rated(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var kept safety.Screened
	err = h.Do(t.Context(), port.In(h.ID, "test"), func(tx port.Tx) (err error) {
		kept, err = tx.Safety().Screening(t.Context(), in.Body.RatingID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Check(text); err != nil {
		t.Errorf("kept: %v", err)
	}
	flags, showable := h.flags(t, in.Body.RatingID)
	return kept, flags, showable
}

// filled is text of exactly n characters: harmless sentences, and tail at its end.
func filled(n int, tail string) string {
	const harmless = "We met on Tuesday and practised how to order a coffee. "
	rest := n - utf8.RuneCountInString(tail)
	return strings.Repeat(harmless, 1+rest/len(harmless))[:rest] + tail
}

// between puts mark between the characters of word.
func between(word, mark string) string { return strings.Join(strings.Split(word, ""), mark) }

func TestWhatIsMadeToBreakTheScreenerIsScreenedAllTheSame(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as long as may be":                filled(feedback.MaxText, ""),
		"one word":                         strings.Repeat("a", feedback.MaxText),
		"a letter held down":               "f" + strings.Repeat("u", feedback.MaxText-3) + "ck",
		"letters set apart":                strings.Repeat("i d i o t ", feedback.MaxText/10),
		"40,000 bytes of combining marks":  strings.Repeat("\u0301", 20_000),
		"a letter under a tower of marks":  "a" + strings.Repeat("\u0301\u0323", 10_000),
		"marks on each letter":             strings.Repeat("e\u0301\u0327\u0323", 1_250),
		"Hangul that composes":             strings.Repeat("\u1112\u1161\u11ab", 1_666),
		"ligatures that grow when read":    strings.Repeat("ﷺ", feedback.MaxText),
		"zero-width joiners alone":         strings.Repeat("\u200d", feedback.MaxText),
		"overrides never closed":           strings.Repeat("\u202e\u202d", feedback.MaxText/2),
		"regional indicators":              strings.Repeat("🇳", feedback.MaxText),
		"a family without end":             strings.Repeat("👩\u200d", feedback.MaxText/2),
		"every sentence asks":              strings.Repeat("?! ", feedback.MaxText/3),
		"quotes never closed":              strings.Repeat("“«\"'", feedback.MaxText/4),
		"digits":                           strings.Repeat("4", feedback.MaxText),
		"almost phone numbers":             strings.Repeat("+47 22 ", feedback.MaxText/7),
		"almost addresses":                 strings.Repeat("a@", feedback.MaxText/2),
		"dots of an address":               strings.Repeat("a.", feedback.MaxText/2) + "@",
		"nothing that is seen":             "\u200b",
		"NUL and controls":                 "a\x00b\x01c\x7f",
		"what is no character":             "\ufffd\ufffe\U0010ffff",
		"letters of a mathematical script": strings.Repeat("𝔣𝔲𝔠𝔨 ", feedback.MaxText/5),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			local(t, text)
		})
	}
}

func TestPIIIsRecordedWhateverSurroundsIt(t *testing.T) {
	t.Parallel()
	const mail, phone = "olena.k@example.org", "+47 912 34 567"
	alone := strings.Join([]string{mail, phone, "NO93 8601 1117 947", "4111 1111 1111 1111", "https://example.org/olena"}, "\n")
	for name, c := range map[string]struct {
		text string
		want []string // as they stand in it
	}{
		"nothing else":           {alone, []string{mail, phone, "NO93 8601 1117 947", "4111 1111 1111 1111"}},
		"at the very end":        {filled(feedback.MaxText, " "+mail), []string{mail}},
		"at the very beginning":  {mail + filled(feedback.MaxText-len(mail), ""), nil}, // runs into the next word: found, with more or less of it
		"behind marks":           {strings.Repeat("e\u0301", 2_000) + " " + phone, []string{phone}},
		"behind emoji":           {strings.Repeat("👩\u200d👩\u200d👧 ", 500) + mail, []string{mail}},
		"inside an override":     {"write to \u202e" + mail + "\u202c please", []string{mail}},
		"in Arabic":              {"اكتب لي على " + mail + " شكرا", []string{mail}},
		"many times":             {strings.Repeat(mail+" ", 200), []string{mail}},
		"beside a threat":        {"I will kill you, call " + phone, []string{phone}},
		"in the middle of a row": {strings.Repeat("x ", 1_000) + phone + strings.Repeat(" x", 1_000), []string{phone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, _, showable := local(t, c.text)
			personal := kept.Personal()
			if len(personal) == 0 {
				t.Fatalf("no PII was recorded; findings %v", kept.Findings)
			}
			runes := []rune(c.text)
			hidden := make([]bool, len(runes))
			for _, span := range personal {
				for i := span.Start; i < span.End; i++ {
					hidden[i] = true
				}
			}
			for i, is := range hidden {
				if is {
					runes[i] = '\ufffd'
				}
			}
			for _, want := range c.want {
				if strings.Contains(string(runes), want) {
					t.Errorf("%q is still to be read when what was found is masked", want)
				}
			}
			alone := !slices.ContainsFunc(kept.Findings, func(f safety.Finding) bool { return f.Category != safety.PII })
			if alone && !showable || strings.Contains(name, "threat") && showable {
				t.Errorf("showable %v of %v, expected PII alone to hold nothing, and a threat to be held", showable, kept.Findings)
			}
			if name == "nothing else" && !alone {
				t.Errorf("found %v, expected ways to reach somebody alone", kept.Findings)
			}
		})
	}
}

// TestWhatNobodyCouldReadWaitsForAPerson: it is in the queue of the staff, and alarms nobody.
func TestWhatNobodyCouldReadWaitsForAPerson(t *testing.T) {
	t.Parallel()
	for text, held := range map[string]bool{
		"ሰላም ከመይ ኣሎኻ ኩሉ ጽቡቕ":                            true,
		"Kaikki oli hyvin ja nauroimme paljon yhdessä.": true,
		"It was a good day. კარგი დღე იყო.":             true,
		"It was a good day and we laughed a lot.":       false,
		"🎉🎉 👍": false, "10/10": false,
	} {
		_, flags, showable := local(t, text)
		switch {
		case !held && (len(flags) != 0 || !showable):
			t.Errorf("%q is held: %+v", text, flags)
		case held && (len(flags) != 1 || showable):
			t.Errorf("%q: %d flags, showable %t", text, len(flags), showable)
		case held && (flags[0].Route != safety.Moderation || flags[0].Alerted != 0 || !slices.Equal(flags[0].Categories, []safety.Category{safety.Unread})):
			t.Errorf("%q is held as %+v", text, flags[0])
		}
	}
}

// harmful are bare sentences, each of which somebody must see.
var harmful = map[string]string{
	"self-harm": "I want to die.", "a threat": "I will kill you.", "abuse": "You are worthless.", "Norwegian": "Jeg vil dø.", "Ukrainian": "Не хочу жити.",
}

// TestWhatSurroundsHarmDoesNotHideIt compares with the bare sentence, so that it says the same of every screener.
func TestWhatSurroundsHarmDoesNotHideIt(t *testing.T) {
	t.Parallel()
	for what, bare := range harmful {
		want, plain, _ := local(t, bare)
		if want.Route == safety.Clear {
			t.Errorf("%s: %q is not held", what, bare)
		}
		for how, text := range map[string]string{
			"behind 4,900 harmless characters": filled(4_900, " ") + bare,
			"before 4,900 harmless characters": bare + " " + filled(4_900, ""),
			"inside an override":               "\u202e" + bare + "\u202c",
			"isolated":                         "\u2067" + bare + "\u2069",
			"capitals":                         strings.ToUpper(bare),
			"no-break spaces":                  strings.ReplaceAll(bare, " ", "\u00a0"),
		} {
			t.Run(what+", "+how, func(t *testing.T) {
				t.Parallel()
				kept, flags, showable := local(t, text)
				if kept.Route != want.Route || len(flags) != 1 || showable || flags[0].Alerted != plain[0].Alerted {
					t.Errorf("route %q, %d flags, showable %v; the bare sentence goes to %q", kept.Route, len(flags), showable, want.Route)
				}
			})
		}
	}
}

// TestARuleReadsThroughWhatIsPutBetweenLetters is of what every rule and model is given to read, not of what they make of it.
func TestARuleReadsThroughWhatIsPutBetweenLetters(t *testing.T) {
	t.Parallel()
	for what, bare := range harmful {
		for how, text := range map[string]string{
			"zero-width joined":   between(bare, "\u200d"),
			"zero-width spaced":   between(bare, "\u200b"),
			"soft hyphens":        between(bare, "\u00ad"),
			"overrides within":    between(bare, "\u202d"),
			"variation selectors": between(bare, "\ufe0f"),
			"full width":          strings.Map(wide, bare),
			"wider spaces":        strings.ReplaceAll(bare, " ", "\t\u2003"),
		} {
			got, at := safety.Fold(text)
			want, _ := safety.Fold(bare)
			start, end := safety.Unfold(at, 0, len(got))
			if got != want || start != 0 || end > utf8.RuneCountInString(text) {
				t.Errorf("%s, %s: reads %q from %d to %d, expected %q", what, how, got, start, end, want)
			}
		}
	}
}

// wide is the full-width form of an ASCII character.
func wide(r rune) rune {
	if r > ' ' && r <= '~' {
		return r + 0xfee0
	}
	return r
}
