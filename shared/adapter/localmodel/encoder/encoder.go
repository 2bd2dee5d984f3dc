// Package encoder reads a sentence into numbers: words are cut into pieces, each piece has a vector, layers look at neighbouring
// pieces, what they saw is pooled, and every question asked of the sentence is a weighted sum of that. Reading costs no memory that
// stays, is safe for concurrent use, and gives the same numbers on every processor: products are rounded before they are added.
package encoder

import (
	"fmt"
	"math"
	"strconv"
	"sync"
)

// MaxTokens is how many pieces of a sentence are read; the rest is left out.
const MaxTokens = 96

// Shape is the sizes of the layers.
type Shape struct {
	Dim     int   // of a piece's vector
	Filters []int // of each layer: the first looks at three neighbouring pieces, each next at three that are twice as far apart
	Hidden  int
	Outputs []string // the name of each question
}

// Pooled is the width of what is pooled: of each layer the largest and the mean of every filter, and the mean vector.
func (s Shape) Pooled() int {
	sum := s.Dim
	for _, f := range s.Filters {
		sum += 2 * f
	}
	return sum
}

// Sizes are how many numbers each array of the network has: of each layer weights ([3][inputs][filters], by neighbour, by input) and biases, of the hidden layer
// weights ([Pooled][Hidden]) and biases, of the outputs weights ([Outputs][Hidden]) and biases.
func (s Shape) Sizes() []int {
	var sizes []int
	from := s.Dim
	for _, f := range s.Filters {
		sizes = append(sizes, 3*from*f, f)
		from = f
	}
	return append(sizes, s.Pooled()*s.Hidden, s.Hidden, len(s.Outputs)*s.Hidden, len(s.Outputs))
}

// Encoder is the weights.
type Encoder struct {
	*Table
	Shape
	arrays  [][]float32 // as Sizes has them
	scratch sync.Pool
}

// New reads the network of f that is called name, to look at the pieces of table.
func New(f *File, table *Table, name string) (*Encoder, error) {
	e := &Encoder{Table: table}
	err := f.JSON(name+".shape", &e.Shape)
	if err != nil {
		return nil, err
	}
	for i, size := range e.Sizes() {
		a := f.Floats(array(name, i))
		if len(a) != size {
			return nil, fmt.Errorf("%w: %s has %d numbers, expected %d", ErrFile, array(name, i), len(a), size)
		}
		e.arrays = append(e.arrays, a)
	}
	if e.Table.Dim != e.Shape.Dim || len(e.scales) != e.N || len(e.Filters) == 0 {
		return nil, fmt.Errorf("%w: pieces have vectors of another length", ErrFile)
	}
	e.scratch.New = func() any { return newSpace(e.Shape) }
	return e, nil
}

// Put adds a network called name to w; arrays are as Sizes has them.
func Put(w *Writer, name string, shape Shape, arrays [][]float32) error {
	for i, a := range arrays {
		w.PutFloats(array(name, i), a)
	}
	return w.PutJSON(name+".shape", shape)
}

// PutTable adds a table of pieces to w: of each its name, its log probability, its vector and what that is multiplied by.
func PutTable(w *Writer, names []string, scores []float32, vectors []int8, scales []float32) {
	var ends []uint32
	var all []byte
	for _, name := range names {
		all = append(all, name...)
		ends = append(ends, uint32(len(all)))
	}
	w.Put("piece.names", all)
	w.PutInts("piece.ends", ends)
	w.PutInts("piece.hash", Hash(names))
	w.PutFloats("piece.scores", scores)
	w.PutInt8("piece.vectors", vectors)
	w.PutFloats("piece.scales", scales)
}

func array(name string, i int) string { return name + "." + strconv.Itoa(i) }

type space struct {
	tokens []int32
	layers [][]float32 // the vectors of the pieces, and what each layer made of them
	pooled []float32
	hidden []float32
}

func newSpace(s Shape) *space {
	out := &space{tokens: make([]int32, 0, 2*MaxTokens), pooled: make([]float32, s.Pooled()), hidden: make([]float32, s.Hidden)}
	for _, width := range append([]int{s.Dim}, s.Filters...) {
		out.layers = append(out.layers, make([]float32, MaxTokens*width))
	}
	return out
}

