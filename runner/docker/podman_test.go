package docker

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/executortest"
)

// startPodman serves Podman's Docker API on a socket of the test's own, with
// storage of its own, as the user who runs the test. It skips the test where
// Podman is not installed or does not start, with what it says.
func startPodman(t *testing.T) (host string) {
	t.Helper()
	bin, err := exec.LookPath("podman")
	if err != nil {
		noPodman(t, "no Podman: apt-get install podman")
	}
	dir, err := os.MkdirTemp("/tmp", "pod-") // Podman wants paths of at most 50 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endPause(t, dir)
		// Layers have folders that not even their owner may write to.
		filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				os.Chmod(path, 0o700)
			}
			return nil
		})
		if err := os.RemoveAll(dir); err != nil {
			t.Log(err)
		}
	})
	// Podman would raise limits, which not every root may. crun, its default,
	// refuses machines that have both versions of control groups.
	write(t, filepath.Join(dir, "containers.conf"), `[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
`)
	socket := filepath.Join(dir, "podman.sock")
	var out tail
	cmd := exec.Command(bin, "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--tmpdir", filepath.Join(dir, "tmp"),
		"--storage-driver", "vfs", "system", "service", "--time=0", "unix://"+socket)
	cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+filepath.Join(dir, "containers.conf"), "XDG_RUNTIME_DIR="+dir)
	cmd.Dir = dir // conmon leaves a file where it was started when memory runs out
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a rootless Podman is several processes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	for range 300 {
		if e, err := Open(t.Context(), Options{Host: "unix://" + socket}); err == nil {
			err := e.connect(t.Context())
			e.Close()
			if err == nil {
				return "unix://" + socket
			}
		}
		select {
		case err := <-ended:
			ended <- err
			noPodman(t, fmt.Sprintf("Podman does not start here: %v: %s", err, &out))
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("Podman does not answer: %s", &out)
	return ""
}

// noPodman skips the test, or fails it where Podman must be.
func noPodman(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("MLOPS_NEED_PODMAN") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// endPause ends the process by which a rootless Podman keeps its namespace.
func endPause(t *testing.T, dir string) {
	for _, pattern := range []string{"*/pause.pid", "*/*/pause.pid"} {
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range found {
			b, err := os.ReadFile(name)
			pid, perr := strconv.Atoi(strings.TrimSpace(string(b)))
			if err == nil && perr == nil && pid > 1 {
				t.Log("ending the pause process ", pid, ": ", syscall.Kill(pid, syscall.SIGKILL))
			}
		}
	}
}

// podmanImage gives a new engine the tests' image.
func podmanImage(t *testing.T, e *Executor) runner.Image {
	t.Helper()
	tar, err := busyboxTar()
	if err != nil {
		t.Fatal(err)
	}
	name := "localhost/" + busyboxRef()
	body, err := e.cli.ImageImport(t.Context(), image.ImportSource{Source: tar, SourceName: "-"}, name, image.ImportOptions{Changes: []string{"ENV PATH=/bin"}})
	drained(t, body, err)
	im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: name, Pull: pullNever})
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// podmanFacts logs what doctor would say of an engine, and returns it.
func podmanFacts(t *testing.T, e *Executor) string {
	t.Helper()
	var facts strings.Builder
	for _, f := range e.Check(t.Context()) {
		fmt.Fprintf(&facts, "%s %s: %s\n", f.Level, f.Name, f.Value)
	}
	t.Logf("\n%s", &facts)
	if !strings.Contains(facts.String(), "ok engine: Podman ") {
		t.Error("doctor does not say that it is Podman")
	}
	return facts.String()
}

// TestPodman runs jobs on a real Podman; with MLOPS_TEST_FULL=1 the suite of
// all executors, which takes it two minutes.
func TestPodman(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Host: startPodman(t)})
	podmanFacts(t, e)
	im := podmanImage(t, e)
	if os.Getenv("MLOPS_TEST_FULL") == "1" {
		executortest.Run(t, func(*testing.T) runner.Executor { return e }, executortest.Options{Image: im, Agent: realAgent(t), PlaceOnly: true})
		return
	}
	before := e.Requests()
	tk := task(t, im, realAgent(t), "echo one; echo out > made", "echo two; ls /sys/class/net")
	if r, log := run(t, e, tk); r.Status != agent.Success || log != "one\ntwo\nlo\n" {
		t.Errorf("%+v\n%s", r, log)
	}
	e.removals.Wait()
	if n := e.Requests() - before; n > 8 {
		t.Errorf("%d requests", n)
	}
	tk = task(t, im, realAgent(t), "tail -c 100000000 /dev/zero >/dev/null")
	tk.Name, tk.Resources.Memory = tk.Name+"-oom", 32<<20
	if r, log := run(t, e, tk); r.Reason != agent.ReasonOOM {
		t.Errorf("%+v\n%s", r, log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tk = task(t, im, realAgent(t), "trap 'echo stopped; exit 0' TERM; echo started; sleep 60 & wait")
	tk.Name += "-cancel"
	r, err := e.Run(ctx, tk, func(ev agent.Event) {
		if ev.Kind == agent.LogGrew {
			cancel()
		}
	})
	if err != nil || r.Status != agent.Canceled {
		t.Errorf("%+v, %v", r, err)
	}
	cancel()
	empty, err := e.Resolve(t.Context(), runner.ImageRequest{})
	if _, id := emptyImage(empty.Platform); err != nil || empty.ID != id {
		t.Errorf("the empty image: %+v, %v", empty, err)
	}
	e.removals.Wait()
	if list := containers(t, e); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}

// TestPodmanRootless runs jobs on a Podman of an ordinary user: they are root
// inside, which is the user outside, and no helper has to hand files back.
func TestPodmanRootless(t *testing.T) {
	t.Parallel()
	if os.Getenv("MLOPS_TEST_AGENT") != "" {
		podmanRootless(t)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	if _, err := exec.LookPath("podman"); err != nil {
		noPodman(t, "no Podman: apt-get install podman")
	}
	asUser(t, "TestPodmanRootless")
}

func podmanRootless(t *testing.T) {
	e := open(t, Options{Host: startPodman(t)})
	if facts := podmanFacts(t, e); !strings.Contains(facts, "rootless: yes; jobs run as uid 0, which is you") {
		t.Error("doctor does not say that it is rootless")
	}
	im := podmanImage(t, e)
	for _, user := range []string{"", "root"} {
		tk := task(t, im, realAgent(t), "id -u; mkdir -m 700 private; touch private/f cache/f ~/x")
		tk.Name += "-" + user
		tk.User = user
		tk.Mounts = []runner.Mount{{Source: t.TempDir(), Target: "cache", Writable: true}}
		before := e.Requests()
		if r, log := run(t, e, tk); r.Status != agent.Success || log != "0\n" {
			t.Errorf("user %q: %+v\n%s", user, r, log)
		}
		e.removals.Wait()
		if n := e.Requests() - before; n > 8 { // and none for a helper
			t.Errorf("user %q: %d requests", user, n)
		}
		for _, dir := range []string{tk.Workspace, tk.Control, tk.Mounts[0].Source} {
			allMine(t, dir)
		}
	}
}

// TestRunsAsCaller holds what engines say of themselves, as it was seen.
func TestRunsAsCaller(t *testing.T) {
	for info, want := range map[string]bool{
		`{"SecurityOptions": ["name=seccomp,profile=default"]}`:                                              false, // Docker 20.10
		`{"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"]}`:            true,  // rootless Docker
		`{"SecurityOptions": ["name=seccomp,profile=default"], "Rootless": false, "ServerVersion": "4.3.1"}`: false, // Podman
		`{"SecurityOptions": ["name=seccomp,profile=default"], "Rootless": true, "ServerVersion": "4.3.1"}`:  true,  // rootless Podman
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, info) }))
		e, err := Open(t.Context(), Options{Host: "tcp://" + s.Listener.Addr().String()})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.runsAsCaller(t.Context()); err != nil || got != want {
			t.Errorf("%s: %v, %v", info, got, err)
		}
		s.Close()
	}
}
