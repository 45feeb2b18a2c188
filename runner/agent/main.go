package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Exit statuses of Main.
const (
	exitSuccess = 0 // or the job was handed over
	exitFailure = 1 // the job failed or was cancelled
	exitBroken  = 4 // the agent could not go on: there is no proof
)

// Main runs the job whose Spec lies in controlDir, in a process of its own: as
// PID 1 of a container, or as a child that does nothing else. It writes the
// event stream to stdout and returns the process's exit status: 0 success or
// handed over, 1 the job failed or was cancelled, 4 the agent could not go on.
//
// If Spec.SecretsFollow is set, it reads one line of the standard input first.
//
// The first SIGTERM or SIGINT asks the steps to stop, the second kills them.
// Steps see the variables of this process and, before them, those of the Spec.
// It must be called once, from the main package.
func Main(ctx context.Context, controlDir string, stdout io.Writer) int {
	s, err := loadSpec(controlDir)
	if err != nil {
		return broken(controlDir, stdout, err)
	}
	reserveThreads(threadsFor(&s))
	p, free := ownPlace()
	defer free()
	ctx, stop := obeySignals(ctx)
	defer stop()
	out := newSender(stdout, s.Stream)
	ended := false
	p.relay = s.relay()
	r, err := run(ctx, s, func(e Event) { ended = e.Kind == Ended || e.Kind == HandedOver; out.send(e) }, p)
	if !ended { // it did not even begin; the stream says why
		out.send(Event{Kind: Ended, Time: time.Now().UTC(), Result: &r})
	}
	if serr := out.close(); err == nil && s.Stream {
		err = serr
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "mlops agent:", s.Secrets.masks().Text(err.Error()))
		return exitBroken
	case r.Status == Success, r.Status == "": // handed over
		return exitSuccess
	}
	return exitFailure
}

// loadSpec reads the Spec. The variables of this process go before its own.
func loadSpec(dir string) (Spec, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Spec{}, err
	}
	b, err := os.ReadFile(filepath.Join(dir, SpecFile))
	if err != nil {
		return Spec{}, err
	}
	var s Spec
	if err := json.Unmarshal(b, &s); err != nil {
		return Spec{}, fmt.Errorf("%s: %w", SpecFile, err)
	}
	s.Control = dir
	var own []Var
	for _, kv := range os.Environ() {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			own = append(own, Var{name, value})
		}
	}
	s.Env = append(own, s.Env...)
	if s.SecretsFollow {
		if s.Secrets, err = readSecrets(os.Stdin, secretsTime); err != nil {
			return Spec{}, err
		}
	}
	if s.Isolate && s.relay() == nil {
		return Spec{}, errors.New("isolate: no relay came over the standard input")
	}
	return s, nil
}

// relay is that of a job whose steps are kept apart, or nil.
func (s *Spec) relay() *Relay {
	if !s.Isolate || s.Secrets == nil {
		return nil
	}
	return s.Secrets.Relay
}

// broken reports that the job could not even be read.
func broken(dir string, stdout io.Writer, err error) int {
	r := Result{Version: Version, Status: Failure, Reason: ReasonConfig, Failed: -1, Error: err.Error(), Started: time.Now().UTC()}
	_ = writeEvent(stdout, Event{Kind: Ended, Time: r.Started, Result: &r})
	fmt.Fprintln(os.Stderr, "mlops agent:", err)
	return exitBroken
}

// ownPlace makes this process the parent of all orphans and closes it to the
// steps: they run as the same user and could otherwise write into the event
// stream through /proc.
func ownPlace() (p place, free func()) {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	pid1 := os.Getpid() == 1
	if !pid1 {
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	}
	cs := newChildren()
	r := startReaper(cs)
	usage := ownCgroup()
	return place{children: cs, reaper: r, usage: usage, all: pid1}, func() { r.stop(); usage.close() }
}

// obeySignals returns a context that the first SIGTERM or SIGINT ends and the
// second kills. SIGPIPE is caught, not ignored, which steps would inherit: if
// the reader of the event stream has gone, the job goes on.
func obeySignals(ctx context.Context) (context.Context, func()) {
	sigs := make(chan os.Signal, 4)
	signal.Notify(sigs, unix.SIGTERM, unix.SIGINT, unix.SIGPIPE)
	ctx, soft := context.WithCancelCause(ctx)
	kill, hard := context.WithCancel(context.Background())
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case s := <-sigs:
				if s == unix.SIGPIPE {
					continue
				}
				if ctx.Err() != nil {
					hard()
				}
				soft(errors.New(s.String()))
			}
		}
	})
	return WithKill(ctx, kill), func() { signal.Stop(sigs); close(done); wg.Wait(); soft(nil); hard() }
}

// A sender writes events to the runner. If log bytes go this way, a slow reader
// slows the job down; if not, the job never waits: events queue up, and news of
// the log's length are dropped while others wait.
type sender struct {
	w      io.Writer
	direct bool
	done   chan struct{} // closed when everything is written

	mu     sync.Mutex // guards all below
	more   *sync.Cond
	queue  []Event
	closed bool
	err    error // of writing
}

const (
	grewQueue   = 64              // events that may wait for LogGrew to join them
	sendTimeout = 5 * time.Second // for those that wait once the job is over
)

func newSender(w io.Writer, direct bool) *sender {
	s := &sender{w: w, direct: direct, done: make(chan struct{})}
	s.more = sync.NewCond(&s.mu)
	if direct {
		close(s.done)
	} else {
		go s.loop()
	}
	return s
}

func (s *sender) loop() {
	defer close(s.done)
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.closed {
			s.more.Wait()
		}
		batch, stop := s.queue, s.err != nil
		s.queue = nil
		s.mu.Unlock()
		if len(batch) == 0 || stop {
			return
		}
		for _, e := range batch {
			s.write(e)
		}
	}
}

// write writes one event. After an error nothing more is written: the reader
// has gone, and finds the rest in the control directory.
func (s *sender) write(e Event) {
	if s.err == nil {
		if err := writeEvent(s.w, e); err != nil {
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
		}
	}
}

func (s *sender) send(e Event) {
	if s.direct {
		s.write(e)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || e.Kind == LogGrew && len(s.queue) >= grewQueue {
		return
	}
	s.queue = append(s.queue, e)
	s.more.Signal()
}

// close waits until everything is written, within limits.
func (s *sender) close() error {
	s.mu.Lock()
	s.closed = true
	s.more.Signal()
	s.mu.Unlock()
	select {
	case <-s.done:
		return s.err
	case <-time.After(sendTimeout):
		return errors.New("event stream: nobody reads")
	}
}
