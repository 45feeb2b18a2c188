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

// Locked reports whether somebody, this process or another, holds the lock of
// an existing lock file. It changes nothing, and is wrong for the moment in
// which another caller asks the same.
func Locked(path string) (bool, error) {
	f, err := os.Open(path) // reading is enough, and all that a stranger may do
	if err != nil {
		return false, err
	}
	defer f.Close()
	ok, err := tryLock(f, true)
	return !ok && err == nil, err
}
