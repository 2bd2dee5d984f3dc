// Package keystest holds every port.Keys to the same promises.
package keystest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/teei/csr-platform/shared/port"
)

// Run runs the suite. again gives another Keys over the same key, as a second process would have it.
func Run(t *testing.T, keys, again port.Keys) {
	t.Helper()
	plain, data := []byte("whsec_a secret that signs"), []byte("sender\x00company-1\x00kintell")
	seal := func(t *testing.T, plain, data []byte) []byte {
		t.Helper()
		sealed, err := keys.Seal(t.Context(), plain, data)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}

	t.Run("what is sealed opens again, here and in another process", func(t *testing.T) {
		t.Parallel()
		for name, plain := range map[string][]byte{"a secret": plain, "nothing": {}, "a body": bytes.Repeat([]byte("0123456789"), 30_000)} {
			for _, data := range [][]byte{data, nil} {
				sealed := seal(t, plain, data)
				for _, k := range []port.Keys{keys, again, keys} {
					got, err := k.Open(t.Context(), sealed, data)
					if err != nil || !bytes.Equal(got, plain) {
						t.Errorf("%s: opened %d bytes, %v", name, len(got), err)
					}
				}
			}
		}
	})
	t.Run("the sealed value shows nothing and is never the same twice", func(t *testing.T) {
		t.Parallel()
		first, second := seal(t, plain, data), seal(t, plain, data)
		if bytes.Contains(first, plain[:8]) {
			t.Error("the sealed value shows the plain one")
		}
		if bytes.Equal(first, second) {
			t.Error("two seals of one value are the same")
		}
	})
	t.Run("it opens only with the data it was sealed with", func(t *testing.T) {
		t.Parallel()
		sealed := seal(t, plain, data)
		for _, other := range [][]byte{nil, {}, []byte("sender\x00company-2\x00kintell"), append(bytes.Clone(data), 0)} {
			got, err := keys.Open(t.Context(), sealed, other)
			if err == nil || got != nil {
				t.Errorf("opened with other data %q", other)
			}
		}
	})
	t.Run("a changed, cut or foreign value does not open", func(t *testing.T) {
		t.Parallel()
		sealed := seal(t, plain, data)
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			got, err := keys.Open(t.Context(), changed, data)
			if err == nil || got != nil {
				t.Fatalf("opened with byte %d changed", i)
			}
		}
		for length := range len(sealed) {
			_, err := keys.Open(t.Context(), sealed[:length], data)
			if err == nil {
				t.Fatalf("opened the first %d bytes", length)
			}
		}
		_, err := keys.Open(t.Context(), append(bytes.Clone(sealed), 0), data)
		if err == nil {
			t.Error("opened with a byte more")
		}
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		failures := make(chan error, 16)
		for i := range cap(failures) {
			go func() {
				value := fmt.Appendf(nil, "value %d", i)
				sealed, err := keys.Seal(t.Context(), value, data)
				if err == nil {
					var got []byte
					got, err = keys.Open(t.Context(), sealed, data)
					if err == nil && !bytes.Equal(got, value) {
						err = fmt.Errorf("sealed %q, opened %q", value, got)
					}
				}
				failures <- err
			}()
		}
		for range cap(failures) {
			err := <-failures
			if err != nil {
				t.Error(err)
			}
		}
	})
}
