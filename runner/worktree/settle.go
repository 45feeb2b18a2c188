package worktree

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/store"
)

// After a power cut a file may have the stat of its last version and the bytes
// of the one before: a file system writes the one and the other when it likes.
// If the index then vouched for the last version, a job would be taken to have
// been run on bytes that are not there. So content goes to the disk before the
// index that knows it.

const (
	// written is after how long a file system has written a change of its own
	// accord; Linux does so after 30 s, on laptops after ten minutes.
	written = time.Hour
	// fewFiles is up to how many files are flushed one by one, and not together
	// with all that other programs have written.
	fewFiles = 256
)

// settle flushes the files of the updates that were changed lately. What bears
// its store's mark was flushed before it got that. A file that cannot be flushed
// is not vouched for. The caller holds x.mu.
func (x *index) settle(t *Tree) error {
	var paths []string
	young := t.now().Add(-written).UnixNano()
	for p, r := range x.updates {
		if r != nil && max(r.Ctime, r.Mtime) > young && !store.Stamped(r.Digest, r.Mtime) {
			paths = append(paths, p)
		}
	}
	if len(paths) > fewFiles {
		full := make([]string, len(paths))
		for i, p := range paths {
			full[i] = filepath.Join(t.root, filepath.FromSlash(p))
		}
		calls, err := t.disk.SyncAll(t.root, full)
		t.counters.Syncs.Add(calls)
		return err
	}
	for _, p := range failing(t, paths) {
		delete(x.updates, p)
	}
	return nil
}

// failing flushes files, all at once, so that the file system writes its
// journal once for them, and returns those that it could not.
func failing(t *Tree, paths []string) (bad []string) {
	var g errgroup.Group
	g.SetLimit(32)
	var mu sync.Mutex // guards bad
	for _, p := range paths {
		g.Go(func() error {
			err := t.disk.Sync(filepath.Join(t.root, filepath.FromSlash(p)))
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				bad = append(bad, p)
			}
			return nil
		})
	}
	_ = g.Wait() // nobody returns one
	t.counters.Syncs.Add(int64(len(paths)))
	return bad
}

// replaceFile writes the file by rename, so that readers see the old one or
// the new one. It is not flushed: a torn file is noticed by its checksum.
func replaceFile(d disk.Disk, name string, b []byte) error {
	if err := d.Mkdir(filepath.Dir(name)); err != nil {
		return err
	}
	temp := fmt.Sprintf("%s.tmp-%016x", name, rand.Uint64())
	if err := disk.WriteFile(d, temp, b, 0o600); err != nil {
		return err
	}
	if err := d.Rename(temp, name); err != nil {
		return errors.Join(err, disk.RemoveIfThere(d, temp))
	}
	return nil
}
