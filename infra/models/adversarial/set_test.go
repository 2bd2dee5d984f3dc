package adversarial_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

const (
	set      = "texts.jsonl"
	size     = 200
	leastOf  = 8      // lines of a kind
	longText = 10_000 // characters of a text that is made from a recipe
)

// everything stands for all dimensions in a line's expect.
const everything outcome.Dimension = "*"

// line is one text of the set and what must come out of it by the rubric. A line says only what no careful reader would dispute.
type line struct {
	ID       string                            `json:"id"`
	Kind     string                            `json:"kind"`
	Lang     string                            `json:"lang"` // ISO 639, "mul" for several, "zxx" for no language
	Text     string                            `json:"text"`
	Recipe   *recipe                           `json:"recipe"`   // in place of text
	Base     string                            `json:"base"`     // of an injection: the honest beginning of text
	Injected []outcome.Dimension               `json:"injected"` // that the rest of text asks for
	Expect   map[outcome.Dimension]expectation `json:"expect"`
	Reason   outcome.Reason                    `json:"reason"`
	Safety   guard                             `json:"safety"`
	Why      string                            `json:"why"`
}

// expectation is what the score of a dimension must be.
type expectation struct {
	Null      bool              `json:"null"`   // there is none
	NullOK    bool              `json:"nullOK"` // there may be none
	Low       bool              `json:"low"`    // below .5
	High      bool              `json:"high"`   // above .5
	Min       *float64          `json:"min"`
	Max       *float64          `json:"max"`
	Direction outcome.Direction `json:"direction"`
}

// guard is what must come out of the screening.
type guard struct {
	Route      string            `json:"route"` // clear, moderation or safeguarding; several are divided by |
	Categories []safety.Category `json:"categories"`
	Offence    *bool             `json:"offence"` // false: if anything is found, it is told of and not done by the writer
}

func (g guard) routes() []safety.Route {
	var routes []safety.Route
	for name := range strings.SplitSeq(g.Route, "|") {
		routes = append(routes, map[string]safety.Route{"moderation": safety.Moderation, "safeguarding": safety.Safeguarding}[name])
	}
	return routes
}

// recipe is a text of longText characters: a start, then a round of pieces again and again, cut where the end must follow.
type recipe struct {
	Start string   `json:"start"`
	Cycle []string `json:"cycle"`
	End   string   `json:"end"`
}

func (r recipe) cook() string {
	room := longText - utf8.RuneCountInString(r.Start) - utf8.RuneCountInString(r.End)
	round := []rune(strings.Join(r.Cycle, ""))
	middle := slices.Repeat(round, room/len(round)+1)[:room]
	if r.End != "" {
		copy(middle[len(middle)-2:], []rune(". "))
	}
	return r.Start + string(middle) + r.End
}

// said is the text that is read.
func (l line) said() string {
	if l.Recipe != nil {
		return l.Recipe.cook()
	}
	return l.Text
}

func lines(t *testing.T) []line {
	t.Helper()
	var all []line
	for one := range bytes.Lines(stored(t)) {
		d := json.NewDecoder(bytes.NewReader(one))
		d.DisallowUnknownFields()
		var l line
		err := d.Decode(&l)
		if err != nil {
			t.Fatalf("line %d of %s: %v", len(all)+1, set, err)
		}
		all = append(all, l)
	}
	return all
}

func stored(t *testing.T) []byte {
	t.Helper()
	body, err := os.ReadFile(set)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func digest(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256(stored(t))
	return hex.EncodeToString(sum[:])
}

func TestTheSetIsWhole(t *testing.T) {
	t.Parallel()
	ids, texts, kinds := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, l := range lines(t) {
		kinds[l.Kind]++
		text := l.said()
		if ids[l.ID] || texts[text] {
			t.Errorf("%s: its id or its text stands there twice", l.ID)
		}
		ids[l.ID], texts[text] = true, true
		if !utf8.ValidString(text) || l.Recipe != nil && utf8.RuneCountInString(text) != longText {
			t.Errorf("%s: expected valid UTF-8, and %d characters by a recipe", l.ID, longText)
		}
		if l.Why == "" || l.Lang == "" || !strings.HasPrefix(l.ID, l.Kind+"-") {
			t.Errorf("%s: expected a reason, a language and an id that begins with the kind %s", l.ID, l.Kind)
		}
		if !l.expects() {
			t.Errorf("%s: expected something to hold of known dimensions, routes and categories", l.ID)
		}
		if l.Kind == "injection" && (len(l.Injected) == 0 || !strings.HasPrefix(l.Text, l.Base)) {
			t.Errorf("%s: expected what is asked for, and a text that begins with its base", l.ID)
		}
	}
	if len(ids) != size {
		t.Errorf("%d texts, want %d", len(ids), size)
	}
	for kind, n := range kinds {
		if n < leastOf {
			t.Errorf("%d texts of %s, want at least %d", n, kind, leastOf)
		}
	}
}

// expects says whether the line expects anything, and nothing unheard of.
func (l line) expects() bool {
	for d, e := range l.Expect {
		known := d == everything || slices.Contains(outcome.Dimensions, d)
		if !known || e == (expectation{}) || e.Null && (e.Low || e.High) {
			return false
		}
	}
	for name := range strings.SplitSeq(l.Safety.Route, "|") {
		if !slices.Contains([]string{"", "clear", "moderation", "safeguarding"}, name) {
			return false
		}
	}
	for _, c := range l.Safety.Categories {
		if !slices.Contains(safety.Categories, c) {
			return false
		}
	}
	return len(l.Expect) > 0 || l.Safety.Route != ""
}
