// Package bedrock scores feedback with a large language model through the Converse operation of Amazon Bedrock, and screens it with a
// guardrail. What the model says is believed only as far as it can be checked: the answer must have the agreed shape, and a score whose
// quotes do not stand in the text is dropped. Personal data is masked before a text leaves, as far as rules find it: a name that nothing
// announces is masked in the middle of a sentence and leaves where it opens one, or where German capitalises all nouns. The quotes are the
// original's own words.
package bedrock

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Converser is the one operation of Bedrock that scoring uses; *bedrockruntime.Client has it.
type Converser interface {
	Converse(ctx context.Context, in *bedrockruntime.ConverseInput, options ...func(*bedrockruntime.Options)) (*bedrockruntime.ConverseOutput, error)
}

// Settings are how a Model asks.
type Settings struct {
	ID         string     // model or inference profile id, or an ARN of one
	Capability Capability // what the model takes and costs; zero for what Of says of the id
	Mask       []Detector // what must not leave; nil for Private
	Limits     Limits
}

// Model scores through one model of Bedrock. It is safe for concurrent use.
type Model struct {
	client       Converser
	id           string
	capability   Capability
	mask         []Detector
	limits       Limits
	instructions string
}

var _ outcome.Model = (*Model)(nil)

// New is a Model over the Bedrock of cfg's account and region, with standard settings. id is a model or inference profile id, or an
// ARN of one.
func New(cfg aws.Config, id string) *Model { return With(client(cfg), Settings{ID: id}) }

// With is a Model over any client, which must not try again by itself: attempts are counted here.
func With(client Converser, s Settings) *Model {
	if s.Capability == (Capability{}) {
		s.Capability = Of(s.ID)
	}
	if s.Mask == nil {
		s.Mask = Private
	}
	return &Model{client, s.ID, s.Capability, s.Mask, s.Limits.orStandard(), instructions(written(outcome.CurrentRubric()))}
}

// Endpoint is the variable that names another endpoint than AWS's own for Bedrock alone, as the SDK's loader knows it.
const Endpoint = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"

// client is the SDK's, told to ask once: attempts are counted here, against one budget.
func client(cfg aws.Config) *bedrockruntime.Client {
	return bedrockruntime.NewFromConfig(cfg, func(o *bedrockruntime.Options) { o.Retryer = aws.NopRetryer{} })
}

// Client is a client for With.
func Client(cfg aws.Config) Converser { return client(cfg) }

// Version is what scores are marked with: the model and the version of the prompt it was asked by.
func (m *Model) Version() string { return "bedrock/" + m.id + "/" + PromptVersion }

// Calibrations is outcome.Model: none, a language model's values are taken as they are.
func (m *Model) Calibrations() []outcome.Calibration { return nil }

// Score reads text, with at most two questions to the model, the second when the first answer could not be used, and as many attempts
// as the limits allow. A text without a letter is not sent. What was spent is in the Usage of the result, with an error too.
// Fails: Busy when the model cannot answer now; Invalid when it will not or cannot answer for this text; TooLarge beyond
// feedback.MaxText characters; anything else is a mistake in the configuration or in a service.
func (m *Model) Score(ctx context.Context, in outcome.Request) (outcome.Scoring, error) {
	err := readable(in.Text)
	if err != nil {
		return outcome.Scoring{}, err
	}
	scoring := m.blank()
	if !sayable(in.Text) {
		scoring.Reason = outcome.Empty
		return scoring, nil
	}
	b := newBudget(m.limits, m.id)
	hidden := mask(in.Text, m.mask...)
	got, err := m.ask(ctx, b, hidden.text)
	used := b.spent()
	if err != nil {
		return outcome.Scoring{Usage: &used}, err
	}
	scoring.Usage = &used
	err = judge(&scoring, hidden, got)
	if err != nil {
		return outcome.Scoring{Usage: &used}, err
	}
	return scoring, nil
}

func (m *Model) blank() outcome.Scoring {
	return outcome.Scoring{Method: outcome.LLM, ModelVersion: m.Version(), RubricVersion: outcome.RubricVersion}
}

// judge puts what the answer proves into scoring.
func judge(scoring *outcome.Scoring, hidden masked, got answer) error {
	scoring.Language = got.Language
	scoring.Scores = prove(hidden, got)
	err := outcome.Verify(hidden.original, *scoring)
	if err != nil {
		return fmt.Errorf("bedrock answer after checking: %w", err)
	}
	return nil
}

func readable(text string) error {
	if !utf8.ValidString(text) {
		return fault.Fields("the text cannot be read", fault.Field{Name: "text", Expected: "valid UTF-8"})
	}
	if tooLong(text, feedback.MaxText) {
		return fault.New(fault.TooLarge, fmt.Sprintf("text: expected at most %d characters", feedback.MaxText))
	}
	return nil
}

