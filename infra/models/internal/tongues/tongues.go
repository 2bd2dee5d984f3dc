// Package tongues trains the weights by which shared/adapter/localmodel/langid tells languages apart.
package tongues

import (
	"math"
	"math/rand/v2"

	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
	"github.com/teei/csr-platform/shared/adapter/localmodel/langid"
)

// Example is a text and the number of its language.
type Example struct {
	Text     string
	Language int
}

// Train learns multinomial logistic weights (Adagrad, three passes) and puts them into w.
func Train(w *encoder.Writer, languages []string, examples []Example, passes int, seed uint64) error {
	k := len(languages)
	weights, squares := make([]float32, langid.Buckets*k), make([]float32, langid.Buckets*k)
	bias := make([]float32, k)
	r := rand.New(rand.NewPCG(seed, 5))
	odds := make([]float64, k)
	var buckets []int
	for range passes {
		for _, i := range r.Perm(len(examples)) {
			e := examples[i]
			buckets = buckets[:0]
			limit := 30 + r.IntN(300) // short and long
			n := langid.Groups(e.Text, limit, func(b int) { buckets = append(buckets, b) })
			if n == 0 {
				continue
			}
			norm := 1 / math.Sqrt(float64(n))
			top := math.Inf(-1)
			for l := range odds {
				odds[l] = float64(bias[l])
			}
			for _, b := range buckets {
				for l, v := range weights[b*k:][:k] {
					odds[l] += float64(v) * norm
				}
			}
			for _, v := range odds {
				top = max(top, v)
			}
			total := 0.0
			for l := range odds {
				odds[l] = math.Exp(odds[l] - top)
				total += odds[l]
			}
			for l := range odds {
				odds[l] /= total
			}
			odds[e.Language]--
			for _, b := range buckets {
				row, sq := weights[b*k:][:k], squares[b*k:][:k]
				for l := range row {
					g := float32(odds[l] * norm)
					if g < 1e-5 && g > -1e-5 {
						continue
					}
					sq[l] += g * g
					row[l] -= 0.4 * g / (float32(math.Sqrt(float64(sq[l]))) + 1e-3)
				}
			}
			for l := range bias {
				bias[l] -= 0.001 * float32(odds[l])
			}
		}
	}
	var largest float32
	for _, v := range weights {
		largest = max(largest, v, -v)
	}
	largest = min(largest, 8)
	scale := largest / 127
	small := make([]int8, len(weights))
	for i, v := range weights {
		small[i] = int8(math.Round(float64(min(max(v, -largest), largest) / scale)))
	}
	w.PutInt8("langid", small)
	w.PutFloats("langid.scale", []float32{scale})
	w.PutFloats("langid.bias", bias)
	return w.PutJSON("langid.languages", languages)
}
