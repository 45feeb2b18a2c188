package bulk_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/bulk"
)

// What was reserved for more than came is given back.
func TestReceiveGivesBack(t *testing.T) {
	t.Parallel()
	file := create(t, "to", nil)
	const size = 20 << 20
	if _, err := bulk.Receive(t.Context(), file, 0, sha256.New(), bytes.NewReader(make([]byte, size)), nil); err != nil {
		t.Fatal(err)
	}
	takes(t, file, size)
}

// What was reserved by a process that died is given back by who goes on, however little comes.
func TestReceiveGivesBackOfOthers(t *testing.T) {
	t.Parallel()
	const before, more = 10 << 20, 5
	file := create(t, "to", make([]byte, before))
	bulk.Reserve(file, before, 64<<20)
	if _, err := bulk.Receive(t.Context(), file, before, sha256.New(), bytes.NewReader(make([]byte, more)), nil); err != nil {
		t.Fatal(err)
	}
	takes(t, file, before+more)
}

// A size that was lied about takes nothing from others.
func TestReserveLeavesTheDisk(t *testing.T) {
	t.Parallel()
	file := create(t, "to", nil)
	var disk unix.Statfs_t
	if err := unix.Fstatfs(int(file.Fd()), &disk); err != nil {
		t.Fatal(err)
	}
	bulk.Reserve(file, 0, int64(disk.Bavail)*disk.Bsize)
	bulk.Reserve(file, 0, 1<<50)
	takes(t, file, 0)
}

// takes fails if a file has another size, or takes much more of the disk.
func takes(t *testing.T, file *os.File, size int64) {
	t.Helper()
	st, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if taken := st.Sys().(*syscall.Stat_t).Blocks * 512; st.Size() != size || taken > size+1<<20 {
		t.Errorf("%d bytes take %d", st.Size(), taken)
	}
}
