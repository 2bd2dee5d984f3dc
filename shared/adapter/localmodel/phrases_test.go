package localmodel

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// TestWhatIsSaidPlainly is of the lists alone: of each harm, its words as they stand in the text, and whether they are told of.
func TestWhatIsSaidPlainly(t *testing.T) {
	t.Parallel()
	type plain struct {
		Words    string
		Reported bool
	}
	for text, want := range map[string]map[safety.Category]plain{
		"I know what he said. Fuck you all.":        {safety.Profanity: {"Fuck", false}},
		"He told us. I will kill you.":              {safety.Violence: {"I will kill you", false}},
		"He said fuck and left.":                    {safety.Profanity: {"fuck", true}},
		"A man shouted: I will kill you!":           {safety.Violence: {"I will kill you", true}},
		"She said 'I want to die' and wept.":        {safety.SelfHarm: {"want to die", true}},
		"She said ‘I want to die’.":                 {safety.SelfHarm: {"want to die", true}},
		"'Want to die'":                             {safety.SelfHarm: {"Want to die", false}},
		"''' I don't want to live '":                {safety.SelfHarm: {"don't want to live", false}},
		"Він б'є дітей":                             {safety.ChildSafety: {"б'є дітей", false}},
		"He said it: 'shit'. I want to die 'alone'": {safety.Profanity: {"shit", true}, safety.SelfHarm: {"want to die", false}},
	} {
		got := map[safety.Category]plain{}
		for c, f := range said(text, phrases()) {
			got[c] = plain{string([]rune(text)[f.Spans[0].Start:f.Spans[0].End]), f.Reported}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestWhatSomebodyWasCalledIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"I was called Terrorist by my boss.": "I was called Terrorist by my boss.",
		"I was called whore.":                "I was called whore.",
		"I was called on 912 34 567 today":   "I was called on            today",
	} {
		if got := unnumbered(text, safety.FindPII(text)); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestWhatHasNoWordsIsNotUnread(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "🎉🎉 👍": false, "12.5 / 7 …": false, "10/10": false, `¯\_(ツ)_/¯ :-) ;_;`: false, "ಠ_ಠ": false,
		"I talked with ሰላም and we laughed a lot.": false, "𝐈𝐭 𝐰𝐚𝐬 𝐚 𝐠𝐨𝐨𝐝 𝐝𝐚𝐲.": false, "ok": false,
		"ሰላም": true, "去死": true, "Good. 去死吧! Good.": true, "Good…\nκαλημέρα σας": true,
	} {
		if got := own().unread(text); got != want {
			t.Errorf("%q: unread %t, want %t", text, got, want)
		}
	}
}