// sayable says whether a text has a word.
func sayable(text string) bool { return strings.ContainsFunc(text, unicode.IsLetter) }

// Estimate is the most that scoring text can cost, in millionths of a US dollar: two questions, the second with the longest answer.
// It is some twenty times what a text usually costs. Nothing for a text that would not be sent.
func (m *Model) Estimate(text string) int64 {
	if readable(text) != nil || !sayable(text) {
		return 0
	}
	size := 3 * len(text) // a mark may be longer than what it hides
	return m.most(size, m.room(answerTokens)) + m.most(size, m.room(moreTokens))
}

// most is what one request about a text of so many bytes can cost when the answer takes all its room. A token is at least a byte of the
// text and two of the instructions; on top come the tool or schema, and what a repair adds. (A repair shows the answer again,
// which costs less than the longer answer that a cut-off one is given in its place.)
func (m *Model) most(size int, answer int32) int64 {
	prefix := len(m.instructions) / 2
	price := m.capability.Price
	input := size + len(schema) + 500
	return max(price.of(input+prefix, int(answer), 0, 0), price.of(input, int(answer), 0, prefix))
}

// ask has the conversation: a question, and another when the answer to it was cut off, malformed or of the wrong shape.
func (m *Model) ask(ctx context.Context, b *budget, text string) (answer, error) {
	in := m.question(text)
	wrong := ""
	for b.left() {
		out, err := send(ctx, b, m.most(len(text), *in.InferenceConfig.MaxTokens), func(ctx context.Context) (*bedrockruntime.ConverseOutput, error) { return m.client.Converse(ctx, in) })
		if err != nil {
			return answer{}, err
		}
		m.bill(b, out)
		got, problem, err := m.read(out)
		if problem == "" {
			return got, err
		}
		wrong = problem
		if out.StopReason == types.StopReasonMaxTokens {
			in.InferenceConfig.MaxTokens = aws.Int32(m.room(moreTokens))
		} else if complete(out) {
			m.repair(in, message(out), problem)
		} // else it was malformed: there is nothing to show the model, and it is asked once more
	}
	return answer{}, fault.New(fault.Invalid, "the model gave no usable answer: "+wrong)
}

// complete says whether the model ended its answer by itself.
func complete(out *bedrockruntime.ConverseOutput) bool {
	return out.StopReason == types.StopReasonEndTurn || out.StopReason == types.StopReasonToolUse
}

// bill counts what an answer cost.
func (m *Model) bill(b *budget, out *bedrockruntime.ConverseOutput) {
	b.usage.Stop = string(out.StopReason)
	if out.Usage == nil {
		b.usage.MicroUSD += m.most(feedback.MaxText, m.room(answerTokens))
		return
	}
	n := func(p *int32) int { return int(aws.ToInt32(p)) }
	input, output := n(out.Usage.InputTokens), n(out.Usage.OutputTokens)
	read, write := n(out.Usage.CacheReadInputTokens), n(out.Usage.CacheWriteInputTokens)
	b.usage.InputTokens += input
	b.usage.OutputTokens += output
	b.usage.CacheRead += read
	b.usage.CacheWrite += write
	b.usage.MicroUSD += m.capability.Price.of(input, output, read, write)
}

// read takes the answer out of what came. A problem, in words that repeat nothing of it, is worth another question; an error is not.
func (m *Model) read(out *bedrockruntime.ConverseOutput) (got answer, problem string, err error) {
	switch out.StopReason {
	case types.StopReasonEndTurn, types.StopReasonToolUse:
		got, problem = m.parse(message(out))
		return got, problem, nil
	case types.StopReasonMaxTokens:
		return answer{}, "it was cut off", nil
	case types.StopReasonMalformedModelOutput, types.StopReasonMalformedToolUse:
		return answer{}, "it was malformed", nil
	case types.StopReasonGuardrailIntervened:
		err = fault.New(fault.Invalid, "a guardrail of the model refused the text")
	case types.StopReasonContentFiltered:
		err = fault.New(fault.Invalid, "the model's content filter refused the text")
	case types.StopReasonModelContextWindowExceeded:
		err = fault.New(fault.Invalid, "the text does not fit the model's context")
	case types.StopReasonStopSequence:
		err = errors.New("bedrock stopped at a stop sequence, though none was given")
	default:
		err = errors.New("bedrock stopped for a reason that is not known here")
	}
	return answer{}, "", err
}

// message is what the model said, nil when it said nothing.
func message(out *bedrockruntime.ConverseOutput) *types.Message {
	if m, ok := out.Output.(*types.ConverseOutputMemberMessage); ok && len(m.Value.Content) > 0 {
		return &m.Value
	}
	return nil
}
