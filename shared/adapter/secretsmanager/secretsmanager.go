// Package secretsmanager reads secrets that AWS Secrets Manager keeps.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/teei/csr-platform/shared/fault"
)

// keptFor is how long a secret is kept, and so how long a changed one may go unnoticed.
const keptFor = 5 * time.Minute

// Secrets reads secrets and keeps them for a while. It is safe for use by many goroutines.
type Secrets struct {
	client *secretsmanager.Client
	now    func() time.Time

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	value string
	till  time.Time
}

// New reads with config. Nothing is asked of the service until a secret is.
func New(config aws.Config, now func() time.Time) *Secrets {
	return &Secrets{client: secretsmanager.NewFromConfig(config), now: now, kept: map[string]kept{}}
}

// Resolve is config.Resolve: the text kept under a secret's name or ARN. One that does not exist or holds no text is Missing, a
// service that does not answer Busy.
func (s *Secrets) Resolve(ctx context.Context, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock() // one fetch serves all who wait
	known, found := s.kept[name]
	if found && s.now().Before(known.till) {
		return known.value, nil
	}
	answer, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return "", translate(err)
	}
	if aws.ToString(answer.SecretString) == "" {
		return "", fault.New(fault.Missing, "the secret holds no text")
	}
	s.kept[name] = kept{*answer.SecretString, s.now().Add(keptFor)}
	return *answer.SecretString, nil
}

func translate(err error) error {
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		return fault.Wrap(fault.Busy, "the secret service does not answer", err)
	}
	switch refused.ErrorCode() {
	case "ResourceNotFoundException":
		return fault.Wrap(fault.Missing, "no such secret", err)
	case "ThrottlingException", "InternalServiceError", "InternalServiceErrorException":
		return fault.Wrap(fault.Busy, "the secret service is busy", err)
	}
	return fmt.Errorf("read a secret: %w", err)
}
