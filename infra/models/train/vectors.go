package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
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
