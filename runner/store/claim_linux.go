package store

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// tryClaim returns nil if somebody else has the claim. All claims are locks on
// single bytes of one file, at places that the digests choose, because making
// and removing a file for each would cost more than many jobs do. They are of
// the open file (F_OFD_SETLK), so that goroutines keep each other out too.
func (d *Dir) tryClaim(thing Digest) (release func(), err error) {
	f, err := os.OpenFile(d.path("claims"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	place := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(binary.BigEndian.Uint64(thing[:8]) >> 2), Len: 1}
	_, err = again(func() (int, error) { return 0, unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &place) })
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil, f.Close()
	}
	return func() { f.Close() }, nil
}

// abandonedClaim is for systems on which claims are files.
func (d *Dir) abandonedClaim(string, fs.DirEntry) (is, abandoned bool) { return false, false }
