package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// network is the weights that student.py trained.
type network struct {
	encoder.Shape
	vectors []float32 // of the pieces
	layers  [][]float32
}

// student reads the network called name: its shape and, one behind the other as little-endian floats, vectors and layers in the order of encoder.Put.
func student(folder, name string, pieces int) (network, error) {
	var n network
	err := read(folder, "student.json", &n.Shape)
	if err != nil {
		return n, err
	}
	n.Outputs = localmodel.Questions()
	b, err := os.ReadFile(filepath.Join(folder, "student-"+name+".f32"))
	if err != nil {
		return n, err
	}
	sizes := n.Sizes()
	total := pieces * n.Dim
	for _, s := range sizes {
		total += s
	}
	if len(b) != 4*total {
		return n, fmt.Errorf("student-%s.f32 has %d bytes, its shape asks for %d", name, len(b), 4*total)
	}
	all := make([]float32, total)
	for i := range all {
		all[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	n.vectors, all = all[:pieces*n.Dim], all[pieces*n.Dim:]
	for _, s := range sizes {
		n.layers = append(n.layers, all[:s])
		all = all[s:]
	}
	return n, nil
}

// put adds n to the file.
func (n network) put(w *encoder.Writer) error {
	n.putVectors(w)
	return encoder.Put(w, "text", n.Shape, n.layers)
}

// putVectors puts the vectors of the pieces into the file, eight bits a number and a scale a piece.
func (n network) putVectors(w *encoder.Writer) {
	small, scales := make([]int8, len(n.vectors)), make([]float32, len(n.vectors)/n.Dim)
	for i := range scales {
		row := n.vectors[i*n.Dim:][:n.Dim]
		var most float32
		for _, v := range row {
			most = max(most, v, -v)
		}
		scales[i] = max(most/127, 1e-9)
		for j, v := range row {
			small[i*n.Dim+j] = int8(math.Round(float64(v / scales[i])))
		}
	}
	w.PutInt8("piece.vectors", small)
	w.PutFloats("piece.scales", scales)
}

// reader reads with n as its network, and no rules.
func (m *made) reader(n network) (*localmodel.Reader, error) {
	w := encoder.Writer{}
	m.writer.CopyTo(&w)
	err := n.put(&w)
	if err != nil {
		return nil, err
	}
	err = errors.Join(w.PutJSON("q2q.rules", localmodel.Rules{}), w.PutJSON("safety.rules", localmodel.HarmRules{}))
	if err != nil {
		return nil, err
	}
	data, err := w.Bytes()
	if err != nil {
		return nil, err
	}
	return localmodel.Open(data)
}

// agreed compares what the network answered when it was trained with what it answers from its file.
func agreed(folder, name string, r *localmodel.Reader) error {
	var said []struct {
		Text    string
		Answers []float32
	}
	err := read(folder, "student-"+name+".said.json", &said)
	if err != nil {
		return err
	}
	for _, s := range said {
		got := r.Answers(s.Text)
		for i, want := range s.Answers {
			if math.Abs(float64(got[i]-want)) > 0.1+0.05*math.Abs(float64(want)) {
				b, _ := json.Marshal(s.Text)
				return fmt.Errorf("student %s: %s: %s is %v from the file and %v in training", name, b, localmodel.Questions()[i], got[i], want)
			}
		}
	}
	return nil
}
