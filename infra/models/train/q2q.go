package main

import (
	"hash/fnv"
	"log/slog"
	"math"
	"slices"

	"github.com/teei/csr-platform/infra/models/internal/net"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// cefr is where the levels of the Common European Framework lie on 0…1 (rubric, lang_level_proxy).
var cefr = map[string]float64{"A1": 0.1, "A2": 0.25, "B1": 0.45, "B2": 0.65, "C1": 0.85, "C2": 1}

// goals are what is known of a sentence. first is the number of the first question's output.
func goals(s item, first int) []net.Goal {
	var out []net.Goal
	for k, d := range localmodel.Read {
		label, judged := s.Labels[d]
		if !judged {
			continue
		}
		at := first + 4*k
		if label == nil {
			out = append(out, net.Goal{Output: at, Value: 0.01, Weight: 1})
			continue
		}
		out = append(out,
			net.Goal{Output: at, Value: 0.99, Weight: 1.5},
			net.Goal{Output: at + 1, Value: float32(*label), Weight: 3},
			net.Goal{Output: at + 2, Value: is(s.Directions[d] == outcome.Gain), Weight: 0.5},
			net.Goal{Output: at + 3, Value: is(s.Directions[d] == outcome.Loss), Weight: 0.5})
	}
	if level, ok := cefr[s.CEFR]; ok {
		out = append(out, net.Goal{Output: first + 4*len(localmodel.Read), Value: float32(level), Weight: 0.5, Square: true})
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

// tune teaches base to answer questions on examples; beside them, in each pass, other ones of the large set are gone through, so that it
// keeps what it knows of words that the examples lack. base is left as it is.
func tune(base *net.Net, questions []string, examples, large []net.Example, o tuning, log *slog.Logger) *net.Net {
	n := base.Extend(questions, 7)
	if o.VectorRate > 0 {
		n.Vectors = slices.Clone(n.Vectors)
		n.Prepare()
	}
	share := min(int(o.Mix*float64(len(examples))), len(large))
	for pass := range o.Passes {
		all := append([]net.Example(nil), examples...)
		for i := range share {
			all = append(all, large[(pass*share+i)*7919%len(large)])
		}
		rate := o.Rate * 0.5 * (1 + math.Cos(math.Pi*float64(pass)/float64(o.Passes)))
		loss := n.Epoch(all, net.Options{
			Rate: float32(rate), VectorRate: float32(rate * o.VectorRate), Batch: 32, DropPieces: 0.1, DropPooled: float32(o.Drop), Decay: float32(o.Decay), Seed: uint64(100 + pass),
		})
		log.Info("tuning", slog.Int("pass", pass+1), slog.Int("of", o.Passes), slog.Float64("loss", loss))
	}
	return n
}

// lessons are the public sentences with what t answers on them, and with imitation, which weighs less than labels.
func (m *made) lessons(t teacher) []net.Example {
	out := make([]net.Example, len(m.rows))
	for i, e := range m.imitate[:len(m.rows)] {
		out[i].Tokens = e.Tokens
		for _, g := range e.Goals {
			g.Weight *= 0.3
			out[i].Goals = append(out[i].Goals, g)
		}
		out[i].Goals = append(out[i].Goals, t.lesson(m.raw[i], imitated, tuned.Lesson)...)
		out[i].Goals = append(out[i].Goals, t.caution(m.raw[i], harmAt, tuned.Lesson/3)...)
	}
	return out
}

// tuning is how a tune goes.
type tuning struct {
	Passes     int
	Rate       float64
	Drop       float64 // share of what is pooled left out
	Decay      float64
	VectorRate float64 // of learning vectors, as a share of Rate
	Mix        float64 // examples of the large set for each labelled one
	Lesson     float64 // weight of what the teacher says on public sentences
	Own        float64 // the same on labelled ones
}
