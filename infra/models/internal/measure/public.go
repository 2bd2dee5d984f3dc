package measure

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"

	"github.com/teei/csr-platform/shared/domain/safety"
)

// LeftOut says whether a public text is measured on and therefore not trained on: two in five, by what it was made from (of HateCheck
// the templ_id, so that cases of one template stay together; of OpenAI-1680 the text).
func LeftOut(of string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(of))
	return h.Sum32()%5 < 2
}

// The public sets.
const (
	HateCheck = "HateCheck"
	OpenAI    = "OpenAI-1680"
)

// Public reads those parts of HateCheck and OpenAI-1680 in folder (../shared/data) on which nothing was trained.
func Public(folder string) ([]Set, error) {
	hate, err := hateCheck(filepath.Join(folder, "moderation", "hatecheck_en.csv"))
	if err != nil {
		return nil, err
	}
	openAI, err := openAISamples(filepath.Join(folder, "moderation", "openai-samples-1680.jsonl.gz"))
	return []Set{{HateCheck, hate}, {OpenAI, openAI}}, err
}

// naming are the functionalities of HateCheck that name a group of people and say nothing bad, of any kind; the others are judged for hate
// alone, since a case may swear or threaten without it.
var naming = []string{"ident_neutral_nh", "ident_pos_nh"}

// unharmed is every category but PII, which is no harm, answered with no.
func unharmed() map[safety.Category]bool {
	none := map[safety.Category]bool{}
	for _, c := range safety.Categories {
		if c != safety.PII {
			none[c] = false
		}
	}
	return none
}

func hateCheck(path string) ([]Harm, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, name := range []string{"functionality", "test_case", "label_gold", "target_ident", "templ_id"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("%s: expected a column %s", path, name)
		}
	}
	var all []Harm
	for _, row := range rows[1:] {
		if !LeftOut(row[column["templ_id"]]) {
			continue
		}
		h := Harm{Text: row[column["test_case"]], Lang: "en", Functionality: row[column["functionality"]], Group: row[column["target_ident"]]}
		h.Categories = map[safety.Category]bool{safety.Hate: row[column["label_gold"]] == "hateful"}
		if slices.Contains(naming, h.Functionality) {
			h.Categories = unharmed()
		}
		all = append(all, h)
	}
	return all, nil
}

// openAIKeys say what the labels of the samples mean here; a missing label is unknown.
var openAIKeys = map[safety.Category][]string{
	safety.SelfHarm: {"SH"}, safety.Violence: {"V", "V2"}, safety.Harassment: {"HR"}, safety.Hate: {"H", "H2"}, safety.Sexual: {"S"}, safety.ChildSafety: {"S3"},
}

func openAISamples(path string) ([]Harm, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	all, err := readLines(unpacked, path, parseSample)
	if err != nil {
		return nil, err
	}
	var left []Harm
	for _, h := range all {
		if LeftOut(h.Text) {
			left = append(left, h)
		}
	}
	return left, nil
}

func parseSample(line []byte) (Harm, error) {
	var row map[string]any
	err := json.Unmarshal(line, &row)
	if err != nil {
		return Harm{}, err
	}
	text, _ := row["prompt"].(string)
	h := Harm{Text: text, Categories: map[safety.Category]bool{}}
	for c, keys := range openAIKeys {
		for _, key := range keys {
			if value, ok := row[key].(float64); ok {
				h.Categories[c] = h.Categories[c] || value == 1
			}
		}
	}
	return h, nil
}

// BenignOf are programme texts as texts without harm, but for what their own categories say. PII is not judged.
func BenignOf(texts []Text) []Harm {
	var all []Harm
	for _, t := range texts {
		labels := unharmed()
		for c := range labels {
			labels[c] = t.Categories[c]
		}
		all = append(all, Harm{Text: t.Text, Lang: t.Lang, Categories: labels})
	}
	return all
}
