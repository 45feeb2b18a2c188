package bulk

import (
	"os"
	"sync"
)

// A behind lets the disk write a file that grows, some way behind its end. It
// promises nothing: a flush does.
type behind struct {
	file *os.File
	wake chan struct{}
	done sync.WaitGroup

	mu       sync.Mutex // guards what follows
	from, to int64      // what was written and has not begun
}

// writeBehind begins at an offset of the file. end must be called, once.
func writeBehind(file *os.File, at int64) *behind {
	b := &behind{file: file, wake: make(chan struct{}, 1), from: at, to: at}
	// The call waits where the disk has much to do, so it is not made by who copies.
	b.done.Go(func() {
		for range b.wake {
			b.mu.Lock()
			from, n := b.from, b.to-b.from
			b.from = b.to
			b.mu.Unlock()
			Start(b.file, from, n)
		}
	})
	return b
}

// wrote says that the file is written up to an offset.
func (b *behind) wrote(to int64) {
	b.mu.Lock()
	b.to = to
	enough := b.to-b.from >= piece
	b.mu.Unlock()
	if !enough {
		return
	}
	select {
	case b.wake <- struct{}{}:
	default: // it will see this when it looks again
	}
}

// end waits until the file is not used any more.
func (b *behind) end() {
	close(b.wake)
	b.done.Wait()
}
