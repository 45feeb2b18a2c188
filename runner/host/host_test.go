package host_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/host"
)

// task is a job of scripts, one a step, in folders of its own.
func task(t testing.TB, scripts ...string) runner.Task {
	t.Helper()
	dir := t.TempDir()
	tk := runner.Task{
		Name: "test", Workspace: filepath.Join(dir, "workspace"), Control: filepath.Join(dir, "control"),
		Spec: agent.Spec{Job: "train"},
	}
	for _, d := range []string{tk.Workspace, tk.Control} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range scripts {
		tk.Spec.Steps = append(tk.Spec.Steps, agent.Step{Name: "step", Run: s, Shell: "sh"})
	}
	return tk
}

// run runs a task that must succeed, and returns its log and notices.
func run(t testing.TB, e *host.Executor, tk runner.Task) (log, notices string) {
	t.Helper()
	r, err := e.Run(t.Context(), tk, func(ev agent.Event) {
		if ev.Kind == agent.Notice {
			notices += ev.Level + " " + ev.Text + "\n"
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(tk.Control, agent.LogFile))
	if err != nil || r.Status != agent.Success {
		t.Fatalf("%+v, %v\n%s", r, err, b)
	}
	return string(b), notices
}

func folder(t testing.TB, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestEnvironment shows that a job depends on the caller's environment only
// where it must.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	tk := task(t, `echo "[$SECRET_TOKEN] [$LANG] [$HOME] [$TZ]"; case $TMPDIR in "$CONTROL"/*) echo tmp;; esac`)
	tk.Spec.Env = []agent.Var{{Name: "TZ", Value: "UTC"}, {Name: "CONTROL", Value: tk.Control}}
	log, notices := run(t, host.New([]string{"PATH=" + os.Getenv("PATH"), "SECRET_TOKEN=x", "LANG=de_DE", "HOME=/home/ada", "TZ=Mars", "odd"}), tk)
	if want := "[] [de_DE] [/home/ada] [UTC]\ntmp\n"; log != want || notices != "" {
		t.Errorf("log %q, notices %q", log, notices)
	}
	tk = task(t, `[ -d "$HOME" ] && cd "$HOME" && touch x && echo home`)
	if log, _ := run(t, &host.Executor{}, tk); log != "home\n" {
		t.Errorf("without an environment: log %q", log)
	}
}

func TestMounts(t *testing.T) {
	t.Parallel()
	data, cache := folder(t, "f", "data\n"), folder(t, "old", "")
	tk := task(t, "cat deep/data/f file same/f; echo new >cache/new; ls -A")
	tk.Mounts = []runner.Mount{
		{Source: data, Target: "deep/data"},
		{Source: filepath.Join(data, "f"), Target: "./file"},
		{Source: cache, Target: "cache", Writable: true},
		{Source: data, Target: "same"},
		{Source: data, Target: data},
	}
	if err := os.Mkdir(filepath.Join(tk.Workspace, "same"), 0o755); err != nil { // an empty folder to mount on
		t.Fatal(err)
	}
	log, notices := run(t, host.New(os.Environ()), tk)
	if want := "data\ndata\ndata\ncache\ndeep\nfile\nsame\n"; log != want {
		t.Errorf("log %q", log)
	}
	if notices != "notice not enforced without a container: read-only mounts\n" {
		t.Errorf("notices %q", notices)
	}
	if _, err := os.Stat(filepath.Join(cache, "new")); err != nil {
		t.Error(err)
	}
	// The links are gone, and what they led to is not.
	left, err := filepath.Glob(filepath.Join(tk.Workspace, "*"))
	if d := cmp.Diff([]string{filepath.Join(tk.Workspace, "deep")}, left); d != "" || err != nil {
		t.Error(d, err)
	}
	if b, err := os.ReadFile(filepath.Join(data, "f")); string(b) != "data\n" {
		t.Error(err)
	}
}

// TestRefusals shows what is refused before anything runs, and that it leaves
// the workspace as it was.
func TestRefusals(t *testing.T) {
	t.Parallel()
	data := folder(t, "f", "")
	tests := []struct {
		name   string
		change func(*runner.Task)
		says   string
		fix    string
	}{
		{"root", func(tk *runner.Task) { tk.User = "root" }, "job train wants to run as root", "run mlops as root, or use --executor docker"},
		{"an absolute target", func(tk *runner.Task) { tk.Mounts[1].Target = "/opt/data" }, "only places inside the workspace", "use --executor docker"},
		{"the home", func(tk *runner.Task) { tk.Mounts[1].Target = "../x" }, "only places inside the workspace", "use --executor docker"},
		{"the workspace itself", func(tk *runner.Task) { tk.Mounts[1].Target = "." }, "only places inside the workspace", "use --executor docker"},
		{"no source", func(tk *runner.Task) { tk.Mounts[1].Source += "/none" }, "no such file", ""},
		{"a file in the way", func(tk *runner.Task) { tk.Mounts[1].Target = "a" }, "file exists", "mount it at another place, or leave what is there out of the job's inputs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tk := task(t, "echo ran >ran")
			tk.Mounts = []runner.Mount{{Source: data, Target: "a"}, {Source: data, Target: "b"}}
			tt.change(&tk)
			_, err := (&host.Executor{}).Run(context.Background(), tk, nil)
			var x *runner.ExecError
			if !errors.As(err, &x) || x.Reason != agent.ReasonConfig || !strings.Contains(x.Error(), tt.says) || x.Fix != tt.fix {
				t.Fatalf("got %v", err)
			}
			if left, err := os.ReadDir(tk.Workspace); len(left) > 0 || err != nil {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

func TestBrokenFolders(t *testing.T) {
	t.Parallel()
	tk := task(t, ":")
	if err := os.Remove(tk.Workspace); err != nil {
		t.Fatal(err)
	}
	_, err := (&host.Executor{}).Run(t.Context(), tk, nil)
	if x := (*runner.ExecError)(nil); !errors.As(err, &x) || x.Reason != agent.ReasonConfig {
		t.Errorf("got %v", err)
	}
	tk = task(t, ":")
	tk.Control += "/none/none"
	if _, err := (&host.Executor{}).Run(t.Context(), tk, nil); err == nil {
		t.Error("no control folder and no error")
	}
	var path *fs.PathError
	tk = task(t, ":")
	if err := os.WriteFile(filepath.Join(tk.Control, "tmp"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (&host.Executor{}).Run(t.Context(), tk, nil); !errors.As(err, &path) {
		t.Errorf("got %v", err)
	}
}

func TestLimits(t *testing.T) {
	all := runner.Task{
		Resources: runner.Resources{CPUs: 1, Memory: 1, Shm: 1, Disk: 1, Pids: 1},
		Mounts:    []runner.Mount{{Source: "/a", Target: "a", Writable: true}, {Source: "/b", Target: "b"}},
	}
	want := []string{"memory limit", "CPU limit", "process limit", "size of /dev/shm", "read-only mounts"}
	if d := cmp.Diff(want, host.Limits(all)); d != "" {
		t.Error(d)
	}
	if got := host.Limits(runner.Task{Network: true, Mounts: all.Mounts[:1]}); len(got) > 0 {
		t.Errorf("nothing was asked: %v", got)
	}
}

// TestReap finds by its mark what a dead runner left, and leaves the job of a
// living one alone.
func TestReap(t *testing.T) {
	m, err := agent.NewMark()
	if err != nil {
		t.Fatal(err)
	}
	m.Start-- // this process's id, at a time when another had it
	stray := exec.Command("sleep", "300")
	stray.Env = []string{agent.MarkVariable + "=" + m.String()}
	if err := stray.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stray.Process.Kill() })
	e := host.New(os.Environ())
	tk := task(t, "mkfifo p; read x <p; echo $x")
	want := "process " + strconv.Itoa(stray.Process.Pid) + " of dead runner " + strconv.Itoa(os.Getpid())
	reaped := func(dryRun bool) bool {
		said, err := e.Reap(t.Context(), dryRun)
		if err != nil {
			t.Error(err)
		}
		return slices.Contains(said, want)
	}
	done := make(chan string, 1)
	go func() { log, _ := run(t, e, tk); done <- log }()
	fifo := filepath.Join(tk.Workspace, "p")
	for _, err := os.Stat(fifo); err != nil; _, err = os.Stat(fifo) {
	}
	if !reaped(true) || stray.Process.Signal(syscall.Signal(0)) != nil {
		t.Error("a dry run does not find the process, or kills it")
	}
	if !reaped(false) {
		t.Error("the process is not found")
	}
	if err := stray.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	if reaped(true) {
		t.Error("the process is still there")
	}
	if err := os.WriteFile(fifo, []byte("alive\n"), 0); err != nil {
		t.Fatal(err)
	}
	if log := <-done; log != "alive\n" {
		t.Errorf("a living runner's job: %q", log)
	}
}
