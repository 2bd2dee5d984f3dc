// Command train makes shared/adapter/localmodel/weights.bin from the public data sets, the seed set and what embed.py made of them:
//
//	go run ./infra/models/train -work build/train -seed infra/models/seed -out shared/adapter/localmodel/weights.bin
//
// `make train DATA=<folder>` runs embed.py first. The same input gives the same bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/teei/csr-platform/infra/models/internal/net"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// version of the model; a release changes it, since scores name it.
const version = "local-q2q-2"

func main() {
	data := flag.String("data", "../shared/data", "folder of the public data sets")
	work := flag.String("work", "build/train", "folder that embed.py wrote to")
	seed := flag.String("seed", "infra/models/seed", "folder of the seed set")
	out := flag.String("out", "shared/adapter/localmodel/weights.bin", "where the weights go")
	passes := flag.Int("imitate", 8, "passes over the public texts")
	reuse := flag.String("encoder", "", "file that keeps the encoder between runs: read when it is there, else written")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	err := train(*data, *work, *seed, *out, *passes, *reuse, log)
	if err != nil {
		log.Error("train", slog.String("error", err.Error()))
		os.Exit(1)
	}
}

var tuned = tuning{Passes: 12, Rate: 0.001, VectorRate: 2, Drop: 0.3, Decay: 0.01, Mix: 2, Lesson: 0.7, Own: 0.7}

func train(data, work, seed, out string, passes int, reuse string, log *slog.Logger) error {
	items, err := records[item](seed)
	if err != nil {
		return err
	}
	m, err := load(work)
	if err != nil {
		return fmt.Errorf("what embed.py writes: %w", err)
	}
	log.Info("read", slog.Int("items", len(items)), slog.Int("rows", len(m.rows)), slog.Int("pieces", m.table.N))
	base, err := m.encoder(passes, reuse, log)
	if err != nil {
		return err
	}
	keepVectors(&m.writer, base)
	err = languages(&m.writer, work, m.rows, items, log)
	if err != nil {
		return err
	}
	harms, err := harmful(seed+"/safety", data)
	if err != nil {
		return err
	}
	of, err := seedVectors(work, items, harms)
	if err != nil {
		return err
	}
	q2q, safety, n, err := m.questions(base, items, harms, of, log)
	if err != nil {
		return err
	}
	keepVectors(&m.writer, n)
	err = put(&m.writer, n)
	if err != nil {
		return err
	}
	err = errors.Join(m.writer.PutJSON("q2q.rules", q2q), m.writer.PutJSON("safety.rules", safety))
	if err != nil {
		return err
	}
	made, err := m.writer.Bytes()
	if err != nil {
		return err
	}
	_, err = localmodel.Open(made)
	if err != nil {
		return fmt.Errorf("what was trained cannot be read: %w", err)
	}
	log.Info("written", slog.String("to", out), slog.Int("bytes", len(made)))
	return os.WriteFile(out, made, 0o644)
}

// questions trains the network that answers: first without each third of the writers, so that rules are fitted on what a network has not
// seen, then with all but the test part.
func (m *made) questions(base *net.Net, items []item, harms []harm, of map[string][]float32, log *slog.Logger) (localmodel.Rules, localmodel.HarmRules, *net.Net, error) {
	var known []item
	for _, i := range items {
		if i.Split != "test" {
			known = append(known, i)
		}
	}
	const folds = 3
	var read []example
	var screened []screened
	for f := range folds {
		var in []item
		for _, s := range sentences(known) {
			if fold(s.Persona, folds) != f {
				in = append(in, s)
			}
		}
		var with []harm
		for _, h := range harms {
			if h.public || fold(h.Text, folds) != f {
				with = append(with, h)
			}
		}
		reader, err := m.reader(m.learn(base, in, with, of, log.With(slog.Int("fold", f+1))))
		if err != nil {
			return localmodel.Rules{}, localmodel.HarmRules{}, nil, err
		}
		for _, i := range known {
			if fold(i.Persona, folds) == f {
				read = append(read, example{i, reader.Read(i.Text)})
				screened = append(screened, screen(reader, harm{Text: i.Text, Lang: i.Lang, Functionality: "feedback", Categories: none()}))
			}
		}
		for _, h := range harms {
			if !h.public && fold(h.Text, folds) == f {
				screened = append(screened, screen(reader, h))
			}
		}
	}
	held(read, 1, log)
	harm := thresholds(screened, log)
	r, err := rules(version, m.languages(items), read)
	return r, harm, m.learn(base, sentences(known), harms, of, log), err
}

