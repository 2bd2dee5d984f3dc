package classify

import (
	"net/http"
	"strings"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/platform/web"
)

// taxonomy is the rubric as it is sent.
type taxonomy struct {
	Version    string      `json:"version"`
	Scale      scale       `json:"scale"`
	Rules      []string    `json:"rules"`
	Directions []direction `json:"directions"`
	Reasons    []meaning   `json:"reasons"`
	Dimensions []criterion `json:"dimensions"`
}

type scale struct {
	Min      float64   `json:"min"`
	Max      float64   `json:"max"`
	Decimals int       `json:"decimals"`
	Anchors  []float64 `json:"anchors"`
}

type direction struct {
	Direction string `json:"direction"`
	Meaning   string `json:"meaning"`
}

type meaning struct {
	Reason  string `json:"reason"`
	Meaning string `json:"meaning"`
}

type criterion struct {
	Dimension    string   `json:"dimension"`
	Definition   string   `json:"definition"`
	Counts       []string `json:"counts"`
	DoesNotCount []string `json:"doesNotCount"`
	Anchors      []anchor `json:"anchors"`
	LeastWords   int      `json:"leastWords,omitempty"` // shorter texts have no score
	CEFR         []level  `json:"cefr,omitempty"`
}

type anchor struct {
	Score    float64   `json:"score"`
	Examples []example `json:"examples"`
}

type example struct {
	Language string `json:"language"`
	Text     string `json:"text"`
}

type level struct {
	Level string  `json:"level"`
	Score float64 `json:"score"`
}

// taxonomyOf is r as it is sent.
func taxonomyOf(r outcome.Rubric) taxonomy {
	sent := taxonomy{Version: r.Version, Scale: scale{Max: 1, Decimals: 3}, Rules: r.Rules, Reasons: reasons}
	for i := range outcome.Levels {
		sent.Scale.Anchors = append(sent.Scale.Anchors, float64(i)/(outcome.Levels-1))
	}
	for _, d := range r.Directions {
		sent.Directions = append(sent.Directions, direction{string(d.Direction), d.Meaning})
	}
	for _, c := range r.Dimensions {
		one := criterion{Dimension: string(c.Dimension), Definition: c.Definition, Counts: c.Counts, DoesNotCount: c.DoesNotCount}
		for _, a := range c.Anchors {
			shown := anchor{Score: a.Value}
			for _, e := range a.Examples {
				shown.Examples = append(shown.Examples, example(e))
			}
			one.Anchors = append(one.Anchors, shown)
		}
		for _, l := range c.CEFR {
			one.CEFR = append(one.CEFR, level{l.Level, l.Value})
		}
		if c.Dimension == outcome.LangLevelProxy {
			one.LeastWords = outcome.LeastWords
		}
		sent.Dimensions = append(sent.Dimensions, one)
	}
	return sent
}

// taxonomy answers the rubric. Its version is its ETag: a rubric is never changed under the same version.
func (h *Handler) taxonomy(w http.ResponseWriter, r *http.Request) error {
	_, err := web.Query(r)
	if err != nil {
		return err
	}
	tag := `"` + outcome.RubricVersion + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	if holds(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return web.JSON(w, http.StatusOK, taxonomyOf(outcome.CurrentRubric()))
}

// holds says whether one of the tags in headers is tag, compared weakly (RFC 9110 §13.1.2).
func holds(headers []string, tag string) bool {
	for _, header := range headers {
		for given := range strings.SplitSeq(header, ",") {
			given = strings.TrimPrefix(strings.TrimSpace(given), "W/")
			if given == tag || given == "*" {
				return true
			}
		}
	}
	return false
}
