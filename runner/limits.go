package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/record"
)

// Limits bound what the jobs of a run may take together; the jobs' own limits
// stand beside them. Zero means no limit.
type Limits struct {
	Time time.Duration // while the run is at work: its wait in a concurrency group does not count
	Disk int64         // bytes of the run's own store: workspaces, outputs, logs, record
	Log  int64         // bytes that its jobs print
}

// An excess is what a run took more of than it may.
type excess struct {
	reason agent.Reason
	text   string // for people
}

// A budget is what a run has taken of its limits. The nil budget has none.
type budget struct {
	limits Limits
	root   string // of the store

	mu      sync.Mutex      // guards all below
	running map[string]bool // control folders of the attempts at work
	printed int64           // bytes of those that have ended
}

// newBudget returns the budget of a run, nil if nothing limits it.
func (r *Runner) newBudget() *budget {
	if r.Overlay == nil || r.Overlay.Limits == (Limits{}) {
		return nil
	}
	return &budget{limits: r.Overlay.Limits, root: r.Store.Root(), running: map[string]bool{}}
}

// prints counts what an attempt prints, from now until the function that comes
// back is called.
func (b *budget) prints(control string) (end func()) {
	if b == nil {
		return func() {}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running[control] = true
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.running, control)
		b.printed += logSize(control)
	}
}

func (b *budget) log() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.printed
	for control := range b.running {
		n += logSize(control)
	}
	return n
}

// logSize is how many bytes an attempt has in its log. What a job put in its
// place is none.
func logSize(control string) int64 {
	st, err := os.Lstat(filepath.Join(control, agent.LogFile))
	if err != nil || !st.Mode().IsRegular() {
		return 0
	}
	return st.Size()
}

// exceeded says what of that which can be measured the run has taken too much of;
// nil if nothing.
func (b *budget) exceeded() *excess {
	if l := b.limits.Log; l > 0 {
		if n := b.log(); n > l {
			return &excess{agent.ReasonDiskFull,
				fmt.Sprintf("the jobs of the run printed %s together, %s more than they may (--max-log %s)", size(n), size(n-l), size(l))}
		}
	}
	if l := b.limits.Disk; l > 0 {
		if n := agent.Taken(b.root); n > l {
			return &excess{agent.ReasonDiskFull,
				fmt.Sprintf("the run takes %s of the disk, %s more than it may (--max-disk %s)", size(n), size(n-l), size(l))}
		}
	}
	return nil
}

// A measure that takes long is made less often: a tenth of the time at most.
const (
	measureEvery = time.Second
	measureShare = 10
)

// watch measures until the run has taken too much, or quit is closed.
func (b *budget) watch(quit <-chan struct{}) *excess {
	var late <-chan time.Time // never
	if b.limits.Time > 0 {
		late = time.After(b.limits.Time)
	}
	for pause := measureEvery; ; {
		select {
		case <-quit:
			return nil
		case <-late:
			return &excess{agent.ReasonTimeout, fmt.Sprintf("the run took longer than it may (--max-time %s)", brief(b.limits.Time))}
		case <-time.After(pause):
		}
		began := time.Now()
		if e := b.exceeded(); e != nil {
			return e
		}
		pause = max(measureEvery, measureShare*time.Since(began))
	}
}

// bind returns the contexts of a run such that both end when it takes more than
// it may: at once, as who takes too much gets no time to take more, and not even
// jobs that always run start then. settle is to be called when all jobs have
// ended; it says what was too much, also if that shows only then.
func (b *budget) bind(hard, soft context.Context, tell func(*excess)) (h, s context.Context, settle func() *excess) {
	if b == nil {
		return hard, soft, func() *excess { return nil }
	}
	h, stopHard := context.WithCancel(hard)
	s, stopSoft := context.WithCancel(soft)
	quit := make(chan struct{})
	var e *excess
	var watching sync.WaitGroup
	watching.Go(func() {
		if e = b.watch(quit); e != nil {
			tell(e)
			stopHard()
			stopSoft()
		}
	})
	return h, s, func() *excess {
		close(quit)
		watching.Wait()
		stopHard()
		stopSoft()
		if e == nil {
			if e = b.exceeded(); e != nil {
				tell(e)
			}
		}
		return e
	}
}

// tellLimit says that the run ends because it took too much.
func (x *execution) tellLimit(e *excess) {
	x.watch.send(Event{Kind: Notice, Level: "error", Text: "ended: " + e.text})
}

// overrun makes a run that took too much a failure, whatever its jobs did.
func overrun(run *record.Run, e *excess) {
	if e != nil {
		run.Status, run.Exit, run.Reason, run.Error = record.Failure, exitFailed, string(e.reason), e.text
	}
}

// brief writes a duration without the parts that are zero: 3h, 1m30s.
func brief(d time.Duration) string {
	s := d.String()
	if cut, ok := strings.CutSuffix(s, "m0s"); ok {
		s = cut + "m"
	}
	if cut, ok := strings.CutSuffix(s, "h0m"); ok {
		s = cut + "h"
	}
	return s
}
