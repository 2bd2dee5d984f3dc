package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/teei/csr-platform/infra/models/internal/measure"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// harm is a text labelled for safety, as infra/models/seed/safety keeps it.
type harm struct {
	ID            string
	Lang          string
	Split         string
	Writer        string // whose texts are kept together; "": each stands for itself
	Text          string
	Categories    map[safety.Category]bool // missing: not known
	Reported      *bool
	Group         string
	Functionality string
	weight        float32 // 0 stands for 1
	public        bool
}

// key is what stays together when texts are parted: scenes of one writer are alike.
func (h harm) key() string {
	if h.Writer != "" {
		return h.Writer
	}
	return h.Text
}

const safetyVersion = "local-safety-4"

// screened is a labelled text with what a network that was not trained on it read.
type screened struct {
	harm
	Reading localmodel.HarmReading
}

func screen(r *localmodel.Reader, h harm) screened { return screened{h, r.Screen(h.Text)} }

// ownWeight is how much more our own texts weigh than public ones, of which there are many more.
const ownWeight = 3

// most is the share of harmless texts that may be held for a category. Where a life or a child may be at stake, looking once too often is the
// smaller harm.
func most(c safety.Category) float64 {
	switch c {
	case safety.SelfHarm:
		return 0.015
	case safety.ChildSafety:
		return 0.01
	}
	return 0.005
}

// mostNamed is the share of the harmless texts that name a group of people of which a category may be found: nobody is to be silenced for who they are.
const mostNamed = 0.02

// thresholds fits, for each category, the log odds from which it is found best among those that hold few enough harmless texts.
func thresholds(read []screened, log *slog.Logger) localmodel.HarmRules {
	rules := localmodel.HarmRules{Version: safetyVersion}
	for k, c := range localmodel.Harms {
		var harmless, named []float64
		var odds []float64
		var yes []bool
		for _, s := range read {
			if s.Reading.Odds == nil {
				continue
			}
			x := float64(s.Reading.Odds[k])
			if s.Functionality == "feedback" {
				harmless = append(harmless, x)
			} else {
				odds, yes = append(odds, x), append(yes, s.Categories[c])
			}
			if s.Group != "" && !slices.Contains(slices.Collect(maps.Values(s.Categories)), true) {
				named = append(named, x)
			}
		}
		slices.Sort(harmless)
		slices.Sort(named)
		floor := max(harmless[int(float64(len(harmless))*(1-most(c)))], named[int(float64(len(named))*(1-mostNamed))])
		best, top := floor, -1.0
		for t := floor; t < floor+6; t += 0.05 {
			var hit, miss, wrong float64
			for i, x := range odds {
				switch {
				case x >= t && yes[i]:
					hit++
				case x >= t:
					wrong++
				case yes[i]:
					miss++
				}
			}
			if f := 2 * hit / (2*hit + miss + wrong); f > top {
				best, top = t, f
			}
		}
		auc, _ := outcome.AUC(odds, yes)
		log.Info("harm held out", slog.String("of", string(c)), slog.Float64("auc", auc), slog.Float64("floor", floor), slog.Float64("threshold", best), slog.Float64("f1", top))
		rules.Thresholds = append(rules.Thresholds, round(best))
	}
	var told []float64
	var yes []bool
	for _, s := range read {
		if s.Reported != nil && s.Reading.Odds != nil && slices.Contains(slices.Collect(maps.Values(s.Categories)), true) {
			told, yes = append(told, float64(s.Reading.Reported())), append(yes, *s.Reported)
		}
	}
	top := -1
	for t := -3.0; t <= 3; t += 0.1 {
		right := 0
		for i, x := range told {
			if (x >= t) == yes[i] {
				right++
			}
		}
		if right > top {
			rules.Reported, top = round(t), right
		}
	}
	auc, _ := outcome.AUC(told, yes)
	log.Info("harm held out", slog.String("of", "reported"), slog.Float64("auc", auc), slog.Float64("accuracy", float64(top)/float64(len(told))))
	return rules
}

// harmGoals are what is known of a text for safety.
func harmGoals(h harm, weight float32) []goal {
	first := 4*len(localmodel.Read) + 1
	var out []goal
	if weight == 0 {
		weight = 1
	}
	for k, c := range localmodel.Harms {
		yes, known := h.Categories[c]
		if !known {
			continue
		}
		w := weight
		if yes {
			w *= 2
		}
		out = append(out, goal{first + k, is(yes), w})
	}
	if h.Reported != nil {
		out = append(out, goal{first + len(localmodel.Harms), is(*h.Reported), weight})
	}
	return out
}

