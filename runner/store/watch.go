package store

import "time"

// How long a Watch waits before it asks to look again. It begins small because
// a lock is given back a moment after its file is closed, and grows because
// nothing more is to be expected then. Where the system tells nothing, all
// depends on it.
var usual = pace{first: 10 * time.Millisecond, told: 10 * time.Second, guessed: time.Second}

// A pace is how long a Watch waits at first, and at most: where it is told of
// changes, and where it is not.
type pace struct{ first, told, guessed time.Duration }

// A Watch tells whoever waits for locks in a folder when to look at them again:
// at once when somebody there closes a file that was open for writing or puts
// one into its place, as a release or the death of a process does, and now and
// then in any case, more and more seldom. To wait costs nothing meanwhile.
//
// Why looking stays necessary: not every file system tells of changes, a system
// has a limit on how many may be told, and two who take and give back at the
// same moment can hide the change from each other.
type Watch struct {
	// C is filled when it is time to look, the first time as soon as the watch is
	// set. News that come while it is full are one.
	C    <-chan struct{}
	news *news // nil where the system tells nothing
	stop chan struct{}
	done chan struct{}
}

// WatchFolder watches a folder until Close. heed says of which files, by name,
// a change counts; nil means of all. Who looks must close no file that counts
// without having changed anything, else it wakes itself for ever.
func WatchFolder(dir string, heed func(name string) bool) *Watch { return watch(dir, heed, usual) }

func watch(dir string, heed func(name string) bool, p pace) *Watch {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	w := &Watch{C: c, stop: make(chan struct{}), done: make(chan struct{})}
	told, most := (<-chan struct{})(nil), p.guessed
	if w.news = listen(dir, heed); w.news != nil {
		told, most = w.news.told, p.told
	}
	go w.run(c, told, p.first, most)
	return w
}

func (w *Watch) run(c chan<- struct{}, told <-chan struct{}, first, most time.Duration) {
	defer close(w.done)
	pause := first
	t := time.NewTimer(pause)
	defer t.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-told:
			pause = first
		case <-t.C:
			pause = min(2*pause, most)
		}
		t.Reset(pause)
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Close ends the watch. C is not filled any more.
func (w *Watch) Close() {
	if w == nil {
		return
	}
	close(w.stop)
	<-w.done
	if w.news != nil {
		w.news.close()
	}
}
