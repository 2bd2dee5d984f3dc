package outcome

import (
	"math"
	"math/rand/v2"
	"slices"
)

// AUC is the chance that a positive scores higher than a negative, ties counting half (Mann and Whitney 1947; Hanley and McNeil,
// Radiology 1982). ok is false where there are no positives or no negatives. scores and positive have the same length.
func AUC(scores []float64, positive []bool) (auc float64, ok bool) {
	ranks := ranks(scores)
	var sum, p, n float64
	for i, is := range positive {
		if is {
			sum += ranks[i]
			p++
			continue
		}
		n++
	}
	if p == 0 || n == 0 {
		return 0, false
	}
	return (sum - p*(p+1)/2) / (p * n), true
}

// Spearman is the rank correlation of two equally long lists, -1…1, ties with their mean rank (Spearman 1904). ok is false where one
// of the lists has fewer than two different values.
func Spearman(a, b []float64) (rho float64, ok bool) { return correlation(ranks(a), ranks(b)) }

// correlation is Pearson's.
func correlation(a, b []float64) (float64, bool) {
	ma, mb := average(a), average(b)
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	if aa == 0 || bb == 0 {
		return 0, false
	}
	return ab / math.Sqrt(aa*bb), true
}

// ranks from 1, equal values sharing the mean of theirs.
func ranks(xs []float64) []float64 {
	order, found := ascending(xs), make([]float64, len(xs))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && xs[order[j]] == xs[order[i]] {
			j++
		}
		for _, place := range order[i:j] {
			found[place] = float64(i+j+1) / 2
		}
		i = j
	}
	return found
}

// MAE is the mean absolute difference of two equally long lists, 0 for empty ones.
func MAE(values, labels []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for i := range values {
		sum += math.Abs(values[i] - labels[i])
	}
	return sum / float64(len(values))
}

// ECE is the expected calibration error: over ten equal bins of values, how far the mean value is from the mean label, weighted by
// the share of the bin (Naeini, Cooper and Hauskrecht, AAAI 2015). Labels may be graded. 0 for empty lists.
func ECE(values, labels []float64) float64 {
	var n [Bins]int
	var value, label [Bins]float64
	for i := range values {
		bin := BinOf(values[i])
		n[bin]++
		value[bin] += values[i]
		label[bin] += labels[i]
	}
	sum := 0.0
	for bin := range n {
		sum += math.Abs(value[bin] - label[bin])
	}
	if len(values) == 0 {
		return 0
	}
	return sum / float64(len(values))
}

// Bootstrap is the percentile interval at level (0.95 for 95 %) of what statistic says of n things, over rounds resamples with
// replacement (Efron, Annals of Statistics 1979). statistic gets the places of the n things drawn; resamples of which it says nothing
// (ok false) are left out. The same seed gives the same interval. ok is false where no resample said anything.
func Bootstrap(n, rounds int, level float64, seed uint64, statistic func(places []int) (float64, bool)) (low, high float64, ok bool) {
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	var said []float64
	places := make([]int, n)
	for range rounds {
		for i := range places {
			places[i] = random.IntN(n)
		}
		value, ok := statistic(places)
		if ok {
			said = append(said, value)
		}
	}
	if len(said) == 0 {
		return 0, 0, false
	}
	slices.Sort(said)
	tail := (1 - level) / 2
	return quantile(said, tail), quantile(said, 1-tail), true
}

// quantile of sorted values, with straight lines between them (Hyndman and Fan's type 7).
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func average(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}
