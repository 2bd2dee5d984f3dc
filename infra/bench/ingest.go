package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	csr "github.com/teei/csr-platform"
	"github.com/teei/csr-platform/functions"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/platform/log"
	"github.com/teei/csr-platform/shared/platform/standalone"
	"github.com/teei/csr-platform/shared/platform/template"
	"github.com/teei/csr-platform/shared/port"
)

const (
	secret     = "a secret of the bench alone"
	deliveries = 12_000 // a run
	warmup     = 3_000
	webhook    = "/v1/kintell/webhooks/session-completed?company=acme"
)

// platform starts the real process on service, with one company that may send, and with everybody the deliveries name.
func (b *bench) platform(ctx context.Context, service string, consumers bool) (*standalone.Process, string, error) {
	written, err := template.Read(csr.Template)
	if err != nil {
		return nil, "", err
	}
	b.made++
	dir := filepath.Join(b.dir, fmt.Sprintf("platform%d", b.made))
	err = os.MkdirAll(dir, 0o755)
	if err != nil {
		return nil, "", err
	}
	lines, err := os.Create(filepath.Join(dir, "platform.log"))
	if err != nil {
		return nil, "", err
	}
	process, err := standalone.Start(ctx, standalone.Options{
		Template: written, Functions: functions.All, Dir: dir, DatabaseURL: service, Listen: "127.0.0.1:0",
		Log: log.New(lines, log.Level("info")), Lookup: os.LookupEnv, WithoutConsumers: !consumers,
	})
	if err != nil {
		return nil, "", err
	}
	id := identity.NewID()
	err = settle(ctx, process.Env(), id)
	if err != nil {
		process.Stop(ctx)
		return nil, "", err
	}
	return process, id, nil
}

// settle makes the company, its sender and the people.
func settle(ctx context.Context, env port.Env, id string) error {
	ledger, err := env.Ledger(ctx)
	if err != nil {
		return err
	}
	keys, err := env.Keys(ctx)
	if err != nil {
		return err
	}
	sealed, err := keys.Seal(ctx, []byte(secret), company.SecretData(id, "kintell"))
	if err != nil {
		return err
	}
	acme := company.Company{ID: id, Slug: "acme", Name: "Acme", Kind: company.Partner, TimeZone: "Europe/Oslo", CreatedAt: time.Now()}
	err = ledger.Do(ctx, port.Operator("bench"), func(tx port.Tx) error { return tx.Companies().Create(ctx, acme) })
	if err != nil {
		return err
	}
	return ledger.Do(ctx, port.In(id, "bench"), func(tx port.Tx) error {
		tx.Companies().PutSender(company.Sender{Company: id, Name: "kintell", SecretNow: sealed})
		var everybody []identity.Contact
		for n := range people {
			everybody = append(everybody, identity.Contact{Email: email("participant", n), Role: identity.Participant},
				identity.Contact{Email: email("volunteer", n), Role: identity.Volunteer})
		}
		_, err := tx.People().Persons(ctx, everybody)
		return err
	})
}

