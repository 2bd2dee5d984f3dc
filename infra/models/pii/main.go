// Command pii measures how well safety.FindPII finds PII in labelled texts: our own and, where the folder given by -data has it, the
// synthetic set of presidio-research (MIT).
//
// For each kind it prints precision, recall and F2 (recall counts four times as much), strict (the same borders) and relaxed (at
// least half of the characters), and the leak rate: the share of the characters of PII, of any kind we claim to find, that stay
// visible. The rules may be changed by what the development half shows; the other half is for reporting. Presidio's texts are split
// by template, the odd ones for development.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/teei/csr-platform/infra/models/internal/pii"
)

func main() {
	data := flag.String("data", os.Getenv("DATA"), "folder with presidio_synth_v2.json; nothing for our own texts alone")
	misses := flag.String("misses", "", "print what was missed and wrongly found in this set: own-dev, own-test, presidio-dev, presidio-test")
	flag.Parse()
	if err := run(os.Stdout, *data, *misses); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, data, misses string) error {
	sets, err := pii.Own()
	if err != nil {
		return err
	}
	if data != "" {
		public, err := pii.Presidio(data)
		if err != nil {
			return err
		}
		sets = append(sets, public...)
	}
	for _, set := range sets {
		pii.Report(out, set, set.Name == misses)
	}
	if data == "" {
		fmt.Fprintln(out, "\npresidio: not measured, no folder was given (-data)")
	}
	return nil
}
