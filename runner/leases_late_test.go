package runner

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// A run that hangs with all cores delays the jobs of another one, and does not
// keep them from running: one by one they start when nothing else goes on.
func TestLateJobsGoWithoutCores(t *testing.T) {
	t.Parallel()
	dir, machine := filepath.Join(t.TempDir(), "machine"), demand{cores: 2000, memory: 1 << 30}
	run := func() *packer {
		p := newPacker(machine, nil)
		p.leases = &leases{
			dir: dir, held: map[string]*store.QuietLock{}, warn: func(err error) { t.Error(err) },
			cores:  portion{name: "core", total: machine.cores, unit: 1000},
			memory: portion{name: "memory", total: machine.memory, unit: machine.memory / memoryParts},
		}
		return p
	}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	hangs, mine := run(), run()
	all := claims(machine)
	all[0].since = began
	if got, _ := hangs.admit(all, 8, began); len(got) != 1 {
		t.Fatal("an empty machine has no room")
	}
	core := demand{cores: 1000}
	queue := claims(core, core)
	for _, c := range queue {
		c.since = began
	}
	if got, _ := mine.admit(queue, 8, began.Add(maxBarred-1)); len(got) != 0 {
		t.Error("a job started while another run has all cores")
	}
	got, rest := mine.admit(queue, 8, began.Add(maxBarred))
	if len(got) != 1 || len(rest) != 1 {
		t.Fatalf("%d jobs started and %d wait, want one of each", len(got), len(rest))
	}
	for _, g := range got {
		mine.giveBack(g)
	}
	if got, _ = mine.admit(rest, 8, began.Add(maxBarred)); len(got) != 1 {
		t.Error("the second job did not start after the first")
	}
	for _, g := range got {
		mine.giveBack(g)
	}
	if len(mine.leases.held) != 0 {
		t.Errorf("still held: %d locks", len(mine.leases.held))
	}
}
