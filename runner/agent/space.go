package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// measureEvery is the pause between two looks at the disk. Where a look takes
// long, the pause is as many times longer as measureShare says.
const (
	measureEvery = time.Second
	measureShare = 10
)

// A spaceError is why the agent ends a job for the disk's sake. It counts as a
// kill: who fills a disk gets no time to go on.
type spaceError struct{ msg, fix string }

func (e *spaceError) Error() string        { return e.msg }
func (e *spaceError) Is(target error) bool { return target == ErrKill }

// spaceCause returns the spaceError that ended ctx, or nil.
func spaceCause(ctx context.Context) *spaceError {
	var e *spaceError
	if ctx.Err() != nil {
		errors.As(context.Cause(ctx), &e)
	}
	return e
}

// watchSpace starts to look at the disk, if the Spec has a limit or a floor.
// stopWatch ends it. Why looking and not quotas: project quotas need root and a
// file system that was mounted for them. What a step holds open and has removed
// shows in the floor only.
func (j *job) watchSpace(end context.CancelCauseFunc) {
	j.endJob, j.stopWatch = end, func() {}
	if j.spec.Disk <= 0 && j.spec.DiskFloor <= 0 {
		return
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		j.watchLoop(quit)
	}()
	j.stopWatch = sync.OnceFunc(func() { close(quit); <-done })
}

func (j *job) watchLoop(quit <-chan struct{}) {
	pause := time.Duration(0) // the floor may be passed already
	for {
		t := time.NewTimer(pause)
		select {
		case <-quit:
			t.Stop()
			return
		case <-t.C:
		}
		begin := time.Now()
		if err := j.space(pause > 0); err != nil {
			j.endJob(err)
			return
		}
		pause = max(measureEvery, measureShare*time.Since(begin))
	}
}

// lastMeasure judges what a job left that ended between two looks.
func (j *job) lastMeasure() {
	if err := j.taken(); err != nil {
		j.endJob(err)
		j.verdict(&j.result)
	}
}

// space looks at the floor and, if asked, at what the job has taken.
func (j *job) space(measure bool) error {
	for _, dir := range []string{j.spec.Workspace, j.spec.Control} {
		if err := belowFloor(dir, cmp.Or(j.spec.Outside, dir), j.spec.DiskFloor); err != nil {
			return err
		}
	}
	if !measure {
		return nil
	}
	return j.taken()
}

// taken fails with a *spaceError if the job's folders hold more than they may.
func (j *job) taken() error {
	limit := j.spec.Disk
	if limit <= 0 {
		return nil
	}
	m := meter{}
	for _, dir := range []string{j.spec.Workspace, j.spec.Control} {
		m.folder(dir)
	}
	m.bytes -= j.log.stored() // has a limit of its own
	if m.deep != "" {
		return &spaceError{fmt.Sprintf("%s is nested deeper than %d folders", shown(m.deep), maxDepth), "keep folders flatter"}
	}
	if m.bytes <= limit {
		return nil
	}
	return &spaceError{
		fmt.Sprintf("%s takes %s, %s more than resources.disk allows (%s); its largest file is %s with %s", j.spec.Workspace, bytesText(m.bytes),
			bytesText(m.bytes-limit), bytesText(limit), shown(m.largest), bytesText(m.most)),
		"raise resources.disk, or write less",
	}
}

// belowFloor fails with a *spaceError if dir's file system has less free space
// than floor bytes, or a twentieth of itself if that is less, or hardly any
// names for files left. shown is how messages call dir.
func belowFloor(dir, shown string, floor int64) error {
	var st unix.Statfs_t
	if floor <= 0 || unix.Statfs(dir, &st) != nil || st.Blocks == 0 {
		return nil
	}
	floor = min(floor, int64(st.Blocks)*int64(st.Bsize)/20)
	const fix = `free some space: "mlops cache gc --max-size 5GiB"`
	if free := int64(st.Bavail) * int64(st.Bsize); free < floor {
		return &spaceError{fmt.Sprintf("the file system of %s has %s free, %s less than the %s that must stay", shown, bytesText(free), bytesText(floor-free), bytesText(floor)), fix}
	}
	if keep := st.Files / 200; st.Ffree < keep {
		return &spaceError{fmt.Sprintf("the file system of %s has room for %d files, %d less than must stay", shown, st.Ffree, keep-st.Ffree), fix}
	}
	return nil
}

// maxDepth is how many folders may stand inside one another. Each level holds
// a descriptor while it is walked, and removing deeper ones takes the system long.
const maxDepth = 200

// A meter adds up what folders take on the disk. What is mounted inside them is
// not theirs, a file with several names counts once, and links are not followed.
type meter struct {
	bytes   int64
	most    int64  // bytes of the largest file
	largest string // its path
	deep    string // a path that is nested too deep
	seen    map[uint64]bool
}

// Taken returns how many bytes a folder takes on the disk, by the rules of
// Spec.Disk. What cannot be looked into counts as nothing.
func Taken(dir string) int64 {
	m := meter{}
	m.folder(dir)
	return m.bytes
}

const statxWanted = unix.STATX_BASIC_STATS | unix.STATX_MNT_ID

func (m *meter) folder(dir string) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, statxWanted, &st); err != nil {
		unix.Close(fd)
		return
	}
	m.walk(fd, dir, st.Mnt_id, 0)
}

// walk adds up the folder behind fd, and closes it.
func (m *meter) walk(fd int, dir string, mount uint64, depth int) {
	f := os.NewFile(uintptr(fd), dir)
	defer f.Close()
	if depth > maxDepth {
		m.deep = dir[:min(len(dir), 200)]
		return
	}
	for m.deep == "" {
		names, err := f.Readdirnames(1024)
		for _, name := range names {
			m.entry(fd, dir, name, mount, depth)
		}
		if err != nil || len(names) == 0 {
			return
		}
	}
}

func (m *meter) entry(fd int, dir, name string, mount uint64, depth int) {
	var st unix.Statx_t
	if err := unix.Statx(fd, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, statxWanted, &st); err != nil || st.Mnt_id != mount {
		return
	}
	if st.Nlink > 1 && st.Mode&unix.S_IFMT == unix.S_IFREG {
		if m.seen[st.Ino] {
			return
		}
		if m.seen == nil {
			m.seen = map[uint64]bool{}
		}
		m.seen[st.Ino] = true
	}
	size := int64(st.Blocks) * 512
	m.bytes += size
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		if size > m.most {
			m.most, m.largest = size, filepath.Join(dir, name)
		}
		return
	}
	if sub, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0); err == nil {
		m.walk(sub, dir+"/"+name, mount, depth+1)
	}
}

// bytesText writes a number of bytes as resources are written: 1.5 GiB.
func bytesText(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, i := float64(n), 0
	for ; v >= 1024 && i < len(units)-1; i++ {
		v /= 1024
	}
	if i == 0 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + units[i]
}

// refusal says that a step met the limit of processes.
func (j *job) refusal(times int64) string {
	limit := "the limit of processes"
	if j.spec.Pids > 0 {
		limit = fmt.Sprintf("the limit of %d processes (resources.pids)", j.spec.Pids)
	}
	if times == 1 {
		return limit + " was reached"
	}
	return fmt.Sprintf("%s was reached, %d times", limit, times)
}
