// Package net trains the weights that shared/adapter/localmodel/encoder reads with: the same layers, with their derivatives.
// The same examples, seed and processor kind give the same weights bit for bit: work is split in two halves that are added in a
// fixed order, however many processors there are.
package net

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gonum.org/v1/gonum/blas/blas32"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// Net is weights in the making.
type Net struct {
	encoder.Shape
	Vectors                               []float32 // [pieces][Dim]
	Near, NearBias, Far, FarBias          []float32
	HiddenLayer, HiddenBias, Out, OutBias []float32
	dense                                 [][]float32 // the above but Vectors
	momentum, variance                    [][]float32 // of dense
	vectorMomentum, vectorVariance        []float32
	step                                  int
	halves                                [2]*half
}

// Goal is what one output should say about an example.
type Goal struct {
	Output int
	Value  float32 // a probability, or with Square a number
	Weight float32
	Square bool // squared error of the output itself; else cross entropy of its log odds
}

// Example is a sentence with what is known of it.
type Example struct {
	Tokens []int32
	Goals  []Goal
}

// Options of one run over the examples.
type Options struct {
	Rate       float32 // of learning, dense layers
	VectorRate float32 // of learning, vectors; 0 leaves them
	Decay      float32 // of dense weights a step, times Rate
	Batch      int
	DropPieces float32 // share of pieces left out of a sentence
	DropPooled float32 // share of what is pooled left out
	Seed       uint64
}

// New is a net with these vectors and everything else small and random.
func New(shape encoder.Shape, vectors []float32, seed uint64) *Net {
	r := rand.New(rand.NewPCG(seed, 1))
	n := &Net{Shape: shape, Vectors: vectors}
	layer := func(in, out, fan int) []float32 {
		w := make([]float32, in*out)
		for i := range w {
			w[i] = float32(r.NormFloat64() * math.Sqrt(2/float64(fan)))
		}
		return w
	}
	n.Near, n.NearBias = layer(3*shape.Dim, shape.Near, 3*shape.Dim), make([]float32, shape.Near)
	n.Far, n.FarBias = layer(3*shape.Near, shape.Far, 3*shape.Near), make([]float32, shape.Far)
	n.HiddenLayer, n.HiddenBias = layer(shape.Pooled(), shape.Hidden, shape.Pooled()), make([]float32, shape.Hidden)
	n.Out, n.OutBias = layer(len(shape.Outputs), shape.Hidden, 4*shape.Hidden), make([]float32, len(shape.Outputs))
	n.Prepare()
	return n
}

// Prepare forgets the momentum of earlier runs.
func (n *Net) Prepare() {
	n.dense = [][]float32{n.Near, n.NearBias, n.Far, n.FarBias, n.HiddenLayer, n.HiddenBias, n.Out, n.OutBias}
	n.momentum, n.variance = nil, nil
	for _, d := range n.dense {
		n.momentum, n.variance = append(n.momentum, make([]float32, len(d))), append(n.variance, make([]float32, len(d)))
	}
	n.vectorMomentum, n.vectorVariance = make([]float32, len(n.Vectors)), make([]float32, len(n.Vectors))
	n.step = 0
	for i := range n.halves {
		n.halves[i] = newHalf(n)
	}
}

// Epoch goes once over the examples in an order made from the seed and gives the mean loss.
func (n *Net) Epoch(examples []Example, o Options) float64 {
	r := rand.New(rand.NewPCG(o.Seed, 2))
	order := r.Perm(len(examples))
	total := 0.0
	for at := 0; at < len(order); at += o.Batch {
		batch := order[at:min(at+o.Batch, len(order))]
		middle := (len(batch) + 1) / 2
		var wait sync.WaitGroup
		for i, part := range [][]int{batch[:middle], batch[middle:]} {
			wait.Add(1)
			go func() {
				defer wait.Done()
				h := n.halves[i]
				for _, e := range part {
					h.learn(n, examples[e], o, rand.New(rand.NewPCG(o.Seed, uint64(e)+3)))
				}
			}()
		}
		wait.Wait()
		total += n.halves[0].loss + n.halves[1].loss
		n.update(o, float32(len(batch)))
	}
	return total / float64(len(examples))
}

