package store

import (
	"context"
	"os"
)

// Lock takes the lock file at path for this process alone, makes it if it is
// not there, and returns its release. It waits until ctx ends. The kernel
// releases the lock when the process dies, so it is never stale.
func Lock(ctx context.Context, path string) (release func(), err error) {
	return lock(ctx, path, true)
}

// TryLock is Lock without waiting: ok is false if somebody else has the lock.
func TryLock(path string) (release func(), ok bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, false, err
	}
	if ok, err = tryLock(f, true); !ok {
		f.Close()
		return nil, false, err
	}
	return func() { unlock(f) }, true, nil
}

// Locked reports whether somebody, this process or another, holds the lock of
// an existing lock file. It changes nothing, and is wrong for the moment in
// which another caller asks the same.
func Locked(path string) (bool, error) {
	f, err := os.Open(path) // reading is enough, and all that a stranger may do
	if err != nil {
		return false, err
	}
	ok, err := tryLock(f, true)
	if ok {
		unlock(f)
	} else {
		f.Close()
	}
	return !ok && err == nil, err
}

// unlock gives back what tryLock took, and closes the file. To close it alone
// would not do: a program that this process starts in the same moment has the
// file too until it is executed, and the lock with it.
func unlock(f *os.File) {
	_ = freeLock(f) // if it fails, the close does it
	f.Close()
}
