package main

import (
	"math"
	"path/filepath"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/optimize"

	"github.com/teei/csr-platform/infra/models/internal/net"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
)

// teacher answers the questions from the vectors of the large model: too slow to run beside a bus, better than what it teaches.
type teacher struct {
	spoken, level [][]float64 // of each of localmodel.Read: weights of a vector, the last one added alone
	harm          [][]float64 // of each of localmodel.Harms
}

// seedVectors are the large model's vectors of the seed set's sentences, by text, centred by language.
func seedVectors(folder string, items []item, harms []harm) (map[string][]float32, error) {
	var texts []string
	err := read(folder, "seed.json", &texts)
	if err != nil {
		return nil, err
	}
	vs, err := vectors(filepath.Join(folder, "seed.npy"))
	if err != nil {
		return nil, err
	}
	language := map[string]string{}
	for _, s := range sentences(items) {
		language[s.Text] = s.Lang
	}
	for _, h := range harms {
		if !h.public {
			language[h.Text] = h.Lang
		}
	}
	centre(vs, func(i int) string { return language[texts[i]] })
	out := map[string][]float32{}
	for i, t := range texts {
		out[t] = vs[i]
	}
	return out, nil
}

// teach fits a teacher on labelled sentences and texts.
func teach(known []item, harms []harm, of map[string][]float32) teacher {
	var t teacher
	for _, d := range localmodel.Read {
		var xs, hs [][]float32
		var ys, vs []float64
		for _, s := range known {
			x := of[s.Text]
			label, judged := s.Labels[d]
			if x == nil || !judged {
				continue
			}
			if label == nil {
				xs, ys = append(xs, x), append(ys, 0)
				continue
			}
			xs, ys = append(xs, x), append(ys, 1)
			hs, vs = append(hs, x), append(vs, *label)
		}
		t.spoken = append(t.spoken, logistic(xs, ys, 20))
		t.level = append(t.level, logistic(hs, vs, 20))
	}
	for _, c := range localmodel.Harms {
		var xs [][]float32
		var ys []float64
		for _, h := range harms {
			if x := of[h.Text]; x != nil && !h.public {
				xs, ys = append(xs, x), append(ys, map[bool]float64{true: 1}[h.Categories[c]])
			}
		}
		for i, s := range known {
			if x := of[s.Text]; x != nil && i%3 == 0 {
				xs, ys = append(xs, x), append(ys, 0)
			}
		}
		t.harm = append(t.harm, logistic(xs, ys, 10))
	}
	return t
}

// caution are the goals of finding the harm that the teacher finds in x.
func (t teacher) caution(x []float32, first int, weight float64) []net.Goal {
	var out []net.Goal
	for k := range localmodel.Harms {
		out = append(out, net.Goal{Output: first + k, Value: float32(odds(t.harm[k], x)), Weight: float32(weight)})
	}
	return out
}

// logistic fits weights by which the logistic of a vector is nearest to ys, which may be graded; c is how little large weights cost.
func logistic(xs [][]float32, ys []float64, c float64) []float64 {
	at := make([]float32, width)
	loss := func(gradient, w []float64) float64 {
		for j := range at {
			at[j] = float32(w[j])
		}
		sum := 0.0
		slope := make([]float32, width)
		bias := 0.0
		for i, x := range xs {
			v := blas32.Vector{N: width, Inc: 1, Data: x}
			p := 1 / (1 + math.Exp(-float64(blas32.Dot(v, blas32.Vector{N: width, Inc: 1, Data: at}))-w[width]))
			q := min(max(p, 1e-9), 1-1e-9)
			sum -= ys[i]*math.Log(q) + (1-ys[i])*math.Log(1-q)
			blas32.Axpy(float32(p-ys[i]), v, blas32.Vector{N: width, Inc: 1, Data: slope})
			bias += p - ys[i]
		}
		for j := range width {
			sum += w[j] * w[j] / 2 / c
			if gradient != nil {
				gradient[j] = float64(slope[j]) + w[j]/c
			}
		}
		if gradient != nil {
			gradient[width] = bias
		}
		return sum
	}
	best, err := optimize.Minimize(optimize.Problem{
		Func: func(w []float64) float64 { return loss(nil, w) },
		Grad: func(g, w []float64) { loss(g, w) },
	}, make([]float64, width+1), &optimize.Settings{MajorIterations: 150, GradientThreshold: 0.05}, &optimize.LBFGS{})
	if best == nil {
		panic(err) // there is always a best so far
	}
	return best.X
}

func odds(w []float64, x []float32) float64 {
	sum := w[width]
	for j, v := range x {
		sum += w[j] * float64(v)
	}
	return 1 / (1 + math.Exp(-sum))
}

// lesson are the goals of answering as the teacher does on x. A level counts as far as the teacher finds the dimension spoken of.
func (t teacher) lesson(x []float32, first int, weight float64) []net.Goal {
	var out []net.Goal
	for k := range localmodel.Read {
		spoken := odds(t.spoken[k], x)
		out = append(out,
			net.Goal{Output: first + 4*k, Value: float32(spoken), Weight: float32(weight)},
			net.Goal{Output: first + 4*k + 1, Value: float32(odds(t.level[k], x)), Weight: float32(2 * weight * (0.15 + spoken))})
	}
	return out
}