// update takes one step of Adam (Kingma and Ba 2015) with decoupled decay.
func (n *Net) update(o Options, batch float32) {
	n.step++
	const b1, b2 = 0.9, 0.999
	fix1, fix2 := float32(1-math.Pow(b1, float64(n.step))), float32(1-math.Pow(b2, float64(n.step)))
	a, b := n.halves[0], n.halves[1]
	for k, w := range n.dense {
		m, v, g, g2 := n.momentum[k], n.variance[k], a.grads[k], b.grads[k]
		for i := range w {
			d := (g[i] + g2[i]) / batch
			g[i], g2[i] = 0, 0
			m[i] = b1*m[i] + (1-b1)*d
			v[i] = b2*v[i] + (1-b2)*d*d
			w[i] -= o.Rate * (m[i]/fix1/(float32(math.Sqrt(float64(v[i]/fix2)))+1e-8) + o.Decay*w[i])
		}
	}
	if o.VectorRate > 0 {
		touched := slices.Concat(a.touched, b.touched)
		slices.Sort(touched)
		for _, t := range slices.Compact(touched) {
			w, m, v := n.Vectors[int(t)*n.Dim:][:n.Dim], n.vectorMomentum[int(t)*n.Dim:][:n.Dim], n.vectorVariance[int(t)*n.Dim:][:n.Dim]
			ga, gb := a.rows[t], b.rows[t]
			for i := range w {
				var d float32
				if ga != nil {
					d += ga[i]
				}
				if gb != nil {
					d += gb[i]
				}
				d /= batch
				m[i] = b1*m[i] + (1-b1)*d
				v[i] = b2*v[i] + (1-b2)*d*d
				w[i] -= o.VectorRate * m[i] / (float32(math.Sqrt(float64(v[i]))) + 1e-8)
			}
		}
	}
	a.reset()
	b.reset()
}

// half is one half of a batch: its derivatives and its scratch space.
type half struct {
	grads   [][]float32
	rows    map[int32][]float32
	touched []int32
	free    [][]float32
	loss    float64

	tokens                         []int32
	x, near, far, dx, dnear, dfar  []float32
	pooled, dpooled, hidden, dhide []float32
	most, mostNear                 []int
}

func newHalf(n *Net) *half {
	h := &half{rows: map[int32][]float32{}}
	for _, d := range n.dense {
		h.grads = append(h.grads, make([]float32, len(d)))
	}
	m := encoder.MaxTokens
	h.x, h.dx = make([]float32, m*n.Dim), make([]float32, m*n.Dim)
	h.near, h.dnear = make([]float32, m*n.Shape.Near), make([]float32, m*n.Shape.Near)
	h.far, h.dfar = make([]float32, m*n.Shape.Far), make([]float32, m*n.Shape.Far)
	h.pooled, h.dpooled = make([]float32, n.Pooled()), make([]float32, n.Pooled())
	h.hidden, h.dhide = make([]float32, n.Hidden), make([]float32, n.Hidden)
	h.most, h.mostNear = make([]int, n.Shape.Far), make([]int, n.Shape.Near)
	return h
}

func (h *half) reset() {
	for _, t := range h.touched {
		if row := h.rows[t]; row != nil {
			clear(row)
			h.free = append(h.free, row)
		}
		delete(h.rows, t)
	}
	h.touched, h.loss = h.touched[:0], 0
}

func vec(v []float32) blas32.Vector { return blas32.Vector{N: len(v), Inc: 1, Data: v} }

func axpy(a float32, x, y []float32) { blas32.Axpy(a, vec(x), vec(y)) }

// forward fills the scratch space for h.tokens.
func (h *half) forward(n *Net) {
	count := len(h.tokens)
	for i, t := range h.tokens {
		copy(h.x[i*n.Dim:][:n.Dim], n.Vectors[int(t)*n.Dim:][:n.Dim])
	}
	convolve(h.x, n.Near, n.NearBias, h.near, count, n.Dim, n.Shape.Near, 1)
	convolve(h.near, n.Far, n.FarBias, h.far, count, n.Shape.Near, n.Shape.Far, 2)
	f, w := n.Shape.Far, n.Shape.Near
	pool(h.far, count, f, h.pooled[:f], h.pooled[f:2*f], h.most)
	pool(h.near, count, w, h.pooled[2*f:][:w], h.pooled[2*f+w:][:w], h.mostNear)
	middle := h.pooled[2*f+2*w:]
	clear(middle)
	for i := range count {
		axpy(1/float32(count), h.x[i*n.Dim:][:n.Dim], middle)
	}
}

