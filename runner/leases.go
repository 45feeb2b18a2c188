package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/store"
)

// leases keep the GPUs of this run's jobs from the jobs of other runs that use
// the same folder of lock files, one for each GPU. The kernel gives a lock back
// when its process dies. The nil leases grant everything.
//
// Why GPUs alone: a job without room on a GPU fails, one that shares cores is
// slow. And of cores and memory every run would have to know how much the others
// may come to need.
type leases struct {
	dir   string
	where string // whose GPUs they are
	warn  func(error)
	held  map[string]func()
}

// newLeases returns the leases of a run, nil if it shares its GPUs with nobody.
// They are used by one goroutine.
func (x *execution) newLeases(where string) *leases {
	if x.GPULocks == "" {
		return nil
	}
	warn := func(err error) { x.log().Warn("share GPUs with other runs", "error", err) }
	return &leases{x.GPULocks, where, warn, map[string]func(){}}
}

// take gets n of the named GPUs, the first that no other run has; or none, if
// there are too few.
func (l *leases) take(names []string, n int) (got []string, ok bool) {
	if l == nil || n == 0 {
		return names[:n:n], true
	}
	if err := ownFolder(l.dir); err != nil {
		l.warn(err) // the job need not suffer from it
		return names[:n:n], true
	}
	for _, name := range names {
		if len(got) == n {
			break
		}
		if l.lock(name) {
			got = append(got, name)
		}
	}
	if len(got) < n {
		l.release(got)
		return nil, false
	}
	return got, true
}

// ownFolder makes a folder, or finds it as it made it: others must not be able to
// write there, though it lies where everybody can.
func ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Getuid() || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s is not a folder of yours alone", dir)
	}
	return nil
}

// lock takes one GPU. Where the folder has no locks everybody gets what they want.
func (l *leases) lock(name string) bool {
	release, ok, err := store.TryLock(filepath.Join(l.dir, store.Sum([]byte(l.where + "\x00" + name)).Hex()[:24]))
	if err != nil {
		l.warn(err)
		release, ok = func() {}, true
	}
	if ok {
		l.held[name] = release
	}
	return ok
}

func (l *leases) release(names []string) {
	if l == nil {
		return
	}
	for _, name := range names {
		if release := l.held[name]; release != nil {
			release()
			delete(l.held, name)
		}
	}
}
