package snapshot

import (
	"errors"
	"time"
)

// LookOptions say how files are looked at.
type LookOptions struct {
	Now time.Time // when
	// Marked, if not nil, returns the digest of a file that bears its store's mark
	// in its modification time, in nanoseconds since 1970: such a file is known by
	// its mark, however young it is and however often it is linked anew.
	Marked func(path string, mtime int64) (Digest, bool)
	Looked func() // is called for each file; nil: nobody counts
}

// Look fills in rows, which are sorted, as the files look. It reports false if one
// cannot be relied on: it is so young that it might change once more without a
// trace, lies on a file system whose stats are not to be trusted, or is reached
// through a symbolic link below the root.
func Look(root string, rows []Row, o LookOptions) (ok bool, err error) {
	v, err := newVisitor(root)
	if err != nil {
		return false, err
	}
	defer v.close()
	for i := range rows {
		r := &rows[i]
		if i == 0 || r.Dir != rows[i-1].Dir {
			v.enter(r.Dir)
		}
		if o.Looked != nil {
			o.Looked()
		}
		if ok, err := v.look(r, &o); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// A StatError says which file could not be looked at.
type StatError struct {
	Path string
	Err  error
}

func (e *StatError) Error() string { return "stat " + e.Path + ": " + e.Err.Error() }
func (e *StatError) Unwrap() error { return e.Err }

func (v *visitor) look(r *Row, o *LookOptions) (ok bool, err error) {
	if !v.trusted() {
		return false, nil
	}
	err = v.stat(append([]byte(r.Name), 0), &r.Stat)
	if notThere(err) {
		r.State = State{Flags: Absent}
		return true, nil
	}
	if errors.Is(err, errLink) {
		return false, nil
	}
	if err != nil {
		return false, &StatError{r.path(), err}
	}
	if o.Marked != nil && r.Kind() == File {
		if d, ok := o.Marked(r.path(), r.Mtime); ok {
			r.Digest = d
			return true, nil
		}
	}
	return !Young(&r.Stat, o.Now), nil
}

// path is where the file is, relative to the root, or absolute.
func (r *Row) path() string {
	if r.Dir == "" {
		return r.Name
	}
	return r.Dir + "/" + r.Name
}
