package bulk

import (
	"os"

	"golang.org/x/sys/unix"
)

// clone makes a file share the bytes of another; it reports false, and nothing has
// happened, where the file system cannot.
func clone(to, from *os.File) bool { return unix.IoctlFileClone(int(to.Fd()), int(from.Fd())) == nil }

// copyRange lets the kernel copy. It returns how much it did, which may be nothing.
func copyRange(to, from *os.File, at, n int64) (done int64) {
	for done < n {
		src, dst := at+done, at+done
		k, err := unix.CopyFileRange(int(from.Fd()), &src, int(to.Fd()), &dst, int(n-done), 0)
		if err != nil || k <= 0 {
			break // the rest is read and written
		}
		done += int64(k)
	}
	return done
}

// Reserve asks for place for n bytes from an offset on, and leaves the file's length as
// it is. Where that is not to be had, writing tells. It never asks for more than half
// of what is free: sizes come from others, and ext4 that has too little gives all it
// has before it says so, which takes the disk from everybody else.
func Reserve(f *os.File, at, n int64) {
	var disk unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &disk) != nil || uint64(n) > disk.Bavail*uint64(disk.Bsize)/2 {
		return
	}
	unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, at, n)
}

// Start lets the disk begin with n bytes from an offset on. It promises nothing, and
// waits where the disk has much to do.
func Start(f *os.File, at, n int64) {
	unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
}
