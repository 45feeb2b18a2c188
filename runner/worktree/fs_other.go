//go:build !unix

package worktree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"

	"github.com/mlops-runner/mlops/runner/store"
)

func text(name []byte) string { return string(bytes.TrimSuffix(name, []byte{0})) }

func (p place) readlink(name []byte) (string, error) { return p.Root.Readlink(text(name)) }

// A hasher reads files, one after the other: open, perhaps stat, hash, close.
type hasher struct{ file *os.File }

func newHasher() *hasher { return &hasher{} }

func (h *hasher) open(p place, name []byte) (err error) {
	h.file, err = p.Root.Open(text(name))
	return err
}

func (h *hasher) stat(st *stat) error {
	info, err := h.file.Stat()
	if err == nil {
		st.Fill(info)
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
	f, err := l.Root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.ReadDir(-1)
	return l.kinds(names), err
}

// remove removes a file or link.
func (p place) remove(name string) error { return p.Root.Remove(name) }

// rmdir removes an empty folder.
func (p place) rmdir(name string) error { return p.Root.Remove(name) }

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
