package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAPageSaysOnHowManyMonthsAFigureRests(t *testing.T) {
	t.Parallel()
	var r report
	err := json.Unmarshal([]byte(`{"name": "Acme", "period": {"from": "2026-01", "to": "2026-03"},
		"participants": {"value": 12, "withheldMonths": ["2026-02"]}, "volunteers": {"value": 9}, "sessions": {"value": null, "suppressed": true, "withheldMonths": ["2026-01"]},
		"outcomes": [
			{"dimension": "confidence", "mean": 0.625, "n": 6, "people": 5, "basis": "model", "withheldMonths": ["2026-02"]},
			{"dimension": "belonging", "mean": 0.5, "n": 6, "people": 5, "basis": "model"},
			{"dimension": "well_being", "mean": null, "suppressed": true, "withheldMonths": ["2026-01"]}],
		"series": [
			{"month": "2026-01", "outcomes": [{"dimension": "confidence", "mean": 0.625}, {"dimension": "belonging", "mean": 0.5}, {"dimension": "well_being", "suppressed": true}]},
			{"month": "2026-02", "outcomes": [{"dimension": "confidence", "suppressed": true}, {"dimension": "belonging", "mean": null}, {"dimension": "well_being", "mean": null}]},
			{"month": "2026-03", "outcomes": [{"dimension": "confidence", "mean": null}, {"dimension": "belonging", "mean": null}, {"dimension": "well_being", "mean": null}]}],
		"evidence": [{"quote": "I called him myself.", "dimension": "confidence", "month": "2026-01", "score": 0.75}]}`), &r)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "acme.html")
	err = write(r, path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Participants</th><td>12 (2 of 3 months)</td>",     // the third counts as nothing
		"Volunteers</th><td>9</td>",                        // nothing of it is withheld
		"Sessions</th><td>withheld</td>",                   // rests on nothing
		"confidence</th><td>0.62 (1 of 3 months)</td>",     // nobody spoke of it in the third
		"belonging</th><td>0.50</td>",                      // once spoken of, never withheld
		"well_being</th><td>withheld</td>",                 //
		"<td>0.62</td><td>0.50</td><td>withheld</td></tr>", // a month by itself
		"Score of the whole text</th>",                     // and not of the quote beside it
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the page has no %q:\n%s", want, raw)
		}
	}
	if short := r.Spoken(r.Outcomes[0]).Short(); short != " (1/3)" {
		t.Errorf("in the table %q", short)
	}
}

func TestAFolderOfAnotherUserIsHintedAt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	denied := &fs.PathError{Op: "open", Path: filepath.Join(dir, "lock"), Err: fs.ErrPermission}
	err := hinted(denied, dir)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "set DATA") || !strings.Contains(err.Error(), dir+" belongs to "+owner(dir)) {
		t.Errorf("the hint is %v", err)
	}
	other := errors.New("the disk is full")
	if err := hinted(other, dir); err.Error() != other.Error() {
		t.Errorf("another failure became %v", err)
	}
}
