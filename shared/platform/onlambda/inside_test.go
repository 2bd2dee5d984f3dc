package onlambda

import (
	"net/url"
	"strings"
	"testing"
)

func settings(extra map[string]string) func(string) (string, bool) {
	lambda := map[string]string{"AWS_REGION": "eu-north-1", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
	return func(name string) (string, bool) {
		value, ok := extra[name]
		if !ok {
			value, ok = lambda[name]
		}
		return value, ok
	}
}

func TestARoleWithoutAPasswordConnectsWithAToken(t *testing.T) {
	t.Parallel()
	e := NewEnv("deploy/migrate", settings(nil))
	got, err := e.withToken(t.Context(), "postgres://owner@db.example/csr?sslmode=verify-full")
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	token, _ := address.User.Password()
	for _, part := range []string{"db.example:5432", "Action=connect", "DBUser=owner", "X-Amz-Expires=900", "X-Amz-Security-Token=t", "X-Amz-Signature="} {
		if !strings.Contains(token, part) {
			t.Errorf("the token %s has no %s", token, part)
		}
	}
	if address.Host != "db.example" || address.Query().Get("sslmode") != "verify-full" || address.User.Username() != "owner" {
		t.Errorf("the address became %s", address.Redacted())
	}
}

func TestAMalformedAddressIsNotShown(t *testing.T) {
	t.Parallel()
	e := NewEnv("deploy/migrate", settings(nil))
	for _, address := range []string{"postgres://u:hush@db.example:port/csr", "host=db password=hush", "hush"} {
		_, err := e.withToken(t.Context(), address)
		if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "DATABASE_OWNER_URL") {
			t.Errorf("got %v", err)
		}
	}
	_, err := passwordIn("postgres://u:hush@db.example:port/csr")
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}
