package runner

import (
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/mask"
)

// silence is how long a job may be quiet before people are told what it is at.
const silence = 10 * time.Second

// A watcher passes events on, one at a time, and notices silence.
type watcher struct {
	run    string
	watch  func(Event)
	now    func() time.Time
	secret *mask.Set
	stop   chan struct{}
	done   sync.WaitGroup

	mu    sync.Mutex // guards all below, and the calls of watch
	heard map[string]time.Time
}

// newWatcher starts a watcher; close ends it.
func newWatcher(run string, watch func(Event), now func() time.Time, secret *mask.Set) *watcher {
	w := &watcher{run: run, watch: watch, now: now, secret: secret, stop: make(chan struct{}), heard: map[string]time.Time{}}
	if watch != nil {
		w.done.Go(w.listen)
	}
	return w
}

func (w *watcher) close() {
	close(w.stop)
	w.done.Wait()
}

// send passes an event on, masked, with the run's id and the time filled in.
func (w *watcher) send(e Event) {
	if w.watch == nil {
		return
	}
	e = concealEvent(e, w.secret)
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = w.now().UTC()
	}
	e.Run = w.run
	switch {
	case e.Kind == JobEnded:
		delete(w.heard, e.Job)
	case e.Job != "" && e.Kind != Waiting && e.Kind != JobQueued:
		w.heard[e.Job] = e.Time
	}
	w.watch(e)
}

func (w *watcher) listen() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
			for _, job := range w.silent() {
				w.send(Event{Kind: Waiting, Job: job})
			}
		}
	}
}

// silent lists the jobs that run and have not been heard of for a while.
func (w *watcher) silent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for job, at := range w.heard {
		if w.now().Sub(at) >= silence {
			out = append(out, job)
		}
	}
	return out
}
