package classify_test

import (
	"net/http"
	"testing"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/outcome"
)

func TestTheTaxonomyIsTheRubric(t *testing.T) {
	t.Parallel()
	h := open(t)
	w := h.must(200, h.of(identity.Participant), "GET", "/v1/taxonomy", "")
	got := decode[struct {
		Version string
		Scale   struct {
			Min, Max float64
			Decimals int
			Anchors  []float64
		}
		Rules      []string
		Directions []struct{ Direction, Meaning string }
		Reasons    []struct{ Reason, Meaning string }
		Dimensions []struct {
			Dimension, Definition string
			Counts, DoesNotCount  []string
			LeastWords            int
			Anchors               []struct {
				Score    float64
				Examples []struct{ Language, Text string }
			}
			CEFR []struct {
				Level string
				Score float64
			}
		}
	}](t, w)
	rubric := outcome.CurrentRubric()
	if got.Version != outcome.RubricVersion || len(got.Rules) != len(rubric.Rules) || len(got.Directions) != 3 || len(got.Reasons) != 4 ||
		got.Scale.Max != 1 || got.Scale.Decimals != 3 || len(got.Scale.Anchors) != 5 || len(got.Dimensions) != 5 {
		t.Fatalf("%+v", got)
	}
	for i, d := range got.Dimensions {
		c := rubric.Dimensions[i]
		if d.Dimension != string(c.Dimension) || d.Definition != c.Definition || len(d.Counts) != len(c.Counts) || len(d.DoesNotCount) != len(c.DoesNotCount) || len(d.Anchors) != 5 {
			t.Errorf("%+v", d)
		}
		for j, a := range d.Anchors {
			if a.Score != c.Anchors[j].Value || len(a.Examples) != len(c.Anchors[j].Examples) || a.Examples[3].Text != c.Anchors[j].Examples[3].Text {
				t.Errorf("%s: anchor %+v", d.Dimension, a)
			}
		}
		level := d.Dimension == "lang_level_proxy"
		if level != (len(d.CEFR) == 6) || level != (d.LeastWords == 50) {
			t.Errorf("%s: CEFR %v, least words %d", d.Dimension, d.CEFR, d.LeastWords)
		}
	}
}

func TestTheTaxonomyIsSentOnceAVersion(t *testing.T) {
	t.Parallel()
	h := open(t)
	const tag = `"q2q-rubric-1"`
	if w := h.must(200, siri, "GET", "/v1/taxonomy", ""); w.Header().Get("ETag") != tag || w.Header().Get("Cache-Control") != "private, no-cache" {
		t.Errorf("headers %v", w.Header())
	}
	for given, status := range map[string]int{
		tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"q2q-rubric-0"`: 200, "q2q-rubric-1": 200, "": 200,
	} {
		w := h.ask(siri, "GET", "/v1/taxonomy", "", "If-None-Match", given)
		if w.Code != status || status == http.StatusNotModified && (w.Body.Len() > 0 || w.Header().Get("ETag") != tag) {
			t.Errorf("If-None-Match %s: status %d, expected %d, body of %d bytes", given, w.Code, status, w.Body.Len())
		}
	}
	h.must(400, siri, "GET", "/v1/taxonomy?language=no", "")
}
