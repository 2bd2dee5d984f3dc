package net_test

import (
	"math"
	"testing"

	"github.com/teei/csr-platform/infra/models/internal/net"
	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// TestWhatIsTrainedIsWhatIsRead holds the two sides together: a network answers the same in training and from its file.
func TestWhatIsTrainedIsWhatIsRead(t *testing.T) {
	t.Parallel()
	names := []string{"▁not", "▁af", "raid", "▁I", "▁am", "▁more", "▁any"}
	shape := encoder.Shape{Dim: 4, Near: 6, Far: 5, Hidden: 7, Outputs: []string{"a", "b"}}
	small, scales, vectors := make([]int8, len(names)*4), make([]float32, len(names)), make([]float32, len(names)*4)
	for i := range small {
		small[i] = int8((i*37)%255 - 127)
		scales[i/4] = 0.01 * float32(1+i/4)
		vectors[i] = float32(small[i]) * scales[i/4]
	}
	n := net.New(shape, vectors, 9)
	var w encoder.Writer
	var all []byte
	var ends []uint32
	for _, name := range names {
		all = append(all, name...)
		ends = append(ends, uint32(len(all)))
	}
	w.Put("piece.names", all)
	w.PutInts("piece.ends", ends)
	w.PutInts("piece.hash", encoder.Hash(names))
	w.PutFloats("piece.scores", make([]float32, len(names)))
	w.PutInt8("piece.vectors", small)
	w.PutFloats("piece.scales", scales)
	err := encoder.Put(&w, "text", shape, n.Near, n.NearBias, n.Far, n.FarBias, n.HiddenLayer, n.HiddenBias, n.Out, n.OutBias)
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
		want := n.Answers(table.Tokens(nil, text, encoder.MaxTokens))
		for i := range got {
			if math.Abs(float64(got[i]-want[i])) > 1e-4 {
				t.Errorf("%q: output %d is %v from the file and %v in training", text, i, got[i], want[i])
			}
		}
	}
	if n := e.Read("日本語 🎉", make([]float32, 2)); n != 0 {
		t.Errorf("a text of unknown characters has %d pieces", n)
	}
}
