// Package keyring seals with keys kept in a file, for a process that has no key service: a Tink keyset of AES-256-GCM keys, which
// only its owner may read.
package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/teei/csr-platform/shared/port"
)

// Keyring is port.Keys over a file.
type Keyring struct{ primitive tink.AEAD }

var _ port.Keys = (*Keyring)(nil)

// Open reads the keyring at path, or makes one with a fresh key where there is none; of two processes that make one at the same
// moment both use the first. A file that others may read is refused.
func Open(path string) (*Keyring, error) {
	handle, err := read(path)
	if errors.Is(err, os.ErrNotExist) {
		handle, err = keyset.NewHandle(aead.AES256GCMKeyTemplate())
		if err == nil {
			err = write(path, handle, os.Link)
		}
		if err == nil || errors.Is(err, os.ErrExist) {
			handle, err = read(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	return &Keyring{primitive}, nil
}

// Rotate gives the keyring at path a fresh key to seal with, and keeps the old ones to open with. Whoever opened the keyring
// before goes on with the old key until it is opened again, and cannot open what the fresh key sealed.
func Rotate(path string) error {
	handle, err := read(path)
	if err != nil {
		return fmt.Errorf("rotate keyring: %w", err)
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = manager.SetPrimary(id)
	}
	if err == nil {
		handle, err = manager.Handle()
	}
	if err == nil {
		err = write(path, handle, os.Rename)
	}
	if err != nil {
		return fmt.Errorf("rotate keyring: %w", err)
	}
	return nil
}

func read(path string) (*keyset.Handle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s may be read by others: expected mode 0600", path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
}

// write keeps handle in a file beside path and lets place move it there whole.
func write(path string, handle *keyset.Handle, place func(from, to string) error) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)) // 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = errors.Join(insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(file)), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return place(file.Name(), path)
}

// Seal is port.Keys.
func (k *Keyring) Seal(_ context.Context, plain, data []byte) ([]byte, error) {
	sealed, err := k.primitive.Encrypt(plain, data)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open is port.Keys.
func (k *Keyring) Open(_ context.Context, sealed, data []byte) ([]byte, error) {
	plain, err := k.primitive.Decrypt(sealed, data)
	if err != nil {
		return nil, fmt.Errorf("open what was sealed: %w", err)
	}
	return plain, nil
}
