package bedrock

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
)

// Guarder is the one operation of Bedrock that screening uses; *bedrockruntime.Client has it.
type Guarder interface {
	ApplyGuardrail(ctx context.Context, in *bedrockruntime.ApplyGuardrailInput, options ...func(*bedrockruntime.Options)) (*bedrockruntime.ApplyGuardrailOutput, error)
}

// Guardrail screens texts with an Amazon Bedrock guardrail, blocking or only watching. Its filters know hate, insults, sexual content,
// violence and misconduct. Self-harm, child safety and spam it knows where it has a denied topic of that name (self_harm,
// child_safety, spam); it does not tell a report of harm from harm, so it stands beside the local screener and not in its place.
// It is safe for concurrent use.
type Guardrail struct {
	client      Guarder
	id, version string
	mask        []Detector
	limits      Limits
}

var _ safety.Screener = (*Guardrail)(nil)

// NewGuardrail screens with version (a number, or DRAFT) of the guardrail id, in cfg's account and region.
func NewGuardrail(cfg aws.Config, id, version string) *Guardrail {
	return GuardrailWith(client(cfg), id, version, nil, Limits{})
}

// GuardrailWith is NewGuardrail over any client that does not try again by itself; mask nil is Reaching.
func GuardrailWith(client Guarder, id, version string, mask []Detector, limits Limits) *Guardrail {
	if mask == nil {
		mask = Reaching
	}
	return &Guardrail{client, id, version, mask, limits.orStandard()}
}

// Version is what screenings are marked with.
func (g *Guardrail) Version() string { return "guardrail/" + g.id + "/" + g.version }

// Screen is safety.Screener. Fails as Ask.
func (g *Guardrail) Screen(ctx context.Context, in safety.Request) (safety.Screening, error) {
	screening, _, err := g.Ask(ctx, in)
	return screening, err
}

// Ask screens a text and says what that cost, failed or not. Personal data that we find ourselves does not leave and is a finding all the
// same. A blank text is not sent. Fails: Busy when the guardrail cannot answer now; Invalid for a text that is not UTF-8; TooLarge
// beyond feedback.MaxText characters; anything else is a mistake in the configuration or in a service.
func (g *Guardrail) Ask(ctx context.Context, in safety.Request) (safety.Screening, outcome.Usage, error) {
	b := newBudget(g.limits, g.Version())
	err := readable(in.Text)
	if err != nil {
		return safety.Screening{}, b.spent(), err
	}
	screening := safety.Screening{Version: g.Version()}
	if strings.TrimSpace(in.Text) == "" {
		return screening, b.spent(), nil
	}
	hidden := mask(in.Text, g.mask...)
	out, err := send(ctx, b, guardPrice.of(units(in.Text)), func(ctx context.Context) (*bedrockruntime.ApplyGuardrailOutput, error) {
		return g.client.ApplyGuardrail(ctx, g.question(hidden.text))
	})
	if err != nil {
		return safety.Screening{}, b.spent(), err
	}
	b.usage.Stop = string(out.Action)
	b.usage.MicroUSD += guardCost(out.Usage)
	screening.Findings = findings(hidden, out)
	screening.Route = safety.Usual.Judge(screening.Findings).Route
	return screening, b.spent(), nil
}

func (g *Guardrail) question(text string) *bedrockruntime.ApplyGuardrailInput {
	return &bedrockruntime.ApplyGuardrailInput{
		GuardrailIdentifier: aws.String(g.id),
		GuardrailVersion:    aws.String(g.version),
		Source:              types.GuardrailContentSourceInput,
		OutputScope:         types.GuardrailOutputScopeInterventions,
		Content:             []types.GuardrailContentBlock{&types.GuardrailContentBlockMemberText{Value: types.GuardrailTextBlock{Text: aws.String(text)}}},
	}
}

// guardPrices are what a text unit of each policy costs, in millionths of a US dollar (Amazon Bedrock price list, read 2026-11-23: 0.15
// dollars a thousand units of content filters and of topics, 0.10 of personal data; word filters are free).
type guardPrices struct{ content, topic, private int64 }

var guardPrice = guardPrices{content: 150, topic: 150, private: 100}

// of is what so many units of every policy cost.
func (p guardPrices) of(units int) int64 { return int64(units) * (p.content + p.topic + p.private) }

