package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/teei/csr-platform/infra/sender"
	"github.com/teei/csr-platform/infra/staff"
	"github.com/teei/csr-platform/infra/standalone/sample"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/platform/standalone"
)

// senders is how many deliveries are on their way at once.
const senders = 8

// filled is what is remembered of the sample data between runs. Now makes a filling that was interrupted send the same data again,
// of which nothing is kept twice.
type filled struct {
	Now  time.Time `json:"now"`
	Done bool      `json:"done"`
}

// fill sends the sample year through the platform's own doors, once, and shows what came of it.
func fill(ctx context.Context, process *standalone.Process, dir, out string) error {
	path := filepath.Join(dir, "sample.json")
	state := filled{Now: time.Now().UTC()}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &state)
		if err != nil {
			return fmt.Errorf("%s: %w; remove it to send the sample data again", path, err)
		}
	}
	c := &client{base: "http://" + process.Address(), http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: senders}}}
	data := sample.Make(state.Now)
	if !state.Done {
		err = remember(path, state)
		if err == nil {
			err = guard(ctx, process)
		}
		if err == nil {
			err = c.send(ctx, data)
		}
		if err == nil {
			say("scoring feedback and adding up the months")
			err = process.Idle(ctx)
		}
		if err == nil {
			state.Done = true
			err = remember(path, state)
		}
		if err != nil {
			return fmt.Errorf("sample data: %w", err)
		}
	}
	return c.show(ctx, data, out, process.Port())
}

// guard names who is told when a sample text speaks of harm; without anybody, nobody would be.
func guard(ctx context.Context, process *standalone.Process) error {
	ledger, err := process.Env().Ledger(ctx)
	if err != nil {
		return err
	}
	_, err = staff.Safeguard(ctx, ledger, "infra/standalone", "safeguarding@operator.example", "Sample Contact")
	return err
}

func remember(path string, state filled) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}

// client talks to the platform as anybody would.
type client struct {
	base  string
	token string // of a system_admin
	http  *http.Client
}

// call sends a request with the administrator's token and decodes the answer into into, unless that is nil.
func (c *client) call(ctx context.Context, method, path, kind string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", kind)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return &refusal{response.StatusCode, method + " " + path, string(answer)}
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = answer
		return nil
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// refusal is an answer that says no.
type refusal struct {
	status       int
	call, answer string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %d %s", r.call, r.status, r.answer) }

const asJSON = "application/json"

// signIn takes an administrator's token from the development issuer.
func (c *client) signIn(ctx context.Context) error {
	var given struct{ Token string }
	err := c.call(ctx, http.MethodPost, "/dev/token", asJSON, []byte(`{"role":"system_admin","company":""}`), &given)
	c.token = given.Token
	return err
}

func (c *client) send(ctx context.Context, data sample.Data) error {
	err := c.signIn(ctx)
	if err != nil {
		return err
	}
	secrets := map[string]string{}
	for _, one := range data.Companies {
		secrets[one.Slug], err = c.found(ctx, one)
		if err != nil {
			return err
		}
	}
	for i, file := range data.Files {
		err = c.upload(ctx, file)
		if err != nil {
			return err
		}
		progress("files imported", i+1, len(data.Files))
	}
	return c.deliver(ctx, data.Deliveries, secrets)
}

// found makes the company and its Kintell sender, or finds what an interrupted filling made, and gives the sender's secret.
func (c *client) found(ctx context.Context, one company.Company) (string, error) {
	body, err := json.Marshal(map[string]string{"slug": one.Slug, "name": one.Name, "timeZone": one.TimeZone})
	if err != nil {
		return "", err
	}
	err = c.call(ctx, http.MethodPost, "/v1/companies", asJSON, body, nil)
	var no *refusal
	if err != nil && !(errors.As(err, &no) && no.status == http.StatusConflict) {
		return "", err
	}
	companies, err := c.companies(ctx)
	if err != nil {
		return "", err
	}
	var given struct{ Secret string }
	ask := fmt.Appendf(nil, `{"company":%q,"sender":"kintell"}`, one.Slug)
	if c.call(ctx, http.MethodPost, "/dev/secret", asJSON, ask, &given) == nil {
		return given.Secret, nil
	}
	err = c.call(ctx, http.MethodPut, "/v1/companies/"+companies[one.Slug]+"/senders/kintell", asJSON, nil, &given)
	return given.Secret, err
}

// companies are the ids by slug.
func (c *client) companies(ctx context.Context) (map[string]string, error) {
	var page struct{ Companies []struct{ ID, Slug string } }
	err := c.call(ctx, http.MethodGet, "/v1/companies", asJSON, nil, &page)
	ids := map[string]string{}
	for _, one := range page.Companies {
		ids[one.Slug] = one.ID
	}
	return ids, err
}

func (c *client) upload(ctx context.Context, file sample.File) error {
	var made struct{ ID string }
	query := url.Values{"company": {file.Company}, "fileName": {file.Name}}
	err := c.call(ctx, http.MethodPost, "/v1/imports/"+file.Kind+"?"+query.Encode(), "text/csv", file.Content, &made)
	if err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var now struct{ Status, Reason string }
		err = c.call(ctx, http.MethodGet, "/v1/imports/"+made.ID+"?company="+url.QueryEscape(file.Company), asJSON, nil, &now)
		switch {
		case err != nil:
			return err
		case now.Status == "completed":
			return nil
		case now.Status == "failed":
			return fmt.Errorf("import of %s: %s", file.Name, now.Reason)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// deliver signs and sends the deliveries, a few at a time, so that they arrive nearly in order, as webhooks do.
func (c *client) deliver(ctx context.Context, deliveries []sample.Delivery, secrets map[string]string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(senders)
	for i, d := range deliveries {
		group.Go(func() error { return c.webhook(ctx, d, secrets[d.Company]) })
		if i%100 == 99 || i+1 == len(deliveries) {
			progress("webhooks delivered", i+1, len(deliveries))
		}
	}
	return group.Wait()
}

func (c *client) webhook(ctx context.Context, d sample.Delivery, secret string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+d.Path+"?company="+url.QueryEscape(d.Company), bytes.NewReader(d.Body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", asJSON)
	request.Header.Set("X-Delivery-Id", d.DeliveryID)
	request.Header.Set("X-Kintell-Signature", sender.Sign(secret, time.Now(), d.Body))
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusAccepted {
		err = &refusal{response.StatusCode, "POST " + d.Path, string(answer)}
	}
	return err
}

// progress shows how far a long step is: one line that grows on a terminal, a line a quarter elsewhere.
func progress(what string, done, all int) {
	info, err := os.Stdout.Stat()
	if err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Printf("\r%s: %d of %d", what, done, all)
		if done == all {
			fmt.Println()
		}
		return
	}
	if done == all || all >= 4 && done*4/all != (done-1)*4/all {
		say("%s: %d of %d", what, done, all)
	}
}
