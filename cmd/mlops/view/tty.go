package view

import (
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

const (
	frameTime  = 100 * time.Millisecond // nothing is redrawn more often
	idleTime   = time.Second            // the clocks of the rows go on when nothing happens
	queueLimit = 1 << 20                // bytes of output between two frames
)

// tty shows a run on a terminal. Event only takes notes; one goroutine draws,
// so that a slow or stopped terminal never holds up the run.
type tty struct {
	mu    sync.Mutex // guards the fields up to held
	o     Options
	tell  teller
	queue queue
	ended bool   // no live rows any more
	held  string // the line about the start of the run, until something happens

	screen screen // used by the drawing goroutine, after its end by whoever ended it

	wake chan struct{} // has room for one: something is to be drawn
	stop chan struct{} // closed to end the drawing
	done chan struct{} // closed when it has ended
	once sync.Once
}

var _ View = (*tty)(nil)

func newTTY(o Options) *tty {
	return &tty{
		o:      o,
		tell:   newTeller(o),
		queue:  queue{limit: queueLimit},
		screen: screen{sink: sink{w: o.Err}, color: o.Color},
		wake:   make(chan struct{}, 1),
		stop:   make(chan struct{}),
		done:   make(chan struct{}),
	}
}

func startTTY(o Options) *tty {
	v := newTTY(o)
	go v.draw()
	return v
}

// Event implements [View].
func (v *tty) Event(e runner.Event) {
	if e.Time.IsZero() {
		e.Time = v.o.Now()
	}
	v.take(e)
	if e.Kind == runner.RunEnded {
		v.finish(e.Summary)
		return
	}
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// take notes what e says and puts what scrolls into the queue.
func (v *tty) take(e runner.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lines := v.tell.apply(e)
	var j *job
	if e.Job != "" {
		j = v.tell.job(e.Job)
	}
	if len(lines) > 0 {
		v.release()
		v.queue.output(j, lines)
	}
	if e.Kind == runner.JobStarted {
		v.release()
	}
	if !v.scrolls(e) {
		return
	}
	line := v.tell.line(e)
	switch {
	case line == "":
	case e.Kind == runner.RunStarted:
		v.held = line
	case e.Kind == runner.JobEnded:
		v.release()
		m := markOf(e.Status, e.Cached)
		v.queue.line(j, v.tell.paint.in(m.color, m.sign)+" "+line, true)
	default:
		v.release()
		v.queue.line(j, line, false)
	}
}

// release queues the line about the start of the run, which a run without
// work does not show.
func (v *tty) release() {
	if v.held != "" {
		v.queue.line(nil, v.held, true)
		v.held = ""
	}
}

// scrolls reports whether e gets a line above the rows; what the rows show
// gets none.
func (v *tty) scrolls(e runner.Event) bool {
	switch e.Kind {
	case runner.JobQueued, runner.StepStarted:
		return v.o.Verbose
	case runner.JobStarted:
		return v.o.Verbose || len(e.Why) > 0
	case runner.Waiting:
		return e.Job != "" && v.tell.job(e.Job).phase == queued // it has no row yet
	case runner.JobEnded:
		return v.o.Verbose || !e.Cached
	}
	return true
}

// draw draws until stop is closed, and once more then.
func (v *tty) draw() {
	defer close(v.done)
	idle := time.NewTicker(idleTime)
	defer idle.Stop()
	for {
		select {
		case <-v.wake:
		case <-idle.C:
		case <-v.stop:
			return
		}
		v.frame()
		select {
		case <-time.After(frameTime):
		case <-v.stop:
			return
		}
	}
}

// frame brings the screen up to date. The terminal is written to without the lock.
func (v *tty) frame() {
	v.mu.Lock()
	items := v.queue.take()
	width, height := v.o.Width(), v.o.Height()
	var rows []string
	if !v.ended && v.busy() {
		rows = v.tell.rows(v.o.Now(), width, height)
	}
	run := v.tell.run
	v.mu.Unlock()
	v.screen.show(items, rows, width, run)
}

// busy reports whether anything happens that is worth rows: a run in which
// everything is cached ends before they could be read.
func (v *tty) busy() bool {
	return len(v.tell.running)+v.tell.queued > 0 || v.tell.waiting != "" || v.held == "" && v.tell.done > 0
}

// finish ends the drawing, clears the rows and writes the summary.
func (v *tty) finish(sum *runner.Summary) {
	v.halt()
	v.mu.Lock()
	defer v.mu.Unlock()
	if sum == nil {
		return
	}
	if v.screen.told {
		v.screen.sink.write([]byte("\r\n"))
	}
	r := newReporter(v.tell.state, sum, v.o)
	v.screen.sink.keep(r.write(v.o.Out))
}

// halt stops the drawing goroutine and draws the last frame, without rows.
func (v *tty) halt() {
	v.once.Do(func() {
		close(v.stop)
		<-v.done
	})
	v.mu.Lock()
	v.ended = true
	v.mu.Unlock()
	v.frame()
}

// Close implements [View].
func (v *tty) Close() error {
	v.halt()
	return v.screen.sink.err
}
