package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/docker"
	"github.com/mlops-runner/mlops/runner/store"
)

// program is mlops inside the test, so that what it did can be counted.
func program(t *testing.T, args ...string) (counts store.Counts, stdout string) {
	t.Helper()
	return programIn(t, "", args...)
}

// programIn is program in a boot of the machine.
func programIn(t *testing.T, boot string, args ...string) (counts store.Counts, stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, log: slog.New(slog.DiscardHandler), counters: new(store.Counters), boot: boot}
	root := newRoot(a, args)
	root.SetArgs(args)
	if code := a.report(root.ExecuteContext(t.Context())); code != exitFine {
		t.Fatalf("mlops %s: exit %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	return a.counters.Read(), out.String()
}

// repository writes a pipeline and files into a new folder and returns the
// path of its mlops.yaml.
func repository(t *testing.T, pipeline string, files int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range files {
		name := filepath.Join(dir, "data", fmt.Sprintf("%03d.txt", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "mlops.yaml")
	if err := os.WriteFile(path, []byte(pipeline), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const copies = `
jobs:
  copy:
    inputs: [data/]
    outputs: [out/]
    run: cp -r data out
  count:
    inputs: [out/]
    outputs: [count.txt]
    run: ls out | wc -l > count.txt
`

// A run with nothing to do hashes nothing, writes nothing, waits for no disk,
// and looks at each file and folder that matters once.
func TestNoopCosts(t *testing.T) {
	t.Parallel()
	const files = 50
	path := repository(t, copies, files)
	run := []string{"run", "--file", path, "--executor", "host", "--output", "plain"}
	program(t, run...)
	time.Sleep(2100 * time.Millisecond) // stamps younger than two seconds are not trusted
	program(t, run...)
	got, out := program(t, run...)
	if !strings.Contains(out, "2 cached") {
		t.Fatalf("the run was no no-op:\n%s", out)
	}
	stats := got.Stats
	if got.Stats = 0; got != (store.Counts{}) {
		t.Errorf("a run without work did %+v", got)
	}
	// data and out with their files, count.txt; nothing twice.
	if want := int64(2*(files+1) + 1); stats != want {
		t.Errorf("%d stat calls for %d files and folders", stats, want)
	}
}

const checks = `
name: checks
data:
  people: {path: data/people.csv}
jobs:
  check:
    uses: data-check
    with: {data: data.people, drift: {against: baseline}}
`

// A data check against the baseline costs nothing either, until branches move: then
// another run may be the baseline. Of two runs that kept the same, it does not
// matter which is it.
func TestNoopAgainstABaseline(t *testing.T) {
	t.Parallel()
	for _, asked := range []string{"merge-base", "previous"} {
		t.Run(asked, func(t *testing.T) {
			t.Parallel()
			path := repository(t, "baseline: "+asked+checks, 1)
			g := committed{t, filepath.Dir(path)}
			g.write("data/people.csv", "age\n"+strings.Repeat("20\n30\n", 500))
			g.write(".gitignore", ".mlops/\n")
			g.git("init", "-qb", "main")
			g.git("add", ".")
			g.git("commit", "-qm", "first")
			g.run()
			g.settled("the first commit")
			g.git("checkout", "-qb", "work")
			g.git("commit", "-q", "--allow-empty", "-m", "second")
			g.looksAgain("a new branch")
			g.settled("a branch")
			g.git("branch", "-f", "main", "work") // what it is compared with is a commit later
			g.looksAgain("another merge base")
			g.settled("another merge base")
		})
	}
}

// A committed pipeline is one in a repository.
type committed struct {
	t   *testing.T
	dir string
}

func (c committed) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c committed) git(args ...string) {
	c.t.Helper()
	args = append([]string{"-C", c.dir, "-c", "user.name=Ada", "-c", "user.email=a@example.org"}, args...)
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		c.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (c committed) run() (store.Counts, string) {
	c.t.Helper()
	return program(c.t, "run", "--file", filepath.Join(c.dir, "mlops.yaml"), "--executor", "host", "--output", "plain")
}

// settled expects that nothing is to be done once stamps are old enough.
func (c committed) settled(what string) {
	c.t.Helper()
	for range 2 {
		time.Sleep(2100 * time.Millisecond) // stamps younger than two seconds are not trusted
		c.run()
	}
	got, out := c.run()
	if got.Stats = 0; got != (store.Counts{}) || !strings.Contains(out, "1 cached") {
		c.t.Errorf("%s: a run without work did %+v\n%s", what, got, out)
	}
}

// looksAgain expects that the next run is one in earnest.
func (c committed) looksAgain(what string) {
	c.t.Helper()
	if got, out := c.run(); got.FilesWritten == 0 {
		c.t.Errorf("%s: nobody looked at the baseline:\n%s", what, out)
	}
}

// After the machine was started anew, the stats of files alone are not trusted:
// a power cut may have left them with other bytes. The index knows which bytes
// were safe, so nothing is hashed all the same.
func TestNoopAfterAReboot(t *testing.T) {
	t.Parallel()
	path := repository(t, copies, 3)
	run := []string{"run", "--file", path, "--executor", "host", "--output", "plain"}
	program(t, run...)
	time.Sleep(2100 * time.Millisecond)
	program(t, run...)
	for _, c := range []struct {
		boot string
		noop bool
	}{{"one", false}, {"one", true}, {"two", false}, {"two", true}} {
		got, out := programIn(t, c.boot, run...)
		if !strings.Contains(out, "2 cached") || got.FilesHashed > 0 || (got.FilesWritten == 0) != c.noop {
			t.Errorf("boot %s: %+v\n%s", c.boot, got, out)
		}
	}
}

// A job costs at most eight requests to the engine, and a step none. A run costs
// one more: it asks how large the machine is, which it shares with other runs.
func TestDockerRequests(t *testing.T) {
	t.Parallel()
	if err := dockerReady(); err != nil {
		t.Skip(err)
	}
	one := requests(t, "      - run: echo 1\n")
	five := requests(t, strings.Repeat("      - run: echo 1\n", 5))
	if one > 9 {
		t.Errorf("a run of one job took %d requests to the engine, more than 9", one)
	}
	if five > one {
		t.Errorf("a job of five steps took %d requests, one of one step %d", five, one)
	}
}

// requests is how many requests to the engine a job with these steps takes.
func requests(t *testing.T, steps string) int64 {
	t.Helper()
	path := repository(t, "jobs:\n  job:\n    image: "+scriptImage+"\n    inputs: []\n    steps:\n"+steps, 0)
	a := &app{stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler), counters: new(store.Counters)}
	p, err := a.findProject(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.openSession(t.Context(), p, engineOptions{executor: "docker", agent: agentPath}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	f, err := s.Run(t.Context(), context.WithoutCancel(t.Context()))
	if err != nil || f.Record.Status != "success" {
		t.Fatalf("run: %v, %+v", err, f)
	}
	return s.Executor.(*docker.Executor).Requests()
}
