package oci

import (
	"io"
	"os"
	"sync"
	"time"
)

// A watched is a file on its way to a registry. Only a bare file is sent by the kernel,
// without a copy of each byte here, so its progress is where it is read.
type watched struct {
	file *os.File
	to   *progress
	from int64 // where the way began, in bytes
	told int64 // up to where it was told
	stop chan struct{}
	done sync.WaitGroup
}

// looked is how often it is asked for.
const looked = 100 * time.Millisecond

// watch tells to of the bytes that are read of a file from a place on.
func watch(f *os.File, from int64, to *progress) *watched {
	w := &watched{file: f, to: to, from: from, told: from, stop: make(chan struct{})}
	w.done.Go(func() {
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(looked):
				w.look()
			}
		}
	})
	return w
}

func (w *watched) look() {
	if at, err := w.file.Seek(0, io.SeekCurrent); err == nil && at > w.told { // else it is closed, as the answer comes
		w.to.add(at - w.told)
		w.told = at
	}
}

// end ends the watching, and returns how many bytes were told of.
func (w *watched) end() int64 {
	close(w.stop)
	w.done.Wait()
	return w.told - w.from
}
