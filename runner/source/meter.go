package source

import (
	"sync"
	"time"
)

// A meter counts what comes, over several transfers, and tells of it.
type meter struct {
	mu       sync.Mutex // guards all below, and calls of tell
	done     int64
	total    int64 // 0 if nobody knows
	last     time.Time
	progress func(done, total int64)
	now      func() time.Time
}

// seldom is how often progress is told at most.
const seldom = 500 * time.Millisecond

// add counts bytes, and returns how many there are.
func (m *meter) add(n int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	if now := m.now(); m.progress != nil && now.Sub(m.last) >= seldom {
		m.last = now
		m.progress(m.done, m.total)
	}
	return m.done
}

// keepTelling tells also while nothing comes, until quiet is called.
func (m *meter) keepTelling() (quiet func()) {
	tick := time.NewTicker(2 * seldom)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-tick.C:
				m.add(0)
			case <-done:
				return
			}
		}
	}()
	return func() {
		tick.Stop()
		close(done)
		<-ended
	}
}

// expect notes how many bytes will come in all, if that is not known yet.
func (m *meter) expect(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total == 0 && n > 0 {
		m.total = n
	}
}
