package bedrockfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Screened is one ApplyGuardrail request that passed the checks.
type Screened struct {
	Guardrail, Version string
	Source             string
	Texts              []string
}

type applied struct {
	Source      string `json:"source"`
	OutputScope string `json:"outputScope"`
	Content     []struct {
		Text *struct {
			Text       string   `json:"text"`
			Qualifiers []string `json:"qualifiers"`
		} `json:"text"`
	} `json:"content"`
}

// apply checks an ApplyGuardrail request and answers it.
func (s *Service) apply(guardrail, version string, body []byte) (Answer, error) {
	var in applied
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if err != nil {
		return Answer{}, fmt.Errorf("the body is not an ApplyGuardrail request: %w", err)
	}
	switch {
	case !regexp.MustCompile(`^([a-z0-9]+|arn:aws[a-z-]*:bedrock:.*:guardrail/[a-z0-9]+)$`).MatchString(guardrail):
		return Answer{}, fmt.Errorf("guardrailIdentifier is neither an id nor an ARN")
	case !regexp.MustCompile(`^([1-9]\d{0,7}|DRAFT)$`).MatchString(version):
		return Answer{}, fmt.Errorf("guardrailVersion is neither a number nor DRAFT")
	case in.Source != "INPUT" && in.Source != "OUTPUT":
		return Answer{}, fmt.Errorf("source is neither INPUT nor OUTPUT")
	case !slices.Contains([]string{"", "INTERVENTIONS", "FULL"}, in.OutputScope):
		return Answer{}, fmt.Errorf("outputScope is neither INTERVENTIONS nor FULL")
	case len(in.Content) == 0:
		return Answer{}, fmt.Errorf("content is empty")
	}
	r := Screened{Guardrail: guardrail, Version: version, Source: in.Source}
	for _, c := range in.Content {
		if c.Text == nil || strings.TrimSpace(c.Text.Text) == "" {
			return Answer{}, fmt.Errorf("content holds a blank text")
		}
		r.Texts = append(r.Texts, c.Text.Text)
	}
	if s.Guard == nil {
		return Watchful(r), nil
	}
	return s.Guard(r), nil
}

// Entity is personal data that a guardrail found.
type Entity struct{ Type, Match string }

// Filter is harm that a guardrail found; confidence is NONE, LOW, MEDIUM or HIGH.
type Filter struct{ Type, Confidence string }

// Assessment is what a guardrail found.
type Assessment struct {
	Filters  []Filter
	Entities []Entity
	Topics   []string
	Swearing []string
	Words    []string
	Detected bool // found by a guardrail that only watches: the action is NONE
}

// Guards is the answer of a guardrail that found all this in text; personal data is masked in its output.
func Guards(text string, found Assessment) Answer {
	acts := func(action string) string {
		if found.Detected {
			return "NONE"
		}
		return action
	}
	assessment, output := map[string]any{}, text
	var filters, entities, topics, managed, custom []any
	for _, f := range found.Filters {
		filters = append(filters, map[string]any{"type": f.Type, "confidence": f.Confidence, "action": acts("BLOCKED"), "detected": true})
	}
	for _, e := range found.Entities {
		entities = append(entities, map[string]any{"type": e.Type, "match": e.Match, "action": acts("ANONYMIZED"), "detected": true})
		output = strings.ReplaceAll(output, e.Match, "{"+e.Type+"}")
	}
	for _, name := range found.Topics {
		topics = append(topics, map[string]any{"name": name, "type": "DENY", "action": acts("BLOCKED"), "detected": true})
	}
	for _, w := range found.Swearing {
		managed = append(managed, map[string]any{"match": w, "type": "PROFANITY", "action": acts("BLOCKED"), "detected": true})
	}
	for _, w := range found.Words {
		custom = append(custom, map[string]any{"match": w, "action": acts("BLOCKED"), "detected": true})
	}
	if filters != nil {
		assessment["contentPolicy"] = map[string]any{"filters": filters}
	}
	if entities != nil {
		assessment["sensitiveInformationPolicy"] = map[string]any{"piiEntities": entities, "regexes": []any{}}
	}
	if topics != nil {
		assessment["topicPolicy"] = map[string]any{"topics": topics}
	}
	if managed != nil || custom != nil {
		assessment["wordPolicy"] = map[string]any{"managedWordLists": managed, "customWords": custom}
	}
	action, outputs := "NONE", []any{}
	if len(assessment) > 0 && !found.Detected {
		action, outputs = "GUARDRAIL_INTERVENED", []any{map[string]any{"text": output}}
	}
	units := (len([]rune(text)) + 999) / 1000
	return Answer{status: http.StatusOK, body: map[string]any{
		"action": action, "outputs": outputs, "assessments": []any{assessment},
		"usage": map[string]any{
			"topicPolicyUnits": units, "contentPolicyUnits": units, "wordPolicyUnits": units, "sensitiveInformationPolicyUnits": units,
			"sensitiveInformationPolicyFreeUnits": 0, "contextualGroundingPolicyUnits": 0,
		},
		"guardrailCoverage": map[string]any{"textCharacters": map[string]any{"guarded": len([]rune(text)), "total": len([]rune(text))}},
	}}
}

// Watchful is a guardrail that knows a few words of harm, e-mail addresses and telephone numbers.
func Watchful(r Screened) Answer {
	text := strings.Join(r.Texts, "\n")
	var found Assessment
	for kind, words := range map[string]string{
		"VIOLENCE": `(?i)\b(kill|beat) (him|her|them|you)\b`, "INSULTS": `(?i)\b(idiot|loser)\b`, "HATE": `(?i)\bsubhuman\b`, "SEXUAL": `(?i)\bnude photos?\b`,
	} {
		if regexp.MustCompile(words).MatchString(text) {
			found.Filters = append(found.Filters, Filter{kind, "HIGH"})
		}
	}
	for kind, shape := range map[string]string{"EMAIL": `[\w.+-]+@[\w-]+\.[\w.]+`, "PHONE": `\+\d[\d ]{7,}\d`} {
		for _, m := range regexp.MustCompile(shape).FindAllString(text, -1) {
			found.Entities = append(found.Entities, Entity{kind, m})
		}
	}
	return Guards(text, found)
}
