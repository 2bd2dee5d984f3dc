package sentences_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/localmodel/sentences"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"two":                            {"I was afraid. Now I speak!", []string{"I was afraid.", "Now I speak!"}},
		"Ukrainian":                      {"Я боялась… Тепер ні 🎉. Дякую", []string{"Я боялась…", "Тепер ні 🎉.", "Дякую"}},
		"Arabic":                         {"هل أنا وحيد؟ لا. عندي أصدقاء", []string{"هل أنا وحيد؟", "لا.", "عندي أصدقاء"}},
		"a title":                        {"Mr. Ali helps me. Good.", []string{"Mr. Ali helps me.", "Good."}},
		"Norwegian shorts":               {"Vi øver f.eks. på intervju. Bra.", []string{"Vi øver f.eks. på intervju.", "Bra."}},
		"lines":                          {"ok\n\nnot ok", []string{"ok", "not ok"}},
		"what a short word joins, short": {"I met dr. Hansen … Now I sleep.", []string{"I met dr. Hansen …", "Now I sleep."}},
		"a stop and a line":              {"I said no.\nit was fine", []string{"I said no.", "it was fine"}},
		"nothing":                        {" 🎉 … !", nil},
		"empty":                          {"", nil},
		"a decimal":                      {"Score 3.5 of 5. Fine.", []string{"Score 3.5 of 5.", "Fine."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range sentences.Split(c.text) {
				got = append(got, c.text[s.Start:s.End])
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, text := range []string{
		"I saw dr. Hansen " + strings.Repeat("and then we went on, ", 20),
		"У 2022 р. " + strings.Repeat("я приїхала, і ми жили в м. Київ та ", 20),
		strings.Repeat("Vi øver f.eks. på intervju ", 40),
	} {
		for _, s := range sentences.Split(text) {
			if s.End-s.Start > 300 {
				t.Errorf("a part of %d bytes: %q", s.End-s.Start, text[s.Start:s.End])
			}
		}
	}
	endless := strings.Repeat("and then we go to the shop and I say hello to all people, ", 30)
	if got := sentences.Split(endless); len(got) < 5 {
		t.Errorf("a text without full stops is %d sentences", len(got))
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("a. b! c")
	f.Add(strings.Repeat("слово, ", 100))
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, s := range sentences.Split(text) {
			if s.Start < at || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("sentence %v behind %d of %d bytes", s, at, len(text))
			}
			at = s.End
		}
	})
}
