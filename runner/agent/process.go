package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// holdTime is how long a step's output may stay open after the step's end.
const holdTime = 2 * time.Second

// children starts processes and knows which of this process's children were
// started by it. Whoever reaps others must ask leader first.
type children struct {
	mu      sync.Mutex // held while forking, so that no child is seen before it is known
	leaders map[int]bool
	first   int // the first one's id; 0 before

	sacrifice sacrifice
}

func newChildren() *children {
	return &children{leaders: map[int]bool{}, sacrifice: newSacrifice()}
}

// start forks and executes c in a session of its own.
func (cs *children) start(c command, null, out *os.File) (int, error) {
	attr := &syscall.ProcAttr{
		Dir: c.dir, Env: c.env,
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	pid, err := 0, error(nil)
	// A script that was written a moment ago is busy as long as some process that
	// was forked meanwhile still holds it open, until it calls exec itself.
	for wait := time.Millisecond; ; wait *= 2 {
		cs.sacrifice.during(func() { pid, err = syscall.ForkExec(c.program, c.argv, attr) })
		if !errors.Is(err, syscall.ETXTBSY) || wait > 100*time.Millisecond {
			break
		}
		time.Sleep(wait)
	}
	if err == nil {
		cs.leaders[pid] = true
		if cs.first == 0 {
			cs.first = pid
		}
	}
	return pid, err
}

// reap takes a leader that has ended from the process table.
func (cs *children) reap(pid int) (ws syscall.WaitStatus, ru syscall.Rusage) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for {
		_, err := syscall.Wait4(pid, &ws, 0, &ru)
		if err != syscall.EINTR {
			delete(cs.leaders, pid)
			return ws, ru
		}
	}
}

// awaitExit returns when a child has ended, and leaves it to be reaped: until
// then its process id, and so its group's, cannot be given to another process.
func awaitExit(pid int) {
	for {
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return
		}
	}
}

// A command is what a step executes.
type command struct {
	program string
	argv    []string
	env     []string
	dir     string
}

// An ending is how a command ended.
type ending struct {
	status syscall.WaitStatus
	usage  syscall.Rusage
	cause  error // why it was stopped; nil if it ended by itself
	held   bool  // something kept its output open and was killed
}

// A process is a command that runs, with its output.
type process struct {
	pid    int
	exited chan struct{}
	output *os.File
	eof    chan error // result of reading the output to its end
}

// run executes c, gives its output to pump and waits for both. When ctx ends
// the group is asked to stop and has grace for it; when hard ends it is killed.
func (cs *children) run(ctx, hard context.Context, c command, null *os.File, grace time.Duration, pump func(*os.File) error) (ending, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return ending{}, err
	}
	defer r.Close()
	pid, err := cs.start(c, null, w)
	w.Close()
	if err != nil {
		return ending{}, explain(c, err)
	}
	p := &process{pid: pid, exited: make(chan struct{}), output: r, eof: make(chan error, 1)}
	go func() { awaitExit(pid); close(p.exited) }()
	go func() { p.eof <- pump(r) }()

	var e ending
	deadline := p.supervise(ctx, hard, grace, &e)
	err = p.drain(hard, deadline, &e)
	if e.cause != nil {
		p.finishGroup(hard, deadline)
	}
	e.status, e.usage = cs.reap(pid)
	return e, err
}

// supervise waits for the leader's end and passes on wishes to stop. The
// returned time is when the rest of the group must be gone.
func (p *process) supervise(ctx, hard context.Context, grace time.Duration, e *ending) time.Time {
	soft, kill := ctx.Done(), hard.Done()
	var patience <-chan time.Time
	deadline := time.Time{}
	for {
		select {
		case <-p.exited:
			return deadline
		case <-soft:
			soft, e.cause = nil, context.Cause(ctx)
			p.signal(unix.SIGTERM)
			p.signal(unix.SIGCONT)
			deadline, patience = time.Now().Add(grace), time.After(grace)
		case <-patience:
			p.signal(unix.SIGKILL)
		case <-kill:
			if kill = nil; e.cause == nil {
				e.cause = ErrKill
			}
			p.signal(unix.SIGKILL)
			deadline = time.Now()
		}
	}
}

// signal sends a signal to the whole group. It must not be called after reap.
func (p *process) signal(sig unix.Signal) { _ = unix.Kill(-p.pid, sig) }

// drain waits for the end of the output. What keeps it open for longer than
// the step may take is killed; what then still holds it has left the group, and
// its output is cut off.
func (p *process) drain(hard context.Context, deadline time.Time, e *ending) error {
	select {
	case err := <-p.eof:
		return err
	default:
	}
	hold := holdTime
	if !deadline.IsZero() {
		hold = time.Until(deadline)
	}
	for _, wait := range []time.Duration{hold, 100 * time.Millisecond} {
		if err, ok := p.awaitEOF(hard, wait); ok {
			return err
		}
		e.held = true
		p.signal(unix.SIGKILL)
	}
	_ = p.output.SetReadDeadline(time.Unix(1, 0))
	return <-p.eof
}

func (p *process) awaitEOF(hard context.Context, wait time.Duration) (err error, ok bool) {
	t := time.NewTimer(wait)
	defer t.Stop()
	stop := hard.Done()
	if wait <= 100*time.Millisecond {
		stop = nil // the last chance, after a kill
	}
	select {
	case err := <-p.eof:
		return err, true
	case <-t.C:
	case <-stop:
	}
	return nil, false
}

// finishGroup lets the group of a stopped step finish by itself until deadline,
// though its leader is gone and its output closed, and kills what is left.
func (p *process) finishGroup(hard context.Context, deadline time.Time) {
	for pause := 5 * time.Millisecond; groupAlive(p.pid) && time.Now().Before(deadline); pause = min(2*pause, 100*time.Millisecond) {
		select {
		case <-time.After(pause):
		case <-hard.Done():
			deadline = time.Time{}
		}
	}
	p.signal(unix.SIGKILL)
}

// A startError is a command that could not be executed.
type startError struct{ err error }

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// explain says why c could not be executed.
func explain(c command, err error) error {
	switch {
	case errors.Is(err, syscall.E2BIG):
		name, size := (&environ{list: c.env}).longest()
		err = fmt.Errorf("start %s: variables and arguments are too long for the system; the longest variable is %s with %d bytes", c.argv[0], name, size)
	case errors.Is(err, syscall.ENOENT):
		err = fmt.Errorf("start %s: %s or its interpreter is missing", c.argv[0], c.program)
	default:
		err = fmt.Errorf("start %s: %w", c.argv[0], err)
	}
	return &startError{err}
}
