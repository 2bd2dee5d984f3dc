package encoder_test

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// table knows words by these pieces, the likelier the higher.
func table(t testing.TB) *encoder.Table {
	t.Helper()
	pieces := []struct {
		name  string
		score float32
	}{{"▁", -3}, {"▁un", -5}, {"▁af", -6}, {"raid", -6}, {"▁afraid", -14}, {"я", -4}, {"▁я", -4}, {"a", -4}, {"▁a", -4}, {"'", -5}, {"s", -5}}
	var w encoder.Writer
	var names []string
	var scores []float32
	var ends []uint32
	var all []byte
	for _, p := range pieces {
		names, scores = append(names, p.name), append(scores, p.score)
		all = append(all, p.name...)
		ends = append(ends, uint32(len(all)))
	}
	w.Put("piece.names", all)
	w.PutInts("piece.ends", ends)
	w.PutInts("piece.hash", encoder.Hash(names))
	w.PutFloats("piece.scores", scores)
	w.PutInt8("piece.vectors", make([]int8, len(names)))
	w.PutFloats("piece.scales", make([]float32, len(names)))
	data, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := encoder.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	return encoder.NewTable(f)
}

func TestWordsAreCutTheLikeliestWay(t *testing.T) {
	t.Parallel()
	tab := table(t)
	number := func(names ...string) []int32 {
		out := []int32{}
		for _, n := range names {
			out = append(out, int32(tab.Find(n)))
		}
		return out
	}
	for text, want := range map[string][]int32{
		"afraid":       number("▁af", "raid"), // -12 beats the whole word's -14
		"AFRAID":       number("▁af", "raid"),
		"af\u00adraid": number("▁af", "raid"),
		"я":            number("▁я"),
		"a’s":          number("▁a", "'", "s"),
		"日":            number("▁"), // the character itself is in no piece
		"":             {},
		" \n ":         {},
	} {
		got := append([]int32{}, tab.Tokens(nil, text, 10)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if got := tab.Tokens(nil, "a a a a a", 3); len(got) != 3 {
		t.Errorf("%d pieces, limited to 3", len(got))
	}
	if common, rare := tab.Rarity("a"), tab.Rarity("afraid"); common >= rare {
		t.Errorf("a is as rare (%v) as afraid (%v)", common, rare)
	}
	if tab.Find("nothing") != -1 {
		t.Error("found a piece that is not there")
	}
}

func TestAFileIsReadBackAndABrokenOneRefused(t *testing.T) {
	t.Parallel()
	var w encoder.Writer
	w.PutFloats("f", []float32{1, -2.5})
	w.PutInt8("i", []int8{-128, 7})
	w.Put("empty", nil)
	err := w.PutJSON("j", map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Bytes()
	if err != nil || !bytes.Equal(data, again) {
		t.Error("the same arrays give other bytes")
	}
	f, err := encoder.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	var j map[string]int
	err = f.JSON("j", &j)
	if err != nil || j["a"] != 1 || !cmp.Equal(f.Floats("f"), []float32{1, -2.5}) || !cmp.Equal(f.Int8("i"), []int8{-128, 7}) || f.Int8("empty") != nil || f.Int8("absent") != nil {
		t.Errorf("read back %v %v %v: %v", j, f.Floats("f"), f.Int8("i"), err)
	}
	for name, broken := range map[string][]byte{
		"nothing": nil, "another file": []byte("PK\x03\x04 and more that is long"), "cut short": data[:len(data)-20], "cut in the index": data[:40],
	} {
		_, err := encoder.Open(broken)
		if !errors.Is(err, encoder.ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzTokens(f *testing.F) {
	tab := table(f)
	f.Add("I am afraid")
	f.Add("\u0301\u200b’я")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		for _, token := range tab.Tokens(nil, text, encoder.MaxTokens) {
			if int(token) >= tab.N || token < 0 {
				t.Fatalf("piece %d of %d", token, tab.N)
			}
		}
	})
}
