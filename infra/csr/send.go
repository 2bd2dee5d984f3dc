package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/teei/csr-platform/infra/sender"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
)

// delivered is a sample of events/webhooks: a request as a sender makes it, without its signature.
type delivered struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`   // sent byte for byte
	Status  int               `json:"status"` // of a sample that must be refused: the answer it must get
}

// sender is who posts to a path: /v1/<sender>/webhooks/….
func (d delivered) sender() string {
	rest, _ := strings.CutPrefix(d.Path, "/v1/")
	name, _, found := strings.Cut(rest, "/webhooks/")
	if !found {
		return ""
	}
	return name
}

// signatureHeader is where a sender puts it: X-Kintell-Signature.
func signatureHeader(sender string) string {
	return "X-" + strings.ToUpper(sender[:1]) + sender[1:] + "-Signature"
}

// send signs a sample as its sender would, sends it and shows the answer.
func send(ctx context.Context, s *shell, args []string) error {
	f := s.flags("send", "-file events/webhooks/<sender>/<case>.json")
	file := f.String("file", "", "the sample to send")
	slug := f.String("company", "", "slug of the company it is for; the first partner when left out")
	id := f.String("delivery", "", "send under this delivery id and not the sample's")
	secret := f.String("secret", s.setting("SECRET", ""), "the sender's secret; the process on this machine tells its own (SECRET)")
	stale := f.Bool("stale", false, "sign it ten minutes ago")
	forged := f.Bool("forged", false, "sign it with a secret of our own")
	repeat := f.Bool("repeat", false, "send it twice")
	reach := s.reach(f)
	err := f.Parse(args)
	if err != nil {
		return err
	}
	sample, err := readSample(*file)
	if err != nil {
		return err
	}
	p := reach()
	to, err := p.recipient(ctx, *slug)
	if err != nil {
		return err
	}
	if *slug == "" {
		fmt.Fprintf(s.progress, "no COMPANY given: sending for %s\n", to)
	}
	if *secret == "" {
		*secret, err = p.devSecret(ctx, to, sample.sender())
		if err != nil {
			return err
		}
	}
	at := time.Now()
	if *stale {
		at = at.Add(-10 * time.Minute)
	}
	if *stale || *forged {
		sample.Status = http.StatusUnauthorized
	}
	if *forged {
		*secret = "a secret nobody gave us"
	}
	times := 1
	if *repeat {
		times = 2
	}
	for range times {
		err = p.post(ctx, s, sample, to, cmp.Or(*id, sample.Headers["X-Delivery-Id"]), sender.Sign(*secret, at, sample.Body))
		if err != nil {
			return err
		}
	}
	return nil
}

func readSample(file string) (delivered, error) {
	if file == "" {
		return delivered{}, errors.New("name a sample with FILE=events/webhooks/kintell/<case>.json (-file)")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return delivered{}, err
	}
	var sample delivered
	err = json.Unmarshal(raw, &sample)
	if err != nil {
		return delivered{}, fmt.Errorf("%s is not a sample: %w", file, err)
	}
	if sample.sender() == "" || len(sample.Body) == 0 {
		return delivered{}, fmt.Errorf("%s is not a sample: expected path /v1/<sender>/webhooks/<type> and a body", file)
	}
	return sample, nil
}

// recipient is the company to send to: slug, or the first partner of a process on this machine.
func (p *platform) recipient(ctx context.Context, slug string) (string, error) {
	if slug != "" {
		return slug, nil
	}
	err := p.signIn(ctx, identity.SystemAdmin, "")
	if err != nil {
		return "", err
	}
	all, err := p.companies(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.Kind == company.Partner {
			return c.Slug, nil
		}
	}
	return "", errors.New("there is no company yet: make one with `make company NAME=… SLUG=…`")
}

// devSecret asks the process on this machine what the company's sender signs with.
func (p *platform) devSecret(ctx context.Context, slug, sender string) (string, error) {
	if p.remote {
		return "", fmt.Errorf("give the secret of sender %s at %s with SECRET= (-secret)", sender, slug)
	}
	var given struct {
		Secret string `json:"secret"`
	}
	err := p.call(ctx, http.MethodPost, "/dev/secret", map[string]string{"company": slug, "sender": sender}, &given)
	if err != nil {
		return "", err
	}
	if given.Secret == "" {
		return "", fmt.Errorf("%s knows no secret of sender %s at %s; give it with SECRET= (-secret)", p.url, sender, slug)
	}
	return given.Secret, nil
}

// post sends the sample once and shows what was sent and answered.
func (p *platform) post(ctx context.Context, s *shell, sample delivered, slug, id, signature string) error {
	header := http.Header{}
	for name, value := range sample.Headers {
		header.Set(name, value)
	}
	header.Set("X-Delivery-Id", id)
	header.Set(signatureHeader(sample.sender()), signature)
	path := sample.Path + "?company=" + url.QueryEscape(slug)
	fmt.Fprintf(s.out, "%s %s\n  delivery %s, %d bytes, signed %s…\n", http.MethodPost, path, id, len(sample.Body), signature[:min(24, len(signature))])
	got, err := p.do(ctx, http.MethodPost, path, header, bytes.NewReader(sample.Body), int64(len(sample.Body)))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d %s\n%s\n", got.status, http.StatusText(got.status), indented(got.body))
	if want := cmp.Or(sample.Status, http.StatusAccepted); got.status != want {
		return fmt.Errorf("answered %d, expected %d", got.status, want)
	}
	if sample.Status != 0 {
		fmt.Fprintln(s.out, "  as it must be answered")
	}
	return nil
}

// indented is JSON laid out to be read; anything else as it is.
func indented(raw []byte) string {
	var b bytes.Buffer
	err := json.Indent(&b, raw, "  ", "  ")
	if err != nil {
		return "  " + strings.TrimSpace(string(raw))
	}
	return "  " + strings.TrimSpace(b.String())
}
