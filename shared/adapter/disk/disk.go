// Package disk keeps files in a folder of this machine.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Files is port.Files in one folder. Nothing outside it can be reached, not by a key and not through a symbolic link.
type Files struct{ root *os.Root }

var _ port.Files = (*Files)(nil)

// temporary is where a file grows until it is whole; no key begins with a dot.
const temporary = ".partial"

// New keeps files in folder, which is made if it is not there. What an earlier process left half-written in it is removed.
func New(folder string) (*Files, error) {
	err := os.MkdirAll(folder, 0o700)
	if err != nil {
		return nil, fmt.Errorf("folder for files: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("folder for files: %w", err)
	}
	err = root.RemoveAll(temporary)
	if err != nil {
		return nil, fmt.Errorf("remove half-written files: %w", err)
	}
	err = root.Mkdir(temporary, 0o700)
	if err != nil {
		return nil, fmt.Errorf("folder for half-written files: %w", err)
	}
	return &Files{root}, nil
}

// Put is port.Files: the file is written beside, flushed to the disk, then takes its place in one step.
func (f *Files) Put(ctx context.Context, key string, body io.Reader, size int64) error {
	err := check(key)
	if err != nil {
		return err
	}
	partial := path.Join(temporary, uuid.NewString())
	err = f.write(ctx, partial, body, size)
	if err == nil {
		err = f.root.MkdirAll(path.Dir(key), 0o700)
	}
	if err == nil {
		err = f.root.Rename(partial, key)
	}
	if err == nil {
		err = f.flush(path.Dir(key))
	}
	if err != nil {
		_ = f.root.Remove(partial) // the next start removes it otherwise
		return fmt.Errorf("keep file %s: %w", key, err)
	}
	return nil
}

func (f *Files) write(ctx context.Context, name string, body io.Reader, size int64) (err error) {
	out, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err := io.Copy(out, patient{ctx, body})
	if err != nil {
		return err
	}
	if size >= 0 && n != size {
		return fault.New(fault.Invalid, fmt.Sprintf("the file has %d bytes, expected %d", n, size))
	}
	return out.Sync()
}

// flush makes a rename in folder survive a loss of power.
func (f *Files) flush(folder string) error {
	dir, err := f.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Open is port.Files.
func (f *Files) Open(_ context.Context, key string, offset int64) (io.ReadCloser, error) {
	err := check(key)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, fault.New(fault.Invalid, "a file is read from byte 0 on or later")
	}
	file, err := f.root.Open(key)
	if err != nil {
		return nil, translate(key, err)
	}
	_, err = file.Seek(offset, io.SeekStart)
	if err != nil {
		return nil, errors.Join(translate(key, err), file.Close())
	}
	return file, nil
}

// Size is port.Files.
func (f *Files) Size(_ context.Context, key string) (int64, error) {
	err := check(key)
	if err != nil {
		return 0, err
	}
	info, err := f.root.Stat(key)
	if err != nil {
		return 0, translate(key, err)
	}
	if !info.Mode().IsRegular() {
		return 0, fault.New(fault.Missing, "no such file")
	}
	return info.Size(), nil
}

// UploadURL is port.Files: files come through our own route.
func (*Files) UploadURL(context.Context, string, time.Duration) (string, error) { return "", nil }

// Close gives the folder back.
func (f *Files) Close() error { return f.root.Close() }

// check refuses a key that is no plain path downwards.
func check(key string) error {
	if !fs.ValidPath(key) || strings.HasPrefix(key, ".") || strings.Contains(key, "/.") || strings.ContainsAny(key, "\\\x00") {
		return fault.New(fault.Invalid, "the key of a file must be a path such as company/imports/id.csv")
	}
	return nil
}

func translate(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Missing, "no such file")
	}
	return fmt.Errorf("file %s: %w", key, err)
}

// patient stops reading once its context has ended.
type patient struct {
	ctx  context.Context
	body io.Reader
}

func (p patient) Read(into []byte) (int, error) {
	err := p.ctx.Err()
	if err != nil {
		return 0, err
	}
	return p.body.Read(into)
}
