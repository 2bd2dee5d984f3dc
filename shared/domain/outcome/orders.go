package outcome

import (
	"regexp"
	"sync"
	"unicode/utf8"
)

// Orders are the parts of text, in characters, end excluded, that speak to whoever scores it in place of telling something: instructions to ignore
// rules, scores to be given, names from the described answer, markup and code. Each is drawn out to whole sentences. A quote that
// touches one proves nothing, though it stands in the text, and such a sentence is read for no score.
func Orders(text string) [][2]int {
	var found [][2]int
	for _, o := range orderly() {
		for _, m := range o.FindAllStringIndex(text, -1) {
			a, b := around(text, m[0], m[1])
			start := utf8.RuneCountInString(text[:a])
			found = append(found, [2]int{start, start + utf8.RuneCountInString(text[a:b])})
		}
	}
	return found
}

// around is the bytes of the sentences that [a, b) lies in.
func around(text string, a, b int) (int, int) {
	start := 0
	if all := ends().FindAllStringIndex(text[:a], -1); len(all) > 0 {
		start = all[len(all)-1][1]
	}
	if next := ends().FindStringIndex(text[max(a, b-1):]); next != nil {
		return start, max(b, max(a, b-1)+next[1])
	}
	return start, len(text)
}

var ends = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[.!?…]+(?:\s|$)|\n`) })

var orderly = sync.OnceValue(func() []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, expression := range []string{
		`(?is)\b(ignore|disregard|forget|override|bypass)\b.{0,80}(instruct|rule|rubric|prompt|previous|above|guideline)`,
		`(?is)(ignorer|ignorier|ignora|ignorez|zignoruj|gl[øe]m|ігнору|забудь|игнориру|تجاهل|oublie|vergiss).{0,80}` +
			`(instru|regel|regl|règl|anweisung|інструкц|инструкц|правил|التعليمات|rubri)`,
		`(?i)(lang_level_proxy|job_readiness|well_being|emit_scores)`,
		`(?i)\b(score|scores|rating)\b\W{0,3}(of|is|as|to|at|be)?\W{0,3}(0?[.,]\d+|1([.,]0+)?|100)(\W|$)`,
		`(?i)\b(confidence|belonging|well-?being|job readiness)["']?\s*[:=]\s*["']?(0?[.,]\d+|1([.,]0+)?|10|100)(\W|$)`,
		`(?i)\b(confidence|belonging|well-?being|job readiness)\W{0,3}(to|at|as|is)?\W{0,3}(0[.,]\d+|1[.,]0+)(\W|$)`,
		`(?i)\b(rubric|labell?er|annotator|classifier|scorer)\b`,
		`(?i)\b(1|1\.0|100 ?%|full marks)\W{0,3}(for|in|on|to)\W{0,3}(every|all|confidence|belonging|well-?being|job readiness)`,
		`(?is)(^|[.!?:,]\s*|\n\s*|\b(please|must|should|you|now|then|and)\s+)(give|assign|set|return|output|answer|respond)\b.{0,40}\b(score|scores|maximum|highest|json|1\.0)\b`,
		`(?i)(^|\n)\s*(system|assistant|user|human|developer)\s*:`,
		`(?i)</?[a-z][a-z0-9_:-]*[^<]*>|\[/?(inst|system|tool)[^\]]*\]|[{}]|\x60{3}|TEXT-[0-9a-f]{8}`,
		`(?i)\b(you are|du bist|du er|ти) (now |jetzt |nå |тепер )?(an? |ein |en )?(ai|language model|assistant|scorer|assistent|модель|асистент)`,
	} {
		all = append(all, regexp.MustCompile(expression))
	}
	return all
})
