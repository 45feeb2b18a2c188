//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
)

// Twins are two repositories that are alike, in both of which nothing is to be
// done. What mlops says in one it has to say in the other, whether package early
// or main says it.
type twins struct {
	mlops string
	dirs  [2]string
	env   []string
}

// newTwins makes them, with variables besides those of a story.
func newTwins(t *testing.T, env ...string) *twins {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &twins{mlops: filepath.Join(t.TempDir(), "mlops")} // the name makes this test the program
	if err := os.Symlink(exe, w.mlops); err != nil {
		t.Fatal(err)
	}
	w.env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"}, env...)
	for i := range w.dirs {
		w.dirs[i] = filepath.Join(t.TempDir(), "graph") // a pipeline without a name bears the folder's
		if err := os.Rename(graphOf(t, 1), w.dirs[i]); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(t)
	return w
}

// settle lets nothing be left to do.
func (w *twins) settle(t *testing.T) {
	t.Helper()
	for range 2 {
		for i := range w.dirs {
			if got := w.run(t, i, situation{args: []string{"--executor", "host", "--output", "quiet"}}); got.end != "exit status 0" {
				t.Fatalf("first run: %+v", got)
			}
		}
		time.Sleep(2100 * time.Millisecond) // until the files' times are trusted
	}
}

// A situation is how mlops is run.
type situation struct {
	name   string
	args   []string // behind run
	env    []string
	stdout string // where it goes: "" is read, "shut" is a pipe that nobody reads, else a redirection of the shell's
	below  string // folder in which it runs
	change func(dir string) error
	early  bool // whether package early is expected to answer
}

// words are what a run says, without the times in it.
type words struct{ stdout, stderr, end string }

// run runs mlops in one of the twins.
func (w *twins) run(t *testing.T, twin int, s situation) words {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.CommandContext(t.Context(), w.mlops, append([]string{"run"}, s.args...)...)
	c.Stdout, c.Stderr = &out, &errs
	switch s.stdout {
	case "":
	case "shut":
		r, pipe, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer pipe.Close()
		r.Close()
		c.Stdout = pipe
	default:
		c = exec.CommandContext(t.Context(), "sh", append([]string{"-c", `exec "$0" "$@" ` + s.stdout}, c.Args...)...)
		c.Stdout, c.Stderr = io.Discard, &errs
	}
	c.Dir, c.Env = filepath.Join(w.dirs[twin], s.below), append(slices.Clone(w.env), s.env...)
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return words{masked(out.String()), masked(errs.String()), c.ProcessState.String()}
}

var masks = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`[0-9.]+ m?s\b`), "TOOK"},
	{regexp.MustCompile(`[0-9.]+ [KM]iB\b`), "BYTES"},
	{regexp.MustCompile(`"(wall|saved|cpu|peak|\w*Seconds|\w*Bytes)": ?[0-9.e-]+`), "$1"},
	{regexp.MustCompile(`(?m)^.*waiting for .*\n`), ""}, // other programs work on this machine
	{regexp.MustCompile(` +`), " "},                     // columns are as wide as the times in them
	{regexp.MustCompile(`/tmp/\S*/graph`), "DIR"},
}

func masked(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.by)
	}
	return text
}

// same runs mlops in one twin as it is, and in the other one with a flag that says
// what is so without it, which package early does not know.
func (w *twins) same(t *testing.T, s situation) {
	t.Helper()
	for _, dir := range w.dirs {
		if s.change == nil {
			break
		}
		if err := s.change(dir); err != nil {
			t.Fatal(err)
		}
	}
	traced := s
	traced.env = append(slices.Clone(s.env), "GODEBUG=inittrace=1")
	got := w.run(t, 0, traced)
	var lines []string
	main := false
	for line := range strings.Lines(got.stderr) {
		if !strings.HasPrefix(line, "init ") {
			lines = append(lines, line)
		}
		main = main || strings.HasPrefix(line, "init github.com/distribution/reference ")
	}
	got.stderr = strings.Join(lines, "")
	s.args = append([]string{"--min-free", "512MiB"}, s.args...)
	if diff := cmp.Diff(w.run(t, 1, s), got, cmp.AllowUnexported(words{})); diff != "" {
		t.Errorf("not what main says (-main +early):\n%s", diff)
	}
	if s.early == main {
		t.Errorf("answered early: %v, want %v", !main, s.early)
	}
}

