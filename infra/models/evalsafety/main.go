// Command evalsafety measures how well the local screener finds harm, and whom it flags wrongly:
//
//	go run ./infra/models/evalsafety [-data <file or folder of JSONL>] [-split test] [-public ../shared/data] [-json] [-record [-why …]]
//
// Without -data these are the test part of the safety seed set, harmless feedback that names groups of people, the test part of the programme feedback, which is benign, and, where the
// folder of public data is, those cases of HateCheck and OpenAI-1680 on which nothing was trained. -record writes the figures, and how
// well PII is found (the command pii prints that), into infra/models/scorecard.json, below which CI lets nothing fall, and into the model
// card, infra/models/card.md, between the lines <!-- eval-safety --> and <!-- /eval-safety -->.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/teei/csr-platform/infra/models/internal/measure"
	"github.com/teei/csr-platform/infra/models/internal/pii"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
)

const (
	seed = "infra/models/seed"
	own  = "safety seed"                 // name of the set
	who  = "feedback that names a group" // of the set that has forty harmless texts for each of sixteen groups of people
)

// options are what the command was asked for.
type options struct {
	data, split, public, why string
	json, record             bool
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "labelled texts: a file, or a folder with *.jsonl; nothing for the test parts of the seed set")
	flag.StringVar(&o.split, "split", "", "only texts of this split: train, dev or test (of the seed set: test)")
	flag.StringVar(&o.public, "public", "../shared/data", "folder of the public data sets; measured on without -data")
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.BoolVar(&o.record, "record", false, "write the figures into infra/models/scorecard.json and card.md")
	flag.StringVar(&o.why, "why", "", "with -record: why figures are worse than those recorded before; it goes into the card")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Stdout, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "evalsafety:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, o options) error {
	sets, absent, err := chosen(o)
	if err != nil {
		return err
	}
	if o.record && (o.data != "" || o.split != "" || absent != "") {
		return errors.New("only the test parts and the public sets together are recorded: leave out -data and -split, and give -public. " + absent)
	}
	var recording measure.Recording
	if o.record {
		recording, err = measure.Record(".", measure.SafetyBlock, o.why, time.Now())
		if err != nil {
			return err
		}
	}
	measured, err := measure.MeasureSafety(ctx, localmodel.NewScreener(), sets, true)
	if err != nil {
		return err
	}
	if o.record {
		cards, err := private(o.public, measured.Version)
		if err != nil {
			return err
		}
		cards[measure.SafetyPart] = measured.Part(own, who, measure.Benign)
		cards[measure.PublicPart] = measured.Part(measure.HateCheck, measure.OpenAI)
		err = recording.Keep(cards)
		if err != nil {
			return err
		}
	}
	if o.json {
		lines := json.NewEncoder(out)
		lines.SetIndent("", " ")
		return lines.Encode(measured)
	}
	err = measured.Print(out)
	if absent != "" {
		fmt.Fprintln(out, absent)
	}
	if n := learnt(sets); n > 0 {
		fmt.Fprintf(out, "%d of these texts are of split train or dev, from which the screener was made: their figures say nothing of other texts\n", n)
	}
	return err
}

// private measures how well PII is found, by the rules that the screener of a version goes by: the command pii prints it.
func private(folder, version string) (measure.Card, error) {
	ours, err := pii.Own()
	if err != nil {
		return nil, err
	}
	public, err := pii.Presidio(folder)
	if err != nil {
		return nil, err
	}
	return measure.Card{measure.PIIPart: pii.Part(version, ours...), measure.PresidioPart: pii.Part(version, public...)}, nil
}

// learnt counts the texts that the screener was made from.
func learnt(sets []measure.Set) int {
	n := 0
	for _, set := range sets {
		for _, h := range set.Texts {
			if h.Split == "train" || h.Split == "dev" {
				n++
			}
		}
	}
	return n
}

// chosen are the sets asked for; absent says which of them are not there and why.
func chosen(o options) (sets []measure.Set, absent string, err error) {
	if o.data != "" {
		texts, err := measure.Harms(o.data)
		if err != nil {
			return nil, "", err
		}
		texts = slices.DeleteFunc(texts, func(h measure.Harm) bool { return o.split != "" && h.Split != o.split })
		if len(texts) == 0 {
			return nil, "", fmt.Errorf("%s: no text is of split %q", o.data, o.split)
		}
		return []measure.Set{{Name: filepath.Base(o.data), Texts: texts}}, "", nil
	}
	split := o.split
	if split == "" {
		split = "test"
	}
	sets, err = seedSets(seed, split)
	if err != nil {
		return nil, "", err
	}
	public, absent, err := publicSets(o.public)
	return append(sets, public...), absent, err
}

// seedSets are our own: the safety seed set, the programme feedback as benign and, of the test part, what names groups of people.
func seedSets(folder, split string) ([]measure.Set, error) {
	harms, err := measure.Harms(filepath.Join(folder, "safety"))
	if err != nil {
		return nil, err
	}
	texts, err := measure.Texts(folder)
	if err != nil {
		return nil, err
	}
	naming, err := measure.Harms(filepath.Join(folder, "identity"))
	if err != nil {
		return nil, err
	}
	harms = slices.DeleteFunc(harms, func(h measure.Harm) bool { return h.Split != split })
	texts = slices.DeleteFunc(texts, func(t measure.Text) bool { return t.Split != split })
	if len(harms) == 0 || len(texts) == 0 {
		return nil, fmt.Errorf("%s: no text is of split %q", folder, split)
	}
	sets := []measure.Set{{Name: own, Texts: harms}, {Name: measure.Benign, Texts: measure.BenignOf(texts)}}
	if split == "test" {
		sets = append(sets, measure.Set{Name: who, Texts: naming})
	}
	return sets, nil
}

// publicSets are those in folder; where it is not there, absent says so.
func publicSets(folder string) (sets []measure.Set, absent string, err error) {
	_, err = os.Stat(filepath.Join(folder, "moderation"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Sprintf("HateCheck and OpenAI-1680 were not measured: there is no folder %s", filepath.Join(folder, "moderation")), nil
	}
	sets, err = measure.Public(folder)
	return sets, "", err
}
