package bedrock

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/fault"
)

// Limits are how long and how often Bedrock is asked about one text. Zero values are replaced by those named here. The deadline of
// the caller's context always holds too.
type Limits struct {
	Attempts int           // requests, retries and the repair included; 4
	Patience time.Duration // for one request; 30 s
	Wait     time.Duration // the longest wait before the second attempt, doubled before each further one; 500 ms
	MaxWait  time.Duration // the longest wait at all; 8 s
}

func (l Limits) orStandard() Limits {
	if l.Attempts <= 0 {
		l.Attempts = 4
	}
	if l.Patience <= 0 {
		l.Patience = 30 * time.Second
	}
	if l.Wait <= 0 {
		l.Wait = 500 * time.Millisecond
	}
	if l.MaxWait <= 0 {
		l.MaxWait = 8 * time.Second
	}
	return l
}

// billed is how many requests about one text may cost something: those that were answered, and those whose answer was lost. Requests
// that Bedrock refused cost nothing.
const billed = 2

// budget is what is left for one text, and what was spent on it.
type budget struct {
	limits Limits
	usage  outcome.Usage
	billed int
	now    func() time.Time
	begun  time.Time
}

func newBudget(l Limits, model string) *budget {
	return &budget{limits: l, usage: outcome.Usage{Model: model}, now: time.Now, begun: time.Now()}
}

// spent is the usage so far.
func (b *budget) spent() outcome.Usage {
	u := b.usage
	u.Latency = b.now().Sub(b.begun)
	return u
}

// send asks until there is an answer, a failure that asking again does not mend, or nothing left of the budget. most is what a
// lost answer may have cost; it is counted as spent.
func send[T any](ctx context.Context, b *budget, most int64, ask func(context.Context) (T, error)) (T, error) {
	for n := 0; ; n++ {
		b.usage.Calls++
		once, cancel := context.WithTimeout(ctx, b.limits.Patience)
		out, err := ask(once)
		cancel()
		if err == nil {
			b.billed++
			return out, nil
		}
		b.usage.Stop = reason(err)
		if mayHaveCost(err) {
			b.billed++
			b.usage.MicroUSD += most
		}
		err = translate(ctx, err)
		if !again(err) || b.billed >= billed || b.usage.Calls >= b.limits.Attempts || !b.pause(ctx, n) {
			return out, err
		}
	}
}

// left says whether another request may be sent.
func (b *budget) left() bool { return b.billed < billed && b.usage.Calls < b.limits.Attempts }

// pause waits before attempt n+2, anything from nothing to the limit, so that many who were throttled together do not come back
// together. It is false when the deadline comes first.
func (b *budget) pause(ctx context.Context, n int) bool {
	limit := b.limits.MaxWait
	if n < 20 {
		limit = min(limit, b.limits.Wait<<n)
	}
	wait := rand.N(limit) + 1
	if deadline, ok := ctx.Deadline(); ok && b.now().Add(wait).After(deadline) {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// again says whether a failure may have passed when the same is asked a moment later. A quota of the account does not come back so soon.
func again(err error) bool {
	return fault.KindOf(err) == fault.Busy && reason(err) != "ServiceQuotaExceededException"
}

// mayHaveCost says whether the model may have worked for a request that failed: its answer did not arrive, not in time, or torn.
func mayHaveCost(err error) bool {
	var (
		slow *types.ModelTimeoutException
		dial *net.OpError
	)
	switch {
	case errors.As(err, &slow):
		return true
	case errors.As(err, &dial) && dial.Op == "dial":
		return false
	}
	return lost(err)
}

// lost says whether a request went out, or was about to, and no whole answer came back.
func lost(err error) bool {
	var (
		unsent *smithyhttp.RequestSendError
		torn   *smithy.DeserializationError
		named  smithy.APIError
	)
	if errors.As(err, &named) {
		return false
	}
	return errors.As(err, &unsent) || errors.As(err, &torn) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// reason is the name of an error as it is kept beside the stop reasons. It repeats nothing of a text.
func reason(err error) string {
	var named smithy.APIError
	switch {
	case errors.As(err, &named):
		return named.ErrorCode()
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "unreachable"
}

// translate gives an error of the SDK its kind. What may pass is Busy: throttling, a quota, a model that is loading, slow or stumbled,
// a service in trouble, a deadline. The rest, such as a denied access or a refused request, is ours to mend and stays Unknown.
func translate(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Busy, "the model did not answer in time", err)
	}
	var (
		named    smithy.APIError
		response *awshttp.ResponseError
	)
	if errors.As(err, &named) {
		switch named.ErrorCode() {
		case "ThrottlingException", "ModelNotReadyException", "ServiceQuotaExceededException", "TooManyRequestsException":
			return fault.Wrap(fault.Busy, "the model is throttled", err)
		case "ModelTimeoutException", "ServiceUnavailableException", "InternalServerException", "ModelErrorException":
			return fault.Wrap(fault.Busy, "the model is not available", err)
		}
	}
	if lost(err) {
		return fault.Wrap(fault.Busy, "the model cannot be reached", err)
	}
	if errors.As(err, &response) {
		if code := response.HTTPStatusCode(); code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= http.StatusInternalServerError {
			return fault.Wrap(fault.Busy, "the model is not available", err)
		}
	}
	return fmt.Errorf("ask bedrock: %w", err)
}
