package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/store"
)

// leases keep what the jobs of this run have of the machine from the jobs of
// other runs that use the same folder of lock files: one for each GPU, each core
// and each 32nd of the memory. The kernel gives a lock back when its process
// dies. The nil leases grant everything.
//
// A run has as many cores and parts of memory as its jobs need together, rounded
// up. It takes all that one more job needs or nothing, so no two runs wait for
// each other. Who finds too little is at the head of a queue while it waits, and
// nobody takes cores or memory past it: else a run with many short jobs would
// take each core back that it has just given away.
//
// Why locks, and not a file with numbers: numbers outlive who wrote them, and
// somebody would have to find out who has died.
type leases struct {
	dir           string
	where         string // whose machine it is
	warn          func(error)
	held          map[string]*store.QuietLock // by name of lock; nil where the folder has no locks
	fresh         []*store.QuietLock          // taken in this round
	watch         *store.Watch                // while jobs wait for what other runs have
	cores, memory portion
	atHead        bool // of the queue

	// What a round has found out already: up to maxParked jobs ask in it, of which
	// each would ask the kernel for what has just been refused.
	waits  bool // a job was refused cores or memory
	behind bool // another run is at the head
	owned  bool // the folder is ours
}

// A portion is what this run has of something that runs divide among themselves.
type portion struct {
	name  string   // in those of its locks
	total int64    // that there is; 0 means that it is not shared
	unit  int64    // for which there is one lock
	used  int64    // by the jobs of this run
	locks []string // held
	lacks int      // how many more were not to be had in this round; 0 means not known
}

// memoryParts is in how many parts runs share the memory.
const memoryParts = 32

// headLock is that of the run that takes the next cores and memory.
const headLock = "head"

// newLeases returns the leases of a run, nil if it shares its machine with nobody.
// They are used by one goroutine.
func (x *execution) newLeases(c *Capacity) *leases {
	if x.Locks == "" {
		return nil
	}
	warn := func(err error) { x.log().Warn("share the machine with other runs", "error", err) }
	l := &leases{dir: x.Locks, where: c.Where, warn: warn, held: map[string]*store.QuietLock{}}
	if !x.Options.Alone {
		part := (c.Memory + memoryParts - 1) / memoryParts
		l.cores = portion{name: "core", total: int64(c.CPUs * 1000), unit: 1000}
		l.memory = portion{name: fmt.Sprintf("memory in %d bytes", part), total: c.Memory, unit: part}
	}
	return l
}

// take gets what a job needs, with as many GPUs as it asks for, the first of
// those that are named and that no other run has. It gets all of it, or nothing,
// and then lack says what other runs have. Whoever is late waits for GPUs alone.
func (l *leases) take(names []string, d demand, late bool) (got []string, lack string) {
	n := min(d.gpus, len(names))
	if l == nil {
		return names[:n:n], ""
	}
	if err := l.own(); err != nil {
		l.warn(err) // the job need not suffer from it
		l.note(d)
		return names[:n:n], ""
	}
	for _, name := range names {
		if len(got) < n && l.lock("gpu "+name) {
			got = append(got, "gpu "+name)
		}
	}
	if lack = gpus(d.gpus) + ", which another run on this machine has"; len(got) == n {
		lack = l.divide(d, late)
	}
	if lack != "" {
		l.release(got)
		return nil, lack
	}
	for i := range got {
		got[i] = got[i][len("gpu "):]
	}
	return got, ""
}

// divide gets a job's cores and memory. If nothing of this run has any, a job
// that is late goes without: who has the machine may be stopped, or hang.
func (l *leases) divide(d demand, late bool) (lack string) {
	if late && l.cores.used == 0 && l.memory.used == 0 {
		l.note(d)
		return ""
	}
	c, m := l.cores.wants(d.cores), l.memory.wants(d.memory)
	if c > 0 || m > 0 {
		before := l.waits
		l.waits = true
		switch {
		case !l.lead():
			return "room, for which another run on this machine waits already"
		case !l.extend(&l.cores, c):
			return cores(float64(d.cores)/1000) + ", which another run on this machine has"
		case !l.extend(&l.memory, m):
			l.shrink(&l.cores)
			return size(d.memory) + " of memory, which another run on this machine has"
		}
		l.waits = before
	}
	l.note(d)
	return ""
}

