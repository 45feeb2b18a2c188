//go:build !unix

package worktree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
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

// below opens rel. Unlike elsewhere, links inside the root are followed.
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
	st.fill(info)
	return nil
}

// fill takes over what the system tells.
func (st *stat) fill(info fs.FileInfo) {
	*st = stat{Size: info.Size(), Mtime: info.ModTime().UnixNano(), Mode: uint32(info.Mode().Perm())}
	switch info.Mode() & fs.ModeType {
	case 0:
		st.Mode |= typeFile
	case fs.ModeDir:
		st.Mode |= typeDir
	case fs.ModeSymlink:
		st.Mode |= typeLink
	}
}

func (p place) readlink(name []byte) (string, error) { return p.root.Readlink(text(name)) }

// A hasher reads files, one after the other: open, perhaps stat, hash, close.
type hasher struct{ file *os.File }

func newHasher() *hasher { return &hasher{} }

func (h *hasher) open(p place, name []byte) (err error) {
	h.file, err = p.root.Open(text(name))
	return err
}

func (h *hasher) stat(st *stat) error {
	info, err := h.file.Stat()
	if err == nil {
		st.fill(info)
	}
	return err
}

func (h *hasher) close() { h.file.Close() }

func (h *hasher) hash(ctx context.Context, _ int64) (dig store.Digest, n int64, err error) {
	sum := sha256.New()
	n, err = io.Copy(sum, cancelReader{ctx, h.file})
	sum.Sum(dig[:0])
	return dig, n, err
}

// list returns what the folder holds, in no order.
func (c *climber) list(l *level) ([]dirent, error) {
	f, err := l.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.ReadDir(-1)
	return l.kinds(names), err
}

// remove removes a file or link.
func (p place) remove(name string) error { return p.root.Remove(name) }

// rmdir removes an empty folder.
func (p place) rmdir(name string) error { return p.root.Remove(name) }

// absent reports whether the error says that there is no such file.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// A cancelReader ends when its context does.
type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c cancelReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}

// linked reports whether the error says that a symbolic link was in the way.
// Links inside the root are followed here.
func linked(err error) bool { return false }