// Read answers every question about a sentence, as log odds, into answers, which has one place an output. It says how many pieces
// the sentence has; with none the answers are not touched.
func (e *Encoder) Read(sentence string, answers []float32) int {
	s := e.scratch.Get().(*space)
	defer e.scratch.Put(s)
	s.tokens = e.Tokens(s.tokens[:0], sentence, MaxTokens)
	n := len(s.tokens)
	if n == 0 {
		return 0
	}
	e.look(s, n)
	copy(s.hidden, e.arrays[2*len(e.Filters)+1])
	weights := e.arrays[2*len(e.Filters)]
	addAll(s.hidden, weights, s.pooled)
	relu(s.hidden)
	out, bias := e.arrays[2*len(e.Filters)+2], e.arrays[2*len(e.Filters)+3]
	for o := range answers {
		sum := bias[o]
		for i, w := range out[o*e.Hidden:][:e.Hidden] {
			sum += float32(w * s.hidden[i])
		}
		answers[o] = sum
	}
	return n
}

// look fills the layers and what is pooled of them for the n pieces of s.
func (e *Encoder) look(s *space, n int) {
	for i, token := range s.tokens {
		scale, row := e.scales[token], e.vectors[int(token)*e.Shape.Dim:][:e.Shape.Dim]
		x := s.layers[0][i*e.Shape.Dim:][:e.Shape.Dim]
		for d, v := range row {
			x[d] = float32(v) * scale
		}
	}
	from, step, pooled := e.Shape.Dim, 1, s.pooled
	for l, to := range e.Filters {
		convolve(s.layers[l], e.arrays[2*l], e.arrays[2*l+1], s.layers[l+1], n, from, to, step)
		pool(s.layers[l+1], n, to, pooled[:to], pooled[to:2*to])
		from, step, pooled = to, 2*step, pooled[2*to:]
	}
	mean(s.layers[0], n, e.Shape.Dim, pooled)
}

// convolve sums each piece and its neighbours step before and behind, weighted, and keeps what is positive.
func convolve(in, weights, bias, out []float32, n, from, to, step int) {
	for i := range n {
		sums := out[i*to:][:to]
		copy(sums, bias)
		for k := range 3 {
			j := i + (k-1)*step
			if j >= 0 && j < n {
				addAll(sums, weights[k*from*to:][:from*to], in[j*from:][:from])
			}
		}
		relu(sums)
	}
}

// addAll adds to sums each row of weights times its v, four rows at a time, in their order. Rows whose v is 0 are passed over.
func addAll(sums, weights, vs []float32) {
	to := len(sums)
	var rows [4][]float32
	var by [4]float32
	held := 0
	for d, v := range vs {
		if v == 0 {
			continue
		}
		rows[held], by[held] = weights[d*to:][:to], v
		held++
		if held == 4 {
			add4(sums, &rows, &by)
			held = 0
		}
	}
	for i := range held {
		add(sums, rows[i], by[i])
	}
}

func add4(sums []float32, rows *[4][]float32, by *[4]float32) {
	a, b, c, d := rows[0][:len(sums)], rows[1][:len(sums)], rows[2][:len(sums)], rows[3][:len(sums)]
	v, w, x, y := by[0], by[1], by[2], by[3]
	for i, s := range sums {
		s += float32(a[i] * v)
		s += float32(b[i] * w)
		s += float32(c[i] * x)
		s += float32(d[i] * y)
		sums[i] = s
	}
}

// add adds v times row to sums.
func add(sums, row []float32, v float32) {
	row = row[:len(sums)]
	for i := range sums {
		sums[i] += float32(row[i] * v)
	}
}

func relu(v []float32) {
	for i, x := range v {
		v[i] = max(x, 0)
	}
}

// pool gives the largest and the mean of n rows.
func pool(rows []float32, n, width int, most, middle []float32) {
	copy(most, rows[:width])
	for i := 1; i < n; i++ {
		for j, v := range rows[i*width:][:width] {
			most[j] = max(most[j], v)
		}
	}
	mean(rows, n, width, middle)
}

func mean(rows []float32, n, width int, middle []float32) {
	clear(middle[:width])
	for i := range n {
		add(middle[:width], rows[i*width:][:width], 1)
	}
	for j := range width {
		middle[j] /= float32(n)
	}
}

// Odds turns log odds into a probability.
func Odds(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }
