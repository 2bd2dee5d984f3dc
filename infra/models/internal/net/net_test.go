package net_test

import (
	"math"
	"testing"

	"github.com/teei/csr-platform/infra/models/internal/net"
	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

func small() *net.Net {
	shape := encoder.Shape{Dim: 4, Near: 6, Far: 5, Hidden: 7, Outputs: []string{"a", "b"}}
	vectors := make([]float32, 20*4)
	for i := range vectors {
		vectors[i] = float32(math.Sin(float64(i) * 1.7))
	}
	return net.New(shape, vectors, 3)
}

// TestItLearnsOrder proves the derivatives by what they are for: "1 before 2" is told from "2 before 1", which no bag of pieces can.
func TestItLearnsOrder(t *testing.T) {
	t.Parallel()
	n := small()
	var examples []net.Example
	for i := range 200 {
		a, b := int32(3+i%7), int32(3+i%11)
		yes, no := []int32{a, 1, 2, b}, []int32{a, 2, 1, b}
		examples = append(examples, net.Example{Tokens: yes, Goals: []net.Goal{{Output: 0, Value: 1, Weight: 1}, {Output: 1, Value: 0.7, Weight: 1, Square: true}}},
			net.Example{Tokens: no, Goals: []net.Goal{{Output: 0, Value: 0, Weight: 1}, {Output: 1, Value: -0.3, Weight: 1, Square: true}}})
	}
	for e := range 30 {
		n.Epoch(examples, net.Options{Rate: 0.01, VectorRate: 0.001, Batch: 16, Seed: uint64(e)})
	}
	yes, no := n.Answers([]int32{5, 1, 2, 9}), n.Answers([]int32{5, 2, 1, 9})
	if yes[0] < 2 || no[0] > -2 || math.Abs(float64(yes[1])-0.7) > 0.1 || math.Abs(float64(no[1])+0.3) > 0.1 {
		t.Errorf("after learning: %v and %v", yes, no)
	}
}

func TestSameSeedSameWeights(t *testing.T) {
	t.Parallel()
	train := func() *net.Net {
		n := small()
		examples := []net.Example{
			{Tokens: []int32{1, 2, 3}, Goals: []net.Goal{{Output: 0, Value: 1, Weight: 1}}},
			{Tokens: []int32{4, 5}, Goals: []net.Goal{{Output: 1, Value: 0, Weight: 1}}},
			{Tokens: []int32{6, 7, 8, 9}, Goals: []net.Goal{{Output: 0, Value: 0, Weight: 1}}},
		}
		for e := range 5 {
			n.Epoch(examples, net.Options{Rate: 0.01, VectorRate: 0.01, Batch: 2, DropPieces: 0.2, DropPooled: 0.3, Seed: uint64(e)})
		}
		return n
	}
	a, b := train(), train()
	for i := range a.Out {
		if a.Out[i] != b.Out[i] {
			t.Fatalf("weight %d: %v and %v", i, a.Out[i], b.Out[i])
		}
	}
	for i := range a.Vectors {
		if a.Vectors[i] != b.Vectors[i] {
			t.Fatalf("vector number %d: %v and %v", i, a.Vectors[i], b.Vectors[i])
		}
	}
}
