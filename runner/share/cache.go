package share

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Cache gives a run what others have pushed, and only what it uses. It writes
// nothing to the remote. It is safe for concurrent use. After the first trouble with the remote it
// is asked no more: the run goes on without it, and says so.
type Cache struct {
	Share *Share
	Warn  func(error) // told of that trouble, once, and of each *[DamagedError]

	mu   sync.Mutex // guards what follows
	off  bool
	runs map[string]bool // records that were brought or are not there
}

var _ runner.Cache = (*Cache)(nil)

func (c *Cache) isOff() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.off
}

// trouble switches the cache off, unless the run itself was cancelled.
func (c *Cache) trouble(ctx context.Context, err error) {
	c.mu.Lock()
	first := !c.off && ctx.Err() == nil
	c.off = c.off || first
	c.mu.Unlock()
	if first && c.Warn != nil {
		c.Warn(err)
	}
}

// Result returns what is kept under a fingerprint, with nothing brought but that.
func (c *Cache) Result(ctx context.Context, print store.Digest) ([]byte, error) {
	if c.isOff() {
		return nil, store.ErrNotFound
	}
	_, data, err := c.Share.result(ctx, print)
	switch {
	case err == nil:
		return data, nil
	case errors.Is(err, remote.ErrNotFound) || errors.Is(err, errOther):
		return nil, store.ErrNotFound
	}
	c.trouble(ctx, err)
	return nil, store.ErrNotFound
}

// Bring brings the bytes of files. Those that are not to be had are store.ErrNotFound.
func (c *Cache) Bring(ctx context.Context, es []store.Entry) error {
	bs := withBytes(es)
	if c.isOff() {
		if c.Share.hasAll(digests(bs)) {
			return nil
		}
		return fmt.Errorf("the shared store cannot be asked: %w", store.ErrNotFound)
	}
	_, _, err := c.Share.bring(ctx, bs)
	var far *remote.Error
	var damaged *DamagedError
	switch {
	case errors.Is(err, remote.ErrNotFound):
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	case errors.As(err, &damaged):
		if c.Warn != nil {
			c.Warn(err)
		}
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	case errors.As(err, &far):
		c.trouble(ctx, err)
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	return err // of this machine's disk, or that it is over
}

// withBytes are the files of a tree that have bytes.
func withBytes(es []store.Entry) (bs []blob) {
	for _, e := range es {
		if e.Link == "" && !e.Mode.IsDir() {
			bs = append(bs, blob{e.Digest, e.Size})
		}
	}
	return bs
}

func digests(bs []blob) []store.Digest {
	out := make([]store.Digest, len(bs))
	for i, b := range bs {
		out[i] = b.digest
	}
	return out
}

// Record brings the record of a run, which holds the log of a result, if it is to be had.
func (c *Cache) Record(ctx context.Context, run string) error {
	if c.Share.hasRun(run) || c.isOff() {
		return nil
	}
	c.mu.Lock()
	known := c.runs[run]
	if c.runs == nil {
		c.runs = map[string]bool{}
	}
	c.runs[run] = true
	c.mu.Unlock()
	if known {
		return nil
	}
	err := c.Share.pullRun(ctx, run)
	var far *remote.Error
	if errors.Is(err, remote.ErrNotFound) {
		return nil
	}
	if errors.As(err, &far) {
		c.trouble(ctx, err)
		return nil
	}
	return err
}

// Newest brings the records of the newest n runs that are not here, with what was signed
// of them. It returns whether there may be any that it did not bring before.
func (c *Cache) Newest(ctx context.Context, n int) (bool, error) {
	if c.isOff() {
		return false, nil
	}
	rep, err := c.Share.Pull(ctx, Choice{Newest: n})
	var far *remote.Error
	if errors.As(err, &far) {
		c.trouble(ctx, err)
		err = nil
	}
	return rep.Runs > 0, err
}

// Blobs brings files into the store that are not there, for those who read them
// outside of a run.
func (s *Share) Blobs(ctx context.Context, es []store.Entry) error {
	_, _, err := s.bring(ctx, withBytes(es))
	return err
}

// Models takes over the shared journals of models that go on where ours end, so that a
// run which promotes sees what others have promoted. It returns what moved, and a
// *[registry.DivergedError] if both places were written to.
func (c *Cache) Models(ctx context.Context) (said []string, err error) {
	if c.isOff() {
		return nil, nil
	}
	rep, err := c.Share.Pull(ctx, Choice{Models: true, Lazy: true})
	var far *remote.Error
	if errors.As(err, &far) {
		c.trouble(ctx, err)
		err = nil
	}
	return rep.Said, err
}
