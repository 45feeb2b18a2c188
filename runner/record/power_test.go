package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/disk/disktest"
)

// quickDir is a folder in memory, where that is to be had: syncs are recorded, not made.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mlops-record-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// recordOn writes the sample run by way of d, and says when it is sealed.
func recordOn(d disk.Disk, root string, sealed func()) error {
	run := sampleRun()
	w, err := CreateOn(d, root, Run{ID: sampleID})
	if err != nil {
		return err
	}
	defer w.Close()
	for i, j := range run.Jobs {
		if err := w.JobStarted(j); err != nil {
			return err
		}
		if err := recordLog(w, j, i, filepath.Dir(root)); err != nil {
			return err
		}
		if err := w.JobEnded(j); err != nil {
			return err
		}
	}
	if err := w.AddFile("report.md", []byte("# Report\n")); err != nil {
		return err
	}
	if _, err = w.Seal(run); err == nil {
		sealed()
	}
	return err
}

// recordLog gives a job a log: of one attempt, moved, or of two, copied and packed.
func recordLog(w *Writer, j Job, i int, beside string) error {
	if j.Cached || j.Status == Skipped {
		return nil
	}
	attempts := []string{"taken\n"}
	if i%2 != 0 {
		attempts = []string{"first\n", strings.Repeat("second ", plainLog/7)}
	}
	var logs []LogFiles
	for k, text := range attempts {
		log := LogFiles{Log: filepath.Join(beside, fmt.Sprintf("log%d.%d", i, k))}
		if err := os.WriteFile(log.Log, []byte(text), 0o644); err != nil {
			return err
		}
		logs = append(logs, log)
	}
	_, err := w.TakeLog(j.ID, logs...)
	return err
}

// TestPowerCut cuts the power after every step of writing a record and makes
// every state that the disk may then hold. A record with a seal is as it was
// sealed, to the last byte; one without never claims an end and can be read;
// and what Seal has returned for is sealed.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	alone := 8
	if testing.Short() {
		alone = 1
	}
	top := quickDir(t)
	r := disktest.Record(filepath.Join(top, "root"))
	if err := recordOn(r, filepath.Join(top, "root"), func() { r.Mark("sealed") }); err != nil {
		t.Fatal(err)
	}
	n, sealed := 0, 0
	for s := range r.States(alone) {
		n++
		root := filepath.Join(top, fmt.Sprintf("state%d", n))
		if err := s.Make(root); err != nil {
			t.Fatal(err)
		}
		if checkCut(t, s, root) {
			sealed++
		}
		os.RemoveAll(root)
		if t.Failed() {
			t.Fatalf("state %d: %v", n, s)
		}
	}
	t.Logf("%d states, %d of them sealed", n, sealed)
	if n < 100 || sealed < 2 {
		t.Errorf("only %d states were looked at, %d sealed", n, sealed)
	}
}

// checkCut reports whether the record is sealed.
func checkCut(t *testing.T, s *disktest.State, root string) bool {
	t.Helper()
	run, err := loadDead(root)
	if errors.Is(err, ErrNotFound) && !s.Marked("sealed") {
		return false
	}
	if err != nil {
		t.Errorf("load: %v", err)
		return false
	}
	v, err := Verify(root, sampleID)
	switch {
	case run.Sealed && (err != nil || !v.OK()):
		t.Errorf("a sealed record is not whole: %+v, %v", v, err)
	case !run.Sealed && (run.Status.Final() || s.Marked("sealed")):
		t.Errorf("a record without a seal says %s; promised: %v", run.Status, s.Marked("sealed"))
	}
	for e, err := range List(root) {
		if err != nil || e.ID != sampleID {
			t.Errorf("list: %v, %v", e, err)
		}
	}
	return run.Sealed
}

// TestDiskErrors lets every call fail in turn, once or from then on: the error
// says so and names a path, and the record is sealed and whole, or not sealed.
func TestDiskErrors(t *testing.T) {
	t.Parallel()
	for _, reason := range []error{unix.ENOSPC, unix.EIO} {
		for _, once := range []bool{true, false} {
			for at := int64(1); ; at++ {
				f := &disktest.Failing{At: at, Once: once, Err: reason}
				if recordFails(t, f) {
					t.Logf("%v, once %v: %d calls", reason, once, at-1)
					break
				}
			}
		}
	}
}

// recordFails reports whether no call failed any more.
func recordFails(t *testing.T, f *disktest.Failing) bool {
	t.Helper()
	top := quickDir(t)
	defer os.RemoveAll(top)
	root := filepath.Join(top, "root")
	err := recordOn(f, root, func() {})
	if f.Calls() < f.At {
		if err != nil {
			t.Fatal(err)
		}
		return true
	}
	var path *os.PathError
	if err != nil && (!errors.Is(err, f.Err) || !errors.As(err, &path)) {
		t.Errorf("call %d: %v", f.At, err)
	}
	run, loadErr := loadDead(root)
	if errors.Is(loadErr, ErrNotFound) {
		return false
	}
	if loadErr != nil || len(run.Problems) > 0 {
		t.Errorf("call %d: %v, %v", f.At, run, loadErr)
		return false
	}
	if run.Sealed != (run.Status == sampleRun().Status) || err == nil && !run.Sealed {
		t.Errorf("call %d: status %s, sealed %v after %v", f.At, run.Status, run.Sealed, err)
	}
	if v, verr := Verify(root, sampleID); run.Sealed && (verr != nil || !v.OK()) {
		t.Errorf("call %d: %+v, %v", f.At, v, verr)
	}
	return false
}

// TestSealAgain lets every call that sealing makes fail once: what the jobs
// left until then is still there for the next try, which seals the record whole.
func TestSealAgain(t *testing.T) {
	t.Parallel()
	for at := int64(1); ; at++ {
		top := quickDir(t)
		root := filepath.Join(top, "root")
		f := &disktest.Failing{Once: true, Err: unix.EIO}
		w, err := CreateOn(f, root, Run{ID: sampleID})
		if err != nil {
			t.Fatal(err)
		}
		run := sampleRun()
		for _, j := range run.Jobs {
			if err := errors.Join(w.JobStarted(j), w.JobEnded(j)); err != nil {
				t.Fatal(err)
			}
		}
		jobs := run.Jobs
		run.Jobs = nil
		f.At = f.Calls() + at
		_, first := w.Seal(run)
		if first != nil {
			if _, err := w.Seal(run); err != nil && !errors.Is(err, ErrSealed) { // all but the last call were made
				t.Fatalf("call %d: %v; and again: %v", at, first, err)
			}
		}
		got, err := Load(root, sampleID)
		if err != nil {
			t.Fatalf("call %d: %v", at, err)
		}
		run.Jobs = jobs
		if d := same(run, *got); d != "" {
			t.Errorf("call %d: (-want +got):\n%s", at, d)
		}
		if v, err := Verify(root, sampleID); err != nil || !v.OK() {
			t.Errorf("call %d: %+v, %v", at, v, err)
		}
		if f.Calls() < f.At {
			t.Logf("%d calls", at-1)
			return
		}
	}
}

// What was written of a job is read back when the record is sealed: a file that
// somebody changed meanwhile is no part of a sealed record.
func TestSealReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	w, err := Create(root, Run{ID: sampleID})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.JobEnded(trainJob()); err != nil {
		t.Fatal(err)
	}
	if err := replace(filepath.Join(w.Dir(), "jobs", "train@depth=4", jobName), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Seal(Run{Status: Success}); !errors.Is(err, errChanged) {
		t.Errorf("seal: %v, want %v", err, errChanged)
	}
}
