//go:build !unix

package worktree

import (
	"bytes"
	"crypto/sha256"
	"io"
	"io/fs"
	"os"

	"github.com/mlops-runner/mlops/runner/store"
)

// A place is an open folder of the worktree.
type place struct{ root *os.Root }

func openRoot(path string) (place, error) {
	r, err := os.OpenRoot(path)
	return place{r}, err
}

func (p place) below(rel string) (place, error) {
	if rel == "" {
		rel = "."
	}
	r, err := p.root.OpenRoot(rel)
	return place{r}, err
}

func (p place) close()        { p.root.Close() }
func (p place) trusted() bool { return true }

func text(name []byte) string { return string(bytes.TrimSuffix(name, []byte{0})) }

// stat leaves Dev, Ino and Ctime zero, which makes them equal everywhere.
func (p place) stat(name []byte, st *stat) error {
	info, err := p.root.Lstat(text(name))
	if err != nil {
		return err
	}
	*st = stat{Size: info.Size(), Mtime: info.ModTime().UnixNano(), Mode: uint32(info.Mode().Perm())}
	switch info.Mode() & fs.ModeType {
	case 0:
		st.Mode |= typeFile
	case fs.ModeDir:
		st.Mode |= typeDir
	case fs.ModeSymlink:
		st.Mode |= typeLink
	}
	return nil
}

func (p place) readlink(name []byte) (string, error) { return p.root.Readlink(text(name)) }

// A hasher reads files; this one keeps nothing between them.
type hasher struct{}

func newHasher() *hasher { return &hasher{} }

func (h *hasher) hash(p place, name []byte, _ int64) (dig store.Digest, n int64, err error) {
	f, err := p.root.Open(text(name))
	if err != nil {
		return dig, 0, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err = io.Copy(sum, f)
	sum.Sum(dig[:0])
	return dig, n, err
}
