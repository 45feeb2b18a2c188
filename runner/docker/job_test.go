package docker

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/errdefs"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// realAgent is the true agent, unless the test runs in a child process that
// was given one.
func realAgent(t testing.TB) string {
	if name := os.Getenv("MLOPS_TEST_AGENT"); name != "" {
		return name
	}
	return compile(t, "./testdata/agentmain")
}

// run runs a task and returns its log.
func run(t testing.TB, e *Executor, tk runner.Task) (agent.Result, string) {
	t.Helper()
	r, err := e.Run(t.Context(), tk, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(tk.Control, agent.LogFile))
	if err != nil {
		t.Fatal(err)
	}
	return r, string(b)
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tk := task(t, busybox(t, e), realAgent(t), `
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
echo net: $(ls /sys/class/net)
ls /var/run/docker.sock /run/docker.sock 2>/dev/null || true
echo x 2>/dev/null > /mlops/bin/mlops || echo agent is read-only
echo x 2>/dev/null > ro/file || echo input is read-only
echo x > rw/file && echo cache is writable
echo home $HOME; touch ~/f ~/.cache/other && echo home is writable
touch /tmp/f && echo tmp is writable
cat /proc/1/environ >/dev/null 2>&1 || echo agent is closed
cat /proc/1/fd/1 >/dev/null 2>&1 || echo stream is closed
echo pids $(cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max)
df -k /dev/shm | tail -1
pwd
`)
	data := t.TempDir()
	tk.Mounts = []runner.Mount{
		{Source: data, Target: "ro"},
		{Source: t.TempDir(), Target: "rw", Writable: true},
		{Source: t.TempDir(), Target: "~/.cache/pip", Writable: true},
	}
	tk.Resources = runner.Resources{Pids: 123, Shm: 8 << 20, Memory: 256 << 20, CPUs: 1}
	r, log := run(t, e, tk)
	if r.Status != agent.Success {
		t.Fatalf("%+v\n%s", r, log)
	}
	for _, want := range []string{
		"CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "net: lo\n", "agent is read-only", "input is read-only",
		"cache is writable", "home " + Home + "\n", "home is writable", "tmp is writable", "agent is closed", "stream is closed", "pids 123\n", " 8192 ", Workspace + "\n",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the log:\n%s", want, log)
		}
	}
	if strings.Contains(log, "docker.sock") {
		t.Error("the engine's socket is inside")
	}
}

// TestRequests holds the promise of the package's documentation.
func TestRequests(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	im := busybox(t, e)
	isolate := false
	count := func(steps int) int64 {
		scripts := make([]string, steps)
		for i := range scripts {
			scripts[i] = "true"
		}
		before := e.Requests()
		tk := task(t, im, realAgent(t), scripts...)
		tk.Name += fmt.Sprint("-", steps)
		tk.Spec.Isolate = isolate
		if r, log := run(t, e, tk); r.Status != agent.Success || len(r.Steps) != steps {
			t.Fatalf("%+v\n%s", r, log)
		}
		e.removals.Wait()
		return e.Requests() - before
	}
	one := count(1)
	if one > 8 {
		t.Errorf("%d requests for a job", one)
	}
	if many := count(51); many != one {
		t.Errorf("%d requests for 51 steps, %d for one", many, one)
	}
	isolate = true
	if three := count(3); three != 3*one {
		t.Errorf("%d requests for 3 steps apart, %d for one", three, one)
	}
	t.Logf("%d requests", one)
}

