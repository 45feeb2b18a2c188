package worktree

import (
	"context"
	"fmt"
	"runtime"

	"github.com/mlops-runner/mlops/runner/store"
)

// Fill puts inputs into the fresh workspace dst: the repo entries from the
// tree, the blobs from the store, all of them as writable copies, by reflink
// where the file system can. A file of the tree that has changed since its
// entry was made is copied as it is now; the caller compares digests later.
func (t *Tree) Fill(ctx context.Context, s *store.Dir, dst string, repo, blobs []store.Entry) error {
	o := store.RestoreOptions{Workers: runtime.GOMAXPROCS(0)}
	if len(repo) > 0 {
		if _, err := s.Copy(ctx, repo, t.root, dst, o); err != nil {
			return fmt.Errorf("fill the workspace from %s: %w", t.root, err)
		}
	}
	if _, err := s.Restore(ctx, blobs, dst, o); err != nil {
		return fmt.Errorf("fill the workspace from the store: %w", err)
	}
	return nil
}