// ingest measures signed webhooks to committed facts and outbox rows, both sides in turn. On our side tenancy, audit, validation, the
// permission table, the log line and trace context are on; neither side publishes or consumes.
func (b *bench) ingest(ctx context.Context) error {
	owner, service, err := b.database(ctx)
	if err != nil {
		return err
	}
	pool, err := floorPool(ctx, owner)
	if err != nil {
		return err
	}
	defer pool.Close()
	floor := httptest.NewServer(floorHandler(pool, secret))
	defer floor.Close()
	process, _, err := b.platform(ctx, service, false)
	if err != nil {
		return err
	}
	defer process.Stop(ctx)
	ours := "http://" + process.Address() + webhook
	for _, url := range []string{floor.URL, ours} {
		_, err = load(ctx, url, secret, fmt.Sprint("warm", len(url)), 16, warmup)
		if err != nil {
			return err
		}
	}
	for _, c := range []int{16, 64} {
		var rates, floors, ratios, tails []float64
		for i := range b.repeat {
			f, err := load(ctx, floor.URL, secret, fmt.Sprintf("f%d-%d", c, i), c, deliveries)
			if err != nil {
				return err
			}
			o, err := load(ctx, ours, secret, fmt.Sprintf("o%d-%d", c, i), c, deliveries)
			if err != nil {
				return err
			}
			b.progress("ingest c=%d: floor %.0f/s p99 %s, ours %.0f/s p99 %s, ratio %.2f", c, f.rate, f.p99, o.rate, o.p99, o.rate/f.rate)
			floors, rates = append(floors, f.rate), append(rates, o.rate)
			ratios, tails = append(ratios, o.rate/f.rate), append(tails, float64(o.p99)/float64(f.p99))
		}
		row(fmt.Sprintf("signed webhook to committed fact and outbox row, c=%d, req/s", c), spread(floors, "%.0f"), spread(rates, "%.0f"), spread(ratios, "%.2f"), "≥ 0.75")
		row(fmt.Sprintf("the same, p99, c=%d", c), "", "", spread(tails, "%.2f"), "≤ 1.5")
	}
	return nil
}

// sustained is the rate at which lag is measured, deliveries a second, and for how long.
const (
	sustained = 400
	lasting   = 15 * time.Second
)

// lag measures the time from a webhook's answer until the company's report counts it, while deliveries go on at a steady rate with
// every consumer on.
func (b *bench) lag(ctx context.Context) error {
	_, service, err := b.database(ctx)
	if err != nil {
		return err
	}
	process, id, err := b.platform(ctx, service, true)
	if err != nil {
		return err
	}
	defer process.Stop(ctx)
	base := "http://" + process.Address()
	token, err := adminToken(ctx, base)
	if err != nil {
		return err
	}
	answered := make(chan time.Time, int(lasting.Seconds())*sustained+1)
	sending := make(chan error, 1)
	go func() { sending <- steady(ctx, base+webhook, answered) }()
	var lags []float64
	seen := 0
	for seen < cap(answered)-1 {
		sessions, err := reported(ctx, base, id, token)
		if err != nil {
			return err
		}
		now := time.Now()
		for ; seen < sessions; seen++ {
			lags = append(lags, max(0, now.Sub(<-answered).Seconds()))
		}
		select {
		case err := <-sending:
			if err != nil {
				return err
			}
			sending = nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	slow := percentile(lags, 0.99)
	row(fmt.Sprintf("webhook answered to visible in the report, p50 / p99, s, at %d/s for %s", sustained, lasting), "",
		fmt.Sprintf("%.2f / %.2f", percentile(lags, 0.5), slow), "", "p99 ≤ 2 s")
	return nil
}

func percentile(values []float64, p float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[int(float64(len(sorted)-1)*p)]
}

// steady sends deliveries at the sustained rate and notes when each was answered.
func steady(ctx context.Context, url string, answered chan<- time.Time) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(time.Second / sustained)
	defer tick.Stop()
	begun := time.Now()
	for n := range cap(answered) - 1 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		err := deliver(ctx, client, url, secret, fmt.Sprintf("lag-%d", n), body("lag", n, begun))
		if err != nil {
			return err
		}
		answered <- time.Now()
	}
	return nil
}

func adminToken(ctx context.Context, base string) (string, error) {
	var given struct{ Token string }
	err := askJSON(ctx, http.MethodPost, base+"/dev/token", "", `{"role":"system_admin","company":""}`, &given)
	return given.Token, err
}

// reported is how many sessions the at-a-glance report counts.
func reported(ctx context.Context, base, id, token string) (int, error) {
	var report struct{ Sessions struct{ Value *float64 } }
	err := askJSON(ctx, http.MethodGet, base+"/v1/companies/"+id+"/at-a-glance", token, "", &report)
	if err != nil || report.Sessions.Value == nil {
		return 0, err
	}
	return int(*report.Sessions.Value), nil
}

func askJSON(ctx context.Context, method, url, token, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, url, response.StatusCode, raw)
	}
	return json.Unmarshal(raw, into)
}