func convolve(in, weights, bias, out []float32, n, from, to, step int) {
	for i := range n {
		sums := out[i*to:][:to]
		copy(sums, bias)
		for k := range 3 {
			j := i + (k-1)*step
			if j < 0 || j >= n {
				continue
			}
			for d, v := range in[j*from:][:from] {
				if v != 0 {
					axpy(v, weights[(k*from+d)*to:][:to], sums)
				}
			}
		}
		for d, v := range sums {
			sums[d] = max(v, 0)
		}
	}
}

func pool(rows []float32, n, width int, most, middle []float32, where []int) {
	copy(most, rows[:width])
	clear(where)
	clear(middle)
	for i := range n {
		row := rows[i*width:][:width]
		axpy(1/float32(n), row, middle)
		for j, v := range row {
			if v > most[j] {
				most[j], where[j] = v, i
			}
		}
	}
}

// learn adds the derivatives of one example.
func (h *half) learn(n *Net, e Example, o Options, r *rand.Rand) {
	h.tokens = h.tokens[:0]
	for _, t := range e.Tokens {
		if o.DropPieces == 0 || r.Float32() >= o.DropPieces {
			h.tokens = append(h.tokens, t)
		}
	}
	if len(h.tokens) == 0 {
		return
	}
	h.forward(n)
	mask := make([]float32, 0, 512)
	for i := range h.pooled {
		keep := float32(1)
		if o.DropPooled > 0 {
			keep = 0
			if r.Float32() >= o.DropPooled {
				keep = 1 / (1 - o.DropPooled)
			}
		}
		mask = append(mask, keep)
		h.pooled[i] *= keep
	}
	copy(h.hidden, n.HiddenBias)
	for i, v := range h.pooled {
		if v != 0 {
			axpy(v, n.HiddenLayer[i*n.Hidden:][:n.Hidden], h.hidden)
		}
	}
	for i, v := range h.hidden {
		h.hidden[i] = max(v, 0)
	}
	clear(h.dhide)
	gOut, gOutBias := h.grads[6], h.grads[7]
	for _, g := range e.Goals {
		w := n.Out[g.Output*n.Hidden:][:n.Hidden]
		y := n.OutBias[g.Output] + blas32.Dot(vec(w), vec(h.hidden))
		var d float32
		if g.Square {
			d = y - g.Value
			h.loss += float64(g.Weight * d * d / 2)
		} else {
			p := 1 / (1 + math.Exp(-float64(y)))
			d = float32(p) - g.Value
			p = min(max(p, 1e-7), 1-1e-7)
			h.loss -= float64(g.Weight) * (float64(g.Value)*math.Log(p) + (1-float64(g.Value))*math.Log(1-p))
		}
		d *= g.Weight
		axpy(d, h.hidden, gOut[g.Output*n.Hidden:][:n.Hidden])
		gOutBias[g.Output] += d
		axpy(d, w, h.dhide)
	}
	for i, v := range h.hidden {
		if v <= 0 {
			h.dhide[i] = 0
		}
	}
	axpy(1, h.dhide, h.grads[5])
	for i, v := range h.pooled {
		w := n.HiddenLayer[i*n.Hidden:][:n.Hidden]
		h.dpooled[i] = mask[i] * blas32.Dot(vec(w), vec(h.dhide))
		if v != 0 {
			axpy(v, h.dhide, h.grads[4][i*n.Hidden:][:n.Hidden])
		}
	}
	h.backward(n, o)
}

