package snapshot

import "syscall"

// smallFile is up to which size a file is read into memory of Go's.
const smallFile = 32 << 10

// read reads a table.
func read(file string) (*Table, error) {
	b, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	free := func() error { return release(b) }
	t, err := Decode(b)
	if err != nil {
		_ = free() // it was mapped a moment ago
		return nil, err
	}
	t.Free = free
	return t, nil
}

// ReadFile is os.ReadFile without what that needs: a poller and its files.
//
// A table of 2 MB, that of 20,000 files, would cost 500 fresh pages of Go's memory,
// and these more than all else that is done with it; pages that the kernel
// fills in at once cost little, and are the program's until it ends. The file is not
// mapped itself: a page of it that cannot be had would end the program, unless
// runtime/debug is imported, which costs more than all the rest.
func ReadFile(file string) ([]byte, error) {
	fd, err := syscall.Open(file, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	var st Stat
	if errno := st.OfFile(fd); errno != 0 {
		return nil, errno
	}
	if st.Size > MaxTable {
		return nil, syscall.EFBIG
	}
	size := int(st.Size) + 512 // the end is seen without growing, and /proc tells no sizes
	if size <= smallFile {
		return readAll(fd, make([]byte, size))
	}
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_POPULATE)
	if err != nil {
		return nil, err
	}
	text, err := readAll(fd, b)
	if err != nil {
		_ = syscall.Munmap(b) // it was mapped a moment ago
	}
	return text, err
}

// release gives back what ReadFile mapped.
func release(b []byte) error {
	if cap(b) <= smallFile {
		return nil
	}
	return syscall.Munmap(b[:cap(b)])
}

// readAll reads to the end, for which b is large enough.
func readAll(fd int, b []byte) ([]byte, error) {
	n := 0
	for n < len(b) {
		k, err := syscall.Read(fd, b[n:])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return nil, err
		case k == 0:
			return b[:n], nil
		default:
			n += k
		}
	}
	return nil, syscall.EFBIG // it has grown meanwhile
}
