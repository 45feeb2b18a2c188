package record

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
)

// died is the panic of a writer that is killed.
type died struct{ op string }

// writeUntil writes the sample run and dies after the disk has changed n
// times. It reports what it did last, and whether it came to the end.
func writeUntil(t *testing.T, root string, n int) (op string, done bool) {
	t.Helper()
	var w *Writer
	defer func() {
		if d, ok := recover().(died); ok {
			op = d.op
		}
		if w != nil {
			w.lock.Close() // as the kernel does
		}
	}()
	left := n
	w, err := create(disk.Real{}, root, Run{ID: sampleID}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.step = func(op string) {
		if left--; left < 0 {
			panic(died{op})
		}
	}
	run := sampleRun()
	for _, j := range run.Jobs {
		writeJob(t, w, j)
	}
	if err := w.AddFile("report.md", []byte("# Report\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Seal(run); err != nil {
		t.Fatal(err)
	}
	return "", true
}

// After a kill at any point the record loads; only one with its seal claims an
// end, and what was recorded before the kill is there.
func TestKillAfterEveryWrite(t *testing.T) {
	t.Parallel()
	for n := 0; ; n++ {
		if n > 200 {
			t.Fatal("no end")
		}
		root := t.TempDir()
		op, done := writeUntil(t, root, n)
		run, err := loadDead(root)
		if err != nil {
			t.Fatalf("killed after %q: %v", op, err)
		}
		if done {
			if run.Status != Failure || n < 30 {
				t.Errorf("after %d writes the run is complete and %s", n, run.Status)
			}
			return
		}
		sealed := op == "sealed"
		if run.Sealed != sealed || (run.Status == Interrupted) == sealed || len(run.Problems) > 0 {
			t.Errorf("killed after %q: status %s, sealed %v, problems %v", op, run.Status, run.Sealed, run.Problems)
		}
		for _, j := range run.Jobs {
			if !j.Status.Final() && j.Status != Interrupted {
				t.Errorf("killed after %q: job %s is %s", op, j.ID, j.Status)
			}
		}
		if strings.HasPrefix(op, "append metrics") || sealed {
			if j := run.Job("train@depth=4"); j != nil && len(j.Metrics) != 4 {
				t.Errorf("killed after %q: %d metrics", op, len(j.Metrics))
			}
		}
	}
}

// Jobs that were reused have no folder: a kill while the record is being sealed
// must not lose them either.
func TestKillWhileSealingKeepsReusedJobs(t *testing.T) {
	t.Parallel()
	for n := 0; ; n++ {
		root := t.TempDir()
		var w *Writer
		op := func() (op string) {
			defer func() {
				if d, ok := recover().(died); ok {
					op = d.op
				}
			}()
			var err error
			if w, err = create(disk.Real{}, root, Run{ID: sampleID}, nil); err != nil {
				t.Fatal(err)
			}
			job := Job{ID: "prepare", Status: Success, Cached: true, CachedFrom: sampleID, FingerprintLines: []string{"a b c"}}
			if err := w.JobEnded(job); err != nil {
				t.Fatal(err)
			}
			left := n
			w.step = func(op string) {
				if left--; left < 0 {
					panic(died{op})
				}
			}
			if _, err := w.Seal(Run{ID: sampleID, Status: Success, Jobs: []Job{job}}); err != nil {
				t.Fatal(err)
			}
			return ""
		}()
		if w.lock != nil {
			w.lock.Close()
		}
		run, err := loadDead(root)
		if err != nil || len(run.Problems) > 0 || run.Job("prepare") == nil || run.Job("prepare").Status != Success {
			t.Errorf("killed after %q: %+v, %v", op, run, err)
		}
		if op == "" {
			return
		}
	}
}

// A torn file, as a power cut leaves it, is no success and no panic.
func TestTornFiles(t *testing.T) {
	t.Parallel()
	for n := 3; n < 40; n += 3 {
		root := t.TempDir()
		if op, done := writeUntil(t, root, n); done || op == "sealed" {
			break
		}
		e, err := Find(root, sampleID)
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(e.Dir, func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			for _, cut := range []int{0, len(data) / 2, len(data) - 1} {
				if cut < 0 {
					continue
				}
				if err := replace(p, data[:cut]); err != nil {
					return err
				}
				if run, err := loadDead(root); err == nil && run.Status != Interrupted {
					t.Errorf("%s cut at %d: %s", p, cut, run.Status)
				}
			}
			return replace(p, data)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestRunningUntilClosed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("without locks the process decides, and that lives")
	}
	root := t.TempDir()
	w, err := Create(root, sampleRun())
	if err != nil {
		t.Fatal(err)
	}
	job := trainJob()
	if err := w.JobStarted(job); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Status{Running, Interrupted} {
		run, err := Load(root, LATEST)
		if want == Interrupted {
			run, err = loadDead(root)
		}
		if err != nil {
			t.Fatal(err)
		}
		if run.Status != want || run.Jobs[0].Status != want || run.Jobs[0].Fingerprint != job.Fingerprint || len(run.Jobs[0].FingerprintLines) != 2 {
			t.Errorf("run is %s, job is %+v; want %s", run.Status, run.Jobs[0], want)
		}
		if _, err := Verify(root, LATEST); !errors.Is(err, ErrNotSealed) {
			t.Errorf("verify: %v, want ErrNotSealed", err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAlive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, runName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	me := *self()
	gone, elsewhere, old := me, me, me
	gone.PID, gone.Start = 1<<22+1, "1."+strings.SplitN(me.Start+".", ".", 3)[1]
	elsewhere.Host, elsewhere.Start = "elsewhere", "1.other-boot"
	locked := me
	locked.Locked = true
	old = elsewhere
	for what, c := range map[string]struct {
		p     *Process
		later time.Duration
		want  bool
	}{
		"unknown":                         {nil, 0, false},
		"we live, no locks there":         {&me, 0, true},
		"gone, no locks there":            {&gone, 0, false},
		"its lock is free":                {&locked, 0, runtime.GOOS == "windows"},
		"elsewhere, wrote a moment ago":   {&elsewhere, 0, true},
		"elsewhere, silent for two weeks": {&old, 14 * 24 * time.Hour, false},
	} {
		if runtime.GOOS != "linux" && what == "gone, no locks there" {
			continue
		}
		if got := alive(dir, c.p, time.Now().Add(c.later)); got != c.want {
			t.Errorf("%s: alive is %v", what, got)
		}
	}
}

// Two writers of different runs do not disturb each other, and of one run the
// second is refused, however they interleave.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var wg sync.WaitGroup
	created := make(chan string, 8)
	for i := range 8 {
		wg.Go(func() {
			run := sampleRun()
			run.ID = fmt.Sprintf("019a9c4e-7a00-7000-8000-00000000000%d", i/2)
			w, err := Create(root, run)
			if errors.Is(err, ErrExists) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			created <- run.ID
			for _, j := range run.Jobs {
				if err := w.JobEnded(j); err != nil {
					t.Error(err)
				}
			}
			if _, err := w.Seal(run); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(created)
	n := 0
	for id := range created {
		n++
		if v, err := Verify(root, id); err != nil || !v.OK() {
			t.Errorf("%s: %+v, %v", id, v, err)
		}
	}
	if n != 4 {
		t.Errorf("%d runs were created, want 4", n)
	}
}

// One writer takes jobs from many goroutines.
func TestParallelJobs(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	w, err := Create(root, Run{ID: sampleID})
	if err != nil {
		t.Fatal(err)
	}
	var run Run
	var wg sync.WaitGroup
	for i := range 40 {
		j := Job{ID: fmt.Sprintf("train@n=%d", i), Status: Success, FingerprintLines: []string{"a b c"}, Metrics: []Metric{{Name: "n", Value: float64(i)}}}
		run.Jobs = append(run.Jobs, j)
		wg.Go(func() { writeJob(t, w, j) })
	}
	wg.Wait()
	run.Status = Success
	if _, err := w.Seal(run); err != nil {
		t.Fatal(err)
	}
	got, err := Load(root, sampleID)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range got.Jobs {
		if j.ID != run.Jobs[i].ID || len(j.Metrics) != 1 || j.Metrics[0].Value != float64(i) || j.LogSize == 0 {
			t.Errorf("job %d is %+v", i, j)
		}
	}
	if v, err := Verify(root, sampleID); err != nil || !v.OK() {
		t.Errorf("%+v, %v", v, err)
	}
}

const (
	rootVariable = "RECORD_TEST_ROOT"
	idsVariable  = "RECORD_TEST_IDS"
)

// TestMain lets the test binary be the writer of TestKill and TestTwoProcesses.
func TestMain(m *testing.M) {
	root, ids := os.Getenv(rootVariable), os.Getenv(idsVariable)
	switch {
	case ids != "":
		writer(root, strings.Split(ids, ","))
		os.Exit(0)
	case root != "":
		for {
			writer(root, []string{""})
		}
	}
	os.Exit(m.Run())
}

// writer records runs with the given ids, "" for one of its own, and prints
// the ids of those that it created.
func writer(root string, ids []string) {
	for _, id := range ids {
		run := sampleRun()
		run.ID = id
		w, err := Create(root, run)
		if errors.Is(err, ErrExists) {
			continue
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(w.ID())
		for _, j := range run.Jobs {
			err = errors.Join(err, w.JobStarted(j), w.JobEnded(j))
		}
		run.ID, run.Status = w.ID(), Success
		if _, sealErr := w.Seal(run); errors.Join(err, sealErr) != nil {
			fmt.Fprintln(os.Stderr, err, sealErr)
			os.Exit(1)
		}
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	root := t.TempDir()
	sealed, interrupted := 0, 0
	for i := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), rootVariable+"="+root)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan()
		time.Sleep(time.Duration(i) * 700 * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		for e, err := range List(root) {
			if err != nil {
				t.Fatal(err)
			}
			run, err := e.Load()
			if err != nil {
				t.Fatalf("%s: %v", e.Dir, err)
			}
			switch {
			case run.Status == Interrupted && !run.Sealed && len(run.Problems) == 0:
				interrupted++
			case run.Status == Success && run.Sealed:
				sealed++
			default:
				t.Errorf("%s is %s, sealed %v, problems %v", e.ID, run.Status, run.Sealed, run.Problems)
			}
		}
		if err := os.RemoveAll(filepath.Join(root, "runs")); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d sealed, %d interrupted", sealed, interrupted)
	if sealed+interrupted == 0 {
		t.Error("no record at all")
	}
}

// What a writer leaves that dies before its record has a name goes with the next Create.
func TestSweep(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("folders cannot be locked here")
	}
	root := t.TempDir()
	nursery := filepath.Join(root, "runs", ".new")
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"dead", "young", "alive"} {
		dir := filepath.Join(nursery, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if name == "young" {
			continue
		}
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(filepath.Join(nursery, "alive"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !lockFolder(f) {
		t.Skip("this file system has no locks")
	}
	write(t, root, Run{Status: Success})
	for name, want := range map[string]bool{"dead": false, "young": true, "alive": true} {
		if _, err := os.Stat(filepath.Join(nursery, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// loadDead loads a record whose writer is dead. Another test that starts a
// process may hold a copy of the writer's lock until its exec, so a record that
// seems to be written is looked at again.
func loadDead(root string) (*Run, error) {
	for try := 0; ; try++ {
		run, err := Load(root, sampleID)
		if err != nil || run.Status != Running || try == 1000 {
			return run, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}