// lead reports whether this run is at the head of the queue, where it tries to go.
func (l *leases) lead() bool {
	if !l.atHead && !l.behind {
		l.atHead = l.lock(headLock)
		l.behind = !l.atHead
	}
	return l.atHead
}

// own makes the folder of the locks, or finds that it is ours.
func (l *leases) own() error {
	if l.owned {
		return nil
	}
	err := ownFolder(l.dir)
	l.owned = err == nil
	return err
}

func (l *leases) note(d demand) {
	l.cores.used += d.cores
	l.memory.used += d.memory
}

// round is one look at all jobs that wait; the end of it leaves the head of the
// queue to another run, if none of them waits for what other runs have.
//
// Only what is still held then is announced: a run that took less than it needed
// and gave it back must not wake those who wait, itself among them, each time it looks.
func (l *leases) round() (end func()) {
	if l == nil {
		return func() {}
	}
	l.waits, l.behind, l.owned = false, false, false
	l.cores.lacks, l.memory.lacks = 0, 0
	return func() {
		if l.atHead && !l.waits {
			l.release([]string{headLock})
			l.atHead = false
		}
		for _, lock := range l.fresh {
			if err := lock.Announce(); err != nil {
				l.warn(err) // who waits finds it a little later
			}
		}
		l.fresh = l.fresh[:0]
	}
}

// given returns what is filled when it is time to look again for what other runs
// had; it is nil if no job waits for any.
func (l *leases) given(waits bool) <-chan struct{} {
	switch {
	case !waits:
		l.watch.Close()
		l.watch = nil
		return nil
	case l.watch == nil:
		l.watch = store.WatchFolder(l.dir, nil)
	}
	return l.watch.C
}

// wants is how many locks more of it need.
func (s *portion) wants(more int64) int {
	if s.total == 0 {
		return 0
	}
	return int((s.used+more+s.unit-1)/s.unit) - len(s.locks)
}

// extend takes n more locks, or none.
func (l *leases) extend(s *portion, n int) bool {
	if s.lacks > 0 && n >= s.lacks {
		return false
	}
	want := n
	for i := int64(0); i*s.unit < s.total && n > 0; i++ {
		name := fmt.Sprintf("%s %d", s.name, i)
		if _, mine := l.held[name]; !mine && l.lock(name) {
			s.locks = append(s.locks, name)
			n--
		}
	}
	if n > 0 {
		s.lacks = want
		l.shrink(s)
	}
	return n <= 0
}

// shrink gives back what the jobs of this run do not need.
func (l *leases) shrink(s *portion) {
	if n := s.wants(0); n < 0 {
		keep := len(s.locks) + n
		l.release(s.locks[keep:])
		s.locks = s.locks[:keep]
	}
}

// giveBack ends the use of what take got.
func (l *leases) giveBack(names []string, d demand) {
	if l == nil {
		return
	}
	for _, name := range names {
		l.release([]string{"gpu " + name})
	}
	l.cores.used -= d.cores
	l.memory.used -= d.memory
	l.shrink(&l.cores)
	l.shrink(&l.memory)
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

// lock takes one lock. Where the folder has no locks everybody gets what they want.
func (l *leases) lock(name string) bool {
	lock, err := store.TryQuietLock(filepath.Join(l.dir, store.Sum([]byte(l.where + "\x00" + name)).Hex()[:24]))
	switch {
	case err != nil:
		l.warn(err)
	case lock == nil:
		return false
	default:
		l.fresh = append(l.fresh, lock)
	}
	l.held[name] = lock
	return true
}

func (l *leases) release(names []string) {
	for _, name := range names {
		if lock := l.held[name]; lock != nil {
			l.fresh = slices.DeleteFunc(l.fresh, func(f *store.QuietLock) bool { return f == lock })
			lock.Release()
		}
		delete(l.held, name)
	}
}
