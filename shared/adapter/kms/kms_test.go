package kms_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/teei/csr-platform/shared/adapter/kms"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/testkit/keystest"
)

const keyID = "arn:aws:kms:eu-north-1:000000000000:key/1"

// service speaks the wire of Key Management Service (json 1.1, TrentService) and keeps data keys in memory.
type service struct {
	mu       sync.Mutex
	wrapped  map[string]held // by ciphertext blob
	decrypts int
	refuse   string // error code to answer with
}

type held struct {
	key     []byte
	context map[string]string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var asked struct {
		KeyId, KeySpec    string //nolint:revive // names of the wire
		CiphertextBlob    []byte
		EncryptionContext map[string]string
	}
	err := json.NewDecoder(r.Body).Decode(&asked)
	refuse := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "no"})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch {
	case s.refuse != "":
		refuse(s.refuse)
	case err != nil || asked.KeyId != keyID || len(asked.EncryptionContext) != 1 || r.Header.Get("Authorization") == "":
		refuse("ValidationException")
	case r.Header.Get("X-Amz-Target") == "TrentService.GenerateDataKey" && asked.KeySpec == "AES_256":
		key, blob := make([]byte, 32), make([]byte, 150)
		rand.Read(key)
		rand.Read(blob)
		s.wrapped[string(blob)] = held{key, asked.EncryptionContext}
		json.NewEncoder(w).Encode(map[string]any{"CiphertextBlob": blob, "Plaintext": key, "KeyId": keyID})
	case r.Header.Get("X-Amz-Target") == "TrentService.Decrypt":
		s.decrypts++
		known, ok := s.wrapped[string(asked.CiphertextBlob)]
		for name, value := range known.context {
			ok = ok && asked.EncryptionContext[name] == value
		}
		if !ok {
			refuse("InvalidCiphertextException")
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"Plaintext": known.key, "KeyId": keyID})
	default:
		refuse("UnknownOperationException")
	}
}

func serve(t *testing.T) (*service, aws.Config) {
	t.Helper()
	s := &service{wrapped: map[string]held{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, aws.Config{
		Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	_, config := serve(t)
	keystest.Run(t, kms.New(config, keyID, time.Now), kms.New(config, keyID, time.Now))
}

func TestADataKeyIsAskedForOnceInAWhile(t *testing.T) {
	t.Parallel()
	s, config := serve(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	keys := kms.New(config, keyID, func() time.Time { return now })
	sealed, err := keys.Seal(t.Context(), []byte("x"), []byte("d"))
	if err != nil {
		t.Fatal(err)
	}
	open := func(data string) bool {
		_, err := keys.Open(t.Context(), sealed, []byte(data))
		return err == nil
	}
	for range 10 {
		if !open("d") {
			t.Fatal("does not open")
		}
	}
	if s.decrypts != 1 {
		t.Errorf("asked %d times, want once", s.decrypts)
	}
	if open("e") {
		t.Error("a kept data key opens with other data")
	}
	now = now.Add(6 * time.Minute)
	open("d")
	if s.decrypts != 3 {
		t.Errorf("asked %d times, want again for other data and after a while", s.decrypts)
	}
}

func TestManyDataKeysDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	s, config := serve(t)
	keys := kms.New(config, keyID, time.Now)
	var first []byte
	for i := range 300 {
		sealed, err := keys.Seal(t.Context(), []byte("x"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = sealed
		}
		_, err = keys.Open(t.Context(), sealed, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := keys.Open(t.Context(), first, nil)
	if err != nil || !bytes.Equal(got, []byte("x")) || s.decrypts != 301 {
		t.Errorf("opened %q, %v after %d asks, want the first forgotten and asked for again", got, err, s.decrypts)
	}
}

func TestWhatTheServiceRefuses(t *testing.T) {
	t.Parallel()
	for code, kind := range map[string]fault.Kind{
		"ThrottlingException": fault.Busy, "KMSInternalException": fault.Busy, "KeyUnavailableException": fault.Busy,
		"AccessDeniedException": fault.Unknown, "DisabledException": fault.Unknown,
	} {
		s, config := serve(t)
		keys := kms.New(config, keyID, time.Now)
		sealed, err := keys.Seal(t.Context(), []byte("x"), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.refuse = code
		_, err = keys.Seal(t.Context(), []byte("x"), nil)
		if err == nil || fault.KindOf(err) != kind {
			t.Errorf("seal, %s: %v", code, err)
		}
		_, err = keys.Open(t.Context(), sealed, nil)
		if err == nil || fault.KindOf(err) != kind {
			t.Errorf("open, %s: %v", code, err)
		}
	}
}

func TestNoAnswerIsBusy(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	_, config := serve(t)
	config.BaseEndpoint = &server.URL
	server.Close()
	_, err := kms.New(config, keyID, time.Now).Seal(t.Context(), nil, nil)
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v", err)
	}
}
