// Command train makes shared/adapter/localmodel/weights.bin from the public data sets, the seed set and what a large model made of them:
//
//	embed.py DATA WORK            the table of word pieces, lists of words, public sentences
//	go run ./infra/models/train -examples    every text to learn from
//	teach.py WORK                 a large model, tuned on the labels, answers every question about every text
//	student.py WORK               small networks learn from both
//	go run ./infra/models/train   rules are fitted, and all is put into one file
//
// `make train DATA=<folder>` runs them. The same input gives the same bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/adapter/localmodel/encoder"
)

// version of the model; a release changes it, since scores name it.
const version = "local-q2q-4"

func main() {
	data := flag.String("data", "../shared/data", "folder of the public data sets")
	work := flag.String("work", "build/train", "folder that the steps before wrote to")
	seed := flag.String("seed", "infra/models/seed", "folder of the seed set")
	out := flag.String("out", "shared/adapter/localmodel/weights.bin", "where the weights go")
	only := flag.Bool("examples", false, "write texts.jsonl and no weights")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	err := train(*data, *work, *seed, *out, *only, log)
	if err != nil {
		log.Error("train", slog.String("error", err.Error()))
		os.Exit(1)
	}
}

func train(data, work, seed, out string, only bool, log *slog.Logger) error {
	items, err := records[item](seed)
	if err != nil {
		return err
	}
	harms, err := harmful(filepath.Join(seed, "safety"), data)
	if err != nil {
		return err
	}
	m := &made{work: work, items: items, harms: harms, log: log}
	err = m.tabulate()
	if err != nil {
		return fmt.Errorf("what embed.py writes: %w", err)
	}
	if only {
		return examples(m.table, work, items, harms, log)
	}
	return m.weights(out)
}

// made is what goes into the file, as far as it is made.
type made struct {
	work   string
	items  []item
	harms  []harm
	log    *slog.Logger
	table  *encoder.Table
	writer encoder.Writer
}

// tabulate lays out the table of pieces.
func (m *made) tabulate() error {
	var pieces [][]any
	err := read(m.work, "pieces.json", &pieces)
	if err != nil {
		return err
	}
	names, scores := make([]string, len(pieces)), make([]float32, len(pieces))
	for i, p := range pieces {
		names[i], scores[i] = p[0].(string), float32(p[1].(float64))
	}
	w := &m.writer
	encoder.PutTable(w, names, scores, make([]int8, len(names)), make([]float32, len(names)))
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

// weights fits the rules on what networks that had not seen the texts made of them, and writes the file.
func (m *made) weights(out string) error {
	err := languages(&m.writer, m.work, m.items, m.log)
	if err != nil {
		return err
	}
	q2q, safety, err := m.rules()
	if err != nil {
		return err
	}
	n, err := student(m.work, "all", m.table.N)
	if err != nil {
		return err
	}
	err = errors.Join(n.put(&m.writer), m.writer.PutJSON("q2q.rules", q2q), m.writer.PutJSON("safety.rules", safety))
	if err != nil {
		return err
	}
	data, err := m.writer.Bytes()
	if err != nil {
		return err
	}
	r, err := localmodel.Open(data)
	if err != nil {
		return fmt.Errorf("what was trained cannot be read: %w", err)
	}
	err = agreed(m.work, "all", r)
	if err != nil {
		return err
	}
	m.log.Info("written", slog.String("to", out), slog.Int("bytes", len(data)))
	return os.WriteFile(out, data, 0o644)
}

// rules has each text read by the network that was trained without its writer, and fits what is decided on that.
func (m *made) rules() (localmodel.Rules, localmodel.HarmRules, error) {
	var read []example
	var screened []screened
	for f := range folds {
		n, err := student(m.work, strconv.Itoa(f), m.table.N)
		if err != nil {
			return localmodel.Rules{}, localmodel.HarmRules{}, err
		}
		reader, err := m.reader(n)
		if err != nil {
			return localmodel.Rules{}, localmodel.HarmRules{}, err
		}
		for _, i := range m.items {
			if i.Split != "test" && fold(i.key(), folds) == f {
				read = append(read, example{i, reader.Read(i.Text)})
				if i.Kind == "text" { // as long as what people write: the more sentences, the more chances to be wrong
					screened = append(screened, screen(reader, harm{Text: i.Text, Lang: i.Lang, Functionality: "feedback", Categories: none()}))
				}
			}
		}
		for _, h := range m.harms {
			if !h.public && fold(h.key(), folds) == f {
				screened = append(screened, screen(reader, h))
			}
		}
	}
	held(read, 1, m.log)
	harm := thresholds(screened, m.log)
	r, err := rules(version, m.languages(), read)
	return r, harm, err
}

// languages are those of the seed set with a test part.
func (m *made) languages() []string {
	found := map[string]bool{}
	for _, i := range m.items {
		if i.Split == "test" {
			found[i.Lang] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
