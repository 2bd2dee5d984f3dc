package awsconfig_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/teei/csr-platform/shared/platform/awsconfig"
)

// given looks up the keys that Lambda gives every function, and more.
func given(more map[string]string) func(string) (string, bool) {
	ofLambda := map[string]string{"AWS_REGION": "eu-north-1", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
	return func(name string) (string, bool) {
		value, ok := more[name]
		if !ok {
			value, ok = ofLambda[name]
		}
		return value, ok
	}
}

func TestKeysAndRegionAreThoseOfTheEnvironment(t *testing.T) {
	t.Parallel()
	got := awsconfig.From(given(nil), "")
	keys, err := got.Credentials.Retrieve(t.Context())
	if err != nil || got.Region != "eu-north-1" || keys.AccessKeyID != "AKIA" || keys.SecretAccessKey != "s" || keys.SessionToken != "t" {
		t.Errorf("region %s, keys %+v (%v)", got.Region, keys, err)
	}
	if got.HTTPClient == nil {
		t.Error("every service makes connections of its own")
	}
}

func TestAServicesOwnEndpointGoesFirst(t *testing.T) {
	t.Parallel()
	const one, all, own = "AWS_ENDPOINT_URL_ONE", "http://127.0.0.1:4566", "http://127.0.0.1:5000"
	for name, c := range map[string]struct {
		set      map[string]string
		endpoint string
		want     string
	}{
		"none":                      {nil, one, ""},
		"shared":                    {map[string]string{"AWS_ENDPOINT_URL": all}, one, all},
		"own":                       {map[string]string{one: own}, one, own},
		"both":                      {map[string]string{"AWS_ENDPOINT_URL": all, one: own}, one, own},
		"another service's":         {map[string]string{"AWS_ENDPOINT_URL": all, one: own}, "", all},
		"an empty one is not one's": {map[string]string{"AWS_ENDPOINT_URL": all, one: ""}, one, all},
	} {
		if got := aws.ToString(awsconfig.From(given(c.set), c.endpoint).BaseEndpoint); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A variable without a name is none: the agreement tests compare what is looked up with what the template gives.
func TestOnlyWhatHasANameIsLookedUp(t *testing.T) {
	t.Parallel()
	awsconfig.From(func(name string) (string, bool) {
		if name == "" {
			t.Error("a variable without a name was looked up")
		}
		return "", false
	}, "")
}
