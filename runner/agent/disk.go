package agent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	diskFloor = 1 << 20 // bytes: with less, a disk is full
	hintTail  = 4 << 10 // bytes of a step's output in which an error text is looked for
)

// isDiskFull reports whether err says that a disk or a quota is exhausted.
func isDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// diskFull guesses whether a step failed because a disk was full: there is no
// room now, or the last thing the step said was the system's text for it (it
// may have removed its files since).
func diskFull(s Spec, logFrom, logTo int64) bool {
	for _, dir := range []string{s.Workspace, s.Control} {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err == nil && full(&st) {
			return true
		}
	}
	f, err := os.Open(filepath.Join(s.Control, LogFile))
	if err != nil {
		return false
	}
	defer f.Close()
	from := max(logFrom, logTo-hintTail)
	b := make([]byte, max(0, logTo-from))
	n, _ := f.ReadAt(b, from)
	for _, text := range []string{"No space left on device", "no space left on device", "Disk quota exceeded", "disk quota exceeded"} {
		if bytes.Contains(b[:n], []byte(text)) {
			return true
		}
	}
	return false
}

// full reports whether a file system that counts blocks or inodes has none left.
func full(st *unix.Statfs_t) bool {
	if st.Blocks > 0 && int64(st.Bavail)*int64(st.Bsize) < diskFloor {
		return true
	}
	return st.Files > 0 && st.Ffree == 0
}
