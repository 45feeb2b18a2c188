package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

var (
	killFor    = flag.Duration("kill-for", 0, "how long the kill loop goes on; 0 means a fixed number of kills")
	killSeed   = flag.Uint64("kill-seed", 0, "seed of the kill loop; 0 means a new one, which is printed")
	killBinary = flag.String("kill-mlops", "", "mlops binary for the kill loop; the test's own without it")
)

// TestKillLoop kills mlops by SIGKILL at random moments, again and again, and
// looks each time at everything that it may have left: the store is whole,
// published outputs are of one version, the record says that the run was
// interrupted, and the next run ends like one that nobody disturbed.
func TestKillLoop(t *testing.T) {
	t.Parallel()
	kills := 26 // in each of two worlds
	if testing.Short() {
		kills = 5
	}
	for _, home := range []bool{false, true} {
		t.Run(fmt.Sprintf("home=%v", home), func(t *testing.T) {
			t.Parallel()
			newKillLoop(t, home, "").run(kills)
		})
	}
}

// TestKillLoopDocker does the same where jobs run in containers.
func TestKillLoopDocker(t *testing.T) {
	if err := dockerReady(); err != nil {
		t.Skipf("no Docker engine: %v", err)
	}
	if testing.Short() {
		t.Skip("starts many containers")
	}
	t.Parallel()
	l := newKillLoop(t, false, scriptImage)
	l.run(4)
}

// killLoop is a world in which mlops is killed.
type killLoop struct {
	*world
	r       *rand.Rand
	typical time.Duration // of a run that nobody kills
	kills   int           // that hit a run at work
	sealed  int           // that came after the end of its record
	runs    int           // that were let to end
	late    int           // that removed what the engine made after the run before them had looked

	settled struct{ inputs, salts []int } // what the last whole run saw
}

// back returns to what the last whole run saw, so that the next one may find
// that it has nothing to do.
func (l *killLoop) back() {
	copy(l.inputs, l.settled.inputs)
	copy(l.salts, l.settled.salts)
	l.write()
}

func newKillLoop(t *testing.T, home bool, image string) *killLoop {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-kill-seed %d", seed)
	r := rand.New(rand.NewPCG(seed, uint64(len(t.Name()))))
	n := 8
	if image != "" {
		n = 4
	}
	w := newWorld(t, r, n)
	w.image = image
	if home {
		w.home = filepath.Join(filepath.Dir(w.dir), "home")
	}
	w.write()
	return &killLoop{world: w, r: r, typical: time.Second}
}

// run kills until there were enough kills, or for as long as the flag says.
func (l *killLoop) run(kills int) {
	began := time.Now()
	l.finish()
	for !l.t.Failed() && (*killFor > 0 && time.Since(began) < *killFor || *killFor == 0 && l.kills < kills) {
		if l.r.IntN(3) > 0 {
			l.change(l.r)
		}
		l.kill()
		if l.r.IntN(4) == 0 {
			l.back()
		}
		if l.r.IntN(2) == 0 {
			l.finish()
		}
	}
	l.finish()
	l.t.Logf("%d kills (%d more came too late), %d whole runs, %d for what came late, %s", l.kills, l.sealed, l.runs, l.late, time.Since(began).Round(time.Millisecond))
}

