package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"
)

// width is of a vector of the large model.
const width = 384

// vectors reads a NumPy array of half floats with width columns.
func vectors(path string) ([][]float32, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) < 10 || string(b[:6]) != "\x93NUMPY" {
		return nil, fmt.Errorf("%s: no NumPy array", path)
	}
	b = b[10+int(binary.LittleEndian.Uint16(b[8:])):]
	out := make([][]float32, len(b)/2/width)
	for i := range out {
		out[i] = make([]float32, width)
		for j := range out[i] {
			out[i][j] = half(binary.LittleEndian.Uint16(b[2*(i*width+j):]))
		}
	}
	return out, nil
}

// half is an IEEE 754 half float.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15), uint32(h>>10&31), uint32(h&1023)
	if exponent == 0 {
		v := float32(fraction) / (1 << 24)
		if sign == 1 {
			v = -v
		}
		return v
	}
	return math.Float32frombits(sign<<31 | (exponent+112)<<23 | fraction<<13)
}

func read(folder, name string, v any) error {
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	err = json.Unmarshal(b, v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// centre takes the mean of its group from each vector: what only tells the language is left out.
func centre(vs [][]float32, group func(int) string) {
	sums, counts := map[string][]float64{}, map[string]float64{}
	for i, v := range vs {
		g := group(i)
		if sums[g] == nil {
			sums[g] = make([]float64, width)
		}
		counts[g]++
		for j, x := range v {
			sums[g][j] += float64(x)
		}
	}
	for i, v := range vs {
		g := group(i)
		for j := range v {
			v[j] -= float32(sums[g][j] / counts[g])
		}
	}
}

// space is fewer dimensions for what vectors vary in.
type space struct {
	axes [][]float64 // by dimension, divided so that each varies by about the fourth root of what it did
}

// principal finds the dim directions in which vs vary most (principal components).
func principal(vs [][]float32, dim int) (space, error) {
	const every = 2
	rows := mat.NewDense((len(vs)+every-1)/every, width, nil)
	for i := 0; i < len(vs); i += every {
		for j, x := range vs[i] {
			rows.Set(i/every, j, float64(x))
		}
	}
	var products mat.Dense
	products.Mul(rows.T(), rows)
	covariance := mat.NewSymDense(width, nil)
	n, _ := rows.Dims()
	for i := range width {
		for j := i; j < width; j++ {
			covariance.SetSym(i, j, products.At(i, j)/float64(n))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return space{}, fmt.Errorf("the vectors of %d sentences have no principal components", n)
	}
	var axes mat.Dense
	eigen.VectorsTo(&axes)
	values := eigen.Values(nil)
	var s space
	for k := range dim {
		column := width - 1 - k
		axis := make([]float64, width)
		sign := 1.0
		for j := range axis { // an axis has no natural direction: the first large part is positive
			if x := axes.At(j, column); math.Abs(x) > 0.02 {
				sign = math.Copysign(1, x)
				break
			}
		}
		for j := range axis {
			axis[j] = sign * axes.At(j, column) / math.Sqrt(math.Sqrt(values[column])) * 4
		}
		s.axes = append(s.axes, axis)
	}
	return s, nil
}

func (s space) of(v []float32) []float32 {
	out := make([]float32, len(s.axes))
	for k, axis := range s.axes {
		sum := 0.0
		for j, x := range v {
			sum += float64(x) * axis[j]
		}
		out[k] = float32(sum)
	}
	return out
}

func (s space) all(vs [][]float32) [][]float32 {
	out := make([][]float32, len(vs))
	for i, v := range vs {
		out[i] = s.of(v)
	}
	return out
}
