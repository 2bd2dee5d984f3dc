package migrate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/deploy/migrate"
)

func TestWhatWasAppliedIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		applied []string
		want    string
	}{
		"the first time":       {[]string{"0001_first.sql", "0002_second.sql"}, "0001_first.sql,0002_second.sql"},
		"when nothing is left": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := migrate.New(func(context.Context) ([]string, error) { return c.applied, nil }).Apply(t.Context(), nil)
			if diff := cmp.Diff(map[string]any{"Applied": c.want}, got); err != nil || diff != "" {
				t.Errorf("%v, answer (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAFailureFailsTheDeployment(t *testing.T) {
	t.Parallel()
	broken := errors.New("migration 0002_second.sql: no")
	_, err := migrate.New(func(context.Context) ([]string, error) { return []string{"0001_first.sql"}, broken }).Apply(t.Context(), nil)
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestElsewhereThanInADeploymentItSaysSo(t *testing.T) {
	t.Parallel()
	opened, err := migrate.Function.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = opened.Lifecycle(t.Context(), nil)
	if err == nil {
		t.Error("it claims to have migrated")
	}
}