func TestStepOutOfMemory(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tk := task(t, busybox(t, e), realAgent(t), "echo fine", "tail -c 100000000 /dev/zero >/dev/null")
	tk.Resources.Memory = 32 << 20
	r, log := run(t, e, tk)
	if r.Status != agent.Failure || r.Reason != agent.ReasonOOM || r.Failed != 1 {
		t.Fatalf("%+v\n%s", r, log)
	}
	if len(r.Steps) != 2 || r.Steps[0].Reason != "" || r.Steps[1].Reason != agent.ReasonOOM {
		t.Errorf("steps %+v", r.Steps)
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tk := task(t, busybox(t, e), realAgent(t), "true")
	if err := e.Prepare(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
	if list := containers(t, e); len(list) != 1 || !strings.HasSuffix(list[0], "created") {
		t.Fatalf("containers %v", list)
	}
	before := e.Requests()
	tk.Spec.Steps[0].Run = "echo later"
	if r, log := run(t, e, tk); r.Status != agent.Success || log != "later\n" {
		t.Errorf("%+v %q", r, log)
	}
	e.removals.Wait()
	if n := e.Requests() - before; n > 4 {
		t.Errorf("%d requests after the preparation", n)
	}
	other := tk
	other.Name, other.Network = tk.Name+"-2", true
	if err := e.Prepare(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	other.Network = false // not what was prepared
	if r, log := run(t, e, other); r.Status != agent.Success || log != "later\n" {
		t.Errorf("%+v %q", r, log)
	}
	if err := e.Prepare(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if list := containers(t, e); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}

// TestRemote copies files instead of mounting them.
func TestRemote(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Remote: true})
	tk := task(t, busybox(t, e), realAgent(t),
		"cat in/a.txt; test -L in/link && cat in/link; printf 'no newline' > out/b.txt; mkdir -p out/deep; ln -s ../b.txt out/deep/l; echo junk > junk",
		`test "$(stat -c %u in/a.txt)" = "$(id -u)" && echo mine; echo '{"auc": 0.9}' > metrics.json; cat mounted/c; echo new > cache/d; touch ~/x /tmp/x; echo end`)
	write(t, filepath.Join(tk.Workspace, "in/a.txt"), "data\n")
	write(t, filepath.Join(tk.Workspace, "out/keep"), "")
	if err := os.Symlink("a.txt", filepath.Join(tk.Workspace, "in/link")); err != nil {
		t.Fatal(err)
	}
	mounted, cache := t.TempDir(), t.TempDir()
	write(t, filepath.Join(mounted, "c"), "c\n")
	tk.Mounts = []runner.Mount{{Source: mounted, Target: "mounted"}, {Source: cache, Target: "cache", Writable: true}}
	tk.Spec.Outputs = []string{"out/"}
	tk.Spec.Metrics = []string{"*.json"}
	var grown int64
	r, err := e.Run(t.Context(), tk, func(ev agent.Event) {
		if ev.Kind == agent.Output {
			t.Error("an Output event that nobody asked for")
		}
		if ev.Kind == agent.LogGrew {
			grown = ev.Offset
		}
	})
	if err != nil || r.Status != agent.Success {
		t.Fatal(r, err)
	}
	log, _ := os.ReadFile(filepath.Join(tk.Control, agent.LogFile))
	if want := "data\ndata\nmine\nc\nend\n"; string(log) != want || grown != int64(len(want)) {
		t.Errorf("log %q, announced %d bytes", log, grown)
	}
	for name, want := range map[string]string{"out/b.txt": "no newline", "out/deep/l": "no newline", "metrics.json": "{\"auc\": 0.9}\n"} {
		if b, err := os.ReadFile(filepath.Join(tk.Workspace, name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(cache, "d")); string(b) != "new\n" {
		t.Errorf("the cache holds %q", b)
	}
	if _, err := os.Stat(filepath.Join(tk.Workspace, "junk")); err == nil {
		t.Error("an undeclared file came back")
	}
	e.removals.Wait()
	if list := containers(t, e); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}

func TestRemoteWithStreamAndFailure(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Remote: true})
	tk := task(t, busybox(t, e), realAgent(t), "echo one; exit 3")
	tk.Spec.Stream = true
	var got strings.Builder
	r, err := e.Run(t.Context(), tk, func(ev agent.Event) { got.Write(ev.Data) })
	if err != nil || r.Status != agent.Failure || r.Reason != agent.ReasonExit || r.Exit != 3 || got.String() != "one\n" {
		t.Errorf("%+v %v %q", r, err, got.String())
	}
}

// proxy forwards a TCP port to the engine's socket, and can be cut.
type proxy struct {
	net.Listener
	mu    sync.Mutex // guards conns and cut
	conns []net.Conn
	down  bool
}

func newProxy(t testing.TB, socket string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l}
	t.Cleanup(func() { l.Close(); p.cut(true) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c, socket)
		}
	}()
	return p
}

