package docker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// A daemon is a Docker engine of the test's own, that may be killed.
type daemon struct {
	t    *testing.T
	dir  string
	args []string
	cmd  *exec.Cmd
	up   bool
	out  tail
}

// startDaemon skips the test where no engine can be started.
func startDaemon(t *testing.T, args ...string) *daemon {
	t.Helper()
	if _, err := exec.LookPath("dockerd"); err != nil || os.Getuid() != 0 {
		t.Skip("no dockerd that this user may start")
	}
	dir, err := os.MkdirTemp("/tmp", "dockerd-") // short, for its sockets
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, dir: dir, args: args}
	t.Cleanup(func() {
		syscall.Unmount(filepath.Join(dir, "data"), syscall.MNT_DETACH) // it mounts this on itself
		if err := os.RemoveAll(dir); err != nil {
			t.Log(err)
		}
	})
	if err := d.start(d.args...); err != nil {
		t.Skip("dockerd does not start here: ", err)
	}
	t.Cleanup(d.end)
	return d
}

func (d *daemon) host() string { return "unix://" + filepath.Join(d.dir, "docker.sock") }

// start starts the engine and waits until it answers.
func (d *daemon) start(args ...string) error {
	d.cmd = exec.Command("dockerd", append([]string{
		"--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"), "--pidfile", filepath.Join(d.dir, "pid"),
		"--host", d.host(), "--bridge=none", "--iptables=false", "--ip-forward=false", "--storage-driver=vfs", "--config-file", filepath.Join(d.dir, "none.json"),
	}, args...)...)
	write(d.t, filepath.Join(d.dir, "none.json"), "{}")
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
	// In a network of its own: an engine without a bridge removes docker0, which
	// is that of the machine's engine.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Cloneflags: syscall.CLONE_NEWNET}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	e, err := Open(context.Background(), Options{Host: d.host()})
	if err != nil {
		return err
	}
	defer e.Close()
	for range 300 {
		if err = e.connect(context.Background()); err == nil {
			d.up = true
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.kill()
	return errors.Join(err, errors.New(d.out.String()))
}

// kill ends the engine without a warning. Its containers live on; its own
// containerd is killed with it, and where nobody buries the dead the next
// engine would take it for living.
func (d *daemon) kill() {
	d.cmd.Process.Kill()
	d.cmd.Wait()
	d.up = false
	if err := os.Remove(filepath.Join(d.dir, "exec", "containerd", "containerd.pid")); err != nil && !os.IsNotExist(err) {
		d.t.Error(err)
	}
}

// end stops the engine. One that was killed is started once more before, so
// that it stops what still runs.
func (d *daemon) end() {
	if !d.up {
		if err := d.start(); err != nil {
			d.t.Error(err)
			return
		}
	}
	d.cmd.Process.Signal(syscall.SIGTERM)
	d.cmd.Wait()
}

// image loads the tests' image.
func (d *daemon) image(e *Executor) runner.Image {
	d.t.Helper()
	tar, err := busyboxTar()
	if err != nil {
		d.t.Fatal(err)
	}
	body, err := e.cli.ImageImport(d.t.Context(), image.ImportSource{Source: tar, SourceName: "-"}, busyboxRef(), image.ImportOptions{Changes: []string{"ENV PATH=/bin"}})
	drained(d.t, body, err)
	im, err := e.Resolve(d.t.Context(), runner.ImageRequest{Name: busyboxRef()})
	if err != nil {
		d.t.Fatal(err)
	}
	return im
}

// TestEngineRestarts kills an engine during a step and starts it again.
func TestEngineRestarts(t *testing.T) {
	t.Parallel()
	const lines = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"
	script := "echo begun >> count; for i in 0 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.5; done"

	for _, kind := range []string{"", ", steps apart"} {
		t.Run("containers live on"+kind, func(t *testing.T) {
			t.Parallel()
			d := startDaemon(t, "--live-restore")
			e := open(t, Options{Host: d.host(), Patience: 30 * time.Second})
			tk := task(t, d.image(e), realAgent(t), script, "exit 7")
			tk.Spec.Isolate = kind != ""
			r, events := restartDuring(t, d, e, tk)
			if r.err != nil || r.Status != agent.Failure || r.Exit != 7 || r.Failed != 1 {
				t.Errorf("the true end is exit 7 of step 1: %+v", r)
			}
			if events != "started 0 ended 0 started 1 ended 1 " {
				t.Errorf("events %q", events)
			}
			if log := logOf(t, tk); log != lines {
				t.Errorf("log %q", log)
			}
			e.removals.Wait()
			if list := containers(t, e); len(list) > 0 {
				t.Errorf("left behind: %v", list)
			}
		})

		t.Run("containers are stopped"+kind, func(t *testing.T) {
			t.Parallel()
			d := startDaemon(t)
			e := open(t, Options{Host: d.host(), Patience: 30 * time.Second})
			tk := task(t, d.image(e), realAgent(t), script, "exit 0")
			tk.Spec.Isolate = kind != ""
			r, _ := restartDuring(t, d, e, tk)
			x := execError(r.err)
			if x == nil || x.Reason != agent.ReasonDaemonLost || !strings.Contains(x.Fix, "live-restore") {
				t.Errorf("got %+v", r)
			}
			t.Log(r.err)
			// The same job again starts anew.
			if r, log := run(t, e, tk); r.Status != agent.Success || log != lines {
				t.Errorf("%+v\n%s", r, log)
			}
		})
	}

	t.Run("it stays away", func(t *testing.T) {
		t.Parallel()
		d := startDaemon(t, "--live-restore")
		e := open(t, Options{Host: d.host(), Patience: 2 * time.Second})
		im := d.image(e)
		long := task(t, im, realAgent(t), "echo begun; sleep 30")
		short := task(t, im, realAgent(t), "echo begun; sleep 1; echo done")
		short.Name += "-short"
		ended := make(chan error, 1)
		go func() {
			r, err := e.Run(t.Context(), short, nil)
			if err == nil && r.Status != agent.Success {
				err = errors.New(r.Error)
			}
			ended <- err
		}()
		for range 1000 {
			if logOf(t, short) != "" {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		began := time.Now()
		_, err := e.Run(t.Context(), long, func(ev agent.Event) {
			if ev.Kind == agent.LogGrew {
				d.kill()
			}
		})
		if x := execError(err); x == nil || x.Reason != agent.ReasonDaemonLost || time.Since(began) > 20*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		// What ended well meanwhile has ended well: the agent's proof is a file.
		if err := <-ended; err != nil || logOf(t, short) != "begun\ndone\n" {
			t.Errorf("%v, log %q", err, logOf(t, short))
		}
	})

	t.Run("between jobs", func(t *testing.T) {
		t.Parallel()
		d := startDaemon(t)
		e := open(t, Options{Host: d.host(), Patience: 30 * time.Second})
		tk := task(t, d.image(e), realAgent(t), "echo ran >> count")
		d.kill()
		back := make(chan error, 1)
		time.AfterFunc(500*time.Millisecond, func() { back <- d.start() })
		r, log := run(t, e, tk)
		if err := <-back; err != nil || r.Status != agent.Success {
			t.Errorf("%v, %+v\n%s", err, r, log)
		}
		if b, _ := os.ReadFile(filepath.Join(tk.Workspace, "count")); string(b) != "ran\n" {
			t.Errorf("the job did %q", b)
		}
	})
}

type ended struct {
	agent.Result
	err error
}

// restartDuring runs a task, kills the engine at the first line of its log and
// starts it again a second later. It returns the steps' events too.
func restartDuring(t *testing.T, d *daemon, e *Executor, tk runner.Task) (ended, string) {
	t.Helper()
	var events strings.Builder
	back := make(chan error, 1)
	killed := false
	r, err := e.Run(t.Context(), tk, func(ev agent.Event) {
		switch {
		case ev.Kind == agent.StepStarted:
			events.WriteString("started " + string(rune('0'+ev.Step)) + " ")
		case ev.Kind == agent.StepEnded:
			events.WriteString("ended " + string(rune('0'+ev.Step)) + " ")
		case ev.Kind == agent.LogGrew && !killed:
			killed = true
			d.kill()
			time.AfterFunc(time.Second, func() { back <- d.start(d.args...) })
		}
	})
	if !killed {
		t.Fatalf("the job ended before the engine was killed: %+v, %v", r, err)
	}
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(tk.Workspace, "count")); string(b) != "begun\n" {
		t.Errorf("the job began %q", b)
	}
	return ended{r, err}, events.String()
}

func logOf(t *testing.T, tk runner.Task) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(tk.Control, agent.LogFile))
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	return string(b)
}
