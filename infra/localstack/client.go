package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/teei/csr-platform/infra/sender"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/standalone/devissuer"
)

// client asks the deployed HTTP API as somebody.
type client struct {
	endpoint string // where to connect
	host     string // <api>.execute-api.localhost:4566, which names the API
	issuer   *devissuer.Issuer
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// field reads one member of a JSON answer, nil where there is none.
func (a answer) field(name string) any {
	var members map[string]any
	if json.Unmarshal(a.body, &members) != nil {
		return nil
	}
	return members[name]
}

func (a answer) text(name string) string {
	value, _ := a.field(name).(string)
	return value
}

// is is an error unless the answer has one of these statuses.
func (a answer) is(what string, statuses ...int) error {
	for _, status := range statuses {
		if a.status == status {
			return nil
		}
	}
	return fmt.Errorf("%s: answered %d, expected %v: %s", what, a.status, statuses, tail(string(a.body), 5))
}

// token is signed by the issuer that the deployment trusts.
func (c client) token(role identity.Role, company string) (string, error) {
	return c.issuer.Mint("journey", role, company, nil, time.Hour)
}

// ask sends one request. path has the query with it; header pairs follow each other.
func (c client) ask(ctx context.Context, method, path, token string, body []byte, header ...string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Host = c.host
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return send(request)
}

func send(request *http.Request) (answer, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// json is ask with a value as body.
func (c client) json(ctx context.Context, method, path, token string, value any) (answer, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return answer{}, err
	}
	return c.ask(ctx, method, path, token, body, "Content-Type", "application/json")
}

// deliver sends a signed webhook the way Kintell does, signed at the time at.
func (c client) deliver(ctx context.Context, company, kind, delivery, secret string, at time.Time, body any) (answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	return c.ask(ctx, http.MethodPost, "/v1/kintell/webhooks/"+kind+"?company="+company, "", raw,
		"Content-Type", "application/json", "X-Delivery-Id", delivery, "X-Kintell-Signature", sender.Sign(secret, at, raw))
}
