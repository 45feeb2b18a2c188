//go:build linux && (amd64 || arm64 || riscv64 || loong64)

package snapshot

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Where openat2 is refused, folders are opened one by one; both must agree.
func TestOpenStepwiseAgreesWithOpenat2(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	p, err := OpenRoot(root)
	for _, err := range []error{err, os.MkdirAll(filepath.Join(root, "a/b/c"), 0o755), os.Symlink("b", filepath.Join(root, "a/link")), os.WriteFile(filepath.Join(root, "a/file"), nil, 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	defer p.Close()
	for rel, want := range map[string]error{"a": nil, "a/b/c": nil, "a/link/c": syscall.ELOOP, "a/link": syscall.ELOOP, "a/file": syscall.ENOTDIR, "no": syscall.ENOENT, "a/no/c": syscall.ENOENT} {
		one, err := openBelow(p.FD, rel)
		if err == nil {
			syscall.Close(one)
		}
		two, err2 := openStepwise(p.FD, rel, oPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC)
		if err2 == nil {
			syscall.Close(two)
		}
		if err != want || (err2 == nil) != (want == nil) || want != nil && !NotThere(err2) {
			t.Errorf("%s: %v and %v, want %v", rel, err, err2, want)
		}
	}
}