func (p *proxy) host() string { return "tcp://" + p.Addr().String() }

func (p *proxy) serve(c net.Conn, socket string) {
	up, err := net.Dial("unix", socket)
	p.mu.Lock()
	if err != nil || p.down {
		p.mu.Unlock()
		c.Close()
		return
	}
	p.conns = append(p.conns, c, up)
	p.mu.Unlock()
	go func() { io.Copy(up, c); up.(*net.UnixConn).CloseWrite() }()
	io.Copy(c, up)
	c.Close()
}

// cut breaks all connections; down refuses new ones too.
func (p *proxy) cut(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// socketOf is the engine's socket on this machine.
func socketOf(t testing.TB) string {
	t.Helper()
	e := open(t, Options{})
	path, ok := strings.CutPrefix(e.addr.host, "unix://")
	if !ok {
		t.Skip("the engine has no socket here: ", e.addr)
	}
	return path
}

func TestConnectionLost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ remote, isolate bool }{"mounted": {false, false}, "copied": {true, false}, "mounted, apart": {false, true}, "copied, apart": {true, true}} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, socketOf(t))
			e := open(t, Options{Host: p.host(), Remote: tt.remote})
			tk := task(t, busybox(t, e), realAgent(t), "echo one", "sleep 1; echo two", "echo three")
			tk.Spec.Isolate = tt.isolate
			var steps []string
			r, err := e.Run(t.Context(), tk, func(ev agent.Event) {
				if ev.Kind == agent.StepStarted || ev.Kind == agent.StepEnded {
					steps = append(steps, fmt.Sprint(ev.Kind, ev.Step))
				}
				if ev.Kind == agent.StepStarted && ev.Step == 1 {
					p.cut(true)
					time.AfterFunc(300*time.Millisecond, func() { p.cut(false) })
				}
			})
			if err != nil || r.Status != agent.Success {
				t.Fatal(r, err)
			}
			if want := "[step-start0 step-end0 step-start1 step-end1 step-start2 step-end2]"; fmt.Sprint(steps) != want {
				t.Errorf("events %v", steps)
			}
			if log, _ := os.ReadFile(filepath.Join(tk.Control, agent.LogFile)); string(log) != "one\ntwo\nthree\n" {
				t.Errorf("log %q", log)
			}
		})
	}
}