// units is how many text units of up to a thousand characters a text is charged as, counted by bytes and so never too few.
func units(text string) int { return 3*len(text)/1000 + 1 }

func guardCost(u *types.GuardrailUsage) int64 {
	if u == nil {
		return 0
	}
	n := func(p *int32) int64 { return int64(aws.ToInt32(p)) }
	return n(u.ContentPolicyUnits)*guardPrice.content + n(u.TopicPolicyUnits)*guardPrice.topic + n(u.SensitiveInformationPolicyUnits)*guardPrice.private
}

// Estimate is the most that screening text can cost, in millionths of a US dollar.
func (g *Guardrail) Estimate(text string) int64 {
	if readable(text) != nil || strings.TrimSpace(text) == "" {
		return 0
	}
	return billed * guardPrice.of(units(text))
}

// findings is what the guardrail found and what was masked before it could, the gravest first, each category once. Something that made
// the guardrail intervene and that has no category of ours is spam: a person looks at it.
func findings(hidden masked, out *bedrockruntime.ApplyGuardrailOutput) []safety.Finding {
	var f found
	for _, p := range hidden.parts {
		if p.hidden {
			f.add(safety.PII, 1, safety.Span{Start: p.from, End: p.to, Kind: p.kind})
		}
	}
	for _, a := range out.Assessments {
		f.policies(hidden, a)
	}
	if out.Action == types.GuardrailActionGuardrailIntervened && !f.explain(out.Assessments) {
		f.add(safety.Spam, 0.5)
	}
	slices.SortFunc(f, func(a, b safety.Finding) int { return safety.Gravity(a.Category) - safety.Gravity(b.Category) })
	return f
}

// explain says whether f, or personal data that the guardrail saw, is why it intervened. Personal data that was masked before is none
// of its reasons.
func (f found) explain(assessments []types.GuardrailAssessment) bool {
	private := false
	for _, a := range assessments {
		if p := a.ContentPolicy; p != nil && slices.ContainsFunc(p.Filters, unheard) {
			return f.harm()
		}
		if p := a.SensitiveInformationPolicy; p != nil {
			private = private || len(p.PiiEntities)+len(p.Regexes) > 0
		}
	}
	return private || f.harm()
}

func (f found) harm() bool {
	return slices.ContainsFunc(f, func(o safety.Finding) bool { return o.Category != safety.PII })
}

// unheard says whether a filter that found something has no category of ours.
func unheard(filter types.GuardrailContentFilter) bool {
	_, known := filtered[filter.Type]
	return !known && filter.Confidence != types.GuardrailContentFilterConfidenceNone && detected(filter.Detected)
}

type found []safety.Finding

// add notes a category, with the highest confidence it was found with and all its places, those that overlap as one.
func (f *found) add(c safety.Category, confidence float64, spans ...safety.Span) {
	i := slices.IndexFunc(*f, func(o safety.Finding) bool { return o.Category == c })
	if i < 0 {
		*f = append(*f, safety.Finding{Category: c})
		i = len(*f) - 1
	}
	(*f)[i].Confidence = max((*f)[i].Confidence, confidence)
	(*f)[i].Spans = safety.Union(slices.Concat((*f)[i].Spans, spans))
}

// policies reads one assessment, policy by policy.
func (f *found) policies(hidden masked, a types.GuardrailAssessment) {
	if p := a.ContentPolicy; p != nil {
		for _, filter := range p.Filters {
			category, ok := filtered[filter.Type]
			confidence := sure[filter.Confidence]
			if ok && confidence > 0 && detected(filter.Detected) {
				f.add(category, confidence)
			}
		}
	}
	if p := a.TopicPolicy; p != nil {
		for _, topic := range p.Topics {
			if detected(topic.Detected) {
				f.add(named(aws.ToString(topic.Name)), 0.7)
			}
		}
	}
	if p := a.WordPolicy; p != nil {
		for _, w := range p.ManagedWordLists {
			if detected(w.Detected) {
				f.add(safety.Profanity, 0.9, places(hidden, aws.ToString(w.Match), "")...)
			}
		}
		for _, w := range p.CustomWords {
			if detected(w.Detected) {
				f.add(safety.Profanity, 0.9, places(hidden, aws.ToString(w.Match), "")...)
			}
		}
	}
	if p := a.SensitiveInformationPolicy; p != nil {
		for _, e := range p.PiiEntities {
			kind := kindOf(e.Type)
			if spans := places(hidden, aws.ToString(e.Match), kind); kind != "" && detected(e.Detected) && len(spans) > 0 {
				f.add(safety.PII, 1, spans...)
			}
		}
		for _, r := range p.Regexes {
			if spans := places(hidden, aws.ToString(r.Match), "other"); detected(r.Detected) && len(spans) > 0 {
				f.add(safety.PII, 1, spans...)
			}
		}
	}
}