// harmAt is the output of the first question about harm.
var harmAt = imitated + 4*len(localmodel.Read) + 1

// learn tunes base on labelled sentences and texts, and on what a teacher that knows the same sentences says of them and of the public ones.
func (m *made) learn(base *net.Net, known []item, harms []harm, of map[string][]float32, log *slog.Logger) *net.Net {
	t := teach(known, harms, of)
	var examples []net.Example
	for i, s := range known {
		e := net.Example{Tokens: m.tokens(s.Text), Goals: goals(s, imitated)}
		if x := of[s.Text]; x != nil {
			e.Goals = append(e.Goals, t.lesson(x, imitated, tuned.Own)...)
			e.Goals = append(e.Goals, like(m.space.of(x), 0.3)...)
		}
		if i%2 == 0 { // feedback is harmless
			e.Goals = append(e.Goals, harmGoals(harm{Categories: none()}, harmAt, 0.3)...)
		}
		examples = append(examples, e)
	}
	for _, h := range harms {
		e := net.Example{Tokens: m.tokens(h.Text), Goals: harmGoals(h, harmAt, h.weight)}
		if x := of[h.Text]; x != nil && !h.public {
			e.Goals = append(e.Goals, t.caution(x, harmAt, tuned.Own)...)
			e.Goals = append(e.Goals, like(m.space.of(x), 0.3)...)
		}
		examples = append(examples, e)
	}
	return tune(base, localmodel.Questions(), examples, m.lessons(t), tuned, log)
}

// reader reads with n as its network, and no rules.
func (m *made) reader(n *net.Net) (*localmodel.Reader, error) {
	w := encoder.Writer{}
	m.writer.CopyTo(&w)
	keepVectors(&w, n)
	err := put(&w, n)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		w.PutJSON("q2q.rules", localmodel.Rules{}), w.PutJSON("safety.rules", localmodel.HarmRules{}))
	if err != nil {
		return nil, err
	}
	data, err := w.Bytes()
	if err != nil {
		return nil, err
	}
	return localmodel.Open(data)
}

// languages are those of the seed set with a test part.
func (m *made) languages(items []item) []string {
	found := map[string]bool{}
	for _, i := range items {
		if i.Split == "test" {
			found[i.Lang] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// put adds the layers of n without the outputs that imitate.
func put(w *encoder.Writer, n *net.Net) error {
	s := n.Shape
	s.Outputs = n.Outputs[imitated:]
	return encoder.Put(w, "text", s, n.Near, n.NearBias, n.Far, n.FarBias, n.HiddenLayer, n.HiddenBias,
		n.Out[imitated*n.Hidden:], n.OutBias[imitated:])
}

// keepVectors puts the vectors of the pieces into the file, eight bits a number and a scale a piece, and back into n as they are there.
func keepVectors(w *encoder.Writer, n *net.Net) {
	small, scales := make([]int8, len(n.Vectors)), make([]float32, len(n.Vectors)/shape.Dim)
	for i := range scales {
		row := n.Vectors[i*shape.Dim:][:shape.Dim]
		var most float32
		for _, v := range row {
			most = max(most, v, -v)
		}
		scales[i] = max(most/127, 1e-9)
		for j, v := range row {
			small[i*shape.Dim+j] = int8(math.Round(float64(v / scales[i])))
			row[j] = float32(small[i*shape.Dim+j]) * scales[i]
		}
	}
	w.PutInt8("piece.vectors", small)
	w.PutFloats("piece.scales", scales)
}
