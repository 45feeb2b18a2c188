package docker

import (
	"context"
	"errors"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// A job is one call of Run, or one container of it if its steps are kept apart.
type job struct {
	e       *Executor
	task    runner.Task
	control controlDir
	seen    *progress
	log     *journal // what control has of it
	names   []string // of the containers so far

	part   int     // number of the container, from 0
	before *placed // the container of the part before, until there is one of this
	spec   []byte
	box    *placed
	stderr tail
	exited chan struct{} // closed when the container has ended, or cannot be asked any more
	lost   bool          // the engine was away meanwhile
}

// Run places a task in a container and waits for its end; see runner.Executor.
func (e *Executor) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	asked := t.Spec.Stream
	t, err := e.complete(t)
	if err != nil {
		return agent.Result{}, err
	}
	c, err := openControl(t.Control)
	if err != nil {
		return agent.Result{}, err
	}
	defer c.close()
	j := &job{e: e, task: t, control: c, seen: newProgress(watch, asked), log: &journal{control: c}, exited: make(chan struct{})}
	if len(t.Services) > 0 {
		return j.runBeside(ctx)
	}
	return j.run(ctx)
}

// run runs the job with all its containers.
func (j *job) run(ctx context.Context) (agent.Result, error) {
	if j.task.Spec.Isolate {
		return j.runApart(ctx)
	}
	return j.runOne(ctx)
}

// runOne runs the job in one container, or the part of it that this one is for.
func (j *job) runOne(ctx context.Context) (agent.Result, error) {
	placing, free := j.placing(ctx)
	defer free()
	if placing.Err() != nil {
		j.removeBefore()
		return j.canceled(), nil
	}
	err := j.obtain(placing)
	j.removeBefore()
	if err != nil {
		return j.unplaced(ctx, err)
	}
	j.names = append(j.names, j.box.name)
	j.e.removeOrphans()
	conn, err := j.start(placing)
	if err != nil {
		j.e.remove(j.box.name, j.box.id)
		return j.unplaced(ctx, err)
	}
	code, err := j.follow(ctx, conn)
	if err != nil {
		// The engine is gone. What it still runs is found by its name or label.
		return j.abandoned(err)
	}
	if j.seen.next == 0 {
		err = j.collect(ctx)
	}
	if err == nil && j.seen.next > 0 { // a broken stream may have kept it from us until now
		return agent.Result{}, nil
	}
	defer j.e.remove(j.box.name, j.box.id)
	if err != nil {
		return agent.Result{}, err
	}
	return j.outcome(ctx, code)
}

// obtain gets the container and tells it its work.
func (j *job) obtain(ctx context.Context) (err error) {
	if j.box, err = j.e.obtain(ctx, j.task, j.part); err != nil {
		return err
	}
	if j.spec, err = inside(j.task.Spec, j.box.remote); err == nil && j.part == 0 {
		err = j.control.begin()
	}
	if err == nil { // anew for each part, as steps could have written to it
		err = j.control.write(agent.SpecFile, j.spec)
	}
	if err == nil {
		err = j.lend()
	}
	if err != nil {
		j.e.remove(j.box.name, j.box.id)
	}
	return err
}

