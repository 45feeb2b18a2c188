package worktree

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Snapshot remembers how a set of files looked, so that "nothing has changed"
// costs one stat a file and nothing else. It is safe for concurrent use.
type Snapshot struct{ table *table }

// SnapshotOptions say what goes into a snapshot besides the files.
type SnapshotOptions struct {
	Key     store.Digest // what the snapshot is good for; another key finds none
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
	ok, err := lookAt(root, rows, &o)
	if err != nil || !ok {
		return false, err
	}
	b := encodeTable(o.Key, rows, o.Payload)
	if err := replaceFile(disk.Real{}, file, b); err != nil {
		return false, fmt.Errorf("save snapshot: %w", err)
	}
	o.Counters.BytesWritten.Add(int64(len(b)))
	o.Counters.FilesWritten.Add(1)
	return true, nil
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
		rows = append(rows, row{dir: dir, name: name})
	}
	slices.SortFunc(rows, compareRows)
	return slices.CompactFunc(rows, func(a, b row) bool { return a.dir == b.dir && a.name == b.name }), nil
}

// lookAt fills in the rows. It reports false if one cannot be relied on.
func lookAt(root string, rows []row, o *SnapshotOptions) (ok bool, err error) {
	v, err := newVisitor(root)
	if err != nil {
		return false, fmt.Errorf("save snapshot: %w", err)
	}
	defer v.close()
	for i := range rows {
		r := &rows[i]
		if i == 0 || r.dir != rows[i-1].dir {
			v.enter(r.dir)
		}
		o.Counters.Stats.Add(1)
		if ok, err := v.look(r, o); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (v *visitor) look(r *row, o *SnapshotOptions) (ok bool, err error) {
	if !v.trusted() {
		return false, nil
	}
	err = v.stat(append([]byte(r.name), 0), &r.stat)
	if notThere(err) {
		r.state = state{Flags: flagAbsent}
		return true, nil
	}
	if errors.Is(err, errLink) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("save snapshot: stat %s: %w", join(r.dir, r.name), err)
	}
	if o.Stamp != nil && r.kind() == typeFile {
		if dig, ok := o.Stamp(join(r.dir, r.name)); ok && store.Stamped(dig, r.Mtime) {
			r.Digest = dig
			return true, nil
		}
	}
	return !racy(&r.stat, o.Now), nil
}

// LoadSnapshot reads a snapshot, which the caller closes. It reports false if
// there is none, it is damaged, or it was saved with another key.
func LoadSnapshot(file string, key store.Digest) (s *Snapshot, ok bool) {
	t, err := openTable(file)
	if err != nil {
		return nil, false
	}
	if t.key != key {
		_ = t.close() // it was only looked at
		return nil, false
	}
	return &Snapshot{t}, true
}

// Close lets go of the snapshot, and of its payload.
func (s *Snapshot) Close() error { return s.table.close() }

// Payload returns the caller's bytes, which must not be changed, until Close.
func (s *Snapshot) Payload() []byte { return s.table.payload }

// Len returns the number of paths.
func (s *Snapshot) Len() int { return s.table.len() }

// snapshotUnit is how many neighbours in a folder one worker takes.
const snapshotUnit = 512

// A unit is a range of records of one folder.
type unit struct{ dir, from, to int }

func (s *Snapshot) units() []unit {
	us := make([]unit, 0, s.table.lenDirs()+s.table.len()/snapshotUnit)
	for d := range s.table.lenDirs() {
		first, n := s.table.dirRange(d)
		for from := first; from < first+n; from += snapshotUnit {
			us = append(us, unit{d, from, min(from+snapshotUnit, first+n)})
		}
	}
	return us
}

// Unchanged reports whether every path looks as it did. It asks for each file
// once and stops at the first difference. c may be nil.
func (s *Snapshot) Unchanged(root string, c *store.Counters) bool {
	us := s.units()
	var next atomic.Int64
	var changed atomic.Bool
	work := func() {
		v, err := newVisitor(root)
		if err != nil {
			changed.Store(true)
			return
		}
		defer v.close()
		for !changed.Load() {
			i := int(next.Add(1)) - 1
			if i >= len(us) {
				break
			}
			if !s.same(v, us[i]) {
				changed.Store(true)
			}
		}
		if c != nil {
			c.Stats.Add(v.stats)
		}
	}
	var wg sync.WaitGroup
	if len(us) > 1 && s.Len() > snapshotUnit {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return !changed.Load()
}

// same compares the files of one unit with their records.
func (s *Snapshot) same(v *visitor, u unit) bool {
	v.enter(string(s.table.dir(u.dir)))
	var want state
	var now stat
	for i := u.from; i < u.to; i++ {
		s.table.state(i, &want)
		v.stats++
		err := v.stat(s.table.name(i), &now)
		if want.Flags&flagAbsent != 0 {
			if !notThere(err) {
				return false
			}
			continue
		}
		if err != nil || now != want.stat {
			return false
		}
	}
	return true
}