func onHost(more ...string) []string { return append([]string{"--executor", "host"}, more...) }

// What package early says of a run in which nothing changed is what main says, and
// what it does not understand it leaves to main.
func TestEarlySaysWhatMainSays(t *testing.T) {
	t.Parallel()
	w := newTwins(t)
	for _, s := range []situation{
		{name: "plain", args: onHost("--output", "plain"), early: true},
		{name: "quiet", args: onHost("--output=quiet"), early: true},
		{name: "no terminal", args: onHost(), early: true},
		{name: "executor of the environment", env: []string{"MLOPS_EXECUTOR=host"}, early: true},
		{name: "the last flag counts", args: []string{"--executor=docker", "--executor=host", "--output", "json", "--output", "plain"}, early: true},
		{name: "no colours", args: onHost(), env: []string{"NO_COLOR=1", "CLICOLOR_FORCE=1"}, early: true},
		{name: "colours", args: onHost(), env: []string{"CLICOLOR_FORCE=1"}},
		{name: "colours, and nothing to show", args: onHost("--output", "quiet"), env: []string{"CLICOLOR_FORCE=1"}, early: true},
		{name: "standard output is shut", args: onHost("--output", "plain"), stdout: "shut", early: true},
		{name: "standard output is shut, and nothing to show", args: onHost("--output", "quiet"), stdout: "shut", early: true},
		{name: "standard output is closed", args: onHost("--output", "plain"), stdout: ">&-", early: true},
		{name: "standard output is full", args: onHost("--output", "plain"), stdout: ">/dev/full"},
		{name: "both streams are one", args: onHost(), stdout: "2>&1", early: true},
		{name: "json", args: onHost("--output", "json")},
		{name: "github", args: onHost("--output", "github")},
		{name: "a workflow", args: onHost(), env: []string{"GITHUB_ACTIONS=true"}},
		{name: "a workflow, plain", args: onHost("--output", "plain"), env: []string{"GITHUB_ACTIONS=true"}},
		{name: "another commit in a workflow", args: onHost(), env: []string{"GITHUB_SHA=1234"}},
		{name: "a stranger's event", args: onHost(), env: []string{"GITHUB_EVENT_NAME=pull_request"}},
		{name: "another engine", args: onHost(), env: []string{"DOCKER_HOST=tcp://127.0.0.1:1"}},
		{name: "CI", args: onHost(), env: []string{"CI=true"}},
		{name: "another executor", args: []string{"--executor", "elsewhere"}},
		{name: "a job", args: onHost("j0")},
		{name: "a parameter", args: onHost("--param", "a=1")},
		{name: "force", args: onHost("--force")},
		{name: "debug", args: onHost("--debug")},
		{name: "debug by the environment", args: onHost(), env: []string{"MLOPS_DEBUG=1"}},
		{name: "file", args: onHost("--file", "mlops.yaml")},
		{name: "file by the environment", args: onHost(), env: []string{"MLOPS_FILE=mlops.yaml"}},
		{name: "another store", args: onHost(), env: []string{"MLOPS_HOME=elsewhere"}},
		{name: "help", args: []string{"--help"}},
		{name: "unknown output", args: onHost("--output", "loud")},
		{name: "unknown flag", args: onHost("--outptu", "quiet")},
		{name: "a flag without its value", args: onHost("--output")},
		{name: "a wrong default in the environment", args: onHost(), env: []string{"MLOPS_COMMENT=sometimes"}},
	} {
		t.Run(s.name, func(t *testing.T) { w.same(t, s) })
	}
}

// append1 adds a byte to a file, which may be missing.
func append1(name string) func(dir string) error {
	return func(dir string) error {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		_, err = f.WriteString("#")
		return errors.Join(err, f.Close())
	}
}

