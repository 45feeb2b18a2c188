package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A claim is one's alone, among goroutines as among processes, and passes on.
func TestClaim(t *testing.T) {
	t.Parallel()
	d := open(t)
	other, err := Open(d.Root()) // as another process has it
	if err != nil {
		t.Fatal(err)
	}
	var inside, most, waited atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			release, err := []*Dir{d, other}[i%2].Claim(t.Context(), Sum([]byte("work")), func() { waited.Add(1) })
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			most.Store(max(most.Load(), inside.Add(1)))
			time.Sleep(time.Millisecond)
			inside.Add(-1)
		})
	}
	wg.Wait()
	if most.Load() != 1 || waited.Load() == 0 {
		t.Errorf("%d at once, %d waited", most.Load(), waited.Load())
	}
	release, err := d.Claim(t.Context(), Sum([]byte("work")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if free, err := d.Claim(t.Context(), Sum([]byte("other work")), nil); err != nil {
		t.Error(err)
	} else {
		free()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := other.Claim(ctx, Sum([]byte("work")), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("claimed twice: %v", err)
	}
	release()
	if swept, err := d.Sweep(); len(swept) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", swept, err)
	}
}