// harmful are the seed set's texts but the test part, and the public ones but what is measured on.
func harmful(folder, data string) ([]harm, error) {
	own, err := records[harm](folder)
	if err != nil {
		return nil, err
	}
	for i := range own {
		own[i].weight = ownWeight
	}
	own = slices.DeleteFunc(own, func(h harm) bool { return h.Split == "test" })
	public, err := publicHarm(data)
	for i := range public {
		public[i].public = true
	}
	return append(own, public...), err
}

// lines reads a file, plain or gzip, line by line.
func lines(name string, f func([]byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	s := bufio.NewScanner(file)
	if strings.HasSuffix(name, ".gz") {
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s = bufio.NewScanner(unpacked)
	}
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		err := f(s.Bytes())
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return s.Err()
}

// none is every category that is judged, answered with no.
func none() map[safety.Category]bool {
	out := map[safety.Category]bool{}
	for _, c := range localmodel.Harms {
		out[c] = false
	}
	return out
}

// publicHarm reads the public sets, without the part that is measured on.
func publicHarm(data string) ([]harm, error) {
	var out []harm
	folder := filepath.Join(data, "moderation")
	err := lines(filepath.Join(folder, "openai-samples-1680.jsonl.gz"), func(b []byte) error {
		var row map[string]any
		err := json.Unmarshal(b, &row)
		if err != nil {
			return err
		}
		text, _ := row["prompt"].(string)
		if measure.LeftOut(text) {
			return nil
		}
		h := harm{Text: clip(text), Categories: map[safety.Category]bool{}}
		for key, c := range openAI {
			if v, ok := row[key].(float64); ok {
				h.Categories[c] = h.Categories[c] || v == 1
			}
		}
		out = append(out, h)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = table(filepath.Join(folder, "hatecheck_en.csv"), func(row map[string]string) {
		if measure.LeftOut(row["templ_id"]) {
			return
		}
		hate := row["label_gold"] == "hateful"
		reported := strings.HasPrefix(row["functionality"], "counter_")
		c := map[safety.Category]bool{safety.Hate: hate, safety.SelfHarm: false, safety.Sexual: false, safety.ChildSafety: false, safety.Spam: false}
		out = append(out, harm{Text: row["test_case"], Categories: c, Reported: &reported})
	})
	if err != nil {
		return nil, err
	}
	n := 0
	err = table(filepath.Join(folder, "davidson_labeled.csv"), func(row map[string]string) {
		n++
		if n%3 != 0 || row["class"] == "1" && n%12 != 0 { // most are offensive words in friendly use
			return
		}
		c := map[safety.Category]bool{safety.Hate: row["class"] == "0"}
		if row["class"] == "2" {
			c[safety.Profanity], c[safety.Harassment] = false, false
		} else {
			c[safety.Profanity] = true
		}
		out = append(out, harm{Text: strings.ReplaceAll(row["tweet"], "&amp;", "&"), Categories: c, weight: 0.3})
	})
	if err != nil {
		return nil, err
	}
	err = table(filepath.Join(folder, "surge_toxicity_en.csv"), func(row map[string]string) {
		toxic := row["is_toxic"] == "Toxic"
		c := none()
		if toxic {
			c = map[safety.Category]bool{safety.Harassment: true}
		}
		if !measure.LeftOut(row["text"]) {
			out = append(out, harm{Text: row["text"], Categories: c, weight: 0.3})
		}
	})
	return out, err
}

// openAI says what the keys of the sample set mean here.
var openAI = map[string]safety.Category{
	"SH": safety.SelfHarm, "V": safety.Violence, "V2": safety.Violence, "HR": safety.Harassment, "H": safety.Hate, "H2": safety.Hate,
	"S": safety.Sexual, "S3": safety.ChildSafety,
}

// clip keeps the beginning of a long text.
func clip(text string) string {
	const most = 600
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "")
	}
	return text
}

// table reads a CSV file with a header.
func table(name string, f func(map[string]string)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, cells := range rows[1:] {
		row := map[string]string{}
		for i, name := range rows[0] {
			row[name] = cells[i]
		}
		f(row)
	}
	return nil
}
