package secretsmanager_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/teei/csr-platform/shared/adapter/secretsmanager"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/platform/config"
)

const arn = "arn:aws:secretsmanager:eu-north-1:000000000000:secret:db-AbCdEf"

// service answers GetSecretValue (json 1.1) with what answers holds, and counts.
func serve(t *testing.T, answers map[string]any) (aws.Config, *int) {
	t.Helper()
	asked := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		var in struct{ SecretId string } //nolint:revive // name of the wire
		err := json.NewDecoder(r.Body).Decode(&in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if err != nil || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		answer, found := answers[in.SecretId]
		if !found {
			answer = map[string]string{"__type": "ResourceNotFoundException"}
		}
		if code, refused := answer.(map[string]string); refused && code["__type"] != "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}, asked
}

func TestASecretIsReadOnceInAWhile(t *testing.T) {
	t.Parallel()
	answers := map[string]any{arn: map[string]string{"SecretString": "postgres://one"}}
	settings, asked := serve(t, answers)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	secrets := secretsmanager.New(settings, func() time.Time { return now })
	read := func(want string) {
		t.Helper()
		got, err := secrets.Resolve(t.Context(), arn)
		if err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	read("postgres://one")
	answers[arn] = map[string]string{"SecretString": "postgres://two"}
	read("postgres://one")
	now = now.Add(6 * time.Minute)
	read("postgres://two")
	if *asked != 2 {
		t.Errorf("asked %d times, want 2", *asked)
	}
}

func TestASettingNamesItsSecret(t *testing.T) {
	t.Parallel()
	settings, asked := serve(t, map[string]any{arn: map[string]string{"SecretString": "hush"}})
	reader := config.New(func(string) (string, bool) { return arn, true }, secretsmanager.New(settings, time.Now).Resolve)
	secret := reader.Secret("DATABASE_URL")
	if *asked != 0 {
		t.Error("opening asked the service")
	}
	got, err := secret(t.Context())
	if err != nil || got.Reveal() != "hush" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	settings, _ := serve(t, map[string]any{
		"binary":    map[string]string{"SecretBinary": "aGk="},
		"throttled": map[string]string{"__type": "ThrottlingException"},
		"denied":    map[string]string{"__type": "AccessDeniedException"},
	})
	secrets := secretsmanager.New(settings, time.Now)
	for name, kind := range map[string]fault.Kind{"nowhere": fault.Missing, "binary": fault.Missing, "throttled": fault.Busy, "denied": fault.Unknown} {
		_, err := secrets.Resolve(t.Context(), name)
		if err == nil || fault.KindOf(err) != kind || strings.Contains(err.Error(), "aGk=") {
			t.Errorf("%s: %v, want %s", name, err, kind)
		}
	}
	*settings.BaseEndpoint = "http://127.0.0.1:1"
	_, err := secretsmanager.New(settings, time.Now).Resolve(t.Context(), arn)
	if fault.KindOf(err) != fault.Busy {
		t.Errorf("nobody there: %v", err)
	}
}
