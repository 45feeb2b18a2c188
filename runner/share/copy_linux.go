package share

import (
	"os"

	"golang.org/x/sys/unix"
)

// copyRange lets the kernel copy a range from one file to the same place of another:
// where the file system can, both then share the bytes on the disk. It returns how
// much it did, which may be nothing.
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

// startWriting lets the disk begin with a range, so that it is busy while the next
// ones come and are hashed, and not only at the end. It promises nothing.
func startWriting(f *os.File, at, n int64) {
	unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
}
