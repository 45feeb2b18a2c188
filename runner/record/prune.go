package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Pruned record is one that was removed, or would be.
type Pruned struct {
	ID   string // "" for one that never got its name
	Dir  string
	Size int64 // bytes of its files
}

// Sweep removes what writers left that died before their record had a name,
// and says what it was; with dryRun it removes nothing. [Create] does so too.
func Sweep(root string, dryRun bool) (swept []Pruned, err error) {
	for _, dir := range abandoned(filepath.Join(root, "runs", ".new"), time.Now()) {
		swept = append(swept, Pruned{"", dir, sizeOf(dir)})
		if !dryRun {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	return swept, err
}

// Prune removes the records of runs that began before a time, oldest last, and
// says which they were; with dryRun it removes nothing. Those that keep wants,
// those of living runs and the newest stay. keep gets the run's id and digest,
// the zero digest for a record without a seal. A record vanishes whole: a kill
// leaves nothing of it that the next Sweep does not remove.
func Prune(root string, before time.Time, keep func(id string, digest store.Digest) bool, dryRun bool) (pruned []Pruned, err error) {
	first := true
	for e, err := range List(root) {
		if err != nil {
			return pruned, fmt.Errorf("prune records: %w", err)
		}
		newest := first
		first = false
		if newest || !e.Time.Before(before) || keep(e.ID, digestOf(e.Dir)) || e.live() {
			continue
		}
		p := Pruned{e.ID, e.Dir, sizeOf(e.Dir)}
		if !dryRun {
			if err := removeRecord(root, e); err != nil {
				return pruned, fmt.Errorf("prune record %s: %w", e.ID, err)
			}
		}
		pruned = append(pruned, p)
	}
	return pruned, nil
}

// live reports whether the run may still be going on. A sealed record costs
// one look.
func (e Entry) live() bool {
	if _, err := os.Lstat(filepath.Join(e.Dir, sumsName)); err == nil {
		return false
	}
	run, err := e.Head()
	return err == nil && run.Status == Running
}

// digestOf is the run's digest, zero without a seal.
func digestOf(dir string) store.Digest {
	text, err := os.ReadFile(filepath.Join(dir, sumsName))
	if err != nil {
		return store.Digest{}
	}
	return store.Sum(text)
}

// removeRecord takes the record's name away before its files.
func removeRecord(root string, e Entry) error {
	nursery := filepath.Join(root, "runs", ".new")
	if err := os.MkdirAll(nursery, 0o755); err != nil {
		return err
	}
	gone := filepath.Join(nursery, e.ID+ownerMark+store.Self().FileName())
	if err := os.Rename(e.Dir, gone); err != nil {
		return err
	}
	// Folders of years and months that this empties cost nothing and stay.
	return os.RemoveAll(gone)
}

// sizeOf adds up the files below a folder.
func sizeOf(dir string) (size int64) {
	filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if st, err := e.Info(); err == nil {
			size += st.Size()
		}
		return nil
	})
	return size
}