// Whatever changes, package early notices it.
func TestEarlyNoticesChanges(t *testing.T) {
	t.Parallel()
	touch := func(name string) func(dir string) error {
		return func(dir string) error { return os.Chtimes(filepath.Join(dir, name), time.Now(), time.Now()) }
	}
	for _, s := range []situation{
		{name: "an input", change: append1("in0")},
		{name: "an input's time", change: touch("in0")},
		{name: "an input is gone", change: func(dir string) error { return os.Remove(filepath.Join(dir, "in0")) }},
		{name: "an output", change: func(dir string) error {
			return errors.Join(os.Chmod(filepath.Join(dir, "out0"), 0o644), append1("out0")(dir))
		}},
		{name: "an output is gone", change: func(dir string) error { return os.Remove(filepath.Join(dir, "out0")) }},
		{name: "a comment in mlops.yaml", change: append1("mlops.yaml")},
		{name: "the time of mlops.yaml alone", change: touch("mlops.yaml"), early: true},
		{name: "a mistake in mlops.yaml", change: func(dir string) error { return os.WriteFile(filepath.Join(dir, "mlops.yaml"), []byte("job:\n"), 0o644) }},
		{name: "no mlops.yaml", change: func(dir string) error { return os.Remove(filepath.Join(dir, "mlops.yaml")) }},
		{name: "a lock file", change: append1("mlops.lock")},
		{name: "a dead run", change: append1(".mlops/pins/4194305_1.boot_elsewhere-0123456789abcdef")},
		{name: "an engine that a dead run had asked", change: append1(".mlops/death")},
		{name: "noise of metrics", change: append1(".mlops/noise/bench/j0.json")},
		{name: "no store", change: func(dir string) error { return os.RemoveAll(filepath.Join(dir, ".mlops")) }},
		{name: "a damaged snapshot", change: func(dir string) error {
			files, err := filepath.Glob(filepath.Join(dir, ".mlops/snapshots/*"))
			for _, f := range files {
				err = errors.Join(err, os.Truncate(f, 100))
			}
			return err
		}},
		{name: "a folder below", below: "sub", change: func(dir string) error { return os.Mkdir(filepath.Join(dir, "sub"), 0o755) }},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.args = onHost("--output", "plain")
			newTwins(t).same(t, s)
		})
	}
}

// A store elsewhere is found as main finds it.
func TestEarlyFindsTheStore(t *testing.T) {
	t.Parallel()
	w := newTwins(t, "MLOPS_HOME=kept") // relative to the folder
	w.same(t, situation{args: onHost("--output", "plain"), early: true})
}

// What package early shows stands in the snapshot of the simplest runs alone.
func TestPlainly(t *testing.T) {
	t.Parallel()
	simple := func() *idleRun {
		return &idleRun{Summary: runner.Summary{Pipeline: "p", Status: "success", Cached: 1, Jobs: []runner.JobSummary{{Job: "j", Status: "success", Cached: true}}}}
	}
	if s := simple().plainly(); s == nil || !strings.HasSuffix(s.Before, "p: 1 cached in ") || s.After != "\n" {
		t.Errorf("got %+v", s)
	}
	for name, change := range map[string]func(*idleRun){
		"failed": func(r *idleRun) { r.Summary.Status = "failure" }, "secrets": func(r *idleRun) { r.Secrets = []string{"A"} },
		"for a while": func(r *idleRun) { r.Until = time.Now() }, "awaits": func(r *idleRun) { r.Awaits = "c0ffee" },
		"past": func(r *idleRun) { r.Past = &pastBasis{} }, "noise": func(r *idleRun) { r.Noise = "1" }, "models": func(r *idleRun) { r.Models = "1" },
		"a name like a time": func(r *idleRun) { r.Summary.Pipeline = "7777d00h" },
	} {
		r := simple()
		if change(r); r.plainly() != nil {
			t.Errorf("%s: is shown early", name)
		}
	}
}
