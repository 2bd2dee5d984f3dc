package signature_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/functions/webhooks/internal/signature"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// A published vector of the scheme (facts: inbound schemes): secret used as it is, HMAC-SHA256 of "t.body" in hex.
const (
	secret = "whsec_test"
	body   = `{"id":"evt_1"}`
	stamp  = 1492774577
	digest = "7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2"
	vector = "t=1492774577,v1=" + digest
)

var made = time.Unix(stamp, 0).UTC()

func sign(secret string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.", at)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func TestThePublishedVectorIsAccepted(t *testing.T) {
	t.Parallel()
	got, err := signature.Stamped(vector, []byte(body), made, []byte(secret))
	if err != nil || !got.Equal(made) {
		t.Errorf("made at %v (%v), expected %v", got, err, made)
	}
	if sign(secret, stamp, []byte(body)) != digest {
		t.Error("the tests sign otherwise than the vector")
	}
}

func TestHeadersAreReadAsTheSchemeSays(t *testing.T) {
	t.Parallel()
	flipped := "8" + digest[1:]
	for name, c := range map[string]struct {
		header string
		fits   bool
	}{
		"blanks between the parts":                     {"t=1492774577, v1=" + digest, true},
		"the signature first":                          {"v1=" + digest + ",t=1492774577", true},
		"capital hex digits":                           {"t=1492774577,v1=" + strings.ToUpper(digest), true},
		"another signature before":                     {"t=1492774577,v1=" + flipped + ",v1=" + digest, true},
		"another signature behind":                     {"t=1492774577,v1=" + digest + ",v1=" + flipped, true},
		"another scheme beside":                        {"t=1492774577,v0=" + flipped + ",v1=" + digest, true},
		"unknown parts":                                {"t=1492774577,v1=" + digest + ",x=1,,y", true},
		"a v1 that is no signature beside one that is": {"t=1492774577,v1=zz,v1=" + digest, true},
		"nothing":                                        {"", false},
		"no time":                                        {"v1=" + digest, false},
		"no signature":                                   {"t=1492774577", false},
		"an empty signature":                             {"t=1492774577,v1=", false},
		"two times, the first as signed":                 {"t=1492774577,t=1492774578,v1=" + digest, false},
		"two times, the second as signed":                {"t=1492774578,t=1492774577,v1=" + digest, false},
		"a time with a sign":                             {"t=+1492774577,v1=" + digest, false},
		"a time with a leading zero":                     {"t=01492774577,v1=" + digest, false},
		"a time with a blank":                            {"t= 1492774577,v1=" + digest, false},
		"a time in milliseconds":                         {"t=1492774577000,v1=" + digest, false},
		"a time that overflows":                          {"t=99999999999999999999,v1=" + digest, false},
		"a negative time":                                {"t=-1492774577,v1=" + digest, false},
		"another time":                                   {"t=1492774578,v1=" + digest, false},
		"one digit wrong":                                {"t=1492774577,v1=" + flipped, false},
		"half a signature":                               {"t=1492774577,v1=" + digest[:32], false},
		"a signature and more":                           {"t=1492774577,v1=" + digest + "00", false},
		"the right one under the old scheme":             {"t=1492774577,v0=" + digest, false},
		"the right one under a scheme in capitals":       {"t=1492774577,V1=" + digest, false},
		"other delimiters":                               {"t=1492774577;v1=" + digest, false},
		"the bare signature":                             {digest, false},
		"the scheme without a time":                      {"sha256=" + digest, false},
		"the right one in a header of several kilobytes": {vector + strings.Repeat(",v1="+flipped, 40), false},
		"a header of a megabyte of commas":               {strings.Repeat(",", 1<<20), false},
	} {
		_, err := signature.Stamped(c.header, []byte(body), made, []byte(secret))
		if c.fits && err != nil || !c.fits && !errors.Is(err, signature.Refused) {
			t.Errorf("%s: %v, expected it to fit: %v", name, err, c.fits)
		}
	}
}

func TestTheBytesAreSignedAsTheyCame(t *testing.T) {
	t.Parallel()
	for _, other := range []string{`{"id": "evt_1"}`, body + "\n", `{"id":"evt_2"}`, "", "\xef\xbb\xbf" + body} {
		if _, err := signature.Stamped(vector, []byte(other), made, []byte(secret)); !errors.Is(err, signature.Refused) {
			t.Errorf("%q passed under the signature of %q", other, body)
		}
	}
}

func TestATimeIsGoodForFiveMinutesToTheNanosecond(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		now  time.Time
		fits bool
	}{
		{made.Add(signature.Window), true},
		{made.Add(-signature.Window), true},
		{made.Add(signature.Window + time.Nanosecond), false},
		{made.Add(-signature.Window - time.Nanosecond), false},
		{made.In(time.FixedZone("", 5*3600)), true},
		{time.Time{}, false},
	} {
		_, err := signature.Stamped(vector, []byte(body), c.now, []byte(secret))
		if (err == nil) != c.fits {
			t.Errorf("%v after it was made: %v, expected it to fit: %v", c.now.Sub(made), err, c.fits)
		}
	}
}

func TestAnyOfTheSecretsWillDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secrets [][]byte
		fits    bool
	}{
		"the older of two":      {[][]byte{[]byte(secret), []byte("next")}, true},
		"the newer of two":      {[][]byte{[]byte("before"), []byte(secret)}, true},
		"neither of two":        {[][]byte{[]byte("before"), []byte("next")}, false},
		"none at all":           {nil, false},
		"one that is too short": {[][]byte{[]byte(secret[:len(secret)-1])}, false},
	} {
		_, err := signature.Stamped(vector, []byte(body), made, c.secrets...)
		if (err == nil) != c.fits {
			t.Errorf("%s: %v, expected it to fit: %v", name, err, c.fits)
		}
	}
}

// registry is a ledger that knows one sender and counts who asks.
type registry struct {
	port.Ledger
	asked int
	found company.Sender
	err   error
}

func (r *registry) Sender(context.Context, string, string) (company.Sender, error) {
	r.asked++
	return r.found, r.err
}

// safe opens what begins with the data it is bound to.
type safe struct{ port.Keys }

func (safe) Open(_ context.Context, sealed, data []byte) ([]byte, error) {
	plain, bound := bytes.CutPrefix(sealed, data)
	if !bound {
		return nil, errors.New("sealed for somebody else")
	}
	return plain, nil
}

func sealed(owner, secret string) []byte {
	return append(company.SecretData(owner, "kintell"), secret...)
}

func TestSecretsAreKeptForAMinuteAndNoLonger(t *testing.T) {
	t.Parallel()
	now := made
	r := &registry{found: company.Sender{Company: "c1", SecretNow: sealed("c1", "old"), SecretNext: sealed("c1", "new")}}
	senders := signature.NewSenders(r, safe{}, func() time.Time { return now })
	for _, step := range []struct {
		at    time.Duration
		asked int
	}{{0, 1}, {signature.TTL - time.Nanosecond, 1}, {signature.TTL, 2}} {
		now = made.Add(step.at)
		id, secrets, err := senders.Secrets(t.Context(), "acme", "kintell")
		if err != nil || id != "c1" || string(bytes.Join(secrets, []byte(" "))) != "old new" || r.asked != step.asked {
			t.Errorf("after %v: company %q with secrets %q (%v), asked %d times, expected %d", step.at, id, secrets, err, r.asked, step.asked)
		}
	}
}

func TestAStrangerHasASecretThatNobodyKnows(t *testing.T) {
	t.Parallel()
	r := &registry{err: fault.New(fault.Missing, "no such company or sender")}
	senders := signature.NewSenders(r, safe{}, func() time.Time { return made })
	for range 2 {
		id, secrets, err := senders.Secrets(t.Context(), "nobody", "kintell")
		if err != nil || id != "" || len(secrets) != 1 {
			t.Errorf("company %q with %d secrets (%v), expected none with one", id, len(secrets), err)
		}
	}
	if r.asked != 1 {
		t.Errorf("asked %d times, expected that a stranger costs one question a minute", r.asked)
	}
}

func TestWhatCannotBeLookedUpIsNotRemembered(t *testing.T) {
	t.Parallel()
	r := &registry{err: fault.New(fault.Busy, "the database is busy")}
	senders := signature.NewSenders(r, safe{}, func() time.Time { return made })
	if _, _, err := senders.Secrets(t.Context(), "acme", "kintell"); fault.KindOf(err) != fault.Busy {
		t.Errorf("%v, expected busy", err)
	}
	r.found, r.err = company.Sender{Company: "c1", SecretNow: sealed("c2", "of another company")}, nil
	if _, _, err := senders.Secrets(t.Context(), "acme", "kintell"); err == nil {
		t.Error("a secret sealed for another company was opened")
	}
	r.found.SecretNow = sealed("c1", "old")
	if id, _, err := senders.Secrets(t.Context(), "acme", "kintell"); err != nil || id != "c1" {
		t.Errorf("company %q (%v), expected c1 once the ledger answers", id, err)
	}
}

func TestStrangersCannotFillTheMemory(t *testing.T) {
	t.Parallel()
	r := &registry{err: fault.New(fault.Missing, "no such company or sender")}
	senders := signature.NewSenders(r, safe{}, func() time.Time { return made })
	for i := range 5000 {
		if _, _, err := senders.Secrets(t.Context(), strconv.Itoa(i), "kintell"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := senders.Secrets(t.Context(), "0", "kintell"); err != nil || r.asked != 5001 {
		t.Errorf("asked %d times (%v), expected 5001: the first name was still remembered after 5000 others", r.asked, err)
	}
}

func FuzzStamped(f *testing.F) {
	for _, header := range []string{vector, "", "t=", "t=1492774577,v1=", "t=1492774577,v0=" + digest + ",v1=" + digest, "t=1492774577,t=1492774577,v1=" + digest, ",,,=,t==", "t=-1,v1=" + digest} {
		f.Add(header, []byte(body), int64(stamp))
	}
	f.Fuzz(func(t *testing.T, header string, body []byte, at int64) {
		now := time.Unix(at%(1<<40), 0)
		got, err := signature.Stamped(header, body, now, []byte(secret))
		if err != nil {
			if !errors.Is(err, signature.Refused) || !got.IsZero() {
				t.Fatalf("refused as %v with time %v", err, got)
			}
			return
		}
		if !strings.Contains(strings.ToLower(header), "v1="+sign(secret, got.Unix(), body)) {
			t.Fatalf("%q passed without the signature of its body", header)
		}
		if age := now.Sub(got); age > signature.Window || age < -signature.Window {
			t.Fatalf("%q passed at an age of %v", header, age)
		}
	})
}
