package docker

import (
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docker/docker/client"
	"golang.org/x/sync/singleflight"

	"github.com/mlops-runner/mlops/runner"
)

// Options say where the engine is and how to use it. The zero value finds the
// engine as the docker command does.
type Options struct {
	Host     string              // unix:///path, tcp://host:port or ssh://user@host; "" asks the environment, docker's contexts and the usual sockets
	Remote   bool                // copy files through the API instead of mounting them; otherwise found out
	Starts   int                 // containers starting at once; 0 = number of CPUs
	Patience time.Duration       // how long an engine that went away is waited for; 0 = 60 s
	Scope    string              // whose containers Reap removes: those with this label mlops.scope; "" means all of this host
	Getenv   func(string) string // nil = os.Getenv
	// Sleep waits between tries to pull; it returns early, with the cause, when
	// ctx is done. nil = real time.
	Sleep func(ctx context.Context, d time.Duration) error
}

// An Executor runs tasks on one engine. It is safe for concurrent use. It
// connects when it is first used, and must be closed.
type Executor struct {
	opts   Options
	addr   address
	cli    *client.Client
	count  *counter
	starts chan struct{} // holds one token for each start under way
	images singleflight.Group
	agents agentChecks

	connecting sync.Mutex // guards connected
	connected  bool
	rootless   atomic.Bool // the engine runs as the caller; known once connected

	mu        sync.Mutex // guards what follows
	remote    bool
	prepared  map[string]*placed       // by container name
	removing  map[string]chan struct{} // by container name; closed when it is gone
	orphans   map[string]string        // ids by name of containers that a lost engine may still run
	failures  []error                  // of removals, for Close
	removals  sync.WaitGroup
	removeNow chan struct{} // holds one token for each removal under way
}

var (
	_ runner.Executor = (*Executor)(nil)
	_ runner.Imager   = (*Executor)(nil)
	_ runner.Preparer = (*Executor)(nil)
	_ runner.Reaper   = (*Executor)(nil)
)

// Open returns an executor for the engine that o names. It sends no request:
// an engine that is down is reported by the first use. It fails with a
// *runner.ExecError when the configuration names no usable address.
func Open(_ context.Context, o Options) (*Executor, error) {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Sleep == nil {
		o.Sleep = pause
	}
	o.Starts = cmp.Or(o.Starts, runtime.NumCPU())
	o.Patience = cmp.Or(o.Patience, time.Minute)
	a, err := find(o.Host, o.Getenv)
	if err != nil {
		return nil, err
	}
	c, count, err := newClient(a, o.Getenv("DOCKER_API_VERSION"))
	if err != nil {
		return nil, err
	}
	return &Executor{
		opts: o, addr: a, cli: c, count: count,
		starts:    make(chan struct{}, o.Starts),
		removeNow: make(chan struct{}, o.Starts),
		remote:    o.Remote || a.elsewhere(),
		prepared:  map[string]*placed{},
		orphans:   map[string]string{},
		removing:  map[string]chan struct{}{},
	}, nil
}

// Name returns "docker".
func (e *Executor) Name() string { return "docker" }

// Close removes containers that were prepared and never run, waits for all
// removals, and reports those that failed. No other method may be called after.
func (e *Executor) Close() error {
	e.mu.Lock()
	for _, p := range e.prepared {
		e.removeLocked(p.name, p.id)
	}
	clear(e.prepared)
	e.mu.Unlock()
	e.removals.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(append(e.failures, e.cli.Close())...)
}

// isRootless tells whether the engine runs as the caller.
func (e *Executor) isRootless() bool { return e.rootless.Load() }

// isRemote tells whether files must be copied to the engine.
func (e *Executor) isRemote() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.remote
}

// setRemote remembers that the engine does not see our files.
func (e *Executor) setRemote() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.remote = true
}
