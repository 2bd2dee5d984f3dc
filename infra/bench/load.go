package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/teei/csr-platform/infra/sender"
)

// people is how many participants and how many volunteers the deliveries name.
const people = 500

func email(role string, n int) string { return fmt.Sprintf("%s%03d@sample.test", role, n%people) }

// emails lists everybody the deliveries name.
func emails() []string {
	var all []string
	for n := range people {
		all = append(all, email("participant", n), email("volunteer", n))
	}
	return all
}

// body is the nth delivery of a run, a session held just now.
func body(run string, n int, now time.Time) []byte {
	at := now.Add(-time.Duration(n%100000) * time.Second).UTC().Format(time.RFC3339)
	return fmt.Appendf(nil, `{"session_id":"%s-%d","session_type":"language","participant_email":"%s","volunteer_email":"%s",`+
		`"scheduled_at":"%s","completed_at":"%s","duration_minutes":45,"topics":["renting a flat","the doctor"],"language_level":"A2"}`,
		run, n, email("participant", n), email("volunteer", n*7), at, at)
}

// figures are what one run of the generator saw.
type figures struct {
	rate     float64 // answers a second
	p50, p99 time.Duration
	failures int64
}

// load sends n signed deliveries, c at a time, each with a fresh id and signature, and measures the answers.
func load(ctx context.Context, url, secret, run string, c, n int) (figures, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c, MaxConnsPerHost: c, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var next, failures atomic.Int64
	took := make([]time.Duration, n)
	var wait sync.WaitGroup
	var first atomic.Pointer[error]
	begun := time.Now()
	for range c {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				sent := time.Now()
				err := deliver(ctx, client, url, secret, run+"-"+strconv.Itoa(i), body(run, i, begun))
				took[i] = time.Since(sent)
				if err != nil {
					failures.Add(1)
					first.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wait.Wait()
	elapsed := time.Since(begun)
	if err := first.Load(); err != nil {
		return figures{failures: failures.Load()}, fmt.Errorf("%d of %d deliveries failed, the first: %w", failures.Load(), n, *err)
	}
	slices.Sort(took)
	return figures{rate: float64(n) / elapsed.Seconds(), p50: took[n/2], p99: took[n*99/100]}, nil
}

func deliver(ctx context.Context, client *http.Client, url, secret, id string, raw []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Delivery-Id", id)
	request.Header.Set("X-Kintell-Signature", sender.Sign(secret, time.Now(), raw))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("answer %d: %s", response.StatusCode, answer)
	}
	return nil
}
