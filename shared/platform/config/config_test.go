package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/platform/config"
)

func reader(settings map[string]string, resolve config.Resolve) *config.Reader {
	return config.New(func(name string) (string, bool) { value, ok := settings[name]; return value, ok }, resolve)
}

func TestEveryWrongSettingIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	r := reader(map[string]string{"COUNT": "many", "SPAN": "soon", "MODE": "fast", "GOOD": "5"}, nil)
	r.String("ABSENT")
	r.Int("COUNT", 1)
	r.Duration("SPAN", time.Second)
	r.OneOf("MODE", "local", "bedrock")
	if got := r.Int("GOOD", 1); got != 5 {
		t.Errorf("GOOD is %d, want 5", got)
	}
	err := r.Err()
	if err == nil {
		t.Fatal("nothing was reported")
	}
	for _, name := range []string{"ABSENT", "COUNT", "SPAN", "MODE"} {
		if !strings.Contains(err.Error(), "setting "+name+": expected ") {
			t.Errorf("%s is not reported in: %v", name, err)
		}
	}
	for _, value := range []string{"many", "soon", "fast", "GOOD"} {
		if strings.Contains(err.Error(), value) {
			t.Errorf("%q is shown in: %v", value, err)
		}
	}
}

func TestAbsentSettingsTakeTheirDefault(t *testing.T) {
	t.Parallel()
	r := reader(map[string]string{"EMPTY": ""}, nil)
	if r.StringOr("EMPTY", "a") != "a" || r.Int("N", 7) != 7 || r.Duration("D", time.Minute) != time.Minute || r.OneOf("M", "x", "y") != "x" || r.Err() != nil {
		t.Errorf("a default was not taken: %v", r.Err())
	}
}

func TestASecretPrintsNothing(t *testing.T) {
	t.Parallel()
	secret := config.NewSecret("hunter2")
	var line bytes.Buffer
	slog.New(slog.NewJSONHandler(&line, nil)).Info("x", "secret", secret)
	raw, err := json.Marshal(map[string]any{"secret": secret})
	if err != nil {
		t.Fatal(err)
	}
	for how, shown := range map[string]string{
		"%v": fmt.Sprintf("%v", secret), "%+v": fmt.Sprintf("%+v", struct{ S config.Secret }{secret}), "%#v": fmt.Sprintf("%#v", secret), "String": secret.String(),
		"%q": fmt.Sprintf("%q", secret), "json": string(raw), "log": line.String(),
	} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("%s shows it: %s", how, shown)
		}
	}
	if secret.Reveal() != "hunter2" {
		t.Error("Reveal does not")
	}
}

func TestASecretIsFetchedOnceAndWhenNeeded(t *testing.T) {
	t.Parallel()
	asked, away := 0, true
	r := reader(map[string]string{"KEY": "arn:aws:secretsmanager:eu-north-1:1:secret:x"}, func(_ context.Context, name string) (string, error) {
		asked++
		if away {
			return "", errors.New("away")
		}
		return "value of " + name, nil
	})
	find := r.Secret("KEY")
	if asked != 0 {
		t.Error("fetched before it was needed")
	}
	if _, err := find(t.Context()); err == nil || !strings.Contains(err.Error(), "KEY") {
		t.Errorf("error %v, want one that names the setting", err)
	}
	away = false
	for range 3 {
		got, err := find(t.Context())
		if err != nil || got.Reveal() != "value of arn:aws:secretsmanager:eu-north-1:1:secret:x" {
			t.Errorf("got %q, %v", got.Reveal(), err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want once for the failure and once for the value", asked)
	}
}
