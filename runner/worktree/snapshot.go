package worktree

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// SnapshotOptions say what goes into a snapshot besides the files.
type SnapshotOptions struct {
	Key     snapshot.Key // what the snapshot is good for; another key finds none
	Payload []byte       // the caller's, returned as it is
	Now     time.Time    // when the files are looked at; zero: time.Now
	// Stamp, if not nil, returns the digest of a file that may bear its
	// store's mark. Such a file is known by its mark, however young it is and
	// however often it is linked anew.
	Stamp    func(path string) (store.Digest, bool)
	Counters *store.Counters // nil: nobody counts
}

// SaveSnapshot writes a snapshot of the paths as they are now; they are
// relative to root, or absolute. Files, links and folders are known by their
// stat, so a folder is one whose list of names matters; a path that is absent
// has to stay absent. The file is replaced by rename and not flushed.
//
// It reports false, and leaves the file as it was, if a snapshot could not be
// relied on: something is younger than 2 s and might change once more without
// a trace, lies on a file system whose stats are not to be trusted, or is
// reached through a symbolic link below root. The next run may have more luck.
func SaveSnapshot(file, root string, paths []string, o SnapshotOptions) (saved bool, err error) {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Counters == nil {
		o.Counters = new(store.Counters)
	}
	rows, err := snapshotRows(paths)
	if err != nil {
		return false, fmt.Errorf("save snapshot: %w", err)
	}
	ok, err := snapshot.Look(root, rows, snapshot.LookOptions{Now: o.Now, Marked: o.marked(), Looked: func() { o.Counters.Stats.Add(1) }})
	if err != nil {
		return false, fmt.Errorf("save snapshot: %w", err)
	}
	if !ok {
		return false, nil
	}
	b := o.Key.Encode(rows, o.Payload)
	if err := replaceFile(disk.Real{}, file, b); err != nil {
		return false, fmt.Errorf("save snapshot: %w", err)
	}
	o.Counters.BytesWritten.Add(int64(len(b)))
	o.Counters.FilesWritten.Add(1)
	return true, nil
}

// marked tells files that bear their store's mark.
func (o *SnapshotOptions) marked() func(path string, mtime int64) (snapshot.Digest, bool) {
	if o.Stamp == nil {
		return nil
	}
	return func(path string, mtime int64) (snapshot.Digest, bool) {
		d, ok := o.Stamp(path)
		return d, ok && store.Stamped(d, mtime)
	}
}

// snapshotRows returns rows without content, sorted, each path once.
func snapshotRows(paths []string) ([]row, error) {
	rows := make([]row, 0, len(paths))
	for _, p := range paths {
		clean := path.Clean(filepath.ToSlash(p))
		dir, name := split(clean)
		if p == "" || clean == "/" || clean == ".." || len(clean) > 2 && clean[:3] == "../" {
			return nil, fmt.Errorf("%q is no path below the root and not absolute", p)
		}
		if dir == "" && clean[0] == '/' {
			dir = "/"
		}
		rows = append(rows, row{Dir: dir, Name: name})
	}
	slices.SortFunc(rows, compareRows)
	return slices.CompactFunc(rows, func(a, b row) bool { return a.Dir == b.Dir && a.Name == b.Name }), nil
}
