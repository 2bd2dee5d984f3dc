// Package bedrock scores feedback with a large language model through the Converse operation of Amazon Bedrock. What the model
// says is believed only as far as it can be checked: the answer must have the agreed shape, and a score whose quotes do not stand in
// the text is dropped.
package bedrock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Converser is the one operation of Bedrock that is used; *bedrockruntime.Client has it.
type Converser interface {
	Converse(ctx context.Context, in *bedrockruntime.ConverseInput, options ...func(*bedrockruntime.Options)) (*bedrockruntime.ConverseOutput, error)
}

// Model scores through one model of Bedrock. It is safe for concurrent use.
type Model struct {
	client     Converser
	id         string
	capability Capability
}

// New is a Model over the Bedrock of cfg's account and region. id is a model or inference profile id, or an ARN of one. The SDK's own
// retries of throttling happen within cfg's limits and the caller's deadline.
func New(cfg aws.Config, id string) *Model {
	return With(bedrockruntime.NewFromConfig(cfg), id, Of(id))
}

// With is a Model over any client, for a model whose capability is known otherwise.
func With(client Converser, id string, capability Capability) *Model {
	return &Model{client: client, id: id, capability: capability}
}

// Version is what scores are marked with: the model and the version of the prompt it was asked by.
func (m *Model) Version() string { return "bedrock/" + m.id + "/" + PromptVersion }

// Score reads text, with at most two questions to the model: the second when the first answer could not be used. A text without a
// letter is not sent. Fails: Busy when the model cannot answer now; Invalid when it will not or cannot answer for this text;
// TooLarge beyond feedback.MaxText characters; anything else is a mistake in the configuration or in a service.
func (m *Model) Score(ctx context.Context, text string) (outcome.Scoring, error) {
	scoring := outcome.Scoring{ModelVersion: m.Version()}
	if !utf8.ValidString(text) {
		return outcome.Scoring{}, fault.Fields("the text cannot be read", fault.Field{Name: "text", Expected: "valid UTF-8"})
	}
	if tooLong(text, feedback.MaxText) {
		return outcome.Scoring{}, fault.New(fault.TooLarge, fmt.Sprintf("text: expected at most %d characters", feedback.MaxText))
	}
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		return scoring, nil
	}
	answer, err := m.ask(ctx, text)
	if err != nil {
		return outcome.Scoring{}, err
	}
	scoring.Language = answer.Language
	scoring.Scores = prove(text, answer)
	err = outcome.Verify(text, scoring)
	if err != nil {
		return outcome.Scoring{}, fmt.Errorf("bedrock answer after checking: %w", err)
	}
	return scoring, nil
}

// ask has the conversation: a question, and another when the answer to it was cut off, malformed or of the wrong shape.
func (m *Model) ask(ctx context.Context, text string) (answer, error) {
	in := m.question(text)
	wrong := ""
	for range 2 {
		out, err := m.client.Converse(ctx, in)
		if err != nil {
			return answer{}, translate(ctx, err)
		}
		said := message(out)
		switch out.StopReason {
		case types.StopReasonEndTurn, types.StopReasonToolUse:
			got, problem := m.parse(said)
			if problem == "" {
				return got, nil
			}
			wrong = problem
			m.repair(in, said, problem)
		case types.StopReasonMaxTokens:
			wrong = "it was cut off"
			in.InferenceConfig.MaxTokens = aws.Int32(moreTokens)
		case types.StopReasonMalformedModelOutput, types.StopReasonMalformedToolUse:
			wrong = "it was malformed" // there is nothing to show the model; it is asked once more
		case types.StopReasonGuardrailIntervened:
			return answer{}, fault.New(fault.Invalid, "a guardrail of the model refused the text")
		case types.StopReasonContentFiltered:
			return answer{}, fault.New(fault.Invalid, "the model's content filter refused the text")
		case types.StopReasonModelContextWindowExceeded:
			return answer{}, fault.New(fault.Invalid, "the text does not fit the model's context")
		case types.StopReasonStopSequence:
			return answer{}, errors.New("bedrock stopped at a stop sequence, though none was given")
		default:
			return answer{}, errors.New("bedrock stopped for a reason that is not known here")
		}
	}
	return answer{}, fault.New(fault.Invalid, "the model gave no usable answer in two attempts: "+wrong)
}

// message is what the model said, nil when it said nothing.
func message(out *bedrockruntime.ConverseOutput) *types.Message {
	if m, ok := out.Output.(*types.ConverseOutputMemberMessage); ok && len(m.Value.Content) > 0 {
		return &m.Value
	}
	return nil
}

// translate gives an error of the SDK its kind. What may pass is Busy: throttling, a model that is loading or slow, a service in
// trouble, a deadline. The rest, such as a denied access or a refused request, is ours to mend and stays Unknown.
func translate(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Busy, "the model did not answer in time", err)
	}
	var (
		throttled *types.ThrottlingException
		loading   *types.ModelNotReadyException
		slow      *types.ModelTimeoutException
		down      *types.ServiceUnavailableException
		broken    *types.InternalServerException
		response  *awshttp.ResponseError
	)
	switch {
	case errors.As(err, &throttled), errors.As(err, &loading):
		return fault.Wrap(fault.Busy, "the model is throttled", err)
	case errors.As(err, &slow), errors.As(err, &down), errors.As(err, &broken):
		return fault.Wrap(fault.Busy, "the model is not available", err)
	case errors.As(err, &response):
		switch code := response.HTTPStatusCode(); code {
		case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable,
			http.StatusGatewayTimeout, http.StatusInternalServerError:
			return fault.Wrap(fault.Busy, "the model is not available", err)
		case 0: // no response at all
			return fault.Wrap(fault.Busy, "the model cannot be reached", err)
		}
		return fmt.Errorf("ask bedrock: %w", err)
	}
	return fmt.Errorf("ask bedrock: %w", err)
}
