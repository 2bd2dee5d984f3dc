package keyring_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/teei/csr-platform/shared/adapter/keyring"
	"github.com/teei/csr-platform/shared/testkit/keystest"
)

func open(t *testing.T, path string) *keyring.Keyring {
	t.Helper()
	keys, err := keyring.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "keyring.json")
	keystest.Run(t, open(t, path), open(t, path))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

func TestAfterARotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyring.json")
	before := open(t, path)
	old, err := before.Seal(t.Context(), []byte("old"), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = keyring.Rotate(path)
	if err != nil {
		t.Fatal(err)
	}
	after := open(t, path)
	got, err := after.Open(t.Context(), old, nil)
	if err != nil || string(got) != "old" {
		t.Errorf("what was sealed before: %q, %v", got, err)
	}
	fresh, err := after.Seal(t.Context(), []byte("new"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = before.Open(t.Context(), fresh, nil)
	if err == nil {
		t.Error("the fresh key is the old one")
	}
}

func TestManyOpenersShareOneKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyring.json")
	sealed := make(chan []byte, 8)
	for range cap(sealed) {
		go func() {
			keys, err := keyring.Open(path)
			if err != nil {
				t.Error(err)
				sealed <- nil
				return
			}
			value, _ := keys.Seal(t.Context(), []byte("x"), nil)
			sealed <- value
		}()
	}
	keys := open(t, path)
	for range cap(sealed) {
		_, err := keys.Open(t.Context(), <-sealed, nil)
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAFileThatIsNotOnesOwnIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyring.json")
	open(t, path)
	err := os.Chmod(path, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = keyring.Open(path)
	if err == nil {
		t.Error("took a keyring that others may read")
	}
}

func TestABrokenFileIsNotReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyring.json")
	err := os.WriteFile(path, []byte("{"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = keyring.Open(path)
	if err == nil {
		t.Error("took half a keyring")
	}
	raw, _ := os.ReadFile(path)
	if string(raw) != "{" {
		t.Errorf("the broken file became %q: what it sealed is lost", raw)
	}
}