// start attaches to the container and starts it.
func (j *job) start(ctx context.Context) (*types.HijackedResponse, error) {
	if j.box.remote {
		if err := j.upload(ctx); err != nil {
			return nil, err
		}
	}
	// The connection outlives a cancelled ctx: the agent still reports.
	conn, err := j.e.attach(context.WithoutCancel(ctx), j.box.id, container.AttachOptions{
		Stream: true, Stdin: j.task.Spec.Secrets != nil, Stdout: true, Stderr: true,
	})
	if err != nil {
		return nil, j.e.explain("docker: attach to", j.box.name, err)
	}
	if err := j.startBounded(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	if err := j.confide(&conn); err != nil {
		conn.Close()
		return nil, err
	}
	return &conn, nil
}

// confide hands the job its secrets over the agent's standard input.
func (j *job) confide(conn *types.HijackedResponse) error {
	if j.task.Spec.Secrets == nil {
		return nil
	}
	return j.e.explain("docker: start", j.box.name, handOver(conn, j.task.Spec.Secrets))
}

// handOver writes secrets to the standard input of a container.
func handOver(conn *types.HijackedResponse, s *agent.Secrets) error {
	_ = conn.Conn.SetWriteDeadline(time.Now().Add(createTimeout))
	if err := agent.WriteSecrets(conn.Conn, s); err != nil {
		return err
	}
	return conn.CloseWrite()
}

// startBounded starts the container when there is a place among the starts.
func (j *job) startBounded(ctx context.Context) error {
	select {
	case j.e.starts <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-j.e.starts }()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	err := j.e.cli.ContainerStart(sctx, j.box.id, container.StartOptions{})
	if err != nil && connectionLost(err) {
		err = j.startAgain(ctx, err)
	}
	return j.e.explain("docker: start", j.box.name, err)
}

// startAgain starts a container after the engine went away while it was asked
// to, unless it did so before: no job is done twice.
func (j *job) startAgain(ctx context.Context, cause error) error {
	if err := j.e.await(ctx, cause); err != nil {
		return err
	}
	c, err := j.e.cli.ContainerInspect(ctx, j.box.id)
	if err != nil || c.State.Status != container.StateCreated {
		return err
	}
	return j.e.cli.ContainerStart(ctx, j.box.id, container.StartOptions{})
}

// follow hands on events until the job has ended, and returns its exit status.
// It fails only if the engine cannot be asked any more.
//
// When the agent says that it has ended, nothing else of the job runs any more
// and its result is in place: what is left of the container is removed without
// waiting for its exit, which takes the engine 30 ms to notice.
func (j *job) follow(ctx context.Context, conn *types.HijackedResponse) (int64, error) {
	pumped := make(chan error, 1)
	go func() { pumped <- j.pump(conn) }()
	stopped := make(chan struct{})
	go func() { defer close(stopped); j.stopWhen(ctx) }()
	wctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	waited := make(chan exit, 1)
	go func() { code, err := j.wait(wctx); waited <- exit{code, err} }()

	var end exit
	select {
	case end = <-waited:
	case err := <-pumped:
		pumped <- err
		if j.seen.over() && !j.box.remote {
			cancel()
			<-waited
		} else {
			end = <-waited
		}
	}
	close(j.exited)
	j.drain(conn, pumped)
	<-stopped
	return end.code, end.err
}

// exit is how a container ended, as far as the engine can tell.
type exit struct {
	code int64
	err  error
}

// drainIdle is how long an ended container's stream may stay silent before it
// is given up. The journal has what it did not deliver.
const drainIdle = 10 * time.Second

// drain waits until all events have been handed on.
func (j *job) drain(conn *types.HijackedResponse, pumped <-chan error) {
	defer conn.Close()
	select {
	case <-pumped:
	case <-time.After(drainIdle):
		conn.Close()
		<-pumped
	}
}

// pump reads events from the stream, and from the journal if the stream breaks
// off before the agent said that it ended.
func (j *job) pump(conn *types.HijackedResponse) error {
	err := j.pumpStream(conn)
	if j.seen.over() || j.box.remote {
		return err
	}
	return errors.Join(err, j.pumpJournal())
}

// pumpStream reads the stream to its end. That it breaks off is no error: the
// journal, or the container's state, says what happened.
func (j *job) pumpStream(conn *types.HijackedResponse) error {
	if j.box.remote {
		log, err := j.control.appendLog()
		if err != nil {
			return err
		}
		defer log.Close()
		j.seen.log = log
		defer func() { j.seen.log = nil }()
	}
	var filled error
	_, _ = agent.ReadEvents(&demux{r: conn.Reader, stderr: &j.stderr}, func(ev agent.Event) {
		if last(ev) && !j.box.remote {
			filled = j.log.fill(j.seen)
		}
		j.seen.deliver(ev)
	})
	return errors.Join(filled, j.seen.err)
}

// pollEvery is how often a journal is looked at.
const pollEvery = 50 * time.Millisecond

func (j *job) pumpJournal() error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := j.log.read(j.seen); err != nil {
				return err
			}
		case <-j.exited:
			return j.log.read(j.seen)
		}
	}
}
