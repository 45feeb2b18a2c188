package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// own is an agent that is a process of its own.
type own struct {
	*exec.Cmd
	events io.ReadCloser
}

// start runs a job by Main in another process; wrap goes before its command line.
func (b *bench) start(wrap ...string) own {
	b.t.Helper()
	write(b.t, filepath.Join(b.Control, SpecFile), string(toJSON(b.t, b.Spec)))
	argv := append(wrap, os.Args[0], "agent", b.Control)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"FROM_OUTSIDE=yes", "PATH=/nowhere"}
	if b.Spec.SecretsFollow {
		var in bytes.Buffer
		if err := WriteSecrets(&in, b.Spec.Secrets); err != nil {
			b.t.Fatal(err)
		}
		cmd.Stdin = &in
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("the agent said: %s", &stderr)
		}
	})
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	return own{cmd, out}
}

// end reads the events and waits for the process's exit status.
func (o own) end(b *bench) (Result, int) {
	b.t.Helper()
	r, err := ReadEvents(o.events, b.see)
	if err != nil {
		b.t.Error(err)
	}
	werr := o.Wait()
	var failed *exec.ExitError
	if werr != nil && !errors.As(werr, &failed) {
		b.t.Fatal(werr)
	}
	return r, o.ProcessState.ExitCode()
}

func TestMainTellsTheEnd(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"echo $FROM_OUTSIDE": exitSuccess, "exit 7": exitFailure} {
		b := newBench(t, sh(script))
		r, code := b.start().end(b)
		if code != want || (r.Status == Success) != (want == exitSuccess) {
			t.Errorf("%s: status %s, exit %d", script, r.Status, code)
		}
		if kept, err := loadResult(b.Control); err != nil || kept.Status != r.Status {
			t.Errorf("%s: kept %+v, %v", script, kept, err)
		}
	}
	b := newBench(t)
	b.Version = 99
	if r, code := b.start().end(b); code != exitBroken || r.Status != Failure || r.Reason != ReasonConfig || !strings.Contains(r.Error, "version 99") {
		t.Errorf("a spec of another version: exit %d, %+v", code, r)
	}
}

func TestMainWithoutASpec(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := Main(context.Background(), t.TempDir(), &out); code != exitBroken {
		t.Errorf("exit %d", code)
	}
	if r, err := ReadEvents(&out, nil); err != nil || r.Status != Failure || !strings.Contains(r.Error, SpecFile) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSignalsToMain(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"TERM": unix.SIGTERM, "INT": unix.SIGINT} {
		b := newBench(t, append([]Step{sh(polite)}, later()...)...)
		o := b.start()
		b.when("ready", func() { _ = o.Process.Signal(sig) })
		if r, code := o.end(b); r.Status != Canceled || code != exitFailure {
			t.Errorf("%s: %+v, exit %d", name, r, code)
		}
		b.wantLog("ready\nbye\ncancelled\nalways\n")
	}
	b := newBench(t, append([]Step{sh(deaf)}, later()...)...)
	o := b.start()
	b.when("ready", func() { _ = o.Process.Signal(unix.SIGTERM) }).when("no\n", func() { _ = o.Process.Signal(unix.SIGTERM) })
	if r, _ := o.end(b); r.Status != Canceled {
		t.Errorf("two signals: %+v", r)
	}
	b.wantLog("ready\nno\n")
}

// TestNobodyReads shows that a job goes on when its runner has gone.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("mkfifo p; read x <p; echo $x"), sh("yes | head -c 300000"))
	o := b.start()
	if err := o.events.Close(); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(b.Workspace, "p")
	for _, err := os.Stat(fifo); err != nil; _, err = os.Stat(fifo) {
		if errors.Is(o.Process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			t.Fatal("the agent died")
		}
	}
	if err := os.WriteFile(fifo, []byte("went on\n"), 0); err != nil {
		t.Fatal(err)
	}
	if err := o.Wait(); err != nil {
		t.Error(err)
	}
	if r, err := loadResult(b.Control); err != nil || r.Status != Success || !strings.HasPrefix(b.log(), "went on\ny\n") {
		t.Errorf("%+v, %v", r, err)
	}
}

// orphans is a script of processes that leave their step behind. Each notes
// its id in the file pids.
const orphans = `
	sh -c 'echo $$ >>pids; sleep 300; :' >/dev/null 2>&1 &
	setsid sh -c 'trap "" TERM HUP INT; echo $$ >>pids; sleep 300; :' >/dev/null 2>&1 </dev/null &
	(setsid sh -c '(sh -c "echo \$\$ >>pids; sleep 300; :" &) ; exit 0' >/dev/null 2>&1 </dev/null &)
	while [ "$(wc -l <pids)" -lt 3 ]; do sleep 0.01; done 2>/dev/null; echo left`

// gone fails the test if a process that a script noted still runs.
func (b *bench) gone() {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.Workspace, "pids"))
	if err != nil {
		b.t.Fatal(err)
	}
	pids := strings.Fields(string(text))
	if len(pids) != 3 {
		b.t.Errorf("%d processes were started, not 3", len(pids))
	}
	for _, s := range pids {
		pid, _ := strconv.Atoi(s)
		if st, err := readStat(pid); err == nil && st.state != 'Z' {
			b.t.Errorf("process %d still runs", pid)
		}
	}
}

