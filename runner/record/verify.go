package record

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/mlops-runner/mlops/runner/store"
)

// ErrNotSealed is what a record without SHA256SUMS is to whoever needs a sealed one.
var ErrNotSealed = errors.New("record is not sealed")

// A Verification tells how a record differs from what was sealed. Names are
// slash-separated, relative to the record, and sorted.
type Verification struct {
	ID      string
	Digest  store.Digest // of SHA256SUMS; compare it with the one in an attestation
	Files   int          // compared
	Changed []string     // other content, or no regular file any more
	Missing []string
	Extra   []string // not in SHA256SUMS; the folder attest is allowed
}

// OK reports whether the record is as it was sealed. Whoever can write the
// files can write SHA256SUMS as well: only Digest, known from elsewhere, proves more.
func (v *Verification) OK() bool {
	return len(v.Changed)+len(v.Missing)+len(v.Extra) == 0
}

// Verify reads every file of the record that ref means and compares it with
// SHA256SUMS, as sha256sum -c does, and finds files that are not in it. It
// fails with [ErrNotSealed], or a *[CorruptError] if SHA256SUMS cannot be read.
// A difference is a result, not an error; so is a seal that is missing although
// the record says how the run ended.
func Verify(root, ref string) (*Verification, error) {
	e, err := Find(root, ref)
	if err != nil {
		return nil, err
	}
	r := reader{dir: e.Dir}
	if err := r.seal(); err != nil {
		return nil, err
	}
	if !r.sealed() {
		return unsealed(&r, e.ID)
	}
	v := &Verification{ID: e.ID, Digest: r.run.Digest, Files: len(r.sums)}
	for _, name := range slices.Sorted(maps.Keys(r.sums)) {
		v.compare(e.Dir, name, r.sums[name])
	}
	if err := v.findExtra(e.Dir, r.sums); err != nil {
		return nil, fmt.Errorf("verify run %s: %w", e.ID, err)
	}
	return v, nil
}

// unsealed tells a record that lost its seal from one that never had it. A run
// that was killed between its last file and the seal counts as the first.
func unsealed(r *reader, id string) (*Verification, error) {
	if err := r.decode(runName, &r.run); err == nil && r.run.Status.Final() {
		return &Verification{ID: id, Missing: []string{sumsName}}, nil
	}
	return nil, fmt.Errorf("verify run %s: %w", id, ErrNotSealed)
}

func (v *Verification) compare(dir, name string, want store.Digest) {
	got, err := sumRegular(filepath.Join(dir, filepath.FromSlash(name)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.Missing = append(v.Missing, name)
	case err != nil || got != want:
		v.Changed = append(v.Changed, name)
	}
}

// findExtra walks the record for files that were not sealed. Empty folders do not count.
func (v *Verification) findExtra(dir string, sums map[string]store.Digest) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		_, known := sums[name]
		if d.IsDir() && name == attestFolder {
			return fs.SkipDir
		}
		if !d.IsDir() && !known && name != sumsName {
			v.Extra = append(v.Extra, name)
		}
		return nil
	})
}

// sumRegular digests a regular file; a link that someone put in its place is an error.
func sumRegular(name string) (store.Digest, error) {
	f, err := openRegular(name)
	if err != nil {
		return store.Digest{}, err
	}
	defer f.Close()
	sum, _, err := sumReader(f)
	return sum, err
}
