package disk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/teei/csr-platform/shared/adapter/disk"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
	"github.com/teei/csr-platform/shared/testkit/filestest"
)

func open(t *testing.T, folder string) *disk.Files {
	t.Helper()
	files, err := disk.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	return files
}

func TestFiles(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(t *testing.T) port.Files { return open(t, t.TempDir()) })
}

func TestNothingOutsideTheFolderIsReached(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	err := os.WriteFile(filepath.Join(parent, "secret"), []byte("s"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	files := open(t, filepath.Join(parent, "files"))
	err = os.Symlink(parent, filepath.Join(parent, "files", "link"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"../secret", "a/../../secret", "/etc/passwd", "link/secret", "", ".", "a//b", ".partial/x", "a/.b", "a\\..\\b", "a\x00b"} {
		if body, err := files.Open(context.Background(), key, 0); err == nil {
			body.Close()
			t.Errorf("opened %q", key)
		}
		if files.Put(context.Background(), key, strings.NewReader("x"), 1) == nil {
			t.Errorf("wrote %q", key)
		}
	}
	kept, err := os.ReadFile(filepath.Join(parent, "secret"))
	if err != nil || string(kept) != "s" {
		t.Errorf("the file outside is now %q, %v", kept, err)
	}
}

func TestAHalfWrittenFileLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	files := open(t, folder)
	broken := errors.New("connection reset")
	err := files.Put(context.Background(), "c/x.csv", iotest.ErrReader(broken), -1)
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the failure of the body", err)
	}
	left, err := os.ReadDir(filepath.Join(folder, ".partial"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v %v", left, err)
	}
	_, err = files.Size(context.Background(), "c/x.csv")
	if fault.KindOf(err) != fault.Missing {
		t.Errorf("got %v, want Missing", err)
	}
}

func TestWhatADeadProcessHalfWroteIsRemovedAtTheNextStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	err := errors.Join(os.Mkdir(filepath.Join(folder, ".partial"), 0o700), os.WriteFile(filepath.Join(folder, ".partial", "x"), nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	open(t, folder)
	left, err := os.ReadDir(filepath.Join(folder, ".partial"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v %v", left, err)
	}
}