// TestOrphans shows that nothing of a job outlives it: in the runner's process
// by the mark, in a process of its own by the mark too.
func TestOrphans(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"", "; exit 1"} {
		b := newBench(t, sh("touch pids"+orphans+end))
		b.run(context.Background())
		b.gone()
		b = newBench(t, sh("touch pids"+orphans+end))
		b.Env = append(b.Env, Var{"PATH", os.Getenv("PATH")})
		b.start().end(b)
		b.gone()
	}
}

// TestPID1 runs an agent that has a pid namespace to itself. Even what cleared
// its environment ends there, and orphans leave no zombies.
func TestPID1(t *testing.T) {
	t.Parallel()
	wrap := []string{"unshare", "--pid", "--fork", "--mount-proc"}
	if out, err := exec.Command(wrap[0], append(wrap[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("cannot make a pid namespace: %v %s", err, out)
	}
	b := newBench(t,
		sh("env -i sh -c 'sleep 300; :' >/dev/null 2>&1 & for i in 1 2 3 4 5; do (true &); done"),
		sh("echo pid 1 is $(cat /proc/1/comm | cut -c1-5); while grep -qs '^State:.Z' /proc/[0-9]*/status; do sleep 0.01; done; echo no zombies"),
	)
	r, code := b.start(wrap...).end(b)
	if r.Status != Success || code != 0 {
		t.Errorf("%+v, exit %d", r, code)
	}
	if log := b.log(); !strings.HasSuffix(log, "no zombies\n") {
		t.Errorf("log %q", log)
	}
}

func TestHeldOutput(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("sleep 300 & echo started"), sh("echo next"))
	b.want(Success, ReasonNone)
	b.wantLog("started\nnext\n")
	if got := b.notices(); !strings.Contains(got, "warning a process that the step left behind still held its output after 2s and was killed") {
		t.Errorf("notices %q", got)
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	m, err := NewMark()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseMark(m.String()); err != nil || got != m || !m.Alive() {
		t.Errorf("%v became %v, %v", m, got, err)
	}
	for _, bad := range []string{"", "x", "pid:[1] x 1 n", "pid:[1] 1 2"} {
		if _, err := ParseMark(bad); err == nil {
			t.Errorf("%q is a mark", bad)
		}
	}
	dead := m
	if dead.Start--; dead.Alive() {
		t.Error("a process that took over an id counts as the one before")
	}
	elsewhere := dead
	if elsewhere.Namespace = "pid:[1]"; !elsewhere.Alive() {
		t.Error("a process of another namespace is called dead")
	}
}

// TestProcesses finds what a dead agent left and kills it, and nothing else.
func TestProcesses(t *testing.T) {
	t.Parallel()
	m, err := NewMark()
	if err != nil {
		t.Fatal(err)
	}
	m.Start-- // an agent that is dead
	start := func(mark string) *exec.Cmd {
		cmd := exec.Command("sleep", "300")
		cmd.Env = []string{"FIRST=1", MarkVariable + "=" + mark}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd
	}
	mine, other := start(m.String()), start("not a mark")
	found, err := Processes(func(got Mark) bool { return got == m })
	if err != nil || len(found) != 1 || found[0].PID != mine.Process.Pid || found[0].Mark != m {
		t.Fatalf("found %+v, %v", found, err)
	}
	stale := found[0]
	stale.text = "another"
	if err := stale.Kill(); err != nil || mine.Process.Signal(syscall.Signal(0)) != nil {
		t.Errorf("a process whose id changed hands was killed: %v", err)
	}
	if err := found[0].Kill(); err != nil {
		t.Fatal(err)
	}
	if err := mine.Wait(); err == nil || mine.ProcessState.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
		t.Errorf("ended with %v", mine.ProcessState)
	}
	if err := found[0].Kill(); err != nil {
		t.Errorf("a process that is gone: %v", err)
	}
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("another process was killed: %v", err)
	}
}

func TestReservedThreads(t *testing.T) {
	const n = 40
	reserveThreads(n)
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip(err)
	}
	if len(tasks) < n {
		t.Errorf("%d threads, want %d at least", len(tasks), n)
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		step Step
		says string
		exit int
	}{
		{"no shell", Step{Run: "1", Shell: "no-such-shell {0}"}, "no-such-shell: not found in PATH", 127},
		{"no interpreter", Step{Run: "1", Shell: "./script {0}"}, "interpreter is missing", 127},
		{"too long", Step{Run: ":", Shell: "sh", Env: []Var{{"BIG", strings.Repeat("x", 200<<10)}}}, fmt.Sprintf("the longest variable is BIG with %d bytes", 200<<10+4), 127},
		{"NUL", Step{Run: ":", Shell: "sh", Env: []Var{{"A", "x\x00"}}}, "env A: the value holds a NUL byte", 1},
		{"no folder", Step{Run: ":", Shell: "sh", Dir: "none"}, "working directory none: no such file", 1},
		{"outside", Step{Run: ":", Shell: "sh", Dir: "../.."}, "working directory ../.. lies outside the workspace", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tt.step)
			script := filepath.Join(b.Workspace, "script")
			write(t, script, "#!/no/such/interpreter\n")
			if err := os.Chmod(script, 0o755); err != nil {
				t.Fatal(err)
			}
			if r := b.want(Failure, ReasonConfig); !strings.Contains(r.Error, tt.says) || r.Exit != tt.exit {
				t.Errorf("exit %d, error %q", r.Exit, r.Error)
			}
		})
	}
}
