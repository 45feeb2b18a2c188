package executortest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/executortest"
)

// child runs the agent as a program of its own, and so tests agent.Main and
// the event stream without a container engine.
type child struct {
	agent string
	// wrap goes before the agent's command line, to start it as PID 1.
	wrap []string
}

func (c child) Name() string { return "child" }

func (c child) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	if ctx.Err() != nil {
		return agent.Result{Status: agent.Canceled, Reason: agent.ReasonCanceled}, nil
	}
	root, err := os.OpenRoot(t.Control)
	if err != nil {
		return agent.Result{}, err
	}
	defer root.Close()
	s := t.Spec
	s.Workspace = t.Workspace
	if s.Isolate {
		s.Secrets = &agent.Secrets{}
		if t.Spec.Secrets != nil {
			*s.Secrets = *t.Spec.Secrets
		}
		s.Secrets.Relay = agent.NewRelay()
	}
	for {
		r, err := c.part(ctx, t, s, watch)
		if errors.Is(err, agent.ErrHandedOver) {
			continue
		}
		kept, lerr := agent.LoadResult(root)
		if err = errors.Join(err, lerr); err == nil && kept.Status != r.Status {
			err = errors.New("the stream and the file tell different results")
		}
		return r, err
	}
}

// part runs one agent, with mounts as links, and a home and a folder for
// temporary files of its own.
func (c child) part(ctx context.Context, t runner.Task, s agent.Spec, watch func(agent.Event)) (agent.Result, error) {
	place, err := os.MkdirTemp("", "child-")
	if err != nil {
		return agent.Result{}, err
	}
	defer os.RemoveAll(place)
	home, tmp := filepath.Join(place, "home"), filepath.Join(place, "tmp")
	if err := errors.Join(os.Mkdir(home, 0o755), os.Mkdir(tmp, 0o755)); err != nil {
		return agent.Result{}, err
	}
	for _, m := range t.Mounts {
		at := filepath.Join(t.Workspace, m.Target)
		if rel, ok := strings.CutPrefix(m.Target, "~/"); ok {
			at = filepath.Join(home, rel)
		}
		if _, err := os.Lstat(at); err == nil {
			continue // made for an agent before this one
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.Symlink(m.Source, at)); err != nil {
			return agent.Result{}, err
		}
	}
	s.SecretsFollow = s.Secrets != nil
	b, err := json.Marshal(s)
	if err != nil {
		return agent.Result{}, err
	}
	if err := os.WriteFile(filepath.Join(t.Control, agent.SpecFile), b, 0o644); err != nil {
		return agent.Result{}, err
	}
	argv := append(c.wrap[:len(c.wrap):len(c.wrap)], c.agent, "agent", t.Control)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + tmp, "HOME=" + home}
	return c.follow(ctx, cmd, s, watch)
}

// follow runs one agent to its end.
func (c child) follow(ctx context.Context, cmd *exec.Cmd, s agent.Spec, watch func(agent.Event)) (agent.Result, error) {
	cmd.Stderr = os.Stderr
	if s.SecretsFollow {
		var in bytes.Buffer
		if err := agent.WriteSecrets(&in, s.Secrets); err != nil {
			return agent.Result{}, err
		}
		cmd.Stdin = &in
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return agent.Result{}, err
	}
	ready := make(chan struct{})
	var once sync.Once
	if err := cmd.Start(); err != nil {
		return agent.Result{}, err
	}
	defer c.stop(ctx, cmd, ready)()
	r, err := agent.ReadEvents(out, func(e agent.Event) {
		once.Do(func() { close(ready) })
		switch {
		case e.Kind == agent.HandedOver:
			s.Secrets.Relay.Next = e.Step
		case watch != nil:
			watch(e)
		}
	})
	once.Do(func() { close(ready) })
	if werr := cmd.Wait(); err != nil {
		return r, errors.Join(err, werr)
	}
	return r, nil
}

// stop sends the signals that ctx and its kill stand for, once the agent listens.
func (c child) stop(ctx context.Context, cmd *exec.Cmd, ready <-chan struct{}) func() {
	done := make(chan struct{})
	var wg sync.WaitGroup
	send := func(sig syscall.Signal) {
		pid := cmd.Process.Pid
		if len(c.wrap) > 0 {
			pid = onlyChild(pid)
		}
		if pid > 0 { // 0 would be the test's own process group
			_ = syscall.Kill(pid, sig)
		}
	}
	wg.Go(func() {
		kill := (<-chan struct{})(nil)
		if k := agent.Kill(ctx); k != nil {
			kill = k.Done()
		}
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		<-ready
		send(syscall.SIGTERM)
		if errors.Is(context.Cause(ctx), agent.ErrKill) {
			send(syscall.SIGINT)
		}
		select {
		case <-done:
		case <-kill:
			send(syscall.SIGTERM)
		}
	})
	return func() { close(done); wg.Wait() }
}

func onlyChild(pid int) int {
	dirs, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range dirs {
		var st struct{ pid, ppid int }
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if n, _ := sscanStat(string(b), &st.pid, &st.ppid); n == 2 && st.ppid == pid {
			return st.pid
		}
	}
	return 0
}

func TestAgentAsChild(t *testing.T) {
	bin := executortest.BuildAgent(t)
	o := childOptions(bin)
	o.PlaceOnly = true // TestAgentAsPID1 and the host executor run the rest
	executortest.Run(t, func(t *testing.T) runner.Executor { return child{agent: bin} }, o)
}

func TestAgentAsPID1(t *testing.T) {
	wrap := []string{"unshare", "--pid", "--fork", "--mount-proc"}
	if out, err := exec.Command(wrap[0], append(wrap[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("cannot make a pid namespace: %v %s", err, out)
	}
	bin := executortest.BuildAgent(t)
	executortest.Run(t, func(t *testing.T) runner.Executor { return child{agent: bin, wrap: wrap} }, childOptions(bin))
}

func childOptions(bin string) executortest.Options {
	return executortest.Options{Agent: bin, Cannot: []executortest.Capability{
		executortest.NetworkNone, executortest.MemoryLimit, executortest.PidsLimit,
		executortest.ReadOnlyMounts, executortest.NoCapabilities,
	}}
}

// sscanStat reads a process's id and its parent's from /proc/PID/stat.
func sscanStat(stat string, pid, ppid *int) (int, error) {
	head, rest, ok := strings.Cut(stat, " (")
	i := strings.LastIndex(rest, ") ")
	if !ok || i < 0 {
		return 0, errors.New("no name in brackets")
	}
	return fmt.Sscan(head+" "+rest[i+4:], pid, ppid)
}