func (l *killLoop) command(args ...string) *exec.Cmd {
	name := *killBinary
	if name == "" {
		name = "mlops"
	}
	c := exec.Command(name, args...)
	c.Dir = l.dir
	c.Env = append(os.Environ(), "TMPDIR="+l.temp, "HOME="+l.temp, "MLOPS_HOME="+l.home, "MLOPS_EXECUTOR=host", "WORLD="+l.mark, "GITHUB_ACTIONS=")
	if l.image != "" {
		c.Env = append(c.Env, "MLOPS_EXECUTOR=docker", "MLOPS_AGENT="+agentPath)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

func (l *killLoop) output(args ...string) []byte {
	l.t.Helper()
	var stderr bytes.Buffer
	c := l.command(args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		l.t.Errorf("mlops %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out
}

// news is what a run said before it ended or was killed.
type news struct {
	run    string
	ended  []string // jobs that succeeded
	events int
	sealed bool // the run said its end
}

func (n *news) hear(line []byte) {
	var e runner.Event
	if json.Unmarshal(line, &e) != nil {
		return // cut off by the kill
	}
	n.run = e.Run
	n.events++
	switch {
	case e.Kind == runner.JobEnded && e.Status == "success":
		n.ended = append(n.ended, e.Job)
	case e.Kind == runner.RunEnded:
		n.sealed = true
	}
}

// kill starts a run and kills it: at any time, or a moment after any event.
func (l *killLoop) kill() {
	l.t.Helper()
	before := l.published()
	c := l.command("run", "--output", "json")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		l.t.Fatal(err)
	}
	target := c.Process.Pid
	if l.r.IntN(2) == 0 {
		target = -target // the whole group
	}
	shoot := func(after time.Duration) {
		time.Sleep(after)
		syscall.Kill(target, syscall.SIGKILL)
	}
	at := -1
	if l.r.IntN(2) == 0 {
		at = l.r.IntN(4 * len(l.jobs))
	} else {
		go shoot(time.Duration(l.r.Float64() * 1.1 * float64(l.typical)))
	}
	jitter := time.Duration(l.r.IntN(4000)) * time.Microsecond
	var n news
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n.hear(lines.Bytes()); n.events == at {
			go shoot(jitter)
		}
	}
	c.Wait()
	if c.ProcessState.ExitCode() == -1 {
		l.kills++
	}
	l.inspect(before, n, c.ProcessState.ExitCode() != -1)
}

// inspect looks at what a killed run left.
func (l *killLoop) inspect(before map[string]string, n news, ended bool) {
	l.t.Helper()
	want, keys := l.expect()
	now := l.published()
	for _, j := range l.jobs {
		got := j.of(now)
		if !maps.Equal(got, j.of(before)) && !maps.Equal(got, j.of(want)) && len(got) > 0 {
			l.t.Errorf("kill %d: output of %s is neither the old nor the new version: %q\nold %q\nnew %q", l.kills, j.id, got, j.of(before), j.of(want))
		}
		for _, name := range n.ended {
			if name == j.id && !maps.Equal(got, j.of(want)) {
				l.t.Errorf("kill %d: %s ended and its output is not there: %q", l.kills, j.id, got)
			}
		}
	}
	l.verify()
	l.interrupted(n, ended)
	l.again()
	for i, j := range l.jobs {
		for _, name := range n.ended {
			if name == j.id {
				l.claimed[j.id+" "+keys[i]] = true
			}
		}
	}
}

// again fails for jobs that ran although they had ended with the same key.
func (l *killLoop) again() {
	l.t.Helper()
	for _, line := range l.said() {
		what, key, _ := strings.Cut(strings.TrimPrefix(line, "begin "), " ")
		if strings.HasPrefix(line, "begin ") && l.claimed[what+" "+key] {
			l.t.Errorf("kill %d: %s ran again, though it had ended", l.kills, what)
		}
	}
}

// verify reads everything that is kept: mostly without a process of its own.
func (l *killLoop) verify() {
	l.t.Helper()
	if l.r.IntN(4) == 0 {
		l.output("cache", "verify")
		return
	}
	s, err := store.Open(l.store())
	if err != nil {
		l.t.Error(err)
		return
	}
	if ps, err := s.Verify(l.t.Context(), nil); err != nil || len(ps) > 0 {
		l.t.Errorf("kill %d: the store: %v, %v", l.kills, ps, err)
	}
}

// shownRun is what mlops show says of a run.
type shownRun struct {
	Run  record.Run
	Jobs []record.Job
}

func (l *killLoop) shown(run string) (s shownRun, err error) {
	l.t.Helper()
	err = json.Unmarshal(l.output("show", run, "--json"), &s)
	return s, err
}

// interrupted makes sure that the record of a killed run can be read and says
// how the run ended.
func (l *killLoop) interrupted(n news, ended bool) {
	l.t.Helper()
	if n.run == "" || ended {
		return
	}
	shown, err := l.shown(n.run)
	// A process that mlops was about to start when it was killed has the lock of the
	// record, too, until it calls exec.
	for wait := 10 * time.Millisecond; err == nil && shown.Run.Status == record.Running && wait < 2*time.Second; wait *= 2 {
		time.Sleep(wait)
		shown, err = l.shown(n.run)
	}
	if err != nil {
		l.t.Errorf("kill %d: show: %v", l.kills, err)
		return
	}
	if s := shown.Run.Status; s != record.Interrupted && s != record.Success || n.sealed && s != record.Success {
		l.t.Errorf("kill %d: the record says %q", l.kills, s)
	}
	if shown.Run.Status == record.Success {
		l.sealed++
	}
	for _, name := range n.ended {
		ok := false
		for _, j := range shown.Jobs {
			ok = ok || j.ID == name && j.Status == record.Success
		}
		if !ok {
			l.t.Errorf("kill %d: job %s had ended, the record does not say so", l.kills, name)
		}
	}
	if l.r.IntN(3) > 0 {
		return
	}
	listed := string(l.output("runs"))
	if !strings.Contains(listed, n.run) || shown.Run.Status == record.Interrupted && !strings.Contains(listed, "interrupted") {
		l.t.Errorf("kill %d: mlops runs does not list run %s as it is: %s", l.kills, n.run, listed)
	}
}

// finish lets a run end and compares everything with what it must be.
func (l *killLoop) finish() {
	l.t.Helper()
	l.again()
	began := time.Now()
	out := l.output("run", "--output", "json")
	l.typical = (l.typical + time.Since(began)) / 2
	l.runs++
	l.again()
	want, keys := l.expect()
	if got := l.published(); !maps.Equal(got, want) {
		l.t.Errorf("kill %d: outputs differ from a run without a cache\ngot  %q\nwant %q", l.kills, got, want)
	}
	var n news
	for line := range bytes.Lines(out) {
		n.hear(line)
	}
	if !n.sealed {
		l.t.Errorf("kill %d: the run after it did not end: %s", l.kills, out)
	}
	for i, j := range l.jobs {
		l.claimed[j.id+" "+keys[i]] = true
	}
	l.settled.inputs, l.settled.salts = slices.Clone(l.inputs), slices.Clone(l.salts)
	l.verify()
	l.clean()
}

// clean makes sure that nothing is left of any run that is dead.
func (l *killLoop) clean() {
	l.t.Helper()
	for _, place := range []string{"tmp", "pins", "runs/.new", "bad"} {
		l.empty(filepath.Join(l.store(), place))
	}
	l.empty(l.temp, filepath.Base(machineLocks())) // files without bytes, for all runs to come
	for wait := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		left := append(l.processes(), l.containers()...)
		if len(left) == 0 {
			return
		}
		if time.Since(wait) > 5*time.Second {
			l.t.Errorf("kill %d: still there: %q", l.kills, left)
			return
		}
		if l.image != "" { // made by the engine since a run looked last
			l.late++
			l.output("run")
		}
	}
}

func (l *killLoop) empty(dir string, but ...string) {
	l.t.Helper()
	es, err := os.ReadDir(dir)
	es = slices.DeleteFunc(es, func(e os.DirEntry) bool { return slices.Contains(but, e.Name()) })
	if skipAbsent(err) != nil || len(es) > 0 {
		l.t.Errorf("kill %d: %s holds %v, %v", l.kills, dir, es, err)
	}
}

func (l *killLoop) containers() []string {
	if l.image == "" {
		return nil
	}
	out, err := exec.Command("docker", "ps", "-a", "--format", "{{.ID}} {{.Names}}, {{.Status}}, {{.RunningFor}}", "--filter", "label=mlops.scope="+l.store()).Output()
	if err != nil {
		l.t.Error(err)
	}
	return slices.Collect(strings.Lines(string(out)))
}
