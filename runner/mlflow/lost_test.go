package mlflow

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/record"
)

// A clock goes when it is told to.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Now().UnixNano())
	return c
}

func (c *clock) now() time.Time      { return time.Unix(0, c.ns.Load()) }
func (c *clock) add(d time.Duration) { c.ns.Add(int64(d)) }

// TestLost: a run that nobody logs to is ended after a while, says why, and goes on if its
// client comes back.
func TestLost(t *testing.T) {
	root, k := t.TempDir(), newClock()
	c := serve(t, root, Options{Now: k.now, Quiet: time.Hour, Lost: 24 * time.Hour})
	defer func() { c.stop() }()
	run, gone := c.begin("0"), c.begin("0")
	c.ask(200, "POST", "runs/delete", fmt.Sprintf(`{"run_id": %q}`, gone))
	status := func(want string) {
		t.Helper()
		out := c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q}`, run))
		if got := text(t, out, "run", "info", "status"); got != want {
			t.Errorf("status %s, want %s", got, want)
		}
	}
	log := func(value int) {
		t.Helper()
		c.ask(200, "POST", "runs/log-metric", fmt.Sprintf(`{"run_id": %q, "key": "m", "value": %d, "step": %[2]d}`, run, value))
	}
	log(1)
	heard := k.now()
	k.add(23 * time.Hour)
	c.s.settleOnce()
	status("RUNNING")
	k.add(2 * time.Hour)
	c.s.settleOnce()
	status("KILLED")
	rec, err := record.Load(root, record.LATEST)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Status != record.Cancelled || rec.Labels[tagLost] != "nothing was logged to it for 24h0m0s" || rec.Ended.UnixMilli() != heard.UnixMilli() {
		t.Errorf("%s %v ended %s, heard %s", rec.Status, rec.Labels, rec.Ended, heard)
	}
	c.ask(200, "POST", "runs/set-tag", fmt.Sprintf(`{"run_id": %q, "key": "note", "value": "of a person"}`, run))
	status("KILLED")

	log(2) // it was alive
	status("RUNNING")
	k.add(23 * time.Hour)
	c.ask(200, "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q}`, run)) // a sign of life
	k.add(23 * time.Hour)
	c.s.settleOnce()
	status("RUNNING")
	c.end(run, "FINISHED")
	status("FINISHED")
	if rec, err = record.Load(root, record.LATEST); err != nil {
		t.Fatal(err)
	}
	if rec.Status != record.Success || rec.Labels[tagLost] != "" || rec.Labels[Continues] == "" || len(rec.Job(JobID).Metric("m").History) != 2 {
		t.Errorf("%s %v", rec.Status, rec.Labels)
	}
	if n := count(t, root); n != 2 {
		t.Errorf("%d records, want 2: a deleted run has none", n)
	}
}

// TestLostMeanwhile: the time that no server was there counts; a client that ends its run
// after it was taken for lost is believed.
func TestLostMeanwhile(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run, other := c.begin("0"), c.begin("0")
	c.stop()
	old := time.Now().Add(-48 * time.Hour)
	for _, id := range []string{run, other} {
		if err := os.Chtimes(filepath.Join(root, tracking, "runs", id+logSuffix), old, old); err != nil {
			t.Fatal(err)
		}
	}
	c = serve(t, root, Options{Quiet: time.Hour, Lost: 24 * time.Hour})
	defer c.stop()
	c.end(other, "FINISHED")
	c.s.settleOnce()
	out := c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q}`, run))
	if got := text(t, out, "run", "info", "status"); got != "KILLED" {
		t.Errorf("status %s", got)
	}
	c.end(run, "FINISHED")
	out = c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q}`, run))
	tags := fmt.Sprint(at(t, out, "run", "data", "tags"))
	if got := text(t, out, "run", "info", "status"); got != "FINISHED" || strings.Contains(tags, tagLost) {
		t.Errorf("status %s, tags %s", got, tags)
	}
}

// A tornDisk fails writes half way, and then takes the file away so that it cannot be
// made whole again.
type tornDisk struct {
	disk.Real
	fail bool
}

type tornFile struct {
	disk.File
	d *tornDisk
}

func (d *tornDisk) Append(path string, perm os.FileMode) (disk.File, error) {
	f, err := d.Real.Append(path, perm)
	return &tornFile{f, d}, err
}

func (f *tornFile) Write(p []byte) (int, error) {
	if !f.d.fail {
		return f.File.Write(p)
	}
	n, err := f.File.Write(p[:len(p)/2])
	return n, errors.Join(err, errors.New("the disk is full"), os.Rename(f.Name(), f.Name()+".away"))
}

// TestTorn: what is left of a line that could not be written is gone before the next one.
func TestTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	d := &tornDisk{}
	l := &log{path: path, disk: d}
	add := func(v string, fails bool) {
		t.Helper()
		if err := l.add(v, false); (err != nil) != fails {
			t.Errorf("%s: %v", v, err)
		}
	}
	add("one", false)
	d.fail = true
	add("lost", true)
	d.fail = false
	add("still away", true)
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	add("two", false)
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "\"one\"\n\"two\"\n" {
		t.Errorf("%v:\n%s", err, got)
	}
}

// TestClosed: no request changes anything behind a server that was closed, so that the
// next one knows all.
func TestClosed(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run := c.begin("0")
	h := c.s.Handler()
	send := func(path, body string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/2.0/mlflow/"+path, strings.NewReader(body)))
		return w.Code
	}
	var acked atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
				if send("runs/log-metric", fmt.Sprintf(`{"run_id": %q, "key": "m", "value": 1}`, run)) != 200 {
					return
				}
				acked.Add(1)
			}
		})
	}
	time.Sleep(30 * time.Millisecond)
	if err := c.s.Close(); err != nil {
		t.Error(err)
	}
	next := serve(t, root, Options{})
	defer next.stop()
	clients.Wait()
	c.http.Close()
	if got := send("runs/create", `{"experiment_id": "0"}`); got != http.StatusServiceUnavailable {
		t.Errorf("status %d of a closed server", got)
	}
	if got := len(next.s.runs[run].run.Metrics["m"]); int64(got) != acked.Load() || got == 0 {
		t.Errorf("%d were acknowledged, the next server knows %d", acked.Load(), got)
	}
}
