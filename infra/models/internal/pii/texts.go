package pii

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/teei/csr-platform/shared/domain/safety"
)

//go:embed testdata/*.jsonl
var own embed.FS

// Text is a labelled text. Spans are what must be found; beside are characters that may be found as that kind and need not.
type Text struct {
	Text   string
	Lang   string // ISO 639-1
	Spans  []safety.Span
	beside []safety.Span
}

// Set is texts that are measured together.
type Set struct {
	Name  string
	Texts []Text
}

// Own are the two halves of our texts, dev and test: the rules may be changed by what the first shows, the second is for reporting. A text
// is one JSON object a line, {"text", "lang", "spans": [{"start", "end", "kind"}]}, in characters.
func Own() ([]Set, error) {
	var sets []Set
	for _, half := range []string{"dev", "test"} {
		name := "testdata/" + half + ".jsonl"
		body, err := own.ReadFile(name)
		if err != nil {
			return nil, err
		}
		set := Set{Name: "own-" + half}
		for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
			var t Text
			if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
				return nil, fmt.Errorf("%s line %d: %w", name, len(set.Texts)+1, err)
			}
			set.Texts = append(set.Texts, t)
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// kinds are Presidio's types that we claim to find. Not claimed: GPE, ZIP_CODE, ORGANIZATION, DATE_TIME, AGE, TITLE, NRP,
// US_DRIVER_LICENSE (no check digits). PERSON is claimed where the text says that it is a name, which its labels do not tell apart.
var kinds = map[string]string{
	"EMAIL_ADDRESS": safety.Email, "PHONE_NUMBER": safety.Phone, "IBAN_CODE": safety.IBAN, "CREDIT_CARD": safety.Card,
	"US_SSN": safety.NationalID, "STREET_ADDRESS": safety.Address, "DOMAIN_NAME": safety.URL, "IP_ADDRESS": safety.IP,
}

// presidioFile is where the data set is in folder, which may also be the folder of all data sets.
func presidioFile(folder string) string {
	const name = "presidio_synth_v2.json"
	if below := filepath.Join(folder, "pii", name); exists(below) {
		return below
	}
	return filepath.Join(folder, name)
}

// Present says whether Presidio's texts are in folder, or in its folder pii.
func Present(folder string) bool { return exists(presidioFile(folder)) }

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Presidio are the two halves of the set that is in folder, split by template, the odd ones for development. What Presidio calls a street address is claimed when it has a letter and a
// digit: its templates also call a house number or a street's name alone so. Towns and postcodes may be found as part of an address.
func Presidio(folder string) ([]Set, error) {
	file := presidioFile(folder)
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Text     string `json:"full_text"`
		Template int    `json:"template_id"`
		Spans    []struct {
			Type  string `json:"entity_type"`
			Value string `json:"entity_value"`
			Start int    `json:"start_position"`
			End   int    `json:"end_position"`
		}
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	halves := map[string][]Text{}
	for _, row := range rows {
		t := Text{Text: row.Text, Lang: "en"}
		for _, s := range row.Spans {
			span := safety.Span{Start: s.Start, End: s.End, Kind: kinds[s.Type]}
			switch s.Type {
			case "GPE", "ZIP_CODE":
				span.Kind = safety.Address
				t.beside = append(t.beside, span)
			case "PERSON", "TITLE":
				span.Kind = safety.Name
				t.beside = append(t.beside, span)
			case "US_DRIVER_LICENSE":
				span.Kind = safety.NationalID
				t.beside = append(t.beside, span)
			case "STREET_ADDRESS":
				if strings.ContainsFunc(s.Value, unicode.IsLetter) && strings.ContainsFunc(s.Value, unicode.IsDigit) {
					t.Spans = append(t.Spans, span)
				} else {
					t.beside = append(t.beside, span)
				}
			default:
				if span.Kind != "" {
					t.Spans = append(t.Spans, span)
				}
			}
		}
		half := "test"
		if row.Template%2 == 1 {
			half = "dev"
		}
		halves[half] = append(halves[half], t)
	}
	return []Set{{"presidio-dev", halves["dev"]}, {"presidio-test", halves["test"]}}, nil
}
