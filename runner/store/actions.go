package store

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// An ActionInfo is one kept action record.
type ActionInfo struct {
	Fingerprint Digest
	Used        time.Time // last use, to within an hour
	Data        []byte
}

// Actions yields the action records in the order of their fingerprints. Torn
// ones are left out, as are those that vanish meanwhile. It notes no use.
func (d *Dir) Actions(ctx context.Context) iter.Seq2[ActionInfo, error] {
	return func(yield func(ActionInfo, error) bool) {
		shards, err := os.ReadDir(d.path("actions"))
		if err != nil {
			yield(ActionInfo{}, err)
			return
		}
		for _, s := range shards {
			names, err := os.ReadDir(d.path("actions", s.Name()))
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(ActionInfo{}, err)
				return
			}
			for _, n := range names {
				a, ok, err := readAction(d.path("actions", s.Name(), n.Name()))
				if (ok || err != nil) && !yield(a, err) {
					return
				}
			}
		}
	}
}

func readAction(path string) (a ActionInfo, ok bool, err error) {
	fp, named := parseHex(filepath.Base(path))
	if !named {
		return a, false, nil
	}
	st, err := os.Stat(path)
	if err == nil {
		a.Data, err = os.ReadFile(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return a, false, nil
	}
	if err != nil {
		return a, false, err
	}
	a.Fingerprint, a.Used = fp, st.ModTime()
	a.Data, ok = openAction(a.Data)
	return a, ok, nil
}
