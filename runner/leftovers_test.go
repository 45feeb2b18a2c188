package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/store"
)

// engine is a fake on which dead runners may have left something.
type engine struct {
	*fake
	looked int
	err    error // of looking
}

func (e *engine) Resolve(_ context.Context, r runner.ImageRequest) (runner.Image, error) {
	return runner.Image{Name: r.Name, ID: "sha256:1", Platform: "linux/amd64"}, nil
}

func (e *engine) Reap(context.Context, bool) ([]string, error) {
	e.looked++
	return nil, e.err
}

// An engine may make what a runner asked for after that was killed and the next
// run has looked. So the runs of the next minute look as well, although they
// have nothing to do, and one more.
func TestRunsLookAgainAfterADeath(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("mlops.yaml", "jobs: {j: {image: i, inputs: [mlops.yaml], outputs: [out.txt], run: sum}}\n")
	began := time.Now()
	e := &engine{fake: p.fake}
	run := func(after time.Duration) (looked bool) {
		t.Helper()
		r, done := p.runner(runner.Options{})
		defer done()
		r.Executor, r.Now = e, func() time.Time { return began.Add(after) }
		before := e.looked
		if _, err := r.Run(context.Background(), context.Background()); err != nil {
			t.Fatal(err)
		}
		return e.looked > before
	}
	run(0)
	if run(time.Second) {
		t.Error("a run with nothing to do asked the engine")
	}

	self := store.Self()
	self.PID, self.Start = 1<<22+1, "1."+self.Start[strings.IndexByte(self.Start, '.')+1:]
	pin := filepath.Join(p.root, ".mlops", "pins", self.FileName())
	if err := os.WriteFile(pin, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		err   error // of looking
		looks bool
	}{
		{2 * time.Second, nil, true},
		{3 * time.Second, nil, true},
		{61 * time.Second, nil, true},
		{90 * time.Second, context.DeadlineExceeded, true}, // that one has not seen anything
		{91 * time.Second, nil, true},
		{92 * time.Second, nil, false},
	} {
		e.err = c.err
		if got := run(c.after); got != c.looks {
			t.Errorf("after %v: looked %v, want %v", c.after, got, c.looks)
		}
	}
}