// backward carries dpooled through the layers to the vectors.
func (h *half) backward(n *Net, o Options) {
	count, f, w := len(h.tokens), n.Shape.Far, n.Shape.Near
	clear(h.dx[:count*n.Dim])
	clear(h.dnear[:count*w])
	clear(h.dfar[:count*f])
	unpool(h.dpooled[:f], h.dpooled[f:2*f], h.most, h.dfar, count, f)
	unconvolve(h.near, n.Far, h.far, h.dfar, h.dnear, h.grads[2], h.grads[3], count, w, f, 2)
	unpool(h.dpooled[2*f:][:w], h.dpooled[2*f+w:][:w], h.mostNear, h.dnear, count, w)
	var dx []float32
	if o.VectorRate > 0 {
		dx = h.dx
	}
	unconvolve(h.x, n.Near, h.near, h.dnear, dx, h.grads[0], h.grads[1], count, n.Dim, w, 1)
	if dx == nil {
		return
	}
	middle := h.dpooled[2*f+2*w:]
	for i, t := range h.tokens {
		row := h.dx[i*n.Dim:][:n.Dim]
		axpy(1/float32(count), middle, row)
		into := h.rows[t]
		if into == nil {
			if k := len(h.free); k > 0 {
				into, h.free = h.free[k-1], h.free[:k-1]
			} else {
				into = make([]float32, n.Dim)
			}
			h.rows[t] = into
			h.touched = append(h.touched, t)
		}
		axpy(1, row, into)
	}
}

func unpool(most, middle []float32, where []int, rows []float32, n, width int) {
	for j, d := range most {
		rows[where[j]*width+j] += d
	}
	for i := range n {
		axpy(1/float32(n), middle, rows[i*width:][:width])
	}
}

// unconvolve adds the derivatives of a layer's weights, and of its input where din is given. out is what forward left.
func unconvolve(in, weights, out, dout, din, dweights, dbias []float32, n, from, to, step int) {
	for i := range n {
		d := dout[i*to:][:to]
		for j, v := range out[i*to:][:to] {
			if v <= 0 {
				d[j] = 0
			}
		}
		axpy(1, d, dbias)
		for k := range 3 {
			j := i + (k-1)*step
			if j < 0 || j >= n {
				continue
			}
			for c, v := range in[j*from:][:from] {
				row := (k*from + c) * to
				if v != 0 {
					axpy(v, d, dweights[row:][:to])
				}
				if din != nil {
					din[j*from+c] += blas32.Dot(vec(weights[row:][:to]), vec(d))
				}
			}
		}
	}
}

// Answers are the outputs for a sentence, without anything dropped.
func (n *Net) Answers(tokens []int32) []float32 {
	out := make([]float32, len(n.Outputs))
	if len(tokens) == 0 {
		return out
	}
	h := newHalf(n)
	h.tokens = tokens
	h.forward(n)
	copy(h.hidden, n.HiddenBias)
	for i, v := range h.pooled {
		axpy(v, n.HiddenLayer[i*n.Hidden:][:n.Hidden], h.hidden)
	}
	for i, v := range h.hidden {
		h.hidden[i] = max(v, 0)
	}
	for o := range out {
		out[o] = n.OutBias[o] + blas32.Dot(vec(n.Out[o*n.Hidden:][:n.Hidden]), vec(h.hidden))
	}
	return out
}

// Extend is a copy with more outputs behind those it has. Vectors are shared, since tuning leaves them.
func (n *Net) Extend(outputs []string, seed uint64) *Net {
	r := rand.New(rand.NewPCG(seed, 4))
	c := &Net{Shape: n.Shape, Vectors: n.Vectors}
	c.Outputs = slices.Concat(n.Outputs, outputs)
	c.Near, c.NearBias = slices.Clone(n.Near), slices.Clone(n.NearBias)
	c.Far, c.FarBias = slices.Clone(n.Far), slices.Clone(n.FarBias)
	c.HiddenLayer, c.HiddenBias = slices.Clone(n.HiddenLayer), slices.Clone(n.HiddenBias)
	c.Out, c.OutBias = slices.Clone(n.Out), slices.Clone(n.OutBias)
	for range len(outputs) * n.Hidden {
		c.Out = append(c.Out, float32(r.NormFloat64()*math.Sqrt(0.5/float64(n.Hidden))))
	}
	c.OutBias = append(c.OutBias, make([]float32, len(outputs))...)
	c.Prepare()
	return c
}
