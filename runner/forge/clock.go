package forge

import (
	"context"
	"math/rand/v2"
	"time"
)

// A Clock is the time and chance that waiting needs. The zero value is those of
// the machine.
type Clock struct {
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error // returns early with the context's error
	// Spread returns a duration between 0 and d, by which those who wait at once are
	// told apart.
	Spread func(d time.Duration) time.Duration
}

func (c Clock) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c Clock) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c Clock) spread(d time.Duration) time.Duration {
	switch {
	case d <= 0:
		return 0
	case c.Spread != nil:
		return c.Spread(d)
	}
	return rand.N(d)
}
