// Package kms seals under a key of AWS Key Management Service (envelope encryption): each value with a data key of its own, by
// AES-256-GCM, and the data key under the service's key, bound to the same data.
package kms

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

const (
	version   = 1               // first byte of what is sealed
	keptFor   = 5 * time.Minute // how long an opened data key is kept
	keptAtAll = 256             // how many of them
)

// contextName is the name of the encryption context that CloudTrail shows: the SHA-256 of the associated data, in base64.
const contextName = "csr-data-sha256"

// errSealed says as little as possible of a value that does not open.
var errSealed = errors.New("open what was sealed: it was changed, or sealed with other data")

// Keys is port.Keys under one key of the service. It is safe for use by many goroutines.
type Keys struct {
	client *kms.Client
	keyID  string
	now    func() time.Time

	mu   sync.Mutex
	kept map[[sha256.Size]byte]opened
}

type opened struct {
	aead cipher.AEAD
	till time.Time
}

var _ port.Keys = (*Keys)(nil)

// New seals under the key keyID, an id or ARN. Nothing is asked of the service until something is sealed or opened.
func New(config aws.Config, keyID string, now func() time.Time) *Keys {
	return &Keys{client: kms.NewFromConfig(config), keyID: keyID, now: now, kept: map[[sha256.Size]byte]opened{}}
}

func bound(data []byte) map[string]string {
	sum := sha256.Sum256(data)
	return map[string]string{contextName: base64.StdEncoding.EncodeToString(sum[:])}
}

// Seal is port.Keys. It asks the service for one data key.
func (k *Keys) Seal(ctx context.Context, plain, data []byte) ([]byte, error) {
	answer, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &k.keyID, KeySpec: types.DataKeySpecAes256, EncryptionContext: bound(data),
	})
	if err != nil {
		return nil, translate("seal", err)
	}
	defer clear(answer.Plaintext)
	aead, err := gcm(answer.Plaintext)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sealed := binary.BigEndian.AppendUint16([]byte{version}, uint16(len(answer.CiphertextBlob)))
	sealed = append(sealed, answer.CiphertextBlob...)
	return aead.Seal(sealed, nil, plain, slices.Concat(sealed, data)), nil
}

// Open is port.Keys. It asks the service for the data key, unless that was opened within the last minutes.
func (k *Keys) Open(ctx context.Context, sealed, data []byte) ([]byte, error) {
	if len(sealed) < 3 || sealed[0] != version {
		return nil, errSealed
	}
	length := 3 + int(binary.BigEndian.Uint16(sealed[1:3]))
	if len(sealed) < length {
		return nil, errSealed
	}
	header, value := sealed[:length], sealed[length:]
	aead, err := k.open(ctx, header[3:], data)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open([]byte{}, nil, value, slices.Concat(header, data))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// open gives the cipher of a data key that the service wrapped.
func (k *Keys) open(ctx context.Context, wrapped, data []byte) (cipher.AEAD, error) {
	sum := sha256.Sum256(data)
	id := sha256.Sum256(slices.Concat(sum[:], wrapped))
	now := k.now()
	k.mu.Lock()
	known, found := k.kept[id]
	k.mu.Unlock()
	if found && now.Before(known.till) {
		return known.aead, nil
	}
	answer, err := k.client.Decrypt(ctx, &kms.DecryptInput{KeyId: &k.keyID, CiphertextBlob: wrapped, EncryptionContext: bound(data)})
	if err != nil {
		return nil, translate("open what was sealed", err)
	}
	defer clear(answer.Plaintext)
	aead, err := gcm(answer.Plaintext)
	if err != nil {
		return nil, fmt.Errorf("open what was sealed: %w", err)
	}
	k.keep(id, opened{aead, now.Add(keptFor)}, now)
	return aead, nil
}

// keep remembers a data key, and forgets what is too old or, if that is not enough, everything.
func (k *Keys) keep(id [sha256.Size]byte, key opened, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) >= keptAtAll {
		for id, old := range k.kept {
			if !now.Before(old.till) {
				delete(k.kept, id)
			}
		}
	}
	if len(k.kept) >= keptAtAll {
		clear(k.kept)
	}
	k.kept[id] = key
}

// gcm is AES-256-GCM with a random nonce in front of the ciphertext (NIST SP 800-38D §8.2.2). A data key seals one value.
func gcm(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("data key of %d bytes, expected 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// translate makes Busy of what may pass: throttling, a dependency of the service, and no answer at all.
func translate(doing string, err error) error {
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		return fault.Wrap(fault.Busy, "the key service does not answer", fmt.Errorf("%s: %w", doing, err))
	}
	switch refused.ErrorCode() {
	case "InvalidCiphertextException", "IncorrectKeyException":
		return errSealed
	case "ThrottlingException", "LimitExceededException", "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException":
		return fault.Wrap(fault.Busy, "the key service is busy", fmt.Errorf("%s: %w", doing, err))
	}
	return fmt.Errorf("%s: %w", doing, err)
}