func TestEngineGone(t *testing.T) {
	t.Parallel()
	socket := socketOf(t)
	p := newProxy(t, socket)
	e, err := Open(t.Context(), Options{Host: p.host(), Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	tk := task(t, busybox(t, e), realAgent(t), "sleep 30")
	began := time.Now()
	_, err = e.Run(t.Context(), tk, func(ev agent.Event) {
		if ev.Kind == agent.StepStarted {
			p.cut(true)
		}
	})
	x := execError(err)
	if x == nil || x.Reason != agent.ReasonDaemonLost || x.Fix == "" || !strings.Contains(x.Error(), p.host()) {
		t.Fatalf("got %v", err)
	}
	if d := time.Since(began); d > 15*time.Second {
		t.Errorf("took %s", d)
	}
	direct := open(t, Options{})
	if list := containers(t, direct); len(list) != 1 {
		t.Errorf("the training was lost with the connection: %v", list)
	}
	direct.removeWait(containerName(tk.Name))
}

func TestReap(t *testing.T) {
	e := open(t, Options{})
	im := busybox(t, e)
	dead := task(t, im, realAgent(t), "true")
	dead.Labels["mlops.pid"], dead.Labels["mlops.pid-start"] = "999999", "dead"
	living := task(t, im, realAgent(t), "true")
	living.Name += "-living"
	for _, tk := range []runner.Task{dead, living} {
		if err := e.Prepare(t.Context(), tk); err != nil {
			t.Fatal(err)
		}
	}
	name := containerName(dead.Name)
	for _, dryRun := range []bool{true, false} {
		names, err := e.Reap(t.Context(), dryRun)
		if err != nil || !slices.Contains(names, name) || slices.Contains(names, containerName(living.Name)) {
			t.Errorf("dry run %v: %v, %v", dryRun, names, err)
		}
	}
	if list := containers(t, e); len(list) != 1 || !strings.Contains(list[0], living.Name) {
		t.Errorf("containers %v", list)
	}
}

// TestReapVolumes shows that the volumes go too that steps apart share on an
// engine that does not see our files.
func TestReapVolumes(t *testing.T) {
	e := open(t, Options{Remote: true})
	tk := task(t, busybox(t, e), realAgent(t), "true", "true")
	tk.Labels["mlops.pid"], tk.Labels["mlops.pid-start"] = "999999", "dead"
	tk.Spec.Isolate = true
	if err := e.Prepare(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
	names, err := e.Reap(t.Context(), false)
	if err != nil || !slices.Contains(names, containerName(tk.Name)) {
		t.Errorf("%v, %v", names, err)
	}
	for _, v := range volumeNames(tk) {
		if !slices.Contains(names, v) {
			t.Errorf("%v, without the volume %s", names, v)
		}
		if _, err := e.cli.VolumeInspect(t.Context(), v); !errdefs.IsNotFound(err) {
			t.Errorf("%s is still there: %v", v, err)
		}
	}
	clear(e.prepared)
}

// TestAsCaller runs jobs as an ordinary user: the engine's socket is for root,
// so the child process reaches it through a port.
func TestAsCaller(t *testing.T) {
	t.Parallel()
	if os.Getenv("MLOPS_TEST_AGENT") != "" {
		asCaller(t)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	p := newProxy(t, socketOf(t))
	asUser(t, "TestAsCaller", "DOCKER_HOST="+p.host())
}

// asUser runs a test once more in a process of an ordinary user, with an
// environment of its own. The child may skip the test only because something
// does not start here.
func asUser(t *testing.T, test string, env ...string) {
	t.Helper()
	dir, err := os.MkdirTemp(shared.dir, "user-")
	if err != nil {
		t.Fatal(err)
	}
	exe, err := shared.self()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 1000, 1000); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run", "^"+test+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir, "HOME=" + dir, "MLOPS_TEST_AGENT=" + realAgent(t)}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	b, err := cmd.CombinedOutput()
	out := string(b)
	switch {
	case err != nil || strings.Contains(out, "SKIP") && !strings.Contains(out, "does not start here"):
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(out, "SKIP"):
		t.Skip(out)
	default:
		t.Log(out)
	}
}

func asCaller(t *testing.T) {
	e := open(t, Options{})
	im := busybox(t, e)
	for user, want := range map[string]string{"": "1000 mlops", "root": "0 root"} {
		tk := task(t, im, realAgent(t), "echo $(id -u) $(id -un); mkdir -m 700 private; touch private/f cache/f; ln -s /etc/passwd link; chmod 600 private/f; touch ~/x; test -n \"$(ls ro)\"")
		tk.Name += "-" + user
		tk.User = user
		cache, ro := t.TempDir(), t.TempDir()
		write(t, filepath.Join(ro, "f"), "")
		tk.Mounts = []runner.Mount{{Source: cache, Target: "cache", Writable: true}, {Source: ro, Target: "ro"}}
		before := e.Requests()
		r, log := run(t, e, tk)
		if r.Status != agent.Success || !strings.HasPrefix(log, want+"\n") {
			t.Errorf("%+v\n%s", r, log)
		}
		e.removals.Wait()
		if n := e.Requests() - before; n > 8 {
			t.Errorf("user %q: %d requests", user, n)
		}
		for _, dir := range []string{tk.Workspace, tk.Control, cache} {
			allMine(t, dir)
		}
		if err := os.RemoveAll(tk.Workspace); err != nil {
			t.Error(err)
		}
		if list := containers(t, e); len(list) > 0 {
			t.Errorf("left behind: %v", list)
		}
	}
}

// TestHelperFails shows that a person reads what the helper said that could not
// hand files back: this agent has no such command.
func TestHelperFails(t *testing.T) {
	t.Parallel()
	unable := os.Getenv("MLOPS_TEST_UNABLE")
	if unable == "" {
		if os.Getuid() != 0 {
			t.Skip("only root can become somebody else")
		}
		p := newProxy(t, socketOf(t))
		asUser(t, t.Name(), "DOCKER_HOST="+p.host(), "MLOPS_TEST_UNABLE="+compile(t, "../executortest/agentmain"))
		return
	}
	e := open(t, Options{})
	tk := task(t, busybox(t, e), unable, "mkdir -m 700 private")
	tk.User = "root"
	_, err := e.Run(t.Context(), tk, nil)
	x := execError(err)
	if x == nil || !strings.Contains(x.Error(), "exit status 2: usage: agentmain") || x.Fix != "sudo chown -R 1000:1000 "+tk.Workspace {
		t.Errorf("got %v", err)
	}
	tk.Agent = realAgent(t)
	tk.Spec.Steps[0].Run = "true"
	run(t, e, tk) // hands back what the other one left
	allMine(t, tk.Workspace)
	e.removals.Wait()
	if list := containers(t, e); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}

func allMine(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != uint32(os.Getuid()) {
			t.Errorf("%s belongs to uid %d", name, info.Sys().(*syscall.Stat_t).Uid)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestBrokenStart shows that what a person can mend is said.
func TestBrokenStart(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	im := busybox(t, e)
	tests := []struct {
		name   string
		change func(*runner.Task)
		reason agent.Reason
		fix    string
	}{
		{"too many CPUs", func(tk *runner.Task) { tk.Resources.CPUs = 10_000 }, agent.ReasonConfig, "resources.cpus"},
		{"too little memory", func(tk *runner.Task) { tk.Resources.Memory = 1 << 20 }, agent.ReasonConfig, "resources.memory"},
		{"no GPU", func(tk *runner.Task) { tk.Resources.GPUs = 1 }, agent.ReasonConfig, "NVIDIA"},
		{"the image has gone", func(tk *runner.Task) { tk.Image.ID = "sha256:" + strings.Repeat("0", 64) }, agent.ReasonImagePull, "pull"},
		{"another machine's agent", func(tk *runner.Task) { tk.Image.Platform = "linux/s390x" }, agent.ReasonConfig, "--agent PATH"},
		{"no workspace", func(tk *runner.Task) { tk.Workspace += "x" }, agent.ReasonConfig, ""},
		{"a mount below a file", func(tk *runner.Task) {
			tk.Mounts = []runner.Mount{{Source: tk.Control, Target: "/etc/passwd/x"}}
		}, agent.ReasonConfig, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tk := task(t, im, realAgent(t), "true")
			tt.change(&tk)
			_, err := e.Run(t.Context(), tk, nil)
			x := execError(err)
			if x == nil || x.Reason != tt.reason || !strings.Contains(x.Fix, tt.fix) {
				t.Fatalf("got %v", err)
			}
			t.Logf("%v\nfix: %s", x, x.Fix)
			e.removals.Wait()
			if list := containers(t, e); len(list) > 0 {
				t.Errorf("left behind: %v", list)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	before := e.Requests()
	findings := e.Check(t.Context())
	if n := e.Requests() - before; n != 2 {
		t.Errorf("%d requests", n)
	}
	var names []string
	for _, f := range findings {
		names = append(names, f.Name)
		if f.Value == "" || f.Level == "" || f.Level != OK && f.Fix == "" {
			t.Errorf("%+v", f)
		}
	}
	// Which other engines this machine has is its own matter.
	names = slices.DeleteFunc(names, func(n string) bool { return n == "other sockets" })
	if got := strings.Join(names, ", "); got != "engine, API, platform, storage driver, rootless, seccomp, files, cgroups, GPU runtime, platforms, free disk" {
		t.Errorf("got %s", got)
	}
}
