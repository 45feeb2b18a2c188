package share

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"

	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// Lacks says which of some blobs the remote cannot give, and why: [remote.ErrNotFound], or
// a *[DamagedError]. It only asks for them, unless read is set: then every byte of them
// comes, is held against the digest, and is not kept. The error is of the remote itself.
func (s *Share) Lacks(ctx context.Context, ds []store.Digest, read bool) (map[store.Digest]error, error) {
	there, err := s.hold(ctx, len(ds), func(i int) store.Digest { return ds[i] })
	if err != nil {
		return nil, err
	}
	lacks := map[store.Digest]error{}
	var mu sync.Mutex // guards lacks
	return lacks, inParallel(ctx, len(ds), func(ctx context.Context, i int) error {
		var why error
		switch {
		case !there[i]:
			why = remote.ErrNotFound
		case read:
			why = s.reread(ctx, ds[i])
		}
		var damaged *DamagedError
		switch {
		case why == nil:
			return nil
		case !errors.Is(why, remote.ErrNotFound) && !errors.As(why, &damaged):
			return why
		}
		mu.Lock()
		defer mu.Unlock()
		lacks[ds[i]] = why
		return nil
	})
}

// reread reads a blob of the remote, and holds it against its digest.
func (s *Share) reread(ctx context.Context, d store.Digest) error {
	r, err := s.Remote.Get(ctx, blobName(d), 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, &counting{r, s.moved}, make([]byte, 256<<10)); err != nil {
		return err
	}
	if got := store.Digest(h.Sum(nil)); got != d {
		return s.damaged(d, got)
	}
	return nil
}
