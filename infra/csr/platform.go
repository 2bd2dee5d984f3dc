package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/web"
)

// platform is a running platform: the process on this machine, or a deployment.
type platform struct {
	url    string // without a slash at the end
	remote bool   // a deployment, which has no development issuer
	token  string // empty: the process on this machine is asked for one
	client *http.Client
}

// reach adds the flags by which every command finds its platform.
func (s *shell) reach(f *flag.FlagSet) func() *platform {
	api := f.String("api", s.setting("API", ""), "address of a deployment; empty for the process on this machine (API)")
	bearer := f.String("token", s.setting("TOKEN", ""), "bearer token for it; the process on this machine makes its own (TOKEN)")
	port := f.String("port", s.setting("PORT", "3000"), "port of the process on this machine (PORT)")
	return func() *platform {
		address := *api
		if address == "" {
			address = "http://127.0.0.1:" + *port
		}
		return &platform{url: strings.TrimRight(address, "/"), remote: *api != "", token: *bearer, client: &http.Client{Timeout: 10 * time.Minute}}
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// errNothingRuns is said when nobody listens where the process on this machine should.
var errNothingRuns = errors.New("nothing answers")

// do sends one request. Only a failure to get any answer is an error.
func (p *platform) do(ctx context.Context, method, path string, header http.Header, body io.Reader, size int64) (answer, error) {
	target := path
	if !strings.Contains(path, "://") {
		target = p.url + path
	}
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return answer{}, err
	}
	r.Header = header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if size >= 0 {
		r.ContentLength = size
	}
	if size == 0 {
		r.Body = http.NoBody
	}
	response, err := p.client.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) && ctx.Err() == nil {
			return answer{}, fmt.Errorf("%w on %s; start the platform with `make run`, or name another with PORT=, or API= and TOKEN= for a deployment", errNothingRuns, p.url)
		}
		return answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("the answer of %s broke off: %w", p.url, err)
	}
	return answer{response.StatusCode, response.Header, raw}, nil
}

// call sends JSON as the bearer of the token and reads JSON. An answer of 400 and more is an error that says what was wrong.
func (p *platform) call(ctx context.Context, method, path string, sent, received any) error {
	var body []byte
	header := http.Header{}
	if sent != nil {
		raw, err := json.Marshal(sent)
		if err != nil {
			return err
		}
		body = raw
		header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		header.Set("Authorization", "Bearer "+p.token)
	}
	got, err := p.do(ctx, method, path, header, bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return err
	}
	return got.read(method+" "+path, received)
}

// read takes the answer to what was asked into received, nil for nowhere.
func (a answer) read(asked string, received any) error {
	if a.status >= 400 {
		asked, _, _ = strings.Cut(asked, "?")
		return fmt.Errorf("%s: %s", asked, a.problem())
	}
	if received == nil {
		return nil
	}
	err := json.Unmarshal(a.body, received)
	if err != nil {
		return fmt.Errorf("%s answered %d without the JSON expected: %w", asked, a.status, err)
	}
	return nil
}

// problem is the failure in words, field by field.
func (a answer) problem() string {
	var d web.Details
	err := json.Unmarshal(a.body, &d)
	if err != nil || d.Title == "" {
		return fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	text := fmt.Sprintf("%d %s", a.status, d.Title)
	if d.Detail != "" {
		text += ": " + d.Detail
	}
	for _, wrong := range d.Errors {
		text += fmt.Sprintf("\n  %s: expected %s", wrong.Field, wrong.Expected)
	}
	return text
}

// devToken asks the development issuer of the process on this machine.
func (p *platform) devToken(ctx context.Context, role identity.Role, company string) (string, error) {
	if p.remote {
		return "", errors.New("a deployment has no development issuer: give a token of its own issuer with TOKEN= (-token)")
	}
	var given struct {
		Token string `json:"token"`
	}
	err := p.call(ctx, http.MethodPost, "/dev/token", map[string]string{"role": string(role), "company": company}, &given)
	if err != nil {
		return "", err
	}
	if given.Token == "" {
		return "", fmt.Errorf("%s gave no token; only a process started with `make run` has a development issuer", p.url)
	}
	return given.Token, nil
}

// signIn makes sure that there is a token: the one given, else one of the development issuer for role.
func (p *platform) signIn(ctx context.Context, role identity.Role, company string) error {
	if p.token != "" {
		return nil
	}
	made, err := p.devToken(ctx, role, company)
	if err != nil {
		return err
	}
	p.token = made
	return nil
}

// listed is a company as the platform lists it.
type listed struct {
	ID, Slug, Name, Kind, TimeZone string
}

// companies are all that the token may see.
func (p *platform) companies(ctx context.Context) ([]listed, error) {
	var all []listed
	for after := ""; ; {
		var page struct {
			Companies []listed
			Next      string
		}
		err := p.call(ctx, http.MethodGet, "/v1/companies?after="+url.QueryEscape(after), nil, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Companies...)
		if page.Next == "" {
			return all, nil
		}
		after = page.Next
	}
}
