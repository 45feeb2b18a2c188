package runner_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/record"
)

// greedy is a fake whose jobs print and write much, and the job "hang" does not
// end by itself.
type greedy struct {
	*fake
	log, file int // bytes
}

func (g *greedy) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	r, err := g.fake.Run(ctx, t, watch)
	if err != nil {
		return r, err
	}
	if t.Spec.Job == "hang" {
		<-ctx.Done()
		r.Status, r.Reason = agent.Canceled, agent.ReasonCanceled
		return r, nil
	}
	if err := os.WriteFile(filepath.Join(t.Control, agent.LogFile), bytes.Repeat([]byte("x"), g.log), 0o600); err != nil {
		return r, err
	}
	a, err := write(t.Workspace, t.Spec.Job+".bin", strings.Repeat("x", g.file)+t.Spec.Job)
	r.Artifacts = []agent.Artifact{a} // in place of what the fake wrote
	return r, err
}

// TestLimits shows that jobs which each may do what they do end their run when
// they do too much together.
func TestLimits(t *testing.T) {
	t.Parallel()
	const two = "jobs:\n  a: {inputs: [], outputs: [a.bin], run: const}\n  b: {inputs: [], outputs: [b.bin], run: const}\n"
	const hang = "jobs:\n  hang: {inputs: [], run: const}\n  after: {inputs: [], needs: hang, if: always(), run: const}\n"
	for _, c := range []struct {
		name, pipeline string
		does           greedy
		limits         runner.Limits
		status         record.Status
		reason, says   string
	}{
		{"within all limits", two, greedy{log: 40}, runner.Limits{Time: time.Hour, Disk: 64 << 20, Log: 100}, record.Success, "", ""},
		{"too much log", two, greedy{log: 60}, runner.Limits{Log: 100}, record.Failure, "disk-full",
			"the jobs of the run printed 120B together, 20B more than they may (--max-log 100B)"},
		{"too much on the disk", two, greedy{file: 3 << 20}, runner.Limits{Disk: 5 << 20}, record.Failure, "disk-full", "more than it may (--max-disk 5MiB)"},
		{"too long", hang, greedy{}, runner.Limits{Time: 90 * time.Millisecond}, record.Failure, "timeout", "the run took longer than it may (--max-time 90ms)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write("mlops.yaml", c.pipeline)
			c.does.fake = p.fake
			f, _ := p.runLimited(runner.Options{}, &c.does, c.limits)
			r := f.Record
			if r.Status != c.status || r.Reason != c.reason || !strings.Contains(r.Error, c.says) || (r.Exit == 0) != (c.status == record.Success) {
				t.Errorf("%s, exit %d, %s: %q", r.Status, r.Exit, r.Reason, r.Error)
			}
			for _, job := range p.fake.ran {
				if job == "after" {
					t.Error("a job was started after the end of the time")
				}
			}
		})
	}
}
