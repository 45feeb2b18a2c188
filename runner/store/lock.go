package store

import (
	"context"
	"fmt"
	"os"
	"time"
)

// lock takes the lock file at path, shared or exclusive, and returns its
// release. The kernel releases it when the process dies, so it is never stale.
func lock(ctx context.Context, path string, exclusive bool) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	// Asking again and again, because a blocking flock cannot be cancelled.
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		ok, err := tryLock(f, exclusive)
		if ok {
			return func() { unlock(f) }, nil
		}
		if err == nil {
			err = sleep(ctx, pause)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

func timeOf(sec, nsec int64) time.Time { return time.Unix(sec, nsec) }
