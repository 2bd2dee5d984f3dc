package identity_test

import (
	"strings"
	"testing"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/fault"
)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"mira.t@sample.test":        "mira.t@sample.test",
		"  Mira.T@Sample.TEST\t":    "mira.t@sample.test",
		"o'neil+x@mail.example.org": "o'neil+x@mail.example.org",
		"":                          "", "mira": "", "mira@": "", "@sample.test": "", "mira@sample": "", "a@b@c.test": "",
		"Mira <mira@sample.test>": "", "mira@sample.test, paul@sample.test": "", "mira@sample.test\nBcc: x@y.test": "", "mira @sample.test": "",
		strings.Repeat("a", 250) + "@sample.test": "",
	} {
		got, err := identity.ParseEmail(raw)
		if got != want || (err != nil) != (want == "") || err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.40q: %q (%v), want %q", raw, got, err, want)
		}
	}
}

func TestOneAddressHasOneForm(t *testing.T) {
	t.Parallel()
	composed, err := identity.ParseEmail("zo\u00eb@sample.test")
	if err != nil {
		t.Fatal(err)
	}
	decomposed, err := identity.ParseEmail("ZOE\u0308@sample.test")
	if err != nil || composed != decomposed {
		t.Errorf("%q and %q (%v), want the same", composed, decomposed, err)
	}
}

func TestAnIDIsTheSameForTheSameThingAlone(t *testing.T) {
	t.Parallel()
	first := identity.ID("c", "kintell", "session", "KS-1")
	if first != identity.ID("c", "kintell", "session", "KS-1") {
		t.Error("the same thing has two ids")
	}
	for _, other := range []string{
		identity.ID("d", "kintell", "session", "KS-1"), identity.ID("c", "buddy", "session", "KS-1"),
		identity.ID("c", "kintell", "rating", "KS-1"), identity.ID("c", "kintell", "session", "KS-2"), identity.ID("c", "kintells", "ession", "KS-1"),
	} {
		if other == first {
			t.Error("another thing has its id")
		}
	}
}
