package bedrock

import (
	"regexp"
	"sync"
)

// orders says whether s speaks to whoever scores it in place of telling something: instructions to ignore rules, scores to be given,
// names from the described answer, markup and code. A quote that does proves nothing, though it stands in the text.
func orders(s string) bool {
	for _, o := range orderly() {
		if o.MatchString(s) {
			return true
		}
	}
	return false
}

var orderly = sync.OnceValue(func() []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, expression := range []string{
		`(?is)\b(ignore|disregard|forget|override|bypass)\b.{0,80}(instruct|rule|rubric|prompt|previous|above|guideline)`,
		`(?is)(ignorer|ignorier|ignora|ignorez|zignoruj|gl[øe]m|ігнору|забудь|игнориру|تجاهل|oublie|vergiss).{0,80}` +
			`(instru|regel|regl|règl|anweisung|інструкц|инструкц|правил|التعليمات|rubri)`,
		`(?i)(lang_level_proxy|job_readiness|well_being|emit_scores)`,
		`(?i)\b(score|scores|rating|points?|confidence|belonging|well-being)\b\W{0,3}(of|is|as|to|at|be)?\W{0,3}(0?[.,]\d+|1([.,]0+)?|10|100)(\W|$)`,
		`(?i)\b(give|assign|set|return|output|answer|respond|rate)\b.{0,40}\b(score|scores|maximum|highest|json|1\.0)\b`,
		`(?i)(^|\n)\s*(system|assistant|user|human|developer)\s*:`,
		`(?i)</?[a-z][a-z0-9_:-]*[^<]*>|\[/?(inst|system|tool)[^\]]*\]|[{}]|TEXT-[0-9a-f]{8}`,
		`(?i)\b(you are|du bist|du er|ти) (now |jetzt |nå |тепер )?(an? |ein |en )?(ai|language model|assistant|scorer|assistent|модель|асистент)`,
	} {
		all = append(all, regexp.MustCompile(expression))
	}
	return all
})
