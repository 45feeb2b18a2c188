package worktree

import (
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/snapshot"
)

// openTable reads a table where the kernel keeps it. Reading 2 MB, the table of
// 20,000 files, into memory of our own costs 500 fresh pages of it, and these more
// than all else that is done with the table. Nobody writes into such a file:
// they are replaced by rename.
func openTable(file string) (*table, error) {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Size < snapshot.HeaderSize || st.Size > snapshot.MaxTable {
		return nil, snapshot.ErrTable
	}
	if !(snapshot.Place{FD: fd}).Trusted() { // a page that a server forgets later would be a fault later
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return snapshot.Decode(b)
	}
	b, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
	if err != nil {
		return nil, err
	}
	t, err := decodeMapped(b)
	if err != nil {
		_ = unix.Munmap(b) // it was mapped a moment ago
		return nil, err
	}
	t.Free = func() error { return unix.Munmap(b) }
	return t, nil
}

// decodeMapped is decodeTable, which looks at every byte. A page that the disk
// does not deliver, or that is not there because the file was cut off, is a
// fault, not an error.
func decodeMapped(b []byte) (t *table, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if _, fault := p.(interface{ Addr() uintptr }); !fault {
				panic(p)
			}
			err = snapshot.ErrTable
		}
	}()
	return snapshot.Decode(b)
}
