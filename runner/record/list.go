package record

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LATEST stands for the newest run wherever a run id is asked for.
const LATEST = "LATEST"

// An Entry is the place of a run in a list. Nothing of it has been read yet.
type Entry struct {
	ID   string
	Dir  string    // folder of the record
	Time time.Time // when the id was made, in UTC, to the millisecond
}

// Head reads the record without its jobs' own files: Jobs have ID, Status,
// Cached, Wall and Metrics only. It is meant for lists and comparisons. Of an
// unsealed record it reads what Load does.
func (e Entry) Head() (*Run, error) { return head(e.Dir) }

// Load reads the record; see [Load].
func (e Entry) Load() (*Run, error) { return load(e.Dir) }

// Cover reads of a sealed record only what it says of the run as a whole and of
// its source: Jobs, Environment and Params are empty. It is meant for indexes
// over many runs, and fails with [ErrNotSealed] for a record without a seal.
func (e Entry) Cover() (*Run, error) { return cover(e.Dir) }

// List returns the runs below root, newest first. It opens a month's folder
// only when it gets there and reads no record, so the first of many thousand
// runs costs three folders. What is not named like a run is skipped; a root
// without runs is an empty list. After an error the list ends.
func List(root string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for dir, err := range months(root) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			names, err := namesDown(dir)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, name := range names {
				id, err := parseID(name)
				if err == nil && !yield(Entry{name, filepath.Join(dir, name), idTime(id)}, nil) {
					return
				}
			}
		}
	}
}

// months yields the folders runs/YYYY/MM, newest first.
func months(root string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		runs := filepath.Join(root, "runs")
		years, err := namesDown(runs)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield("", err)
			return
		}
		for _, y := range years {
			if !digits(y, 4) {
				continue
			}
			ms, err := namesDown(filepath.Join(runs, y))
			if err != nil && !yield("", err) {
				return
			}
			for _, m := range ms {
				if digits(m, 2) && !yield(filepath.Join(runs, y, m), nil) {
					return
				}
			}
		}
	}
}

func digits(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789") == "" }

// namesDown returns the names of the folders in dir, last first.
func namesDown(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range slices.Backward(entries) {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Find returns the run that ref means: a run id, a beginning of one that no
// other run shares, or [LATEST]. It fails with [ErrNotFound] or an
// *[AmbiguousError]. A whole id is looked up directly.
func Find(root, ref string) (Entry, error) {
	if id, err := parseID(ref); err == nil {
		dir := filepath.Join(root, runFolder(id))
		if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
			return Entry{ref, dir, idTime(id)}, nil
		}
	}
	var found []Entry
	for e, err := range List(root) {
		if err != nil {
			return Entry{}, fmt.Errorf("find run %s: %w", ref, err)
		}
		if ref == LATEST {
			return e, nil
		}
		if ref != "" && strings.HasPrefix(e.ID, strings.ToLower(ref)) {
			if found = append(found, e); len(found) == 10 {
				break
			}
		}
	}
	switch len(found) {
	case 0:
		return Entry{}, fmt.Errorf("run %q in %s: %w", ref, root, ErrNotFound)
	case 1:
		return found[0], nil
	}
	ambiguous := &AmbiguousError{Prefix: ref}
	for _, e := range found {
		ambiguous.IDs = append(ambiguous.IDs, e.ID)
	}
	return Entry{}, ambiguous
}
