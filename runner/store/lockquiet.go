package store

import (
	"errors"
	"io/fs"
	"os"
)

// A QuietLock is a lock of this process alone that those who watch its folder
// do not hear of, neither taken nor given back, until Announce. The kernel gives
// it back when the process dies, and then tells if it was announced.
type QuietLock struct {
	file *os.File // holds the lock; open for reading, since closing such a file is told nobody
	bell *os.File // open for writing; nil before Announce
}

// TryQuietLock takes the lock file at path, made if it is not there, if nobody
// else has it; else it returns nil.
func TryQuietLock(path string) (*QuietLock, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f, true)
	if err != nil { // as on NFS, where an exclusive lock needs a file that can be written
		return tryLoudLock(path, errors.Join(err, f.Close()))
	}
	if !ok {
		return nil, f.Close()
	}
	return &QuietLock{file: f}, nil
}

// tryLoudLock is for file systems that know no other. They are those of several
// machines, where a Watch is told nothing, so that nobody is woken for nothing.
func tryLoudLock(path string, why error) (*QuietLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, errors.Join(why, err)
	}
	ok, err := tryLock(f, true)
	if !ok {
		return nil, errors.Join(err, f.Close())
	}
	return &QuietLock{file: f}, nil
}

// Announce has those who watch told when the lock is given back. A lock whose
// file has been removed meanwhile is nobody's any more, and nobody waits for it.
func (l *QuietLock) Announce() error {
	if l.bell != nil {
		return nil
	}
	var err error
	if l.bell, err = os.OpenFile(l.file.Name(), os.O_WRONLY, 0); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Release gives the lock back, and only then tells of it.
func (l *QuietLock) Release() {
	unlock(l.file)
	if l.bell != nil {
		l.bell.Close()
	}
}
