package outcome

import (
	"cmp"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// Orders are the parts of text, in characters, end excluded, in order and apart, that speak to whoever scores it in place of telling something:
// instructions to ignore rules, scores to be given, names from the described answer, markup and code. Each is drawn out to whole sentences. A
// quote that touches one proves nothing, though it stands in the text, and such a sentence is read for no score.
func Orders(text string) [][2]int {
	var stops [][]int
	var found [][2]int
	for _, o := range orderly() {
		for _, m := range o.FindAllStringIndex(text, -1) {
			if found == nil {
				stops = ends().FindAllStringIndex(text, -1)
			}
			found = append(found, around(text, stops, m[0], m[1]))
		}
	}
	return characters(text, joined(found))
}

// around is the bytes of the sentences that [a, b) lies in; stops are where sentences end.
func around(text string, stops [][]int, a, b int) [2]int {
	behind := func(at int) int { return sort.Search(len(stops), func(i int) bool { return stops[i][1] > at }) }
	out := [2]int{0, len(text)}
	if i := behind(a); i > 0 {
		out[0] = stops[i-1][1]
	}
	if before, _ := utf8.DecodeLastRuneInString(text[:a]); strings.ContainsRune(".!?…", before) { // "I am happy.{"
		out[0] = a
	}
	_, size := utf8.DecodeLastRuneInString(text[a:b]) // which may be the end of its sentence
	if i := behind(b - size); i < len(stops) {
		out[1] = stops[i][1]
	}
	return out
}

// joined is parts in order, those that overlap or touch as one.
func joined(parts [][2]int) [][2]int {
	slices.SortFunc(parts, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	var out [][2]int
	for _, p := range parts {
		if n := len(out); n > 0 && p[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], p[1])
			continue
		}
		out = append(out, p)
	}
	return out
}

// characters are parts of bytes, in order and apart, as parts of characters.
func characters(text string, parts [][2]int) [][2]int {
	at, n := 0, 0
	for i := range parts {
		for k, b := range parts[i] {
			n += utf8.RuneCountInString(text[at:b])
			at, parts[i][k] = b, n
		}
	}
	return parts
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
		`(?i)\b(rubric|labell?er|annotator|classifier)\b`,
		`(?i)\bscorers?\s*:|\b(dear|the|this|any|every|to|for|automatic|automated|generous|ai)\s+scorers?\b`, // not "I was top scorer"
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
