package encoder_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
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
	for _, p := range pieces {
		names, scores = append(names, p.name), append(scores, p.score)
	}
	encoder.PutTable(&w, names, scores, make([]int8, len(names)), make([]float32, len(names)))
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

// TestReadingIsWhatTheLayersSay holds Read to the definition of its layers, written down plainly and in double precision.
func TestReadingIsWhatTheLayersSay(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"▁not", "▁af", "raid", "▁I", "▁am", "▁more", "▁any"}
	shape := encoder.Shape{Dim: 4, Filters: []int{6, 5, 3}, Hidden: 7, Outputs: []string{"a", "b"}}
	var w encoder.Writer
	small, scales := make([]int8, len(names)*shape.Dim), make([]float32, len(names))
	for i := range small {
		small[i], scales[i/shape.Dim] = int8(r.IntN(255)-127), 0.01*float32(1+i/shape.Dim)
	}
	var arrays [][]float32
	for _, n := range shape.Sizes() {
		a := make([]float32, n)
		for i := range a {
			a[i] = float32(r.NormFloat64() / 2)
		}
		arrays = append(arrays, a)
	}
	encoder.PutTable(&w, names, make([]float32, len(names)), small, scales)
	err := encoder.Put(&w, "text", shape, arrays)
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := encoder.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	table := encoder.NewTable(f)
	e, err := encoder.New(f, table, "text")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"I am afraid", "I am not afraid any more", "not", "afraid not I", "I am am am am am am any more not"} {
		got := make([]float32, 2)
		e.Read(text, got)
		var x [][]float64
		for _, token := range table.Tokens(nil, text, encoder.MaxTokens) {
			var row []float64
			for _, v := range small[int(token)*shape.Dim:][:shape.Dim] {
				row = append(row, float64(v)*float64(scales[token]))
			}
			x = append(x, row)
		}
		for i, want := range defined(shape, arrays, x) {
			if math.Abs(float64(got[i])-want) > 1e-3 {
				t.Errorf("%q: output %d is %v, by definition %v", text, i, got[i], want)
			}
		}
	}
	if n := e.Read("日本語 🎉", make([]float32, 2)); n != 0 {
		t.Errorf("a text of unknown characters has %d pieces", n)
	}
}

// defined is what a network says to pieces with the vectors x.
func defined(s encoder.Shape, arrays [][]float32, x [][]float64) []float64 {
	var pooled []float64
	in := x
	for l, filters := range s.Filters {
		step := 1 << l
		out := make([][]float64, len(in))
		most, mean := make([]float64, filters), make([]float64, filters)
		for i := range in {
			for f := range filters {
				sum := float64(arrays[2*l+1][f])
				for k, j := range []int{i - step, i, i + step} {
					for d := range in[0] {
						if j >= 0 && j < len(in) {
							sum += in[j][d] * float64(arrays[2*l][(k*len(in[0])+d)*filters+f])
						}
					}
				}
				out[i] = append(out[i], max(sum, 0))
				most[f], mean[f] = max(most[f], sum), mean[f]+max(sum, 0)/float64(len(in))
			}
		}
		pooled = append(append(pooled, most...), mean...)
		in = out
	}
	for d := range s.Dim {
		sum := 0.0
		for i := range x {
			sum += x[i][d] / float64(len(x))
		}
		pooled = append(pooled, sum)
	}
	rest := arrays[2*len(s.Filters):]
	hidden := make([]float64, s.Hidden)
	for h := range hidden {
		hidden[h] = float64(rest[1][h])
		for i, v := range pooled {
			hidden[h] += v * float64(rest[0][i*s.Hidden+h])
		}
		hidden[h] = max(hidden[h], 0)
	}
	out := make([]float64, len(s.Outputs))
	for o := range out {
		out[o] = float64(rest[3][o])
		for h, v := range hidden {
			out[o] += v * float64(rest[2][o*s.Hidden+h])
		}
	}
	return out
}
