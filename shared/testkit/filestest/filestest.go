// Package filestest is what every adapter of port.Files must do.
package filestest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Run holds the adapter that fresh makes, empty each time, to port.Files.
func Run(t *testing.T, fresh func(t *testing.T) port.Files) {
	for name, check := range map[string]func(*testing.T, port.Files){
		"what is put is opened":                     roundTrip,
		"reading starts anywhere":                   offsets,
		"a large body of unknown length is whole":   large,
		"a body shorter than promised is not kept":  short,
		"a body that breaks off is not kept":        broken,
		"the later of two files of one key stays":   replaced,
		"an unknown key is Missing":                 absent,
		"readers and writers do not see halves":     together,
		"a context that has ended stops everything": ended,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, fresh(t))
		})
	}
}

const key = "0198c0de-0000-7000-8000-000000000001/imports/0198c0de-0000-7000-8000-000000000002"

func put(t *testing.T, files port.Files, body string) {
	t.Helper()
	err := files.Put(t.Context(), key, strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, files port.Files, offset int64) string {
	t.Helper()
	body, err := files.Open(t.Context(), key, offset)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(body)
	err = errors.Join(err, body.Close())
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func roundTrip(t *testing.T, files port.Files) {
	for _, body := range []string{"a,b\r\n1,Це добре\n", ""} {
		put(t, files, body)
		size, err := files.Size(t.Context(), key)
		if got := read(t, files, 0); got != body || size != int64(len(body)) || err != nil {
			t.Errorf("got %q of size %d, %v; want %q", got, size, err, body)
		}
	}
}

func offsets(t *testing.T, files port.Files) {
	const body = "0123456789"
	put(t, files, body)
	for offset := range int64(len(body) + 1) {
		if got := read(t, files, offset); got != body[offset:] {
			t.Errorf("from %d: %q", offset, got)
		}
	}
	if got := read(t, files, 100); got != "" {
		t.Errorf("behind the end: %q", got)
	}
}

func large(t *testing.T, files port.Files) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	err := files.Put(t.Context(), key, struct{ io.Reader }{bytes.NewReader(body)}, -1)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, files, 0); got != string(body) {
		t.Errorf("%d bytes came back of %d, or others", len(got), len(body))
	}
	if got := read(t, files, int64(len(body)-4)); got != "cdef" {
		t.Errorf("the last four are %q", got)
	}
}

func short(t *testing.T, files port.Files) {
	for _, size := range []int64{2, 4} {
		err := files.Put(t.Context(), key, struct{ io.Reader }{strings.NewReader("abc")}, size)
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("3 bytes as %d: got %v, want Invalid", size, err)
		}
		_, err = files.Size(t.Context(), key)
		if fault.KindOf(err) != fault.Missing {
			t.Errorf("got %v, want Missing", err)
		}
	}
}

func broken(t *testing.T, files port.Files) {
	put(t, files, "before")
	reset := errors.New("connection reset")
	for _, size := range []int64{-1, 100} {
		err := files.Put(t.Context(), key, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(reset)), size)
		if !errors.Is(err, reset) {
			t.Errorf("got %v, want the failure of the body", err)
		}
	}
	if got := read(t, files, 0); got != "before" {
		t.Errorf("now it is %q", got)
	}
}

func replaced(t *testing.T, files port.Files) {
	put(t, files, "first, and longer")
	put(t, files, "second")
	if got := read(t, files, 0); got != "second" {
		t.Errorf("got %q", got)
	}
}

func absent(t *testing.T, files port.Files) {
	_, err := files.Size(t.Context(), key)
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("size: got %v, want Missing", err)
	}
	_, err = files.Open(t.Context(), key, 0)
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("open: got %v, want Missing", err)
	}
}

func together(t *testing.T, files port.Files) {
	bodies := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 100_000)}
	put(t, files, bodies[0])
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			body := bodies[i%2]
			err := files.Put(t.Context(), key, strings.NewReader(body), int64(len(body)))
			if err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			opened, err := files.Open(t.Context(), key, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer opened.Close()
			got, err := io.ReadAll(opened)
			if err != nil || string(got) != bodies[0] && string(got) != bodies[1] {
				t.Errorf("read %d bytes that nobody wrote, %v", len(got), err)
			}
		})
	}
	all.Wait()
}

func ended(t *testing.T, files port.Files) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := files.Put(ctx, key, strings.NewReader("x"), 1)
	if err == nil {
		t.Error("put went on")
	}
	_, err = files.Size(t.Context(), key)
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("got %v, want Missing", err)
	}
}
