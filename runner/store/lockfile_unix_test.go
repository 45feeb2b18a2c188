//go:build unix

package store

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// A lock that was given back can be taken at once, also while this process starts
// others, which have its files for a moment.
func TestLockIsFreeAfterRelease(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	var starts sync.WaitGroup
	starts.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if err := exec.Command("true").Run(); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	defer starts.Wait()
	defer close(done)
	path := filepath.Join(t.TempDir(), "lock")
	for i := range 20000 {
		release, ok, err := TryLock(path)
		if err != nil || !ok {
			t.Fatalf("after %d times nobody holds the lock, and it cannot be had: %v", i, err)
		}
		release()
	}
}
