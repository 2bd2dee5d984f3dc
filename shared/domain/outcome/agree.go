package outcome

import "math"

// Levels is how many levels the rubric anchors: 0, .25, .5, .75 and 1.
const Levels = 5

// LevelOf is the place of the rubric level nearest to value, 0 to 4; halfway goes up.
func LevelOf(value float64) int {
	return min(max(int(math.Floor(value*(Levels-1)+0.5)), 0), Levels-1)
}

// Pair is what two readers say of one dimension of one text; nil where a reader finds it is not spoken of.
type Pair struct{ A, B *float64 }

// Agreement is how well two readers agree. An index is nil where it is not defined: nothing to compare, or no difference to explain.
type Agreement struct {
	N    int      // texts both have read
	Both int      // of these, texts in which both find the dimension spoken of
	MAE  *float64 // over Both
	// Mentioned is Cohen's kappa of whether the dimension is spoken of, over N.
	Mentioned *float64
	// QWK is the quadratic weighted kappa of the rubric levels, over Both.
	QWK *float64
}

// Agree compares two readers over pairs.
func Agree(pairs []Pair) Agreement {
	found := Agreement{N: len(pairs)}
	var spoken [2][2]int
	var levels [Levels][Levels]int
	var a, b []float64
	for _, p := range pairs {
		spoken[side(p.A)][side(p.B)]++
		if p.A == nil || p.B == nil {
			continue
		}
		found.Both++
		a, b = append(a, *p.A), append(b, *p.B)
		levels[LevelOf(*p.A)][LevelOf(*p.B)]++
	}
	if found.Both > 0 {
		mae := MAE(a, b)
		found.MAE = &mae
	}
	found.Mentioned = kappa(len(spoken), func(i, j int) int { return spoken[i][j] }, unequal)
	found.QWK = kappa(Levels, func(i, j int) int { return levels[i][j] }, func(i, j int) float64 { return float64((i - j) * (i - j)) })
	return found
}

func side(value *float64) int {
	if value == nil {
		return 0
	}
	return 1
}

func unequal(i, j int) float64 {
	if i == j {
		return 0
	}
	return 1
}

// Kappa is Cohen's kappa of two readers' categories, 0 to categories-1 each (Cohen, Educational and Psychological Measurement 1960);
// nil where both always say the same one thing, or nothing was read.
func Kappa(a, b []int, categories int) *float64 {
	return kappa(categories, table(a, b, categories), unequal)
}

// QWK is the quadratic weighted kappa of two readers' levels, 0 to levels-1 each (Cohen, Psychological Bulletin 1968); nil as for Kappa.
func QWK(a, b []int, levels int) *float64 {
	return kappa(levels, table(a, b, levels), func(i, j int) float64 { return float64((i - j) * (i - j)) })
}

func table(a, b []int, size int) func(i, j int) int {
	counts := make([]int, size*size)
	for n := range a {
		counts[a[n]*size+b[n]]++
	}
	return func(i, j int) int { return counts[i*size+j] }
}

// kappa is one less the observed disagreement over that expected by chance.
func kappa(size int, count func(i, j int) int, weight func(i, j int) float64) *float64 {
	rows, columns, n := make([]int, size), make([]int, size), 0
	for i := range size {
		for j := range size {
			rows[i] += count(i, j)
			columns[j] += count(i, j)
			n += count(i, j)
		}
	}
	var observed, expected float64
	for i := range size {
		for j := range size {
			observed += weight(i, j) * float64(count(i, j))
			expected += weight(i, j) * float64(rows[i]) * float64(columns[j])
		}
	}
	if expected == 0 {
		return nil
	}
	k := 1 - observed*float64(n)/expected
	return &k
}
