// Command eval measures how well the local model scores labelled texts, beside the lexicon it replaced and the majority of the labels:
//
//	go run ./infra/models/eval [-data <file or folder of JSONL>] [-split test] [-json] [-record [-why …]]
//
// Without -data it is the test part of the seed set. Every figure has its 95 % interval; at the end stands which goals of a release are met
// and by how much. -record writes the figures into infra/models/scorecard.json, below which CI lets nothing fall, and into the model card,
// infra/models/card.md, between the lines <!-- eval --> and <!-- /eval -->.
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
	"slices"
	"time"

	"github.com/teei/csr-platform/infra/models/internal/measure"
)

const seed = "infra/models/seed"

// options are what the command was asked for.
type options struct {
	data, split, kind, why string
	json, record           bool
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "labelled texts: a file, or a folder with *.jsonl; nothing for the test part of the seed set")
	flag.StringVar(&o.split, "split", "", "only texts of this split: train, dev or test (of the seed set: test)")
	flag.StringVar(&o.kind, "kind", "", "only texts of this kind of the seed set: sentence or text")
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.BoolVar(&o.record, "record", false, "write the figures into infra/models/scorecard.json and card.md")
	flag.StringVar(&o.why, "why", "", "with -record: why figures are worse than those recorded before; it goes into the card")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Stdout, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, o options) error {
	own := o.data == ""
	if own {
		o.data = seed
		if o.split == "" {
			o.split = "test"
		}
	}
	if o.record && (!own || o.split != "test" || o.kind != "") {
		return errors.New("only the whole test part of the seed set is recorded: leave out -data, -split and -kind")
	}
	texts, learnt, err := chosen(o)
	if err != nil {
		return err
	}
	var recording measure.Recording
	if o.record {
		recording, err = measure.Record(".", measure.OutcomesBlock, o.why, time.Now())
		if err != nil {
			return err
		}
	}
	measured, err := measure.MeasureOutcomes(ctx, scorers(), texts, true)
	if err != nil {
		return err
	}
	if o.record {
		err := recording.Keep(measure.Card{measure.OutcomesPart: measured.Part()})
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
	if err == nil && learnt > 0 {
		fmt.Fprintf(out, "%d of these texts are of split train or dev, from which the model was made: their figures say nothing of other texts\n", learnt)
	}
	return err
}

// chosen are the texts asked for, and how many of these the model was made from.
func chosen(o options) (texts []measure.Text, learnt int, err error) {
	all, err := measure.Texts(o.data)
	if err != nil {
		return nil, 0, err
	}
	texts = slices.DeleteFunc(all, func(t measure.Text) bool {
		return o.split != "" && t.Split != o.split || o.kind != "" && t.Kind != o.kind
	})
	if len(texts) == 0 {
		return nil, 0, fmt.Errorf("%s: no text is of split %q and kind %q", o.data, o.split, o.kind)
	}
	for _, t := range texts {
		if t.Split == "train" || t.Split == "dev" {
			learnt++
		}
	}
	return texts, learnt, nil
}
