package main

import (
	"encoding/json"
	"hash/fnv"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// cefr is where the levels of the Common European Framework lie on 0…1 (rubric, lang_level_proxy).
var cefr = map[string]float64{"A1": 0.1, "A2": 0.25, "B1": 0.45, "B2": 0.65, "C1": 0.85, "C2": 1}

// goal is what one of localmodel.Questions should answer, as a probability, and how much that weighs; encoded as an array.
type goal struct {
	question      int
	value, weight float32
}

// MarshalJSON is json.Marshaler.
func (g goal) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{g.question, g.value, g.weight})
}

// goals are what is known of a sentence.
func goals(s item) []goal {
	var out []goal
	for k, d := range localmodel.Read {
		label, judged := s.Labels[d]
		if !judged {
			continue
		}
		at := 4 * k
		if label == nil {
			out = append(out, goal{at, 0.01, 1})
			continue
		}
		out = append(out,
			goal{at, 0.99, 1.5},
			goal{at + 1, float32(*label), 3},
			goal{at + 2, is(s.Directions[d] == outcome.Gain), 0.5},
			goal{at + 3, is(s.Directions[d] == outcome.Loss), 0.5})
	}
	if level, ok := cefr[s.CEFR]; ok {
		out = append(out, goal{4 * len(localmodel.Read), float32(level), 0.5})
	}
	return out
}

func is(yes bool) float32 {
	if yes {
		return 0.97
	}
	return 0.03
}

// fold puts what has the same key into the same one of n parts.
func fold(key string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32() % uint32(n))
}
