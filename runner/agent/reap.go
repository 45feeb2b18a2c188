package agent

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A reaper takes orphans from the process table and adds up what they used. It
// may only run where every child of the process is one of children's leaders
// or an orphan: as PID 1, or in a process that does nothing but run one agent.
type reaper struct {
	children *children
	wake     chan os.Signal
	done     chan struct{}
	wg       sync.WaitGroup

	mu  sync.Mutex
	cpu time.Duration // of the orphans so far
}

func startReaper(cs *children) *reaper {
	r := &reaper{children: cs, wake: make(chan os.Signal, 1), done: make(chan struct{})}
	signal.Notify(r.wake, unix.SIGCHLD)
	r.wg.Go(r.loop)
	return r
}

func (r *reaper) loop() {
	// A leader that waits for its step to reap it hides the zombies after it,
	// and its reaping sends no signal: so look again now and then.
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-r.wake:
		case <-tick.C:
		case <-r.done:
			return
		}
		for r.one() {
		}
	}
}

// one reaps one orphan and reports whether there may be more.
func (r *reaper) one() bool {
	r.children.mu.Lock()
	defer r.children.mu.Unlock()
	pid := endedChild()
	if pid == 0 || r.children.leaders[pid] {
		return false
	}
	var ru syscall.Rusage
	if got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, &ru); err != nil || got != pid {
		return false
	}
	r.mu.Lock()
	r.cpu += cpuTime(&ru)
	r.mu.Unlock()
	return true
}

// endedChild returns the id of some child that has ended, without reaping it; 0 if none has.
func endedChild() int {
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err != nil {
		return 0
	}
	return childOf(&info)
}

// childOf reads si_pid, which x/sys/unix does not name. It stands after three
// ints, aligned to a pointer; see siginfo_t in sigaction(2).
func childOf(info *unix.Siginfo) int {
	const ints = 3 * unsafe.Sizeof(int32(0))
	const align = unsafe.Sizeof(uintptr(0))
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), (ints+align-1)/align*align)))
}

// used is the CPU time of all orphans reaped so far.
func (r *reaper) used() time.Duration {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cpu
}

func (r *reaper) stop() {
	signal.Stop(r.wake)
	close(r.done)
	r.wg.Wait()
}

func cpuTime(ru *syscall.Rusage) time.Duration {
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
