package safety

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/teei/csr-platform/shared/fault"
)

// Policy says from which confidence on (0…1) a finding is acted on. Where a life or a child may be at stake, looking once too often is the
// smaller harm; a single swear word is nobody's business.
type Policy struct {
	Safeguarding float64 // self-harm and child safety
	Moderation   float64 // what else is held for a reviewer
	Profanity    float64 // swearing that nothing else comes with
}

// Usual is the policy of a deployment.
var Usual = Policy{Safeguarding: 0.3, Moderation: 0.5, Profanity: 0.8}

// Verdict is what the policy makes of what a screener found.
type Verdict struct {
	Route      Route
	Categories []Category // found and acted on or, for PII, recorded; gravest first, each once
	Confidence float64    // the highest among what decided the route; 0 for a clear text
	NeedsHelp  bool       // harm to the writer, or only told of: somebody who has done no wrong needs help and not a reproach
}

// Judge routes a text by what was found in it. Self-harm and child safety go to the safeguarding contact at once, also where they are told of
// somebody else: a volunteer who writes that a participant wishes not to live is the first to know. Other harm that is only reported
// goes to moderation, marked as a need for help. PII alone and mild swearing hold nothing; the rest is held for a reviewer, and so is what no
// screener could read. No text is ever rejected by this rule.
func (p Policy) Judge(findings []Finding) Verdict {
	v := Verdict{}
	var mild, offends bool
	for _, f := range findings {
		route := p.route(f)
		if route == Clear {
			mild = mild || f.Category == Profanity && !f.Reported && f.Confidence >= p.Moderation
			if f.Category == PII {
				v.Categories = append(v.Categories, PII)
			}
			continue
		}
		if rank(route) > rank(v.Route) {
			v.Route, v.Confidence = route, 0
		}
		if route == v.Route {
			v.Confidence = max(v.Confidence, f.Confidence)
		}
		v.Categories = append(v.Categories, f.Category)
		offends = offends || !f.Reported && f.Category != SelfHarm // who wishes not to live wrongs nobody
	}
	if mild && v.Route != Clear {
		v.Categories = append(v.Categories, Profanity) // it adds to what is held and would hold nothing by itself
	}
	v.NeedsHelp = v.Route != Clear && !offends
	slices.SortFunc(v.Categories, func(a, b Category) int { return Gravity(a) - Gravity(b) })
	v.Categories = slices.Compact(v.Categories)
	return v
}

// route is where a single finding would send a text.
func (p Policy) route(f Finding) Route {
	switch f.Category {
	case SelfHarm, ChildSafety:
		if f.Confidence >= p.Safeguarding {
			return Safeguarding
		}
	case PII: // masked where it is quoted
	case Profanity, Spam:
		least := p.Moderation
		if f.Category == Profanity {
			least = p.Profanity
		}
		if f.Confidence >= least && !f.Reported { // quoting a swear word or an advertisement harms nobody
			return Moderation
		}
	default:
		if f.Confidence >= p.Moderation {
			return Moderation
		}
	}
	return Clear
}

// rank orders routes by who must look first.
func rank(r Route) int { return slices.Index([]Route{Clear, Moderation, Safeguarding}, r) }

// Gravity is the place of a category among all, 0 for the gravest; one that is not known comes last.
func Gravity(c Category) int {
	at := slices.Index(Categories, c)
	if at < 0 {
		return len(Categories)
	}
	return at
}

// Gravity is that of the gravest category, by which queues are ordered.
func (v Verdict) Gravity() int {
	if len(v.Categories) == 0 {
		return len(Categories)
	}
	return Gravity(v.Categories[0])
}

// Reason is the contract's flagReason, which is coarser than the categories.
func (v Verdict) Reason() string {
	switch {
	case slices.Contains(v.Categories, Hate):
		return "hate_speech"
	case len(v.Categories) > 0 && v.Categories[0] == Profanity:
		return "profanity"
	case len(v.Categories) > 0 && v.Categories[0] == PII:
		return "pii_leakage"
	}
	return "other"
}

// Check refuses a screening that no screener may give of text: an unknown category, a confidence outside 0…1, a span outside the text.
func (s Screening) Check(text string) error {
	length := utf8.RuneCountInString(text)
	var checks fault.Checks
	checks.That(s.Version != "", "version", "the screener's version")
	for i, f := range s.Findings {
		field := "findings[" + strconv.Itoa(i) + "]"
		checks.That(f.Category == Unread || slices.Contains(Categories, f.Category), field+".category", "a category of this platform")
		checks.That(f.Confidence >= 0 && f.Confidence <= 1, field+".confidence", "a number from 0 to 1")
		for _, span := range f.Spans {
			checks.That(span.Start >= 0 && span.Start < span.End && span.End <= length, field+".spans", "characters inside the text, at least one")
		}
	}
	return checks.Err("the screening does not fit its text")
}

// TextVersion names what one text says: a digest of its id and its characters, in hexadecimal. Postgres computes the same (text_version).
func TextVersion(id, body string) string {
	sum := sha256.Sum256([]byte(id + "\n" + body))
	return hex.EncodeToString(sum[:])
}

// Screened is a screening that was kept, with the version of the text it read.
type Screened struct {
	Screening
	TextVersion string
}

// Personal are the spans of text that reach or identify somebody, in order; what shows or quotes the text masks them.
func (s Screening) Personal() []Span {
	var spans []Span
	for _, f := range s.Findings {
		if f.Category == PII {
			spans = append(spans, f.Spans...)
		}
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	return spans
}
