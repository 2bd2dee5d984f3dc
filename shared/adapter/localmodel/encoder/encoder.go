// Package encoder reads a sentence into numbers: words are cut into pieces, each piece has a vector, two layers look at neighbouring
// pieces, what they saw is pooled, and every question asked of the sentence is a weighted sum of that. Reading costs no memory that
// stays, is safe for concurrent use, and gives the same numbers on every processor: products are rounded before they are added.
package encoder

import (
	"fmt"
	"math"
	"sync"
)

// MaxTokens is how many pieces of a sentence are read; the rest is left out.
const MaxTokens = 96

// Shape is the sizes of the layers.
type Shape struct {
	Dim     int // of a piece's vector
	Near    int // filters over three neighbouring pieces
	Far     int // filters over three neighbours of those
	Hidden  int
	Outputs []string // the name of each question
}

// Pooled is the width of what is pooled: the largest and the mean of the far filters, the mean and the largest of the near, the mean vector.
func (s Shape) Pooled() int { return 2*s.Far + 2*s.Near + s.Dim }

// Encoder is the weights.
type Encoder struct {
	*Table
	Shape
	near, nearBias     []float32 // [3][Dim][Near]: by neighbour, by input
	far, farBias       []float32 // [3][Near][Far]
	hidden, hiddenBias []float32 // [Pooled][Hidden]
	out, outBias       []float32 // [Outputs][Hidden]
	scratch            sync.Pool
}

// New reads the layers of f that are called name, to look at the pieces of table.
func New(f *File, table *Table, name string) (*Encoder, error) {
	e := &Encoder{Table: table}
	err := f.JSON(name+".shape", &e.Shape)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		into *[]float32
		name string
		n    int
	}{
		{&e.near, ".near", 3 * e.Shape.Dim * e.Near},
		{&e.nearBias, ".near.bias", e.Near},
		{&e.far, ".far", 3 * e.Near * e.Far},
		{&e.farBias, ".far.bias", e.Far},
		{&e.hidden, ".hidden", e.Pooled() * e.Hidden},
		{&e.hiddenBias, ".hidden.bias", e.Hidden},
		{&e.out, ".out", len(e.Outputs) * e.Hidden},
		{&e.outBias, ".out.bias", len(e.Outputs)},
	} {
		*part.into = f.Floats(name + part.name)
		if len(*part.into) != part.n {
			return nil, fmt.Errorf("%w: %s has %d numbers, expected %d", ErrFile, name+part.name, len(*part.into), part.n)
		}
	}
	if e.Table.Dim != e.Shape.Dim || len(e.scales) != e.N {
		return nil, fmt.Errorf("%w: pieces have vectors of another length", ErrFile)
	}
	e.scratch.New = func() any { return newSpace(e.Shape) }
	return e, nil
}

type space struct {
	tokens       []int32
	x, near, far []float32 // by piece
	pooled       []float32
	hidden       []float32
}

func newSpace(s Shape) *space {
	return &space{
		tokens: make([]int32, 0, 2*MaxTokens), x: make([]float32, MaxTokens*s.Dim), near: make([]float32, MaxTokens*s.Near),
		far: make([]float32, MaxTokens*s.Far), pooled: make([]float32, s.Pooled()), hidden: make([]float32, s.Hidden),
	}
}

// Put adds layers called name to w, in the order in which New reads them.
func Put(w *Writer, name string, shape Shape, near, nearBias, far, farBias, hidden, hiddenBias, out, outBias []float32) error {
	w.PutFloats(name+".near", near)
	w.PutFloats(name+".near.bias", nearBias)
	w.PutFloats(name+".far", far)
	w.PutFloats(name+".far.bias", farBias)
	w.PutFloats(name+".hidden", hidden)
	w.PutFloats(name+".hidden.bias", hiddenBias)
	w.PutFloats(name+".out", out)
	w.PutFloats(name+".out.bias", outBias)
	return w.PutJSON(name+".shape", shape)
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
	for i, token := range s.tokens {
		scale, row := e.scales[token], e.vectors[int(token)*e.Shape.Dim:][:e.Shape.Dim]
		x := s.x[i*e.Shape.Dim:][:e.Shape.Dim]
		for d, v := range row {
			x[d] = float32(v) * scale
		}
	}
	convolve(s.x, e.near, e.nearBias, s.near, n, e.Shape.Dim, e.Near, 1)
	convolve(s.near, e.far, e.farBias, s.far, n, e.Near, e.Far, 2)
	p := s.pooled
	pool(s.far, n, e.Far, p[:e.Far], p[e.Far:2*e.Far])
	p = p[2*e.Far:]
	pool(s.near, n, e.Near, p[:e.Near], p[e.Near:2*e.Near])
	mean(s.x, n, e.Shape.Dim, p[2*e.Near:])
	copy(s.hidden, e.hiddenBias)
	for i, v := range s.pooled {
		if v != 0 {
			add(s.hidden, e.hidden[i*e.Hidden:][:e.Hidden], v)
		}
	}
	relu(s.hidden)
	for o := range answers {
		sum := e.outBias[o]
		for i, w := range e.out[o*e.Hidden:][:e.Hidden] {
			sum += float32(w * s.hidden[i])
		}
		answers[o] = sum
	}
	return n
}

// convolve sums each piece and its neighbours step before and behind, weighted, and keeps what is positive.
func convolve(in, weights, bias, out []float32, n, from, to, step int) {
	for i := range n {
		sums := out[i*to:][:to]
		copy(sums, bias)
		for k := range 3 {
			j := i + (k-1)*step
			if j < 0 || j >= n {
				continue
			}
			w := weights[k*from*to:][:from*to]
			for d, v := range in[j*from:][:from] {
				if v != 0 {
					add(sums, w[d*to:][:to], v)
				}
			}
		}
		relu(sums)
	}
}

// add adds v times row to sums.
func add(sums, row []float32, v float32) {
	row = row[:len(sums)]
	for len(sums) >= 4 {
		sums[0] += float32(row[0] * v)
		sums[1] += float32(row[1] * v)
		sums[2] += float32(row[2] * v)
		sums[3] += float32(row[3] * v)
		sums, row = sums[4:], row[4:]
	}
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
