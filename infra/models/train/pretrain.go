package main

import (
	"fmt"
	"log/slog"
	"math"

	"github.com/teei/csr-platform/infra/models/internal/net"
	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// shape of the encoder while it learns to imitate: as many answers as a vector has numbers.
var shape = encoder.Shape{Dim: 64, Near: 64, Far: 64, Hidden: 128}

// imitated is how many numbers of the large model's vectors are imitated; more than a piece's vector has, since a sentence says more.
const imitated = 192

// made is what the large model made of the public texts: rows and words with what is to be imitated, and the table of pieces.
type made struct {
	table   *encoder.Table
	writer  encoder.Writer // holds the table but for its vectors
	space   space
	start   []float32 // vectors of the pieces to begin with
	rows    []sentence
	imitate []net.Example
	targets [][]float32 // of rows
	raw     [][]float32 // of rows, centred, for teachers
}

type sentence struct{ Language, Source, Text string }

// load reads what embed.py wrote.
func load(folder string) (*made, error) {
	var rows, words [][]string
	var pieces [][]any
	for name, into := range map[string]any{"rows.json": &rows, "words.json": &words, "pieces.json": &pieces} {
		err := read(folder, name, into)
		if err != nil {
			return nil, err
		}
	}
	vs := map[string][][]float32{}
	for name, group := range map[string]func(int) string{
		"rows":   func(i int) string { return rows[i][0] },
		"words":  func(i int) string { return words[i][0] },
		"pieces": func(int) string { return "" },
	} {
		v, err := vectors(folder + "/" + name + ".npy")
		if err != nil {
			return nil, err
		}
		centre(v, group)
		vs[name] = v
	}
	m := &made{raw: vs["rows"]}
	var err error
	m.space, err = principal(vs["rows"], imitated)
	if err != nil {
		return nil, err
	}
	err = m.tabulate(pieces, vs["pieces"])
	if err != nil {
		return nil, err
	}
	m.targets = m.space.all(vs["rows"])
	for i, r := range rows {
		m.rows = append(m.rows, sentence{r[0], r[1], r[2]})
		m.imitate = append(m.imitate, net.Example{Tokens: m.tokens(r[2]), Goals: like(m.targets[i], 1)})
	}
	for i, v := range m.space.all(vs["words"]) {
		m.imitate = append(m.imitate, net.Example{Tokens: m.tokens(words[i][1]), Goals: like(v, 0.3)})
	}
	return m, nil
}

// tabulate lays out the table of pieces.
func (m *made) tabulate(pieces [][]any, vs [][]float32) error {
	names, scores := make([]string, len(pieces)), make([]float32, len(pieces))
	var ends []uint32
	var all []byte
	for i, p := range pieces {
		names[i], scores[i] = p[0].(string), float32(p[1].(float64))
		all = append(all, names[i]...)
		ends = append(ends, uint32(len(all)))
		m.start = append(m.start, m.space.of(vs[i])[:shape.Dim]...)
	}
	w := &m.writer
	w.PutFloats("piece.scores", scores)
	w.PutInts("piece.ends", ends)
	w.Put("piece.names", all)
	w.PutInts("piece.hash", encoder.Hash(names))
	w.PutInt8("piece.vectors", make([]int8, len(names)*shape.Dim))
	w.PutFloats("piece.scales", make([]float32, len(names)))
	data, err := w.Bytes()
	if err != nil {
		return err
	}
	f, err := encoder.Open(data)
	if err != nil {
		return err
	}
	m.table = encoder.NewTable(f)
	return nil
}

func (m *made) tokens(text string) []int32 { return m.table.Tokens(nil, text, encoder.MaxTokens) }

// like are the goals of saying the numbers of v.
func like(v []float32, weight float64) []net.Goal {
	goals := make([]net.Goal, len(v))
	for k, x := range v {
		goals[k] = net.Goal{Output: k, Value: x, Weight: float32(weight / math.Sqrt(float64(len(v)))), Square: true}
	}
	return goals
}

// pretrain learns to imitate the large model on the public texts, vectors of pieces included.
func (m *made) pretrain(passes int, log *slog.Logger) *net.Net {
	s := shape
	for k := range imitated {
		s.Outputs = append(s.Outputs, fmt.Sprintf("imitate %d", k))
	}
	n := net.New(s, m.start, 1)
	for pass := range passes {
		slower := 0.05 + 0.475*(1+math.Cos(math.Pi*float64(pass)/float64(passes)))
		loss := n.Epoch(m.imitate, net.Options{
			Rate: float32(0.002 * slower), VectorRate: float32(0.002 * slower), Batch: 32, DropPieces: 0.05, Seed: uint64(pass),
		})
		log.Info("imitating", slog.Int("pass", pass+1), slog.Int("of", passes), slog.Float64("loss", loss))
	}
	return n
}