// detected reads the flag that only some answers have; without it, what is listed was detected.
func detected(flag *bool) bool { return flag == nil || *flag }

// filtered are our categories of the guardrail's filters. Misconduct is the wish to harm, defraud or take advantage of somebody. A prompt
// attack harms nobody who reads it.
var filtered = map[types.GuardrailContentFilterType]safety.Category{
	types.GuardrailContentFilterTypeHate:         safety.Hate,
	types.GuardrailContentFilterTypeInsults:      safety.Harassment,
	types.GuardrailContentFilterTypeSexual:       safety.Sexual,
	types.GuardrailContentFilterTypeViolence:     safety.Violence,
	types.GuardrailContentFilterTypeMisconduct:   safety.Harassment,
	types.GuardrailContentFilterTypePromptAttack: safety.Spam,
}

// sure is a confidence in numbers: a low one is below what holds a text (safety.Usual), a medium one is not.
var sure = map[types.GuardrailContentFilterConfidence]float64{
	types.GuardrailContentFilterConfidenceLow:    0.4,
	types.GuardrailContentFilterConfidenceMedium: 0.7,
	types.GuardrailContentFilterConfidenceHigh:   0.95,
}

// named is the category that a denied topic is named after; spam for another one.
func named(topic string) safety.Category {
	name := safety.Category(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(topic))))
	if slices.Contains(safety.Categories, name) {
		return name
	}
	return safety.Spam
}

// places is where match stands in the original, everywhere that it does in the masked text outside of the marks.
func places(hidden masked, match, kind string) []safety.Span {
	var spans []safety.Span
	for from := 0; match != ""; {
		i := strings.Index(hidden.text[from:], match)
		if i < 0 {
			break
		}
		seen := outcome.SpanAt(hidden.text, from+i, from+i+len(match))
		from += i + len(match)
		if s, ok := hidden.place(seen); ok {
			s.Kind = kind
			spans = append(spans, s)
		}
	}
	return spans
}

// kindOf is our word for a kind of personal data, empty for one that neither reaches nor identifies anybody.
func kindOf(t types.GuardrailPiiEntityType) string {
	switch t {
	case types.GuardrailPiiEntityTypeAge:
		return ""
	case types.GuardrailPiiEntityTypeEmail, types.GuardrailPiiEntityTypePhone, types.GuardrailPiiEntityTypeAddress, types.GuardrailPiiEntityTypeName, types.GuardrailPiiEntityTypeUrl:
		return strings.ToLower(string(t))
	case types.GuardrailPiiEntityTypeInternationalBankAccountNumber, types.GuardrailPiiEntityTypeUsBankAccountNumber,
		types.GuardrailPiiEntityTypeUsBankRoutingNumber, types.GuardrailPiiEntityTypeSwiftCode:
		return "iban"
	case types.GuardrailPiiEntityTypeCreditDebitCardNumber, types.GuardrailPiiEntityTypeCreditDebitCardCvv,
		types.GuardrailPiiEntityTypeCreditDebitCardExpiry, types.GuardrailPiiEntityTypePin:
		return "card"
	case types.GuardrailPiiEntityTypeIpAddress:
		return "ip"
	case types.GuardrailPiiEntityTypeUsername, types.GuardrailPiiEntityTypePassword, types.GuardrailPiiEntityTypeAwsAccessKey,
		types.GuardrailPiiEntityTypeAwsSecretKey, types.GuardrailPiiEntityTypeMacAddress, types.GuardrailPiiEntityTypeLicensePlate,
		types.GuardrailPiiEntityTypeVehicleIdentificationNumber:
		return "other"
	}
	return "national_id" // of a country, a passport, a health service or a tax office
}
