// Package signature is how senders prove who they are.
package signature

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Window is how far a signature's time may lie from ours, before or after.
const Window = 5 * time.Minute

// Refused is what every failure looks like from outside: an unknown company, a wrong secret and a stale time cannot be told apart.
var Refused = fault.New(fault.Refused, "the signature does not fit: expected t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body> made within five minutes with this company's secret")

// maxHeader is the longest signature header read, in bytes: a time and a handful of signatures.
const maxHeader = 1024

// Stamped checks a header "t=<unix seconds>,v1=<hex>[,v1=<hex>]" over the raw bytes of body, with any of secrets, and gives the time it
// was made. Schemes other than v1 are passed over.
func Stamped(header string, body []byte, now time.Time, secrets ...[]byte) (time.Time, error) {
	if len(header) > maxHeader {
		return time.Time{}, Refused
	}
	var stamp string
	var signatures [][]byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if stamp != "" {
				return time.Time{}, Refused
			}
			stamp = value
		case "v1":
			raw, err := hex.DecodeString(value)
			if err == nil && len(raw) == sha256.Size {
				signatures = append(signatures, raw)
			}
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds < 0 || strconv.FormatInt(seconds, 10) != stamp {
		return time.Time{}, Refused
	}
	made := time.Unix(seconds, 0).UTC()
	if made.Before(now.Add(-Window)) || made.After(now.Add(Window)) {
		return time.Time{}, Refused
	}
	fits := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(stamp + "."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, given := range signatures {
			fits = hmac.Equal(want, given) || fits
		}
	}
	if !fits {
		return time.Time{}, Refused
	}
	return made, nil
}

// TTL is how long a sender's secrets are remembered: a rotation is felt after at most this time.
const TTL = time.Minute

// maxKept bounds what strangers who try company names can make us remember.
const maxKept = 1000

// Senders finds the secrets of a company's sender, and remembers them for TTL.
type Senders struct {
	ledger port.Ledger
	keys   port.Keys
	now    func() time.Time
	mu     sync.Mutex
	kept   map[string]known
}

type known struct {
	company string
	secrets [][]byte
	until   time.Time
}

// NewSenders looks secrets up in ledger and opens them with keys.
func NewSenders(ledger port.Ledger, keys port.Keys, now func() time.Time) *Senders {
	return &Senders{ledger: ledger, keys: keys, now: now, kept: map[string]known{}}
}

// Secrets gives the id of the company with this slug and the secrets its sender may sign with. An unknown company or sender is no
// error: it has no id and a secret that nobody knows, so that its answer, and the work behind it, are those of a bad signature.
func (s *Senders) Secrets(ctx context.Context, slug, sender string) (string, [][]byte, error) {
	name := sender + "\x00" + slug
	s.mu.Lock()
	found, ok := s.kept[name]
	s.mu.Unlock()
	if ok && s.now().Before(found.until) {
		return found.company, found.secrets, nil
	}
	found, err := s.look(ctx, slug, sender)
	if err != nil {
		return "", nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= maxKept {
		clear(s.kept)
	}
	s.kept[name] = found
	return found.company, found.secrets, nil
}

func (s *Senders) look(ctx context.Context, slug, sender string) (known, error) {
	until := s.now().Add(TTL)
	kept, err := s.ledger.Sender(ctx, slug, sender)
	if fault.KindOf(err) == fault.Missing {
		return known{secrets: [][]byte{make([]byte, sha256.Size)}, until: until}, nil
	}
	if err != nil {
		return known{}, err
	}
	found := known{company: kept.Company, until: until}
	for _, sealed := range [][]byte{kept.SecretNow, kept.SecretNext} {
		if sealed == nil {
			continue
		}
		secret, err := s.keys.Open(ctx, sealed, company.SecretData(kept.Company, sender))
		if err != nil {
			return known{}, err
		}
		found.secrets = append(found.secrets, secret)
	}
	return found, nil
}
