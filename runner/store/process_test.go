package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets a test start this binary as another process that works on a
// store; see childWork.
func TestMain(m *testing.M) {
	if dir := os.Getenv("MLOPS_TEST_STORE"); dir != "" {
		if err := childWork(dir, os.Getenv("MLOPS_TEST_ROLE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, d *Dir, role string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "MLOPS_TEST_STORE="+d.Root(), "MLOPS_TEST_ROLE="+role)
	c.Stderr = os.Stderr
	return c
}

func childWork(dir, role string) error {
	d, err := Open(dir)
	if err != nil {
		return err
	}
	if role == "count" {
		return increments(d, 20)
	}
	for round := 0; role == "forever" || round < 8; round++ {
		if err := publishRound(d, round%16); err != nil {
			return err
		}
	}
	return nil
}

// publishRound stores a tree of files under an action and restores it. Several
// children do the same rounds, so that they meet in every file.
func publishRound(d *Dir, round int) error {
	ctx := context.Background()
	work := filepath.Join(filepath.Dir(d.Root()), fmt.Sprintf("work-%d-%d", os.Getpid(), round))
	var es []Entry
	for i := range 12 {
		name := fmt.Sprintf("d%d/f%d", i%3, i)
		es = append(es, Entry{Path: name})
		if err := os.MkdirAll(filepath.Join(work, filepath.Dir(name)), 0o755); err != nil {
			return err
		}
		content := strings.Repeat(fmt.Sprint(round, i), 300*(i+1))
		if err := os.WriteFile(filepath.Join(work, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	b, err := d.Begin(ctx)
	if err != nil {
		return err
	}
	if es, err = b.IngestAll(ctx, work, es, IngestOptions{Move: true}); err != nil {
		return errors.Join(err, b.Close())
	}
	tree, err := b.PutTree(ctx, es)
	if err != nil {
		return errors.Join(err, b.Close())
	}
	record, _ := json.Marshal(map[string]any{"tree": tree, "entries": es})
	fp := Sum([]byte(fmt.Sprint("round", round)))
	b.Action(fp, record)
	b.Last("job", fp)
	if err := b.Commit(ctx); err != nil {
		return err
	}
	os.RemoveAll(work)
	pub := filepath.Join(filepath.Dir(d.Root()), "published")
	_, err = d.Restore(ctx, es, pub, RestoreOptions{Link: true})
	return err
}

// increments moves a ref along a chain of digests, retrying on conflicts.
func increments(d *Dir, n int) error {
	for done := 0; done < n; {
		now, err := d.Ref("counter")
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		var conflict *ConflictError
		err = d.SetRef(context.Background(), "counter", now, Sum(now[:]))
		if errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return err
		}
		done++
	}
	return nil
}

func TestRefsCountAcrossProcesses(t *testing.T) {
	d := open(t)
	var wg sync.WaitGroup
	for range 4 {
		c := child(t, d, "count")
		wg.Go(func() {
			if err := c.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var want Digest
	for range 80 {
		want = Sum(want[:])
	}
	if got, err := d.Ref("counter"); got != want || err != nil {
		t.Errorf("the counter is not at 80 steps: %v", err)
	}
}

func TestWritersInSeveralProcesses(t *testing.T) {
	d := open(t)
	var wg sync.WaitGroup
	for range 3 {
		c := child(t, d, "rounds")
		wg.Go(func() {
			if err := c.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	checkWhole(t, d)
	if u, _ := d.Usage(t.Context()); u.Actions != 8 || u.Blobs != 8*12+8*4 {
		t.Errorf("%+v, want 8 actions with 12 files and 4 folders each", u)
	}
	if es, _ := os.ReadDir(d.path("tmp")); len(es) != 0 {
		t.Errorf("tmp holds %v", es)
	}
}

// TestKillAnywhere ends a writer by SIGKILL at random moments. Whatever the
// moment, what is visible is whole, the next process goes on, and a sweep
// leaves nothing behind.
func TestKillAnywhere(t *testing.T) {
	d := open(t)
	r := rand.New(rand.NewPCG(7, uint64(os.Getpid())))
	for range 12 {
		c := child(t, d, "forever")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*time.Millisecond + time.Duration(r.IntN(120))*time.Millisecond)
		c.Process.Kill()
		c.Wait()
		checkWhole(t, d)
	}
	if _, err := d.Sweep(); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"tmp", "pins", "bad"} {
		if es, _ := os.ReadDir(d.path(place)); len(es) != 0 {
			t.Errorf("%s holds %v", place, es)
		}
	}
	if err := publishRound(d, 3); err != nil {
		t.Errorf("a later process: %v", err)
	}
}

// checkWhole makes sure that blobs are what they are called, and that every
// visible action can be restored.
func checkWhole(t *testing.T, d *Dir) {
	t.Helper()
	ps, err := d.Verify(t.Context(), nil)
	if err != nil || len(ps) != 0 {
		t.Fatalf("problems %v, %v", ps, err)
	}
	for round := range 16 {
		data, err := d.Action(Sum([]byte(fmt.Sprint("round", round))))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		var rec struct{ Tree Digest }
		if err := errors.Join(err, json.Unmarshal(data, &rec)); err != nil {
			t.Fatal(err)
		}
		es, err := d.ReadTree(t.Context(), rec.Tree)
		if err != nil || len(es) != 12 {
			t.Fatalf("round %d: %d entries, %v", round, len(es), err)
		}
		for _, e := range es {
			if err := d.Check(e.Digest); err != nil {
				t.Fatalf("round %d: %s: %v", round, e.Path, err)
			}
		}
	}
}

func TestProcessAlive(t *testing.T) {
	self := Self()
	back, err := ParseProcess(self.String() + "\n")
	if err != nil || back != self || !back.Alive() {
		t.Errorf("%v, %v, alive %v", back, err, back.Alive())
	}
	c := exec.Command(os.Args[0])
	c.Env = []string{"MLOPS_TEST_STORE=" + t.TempDir(), "MLOPS_TEST_ROLE=forever"}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := Process{PID: c.Process.Pid, Start: processStart(c.Process.Pid), Host: self.Host}
	if !p.Alive() {
		t.Error("a running process counts as dead")
	}
	again := p
	again.Start = "1.other-boot"
	if p.Start != "-" && again.Alive() {
		t.Error("another process with the same number counts as alive")
	}
	c.Process.Kill()
	c.Wait()
	if p.Alive() {
		t.Error("a dead process counts as alive")
	}
	for _, bad := range []string{"", "1", "x y z", "0 a b", "1 2 3 4"} {
		if _, err := ParseProcess(bad); err == nil {
			t.Errorf("ParseProcess(%q) succeeded", bad)
		}
	}
}
