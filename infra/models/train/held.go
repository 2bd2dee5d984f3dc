package main

import (
	"fmt"
	"log/slog"
	"math"
	"strings"

	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

// held tells how well the folds read what they were not trained on: for each kind, language and dimension the area under the curve of
// spoken or not, that of high or low, and the mean absolute error of the level.
func held(read []example, late float64, log *slog.Logger) {
	groups := map[string][]example{}
	for _, e := range read {
		if strings.HasPrefix(e.Persona, "pairs") || strings.HasPrefix(e.Persona, "plain") { // made to be hard; not what people write
			groups[strings.TrimRight(e.Persona, "0123456789")] = append(groups[strings.TrimRight(e.Persona, "0123456789")], e)
			continue
		}
		groups[e.Kind+" all"] = append(groups[e.Kind+" all"], e)
		groups[e.Kind+" "+e.Lang] = append(groups[e.Kind+" "+e.Lang], e)
	}
	for _, name := range []string{"sentence all", "text all", "pairs", "plain", "sentence en", "sentence no", "sentence uk", "sentence de", "sentence ar", "sentence pl"} {
		line := ""
		for k, d := range localmodel.Read {
			var odds, levels, off []float64
			var spoken, high []bool
			for _, e := range groups[name] {
				label, judged := e.Labels[d]
				if !judged || len(e.reading.Sentences) == 0 {
					continue
				}
				odds, spoken = append(odds, e.reading.Features(k)[0]), append(spoken, label != nil)
				if label == nil {
					continue
				}
				level, _, _ := e.reading.Mean(k, late)
				off = append(off, math.Abs(level-*label))
				if *label != 0.5 {
					levels, high = append(levels, level), append(high, *label > 0.5)
				}
			}
			a, _ := outcome.AUC(odds, spoken)
			b, _ := outcome.AUC(levels, high)
			sum := 0.0
			for _, x := range off {
				sum += x / float64(len(off))
			}
			line += fmt.Sprintf(" %s %.3f %.3f %.3f;", d[:4], a, b, sum)
		}
		log.Info("held out", slog.String("of", name), slog.Int("n", len(groups[name])), slog.String("spoken, level, error", line))
	}
}
